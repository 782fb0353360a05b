/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: one thread that applies every write. It takes what is waiting, never waits for
 * company, applies each write in order inside one transaction, makes the group durable once, and
 * then answers all of them.
 */
#ifndef CONTACTS_STORE_WRITER_H
#define CONTACTS_STORE_WRITER_H

#include <stdatomic.h>
#include <stdint.h>

#include "durability.h"
#include "engine.h"
#include "meta.h"
#include "store.h"

struct writer;

struct writer_options {
    struct engine *engine;
    struct durability *durability; /* NULL: the engine's commits are durable */
    struct state state;            /* of the store as it is */
    uint64_t epoch;
    uint32_t queue_writes;
    uint32_t group_writes;
    uint64_t change_retention_s;
    uint64_t request_retention_s;
    atomic_uint_least64_t *revision; /* kept at the last durable revision */
    void (*log)(
        void *self, const char *event, const char *details, const struct store_write *write);
    void *log_self;
};

/** What the writer has done so far; any thread. */
struct writer_counts {
    uint64_t groups;
    uint64_t writes;
    uint64_t retried_groups;
    uint32_t queued;
};

/** Starts the thread. @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED. */
NNRPC_NODISCARD enum nnrpc_code writer_start(
    const struct writer_options *options, struct writer **out_writer,
    struct nnrpc_status *out_status);

/** Takes no more writes, finishes what is queued, ends the thread. NULL is fine. */
void writer_stop(struct writer *writer);

/** As store_submit(). */
NNRPC_NODISCARD enum nnrpc_code writer_submit(
    struct writer *writer, struct store_write *write, struct nnrpc_status *out_status);

/** As store_set_retention(), with no zeros. */
void writer_set_retention(
    struct writer *writer, uint64_t change_retention_s, uint64_t request_retention_s);

/** As store_set_queue_target_ms(). */
void writer_set_queue_target_ms(struct writer *writer, uint32_t target_ms);

struct writer_counts writer_count(struct writer *writer);

#endif
