/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request ids: what makes a repeated request harmless. An entry keeps the request's digest, the
 * revision of its write and its answer, or where in the change feed the answer stands.
 */
#ifndef CONTACTS_STORE_REQUESTS_H
#define CONTACTS_STORE_REQUESTS_H

#include <stdint.h>

#include "engine.h"
#include "keys.h"
#include "nnrpc/buffer.h"
#include "records.h"
#include "store.h"

/** Ids with this beginning are kept longer, since an interrupted import goes on days later. */
#define REQUEST_IMPORT_PREFIX "import-"
#define REQUEST_IMPORT_RETENTION_S (UINT64_C(30) * 24 * 60 * 60)

enum request_state {
    REQUEST_NEW,    /* not kept, or expired */
    REQUEST_REPEAT, /* the same request was answered */
    REQUEST_REUSED, /* another request was answered under this id */
};

/**
 * Looks a request up.
 *
 * @param retention_s   Of ordinary ids.
 * @param out_revision  On REQUEST_REPEAT: the revision of its write.
 * @param out_response  On REQUEST_REPEAT: its packed answer is appended.
 */
enum request_state request_find(
    struct engine_transaction *transaction, const struct store_write *write, struct record_time now,
    uint64_t retention_s, uint64_t *out_revision, struct nnrpc_buffer *out_response);

/** An answer to be kept. */
struct request_answer {
    struct record_time time;
    uint64_t revision;
    struct nnrpc_slice change;   /* the packed change that the write made; empty: none */
    struct nnrpc_slice response; /* packed */
};

/**
 * Makes the entry that keeps the answer of a write. The answer is not in it beside a change from
 * which it follows exactly and that is kept as long.
 *
 * @param out_value  The entry's value is appended.
 */
void request_make_entry(
    const struct store_write *write, const struct request_answer *answer, struct key *out_key,
    struct nnrpc_buffer *out_value);

/** Whether an entry can be one, in a store at a revision; for the consistency check. */
bool request_is_sound(struct nnrpc_slice key, struct nnrpc_slice value, uint64_t revision);

/** A walk over all entries, round after round, that deletes the expired ones. All zero: start. */
struct request_sweep {
    struct key last; /* the last entry looked at; empty at the start of a round */
};

/**
 * Looks at up to `budget` more entries and deletes the expired ones.
 *
 * @return true at the end of a round; the next call begins the next one.
 */
bool request_sweep_step(
    struct request_sweep *sweep, struct engine_transaction *transaction, struct record_time now,
    uint64_t retention_s, uint32_t budget);

#endif
