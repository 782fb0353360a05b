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
#include "frames.h"
#include "probe_service.h"

/* --- Helpers ------------------------------------------------------------------------------ */

static Probe__V1__ReadResponse *read_response(const Nnrpc__V1__Response *response) {
    return (Probe__V1__ReadResponse *)response_message(
        response, &probe__v1__read_response__descriptor);
}

static unsigned write_order(const Nnrpc__V1__Response *response) {
    Probe__V1__WriteResponse *message = (Probe__V1__WriteResponse *)response_message(
        response, &probe__v1__write_response__descriptor);
    unsigned order = message->order;
    probe__v1__write_response__free_unpacked(message, NULL);
    return order;
}

static void expect_text(const Nnrpc__V1__Response *response, const char *text) {
    Probe__V1__ReadResponse *message = read_response(response);
    assert_string_equal(message->text, text);
    probe__v1__read_response__free_unpacked(message, NULL);
}

static bool was_offloaded(const Nnrpc__V1__Response *response) {
    Probe__V1__ReadResponse *message = read_response(response);
    bool offloaded = message->offloaded;
    probe__v1__read_response__free_unpacked(message, NULL);
    return offloaded;
}

/* One read by itself, its answer to be released. */
static Nnrpc__V1__ResponseFrame *exchange_read(
    struct peer *peer, const Probe__V1__ReadRequest *request) {
    return peer_exchange(peer, frame_of(READ, &request->base));
}

static Probe__V1__ReadRequest read_of(const char *text) {
    Probe__V1__ReadRequest request = PROBE__V1__READ_REQUEST__INIT;
    request.text = (char *)text;
    return request;
}

/* A started server with one peer on its ipc socket. */
struct stage {
    struct probe *probe;
    struct peer peer;
};

static void begin(struct stage *stage, const struct nnrpc_server_options *options) {
    stage->probe = probe_new(options);
    probe_start(stage->probe);
    peer_open(&stage->peer, stage->probe->url);
}

static void end(struct stage *stage) {
    peer_close(&stage->peer);
    probe_free(stage->probe);
}

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
        Nnrpc__V1__ResponseFrame *answer = exchange_read(&peer, &request);
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
    begin(&stage, NULL);
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
    end(&stage);
}

/* Protobuf lets fields stand in any order: metadata after the requests apply just as well. */
static void frame_metadata_after_the_requests_are_found(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void reply_metadata_replace_their_key_and_may_be_many(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.trick = PROBE__V1__TRICK__TRICK_REPLACE_METADATA;
    request.metadata_count = 40;
    Nnrpc__V1__ResponseFrame *answer = exchange_read(&stage.peer, &request);
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
    end(&stage);
}

static void an_error_carries_code_message_reason_domain_and_info(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.fail_code = NNRPC_ABORTED;
    request.fail_message = (char *)"as told";
    Nnrpc__V1__ResponseFrame *answer = exchange_read(&stage.peer, &request);
    const Nnrpc__V1__Response *response = answer->responses[0];
    assert_response(response, NNRPC_ABORTED, "TOLD_TO");
    assert_string_equal(response->status->message, "as told");
    assert_string_equal(response->status->error_info->domain, "probe");
    assert_string_equal(response_info(response, "fact"), "as told");
    assert_int_equal(response->message.len, 0);
    frame_free_answer(answer);
    end(&stage);
}

/* --- Handlers that err -------------------------------------------------------------------- */

static void expect_trick(Probe__V1__Trick trick, enum nnrpc_code code, const char *reason) {
    struct stage stage;
    begin(&stage, NULL);
    Probe__V1__ReadRequest request = read_of("");
    request.trick = trick;
    Nnrpc__V1__ResponseFrame *answer = exchange_read(&stage.peer, &request);
    assert_response(answer->responses[0], code, reason);
    frame_free_answer(answer);
    end(&stage);
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
    begin(&stage, NULL);
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
    end(&stage);
}

static void writes_reach_their_handlers_in_frame_order(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 4};
    begin(&stage, &options);
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
    end(&stage);
}

static void a_deferred_call_is_answered_from_another_thread(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void calls_answered_before_their_handlers_return_do_no_harm(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void a_held_frame_does_not_hold_up_others(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__ReadRequest read = read_of("meanwhile");
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    Nnrpc__V1__ResponseFrame *answer = exchange_read(&other, &read);
    expect_text(answer->responses[0], "meanwhile");
    frame_free_answer(answer);
    probe_let_go(stage.probe);
    answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    frame_free_answer(answer);
    peer_close(&other);
    end(&stage);
}

static void reads_beyond_the_frames_budget_move_to_a_worker(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.frame_budget_us = 3000};
    begin(&stage, &options);
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
    end(&stage);
}

static void writes_stay_on_the_receiver_whatever_the_budget(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.frame_budget_us = 1};
    begin(&stage, &options);
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
    end(&stage);
}

/* --- What is refused ---------------------------------------------------------------------- */

static void an_unknown_method_is_unimplemented(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void a_message_that_is_no_frame_is_answered_by_one_response(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void a_frame_has_at_most_1024_calls(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void an_undecodable_request_fails_alone_and_names_the_field(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

/* --- Deadlines ---------------------------------------------------------------------------- */

static void a_call_whose_budget_was_spent_is_not_started(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, NULL);
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
    end(&stage);
}

static void a_call_that_waits_for_a_worker_too_long_is_not_started(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 1};
    begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest busy = read_of("busy");
    busy.work_us = 50000;
    frame_add(frame, SLOW_READ, &busy.base)->timeout_ms = 10000;
    frame_add(frame, SLOW_READ, &busy.base)->timeout_ms = 20;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    expect_text(answer->responses[0], "busy");
    assert_response(answer->responses[1], NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    frame_free_answer(answer);
    end(&stage);
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
    begin(&stage, NULL);
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
    end(&stage);
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

/* --- Interceptors ------------------------------------------------------------------------- */

static void interceptors_run_in_order_and_in_reverse(void **state) {
    (void)state;
    struct stage stage = {.probe = probe_new(NULL)};
    probe_add_interceptors(stage.probe);
    probe_start(stage.probe);
    peer_open(&stage.peer, stage.probe->url);
    Probe__V1__ReadRequest request = read_of("");
    Nnrpc__V1__ResponseFrame *answer = exchange_read(&stage.peer, &request);
    Probe__V1__ReadResponse *message = read_response(answer->responses[0]);
    assert_string_equal(message->caller, "somebody");
    assert_int_equal(message->role, NNRPC_ROLE_WRITER);
    probe__v1__read_response__free_unpacked(message, NULL);
    assert_non_null(response_metadata(answer->responses[0], "x-after"));
    assert_string_equal(
        stage.probe->notes, "before1 Read 0;before2 Read 0;after2 Read 0;after1 Read 0;");
    frame_free_answer(answer);
    end(&stage);
}

static void an_interceptor_may_end_a_call(void **state) {
    (void)state;
    struct stage stage = {.probe = probe_new(NULL)};
    stage.probe->refuse_before = true;
    probe_add_interceptors(stage.probe);
    probe_start(stage.probe);
    peer_open(&stage.peer, stage.probe->url);
    /* The message is malformed, which nobody finds out: interceptors come first. */
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, READ, "\xff", 1);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_PERMISSION_DENIED, "REFUSED");
    assert_string_equal(answer->responses[0]->status->message, "somebody may not");
    assert_string_equal(
        stage.probe->notes, "before1 Read 0;before2 Read 0;after2 Read 7;after1 Read 7;");
    frame_free_answer(answer);
    end(&stage);
}

static void after_runs_for_calls_that_reach_no_handler(void **state) {
    (void)state;
    struct stage stage = {.probe = probe_new(NULL)};
    probe_add_interceptors(stage.probe);
    probe_start(stage.probe);
    peer_open(&stage.peer, stage.probe->url);
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
    end(&stage);
}

static void interceptors_run_once_for_every_call_of_any_kind(void **state) {
    (void)state;
    struct nnrpc_server_options options = {.frame_budget_us = 50, .worker_queue_calls = 4};
    struct stage stage = {.probe = probe_new(&options)};
    probe_add_interceptors(stage.probe);
    probe_start(stage.probe);
    peer_open(&stage.peer, stage.probe->url);
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
    end(&stage);
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
        cmocka_unit_test(an_unknown_method_is_unimplemented),
        cmocka_unit_test(a_message_that_is_no_frame_is_answered_by_one_response),
        cmocka_unit_test(a_frame_has_at_most_1024_calls),
        cmocka_unit_test(an_undecodable_request_fails_alone_and_names_the_field),
        cmocka_unit_test(a_call_whose_budget_was_spent_is_not_started),
        cmocka_unit_test(a_call_that_waits_for_a_worker_too_long_is_not_started),
        cmocka_unit_test(a_secret_is_wiped_once_its_call_is_answered),
        cmocka_unit_test(generated_stubs_and_handlers_meet),
        cmocka_unit_test(interceptors_run_in_order_and_in_reverse),
        cmocka_unit_test(an_interceptor_may_end_a_call),
        cmocka_unit_test(after_runs_for_calls_that_reach_no_handler),
        cmocka_unit_test(interceptors_run_once_for_every_call_of_any_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
