/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary heap: a record is at most as slow as the two below it.
 */
#include "call_heap.h"

#include <stdlib.h>
#include <string.h>

#include "server_trace.h"

void nnrpc_call_record_fill(
    struct nnrpc_call *call, const struct nnrpc_status *status,
    struct nnrpc_call_record *out_record) {
    struct nnrpc_call_record *record = out_record;
    record->method = call->target == NULL ? "" : call->name;
    record->address = nnrpc_call_address(call);
    record->trace = *nnrpc_call_trace_locked(call);
    nnrpc_call_measure(call, &record->figures);
    record->arrival_ns = call->frame->arrival_ns;
    record->is_started = atomic_load_explicit(&call->started_ns, memory_order_relaxed) != 0;
    record->is_answered = call->answered;
    record->is_cancelled = atomic_load_explicit(&call->cancelled, memory_order_relaxed);
    record->code = status == NULL ? NNRPC_OK : status->code;
    memcpy(
        record->reason, status == NULL ? "" : status->reason,
        status == NULL ? 1 : strlen(status->reason) + 1);
    memcpy(record->caller, call->caller, strlen(call->caller) + 1);
}

bool nnrpc_call_heap_init(struct nnrpc_call_heap *heap, size_t limit) {
    heap->records = calloc(limit, sizeof(heap->records[0]));
    heap->count = 0;
    heap->limit = limit;
    return heap->records != NULL;
}

void nnrpc_call_heap_deinit(struct nnrpc_call_heap *heap) {
    free(heap->records);
    heap->records = NULL;
}

static uint64_t duration_at(const struct nnrpc_call_heap *heap, size_t place) {
    return heap->records[place].figures.duration_ns;
}

static void swap(struct nnrpc_call_heap *heap, size_t left, size_t right) {
    struct nnrpc_call_record record = heap->records[left];
    heap->records[left] = heap->records[right];
    heap->records[right] = record;
}

static void sift_up(struct nnrpc_call_heap *heap, size_t place) {
    while (place > 0 && duration_at(heap, place) < duration_at(heap, (place - 1) / 2)) {
        swap(heap, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

/* The fastest of a place and the two below it. */
static size_t fastest_of(const struct nnrpc_call_heap *heap, size_t place) {
    size_t fastest = place;
    for (size_t below = 2 * place + 1; below <= 2 * place + 2 && below < heap->count; below++) {
        fastest = duration_at(heap, below) < duration_at(heap, fastest) ? below : fastest;
    }
    return fastest;
}

static void sift_down(struct nnrpc_call_heap *heap) {
    size_t place = 0;
    size_t fastest = fastest_of(heap, place);
    while (fastest != place) {
        swap(heap, place, fastest);
        place = fastest;
        fastest = fastest_of(heap, place);
    }
}

bool nnrpc_call_heap_wants(const struct nnrpc_call_heap *heap, uint64_t duration_ns) {
    return heap->count < heap->limit || duration_ns > duration_at(heap, 0);
}

void nnrpc_call_heap_offer(struct nnrpc_call_heap *heap, const struct nnrpc_call_record *record) {
    if (!nnrpc_call_heap_wants(heap, record->figures.duration_ns)) {
        return;
    }
    if (heap->count < heap->limit) {
        heap->records[heap->count] = *record;
        sift_up(heap, heap->count++);
    } else {
        heap->records[0] = *record;
        sift_down(heap);
    }
}

static int compare_records(const void *left, const void *right) {
    const struct nnrpc_call_record *a = left;
    const struct nnrpc_call_record *b = right;
    if (a->figures.duration_ns != b->figures.duration_ns) {
        return a->figures.duration_ns > b->figures.duration_ns ? -1 : 1;
    }
    /* A definite order for the calls of one frame. */
    return memcmp(a->trace.span_id, b->trace.span_id, sizeof(a->trace.span_id));
}

void nnrpc_call_heap_sort(struct nnrpc_call_heap *heap) {
    if (heap->count > 0) {
        qsort(heap->records, heap->count, sizeof(heap->records[0]), compare_records);
    }
}
