/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored records: packed messages, of which single fields are read without unpacking.
 *
 * A contact's record is the packed Contact. A customer's is the packed Customer behind the eight
 * bytes of its sequence number, which says in which order customers came to be.
 */
#ifndef CONTACTS_STORE_RECORDS_H
#define CONTACTS_STORE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "nnrpc/wire.h"

/** Largest packed contact. */
#define RECORD_CONTACT_BYTES (64 * 1024)
#define RECORD_NUMBERS 4

/** A time as google.protobuf.Timestamp has it. */
struct record_time {
    int64_t seconds;
    int32_t nanos;
};

/** Below, at or above 0. */
int record_time_compare(struct record_time a, struct record_time b);

/** Reads a packed Timestamp. */
bool record_time_read(struct nnrpc_slice packed, struct record_time *out_time);

/** What indexes and filters look at. Slices are borrowed from the record; absent ones are empty. */
struct contact_view {
    uint64_t id;
    struct nnrpc_slice customer_id;
    struct nnrpc_slice numbers[RECORD_NUMBERS];
    struct nnrpc_slice email;
    struct nnrpc_slice dealer_code;
    struct nnrpc_slice etag;
    struct record_time create_time;
    bool has_account_password;
};

/** @return false when the bytes are no packed Contact. */
bool contact_view_read(struct nnrpc_slice record, struct contact_view *out_view);

struct customer_view {
    struct nnrpc_slice id;
    struct nnrpc_slice account_number;
    struct nnrpc_slice crm_reference;
    struct nnrpc_slice etag;
    struct record_time create_time;
};

/** @return false when the bytes are no packed Customer. */
bool customer_view_read(struct nnrpc_slice record, struct customer_view *out_view);

/** The packed Customer in a stored value; fails the transaction when there is none. */
bool customer_record(
    struct engine_transaction *transaction, struct nnrpc_slice value,
    struct nnrpc_slice *out_record);

/** Finds a contact's record. */
bool contact_find(
    struct engine_transaction *transaction, uint64_t id, struct nnrpc_slice *out_record);

/** Finds a customer's record. */
bool customer_find(
    struct engine_transaction *transaction, struct nnrpc_slice id, struct nnrpc_slice *out_record);

#endif
