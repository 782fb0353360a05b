/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slowest calls of the last minute or two. Time is cut into windows: the one that is being
 * filled and the one before it are kept, each with its slowest calls. A window ends when it is full
 * and a minute old, so a quiet server keeps its last calls however long ago they were.
 *
 * A call that is not among the slowest costs two looks at numbers; only the others take the lock.
 */
#ifndef NNRPC_CALL_RING_H
#define NNRPC_CALL_RING_H

#include <pthread.h>
#include <stdatomic.h>

#include "call_heap.h"

struct nnrpc_call_ring {
    atomic_uint_least64_t least_ns; /* a shorter call is not kept; 0 until the window is full */
    atomic_uint_least64_t end_ns;   /* of the window, once it is full */
    pthread_mutex_t lock;           /* for what follows; the last one that is taken */
    uint64_t start_ns;              /* of the window; 0: it has no call */
    struct nnrpc_call_heap current;
    struct nnrpc_call_heap previous;
};

/** Initialises in place, for a number of calls a window. False without memory. */
NNRPC_NODISCARD bool nnrpc_call_ring_init(struct nnrpc_call_ring *ring, size_t limit);
void nnrpc_call_ring_deinit(struct nnrpc_call_ring *ring);

/** Keeps a call. Its frame's lock is held. */
void nnrpc_call_ring_keep(
    struct nnrpc_call_ring *ring, struct nnrpc_call *call, const struct nnrpc_status *status);

/** Keeps an answered call if it is worth it. Its frame's lock is held. NULL status: OK. */
static inline void nnrpc_call_ring_note(
    struct nnrpc_call_ring *ring, struct nnrpc_call *call, const struct nnrpc_status *status) {
    uint64_t duration_ns = call->ended_ns - call->frame->arrival_ns;
    if (duration_ns > atomic_load_explicit(&ring->least_ns, memory_order_relaxed) ||
        call->ended_ns >= atomic_load_explicit(&ring->end_ns, memory_order_relaxed)) {
        nnrpc_call_ring_keep(ring, call, status);
    }
}

/** Visits what is kept, in no order, under the ring's lock. */
void nnrpc_call_ring_visit(
    struct nnrpc_call_ring *ring, void (*visit)(void *self, const struct nnrpc_call_record *record),
    void *self);

#endif
