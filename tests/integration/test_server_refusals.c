/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets: calls that are refused, and what interceptors see of calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stage.h"

/* --- What is refused ---------------------------------------------------------------------- */

static void an_unknown_method_is_unimplemented(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    const char *names[] = {
        "probe.v1.ProbeService/Reax",  "probe.v1.ProbeService/",       "Read", "/", "",
        "probe.v1.ProbeService/ReadX", "probe.v1.ProbeService/Missing"};
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (size_t index = 0; index < NNRPC_LENGTH(names); index++) {
        frame_add_bytes(frame, names[index], NULL, 0);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    for (size_t index = 0; index < NNRPC_LENGTH(names); index++) {
        assert_response(answer->responses[index], NNRPC_UNIMPLEMENTED, "UNKNOWN_METHOD");
        assert_string_equal(answer->responses[index]->status->error_info->domain, "nnrpc");
    }
    assert_string_equal(
        answer->responses[0]->status->message,
        "there is no method \"probe.v1.ProbeService/Reax\" here");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_message_that_is_no_frame_is_answered_by_one_response(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    const struct {
        const char *bytes;
        size_t size;
        uint64_t frame_id;
    } messages[] = {
        {"", 0, 0},
        {"\xff\xff\xff", 3, 0},
        {"not a frame at all", 18, 0},
        {"\x12\x7f", 2, 0},     /* a request longer than the message */
        {"\x20\x2a", 2, 42},    /* no requests */
        {"\x20\x2a\x12", 3, 42} /* cut short after the frame id */
    };
    for (size_t index = 0; index < NNRPC_LENGTH(messages); index++) {
        peer_send_bytes(&stage.peer, messages[index].bytes, messages[index].size);
        Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
        assert_non_null(answer);
        assert_int_equal(answer->n_responses, 1);
        assert_response(answer->responses[0], NNRPC_INVALID_ARGUMENT, "MALFORMED_FRAME");
        assert_int_equal(answer->frame_id, messages[index].frame_id);
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

static void a_frame_has_at_most_1024_calls(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    for (unsigned count = 1024; count <= 1025; count++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        Probe__V1__ReadRequest request = read_of("x");
        for (unsigned index = 0; index < count; index++) {
            frame_add(frame, READ, &request.base);
        }
        peer_send(&stage.peer, frame);
        Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
        assert_non_null(answer);
        assert_int_equal(answer->n_responses, count == 1024 ? 1024 : 1);
        if (count == 1024) {
            expect_text(answer->responses[1023], "x");
        } else {
            assert_response(answer->responses[0], NNRPC_INVALID_ARGUMENT, "MALFORMED_FRAME");
        }
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

static void an_undecodable_request_fails_alone_and_names_the_field(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = read_of("fine");
    frame_add_bytes(frame, READ, "\x42\x03\x0a\x01\xff", 5); /* child.text is not UTF-8 */
    frame_add(frame, READ, &request.base);
    frame_add_bytes(frame, READ, "\x0a\x7f", 2);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_INVALID_ARGUMENT, "MALFORMED_MESSAGE");
    assert_string_equal(
        answer->responses[0]->status->message, "field \"child.text\" is not valid UTF-8");
    expect_text(answer->responses[1], "fine");
    assert_response(answer->responses[2], NNRPC_INVALID_ARGUMENT, "MALFORMED_MESSAGE");
    frame_free_answer(answer);
    stage_end(&stage);
}

/* --- Deadlines ---------------------------------------------------------------------------- */

static void a_call_whose_budget_was_spent_is_not_started(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest busy = read_of("busy");
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    busy.work_us = 20000;
    frame_add(frame, READ, &busy.base)->timeout_ms = 10000;
    frame_add(frame, WRITE, &write.base)->timeout_ms = 5;
    frame_add(frame, WRITE, &write.base)->timeout_ms = 0;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    expect_text(answer->responses[0], "busy");
    assert_response(answer->responses[1], NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_int_equal(write_order(answer->responses[2]), 0);
    assert_int_equal(stage.probe->write_count, 1);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_call_that_waits_for_a_worker_too_long_is_not_started(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 1};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest busy = read_of("busy");
    busy.work_us = 50000;
    frame_add(frame, SLOW_READ, &busy.base)->timeout_ms = 10000;
    frame_add(frame, SLOW_READ, &busy.base)->timeout_ms = 20;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    expect_text(answer->responses[0], "busy");
    assert_response(answer->responses[1], NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    frame_free_answer(answer);
    stage_end(&stage);
}

/* --- Interceptors ------------------------------------------------------------------------- */

static void interceptors_run_in_order_and_in_reverse(void **state) {
    (void)state;
    struct stage stage;
    struct probe *probe = probe_new(NULL);
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    Probe__V1__ReadRequest request = read_of("");
    Nnrpc__V1__ResponseFrame *answer = stage_read(&stage, &request);
    Probe__V1__ReadResponse *message = read_response(answer->responses[0]);
    assert_string_equal(message->caller, "somebody");
    assert_int_equal(message->role, NNRPC_ROLE_WRITER);
    probe__v1__read_response__free_unpacked(message, NULL);
    assert_non_null(response_metadata(answer->responses[0], "x-after"));
    assert_string_equal(
        stage.probe->notes, "before1 Read 0;before2 Read 0;after2 Read 0;after1 Read 0;");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void an_interceptor_may_end_a_call(void **state) {
    (void)state;
    struct stage stage;
    struct probe *probe = probe_new(NULL);
    probe->refuse_before = true;
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    /* The message is malformed, which nobody finds out: interceptors come first. */
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, READ, "\xff", 1);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_PERMISSION_DENIED, "REFUSED");
    assert_string_equal(answer->responses[0]->status->message, "somebody may not");
    assert_string_equal(
        stage.probe->notes, "before1 Read 0;before2 Read 0;after2 Read 7;after1 Read 7;");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void after_runs_for_calls_that_reach_no_handler(void **state) {
    (void)state;
    struct stage stage;
    struct probe *probe = probe_new(NULL);
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, "a/Nothing", NULL, 0);
    frame_add_bytes(frame, READ, "\xff", 1);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_non_null(response_metadata(answer->responses[0], "x-after"));
    frame_free_answer(answer);
    peer_send_bytes(&stage.peer, "\xff", 1);
    answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    assert_non_null(response_metadata(answer->responses[0], "x-after"));
    frame_free_answer(answer);
    assert_string_equal(
        stage.probe->notes, "after2 Nothing 12 unknown;after1 Nothing 12 unknown;"
                            "before1 Read 0;before2 Read 0;after2 Read 3;after1 Read 3;"
                            "after2  3 unknown;after1  3 unknown;");
    stage_end(&stage);
}

static void interceptors_run_once_for_every_call_of_any_kind(void **state) {
    (void)state;
    struct nnrpc_server_options options = {.frame_budget_us = 50, .worker_queue_calls = 4};
    struct stage stage;
    struct probe *probe = probe_new(&options);
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    for (unsigned round = 0; round < 20; round++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        for (unsigned index = 0; index < 25; index++) {
            Probe__V1__ReadRequest read = read_of("");
            Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
            read.work_us = 20;
            read.offload = index % 2;
            write.secret = (char *)"s";
            frame_add(frame, READ, &read.base);
            frame_add(frame, WRITE, &write.base);
            frame_add(frame, index % 5 == 0 ? SLOW_WRITE : WRITE, &write.base);
            frame_add(frame, SLOW_READ, &read.base);
        }
        frame_free_answer(peer_exchange(&stage.peer, frame));
    }
    assert_int_equal(stage.probe->before_count, 2000);
    assert_int_equal(stage.probe->after_count, 2000);
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_method_is_unimplemented),
        cmocka_unit_test(a_message_that_is_no_frame_is_answered_by_one_response),
        cmocka_unit_test(a_frame_has_at_most_1024_calls),
        cmocka_unit_test(an_undecodable_request_fails_alone_and_names_the_field),
        cmocka_unit_test(a_call_whose_budget_was_spent_is_not_started),
        cmocka_unit_test(a_call_that_waits_for_a_worker_too_long_is_not_started),
        cmocka_unit_test(interceptors_run_in_order_and_in_reverse),
        cmocka_unit_test(an_interceptor_may_end_a_call),
        cmocka_unit_test(after_runs_for_calls_that_reach_no_handler),
        cmocka_unit_test(interceptors_run_once_for_every_call_of_any_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
