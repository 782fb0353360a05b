/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters themselves, and their page. Private to gateway/metrics/.
 */
#ifndef GATEWAY_METRICS_TABLE_H
#define GATEWAY_METRICS_TABLE_H

#include <stdatomic.h>

#include "metrics/metrics.h"

#define METRICS_BOUNDS 17

/** Upper bounds of the buckets of latencies, ascending; what is above has one more bucket. */
extern const uint64_t metrics_bounds_ns[METRICS_BOUNDS];

/** Requests of one label that were answered with one HTTP code. */
struct metrics_cell {
    atomic_uint_least64_t buckets[METRICS_BOUNDS + 1];
    atomic_uint_least64_t sum_ns;
};

/** Bytes of one label. */
struct metrics_bytes {
    atomic_uint_least64_t received;
    atomic_uint_least64_t sent;
};

struct metrics {
    const char *const *labels; /* borrowed */
    size_t label_count;
    const char *version;         /* borrowed */
    char *stats_token;           /* NULL: none */
    uint64_t start_time_ns;      /* since the epoch */
    struct metrics_cell *cells;  /* by label, then code; the last label is "other" */
    struct metrics_bytes *bytes; /* by label */
    atomic_uint_least64_t accepted;
    atomic_llong connections;
    atomic_llong requests;
};

/** How many codes have cells of their own, "other" counted. */
size_t metrics_code_count(void);

/** "200", or "other" for the last one. */
const char *metrics_code_name(size_t code_index);

/** Appends all families of the gateway. Any thread. */
void metrics_write(const struct metrics *metrics, struct nnrpc_buffer *out);

#endif
