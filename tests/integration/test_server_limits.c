/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets: bounded queues, bounded memory, bounded replies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stage.h"

/* --- Helpers ------------------------------------------------------------------------------ */

static Probe__V1__ReadRequest padded_read(uint32_t padding_bytes) {
    Probe__V1__ReadRequest request = PROBE__V1__READ_REQUEST__INIT;
    request.padding_bytes = padding_bytes;
    return request;
}

static Probe__V1__WriteRequest held_write(void) {
    Probe__V1__WriteRequest request = PROBE__V1__WRITE_REQUEST__INIT;
    request.held = 1;
    return request;
}

static size_t count_reason(const Nnrpc__V1__ResponseFrame *answer, const char *reason) {
    size_t count = 0;
    for (size_t index = 0; index < answer->n_responses; index++) {
        count += strcmp(response_reason(answer->responses[index]), reason) == 0;
    }
    return count;
}

/* --- Overload ----------------------------------------------------------------------------- */

static void a_full_queue_of_slow_calls_is_answered_at_once(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 1, .worker_queue_calls = 2};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = padded_read(0);
    request.work_us = 20000;
    for (unsigned index = 0; index < 8; index++) {
        frame_add(frame, SLOW_READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    /* One runs and two wait; whether the worker woke in time for one more is up to the kernel. */
    size_t refused = count_reason(answer, "OVERLOADED");
    assert_in_range(refused, 5, 6);
    const Nnrpc__V1__Response *last = answer->responses[7];
    assert_response(last, NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_in_range(atoi(response_info(last, "retry_after_ms")), 1, 5000);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_full_queue_of_reads_is_answered_at_once(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.read_workers = 1, .worker_queue_calls = 2};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = padded_read(0);
    request.work_us = 20000;
    request.offload = 1;
    for (unsigned index = 0; index < 8; index++) {
        frame_add(frame, READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_in_range(count_reason(answer, "OVERLOADED"), 5, 6);
    frame_free_answer(answer);
    stage_end(&stage);
}

/* The chain of writes behind a slow one is one task: all of it runs or none of it does. */
static void a_chain_of_writes_is_refused_as_a_whole(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.slow_workers = 1, .worker_queue_calls = 1};
    stage_begin(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest busy = padded_read(0);
    Probe__V1__WriteRequest secret = PROBE__V1__WRITE_REQUEST__INIT;
    Probe__V1__WriteRequest plain = PROBE__V1__WRITE_REQUEST__INIT;
    busy.work_us = 30000;
    secret.secret = (char *)"s";
    for (unsigned index = 0; index < 3; index++) {
        frame_add(frame, SLOW_READ, &busy.base);
    }
    frame_add(frame, SLOW_WRITE, &secret.base);
    frame_add(frame, WRITE, &plain.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[3], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_response(answer->responses[4], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_int_equal(stage.probe->write_count, 0);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void calls_above_the_number_in_flight_are_refused(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.max_calls_in_flight = 10};
    stage_begin(&stage, &options);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Nnrpc__V1__RequestFrame *held = frame_new();
    Probe__V1__WriteRequest write = held_write();
    for (unsigned index = 0; index < 8; index++) {
        frame_add(held, WRITE, &write.base);
    }
    peer_send(&stage.peer, held);
    probe_await_held(stage.probe, 8);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest read = padded_read(7);
    for (unsigned index = 0; index < 4; index++) {
        frame_add(frame, READ, &read.base);
    }
    frame_add_bytes(frame, "nnrpc.v1.HealthService/Check", NULL, 0);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&other, frame);
    assert_int_equal(padding_of(answer->responses[0]), 7);
    assert_int_equal(padding_of(answer->responses[1]), 7);
    assert_response(answer->responses[2], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_response(answer->responses[3], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_non_null(response_info(answer->responses[2], "retry_after_ms"));
    assert_int_equal(response_code(answer->responses[4]), NNRPC_OK);
    frame_free_answer(answer);
    probe_let_go(stage.probe);
    frame_free_answer(peer_receive(&stage.peer, 10000));
    /* Once they are answered there is room again. */
    answer = peer_exchange(&other, frame_of(READ, &read.base));
    assert_int_equal(padding_of(answer->responses[0]), 7);
    frame_free_answer(answer);
    peer_close(&other);
    stage_end(&stage);
}

static void requests_in_flight_are_bounded_in_memory(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.memory_limit_bytes = 3 << 20};
    stage_begin(&stage, &options);
    struct peer others[8];
    char *text = malloc(400001);
    memset(text, 'x', 400000);
    text[400000] = '\0';
    Probe__V1__WriteRequest write = held_write();
    write.secret = text;
    size_t refused = 0;
    for (size_t index = 0; index < NNRPC_LENGTH(others); index++) {
        peer_open(&others[index], stage.probe->url);
        peer_send(&others[index], frame_of(WRITE, &write.base));
        Nnrpc__V1__ResponseFrame *answer = index < 3 ? NULL : peer_receive(&others[index], 10000);
        if (answer != NULL) {
            assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
            refused++;
            frame_free_answer(answer);
        } else {
            probe_await_held(stage.probe, index + 1);
        }
    }
    /* Each takes 800 kB, received and decoded. */
    assert_int_equal(refused, 5);
    probe_let_go(stage.probe);
    for (size_t index = 0; index < 3; index++) {
        frame_free_answer(peer_receive(&others[index], 10000));
    }
    for (size_t index = 0; index < NNRPC_LENGTH(others); index++) {
        peer_close(&others[index]);
    }
    free(text);
    stage_end(&stage);
}

/* Two bytes of input become a message of some 200 bytes and more. */
static void a_request_that_unpacks_beyond_its_frames_memory_is_refused(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.arena_limit_bytes = 1 << 20};
    stage_begin(&stage, &options);
    enum { COUNT = 20000 };
    uint8_t *bytes = malloc(2 * COUNT);
    for (size_t index = 0; index < COUNT; index++) {
        bytes[2 * index] = 9 << 3 | 2;
        bytes[2 * index + 1] = 0;
    }
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest small = padded_read(3);
    frame_add(frame, READ, &small.base);
    frame_add_bytes(frame, READ, bytes, 2 * COUNT);
    frame_add(frame, READ, &small.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(padding_of(answer->responses[0]), 3);
    assert_response(answer->responses[1], NNRPC_RESOURCE_EXHAUSTED, "MEMORY_LIMIT");
    assert_int_equal(padding_of(answer->responses[2]), 3);
    frame_free_answer(answer);
    free(bytes);
    stage_end(&stage);
}

/* A single message field that occurs again and again is merged, which takes memory that the scan
 * does not foresee: each time all that came before is copied. */
static void merging_beyond_the_frames_memory_is_refused(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.arena_limit_bytes = 1 << 20};
    stage_begin(&stage, &options);
    enum { COUNT = 1000 };
    uint8_t *bytes = malloc(4 * COUNT);
    for (size_t index = 0; index < COUNT; index++) {
        memcpy(bytes + 4 * index, "\x42\x02\x4a\x00", 4); /* child { children {} } */
    }
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, READ, bytes, 4 * COUNT);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "MEMORY_LIMIT");
    frame_free_answer(answer);
    free(bytes);
    stage_end(&stage);
}

/* --- Replies ------------------------------------------------------------------------------ */

static void a_reply_that_fits_alone_but_not_in_its_frame_is_told_so(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = padded_read(60000);
    frame->max_reply_bytes = 100000;
    for (unsigned index = 0; index < 3; index++) {
        frame_add(frame, READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(padding_of(answer->responses[0]), 60000);
    for (unsigned index = 1; index < 3; index++) {
        assert_response(answer->responses[index], NNRPC_RESOURCE_EXHAUSTED, "FRAME_FULL");
        assert_in_range(atoi(response_info(answer->responses[index], "reply_bytes")), 60000, 60100);
        assert_string_equal(response_info(answer->responses[index], "frame_bytes"), "100000");
    }
    assert_true(stage.peer.last_size <= 100000);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_reply_that_does_not_even_fit_alone_is_told_so(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    for (unsigned count = 1; count <= 2; count++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        Probe__V1__ReadRequest request = padded_read(200000);
        frame->max_reply_bytes = 100000;
        for (unsigned index = 0; index < count; index++) {
            frame_add(frame, READ, &request.base);
        }
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
        for (unsigned index = 0; index < count; index++) {
            const Nnrpc__V1__Response *response = answer->responses[index];
            assert_response(response, NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
            assert_in_range(atoi(response_info(response, "reply_bytes")), 200000, 200100);
            assert_string_equal(response_info(response, "max_reply_bytes"), "100000");
        }
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

/* A call that is alone is never told to try alone. */
static void a_single_call_is_never_told_that_its_frame_is_full(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    for (uint32_t size = 9800; size <= 10000; size++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        Probe__V1__ReadRequest request = padded_read(size);
        frame->max_reply_bytes = 10000;
        frame_add(frame, READ, &request.base);
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
        const Nnrpc__V1__Response *response = answer->responses[0];
        assert_true(stage.peer.last_size <= 10000);
        if (response_code(response) != NNRPC_OK) {
            assert_response(response, NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
        }
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

static void without_a_size_a_caller_takes_one_mebibyte(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadRequest fits = padded_read((1 << 20) - 300);
    Probe__V1__ReadRequest large = padded_read(1 << 20);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame_of(READ, &fits.base));
    assert_int_equal(padding_of(answer->responses[0]), (1 << 20) - 300);
    frame_free_answer(answer);
    answer = peer_exchange(&stage.peer, frame_of(READ, &large.base));
    assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[0], "max_reply_bytes"), "1048576");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_caller_may_take_up_to_16_mebibytes(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest fits = padded_read((16 << 20) - 300);
    Probe__V1__ReadRequest large = padded_read(16 << 20);
    frame->max_reply_bytes = UINT32_MAX;
    frame_add(frame, READ, &fits.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(padding_of(answer->responses[0]), (16 << 20) - 300);
    frame_free_answer(answer);
    frame = frame_new();
    frame->max_reply_bytes = UINT32_MAX;
    frame_add(frame, READ, &large.base);
    answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[0], "max_reply_bytes"), "16777216");
    frame_free_answer(answer);
    stage_end(&stage);
}

/* Exchanges a frame of calls that fill what they may have. */
static void expect_filled(struct stage *stage, uint32_t limit, unsigned count) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = padded_read(0);
    request.trick = PROBE__V1__TRICK__TRICK_FILL_BUDGET;
    frame->max_reply_bytes = limit;
    for (unsigned index = 0; index < count; index++) {
        frame_add(frame, READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage->peer, frame);
    size_t padding = padding_of(answer->responses[0]);
    assert_in_range(padding, limit - 260 - 96 * (count - 1), limit);
    assert_true(stage->peer.last_size <= limit);
    frame_free_answer(answer);
}

/* With interceptors, which add metadata of their own to a reply that is full. */
static void a_reply_that_fills_its_budget_fits(void **state) {
    (void)state;
    struct stage stage;
    struct probe *probe = probe_new(NULL);
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    for (uint32_t limit = 500; limit < 70000; limit += 347) {
        for (unsigned count = 1; count <= 3; count++) {
            expect_filled(&stage, limit, count);
        }
    }
    stage_end(&stage);
}

static void a_handler_may_say_that_its_reply_is_too_large(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest fits_alone = padded_read(9000);
    Probe__V1__ReadRequest never_fits = padded_read(11000);
    fits_alone.trick = PROBE__V1__TRICK__TRICK_FAIL_TOO_LARGE;
    never_fits.trick = PROBE__V1__TRICK__TRICK_FAIL_TOO_LARGE;
    frame->max_reply_bytes = 10000;
    frame_add(frame, READ, &fits_alone.base);
    frame_add(frame, READ, &never_fits.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_response(answer->responses[0], NNRPC_RESOURCE_EXHAUSTED, "FRAME_FULL");
    assert_response(answer->responses[1], NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    assert_string_equal(response_info(answer->responses[1], "reply_bytes"), "11000");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void expect_errors_cut_down(uint32_t max_reply_bytes, size_t most_bytes) {
    struct stage stage;
    struct probe *probe = probe_new(NULL);
    probe_add_interceptors(probe);
    stage_begin_with(&stage, probe);
    char text[241];
    memset(text, 'm', 240);
    text[240] = '\0';
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest request = padded_read(0);
    request.fail_code = NNRPC_NOT_FOUND;
    request.fail_message = text;
    frame->max_reply_bytes = max_reply_bytes;
    for (unsigned index = 0; index < 1024; index++) {
        frame_add(frame, READ, &request.base);
    }
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
    assert_int_equal(count_reason(answer, "TOLD_TO"), 1024);
    for (unsigned index = 0; index < 1024; index++) {
        assert_int_equal(response_code(answer->responses[index]), NNRPC_NOT_FOUND);
        assert_string_equal(answer->responses[index]->status->error_info->domain, "probe");
    }
    assert_true(stage.peer.last_size <= most_bytes);
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_thousand_errors_are_cut_down_until_they_fit(void **state) {
    (void)state;
    /* Below 96 bytes a call the least that answers all of them is sent. */
    expect_errors_cut_down(1, 1024 * 96 + 11);
    expect_errors_cut_down(100000, 100000);
    expect_errors_cut_down(200000, 200000);
    expect_errors_cut_down(0, 1 << 20);
}

static void threads_that_answer_calls_of_one_frame_share_its_room(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    for (unsigned round = 0; round < 50; round++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
        write.padding_bytes = 3000;
        frame->max_reply_bytes = 100000;
        for (unsigned index = 0; index < 64; index++) {
            frame_add(frame, WRITE, &write.base);
        }
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, frame);
        size_t full = count_reason(answer, "FRAME_FULL");
        assert_in_range(full, 64 - 33, 64 - 29);
        assert_true(stage.peer.last_size <= 100000);
        frame_free_answer(answer);
    }
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_of_slow_calls_is_answered_at_once),
        cmocka_unit_test(a_full_queue_of_reads_is_answered_at_once),
        cmocka_unit_test(a_chain_of_writes_is_refused_as_a_whole),
        cmocka_unit_test(calls_above_the_number_in_flight_are_refused),
        cmocka_unit_test(requests_in_flight_are_bounded_in_memory),
        cmocka_unit_test(a_request_that_unpacks_beyond_its_frames_memory_is_refused),
        cmocka_unit_test(merging_beyond_the_frames_memory_is_refused),
        cmocka_unit_test(a_reply_that_fits_alone_but_not_in_its_frame_is_told_so),
        cmocka_unit_test(a_reply_that_does_not_even_fit_alone_is_told_so),
        cmocka_unit_test(a_single_call_is_never_told_that_its_frame_is_full),
        cmocka_unit_test(without_a_size_a_caller_takes_one_mebibyte),
        cmocka_unit_test(a_caller_may_take_up_to_16_mebibytes),
        cmocka_unit_test(a_reply_that_fills_its_budget_fits),
        cmocka_unit_test(a_handler_may_say_that_its_reply_is_too_large),
        cmocka_unit_test(a_thousand_errors_are_cut_down_until_they_fit),
        cmocka_unit_test(threads_that_answer_calls_of_one_frame_share_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
