/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load shedding: how long work waits in a queue, as measured, and what should therefore not join
 * it. A queue that is full only says that it is too late; one whose delay is known can refuse at
 * once what could not be answered in time, and go on answering the rest in time.
 *
 * The server looks after the queues of its workers with this. An application that defers calls to a
 * queue of its own gives that queue one, tells it what leaves the queue and how long it took, and
 * asks it before anything joins.
 *
 * Any thread; no locks; a few atomic loads to ask, a few stores to tell.
 */
#ifndef NNRPC_QUEUE_DELAY_H
#define NNRPC_QUEUE_DELAY_H

#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

/** Target of a queue's delay unless told otherwise. */
#define NNRPC_DEFAULT_QUEUE_TARGET_MS 1000
/** Above its target for so long without a break, a queue takes no more than its target holds. */
#define NNRPC_QUEUE_INTERVAL_MS 500

struct nnrpc_queue_delay;

/**
 * Makes one; its target is NNRPC_DEFAULT_QUEUE_TARGET_MS.
 *
 * @param workers         How many pieces of work are worked on at once; at least 1.
 * @param first_guess_ns  Time of one piece of work to begin with; 0: the first one that is
 * measured.
 * @return NULL without memory; release with nnrpc_queue_delay_free().
 */
NNRPC_NODISCARD struct nnrpc_queue_delay *nnrpc_queue_delay_new(
    uint32_t workers, uint64_t first_guess_ns);

/** NULL is fine. */
void nnrpc_queue_delay_free(struct nnrpc_queue_delay *delay);

/** Sets the target; 0: none, only deadlines count. */
void nnrpc_queue_delay_set_target_ms(struct nnrpc_queue_delay *delay, uint32_t target_ms);

/**
 * Asks whether work may join the queue. It may not when, behind what waits, it could not be done
 * by its deadline (an eighth of the wait is kept as margin), or when the delay has stood above the
 * target for the interval and would be above it still. An empty queue takes everything, and
 * every queue takes work whose deadline is over: not to do it takes no time.
 *
 * @param waiting      Pieces of work in the queue.
 * @param busy_ns      Time before the queue moves on, where that is known; else 0.
 * @param now_ns       CLOCK_MONOTONIC, as every time here.
 * @param deadline_ns  Of the work; 0: none.
 * @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED (OVERLOADED, info retry_after_ms).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_queue_delay_admit(
    const struct nnrpc_queue_delay *delay, uint64_t waiting, uint64_t busy_ns, uint64_t now_ns,
    uint64_t deadline_ns, struct nnrpc_status *out_status);

/** Tells that work has left the queue to be done, which it joined at queued_ns. */
void nnrpc_queue_delay_started(
    struct nnrpc_queue_delay *delay, uint64_t queued_ns, uint64_t now_ns);

/** Tells that `count` pieces of work took a worker elapsed_ns. */
void nnrpc_queue_delay_worked(struct nnrpc_queue_delay *delay, uint64_t count, uint64_t elapsed_ns);

/** Time of one piece of work, smoothed. */
uint64_t nnrpc_queue_delay_unit_ns(const struct nnrpc_queue_delay *delay);

/** How long work waits that joins behind `waiting` pieces of it. */
uint64_t nnrpc_queue_delay_wait_ns(const struct nnrpc_queue_delay *delay, uint64_t waiting);

/** When to come back to a queue that takes no more: about when half of it is done; 1 to 5,000. */
uint32_t nnrpc_queue_delay_retry_after_ms(const struct nnrpc_queue_delay *delay, uint64_t waiting);

NNRPC_END_DECLARATIONS

#endif
