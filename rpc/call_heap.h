/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slowest calls of many: a bounded heap of what is told about calls, the fastest kept one on
 * top. Not thread-safe.
 */
#ifndef NNRPC_CALL_HEAP_H
#define NNRPC_CALL_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"

/** What is told of one call; outlives it. */
struct nnrpc_call_record {
    const char *method;  /* the target's name; "" for none */
    const char *address; /* the receiver's */
    struct nnrpc_trace trace;
    struct nnrpc_call_figures figures;
    uint64_t arrival_ns; /* CLOCK_MONOTONIC */
    bool is_started;
    bool is_answered;
    bool is_cancelled;
    enum nnrpc_code code;
    char reason[NNRPC_STATUS_REASON_BYTES];
    char caller[NNRPC_TOKEN_NAME_BYTES];
};

/**
 * Notes a call. Its frame's lock is held.
 *
 * @param status  How it was answered; NULL: OK, or not answered.
 */
void nnrpc_call_record_fill(
    struct nnrpc_call *call, const struct nnrpc_status *status,
    struct nnrpc_call_record *out_record);

struct nnrpc_call_heap {
    struct nnrpc_call_record *records; /* owned */
    size_t count;
    size_t limit; /* at least 1 */
};

/** Initialises in place. False without memory: deinit is fine then. */
NNRPC_NODISCARD bool nnrpc_call_heap_init(struct nnrpc_call_heap *heap, size_t limit);
void nnrpc_call_heap_deinit(struct nnrpc_call_heap *heap);

/** Whether a call of a duration would be kept. */
bool nnrpc_call_heap_wants(const struct nnrpc_call_heap *heap, uint64_t duration_ns);

/** Keeps a record if it is among the slowest. Copied. */
void nnrpc_call_heap_offer(struct nnrpc_call_heap *heap, const struct nnrpc_call_record *record);

/** Orders the records, slowest first. It is no heap afterwards. */
void nnrpc_call_heap_sort(struct nnrpc_call_heap *heap);

#endif
