/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server counts: frames, bytes, and calls by method, code and latency. Counting is a few
 * relaxed atomic additions; any thread counts and reads at any time.
 */
#ifndef NNRPC_STATS_H
#define NNRPC_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** Bucket i counts latencies below 2^i microseconds; the last one everything above: 67 s. */
#define NNRPC_LATENCY_BUCKETS 28

/** Each of them in quarters of equal width. */
#define NNRPC_FINE_BUCKETS (4 * NNRPC_LATENCY_BUCKETS)

/** Calls of one method that ended with one code. */
struct nnrpc_stat_cell {
    atomic_uint_least64_t latency_sum_ns;
    atomic_uint_least64_t queue_sum_ns;
    atomic_uint_least64_t latency_max_ns;
    atomic_uint_least64_t buckets[NNRPC_FINE_BUCKETS];
};

/** How long a call took, and the part of it before its handler was started. */
struct nnrpc_stat_times {
    uint64_t latency_ns;
    uint64_t queue_ns;
};

struct nnrpc_stats {
    uint64_t start_ns;     /* CLOCK_MONOTONIC */
    int64_t start_seconds; /* CLOCK_REALTIME */
    int32_t start_nanoseconds;
    atomic_uint_least64_t frames;
    atomic_uint_least64_t malformed_frames;
    atomic_uint_least64_t received_bytes;
    atomic_uint_least64_t sent_bytes;
    size_t method_count;           /* the last one stands for calls of no known method */
    struct nnrpc_stat_cell *cells; /* owned; NNRPC_CODE_COUNT for each method */
};

/** Initialises in place and takes the time. @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_stats_init(
    struct nnrpc_stats *stats, size_t method_count, struct nnrpc_status *out_status);
void nnrpc_stats_deinit(struct nnrpc_stats *stats);

/** Counts a call that ended. */
void nnrpc_stats_count_call(
    struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code,
    struct nnrpc_stat_times times);

/** The cell of a method and a code. */
const struct nnrpc_stat_cell *nnrpc_stats_cell(
    const struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code);

/** Adds to a counter. */
static inline void nnrpc_stats_add(atomic_uint_least64_t *counter, uint64_t count) {
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

/** Reads a counter. */
static inline uint64_t nnrpc_stats_read(const atomic_uint_least64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
