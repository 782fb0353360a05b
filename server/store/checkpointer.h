/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpointer: makes the data file durable now and then, on a thread of its own, while the
 * writer goes on.
 *
 * Of every checkpoint a read transaction stays open until the next one is durable: it keeps the
 * pages of that state from being used again, so that they are on the disk as they were.
 */
#ifndef CONTACTS_STORE_CHECKPOINTER_H
#define CONTACTS_STORE_CHECKPOINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"
#include "engine.h"
#include "halt.h"
#include "log.h"
#include "meta.h"

/** A checkpoint to be, and the transaction that keeps its pages. All zero is none. */
struct pinned_checkpoint {
    struct engine_transaction *pin;
    struct checkpoint checkpoint;
};

/**
 * Takes hold of the newest committed state. Not while a write transaction commits.
 *
 * @param state     Which it is.
 * @param segment   Where the log goes on from there.
 * @param out_pinned  Written on success; release with pinned_checkpoint_end().
 */
NNRPC_NODISCARD enum nnrpc_code pinned_checkpoint_begin(
    struct engine *engine, const struct segment_identity *identity, const struct state *state,
    uint64_t segment, struct pinned_checkpoint *out_pinned, struct nnrpc_status *out_status);

/** Gives the pages free. */
void pinned_checkpoint_end(struct pinned_checkpoint *pinned);

struct checkpointer_options {
    const char *folder; /* outlives it, as all of this */
    struct engine *engine;
    struct log *log;
    struct halt halt;
    uint64_t interval_ms;
    uint64_t log_bytes; /* a checkpoint is due when so much was logged */
    void (*failed)(void *self, const char *message); /* from its thread; it is tried again */
    void *self;
};

struct checkpointer;

/** @param durable  The checkpoint that is durable; taken over on success. */
NNRPC_NODISCARD enum nnrpc_code checkpointer_start(
    const struct checkpointer_options *options, struct pinned_checkpoint *durable,
    struct checkpointer **out_checkpointer, struct nnrpc_status *out_status);

/** Finishes what is under way and ends the thread and every transaction. NULL is fine. */
void checkpointer_stop(struct checkpointer *checkpointer);

/** The writer's, after a commit and now and then: begins a checkpoint if one is due. */
void checkpointer_consider(
    struct checkpointer *checkpointer, const struct state *state, uint64_t logged_bytes);

/**
 * The writer's: makes a checkpoint and waits for it, so that pages are used again that were freed
 * since the last one.
 *
 * @return false when there was nothing to gain, or it failed.
 */
bool checkpointer_make_room(struct checkpointer *checkpointer, const struct state *state);

/** How many were made; any thread. */
uint64_t checkpointer_count(struct checkpointer *checkpointer);

#endif
