/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters of the gateway: a fixed table of cells by label and HTTP code. The number of
 * requests is the sum of a cell's buckets, so a request costs four additions.
 */
#include "metrics/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metrics_table.h"
#include "nnrpc/crypto.h"

#define NS_PER_SECOND 1000000000u

/* 50 us to 10 s. */
const uint64_t metrics_bounds_ns[METRICS_BOUNDS] = {
    50000,     100000,     250000,     500000,     1000000,     2500000,
    5000000,   10000000,   25000000,   50000000,   100000000,   250000000,
    500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

/* The codes that the gateway answers with; whatever else is added counts as "other" until it is
 * added here. */
static const struct {
    unsigned number;
    const char *name;
} CODES[] = {
    {200, "200"}, {201, "201"}, {204, "204"}, {304, "304"}, {400, "400"}, {401, "401"},
    {403, "403"}, {404, "404"}, {405, "405"}, {406, "406"}, {408, "408"}, {409, "409"},
    {411, "411"}, {412, "412"}, {413, "413"}, {414, "414"}, {415, "415"}, {417, "417"},
    {428, "428"}, {429, "429"}, {431, "431"}, {499, "499"}, {500, "500"}, {501, "501"},
    {502, "502"}, {503, "503"}, {504, "504"}, {505, "505"}, {507, "507"}, {0, "other"},
};
#define CODE_COUNT NNRPC_LENGTH(CODES)

size_t metrics_code_count(void) {
    return CODE_COUNT;
}

const char *metrics_code_name(size_t code_index) {
    return CODES[code_index].name;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

enum nnrpc_code metrics_new(
    const struct metrics_options *options, struct metrics **out_metrics,
    struct nnrpc_status *out_status) {
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    if (metrics != NULL) {
        size_t label_count = options->label_count + 1;
        metrics->labels = options->labels;
        metrics->label_count = label_count;
        metrics->version = options->version;
        metrics->start_time_ns = now_ns();
        metrics->cells = calloc(label_count * CODE_COUNT, sizeof(*metrics->cells));
        metrics->bytes = calloc(label_count, sizeof(*metrics->bytes));
        metrics->stats_token = options->stats_token != NULL ? strdup(options->stats_token) : NULL;
    }
    if (metrics == NULL || metrics->cells == NULL || metrics->bytes == NULL ||
        (options->stats_token != NULL && metrics->stats_token == NULL)) {
        metrics_free(metrics);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory to count requests of %zu kinds", options->label_count);
    }
    *out_metrics = metrics;
    return NNRPC_OK;
}

void metrics_free(struct metrics *metrics) {
    if (metrics == NULL) {
        return;
    }
    if (metrics->stats_token != NULL) {
        nnrpc_wipe(metrics->stats_token, strlen(metrics->stats_token));
        free(metrics->stats_token);
    }
    free(metrics->cells);
    free(metrics->bytes);
    free(metrics);
}

/* Mostly by the text's address: labels are constants. */
static size_t label_index(const struct metrics *metrics, const char *label) {
    size_t other = metrics->label_count - 1;
    for (size_t index = 0; index < other; index++) {
        if (metrics->labels[index] == label) {
            return index;
        }
    }
    for (size_t index = 0; label != NULL && index < other; index++) {
        if (strcmp(metrics->labels[index], label) == 0) {
            return index;
        }
    }
    return other;
}

static size_t code_index(unsigned http_status) {
    size_t index = 0;
    while (index < CODE_COUNT - 1 && CODES[index].number != http_status) {
        index++;
    }
    return index;
}

static size_t bucket_index(uint64_t duration_ns) {
    size_t index = 0;
    while (index < METRICS_BOUNDS && duration_ns > metrics_bounds_ns[index]) {
        index++;
    }
    return index;
}

static void add(atomic_uint_least64_t *counter, uint64_t value) {
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void metrics_observe(
    struct metrics *metrics, const char *label, unsigned http_status, uint64_t duration_ns,
    uint64_t received_bytes, uint64_t sent_bytes) {
    size_t index = label_index(metrics, label);
    struct metrics_cell *cell = &metrics->cells[index * CODE_COUNT + code_index(http_status)];
    add(&cell->buckets[bucket_index(duration_ns)], 1);
    add(&cell->sum_ns, duration_ns);
    add(&metrics->bytes[index].received, received_bytes);
    add(&metrics->bytes[index].sent, sent_bytes);
}

void metrics_add_connections(struct metrics *metrics, int change) {
    atomic_fetch_add_explicit(&metrics->connections, change, memory_order_relaxed);
    if (change > 0) {
        add(&metrics->accepted, (uint64_t)change);
    }
}

void metrics_add_requests(struct metrics *metrics, int change) {
    atomic_fetch_add_explicit(&metrics->requests, change, memory_order_relaxed);
}
