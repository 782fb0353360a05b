/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting, and mixing what was counted. The mixing is a bijection, so one source never repeats a
 * span id, and two sources meet only where their random seeds do.
 */
#include "trace_source.h"

#include <string.h>

#include "nnrpc/crypto.h"

/* Odd, so that the steps pass through every number before one comes again. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

void nnrpc_trace_source_init(struct nnrpc_trace_source *source) {
    nnrpc_random(source->seeds, sizeof(source->seeds));
    atomic_init(&source->count, 0);
}

/* Spreads each bit over all of them; only zero becomes zero. */
static uint64_t mix(uint64_t number) {
    number ^= number >> 32;
    number *= UINT64_C(0xd6e8feb86659fd93);
    number ^= number >> 32;
    number *= UINT64_C(0xd6e8feb86659fd93);
    return number ^ number >> 32;
}

/* The next number; never zero, which would mean that there is no id. */
static uint64_t draw(struct nnrpc_trace_source *source, size_t seed) {
    uint64_t number = 0;
    while (number == 0) {
        uint64_t count = atomic_fetch_add_explicit(&source->count, 1, memory_order_relaxed);
        number = mix(source->seeds[seed] + count * STEP);
    }
    return number;
}

static void make_trace_id(struct nnrpc_trace_source *source, uint8_t *out_id) {
    uint64_t halves[] = {draw(source, 0), draw(source, 1)};
    memcpy(out_id, halves, sizeof(halves));
}

void nnrpc_trace_source_begin(
    struct nnrpc_trace_source *source, const struct nnrpc_trace *parent,
    struct nnrpc_trace *out_trace) {
    struct nnrpc_trace trace = {.flags = NNRPC_TRACE_SAMPLED};
    if (parent != NULL && nnrpc_trace_is_set(parent)) {
        memcpy(trace.trace_id, parent->trace_id, sizeof(trace.trace_id));
        memcpy(trace.parent_span_id, parent->span_id, sizeof(trace.parent_span_id));
        trace.flags = parent->flags;
    } else {
        make_trace_id(source, trace.trace_id);
    }
    uint64_t span_id = draw(source, 2);
    memcpy(trace.span_id, &span_id, sizeof(trace.span_id));
    *out_trace = trace;
}
_Static_assert(NNRPC_TRACE_ID_BYTES == 2 * sizeof(uint64_t), "a trace id is two numbers");
_Static_assert(NNRPC_SPAN_ID_BYTES == sizeof(uint64_t), "a span id is one number");
