/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server tells of its calls: the list of those under way and the slowest recent ones, the
 * access log, and spans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "nnrpc/access_log.h"
#include "nnrpc/v1/stats_service.pb-c.h"
#include "stage.h"

#define GET_STATS "nnrpc.v1.StatsService/GetStats"
#define LIST_CALLS "nnrpc.v1.StatsService/ListCalls"
/* Longer than a call takes by itself, on a busy machine too. */
#define LONG_US 400000

#define CALLER_SPAN "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* --- Helpers ------------------------------------------------------------------------------ */

static ProtobufCMessage *call(
    struct peer *peer, const char *method, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *type) {
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of(method, request));
    ProtobufCMessage *message = response_message(answer->responses[0], type);
    frame_free_answer(answer);
    return message;
}

static Nnrpc__V1__ListCallsResponse *list_calls(
    struct peer *peer, const Nnrpc__V1__ListCallsRequest *request) {
    return (Nnrpc__V1__ListCallsResponse *)call(
        peer, LIST_CALLS, &request->base, &nnrpc__v1__list_calls_response__descriptor);
}

static Nnrpc__V1__ListCallsRequest calls_of(const char *method) {
    Nnrpc__V1__ListCallsRequest request = NNRPC__V1__LIST_CALLS_REQUEST__INIT;
    request.method = (char *)method;
    return request;
}

static void begin(struct stage *stage, const struct nnrpc_server_options *options) {
    struct probe *probe = probe_new(options);
    probe_name_callers(probe);
    stage_begin_with(stage, probe);
}

/* A read that takes its time. */
static void read_for(struct stage *stage, uint32_t work_us, const char *caller) {
    Probe__V1__ReadRequest read = read_of("secret text");
    read.work_us = work_us;
    Nnrpc__V1__RequestFrame *frame = frame_of(READ, &read.base);
    frame_say(frame, "x-caller", caller);
    frame_say(frame, NNRPC_TRACEPARENT_KEY, CALLER_SPAN);
    frame_free_answer(peer_exchange(&stage->peer, frame));
}

/* A call of no method. */
static Nnrpc__V1__ResponseFrame *stage_unknown(struct stage *stage) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, "no/Method", NULL, 0);
    return peer_exchange(&stage->peer, frame);
}

/* --- ListCalls ---------------------------------------------------------------------------- */

static void recent_calls_are_listed_slowest_first(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
    read_for(&stage, 2000, "anna");
    read_for(&stage, LONG_US, "bert");
    read_for(&stage, 8000, "carl");
    Nnrpc__V1__ListCallsRequest request = calls_of(READ);
    Nnrpc__V1__ListCallsResponse *response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 3);
    assert_string_equal(response->calls[0]->caller, "bert");
    assert_true(response->calls[0]->duration_us >= response->calls[1]->duration_us);
    assert_true(response->calls[1]->duration_us >= response->calls[2]->duration_us);
    const Nnrpc__V1__CallInfo *slowest = response->calls[0];
    assert_string_equal(slowest->method, READ);
    assert_int_equal(slowest->state, NNRPC__V1__CALL_STATE__CALL_STATE_ANSWERED);
    assert_string_equal(slowest->address, stage.probe->url);
    assert_string_equal(slowest->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_int_equal(strlen(slowest->span_id), 16);
    assert_true(slowest->duration_us >= LONG_US);
    assert_true(slowest->queue_us <= slowest->duration_us - LONG_US);
    assert_int_equal(slowest->code, NNRPC_OK);
    assert_true(slowest->request_bytes >= 11 && slowest->reply_bytes >= 11);
    assert_in_range(time(NULL) - slowest->start_time->seconds, 0, 30);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

static void calls_under_way_are_listed_with_how_far_they_are(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {.slow_workers = 1};
    struct stage stage;
    begin(&stage, &options);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("");
    write.held = 1;
    read.trick = PROBE__V1__TRICK__TRICK_AWAIT_CANCEL;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    frame_add(frame, SLOW_READ, &read.base)->timeout_ms = 300;
    frame_add(frame, SLOW_READ, &read.base)->timeout_ms = 300;
    peer_send(&other, frame);
    const struct timespec pause = {.tv_nsec = 1000000};
    while (atomic_load(&stage.probe->awaiting_cancel) == 0) {
        nanosleep(&pause, NULL);
    }
    Nnrpc__V1__ListCallsRequest request = calls_of("probe.v1.ProbeService");
    request.state = NNRPC__V1__CALL_STATE__CALL_STATE_STARTED;
    Nnrpc__V1__ListCallsResponse *response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 2);
    assert_int_equal(response->calls[0]->code, NNRPC_OK);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    request.state = NNRPC__V1__CALL_STATE__CALL_STATE_WAITING;
    response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 1);
    assert_string_equal(response->calls[0]->method, SLOW_READ);
    assert_int_equal(response->calls[0]->queue_us, response->calls[0]->duration_us);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    probe_let_go(stage.probe);
    frame_free_answer(peer_receive(&other, 10000));
    peer_close(&other);
    stage_end(&stage);
}

static void filters_and_limits_hold(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
    Probe__V1__ReadRequest fails = read_of("");
    fails.fail_code = NNRPC_ABORTED;
    frame_free_answer(stage_read(&stage, &fails));
    read_for(&stage, LONG_US, "anna");
    frame_free_answer(stage_unknown(&stage));
    Nnrpc__V1__ListCallsRequest request = calls_of("probe.v1.ProbeService");
    request.min_duration_us = LONG_US;
    Nnrpc__V1__ListCallsResponse *response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 1);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    request.min_duration_us = 0;
    response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 2);
    assert_int_equal(response->calls[1]->code, NNRPC_ABORTED);
    assert_string_equal(response->calls[1]->reason, "TOLD_TO");
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    request = calls_of("probe.v1.Probe");
    response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 0);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    request = calls_of("");
    request.page_size = 1;
    response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 1);
    assert_string_equal(response->calls[0]->caller, "anna");
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

static void no_more_calls_are_kept_than_asked_for(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {.recent_calls = 3};
    struct stage stage;
    begin(&stage, &options);
    for (unsigned index = 0; index < 20; index++) {
        read_for(&stage, index == 7 ? 20000 : 0, "anna");
    }
    Nnrpc__V1__ListCallsRequest request = calls_of("");
    Nnrpc__V1__ListCallsResponse *response = list_calls(&stage.peer, &request);
    assert_int_equal(response->n_calls, 3);
    assert_true(response->calls[0]->duration_us >= 20000);
    nnrpc__v1__list_calls_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

/* --- GetStats ----------------------------------------------------------------------------- */

static uint64_t sum(const uint64_t *numbers, size_t count) {
    uint64_t total = 0;
    for (size_t index = 0; index < count; index++) {
        total += numbers[index];
    }
    return total;
}

static void finer_buckets_add_up_to_the_old_ones(void **state) {
    (void)state;
    static const Nnrpc__V1__GetStatsRequest request = NNRPC__V1__GET_STATS_REQUEST__INIT;
    struct stage stage;
    begin(&stage, NULL);
    read_for(&stage, 3000, "anna");
    read_for(&stage, 100, "anna");
    Nnrpc__V1__GetStatsResponse *stats = (Nnrpc__V1__GetStatsResponse *)call(
        &stage.peer, GET_STATS, &request.base, &nnrpc__v1__get_stats_response__descriptor);
    const Nnrpc__V1__MethodStats *read = stats->methods[0];
    assert_string_equal(read->method, READ);
    assert_int_equal(read->n_fine_latency_buckets, 4 * read->n_latency_buckets);
    for (size_t index = 0; index < read->n_latency_buckets; index++) {
        assert_int_equal(
            read->latency_buckets[index], sum(&read->fine_latency_buckets[4 * index], 4));
    }
    assert_int_equal(sum(read->fine_latency_buckets, read->n_fine_latency_buckets), 2);
    assert_true(read->latency_max_us >= 3000 && read->latency_max_us <= read->latency_sum_us);
    assert_true(read->queue_sum_us <= read->latency_sum_us - 3100);
    nnrpc__v1__get_stats_response__free_unpacked(stats, NULL);
    stage_end(&stage);
}

/* --- The access log ----------------------------------------------------------------------- */

/* Lines as they come, each with its kind. */
struct lines {
    pthread_mutex_t lock;
    char text[8192];
};

static void add_line(void *self, enum nnrpc_access_kind kind, const char *line, size_t size) {
    struct lines *lines = self;
    pthread_mutex_lock(&lines->lock);
    assert_int_equal(strlen(line), size);
    size_t used = strlen(lines->text);
    snprintf(lines->text + used, sizeof(lines->text) - used, "%d %s\n", (int)kind, line);
    pthread_mutex_unlock(&lines->lock);
}

/* Runs a few calls and returns the lines that a log with these options has of them. */
static void log_some_calls(
    enum nnrpc_access_kind least, uint64_t slow_us, struct lines *out_lines) {
    *out_lines = (struct lines){.lock = PTHREAD_MUTEX_INITIALIZER};
    const struct nnrpc_access_log_options options = {
        .least = least, .slow_us = slow_us, .self = out_lines, .write = add_line};
    struct nnrpc_access_log *log = NULL;
    assert_int_equal(nnrpc_access_log_new(&options, &log, NULL), NNRPC_OK);
    const struct nnrpc_interceptor interceptor = nnrpc_access_log_interceptor(log);
    struct probe *probe = probe_new(NULL);
    assert_int_equal(nnrpc_server_add_interceptor(probe->server, &interceptor, NULL), NNRPC_OK);
    probe_name_callers(probe);
    struct stage stage;
    stage_begin_with(&stage, probe);
    read_for(&stage, 0, "quick one");
    read_for(&stage, LONG_US, "slow");
    Probe__V1__ReadRequest fails = read_of("");
    fails.fail_message = (char *)"what happened";
    fails.fail_code = NNRPC_NOT_FOUND;
    Nnrpc__V1__RequestFrame *frame = frame_of(READ, &fails.base);
    frame_say(frame, "x-request-id", "7\ncode=FORGED");
    frame_free_answer(peer_exchange(&stage.peer, frame));
    fails.fail_code = NNRPC_INTERNAL;
    frame_free_answer(stage_read(&stage, &fails));
    stage_end(&stage);
    nnrpc_access_log_free(log);
}

static void the_access_log_has_a_line_for_each_call(void **state) {
    (void)state;
    struct lines lines;
    log_some_calls(NNRPC_ACCESS_ORDINARY, LONG_US, &lines);
    assert_non_null(strstr(
        lines.text,
        "0 method=probe.v1.ProbeService/Read code=OK caller=\"quick one\" address=ipc"));
    assert_non_null(strstr(lines.text, " trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id="));
    assert_non_null(strstr(lines.text, " parent_span_id=00f067aa0ba902b7\n"));
    assert_non_null(strstr(lines.text, "2 method=probe.v1.ProbeService/Read code=OK caller=slow"));
    assert_non_null(strstr(lines.text, "code=NOT_FOUND reason=TOLD_TO address="));
    assert_non_null(strstr(lines.text, " request_id=\"7\\ncode=FORGED\" trace_id="));
    assert_non_null(strstr(lines.text, " message=\"what happened\"\n"));
    assert_null(strstr(lines.text, "secret text"));
    size_t count = 0;
    for (const char *at = lines.text; *at != '\0'; at++) {
        count += *at == '\n';
    }
    assert_int_equal(count, 4);
}

static void the_access_log_leaves_out_lesser_kinds(void **state) {
    (void)state;
    struct lines lines;
    log_some_calls(NNRPC_ACCESS_SLOW, LONG_US, &lines);
    assert_null(strstr(lines.text, "quick one"));
    assert_null(strstr(lines.text, "NOT_FOUND"));
    assert_non_null(strstr(lines.text, "caller=slow"));
    assert_non_null(strstr(lines.text, "3 method=probe.v1.ProbeService/Read code=INTERNAL"));
    log_some_calls(NNRPC_ACCESS_FAULT, 0, &lines);
    assert_null(strstr(lines.text, "caller=slow"));
    assert_int_equal(lines.text[0], '3');
    log_some_calls(NNRPC_ACCESS_ERROR, 0, &lines);
    assert_int_equal(lines.text[0], '1');
    assert_null(strstr(lines.text, "caller=slow"));
}

/* --- Spans -------------------------------------------------------------------------------- */

struct spans {
    pthread_mutex_t lock;
    unsigned count;
    struct nnrpc_span last;
    char method[64];
    char caller[32];
    enum nnrpc_code code;
};

static void note_span(void *self, const struct nnrpc_span *span) {
    struct spans *spans = self;
    pthread_mutex_lock(&spans->lock);
    spans->count++;
    spans->last = *span;
    spans->code = span->status->code;
    snprintf(spans->method, sizeof(spans->method), "%s", span->method);
    snprintf(spans->caller, sizeof(spans->caller), "%s", span->caller);
    pthread_mutex_unlock(&spans->lock);
}

/* What was told so far. */
static struct spans copy_spans(struct spans *spans) {
    pthread_mutex_lock(&spans->lock);
    struct spans copy = *spans;
    pthread_mutex_unlock(&spans->lock);
    return copy;
}

static void every_answered_call_is_told_as_a_span_once(void **state) {
    (void)state;
    struct spans told = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const struct nnrpc_span_hook hook = {.self = &told, .end = note_span};
    struct probe *probe = probe_new(NULL);
    probe_name_callers(probe);
    nnrpc_server_set_span_hook(probe->server, &hook);
    struct stage stage;
    stage_begin_with(&stage, probe);
    uint64_t before_s = (uint64_t)time(NULL);
    read_for(&stage, 5000, "anna");
    struct spans spans = copy_spans(&told);
    assert_int_equal(spans.count, 1);
    assert_int_equal(spans.last.kind, NNRPC_SPAN_SERVER);
    assert_string_equal(spans.method, READ);
    assert_string_equal(spans.caller, "anna");
    assert_int_equal(spans.code, NNRPC_OK);
    assert_int_equal(spans.last.attempts, 1);
    assert_true(spans.last.duration_ns >= 5000000);
    assert_in_range(spans.last.start_unix_ns / 1000000000, before_s, before_s + 30);
    char parent[NNRPC_SPAN_ID_TEXT_BYTES];
    nnrpc_span_id_text(spans.last.trace.parent_span_id, parent);
    assert_string_equal(parent, "00f067aa0ba902b7");
    frame_free_answer(stage_unknown(&stage));
    spans = copy_spans(&told);
    assert_int_equal(spans.count, 2);
    assert_int_equal(spans.code, NNRPC_UNIMPLEMENTED);
    assert_string_equal(spans.method, "no/Method");
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recent_calls_are_listed_slowest_first),
        cmocka_unit_test(calls_under_way_are_listed_with_how_far_they_are),
        cmocka_unit_test(filters_and_limits_hold),
        cmocka_unit_test(no_more_calls_are_kept_than_asked_for),
        cmocka_unit_test(finer_buckets_add_up_to_the_old_ones),
        cmocka_unit_test(the_access_log_has_a_line_for_each_call),
        cmocka_unit_test(the_access_log_leaves_out_lesser_kinds),
        cmocka_unit_test(every_answered_call_is_told_as_a_span_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
