/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters. The number of calls is the sum of its buckets, so a call costs two additions.
 */
#include "stats.h"

#include <stdlib.h>
#include <time.h>

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

static size_t bucket_of(uint64_t latency_ns) {
    uint64_t latency_us = latency_ns / 1000;
    size_t bucket = latency_us == 0 ? 0 : 64 - (size_t)__builtin_clzll(latency_us);
    return bucket < NNRPC_LATENCY_BUCKETS ? bucket : NNRPC_LATENCY_BUCKETS - 1;
}

void nnrpc_stats_count_call(
    struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code, uint64_t latency_ns) {
    struct nnrpc_stat_cell *cell = &stats->cells[method_index * NNRPC_CODE_COUNT + (size_t)code];
    nnrpc_stats_add(&cell->latency_sum_ns, latency_ns);
    nnrpc_stats_add(&cell->buckets[bucket_of(latency_ns)], 1);
}

const struct nnrpc_stat_cell *nnrpc_stats_cell(
    const struct nnrpc_stats *stats, size_t method_index, enum nnrpc_code code) {
    return &stats->cells[method_index * NNRPC_CODE_COUNT + (size_t)code];
}

uint64_t nnrpc_stat_cell_count(const struct nnrpc_stat_cell *cell) {
    uint64_t count = 0;
    for (size_t index = 0; index < NNRPC_LATENCY_BUCKETS; index++) {
        count += nnrpc_stats_read(&cell->buckets[index]);
    }
    return count;
}
