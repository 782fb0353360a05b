/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets: limits of single methods, and of sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "stage.h"

/* --- Helpers ------------------------------------------------------------------------------ */

static void limit(struct probe *probe, const struct nnrpc_method_limit *limits, size_t count) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_server_set_method_limits(probe->server, limits, count, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

static void limit_one(struct probe *probe, struct nnrpc_method_limit only) {
    limit(probe, &only, 1);
}

static Nnrpc__V1__RequestFrame *frame_of_many(
    const char *method, const ProtobufCMessage *message, size_t count) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (size_t index = 0; index < count; index++) {
        frame_add(frame, method, message);
    }
    return frame;
}

/* Exchanges as many calls in one frame; returns how many were refused by the method's limits. */
static size_t count_limited(
    struct peer *peer, const char *method, const ProtobufCMessage *message, size_t count) {
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of_many(method, message, count));
    size_t limited = 0;
    for (size_t index = 0; index < count; index++) {
        const Nnrpc__V1__Response *response = answer->responses[index];
        if (response_code(response) == NNRPC_OK) {
            continue;
        }
        assert_response(response, NNRPC_RESOURCE_EXHAUSTED, "METHOD_LIMITED");
        assert_non_null(response_info(response, "retry_after_ms"));
        limited++;
    }
    frame_free_answer(answer);
    return limited;
}

/* --- Calls at once ------------------------------------------------------------------------ */

static void calls_that_run_keep_others_of_their_method_out(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    limit_one(
        stage.probe, (struct nnrpc_method_limit){.methods = WRITE, .max_concurrent_calls = 3});
    Probe__V1__WriteRequest held = PROBE__V1__WRITE_REQUEST__INIT;
    held.held = 1;
    peer_send(&stage.peer, frame_of_many(WRITE, &held.base, 3));
    probe_await_held(stage.probe, 3);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Probe__V1__WriteRequest plain = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("");
    assert_int_equal(count_limited(&other, WRITE, &plain.base, 1), 1);
    assert_int_equal(count_limited(&other, SLOW_WRITE, &plain.base, 1), 0);
    assert_int_equal(count_limited(&other, READ, &read.base, 1), 0);
    assert_int_equal(stage.probe->write_count, 4);
    probe_let_go(stage.probe);
    frame_free_answer(peer_receive(&stage.peer, 10000));
    assert_int_equal(count_limited(&other, WRITE, &plain.base, 1), 0);
    peer_close(&other);
    stage_end(&stage);
}

static void calls_that_run_one_after_the_other_are_not_at_once(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.frame_budget_us = 60000000};
    stage_begin(&stage, &options);
    limit_one(stage.probe, (struct nnrpc_method_limit){.methods = READ, .max_concurrent_calls = 1});
    Probe__V1__ReadRequest read = read_of("");
    assert_int_equal(count_limited(&stage.peer, READ, &read.base, 50), 0);
    stage_end(&stage);
}

static void calls_that_wait_for_a_worker_count(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    limit_one(
        stage.probe, (struct nnrpc_method_limit){.methods = SLOW_READ, .max_concurrent_calls = 5});
    Probe__V1__ReadRequest read = read_of("");
    read.work_us = 20000;
    assert_int_equal(count_limited(&stage.peer, SLOW_READ, &read.base, 12), 7);
    assert_int_equal(count_limited(&stage.peer, SLOW_READ, &read.base, 5), 0);
    stage_end(&stage);
}

/* --- Calls a second ----------------------------------------------------------------------- */

static void calls_beyond_the_burst_are_refused(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    const struct nnrpc_method_limit given[] = {
        {.methods = "probe.v1.ProbeService/*", .calls_per_second = 0.001, .burst_calls = 5},
        {.methods = SLOW_READ},
    };
    limit(stage.probe, given, NNRPC_LENGTH(given));
    Probe__V1__ReadRequest read = read_of("");
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    assert_int_equal(count_limited(&stage.peer, READ, &read.base, 8), 3);
    assert_int_equal(count_limited(&stage.peer, READ, &read.base, 2), 2);
    assert_int_equal(count_limited(&stage.peer, WRITE, &write.base, 6), 1);
    assert_int_equal(count_limited(&stage.peer, SLOW_READ, &read.base, 20), 0);
    limit(stage.probe, NULL, 0);
    assert_int_equal(count_limited(&stage.peer, READ, &read.base, 20), 0);
    stage_end(&stage);
}

/* Health is how a balancer finds out; it is answered whatever stars say. */
static void health_is_never_limited(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    limit_one(
        stage.probe,
        (struct nnrpc_method_limit){.methods = "*", .calls_per_second = 0.001, .burst_calls = 1});
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (unsigned index = 0; index < 10; index++) {
        frame_add_bytes(frame, "nnrpc.v1.HealthService/Check", NULL, 0);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    for (unsigned index = 0; index < 10; index++) {
        assert_int_equal(response_code(answer->responses[index]), NNRPC_OK);
    }
    frame_free_answer(answer);
    stage_end(&stage);
}

/* What an interceptor refuses takes nothing from the rate of those who may call. */
static void calls_that_interceptors_refuse_do_not_count(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    probe_add_interceptors(probe);
    struct stage stage;
    stage_begin_with(&stage, probe);
    limit_one(
        probe,
        (struct nnrpc_method_limit){.methods = READ, .calls_per_second = 0.001, .burst_calls = 2});
    Probe__V1__ReadRequest read = read_of("");
    probe->refuse_before = true;
    for (unsigned index = 0; index < 5; index++) {
        Nnrpc__V1__ResponseFrame *answer = stage_read(&stage, &read);
        assert_int_not_equal(response_code(answer->responses[0]), NNRPC_OK);
        assert_string_not_equal(response_reason(answer->responses[0]), "METHOD_LIMITED");
        frame_free_answer(answer);
    }
    probe->refuse_before = false;
    assert_int_equal(count_limited(&stage.peer, READ, &read.base, 3), 1);
    stage_end(&stage);
}

/* --- Sizes -------------------------------------------------------------------------------- */

static void requests_above_a_methods_size_are_refused_with_both_sizes(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.max_request_bytes = 1000};
    stage_begin(&stage, &options);
    limit_one(stage.probe, (struct nnrpc_method_limit){.methods = READ, .max_request_bytes = 100});
    char text[1001];
    memset(text, 'x', sizeof(text) - 1);
    text[1000] = '\0';
    Probe__V1__ReadRequest large = read_of(text + 1000 - 98);    /* 100 bytes with its header */
    Probe__V1__ReadRequest larger = read_of(text + 1000 - 99);   /* 101 */
    Probe__V1__ReadRequest largest = read_of(text + 1000 - 997); /* 1,000 */
    Probe__V1__ReadRequest beyond = read_of(text + 1000 - 998);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add(frame, READ, &large.base);
    frame_add(frame, READ, &larger.base);
    frame_add(frame, SLOW_READ, &largest.base);
    frame_add(frame, SLOW_READ, &beyond.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    assert_response(answer->responses[1], NNRPC_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[1], "request_bytes"), "101");
    assert_string_equal(response_info(answer->responses[1], "max_request_bytes"), "100");
    assert_int_equal(response_code(answer->responses[2]), NNRPC_OK);
    assert_response(answer->responses[3], NNRPC_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[3], "max_request_bytes"), "1000");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void replies_above_a_methods_size_are_refused_with_both_sizes(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    limit_one(stage.probe, (struct nnrpc_method_limit){.methods = READ, .max_reply_bytes = 5000});
    Probe__V1__ReadRequest small = read_of("");
    Probe__V1__ReadRequest large = read_of("");
    Probe__V1__ReadRequest filling = read_of("");
    small.padding_bytes = 4900;
    large.padding_bytes = 5000;
    filling.trick = PROBE__V1__TRICK__TRICK_FILL_BUDGET;
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add(frame, READ, &small.base);
    frame_add(frame, READ, &large.base);
    frame_add(frame, SLOW_READ, &large.base);
    frame_add(frame, READ, &filling.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(padding_of(answer->responses[0]), 4900);
    assert_response(answer->responses[1], NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    assert_in_range(atoi(response_info(answer->responses[1], "reply_bytes")), 5000, 5100);
    assert_string_equal(response_info(answer->responses[1], "max_reply_bytes"), "5000");
    assert_int_equal(padding_of(answer->responses[2]), 5000);
    assert_in_range(padding_of(answer->responses[3]), 4800, 5000);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void reply_frames_are_bounded_by_the_server_too(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.max_reply_bytes = 20000};
    stage_begin(&stage, &options);
    Probe__V1__ReadRequest request = read_of("");
    request.padding_bytes = 30000;
    Nnrpc__V1__RequestFrame *frame = frame_of(READ, &request.base);
    frame->max_reply_bytes = 1 << 20;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[0], "max_reply_bytes"), "20000");
    frame_free_answer(answer);
    stage_end(&stage);
}

/* --- While it runs ------------------------------------------------------------------------ */

struct caller {
    const char *url;
    atomic_bool *ending;
    unsigned answered;
    unsigned limited;
};

static void *call_all_the_time(void *argument) {
    struct caller *caller = argument;
    struct peer peer;
    peer_open(&peer, caller->url);
    Probe__V1__ReadRequest read = read_of("");
    while (!atomic_load(caller->ending)) {
        size_t limited = count_limited(&peer, SLOW_READ, &read.base, 20);
        caller->limited += (unsigned)limited;
        caller->answered += 20 - (unsigned)limited;
    }
    peer_close(&peer);
    return NULL;
}

/* Whatever order old and new limits are met in, every call is answered, and what was counted is
 * given back: in the end all places are free. */
static void limits_change_under_load(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    atomic_bool ending = false;
    struct caller callers[3];
    pthread_t threads[NNRPC_LENGTH(callers)];
    for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
        callers[index] = (struct caller){.url = stage.probe->url, .ending = &ending};
        assert_int_equal(
            pthread_create(&threads[index], NULL, call_all_the_time, &callers[index]), 0);
    }
    for (unsigned round = 0; round < 2000; round++) {
        const struct nnrpc_method_limit one = {
            .methods = round % 2 == 0 ? "*" : SLOW_READ,
            .max_concurrent_calls = round % 5,
            .calls_per_second = round % 3 == 0 ? 0 : 1000,
            .burst_calls = round % 3,
        };
        limit(stage.probe, &one, round % 7 != 0);
        struct timespec pause = {.tv_nsec = 200000};
        nanosleep(&pause, NULL);
    }
    limit_one(stage.probe, (struct nnrpc_method_limit){.methods = "*", .max_concurrent_calls = 3});
    atomic_store(&ending, true);
    unsigned answered = 0;
    unsigned limited = 0;
    for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
        pthread_join(threads[index], NULL);
        answered += callers[index].answered;
        limited += callers[index].limited;
    }
    assert_true(answered > 0);
    assert_true(limited > 0);
    Probe__V1__ReadRequest read = read_of("");
    read.work_us = 20000;
    assert_int_equal(count_limited(&stage.peer, SLOW_READ, &read.base, 5), 2);
    stage_end(&stage);
}

static void a_server_does_not_start_with_a_limit_of_nothing(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct probe *probe = probe_new(NULL);
    limit_one(probe, (struct nnrpc_method_limit){.methods = "probe.v1.ProbeService/Raed"});
    assert_int_equal(nnrpc_server_start(probe->server, &status), NNRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "probe.v1.ProbeService/Raed"));
    probe_free(probe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_run_keep_others_of_their_method_out),
        cmocka_unit_test(calls_that_run_one_after_the_other_are_not_at_once),
        cmocka_unit_test(calls_that_wait_for_a_worker_count),
        cmocka_unit_test(calls_beyond_the_burst_are_refused),
        cmocka_unit_test(health_is_never_limited),
        cmocka_unit_test(calls_that_interceptors_refuse_do_not_count),
        cmocka_unit_test(requests_above_a_methods_size_are_refused_with_both_sizes),
        cmocka_unit_test(replies_above_a_methods_size_are_refused_with_both_sizes),
        cmocka_unit_test(reply_frames_are_bounded_by_the_server_too),
        cmocka_unit_test(limits_change_under_load),
        cmocka_unit_test(a_server_does_not_start_with_a_limit_of_nothing),
    };
    return cmocka_run_group_tests_name("method limits", tests, NULL, NULL);
}
