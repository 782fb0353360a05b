/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets, offered more than it can do: what it takes it answers in
 * time, what it cannot answer in time it refuses at once, and it does about as much work as it
 * could.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"
#include "stage.h"

#define WORK_US 2000
#define PEERS 30
#define CALLS_PER_FRAME 16
#define ROUNDS 10

/* --- A crowd of callers ------------------------------------------------------------------- */

struct crowd {
    const char *url;
    uint32_t timeout_ms; /* 0: none */
    unsigned rounds;
    atomic_uint answered;
    atomic_uint refused;
    atomic_uint late;        /* answered, but after the deadline */
    atomic_uint not_started; /* taken, and told later that time had run out */
};

static void count_answer(
    struct crowd *crowd, const Nnrpc__V1__ResponseFrame *answer, uint64_t sent_ns) {
    bool is_late = crowd->timeout_ms != 0 &&
                   nnrpc_clock_ns() - sent_ns > (uint64_t)crowd->timeout_ms * 1000000;
    for (size_t index = 0; index < answer->n_responses; index++) {
        const Nnrpc__V1__Response *response = answer->responses[index];
        switch (response_code(response)) {
        case NNRPC_OK:
            atomic_fetch_add(is_late ? &crowd->late : &crowd->answered, 1);
            break;
        case NNRPC_RESOURCE_EXHAUSTED:
            assert_string_equal(response_reason(response), "OVERLOADED");
            assert_in_range(atoi(response_info(response, "retry_after_ms")), 1, 5000);
            atomic_fetch_add(&crowd->refused, 1);
            break;
        default:
            assert_response(response, NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
            atomic_fetch_add(&crowd->not_started, 1);
        }
    }
}

/* Sends frame after frame, the next one as soon as the last is answered. */
static void *press(void *argument) {
    struct crowd *crowd = argument;
    struct peer peer;
    peer_open(&peer, crowd->url);
    Probe__V1__ReadRequest request = read_of("");
    request.work_us = WORK_US;
    for (unsigned round = 0; round < crowd->rounds; round++) {
        Nnrpc__V1__RequestFrame *frame = frame_new();
        for (unsigned index = 0; index < CALLS_PER_FRAME; index++) {
            frame_add(frame, SLOW_READ, &request.base)->timeout_ms = crowd->timeout_ms;
        }
        uint64_t sent_ns = nnrpc_clock_ns();
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&peer, frame);
        count_answer(crowd, answer, sent_ns);
        frame_free_answer(answer);
    }
    peer_close(&peer);
    return NULL;
}

/* Returns how long it took. */
static uint64_t press_together(struct crowd *crowd) {
    pthread_t threads[PEERS];
    uint64_t begin_ns = nnrpc_clock_ns();
    for (size_t index = 0; index < PEERS; index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, press, crowd), 0);
    }
    for (size_t index = 0; index < PEERS; index++) {
        pthread_join(threads[index], NULL);
    }
    return nnrpc_clock_ns() - begin_ns;
}

static void report(const struct crowd *crowd, uint64_t elapsed_ns) {
    print_message(
        "%u answered in time, %u late, %u refused, %u not started, in %u ms\n", crowd->answered,
        crowd->late, crowd->refused, crowd->not_started, (unsigned)(elapsed_ns / 1000000));
}

/* --- Tests -------------------------------------------------------------------------------- */

/* 480 calls of 2 ms at once, of which one worker does 150 in their 300 ms. Without shedding, two of
 * three would wait for all of that time and be told then that it had run out. */
static void what_is_taken_is_answered_in_time(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.slow_workers = 1};
    stage_begin(&stage, &options);
    struct crowd crowd = {.url = stage.probe->url, .timeout_ms = 300, .rounds = ROUNDS};
    uint64_t elapsed_ns = press_together(&crowd);
    report(&crowd, elapsed_ns);
    unsigned taken = crowd.answered + crowd.late + crowd.not_started;
    assert_int_equal(taken + crowd.refused, PEERS * ROUNDS * CALLS_PER_FRAME);
    assert_true(crowd.refused > PEERS * ROUNDS * CALLS_PER_FRAME / 10);
    assert_true(crowd.answered > taken / 2);
    /* The worker was busy with what counted; a machine with other work gives it less time. */
    assert_true((uint64_t)crowd.answered * WORK_US * 1000 > elapsed_ns / 6);
    stage_end(&stage);
}

/* Nobody has a deadline: the target alone keeps the delay down. */
static void a_standing_queue_is_kept_to_its_target(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.slow_workers = 1, .queue_target_ms = 20};
    stage_begin(&stage, &options);
    struct crowd crowd = {.url = stage.probe->url, .rounds = ROUNDS};
    uint64_t elapsed_ns = press_together(&crowd);
    report(&crowd, elapsed_ns);
    assert_true(crowd.refused > 0);
    assert_int_equal(crowd.answered + crowd.refused, PEERS * ROUNDS * CALLS_PER_FRAME);
    assert_true((uint64_t)crowd.answered * WORK_US * 1000 > elapsed_ns / 6);
    nnrpc_server_set_queue_target_ms(stage.probe->server, NNRPC_NO_QUEUE_TARGET);
    struct crowd patient = {.url = stage.probe->url, .rounds = 2};
    press_together(&patient);
    assert_int_equal(patient.refused, 0);
    assert_int_equal(patient.answered, PEERS * 2 * CALLS_PER_FRAME);
    stage_end(&stage);
}

static Nnrpc__V1__RequestFrame *slow_writes(
    size_t count, unsigned work_us, uint32_t timeout_ms, unsigned padding_bytes) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.secret = (char *)"s";
    write.work_us = work_us;
    write.padding_bytes = padding_bytes;
    for (size_t index = 0; index < count; index++) {
        frame_add(frame, SLOW_WRITE, &write.base)->timeout_ms = timeout_ms;
    }
    return frame;
}

/* Writes of a frame run one after the other: its tail is refused, its head done. */
static void a_chain_of_writes_loses_what_could_not_be_done_in_time(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    frame_free_answer(peer_exchange(&stage.peer, slow_writes(20, 5000, 0, 0))); /* measures */
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&stage.peer, slow_writes(100, 5000, 200, 0));
    size_t done = 0;
    while (done < 100 && response_code(answer->responses[done]) == NNRPC_OK) {
        done++;
    }
    assert_in_range(done, 1, 80);
    assert_response(answer->responses[99], NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    frame_free_answer(answer);
    stage_end(&stage);
}

/* What waits for a worker when its time runs out is answered so, and its handler never runs. */
static void what_waited_too_long_is_not_started(void **state) {
    (void)state;
    struct stage stage;
    const struct nnrpc_server_options options = {.slow_workers = 1};
    stage_begin(&stage, &options);
    struct peer other;
    peer_open(&other, stage.probe->url);
    Probe__V1__ReadRequest busy = read_of("");
    busy.work_us = 200000;
    peer_send(&stage.peer, frame_of(SLOW_READ, &busy.base));
    Nnrpc__V1__ResponseFrame *answer = NULL;
    const struct timespec pause = {.tv_nsec = 50000000};
    nanosleep(&pause, NULL); /* it runs now, and nothing was measured: the queue is empty */
    answer = peer_exchange(&other, slow_writes(1, 0, 50, 0));
    assert_response(answer->responses[0], NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_int_equal(stage.probe->write_count, 0);
    frame_free_answer(answer);
    frame_free_answer(peer_receive(&stage.peer, 10000));
    peer_close(&other);
    stage_end(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_answered_in_time),
        cmocka_unit_test(a_standing_queue_is_kept_to_its_target),
        cmocka_unit_test(a_chain_of_writes_loses_what_could_not_be_done_in_time),
        cmocka_unit_test(what_waited_too_long_is_not_started),
    };
    return cmocka_run_group_tests_name("server overload", tests, NULL, NULL);
}
