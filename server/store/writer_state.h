/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the writer, shared by its queue (writer.c), its groups (group.c) and its upkeep
 * (upkeep.c).
 */
#ifndef CONTACTS_STORE_WRITER_STATE_H
#define CONTACTS_STORE_WRITER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/arena.h"
#include "nnrpc/buffer.h"
#include "nnrpc/queue_delay.h"
#include "requests.h"
#include "writer.h"

/** How one write of a group ended; told after the group is durable. */
struct write_result {
    struct nnrpc_status status;
    uint64_t revision;
    size_t response_offset; /* in the writer's responses */
    size_t response_size;
};

struct writer {
    struct writer_options options;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards the next four */
    pthread_cond_t wake;
    struct store_write *first;
    struct store_write *last;
    bool closing;
    bool sleeping; /* the thread waits for `wake` */

    atomic_uint_least32_t queued;
    atomic_uint_least64_t busy_until_ns; /* while a large deletion runs: its estimated end; or 0 */
    atomic_uint_least64_t busy_since_ns; /* and its beginning */
    atomic_uint_least64_t group_ns;      /* what the last one took that was no large deletion */
    struct nnrpc_queue_delay *delay; /* of the queue; its unit is what a write adds to a group */
    atomic_uint_least64_t change_retention_s;
    atomic_uint_least64_t request_retention_s;
    atomic_uint_least64_t groups;
    atomic_uint_least64_t writes;
    atomic_uint_least64_t retried_groups;

    /* The thread's own. */
    struct state state;         /* of the last durable group */
    struct store_write **taken; /* writes of the group, options.group_writes of them at most */
    struct write_result *results;
    struct nnrpc_buffer responses;
    struct nnrpc_buffer change;
    struct nnrpc_buffer request_value;
    struct nnrpc_buffer entry; /* of the log: the records of the group */
    struct nnrpc_arena arena;
    uint64_t deletion_ns; /* what deleting one contact takes, on average */

    /* Upkeep. */
    struct request_sweep sweep;
    bool sweeping;
    uint64_t next_sweep_ns;
    uint64_t next_reader_check_ns;
    uint64_t next_fill_check_ns;
    bool is_full;
};

static inline uint64_t writer_change_retention_s(const struct writer *writer) {
    return atomic_load_explicit(&writer->change_retention_s, memory_order_relaxed);
}

static inline uint64_t writer_request_retention_s(const struct writer *writer) {
    return atomic_load_explicit(&writer->request_retention_s, memory_order_relaxed);
}

/** CLOCK_MONOTONIC in nanoseconds. */
uint64_t writer_clock_ns(void);

/** Tells of an event, which is about a write, or (NULL) about none. */
void writer_log(
    const struct writer *writer, const struct store_write *write, const char *event,
    const char *format, ...) NNRPC_PRINTF(4, 5);

/** Applies, makes durable and answers the first `count` writes taken. */
void group_run(struct writer *writer, uint32_t count);

/**
 * Looks after what grows by itself: deletes old changes and expired request ids, `budget` each at
 * most. Part of the group in whose transaction it runs.
 *
 * @return whether there is more to do at once.
 */
bool upkeep_step(
    struct writer *writer, struct engine_transaction *transaction, const struct state *state,
    uint32_t budget);

/** upkeep_step() in a transaction of its own, and readers that died. @return as upkeep_step(). */
bool upkeep_idle(struct writer *writer);

/** Whether so much of the map is used that only deletions are taken. */
bool upkeep_is_full(struct writer *writer);

#endif
