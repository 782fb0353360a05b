/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed number of threads behind a queue of bounded length. Submitting never waits and never
 * allocates: tasks are embedded in what they work on.
 */
#ifndef NNRPC_POOL_H
#define NNRPC_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

struct nnrpc_pool;

/** One piece of work. Belongs to the pool from submit until `run` was called. */
struct nnrpc_pool_task {
    struct nnrpc_pool_task *next;
    uint64_t queued_ns; /* set by submitting */
    uint32_t calls;     /* how many it stands for; 0 is 1 */
    void (*run)(struct nnrpc_pool_task *task);
};

/**
 * Starts a pool.
 *
 * @param name         Of its threads, at most 15 characters; copied.
 * @param queue_limit  Most tasks that wait for a thread.
 * @param out_pool     On NNRPC_OK release with nnrpc_pool_free(); else untouched.
 * @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_pool_new(
    const char *name, uint32_t thread_count, uint32_t queue_limit, struct nnrpc_pool **out_pool,
    struct nnrpc_status *out_status);

/** Runs what is queued to its end, then ends the threads. NULL is fine. */
void nnrpc_pool_free(struct nnrpc_pool *pool);

/**
 * Asks whether a call that would wait behind `ahead` more calls than are queued may join; a queue
 * where a thread is free takes everything. Lock-free.
 *
 * @return as nnrpc_queue_delay_admit().
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_pool_admit(
    const struct nnrpc_pool *pool, uint64_t ahead, uint64_t deadline_ns,
    struct nnrpc_status *out_status);

/** Sets the target of the queue's delay; 0: none. Any thread. */
void nnrpc_pool_set_target_ms(struct nnrpc_pool *pool, uint32_t target_ms);

/** Queues a task; false when the queue is full. Any thread. */
NNRPC_NODISCARD bool nnrpc_pool_submit(struct nnrpc_pool *pool, struct nnrpc_pool_task *task);

/** About how long a full queue needs until it has room for more than a few tasks. */
uint32_t nnrpc_pool_retry_after_ms(struct nnrpc_pool *pool);

#endif
