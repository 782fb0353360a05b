/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two heaps that take turns.
 */
#include "call_ring.h"

#define WINDOW_NS UINT64_C(60000000000)

bool nnrpc_call_ring_init(struct nnrpc_call_ring *ring, size_t limit) {
    atomic_init(&ring->least_ns, 0);
    atomic_init(&ring->end_ns, UINT64_MAX);
    ring->start_ns = 0;
    pthread_mutex_init(&ring->lock, NULL);
    bool has_current = nnrpc_call_heap_init(&ring->current, limit);
    return nnrpc_call_heap_init(&ring->previous, limit) && has_current;
}

void nnrpc_call_ring_deinit(struct nnrpc_call_ring *ring) {
    nnrpc_call_heap_deinit(&ring->current);
    nnrpc_call_heap_deinit(&ring->previous);
    pthread_mutex_destroy(&ring->lock);
}

static bool is_full(const struct nnrpc_call_ring *ring) {
    return ring->current.count == ring->current.limit;
}

/* Begins a new window if the current one is over. */
static void turn(struct nnrpc_call_ring *ring, uint64_t now_ns) {
    if (is_full(ring) && now_ns >= ring->start_ns + WINDOW_NS) {
        struct nnrpc_call_heap oldest = ring->previous;
        ring->previous = ring->current;
        ring->current = oldest;
        ring->current.count = 0;
        ring->start_ns = 0;
    }
    if (ring->start_ns == 0) {
        ring->start_ns = now_ns;
    }
}

/* Lets calls be measured by what the window is now. */
static void publish(struct nnrpc_call_ring *ring) {
    uint64_t least_ns = is_full(ring) ? ring->current.records[0].figures.duration_ns : 0;
    uint64_t end_ns = is_full(ring) ? ring->start_ns + WINDOW_NS : UINT64_MAX;
    atomic_store_explicit(&ring->least_ns, least_ns, memory_order_relaxed);
    atomic_store_explicit(&ring->end_ns, end_ns, memory_order_relaxed);
}

void nnrpc_call_ring_keep(
    struct nnrpc_call_ring *ring, struct nnrpc_call *call, const struct nnrpc_status *status) {
    struct nnrpc_call_record record;
    nnrpc_call_record_fill(call, status, &record);
    pthread_mutex_lock(&ring->lock);
    turn(ring, call->ended_ns);
    nnrpc_call_heap_offer(&ring->current, &record);
    publish(ring);
    pthread_mutex_unlock(&ring->lock);
}

static void visit_heap(
    const struct nnrpc_call_heap *heap,
    void (*visit)(void *self, const struct nnrpc_call_record *record), void *self) {
    for (size_t index = 0; index < heap->count; index++) {
        visit(self, &heap->records[index]);
    }
}

void nnrpc_call_ring_visit(
    struct nnrpc_call_ring *ring, void (*visit)(void *self, const struct nnrpc_call_record *record),
    void *self) {
    pthread_mutex_lock(&ring->lock);
    visit_heap(&ring->current, visit, self);
    visit_heap(&ring->previous, visit, self);
    pthread_mutex_unlock(&ring->lock);
}
