/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that their callers give up: what waits is not started, what runs can ask, and nobody gives
 * up another's call. Traces of calls: here because both are what a caller says about a call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "nnrpc/trace.h"
#include "nnrpc/v1/control_service.pb-c.h"
#include "stage.h"

#define CANCEL_CALLS "nnrpc.v1.ControlService/CancelCalls"
#define NO_SPAN "0000000000000000"

/* --- Helpers ------------------------------------------------------------------------------ */

/* A stage with a second connection, on which calls are given up. */
struct two_lanes {
    struct stage stage;
    struct peer control;
};

static void begin(struct two_lanes *lanes, const struct nnrpc_server_options *options) {
    struct probe *probe = probe_new(options);
    probe_name_callers(probe);
    probe_listen_tcp(probe);
    stage_begin_with(&lanes->stage, probe);
    peer_open(&lanes->control, probe->url);
}

static void end(struct two_lanes *lanes) {
    peer_close(&lanes->control);
    stage_end(&lanes->stage);
}

/* Gives a call up, as somebody (NULL: as nobody by name). Returns how many were. */
static uint32_t give_up_as(
    struct peer *control, const char *caller, uint64_t frame_id, uint32_t index) {
    Nnrpc__V1__CallId id = NNRPC__V1__CALL_ID__INIT;
    Nnrpc__V1__CallId *ids[] = {&id};
    Nnrpc__V1__CancelCallsRequest request = NNRPC__V1__CANCEL_CALLS_REQUEST__INIT;
    id.frame_id = frame_id;
    id.index = index;
    request.calls = ids;
    request.n_calls = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(CANCEL_CALLS, &request.base);
    if (caller != NULL) {
        frame_say(frame, "x-caller", caller);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(control, frame);
    Nnrpc__V1__CancelCallsResponse *response = (Nnrpc__V1__CancelCallsResponse *)response_message(
        answer->responses[0], &nnrpc__v1__cancel_calls_response__descriptor);
    uint32_t count = response->cancelled_count;
    nnrpc__v1__cancel_calls_response__free_unpacked(response, NULL);
    frame_free_answer(answer);
    return count;
}

static uint32_t give_up(struct two_lanes *lanes, uint64_t frame_id, uint32_t index) {
    return give_up_as(&lanes->control, NULL, frame_id, index);
}

static void await_count(const atomic_uint *counter, unsigned count) {
    const struct timespec pause = {.tv_nsec = 1000000};
    while (atomic_load(counter) < count) {
        nanosleep(&pause, NULL);
    }
}

static void *stop(void *server) {
    nnrpc_server_stop(server);
    return NULL;
}

static Probe__V1__ReadRequest endless_read(void) {
    Probe__V1__ReadRequest read = read_of("endless");
    read.trick = PROBE__V1__TRICK__TRICK_AWAIT_CANCEL;
    return read;
}

/* --- Cancelling --------------------------------------------------------------------------- */

static void a_running_handler_learns_that_its_call_was_given_up(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    Probe__V1__ReadRequest read = endless_read();
    Nnrpc__V1__RequestFrame *frame = frame_of(SLOW_READ, &read.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    await_count(&lanes.stage.probe->awaiting_cancel, 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 1);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
    assert_non_null(answer);
    assert_response(answer->responses[0], NNRPC_CANCELLED, "CANCELLED");
    frame_free_answer(answer);
    end(&lanes);
}

static void a_call_that_waits_for_a_worker_is_not_started(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {.slow_workers = 1};
    struct two_lanes lanes;
    begin(&lanes, &options);
    Probe__V1__ReadRequest read = endless_read();
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.secret = (char *)"makes it slow";
    Nnrpc__V1__RequestFrame *frame = frame_of(SLOW_READ, &read.base);
    frame_add(frame, SLOW_WRITE, &write.base);
    frame_add(frame, SLOW_WRITE, &write.base);
    frame_add(frame, SLOW_WRITE, &write.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    await_count(&lanes.stage.probe->awaiting_cancel, 1);
    assert_int_equal(give_up(&lanes, frame_id, 1), 1);
    assert_int_equal(give_up(&lanes, frame_id, 3), 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 1);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
    assert_non_null(answer);
    assert_response(answer->responses[0], NNRPC_CANCELLED, "CANCELLED");
    assert_response(answer->responses[1], NNRPC_CANCELLED, "CANCELLED");
    assert_int_equal(write_order(answer->responses[2]), 0);
    assert_response(answer->responses[3], NNRPC_CANCELLED, "CANCELLED");
    assert_int_equal(lanes.stage.probe->write_count, 1);
    frame_free_answer(answer);
    end(&lanes);
}

static void a_deferred_call_is_told_and_may_answer_at_once(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    write.answers_cancel = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    probe_await_held(lanes.stage.probe, 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 1);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
    assert_non_null(answer);
    assert_response(answer->responses[0], NNRPC_CANCELLED, "CANCELLED");
    assert_int_equal(lanes.stage.probe->told_cancelled, 1);
    frame_free_answer(answer);
    end(&lanes);
}

static void a_deferred_call_that_did_not_ask_is_answered_as_ever(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    probe_await_held(lanes.stage.probe, 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 0);
    assert_null(peer_receive(&lanes.stage.peer, 20));
    probe_let_go(lanes.stage.probe);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
    assert_non_null(answer);
    assert_int_equal(write_order(answer->responses[0]), 0);
    frame_free_answer(answer);
    end(&lanes);
}

static void what_is_not_under_way_is_passed_over(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("answered at once");
    write.held = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    frame_add(frame, READ, &read.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    probe_await_held(lanes.stage.probe, 1);
    assert_int_equal(give_up(&lanes, frame_id, 1), 0);
    assert_int_equal(give_up(&lanes, frame_id, 2), 0);
    assert_int_equal(give_up(&lanes, frame_id + 1, 0), 0);
    probe_let_go(lanes.stage.probe);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
    assert_non_null(answer);
    expect_text(answer->responses[1], "answered at once");
    frame_free_answer(answer);
    assert_int_equal(give_up(&lanes, frame_id, 0), 0);
    end(&lanes);
}

static void nobody_gives_up_the_call_of_another(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    struct peer stranger;
    peer_open(&stranger, lanes.stage.probe->tcp_url);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    frame_say(frame, "x-caller", "anna");
    uint64_t frame_id = frame->frame_id;
    peer_send(&lanes.stage.peer, frame);
    probe_await_held(lanes.stage.probe, 1);
    assert_int_equal(give_up_as(&lanes.control, "bert", frame_id, 0), 0);
    assert_int_equal(give_up_as(&lanes.control, NULL, frame_id, 0), 0);
    assert_int_equal(give_up_as(&stranger, "anna", frame_id, 0), 0);
    assert_int_equal(give_up_as(&lanes.control, "anna", frame_id, 0), 1);
    probe_let_go(lanes.stage.probe);
    frame_free_answer(peer_receive(&lanes.stage.peer, 10000));
    peer_close(&stranger);
    end(&lanes);
}

static void a_busy_receiver_hears_of_it_through_another(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    struct two_lanes lanes;
    char url[PROBE_URL_BYTES];
    probe_listen_tcp(probe);
    memcpy(url, probe->tcp_url, sizeof(url));
    probe_listen_tcp(probe);
    stage_begin_with(&lanes.stage, probe);
    struct peer busy;
    peer_open(&busy, url);
    peer_open(&lanes.control, probe->tcp_url);
    Probe__V1__ReadRequest read = endless_read();
    Nnrpc__V1__RequestFrame *frame = frame_of(READ, &read.base);
    uint64_t frame_id = frame->frame_id;
    peer_send(&busy, frame);
    await_count(&probe->awaiting_cancel, 1);
    assert_int_equal(give_up(&lanes, frame_id, 0), 1);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&busy, 10000);
    assert_non_null(answer);
    assert_response(answer->responses[0], NNRPC_CANCELLED, "CANCELLED");
    frame_free_answer(answer);
    peer_close(&busy);
    end(&lanes);
}

static void a_spent_budget_and_a_late_drain_end_a_handler_too(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {.drain_ms = 20};
    struct two_lanes lanes;
    begin(&lanes, &options);
    Probe__V1__ReadRequest read = endless_read();
    Nnrpc__V1__RequestFrame *frame = frame_of(SLOW_READ, &read.base);
    frame->requests[0]->timeout_ms = 30;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&lanes.stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    frame_free_answer(answer);
    peer_send(&lanes.stage.peer, frame_of(SLOW_READ, &read.base));
    await_count(&lanes.stage.probe->awaiting_cancel, 2);
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop, lanes.stage.probe->server), 0);
    answer = peer_receive(&lanes.stage.peer, 10000);
    pthread_join(stopper, NULL);
    assert_non_null(answer);
    assert_response(answer->responses[0], NNRPC_UNAVAILABLE, "SHUTTING_DOWN");
    frame_free_answer(answer);
    end(&lanes);
}

/* Calls that are answered and given up at the same time, by several threads: each ends once. */
static void answers_and_cancellations_may_meet(void **state) {
    (void)state;
    struct two_lanes lanes;
    begin(&lanes, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.answers_cancel = 1;
    for (unsigned round = 0; round < 300; round++) {
        Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
        uint64_t frame_id = frame->frame_id;
        write.held = round % 2;
        frame_add(frame, WRITE, &write.base);
        peer_send(&lanes.stage.peer, frame);
        (void)give_up(&lanes, frame_id, 0);
        (void)give_up(&lanes, frame_id, 1);
        probe_await_writes(lanes.stage.probe, 2 * (round + 1));
        probe_let_go(lanes.stage.probe);
        Nnrpc__V1__ResponseFrame *answer = peer_receive(&lanes.stage.peer, 10000);
        assert_non_null(answer);
        assert_int_equal(answer->n_responses, 2);
        frame_free_answer(answer);
    }
    end(&lanes);
}

/* --- Traces ------------------------------------------------------------------------------- */

static Probe__V1__ReadResponse *traced_read(struct stage *stage, const char *traceparent) {
    Probe__V1__ReadRequest read = read_of("");
    read.tells_trace = 1;
    Nnrpc__V1__RequestFrame *frame = frame_of(READ, &read.base);
    if (traceparent != NULL) {
        frame_say(frame, NNRPC_TRACEPARENT_KEY, traceparent);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage->peer, frame);
    Probe__V1__ReadResponse *response = read_response(answer->responses[0]);
    frame_free_answer(answer);
    return response;
}

static void a_call_is_a_span_below_its_callers(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadResponse *response =
        traced_read(&stage, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_string_equal(response->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_string_equal(response->parent_span_id, "00f067aa0ba902b7");
    assert_string_not_equal(response->span_id, "00f067aa0ba902b7");
    assert_string_not_equal(response->span_id, NO_SPAN);
    probe__v1__read_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

static void a_call_without_a_valid_parent_begins_a_trace(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadResponse *first = traced_read(&stage, NULL);
    Probe__V1__ReadResponse *second =
        traced_read(&stage, "00-00000000000000000000000000000000-00f067aa0ba902b7-01");
    assert_string_equal(first->parent_span_id, NO_SPAN);
    assert_string_equal(second->parent_span_id, NO_SPAN);
    assert_string_not_equal(first->trace_id, second->trace_id);
    assert_string_not_equal(first->span_id, second->span_id);
    assert_string_not_equal(second->trace_id, "00000000000000000000000000000000");
    probe__v1__read_response__free_unpacked(first, NULL);
    probe__v1__read_response__free_unpacked(second, NULL);
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_handler_learns_that_its_call_was_given_up),
        cmocka_unit_test(a_call_that_waits_for_a_worker_is_not_started),
        cmocka_unit_test(a_deferred_call_is_told_and_may_answer_at_once),
        cmocka_unit_test(a_deferred_call_that_did_not_ask_is_answered_as_ever),
        cmocka_unit_test(what_is_not_under_way_is_passed_over),
        cmocka_unit_test(nobody_gives_up_the_call_of_another),
        cmocka_unit_test(a_busy_receiver_hears_of_it_through_another),
        cmocka_unit_test(a_spent_budget_and_a_late_drain_end_a_handler_too),
        cmocka_unit_test(answers_and_cancellations_may_meet),
        cmocka_unit_test(a_call_is_a_span_below_its_callers),
        cmocka_unit_test(a_call_without_a_valid_parent_begins_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
