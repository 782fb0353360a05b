/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the store's tables, built part by part. Their byte order is the order of what they
 * stand for: numbers are big-endian.
 *
 * Text above KEY_TEXT_BYTES is cut and ends in its digest, so that every key fits the engine; the
 * cut form is longer than any text that is not cut, so the two never meet.
 */
#ifndef CONTACTS_STORE_KEYS_H
#define CONTACTS_STORE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "nnrpc/wire.h"

/** Longest text that stands in a key as it is. */
#define KEY_TEXT_BYTES 255
#define KEY_NUMBER_BYTES 8

struct key {
    size_t size;
    uint8_t bytes[ENGINE_KEY_BYTES];
};

struct nnrpc_slice slice_of_text(const char *text);
bool slice_equals(struct nnrpc_slice a, struct nnrpc_slice b);
/** By bytes, as the engine orders keys: below, at or above 0. */
int slice_compare(struct nnrpc_slice a, struct nnrpc_slice b);
bool slice_starts_with(struct nnrpc_slice slice, struct nnrpc_slice prefix);

/* Building. An empty key is one whose size is 0. */
void key_add_byte(struct key *key, uint8_t byte);
void key_add_number(struct key *key, uint64_t number);
void key_add_text(struct key *key, struct nnrpc_slice text);
struct nnrpc_slice key_slice(const struct key *key);

/** A copy of a key that the engine gave. */
struct key key_copy(struct nnrpc_slice slice);

/** Reads and writes big-endian numbers. */
uint64_t number_read(const uint8_t *bytes);
void number_write(uint8_t *bytes, uint64_t number);

/** The number at the end of a key; 0 for a key too short to have one. */
uint64_t key_last_number(struct nnrpc_slice key);

/* Whole keys. */
struct key key_of_number(uint64_t number);                     /* contacts, secrets, changes */
struct key key_of_text(struct nnrpc_slice text);               /* customers, unique values, meta */
struct key key_of_owner(struct nnrpc_slice text);              /* TEXT, 0: prefix of the next */
struct key key_of_owned(struct nnrpc_slice text, uint64_t id); /* TEXT, 0, ID */
struct key key_of_link(uint64_t contact_id, struct nnrpc_slice customer_id); /* ID, CUSTOMER */
struct key key_of_form(char form, struct nnrpc_slice dealer_code); /* prefix of by_form keys */

/** Lower-cases ASCII letters, as e-mail addresses are compared. Needs `text.size` bytes. */
struct nnrpc_slice email_fold(struct nnrpc_slice text, uint8_t *out_bytes);

/** Keeps the digits only, as numbers are compared. Needs `text.size` bytes. */
struct nnrpc_slice number_digits(struct nnrpc_slice text, uint8_t *out_bytes);

/** Reads a canonical decimal number ("7", never "007" or ""). @return false if it is none. */
bool decimal_read(struct nnrpc_slice text, uint64_t *out_number);

#endif
