/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpc.v1.StatsService: the counters as a message. The message is built in one malloc'd report,
 * since its size is the server's, not the request's.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "list_calls.h"
#include "nnrpc/v1/stats_service.nnrpc.h"
#include "server_state.h"

#define GAUGES_MAX 256
#define CELL_BUCKETS (NNRPC_LATENCY_BUCKETS + NNRPC_FINE_BUCKETS)

/* What a response points into. */
struct report {
    const struct nnrpc_target **targets; /* ordered by name; the last one is NULL: no method */
    Nnrpc__V1__MethodStats *methods;
    Nnrpc__V1__MethodStats **method_pointers;
    uint64_t *buckets;   /* of each cell, coarse ones before fine ones */
    size_t method_count; /* filled so far */
    Nnrpc__V1__Gauge gauges[GAUGES_MAX];
    Nnrpc__V1__Gauge *gauge_pointers[GAUGES_MAX];
    size_t gauge_count;
    bool failed;
};

static void report_free(struct report **report) {
    if (*report == NULL) {
        return;
    }
    for (size_t index = 0; index < (*report)->gauge_count; index++) {
        free((*report)->gauges[index].name);
    }
    free((*report)->targets);
    free((*report)->methods);
    free((*report)->method_pointers);
    free((*report)->buckets);
    free(*report);
}

static struct report *report_new(size_t method_count) {
    NNRPC_CLEANUP(report_free) struct report *report = calloc(1, sizeof(*report));
    if (report == NULL) {
        return NULL;
    }
    size_t cell_count = method_count * NNRPC_CODE_COUNT;
    report->targets = calloc(method_count, sizeof(*report->targets));
    report->methods = calloc(cell_count, sizeof(*report->methods));
    report->method_pointers = calloc(cell_count, sizeof(*report->method_pointers));
    report->buckets = calloc(cell_count * CELL_BUCKETS, sizeof(*report->buckets));
    if (report->targets == NULL || report->methods == NULL || report->method_pointers == NULL ||
        report->buckets == NULL) {
        return NULL;
    }
    struct report *whole = report;
    report = NULL;
    return whole;
}

/* --- Methods ------------------------------------------------------------------------------ */

static int compare_targets(const void *left, const void *right) {
    const struct nnrpc_target *const *a = left;
    const struct nnrpc_target *const *b = right;
    return strcmp((*a)->method->name, (*b)->method->name);
}

/* Returns how many calls are in the buckets. */
static uint64_t read_buckets(
    const struct nnrpc_stat_cell *cell, uint64_t *out_coarse, uint64_t *out_fine) {
    uint64_t count = 0;
    memset(out_coarse, 0, NNRPC_LATENCY_BUCKETS * sizeof(out_coarse[0]));
    for (size_t index = 0; index < NNRPC_FINE_BUCKETS; index++) {
        out_fine[index] = nnrpc_stats_read(&cell->buckets[index]);
        out_coarse[index / 4] += out_fine[index];
        count += out_fine[index];
    }
    return count;
}

/* Adds the calls of one method that ended with one code, if there were any. */
static void add_cell(
    struct report *report, const char *name, enum nnrpc_code code,
    const struct nnrpc_stat_cell *cell) {
    uint64_t *coarse = &report->buckets[report->method_count * CELL_BUCKETS];
    uint64_t *fine = coarse + NNRPC_LATENCY_BUCKETS;
    uint64_t count = read_buckets(cell, coarse, fine);
    if (count == 0) {
        return;
    }
    Nnrpc__V1__MethodStats *method = &report->methods[report->method_count];
    nnrpc__v1__method_stats__init(method);
    method->method = (char *)name;
    method->code = (int32_t)code;
    method->count = count;
    method->latency_sum_us = nnrpc_stats_read(&cell->latency_sum_ns) / 1000;
    method->latency_max_us = nnrpc_stats_read(&cell->latency_max_ns) / 1000;
    method->queue_sum_us = nnrpc_stats_read(&cell->queue_sum_ns) / 1000;
    method->latency_buckets = coarse;
    method->n_latency_buckets = NNRPC_LATENCY_BUCKETS;
    method->fine_latency_buckets = fine;
    method->n_fine_latency_buckets = NNRPC_FINE_BUCKETS;
    report->method_pointers[report->method_count++] = method;
}

static void add_method(
    struct report *report, const struct nnrpc_stats *stats, const char *name, size_t index) {
    for (int code = 0; code < NNRPC_CODE_COUNT; code++) {
        add_cell(
            report, name, (enum nnrpc_code)code,
            nnrpc_stats_cell(stats, index, (enum nnrpc_code)code));
    }
}

/* Calls of no method come first: their name is empty. */
static void add_methods(struct report *report, const struct nnrpc_server *server) {
    const struct nnrpc_route_table *routes = &server->routes;
    for (size_t index = 0; index < routes->target_count; index++) {
        report->targets[index] = &routes->targets[index];
    }
    qsort(report->targets, routes->target_count, sizeof(report->targets[0]), compare_targets);
    add_method(report, &server->stats, "", routes->target_count);
    for (size_t index = 0; index < routes->target_count; index++) {
        const struct nnrpc_target *target = report->targets[index];
        add_method(report, &server->stats, target->method->name, target->index);
    }
}

/* --- Gauges ------------------------------------------------------------------------------- */

static void add_gauge(void *context, const char *name, double value) {
    struct report *report = context;
    if (report->gauge_count == GAUGES_MAX) {
        return;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        report->failed = true;
        return;
    }
    Nnrpc__V1__Gauge *gauge = &report->gauges[report->gauge_count];
    nnrpc__v1__gauge__init(gauge);
    gauge->name = copy;
    gauge->value = value;
    report->gauge_pointers[report->gauge_count++] = gauge;
}

static int compare_gauges(const void *left, const void *right) {
    const Nnrpc__V1__Gauge *const *a = left;
    const Nnrpc__V1__Gauge *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

static void add_gauges(struct report *report, const struct nnrpc_server *server) {
    for (size_t index = 0; index < server->gauge_count; index++) {
        server->gauges[index].source(server->gauges[index].self, add_gauge, report);
    }
    qsort(
        report->gauge_pointers, report->gauge_count, sizeof(report->gauge_pointers[0]),
        compare_gauges);
}

/* --- GetStats ----------------------------------------------------------------------------- */

static struct nnrpc_answer get_stats(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__GetStatsRequest *request) {
    (void)request;
    const struct nnrpc_server *server = self;
    const struct nnrpc_stats *stats = &server->stats;
    NNRPC_CLEANUP(report_free) struct report *report = report_new(stats->method_count);
    if (report == NULL) {
        return nnrpc_fail_reply_memory(call);
    }
    add_methods(report, server);
    add_gauges(report, server);
    if (report->failed) {
        return nnrpc_fail_reply_memory(call);
    }
    Google__Protobuf__Timestamp start_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    start_time.seconds = stats->start_seconds;
    start_time.nanos = stats->start_nanoseconds;
    Nnrpc__V1__GetStatsResponse response = NNRPC__V1__GET_STATS_RESPONSE__INIT;
    response.start_time = &start_time;
    response.uptime_ms = (nnrpc_clock_ns() - stats->start_ns) / 1000000;
    response.server = server->program;
    response.frames = nnrpc_stats_read(&stats->frames);
    response.malformed_frames = nnrpc_stats_read(&stats->malformed_frames);
    response.received_bytes = nnrpc_stats_read(&stats->received_bytes);
    response.sent_bytes = nnrpc_stats_read(&stats->sent_bytes);
    response.calls_in_flight = atomic_load(&server->calls_in_flight);
    response.methods = report->method_pointers;
    response.n_methods = report->method_count;
    response.gauges = report->gauge_pointers;
    response.n_gauges = report->gauge_count;
    return stats_service_get_stats_reply(call, &response);
}

enum nnrpc_code nnrpc_stats_service_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    static const struct stats_service_handlers handlers = {
        .get_stats = get_stats,
        .list_calls = nnrpc_stats_list_calls,
    };
    return stats_service_register(server, &handlers, server, out_status);
}
