/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls as the server orders them, slowest first.
 */
#include "stats_calls.h"

#include <inttypes.h>
#include <stdio.h>

#include "context.h"
#include "duration.h"
#include "error.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "latency.h"
#include "memory.h"
#include "nnrpc/v1/stats_service.nnrpc.h"
#include "output.h"
#include "table.h"
#include "terminal.h"
#include "verb.h"

#define LIMIT_MOST 1000
#define NUMBER_BYTES 24

const struct ctl_flag ctl_stats_flags[] = {
    {.name = "method",
     .argument = "NAME",
     .help = "calls: only of a method, package.Service/Method, or of a service"},
    {.name = "min-duration",
     .argument = "TIME",
     .help = "calls: only those that have taken this long, like 5ms or 2s"},
    {.name = "limit", .argument = "COUNT", .help = "calls: at most so many, up to 1000"},
    {0}};

const char ctl_stats_details[] =
    "Latencies are from a frame's arrival to the answer; QUEUE is the mean part of them before the "
    "handler was started. Quantiles are estimated from counts, to a few percent.\n\n"
    "`PROGRAM stats calls` shows the calls under way and the slowest recent ones, slowest first; "
    "it asks for the role admin, since it says who calls what.";

static const char *const STATES[] = {"", "waiting", "started", "answered"};

static const char *state_name(const Nnrpc__V1__CallInfo *call) {
    size_t state = (size_t)call->state;
    if (call->cancelled && state < NNRPC__V1__CALL_STATE__CALL_STATE_ANSWERED) {
        return "cancelled";
    }
    return state < NNRPC_LENGTH(STATES) ? STATES[state] : "";
}

static void add_time(struct ctl_table *table, uint64_t us) {
    char text[CTL_LATENCY_TEXT_BYTES];
    ctl_latency_format((double)us, text);
    ctl_table_add(table, text);
}

static void add_bytes(struct ctl_table *table, uint64_t bytes) {
    char text[NUMBER_BYTES];
    snprintf(text, sizeof(text), "%" PRIu64, bytes);
    ctl_table_add(table, text);
}

static void add_call(struct ctl_table *table, const Nnrpc__V1__CallInfo *call) {
    char started[CTL_TIME_TEXT_BYTES] = "";
    bool is_answered = call->state == NNRPC__V1__CALL_STATE__CALL_STATE_ANSWERED;
    if (call->start_time != NULL) {
        ctl_time_format(call->start_time->seconds, started);
    }
    ctl_table_add(table, call->method[0] != '\0' ? call->method : "(unknown method)");
    ctl_table_add(table, state_name(call));
    ctl_table_add(table, is_answered ? nnrpc_code_name((enum nnrpc_code)call->code) : "");
    add_time(table, call->duration_us);
    add_time(table, call->queue_us);
    ctl_table_add(table, call->reason);
    ctl_table_add(table, call->caller);
    ctl_table_add(table, started);
    add_bytes(table, call->request_bytes);
    add_bytes(table, call->reply_bytes);
    ctl_table_add(table, call->trace_id);
    ctl_table_add(table, call->address);
}

static void append_calls(const Nnrpc__V1__ListCallsResponse *response, struct nnrpc_buffer *out) {
    static const struct ctl_column COLUMNS[] = {
        {.title = "METHOD"},
        {.title = "STATE", .is_whole = true},
        {.title = "CODE", .is_whole = true},
        {.title = "TIME", .is_whole = true, .is_right = true},
        {.title = "QUEUE", .rank = 2, .is_whole = true, .is_right = true},
        {.title = "REASON", .rank = 3, .is_whole = true},
        {.title = "CALLER", .rank = 1},
        {.title = "STARTED", .rank = 4, .is_whole = true},
        {.title = "REQUEST", .rank = 5, .is_whole = true, .is_right = true},
        {.title = "REPLY", .rank = 5, .is_whole = true, .is_right = true},
        {.title = "TRACE", .rank = 6, .is_whole = true},
        {.title = "ADDRESS", .rank = 7},
    };
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table =
        ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), ctl_terminal_width(stdout));
    for (size_t i = 0; i < response->n_calls; i++) {
        add_call(table, response->calls[i]);
    }
    ctl_table_flush(table, out);
}

static bool read_flags(struct ctl_context *context, Nnrpc__V1__ListCallsRequest *request) {
    const char *min_duration = ctl_value(context, "min-duration");
    uint32_t min_duration_ms = 0;
    uint64_t limit = 0;
    if (min_duration != NULL && !ctl_duration_parse(min_duration, &min_duration_ms)) {
        (void)ctl_usage_error("--min-duration: \"%s\" is no time like 5ms, 2s or 1m", min_duration);
        return false;
    }
    if (!ctl_number(context, "limit", 1, LIMIT_MOST, &limit)) {
        return false;
    }
    if (ctl_given(context, "method")) {
        ctl_text_set(&request->method, ctl_value(context, "method"));
    }
    request->min_duration_us = (uint64_t)min_duration_ms * 1000;
    request->page_size = (uint32_t)limit;
    return true;
}

enum ctl_exit ctl_stats_calls(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    CTL_OWNED_MESSAGE Nnrpc__V1__ListCallsRequest *request =
        ctl_message_new(&nnrpc__v1__list_calls_request__descriptor);
    CTL_OWNED_MESSAGE Nnrpc__V1__ListCallsResponse *response = NULL;
    if (!read_flags(context, request)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    if (stats_service_list_calls(context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    if (context->output != CTL_OUTPUT_TABLE) {
        return ctl_output_resource(
            context, &nnrpc_v1_list_calls_response_message, &response->base, NULL);
    }
    append_calls(response, &out);
    return ctl_output_bytes(&out);
}
