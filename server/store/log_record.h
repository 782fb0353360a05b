/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log records: what one write does to the store, as results, so that doing it again gives the same
 * bytes. The writer makes one of each write and applies it; with the log form of durability it
 * stands in the log too, and is applied from there when the store is opened.
 *
 * Packed, it is in protobuf's wire format, so that a later version may add fields. It may hold the
 * Argon2id text of a password; a password itself is nowhere.
 */
#ifndef CONTACTS_STORE_LOG_RECORD_H
#define CONTACTS_STORE_LOG_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "meta.h"
#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"

/** Slices are borrowed; absent ones are empty, absent numbers 0. */
struct log_record {
    struct nnrpc_slice change;     /* a packed Change */
    uint64_t secret_contact_id;    /* whose secret is set, or removed when the text is empty */
    struct nnrpc_slice secret;     /* Argon2id text */
    uint64_t next_customer_number; /* as the state has it, when it moves on beyond the change */
    struct nnrpc_slice request_key;
    struct nnrpc_slice request_value;
};

/**
 * Does what a record says. A record that does not fit the store fails the transaction.
 *
 * @param record  Not bytes of the store: they must outlive its puts.
 * @param state   Its counters are moved on.
 */
void log_record_apply(
    struct engine_transaction *transaction, struct state *state, const struct log_record *record);

/** Appends the packed record, behind those that are there. */
void log_record_append(const struct log_record *record, struct nnrpc_buffer *out_records);

/**
 * Takes the next record off packed ones.
 *
 * @param out_failed  Set when the bytes are no records.
 * @return false at the end, or when the bytes are no records.
 */
bool log_record_next(struct nnrpc_slice *records, struct log_record *out_record, bool *out_failed);

#endif
