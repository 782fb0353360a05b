/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters. The number of calls is the sum of its buckets, so a call costs three additions.
 */
#include "stats.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"

enum nnrpc_code nnrpc_stats_init(
    struct nnrpc_stats *stats, size_t method_count, struct nnrpc_status *out_status) {
    struct nnrpc_stat_cell *cells = calloc(method_count * NNRPC_CODE_COUNT, sizeof(*cells));
    if (cells == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory to count calls of %zu methods", method_count);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    stats->start_ns = nnrpc_clock_ns();
    stats->start_seconds = now.tv_sec;
    stats->start_nanoseconds = (int32_t)now.tv_nsec;
    stats->method_count = method_count;
    stats->cells = cells;
    return NNRPC_OK;
}

void nnrpc_stats_deinit(struct nnrpc_stats *stats) {
    free(stats->cells);
    stats->cells = NULL;
    stats->method_count = 0;
}

/* In quarters of a microsecond, so that the first quarters of a doubling are whole numbers. */
static size_t bucket_of(uint64_t latency_ns) {
    uint64_t quarters = latency_ns / 250;
    if (quarters < 4) {
        return (size_t)quarters;
    }
    size_t exponent = 63 - (size_t)__builtin_clzll(quarters);
    size_t bucket = (exponent - 1) * 4 + (quarters >> (exponent - 2) & 3);
    return bucket < NNRPC_FINE_BUCKETS ? bucket : NNRPC_FINE_BUCKETS - 1;
}

/* Rarely more than a look. */
static void raise_to(atomic_uint_least64_t *most, uint64_t value) {
    uint64_t current = nnrpc_stats_read(most);
    while (value > current &&
           !atomic_compare_exchange_weak_explicit(
               most, &current, value, memory_order_relaxed, memory_order_relaxed)) {
    }
}

void nnrpc_stats_count_call(
    struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code,
    struct nnrpc_stat_times times) {
    struct nnrpc_stat_cell *cell = &stats->cells[method_index * NNRPC_CODE_COUNT + (size_t)code];
    nnrpc_stats_add(&cell->latency_sum_ns, times.latency_ns);
    nnrpc_stats_add(&cell->queue_sum_ns, times.queue_ns);
    nnrpc_stats_add(&cell->buckets[bucket_of(times.latency_ns)], 1);
    raise_to(&cell->latency_max_ns, times.latency_ns);
}

const struct nnrpc_stat_cell *nnrpc_stats_cell(
    const struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code) {
    return &stats->cells[method_index * NNRPC_CODE_COUNT + (size_t)code];
}
