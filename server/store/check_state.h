/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the consistency check, shared by its parts: records (check_records.c) and the feed
 * (check_feed.c).
 *
 * Every entry that a record calls for is looked for and counted; when the counts equal the tables'
 * sizes, there is no entry too many either.
 */
#ifndef CONTACTS_STORE_CHECK_STATE_H
#define CONTACTS_STORE_CHECK_STATE_H

#include <stdint.h>

#include "check.h"
#include "engine.h"
#include "keys.h"
#include "meta.h"

struct check {
    struct engine_transaction *transaction;
    const struct store_check_observer *observer;
    struct store_check_report report;
    struct meta meta;
    struct state state;
    uint64_t feed_floor;                   /* changes after it are kept */
    uint64_t expected[ENGINE_TABLE_COUNT]; /* entries that records call for */
    struct record_time last_create_time;   /* of the contact before */
    uint64_t last_revision;                /* of the change before; 0: none */
    struct record_time last_change_time;
};

/** Notes a fault. */
void check_fault(struct check *check, const char *format, ...) NNRPC_PRINTF(2, 3);

/** Looks at one entry of a table; the bytes are the store's. */
typedef void (*check_entry)(struct check *check, struct nnrpc_slice key, struct nnrpc_slice value);

/** Calls for every entry of a table, in order. @return how many. */
uint64_t check_walk(struct check *check, enum engine_table table, check_entry entry);

/** Looks for an entry that a record calls for. @param value  NULL: any. */
void check_expect(
    struct check *check, enum engine_table table, struct nnrpc_slice key,
    const struct nnrpc_slice *value);

/** The revision in an etag. @return false when it is none. */
bool check_etag_revision(struct nnrpc_slice etag, uint64_t *out_revision);

/* The parts. */
void check_contacts(struct check *check);
void check_customers(struct check *check);
void check_links(struct check *check);
void check_presets(struct check *check);
void check_secrets(struct check *check);
void check_feed(struct check *check);
void check_requests(struct check *check);

#endif
