/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets: what becomes of a frame's calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "stage.h"

/* --- One call ----------------------------------------------------------------------------- */

static void a_call_is_answered_over_ipc_and_over_tcp(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    probe_listen_tcp(probe);
    probe_start(probe);
    const char *urls[] = {probe->url, probe->tcp_url};
    for (size_t index = 0; index < NNRPC_LENGTH(urls); index++) {
        struct peer peer;
        peer_open(&peer, urls[index]);
        Probe__V1__ReadRequest request = read_of("hello");
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&peer, frame_of(READ, &request.base));
        Probe__V1__ReadResponse *message = read_response(answer->responses[0]);
        assert_string_equal(message->text, "hello");
        assert_string_equal(message->address, urls[index]);
        assert_int_equal(message->role, NNRPC_ROLE_PUBLIC);
        assert_string_equal(message->caller, "");
        assert_false(message->offloaded);
        probe__v1__read_response__free_unpacked(message, NULL);
        frame_free_answer(answer);
        peer_close(&peer);
    }
    probe_free(probe);
}

static void a_calls_own_metadata_come_before_its_frames(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = read_of("");
    frame_say(frame, "x-note", "the frame's");
    frame_add(frame, READ, &request.base);
    request_say(frame_add(frame, READ, &request.base), "x-note", "its own");
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    Probe__V1__ReadResponse *first = read_response(answer->responses[0]);
    Probe__V1__ReadResponse *second = read_response(answer->responses[1]);
    assert_string_equal(first->note, "the frame's");
    assert_string_equal(second->note, "its own");
    probe__v1__read_response__free_unpacked(first, NULL);
    probe__v1__read_response__free_unpacked(second, NULL);
    frame_free_answer(answer);
    stage_end(&stage);
}

/* Protobuf lets fields stand in any order: metadata after the requests apply just as well. */
static void frame_metadata_after_the_requests_are_found(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *requests = frame_new();
    Nnrpc__V1__RequestFrame *metadata = frame_new();
    Probe__V1__ReadRequest request = read_of("");
    frame_add(requests, READ, &request.base);
    frame_add(requests, READ, &request.base);
    frame_say(metadata, "x-first", "no");
    frame_say(metadata, "x-note", "late");
    uint8_t bytes[1024];
    size_t size = nnrpc__v1__request_frame__pack(requests, bytes);
    size += nnrpc__v1__request_frame__pack(metadata, bytes + size);
    peer_send_bytes(&stage.peer, bytes, size);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    Probe__V1__ReadResponse *message = read_response(answer->responses[1]);
    assert_string_equal(message->note, "late");
    probe__v1__read_response__free_unpacked(message, NULL);
    frame_free_answer(answer);
    nnrpc__v1__request_frame__free_unpacked(requests, NULL);
    nnrpc__v1__request_frame__free_unpacked(metadata, NULL);
    stage_end(&stage);
}

static void reply_metadata_replace_their_key_and_may_be_many(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.trick = PROBE__V1__TRICK__TRICK_REPLACE_METADATA;
    request.metadata_count = 40;
    Nnrpc__V1__ResponseFrame *answer = stage_read(&stage, &request);
    const Nnrpc__V1__Response *response = answer->responses[0];
    assert_int_equal(response->n_metadata, 42);
    const Nnrpc__V1__Metadata *replaced = response_metadata(response, "x-replaced");
    assert_non_null(replaced);
    assert_int_equal(replaced->value.len, 6);
    assert_memory_equal(replaced->value.data, "second", 6);
    assert_non_null(response_metadata(response, "x-other"));
    assert_memory_equal(
        response_metadata(response, "x-key-39")->value.data, "01234567890123456789", 20);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void an_error_carries_code_message_reason_domain_and_info(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.fail_code = NNRPC_ABORTED;
    request.fail_message = (char *)"as told";
    Nnrpc__V1__ResponseFrame *answer = stage_read(&stage, &request);
    const Nnrpc__V1__Response *response = answer->responses[0];
    assert_response(response, NNRPC_ABORTED, "TOLD_TO");
    assert_string_equal(response->status->message, "as told");
    assert_string_equal(response->status->error_info->domain, "probe");
    assert_string_equal(response_info(response, "fact"), "as told");
    assert_int_equal(response->message.len, 0);
    frame_free_answer(answer);
    stage_end(&stage);
}

/* --- Handlers that err -------------------------------------------------------------------- */

static void expect_trick(Probe__V1__Trick trick, enum nnrpc_code code, const char *reason) {
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.trick = trick;
    Nnrpc__V1__ResponseFrame *answer = stage_read(&stage, &request);
    assert_response(answer->responses[0], code, reason);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_failure_that_is_ok_is_answered_as_internal(void **state) {
    (void)state;
    expect_trick(PROBE__V1__TRICK__TRICK_FAIL_WITH_OK, NNRPC_INTERNAL, "INTERNAL");
}

static void a_response_of_another_type_is_answered_as_internal(void **state) {
    (void)state;
    expect_trick(PROBE__V1__TRICK__TRICK_WRONG_TYPE, NNRPC_INTERNAL, "INTERNAL");
}

static void a_second_answer_changes_nothing(void **state) {
    (void)state;
    expect_trick(PROBE__V1__TRICK__TRICK_ANSWER_TWICE, NNRPC_INTERNAL, "INTERNAL");
}

/* --- Frames of many ----------------------------------------------------------------------- */

static void a_frame_of_all_kinds_is_answered_in_request_order(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (unsigned round = 0; round < 10; round++) {
        Probe__V1__ReadRequest plain = read_of("plain");
        Probe__V1__ReadRequest moved = read_of("moved");
        Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
        Probe__V1__WriteRequest secret = PROBE__V1__WRITE_REQUEST__INIT;
        moved.offload = 1;
        write.sequence = 2 * round;
        secret.sequence = 2 * round + 1;
        secret.secret = (char *)"s";
        frame_add(frame, READ, &plain.base);
        frame_add(frame, SLOW_READ, &plain.base);
        frame_add(frame, WRITE, &write.base);
        frame_add(frame, READ, &moved.base);
        frame_add(frame, SLOW_WRITE, &secret.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    for (unsigned round = 0; round < 10; round++) {
        Nnrpc__V1__Response **responses = &answer->responses[5 * round];
        expect_text(responses[0], "plain");
        expect_text(responses[1], "plain");
        assert_true(was_offloaded(responses[1]));
        assert_int_equal(write_order(responses[2]), 2 * round);
        expect_text(responses[3], "moved");
        assert_true(was_offloaded(responses[3]));
        assert_int_equal(write_order(responses[4]), 2 * round + 1);
    }
    frame_free_answer(answer);
    stage_end(&stage);
}

static void writes_reach_their_handlers_in_frame_order(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 4};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (unsigned index = 0; index < 60; index++) {
        Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
        write.sequence = index;
        write.work_us = index % 10 == 0 ? 2000 : 0;
        write.secret = (char *)(index % 3 == 1 ? "s" : "");
        frame_add(frame, SLOW_WRITE, &write.base);
    }
    frame_free_answer(peer_exchange(&stage.peer, frame));
    assert_int_equal(stage.probe->write_count, 60);
    for (unsigned index = 0; index < 60; index++) {
        assert_int_equal(stage.probe->sequences[index], index);
    }
    stage_end(&stage);
}

static void a_deferred_call_is_answered_from_another_thread(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("read");
    write.held = 1;
    frame_add(frame, WRITE, &write.base);
    frame_add(frame, READ, &read.base);
    peer_send(&stage.peer, frame);
    probe_await_held(stage.probe, 1);
    assert_null(peer_receive(&stage.peer, 50));
    probe_let_go(stage.probe);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    assert_int_equal(write_order(answer->responses[0]), 0);
    expect_text(answer->responses[1], "read");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void calls_answered_before_their_handlers_return_do_no_harm(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    for (unsigned round = 0; round < 200; round++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        for (unsigned index = 0; index < 32; index++) {
            Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
            write.padding_bytes = index * 10;
            write.linger_us = index == 31 ? 200 : 0;
            frame_add(frame, WRITE, &write.base);
        }
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
        for (unsigned index = 0; index < 32; index++) {
            assert_int_equal(write_order(answer->responses[index]), 32 * round + index);
        }
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

static void a_held_frame_does_not_hold_up_others(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("meanwhile");
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&other, frame_of(READ, &read.base));
    expect_text(answer->responses[0], "meanwhile");
    frame_free_answer(answer);
    probe_let_go(stage.probe);
    answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    frame_free_answer(answer);
    peer_close(&other);
    stage_end(&stage);
}

static void reads_beyond_the_frames_budget_move_to_a_worker(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.frame_budget_us = 3000};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = read_of("");
    request.work_us = 2000;
    for (unsigned index = 0; index < 6; index++) {
        frame_add(frame, READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_false(was_offloaded(answer->responses[0]));
    for (unsigned index = 2; index < 6; index++) {
        assert_true(was_offloaded(answer->responses[index]));
    }
    frame_free_answer(answer);
    stage_end(&stage);
}

static void writes_stay_on_the_receiver_whatever_the_budget(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.frame_budget_us = 1};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (unsigned index = 0; index < 20; index++) {
        Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
        write.sequence = index;
        write.work_us = 100;
        frame_add(frame, WRITE, &write.base);
    }
    frame_free_answer(peer_exchange(&stage.peer, frame));
    for (unsigned index = 0; index < 20; index++) {
        assert_int_equal(stage.probe->sequences[index], index);
    }
    stage_end(&stage);
}

/* --- Secrets ------------------------------------------------------------------------------ */

/* Memory that was given back; a frame that is kept for the next message has it still. */
__attribute__((no_sanitize("address", "thread"))) static bool is_wiped(
    const volatile char *bytes, size_t size) {
    for (size_t index = 0; index < size; index++) {
        if (bytes[index] != '\0') {
            return false;
        }
    }
    return true;
}

static void a_secret_is_wiped_once_its_call_is_answered(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.secret = (char *)"a secret of some length";
    frame_free_answer(peer_exchange(&stage.peer, frame_of(WRITE, &write.base)));
    /* The frame is given back after its reply was sent. */
    bool wiped = false;
    for (unsigned tries = 0; tries < 5000 && !wiped; tries++) {
        usleep(1000);
        wiped = is_wiped(stage.probe->last_secret, strlen(write.secret));
    }
    assert_true(wiped);
    stage_end(&stage);
}

/* --- Through the generated code ----------------------------------------------------------- */

static void generated_stubs_and_handlers_meet(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    probe_start(probe);
    const char *endpoints[] = {probe->url};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 1};
    NNRPC_CLEANUP(nnrpc_client_freep) struct nnrpc_client *client = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);

    Probe__V1__ReadRequest read = read_of("through stubs");
    Probe__V1__ReadResponse *response = NULL;
    assert_int_equal(probe_service_read(client, NULL, &read, &response, &status), NNRPC_OK);
    assert_string_equal(response->text, "through stubs");
    probe__v1__read_response__free_unpacked(response, NULL);

    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__WriteResponse *written = NULL;
    write.secret = (char *)"s";
    assert_int_equal(probe_service_slow_write(client, NULL, &write, &written, &status), NNRPC_OK);
    probe__v1__write_response__free_unpacked(written, NULL);

    read.fail_code = NNRPC_NOT_FOUND;
    read.fail_message = (char *)"not here";
    assert_int_equal(probe_service_read(client, NULL, &read, &response, &status), NNRPC_NOT_FOUND);
    assert_string_equal(status.message, "not here");
    assert_string_equal(status.reason, "TOLD_TO");
    assert_string_equal(nnrpc_status_get_info(&status, "fact"), "not here");
    nnrpc_client_free(client);
    client = NULL;
    probe_free(probe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_over_ipc_and_over_tcp),
        cmocka_unit_test(a_calls_own_metadata_come_before_its_frames),
        cmocka_unit_test(frame_metadata_after_the_requests_are_found),
        cmocka_unit_test(reply_metadata_replace_their_key_and_may_be_many),
        cmocka_unit_test(an_error_carries_code_message_reason_domain_and_info),
        cmocka_unit_test(a_failure_that_is_ok_is_answered_as_internal),
        cmocka_unit_test(a_response_of_another_type_is_answered_as_internal),
        cmocka_unit_test(a_second_answer_changes_nothing),
        cmocka_unit_test(a_frame_of_all_kinds_is_answered_in_request_order),
        cmocka_unit_test(writes_reach_their_handlers_in_frame_order),
        cmocka_unit_test(a_deferred_call_is_answered_from_another_thread),
        cmocka_unit_test(calls_answered_before_their_handlers_return_do_no_harm),
        cmocka_unit_test(a_held_frame_does_not_hold_up_others),
        cmocka_unit_test(reads_beyond_the_frames_budget_move_to_a_worker),
        cmocka_unit_test(writes_stay_on_the_receiver_whatever_the_budget),
        cmocka_unit_test(a_secret_is_wiped_once_its_call_is_answered),
        cmocka_unit_test(generated_stubs_and_handlers_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
