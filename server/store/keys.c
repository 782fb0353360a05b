/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the store's tables.
 */
#include "keys.h"

#include <assert.h>
#include <string.h>

#include "nnrpc/crypto.h"

/* The kept part of a cut text, before the digest in hexadecimal: together one byte more than the
 * longest text that is not cut. */
#define CUT_BYTES (KEY_TEXT_BYTES + 1 - 2 * NNRPC_DIGEST_BYTES)

struct nnrpc_slice slice_of_text(const char *text) {
    return (struct nnrpc_slice){.data = (const uint8_t *)text, .size = strlen(text)};
}

bool slice_equals(struct nnrpc_slice a, struct nnrpc_slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int slice_compare(struct nnrpc_slice a, struct nnrpc_slice b) {
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0) {
        return order;
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

bool slice_starts_with(struct nnrpc_slice slice, struct nnrpc_slice prefix) {
    return slice.size >= prefix.size &&
           (prefix.size == 0 || memcmp(slice.data, prefix.data, prefix.size) == 0);
}

static void add_bytes(struct key *key, const void *bytes, size_t size) {
    size_t room = sizeof(key->bytes) - key->size;
    assert(size <= room);
    size = size < room ? size : room;
    if (size > 0) {
        memcpy(key->bytes + key->size, bytes, size);
        key->size += size;
    }
}

void key_add_byte(struct key *key, uint8_t byte) {
    add_bytes(key, &byte, 1);
}

void number_write(uint8_t *bytes, uint64_t number) {
    for (int i = 0; i < KEY_NUMBER_BYTES; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

uint64_t number_read(const uint8_t *bytes) {
    uint64_t number = 0;
    for (int i = 0; i < KEY_NUMBER_BYTES; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

void key_add_number(struct key *key, uint64_t number) {
    uint8_t bytes[KEY_NUMBER_BYTES];
    number_write(bytes, number);
    add_bytes(key, bytes, sizeof(bytes));
}

void key_add_text(struct key *key, struct nnrpc_slice text) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[NNRPC_DIGEST_BYTES];
    if (text.size <= KEY_TEXT_BYTES) {
        add_bytes(key, text.data, text.size);
        return;
    }
    nnrpc_digest(text.data, text.size, digest);
    add_bytes(key, text.data, CUT_BYTES);
    for (size_t i = 0; i < sizeof(digest); i++) {
        key_add_byte(key, (uint8_t)digits[digest[i] >> 4]);
        key_add_byte(key, (uint8_t)digits[digest[i] & 15]);
    }
}

struct nnrpc_slice key_slice(const struct key *key) {
    return (struct nnrpc_slice){.data = key->bytes, .size = key->size};
}

struct key key_copy(struct nnrpc_slice slice) {
    struct key key;
    key.size = 0;
    add_bytes(&key, slice.data, slice.size);
    return key;
}

uint64_t key_last_number(struct nnrpc_slice key) {
    return key.size < KEY_NUMBER_BYTES ? 0 : number_read(key.data + key.size - KEY_NUMBER_BYTES);
}

/* The bytes behind a key's size are never looked at, so they are left as they are: keys are made
 * often. */

struct key key_of_number(uint64_t number) {
    struct key key;
    key.size = 0;
    key_add_number(&key, number);
    return key;
}

struct key key_of_text(struct nnrpc_slice text) {
    struct key key;
    key.size = 0;
    key_add_text(&key, text);
    return key;
}

struct key key_of_owner(struct nnrpc_slice text) {
    struct key key = key_of_text(text);
    key_add_byte(&key, 0);
    return key;
}

struct key key_of_owned(struct nnrpc_slice text, uint64_t id) {
    struct key key = key_of_owner(text);
    key_add_number(&key, id);
    return key;
}

struct key key_of_link(uint64_t contact_id, struct nnrpc_slice customer_id) {
    struct key key = key_of_number(contact_id);
    key_add_text(&key, customer_id);
    return key;
}

struct key key_of_form(char form, struct nnrpc_slice dealer_code) {
    struct key key;
    key.size = 0;
    key_add_byte(&key, (uint8_t)form);
    if (form == 'c') {
        key_add_text(&key, dealer_code);
        key_add_byte(&key, 0);
    }
    return key;
}

struct nnrpc_slice email_fold(struct nnrpc_slice text, uint8_t *out_bytes) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        out_bytes[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
    }
    return (struct nnrpc_slice){.data = out_bytes, .size = text.size};
}

struct nnrpc_slice number_digits(struct nnrpc_slice text, uint8_t *out_bytes) {
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            out_bytes[size++] = text.data[i];
        }
    }
    return (struct nnrpc_slice){.data = out_bytes, .size = size};
}

bool decimal_read(struct nnrpc_slice text, uint64_t *out_number) {
    uint64_t number = 0;
    if (text.size == 0 || (text.size > 1 && text.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9 || number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *out_number = number;
    return true;
}
