/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slowest calls of those that are open and those that the ring has kept. Whatever their number,
 * no more than a page is held, in one malloc'd report.
 */
#include "list_calls.h"

#include <stdlib.h>
#include <string.h>

#include "server_state.h"
#include "server_trace.h"

#define PAGE_DEFAULT 50
#define PAGE_MOST 1000
#define NS_PER_S UINT64_C(1000000000)

/* What a response points into. */
struct report {
    const Nnrpc__V1__ListCallsRequest *request;
    const struct nnrpc_call *asking; /* not told of */
    struct nnrpc_call_heap heap;
    Nnrpc__V1__CallInfo *infos;
    Nnrpc__V1__CallInfo **pointers;
    Google__Protobuf__Timestamp *times;
    char (*trace_ids)[NNRPC_TRACE_ID_TEXT_BYTES];
    char (*span_ids)[NNRPC_SPAN_ID_TEXT_BYTES];
};

static void report_deinit(struct report *report) {
    nnrpc_call_heap_deinit(&report->heap);
    free(report->infos);
    free(report->pointers);
    free(report->times);
    free(report->trace_ids);
    free(report->span_ids);
}

static bool report_init(struct report *report, size_t page_size) {
    bool has_heap = nnrpc_call_heap_init(&report->heap, page_size);
    report->infos = calloc(page_size, sizeof(report->infos[0]));
    report->pointers = calloc(page_size, sizeof(report->pointers[0]));
    report->times = calloc(page_size, sizeof(report->times[0]));
    report->trace_ids = calloc(page_size, sizeof(report->trace_ids[0]));
    report->span_ids = calloc(page_size, sizeof(report->span_ids[0]));
    return has_heap && report->infos != NULL && report->pointers != NULL && report->times != NULL &&
           report->trace_ids != NULL && report->span_ids != NULL;
}

/* --- Choosing ----------------------------------------------------------------------------- */

/* A filter is a method's name, or its service's. */
static bool is_method(const char *filter, const char *method) {
    size_t size = strlen(filter);
    return size == 0 ||
           (strncmp(filter, method, size) == 0 && (method[size] == '\0' || method[size] == '/'));
}

static Nnrpc__V1__CallState state_of(const struct nnrpc_call_record *record) {
    if (record->is_answered) {
        return NNRPC__V1__CALL_STATE__CALL_STATE_ANSWERED;
    }
    return record->is_started ? NNRPC__V1__CALL_STATE__CALL_STATE_STARTED
                              : NNRPC__V1__CALL_STATE__CALL_STATE_WAITING;
}

static void offer(void *self, const struct nnrpc_call_record *record) {
    struct report *report = self;
    const Nnrpc__V1__ListCallsRequest *request = report->request;
    if (is_method(request->method, record->method) &&
        record->figures.duration_ns / 1000 >= request->min_duration_us &&
        (request->state == NNRPC__V1__CALL_STATE__CALL_STATE_UNSPECIFIED ||
         request->state == state_of(record))) {
        nnrpc_call_heap_offer(&report->heap, record);
    }
}

/* A frame's calls came at the same time, so a fast frame is passed over as a whole. */
static void offer_frame(void *self, struct nnrpc_served_frame *frame) {
    struct report *report = self;
    struct nnrpc_call_record record;
    for (size_t index = 0; index < frame->call_count; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        if (call->answered || call == report->asking) {
            continue;
        }
        struct nnrpc_call_figures figures;
        nnrpc_call_measure(call, &figures);
        if (!nnrpc_call_heap_wants(&report->heap, figures.duration_ns)) {
            return;
        }
        nnrpc_call_record_fill(call, NULL, &record);
        offer(report, &record);
    }
}

/* --- Telling ------------------------------------------------------------------------------ */

static void fill_info(struct report *report, size_t index) {
    struct nnrpc_call_record *record = &report->heap.records[index];
    Nnrpc__V1__CallInfo *info = &report->infos[index];
    Google__Protobuf__Timestamp *time = &report->times[index];
    uint64_t start_ns = nnrpc_unix_ns(record->arrival_ns);
    google__protobuf__timestamp__init(time);
    time->seconds = (int64_t)(start_ns / NS_PER_S);
    time->nanos = (int32_t)(start_ns % NS_PER_S);
    nnrpc_trace_id_text(&record->trace, report->trace_ids[index]);
    nnrpc_span_id_text(record->trace.span_id, report->span_ids[index]);
    nnrpc__v1__call_info__init(info);
    info->method = (char *)record->method;
    info->state = state_of(record);
    info->caller = record->caller;
    info->address = (char *)record->address;
    info->trace_id = report->trace_ids[index];
    info->span_id = report->span_ids[index];
    info->start_time = time;
    info->duration_us = record->figures.duration_ns / 1000;
    info->queue_us = record->figures.queue_ns / 1000;
    info->code = (int32_t)record->code;
    info->reason = record->reason;
    info->request_bytes = record->figures.request_bytes;
    info->reply_bytes = record->figures.reply_bytes;
    info->cancelled = record->is_cancelled;
    report->pointers[index] = info;
}

static size_t page_size_of(const Nnrpc__V1__ListCallsRequest *request) {
    if (request->page_size == 0) {
        return PAGE_DEFAULT;
    }
    return request->page_size < PAGE_MOST ? request->page_size : PAGE_MOST;
}

struct nnrpc_answer nnrpc_stats_list_calls(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__ListCallsRequest *request) {
    struct nnrpc_server *server = self;
    NNRPC_CLEANUP(report_deinit) struct report report = {.request = request, .asking = call};
    if (!report_init(&report, page_size_of(request))) {
        return nnrpc_fail_reply_memory(call);
    }
    nnrpc_open_frames_visit(&server->open_frames, offer_frame, &report);
    nnrpc_call_ring_visit(&server->recent_calls, offer, &report);
    nnrpc_call_heap_sort(&report.heap);
    Nnrpc__V1__ListCallsResponse response = NNRPC__V1__LIST_CALLS_RESPONSE__INIT;
    for (size_t index = 0; index < report.heap.count; index++) {
        fill_info(&report, index);
    }
    response.calls = report.pointers;
    response.n_calls = report.heap.count;
    return stats_service_list_calls_reply(call, &response);
}
