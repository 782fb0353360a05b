/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats: counters, latencies estimated from their buckets, gauges; or the calls of the moment.
 */
#include <inttypes.h>
#include <stdio.h>

#include "duration.h"
#include "error.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "latency.h"
#include "nnrpc/v1/stats_service.nnrpc.h"
#include "output.h"
#include "stats_calls.h"
#include "table.h"
#include "terminal.h"
#include "verb.h"

#define NUMBER_BYTES 32

static void add_number(struct ctl_table *table, uint64_t number) {
    char text[NUMBER_BYTES];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    ctl_table_add(table, text);
}

static void add_latency(struct ctl_table *table, double us) {
    char text[CTL_LATENCY_TEXT_BYTES];
    ctl_latency_format(us, text);
    ctl_table_add(table, text);
}

static void append_totals(const Nnrpc__V1__GetStatsResponse *stats, struct nnrpc_buffer *out) {
    char started[CTL_TIME_TEXT_BYTES] = "";
    if (stats->start_time != NULL) {
        ctl_time_format(stats->start_time->seconds, started);
    }
    nnrpc_buffer_append_format(
        out,
        "server           %s\n"
        "started          %s\n"
        "frames           %" PRIu64 "\n"
        "malformed frames %" PRIu64 "\n"
        "received bytes   %" PRIu64 "\n"
        "sent bytes       %" PRIu64 "\n"
        "calls in flight  %" PRIu64 "\n",
        stats->server, started, stats->frames, stats->malformed_frames, stats->received_bytes,
        stats->sent_bytes, stats->calls_in_flight);
}

/* Calls a second since the server's start; of a server that does not say how long that is, none. */
static void add_rate(struct ctl_table *table, uint64_t count, uint64_t uptime_ms) {
    char text[NUMBER_BYTES] = "";
    if (uptime_ms > 0) {
        double rate = (double)count * 1000 / (double)uptime_ms;
        snprintf(text, sizeof(text), rate < 9.95 ? "%.2g" : "%.0f", rate);
    }
    ctl_table_add(table, text);
}

/* From the finer buckets, where the server has them. What was measured bounds what is estimated. */
static void add_quantile(
    struct ctl_table *table, const Nnrpc__V1__MethodStats *method, double quantile) {
    double us =
        method->n_fine_latency_buckets > 0
            ? ctl_latency_quantile(
                  method->fine_latency_buckets, method->n_fine_latency_buckets,
                  CTL_LATENCY_FINE_PARTS, quantile)
            : ctl_latency_quantile(method->latency_buckets, method->n_latency_buckets, 1, quantile);
    double most_us = (double)method->latency_max_us + 1;
    add_latency(table, method->latency_max_us > 0 && us > most_us ? most_us : us);
}

static void append_methods(const Nnrpc__V1__GetStatsResponse *stats, struct nnrpc_buffer *out) {
    static const struct ctl_column COLUMNS[] = {
        {.title = "METHOD"},
        {.title = "CODE", .is_whole = true},
        {.title = "CALLS", .is_whole = true, .is_right = true},
        {.title = "PER S", .rank = 3, .is_whole = true, .is_right = true},
        {.title = "MEAN", .rank = 1, .is_whole = true, .is_right = true},
        {.title = "QUEUE", .rank = 5, .is_whole = true, .is_right = true},
        {.title = "P50", .rank = 2, .is_whole = true, .is_right = true},
        {.title = "P90", .rank = 4, .is_whole = true, .is_right = true},
        {.title = "P99", .is_whole = true, .is_right = true},
        {.title = "MAX", .rank = 2, .is_whole = true, .is_right = true},
    };
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table =
        ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), ctl_terminal_width(stdout));
    for (size_t i = 0; i < stats->n_methods; i++) {
        const Nnrpc__V1__MethodStats *method = stats->methods[i];
        ctl_table_add(table, method->method[0] != '\0' ? method->method : "(unknown method)");
        ctl_table_add(table, nnrpc_code_name((enum nnrpc_code)method->code));
        add_number(table, method->count);
        double count = method->count > 0 ? (double)method->count : 1;
        add_rate(table, method->count, stats->uptime_ms);
        add_latency(table, (double)method->latency_sum_us / count);
        add_latency(table, (double)method->queue_sum_us / count);
        add_quantile(table, method, 0.5);
        add_quantile(table, method, 0.9);
        add_quantile(table, method, 0.99);
        add_latency(table, (double)method->latency_max_us);
    }
    ctl_table_flush(table, out);
}

static void append_gauges(const Nnrpc__V1__GetStatsResponse *stats, struct nnrpc_buffer *out) {
    static const struct ctl_column COLUMNS[] = {
        {.title = "GAUGE"}, {.title = "VALUE", .is_whole = true, .is_right = true}};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table =
        ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), ctl_terminal_width(stdout));
    for (size_t i = 0; i < stats->n_gauges; i++) {
        char text[NUMBER_BYTES];
        snprintf(text, sizeof(text), "%.15g", stats->gauges[i]->value);
        ctl_table_add(table, stats->gauges[i]->name);
        ctl_table_add(table, text);
    }
    ctl_table_flush(table, out);
}

static enum ctl_exit show_stats(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    CTL_OWNED_MESSAGE Nnrpc__V1__GetStatsRequest *request =
        ctl_message_new(&nnrpc__v1__get_stats_request__descriptor);
    CTL_OWNED_MESSAGE Nnrpc__V1__GetStatsResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    if (stats_service_get_stats(context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    if (context->output != CTL_OUTPUT_TABLE) {
        return ctl_output_resource(
            context, &nnrpc_v1_get_stats_response_message, &response->base, NULL);
    }
    append_totals(response, &out);
    nnrpc_buffer_append_text(&out, "\n");
    append_methods(response, &out);
    if (response->n_gauges > 0) {
        nnrpc_buffer_append_text(&out, "\n");
        append_gauges(response, &out);
    }
    return ctl_output_bytes(&out);
}

enum ctl_exit ctl_stats(struct ctl_context *context) {
    if (ctl_argument(context, 0) != NULL) {
        return ctl_stats_calls(context);
    }
    for (const struct ctl_flag *flag = ctl_stats_flags; flag->name != NULL; flag++) {
        if (ctl_given(context, flag->name)) {
            return ctl_usage_error("--%s is for stats calls", flag->name);
        }
    }
    return show_stats(context);
}
