/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store knows about itself: schema version, identity, epoch, and the counters that every
 * group of writes leaves behind in one value.
 */
#ifndef CONTACTS_STORE_META_H
#define CONTACTS_STORE_META_H

#include <stdint.h>

#include "engine.h"
#include "nnrpc/status.h"
#include "records.h"

/**
 * Version of the tables' layout. A store of a greater one is refused, one of a smaller one is
 * brought up when it is opened. 2: the state holds the log's sequence.
 */
#define META_SCHEMA 2
#define META_STORE_ID_BYTES 16

/** The counters. Part of every state that a reader can see. */
struct state {
    uint64_t revision;               /* of the last change; 0: nothing was ever stored */
    struct record_time time;         /* the last time given; times never run backwards */
    uint64_t next_contact_id;        /* at least 1; UINT64_MAX: every id was given */
    uint64_t next_customer_number;   /* the next decimal id to try */
    uint64_t next_customer_sequence; /* at least 1 */
    uint64_t log_sequence;           /* of the last entry of the log in it; 0: none ever was */
};

struct meta {
    uint32_t schema;
    uint8_t store_id[META_STORE_ID_BYTES];
    uint64_t epoch;
};

/** The state of a transaction's snapshot; fails the transaction when it is not there. */
struct state state_read(struct engine_transaction *transaction);
void state_write(struct engine_transaction *transaction, const struct state *state);

/** Now, but not before the last time given. */
struct record_time state_now(const struct state *state);

/**
 * Reads and checks what a store says about itself.
 *
 * @return NNRPC_OK, NNRPC_FAILED_PRECONDITION (not a store, or a newer version's).
 */
NNRPC_NODISCARD enum nnrpc_code meta_read(
    struct engine_transaction *transaction, struct meta *out_meta, struct nnrpc_status *out_status);

/** Writes what a new store says about itself. */
void meta_write(struct engine_transaction *transaction, const struct meta *meta);

#endif
