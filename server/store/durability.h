/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability: what makes a group of writes outlive the process and the machine.
 *
 * In the lmdb form every commit of the engine is synced, and nothing here is needed once the store
 * is open. In the log form a group is made durable in the log (log.h), committed unsynced, and a
 * checkpointer (checkpointer.h) makes the data file durable now and then. Opening a store takes in
 * what an earlier log has (replay.h), after going back to a checkpoint if it must (recover.h), in
 * either form.
 */
#ifndef CONTACTS_STORE_DURABILITY_H
#define CONTACTS_STORE_DURABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "halt.h"
#include "meta.h"
#include "nnrpc/buffer.h"
#include "recover.h"
#include "store.h"

struct durability_options {
    const char *folder; /* outlives it, as all of this */
    struct engine *engine;
    const struct meta *meta;
    enum store_durability form;
    uint64_t checkpoint_ms;
    uint64_t checkpoint_bytes;
    uint64_t segment_bytes;
    struct halt halt;
    void (*log)(
        void *self, const char *event, const char *details, const struct store_write *write);
    void *log_self;
};

struct durability;

/**
 * Takes in the log that is there, and begins a new one (log form) or removes it (lmdb form).
 *
 * @param recovery        Of this folder, put back already.
 * @param state           Of the data file; moved on by what the log has.
 * @param out_durability  Written on success: NULL in the lmdb form.
 * @return NNRPC_OK; NNRPC_FAILED_PRECONDITION (the log does not fit the data file, or is damaged);
 *         NNRPC_RESOURCE_EXHAUSTED (disk, memory), as files_fail(), NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code durability_open(
    const struct durability_options *options, const struct recovery *recovery, struct state *state,
    struct durability **out_durability, struct nnrpc_status *out_status);

/**
 * Makes the data file durable and notes a clean stop. No write may be under way. NULL is fine.
 */
void durability_close(struct durability *durability);

/* --- The writer's ------------------------------------------------------------------------- */

/** Empties a buffer for the records of a group; what it has then is not theirs. */
void durability_begin_entry(struct nnrpc_buffer *entry);

/** Bytes of the records in it. */
size_t durability_entry_size(const struct nnrpc_buffer *entry);

/** The sequence that the next group gets, as the state says that it commits. */
uint64_t durability_next_sequence(const struct durability *durability);

/**
 * Makes a group durable and commits it, in this order. Ends the transaction whatever the result. A
 * disk that fails to make something durable ends the process.
 *
 * @param before  The state before the group.
 * @param after   The state that the transaction leaves, with the next sequence.
 * @param entry   The group's records.
 * @param is_large  Nobody knows how much room it needs; it is tried.
 * @return as engine_commit(), as log_write(): the group did not happen.
 */
NNRPC_NODISCARD enum nnrpc_code durability_commit(
    struct durability *durability, struct engine_transaction *transaction,
    const struct state *before, const struct state *after, struct nnrpc_buffer *entry,
    bool is_large, struct nnrpc_status *out_status);

/** Begins a checkpoint if one is due: now and then, when no group comes. */
void durability_tick(struct durability *durability, const struct state *state);

/** Makes pages free that only the last checkpoint keeps. @return whether there were any. */
bool durability_make_room(struct durability *durability, const struct state *state);

/* --- Any thread's ------------------------------------------------------------------------- */

uint64_t durability_checkpoint_count(struct durability *durability);
uint64_t durability_log_bytes(struct durability *durability);

#endif
