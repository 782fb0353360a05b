/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in an event loop: a descriptor to poll and callbacks, no thread that waits.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

/* What callbacks saw, and what they do. */
struct loop {
    struct nnrpc_client *client;
    int fd;
    unsigned started;
    unsigned done;
    unsigned failed;
    unsigned again; /* calls that callbacks are to start */
    enum nnrpc_code code;
    unsigned wakeups;
};

static void on_done(void *context, struct nnrpc_pending *pending);

static void start(struct loop *loop, uint32_t timeout_ms) {
    const struct nnrpc_call_options options = {
        .timeout_ms = timeout_ms, .on_done = on_done, .on_done_context = loop};
    (void)lanes_start_read(loop->client, &options, "text", 0);
    loop->started++;
}

static void on_done(void *context, struct nnrpc_pending *pending) {
    struct loop *loop = context;
    assert_true(nnrpc_pending_is_done(pending));
    assert_int_equal(nnrpc_client_process(loop->client), 0); /* not from here */
    loop->code = lanes_finish_read(pending, "text", NULL);
    loop->done++;
    loop->failed += loop->code != NNRPC_OK;
    if (loop->again > 0) {
        loop->again--;
        start(loop, 0);
    }
}

static void loop_open(struct loop *loop, struct nnrpc_client *client) {
    *loop = (struct loop){.client = client};
    assert_int_equal(nnrpc_client_event_fd(client, &loop->fd, NULL), NNRPC_OK);
}

/* Polls until all calls are done, as any event loop would. */
static void run(struct loop *loop) {
    uint64_t start_ms = lanes_now_ms();
    while (loop->done < loop->started) {
        struct pollfd waited = {.fd = loop->fd, .events = POLLIN};
        assert_true(lanes_now_ms() - start_ms < 60000);
        assert_true(poll(&waited, 1, 20000) > 0); /* it never needs a push */
        loop->wakeups++;
        (void)nnrpc_client_process(loop->client);
    }
}

/* --- Tests -------------------------------------------------------------------------------- */

static void a_call_is_told_of_when_it_is_done(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    start(&loop, 0);
    run(&loop);
    assert_int_equal(loop.code, NNRPC_OK);
    lanes_close(&lanes);
}

static void many_calls_travel_in_few_frames(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    for (int i = 0; i < 1000; i++) {
        start(&loop, 0);
    }
    run(&loop);
    assert_int_equal(loop.done, 1000);
    assert_int_equal(loop.failed, 0);
    assert_in_range(atomic_load(&lanes.server.frame_count), 1000 / 64, 200);
    lanes_close(&lanes);
}

static void callbacks_keep_calls_going(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    loop.again = 5000;
    for (int i = 0; i < 50; i++) {
        start(&loop, 0);
    }
    run(&loop);
    assert_int_equal(loop.done, 5050);
    assert_int_equal(loop.failed, 0);
    lanes_close(&lanes);
}

static void a_quiet_client_does_not_wake_its_loop(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    for (int i = 0; i < 10; i++) {
        start(&loop, 0);
    }
    run(&loop);
    (void)nnrpc_client_process(lanes.client);
    struct pollfd waited = {.fd = loop.fd, .events = POLLIN};
    assert_int_equal(poll(&waited, 1, 300), 0);
    lanes_close(&lanes);
}

static enum scripted_act hold_all(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    (void)frame;
    return SCRIPTED_HOLD;
}

static void a_waiting_call_wakes_its_loop_seldom(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, hold_all, NULL);
    loop_open(&loop, lanes.client);
    start(&loop, 1000);
    run(&loop);
    assert_int_equal(loop.code, NNRPC_DEADLINE_EXCEEDED);
    assert_in_range(loop.wakeups, 2, 100);
    lanes_close(&lanes);
}

static void a_server_that_comes_later_is_found(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_prepare(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    start(&loop, 0);
    uint64_t start_ms = lanes_now_ms();
    while (lanes_now_ms() - start_ms < 300) {
        struct pollfd waited = {.fd = loop.fd, .events = POLLIN};
        (void)poll(&waited, 1, 10);
        (void)nnrpc_client_process(lanes.client);
    }
    assert_int_equal(loop.done, 0);
    scripted_start(&lanes.server);
    run(&loop);
    assert_int_equal(loop.code, NNRPC_OK);
    lanes_close(&lanes);
}

static void a_cancelled_call_is_not_told_of(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, hold_all, NULL);
    loop_open(&loop, lanes.client);
    const struct nnrpc_call_options options = {.on_done = on_done, .on_done_context = &loop};
    struct nnrpc_pending *pending = lanes_start_read(lanes.client, &options, "text", 0);
    lanes_await_held(&lanes, pending, 1);
    nnrpc_pending_cancel(pending);
    scripted_let_go(&lanes.server);
    lanes_pause_ms(50);
    assert_int_equal(nnrpc_client_process(lanes.client), 0);
    assert_int_equal(loop.done, 0);
    lanes_close(&lanes);
}

static void a_cancelled_call_does_not_wake_the_loop_for_others(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    lanes_open(&lanes, hold_all, NULL);
    loop_open(&loop, lanes.client);
    const struct nnrpc_call_options options = {.on_done = on_done, .on_done_context = &loop};
    struct nnrpc_pending *cancelled = lanes_start_read(lanes.client, &options, "text", 0);
    lanes_await_held(&lanes, cancelled, 1);
    start(&loop, 1000);
    nnrpc_pending_cancel(cancelled);
    run(&loop);
    assert_int_equal(loop.code, NNRPC_DEADLINE_EXCEEDED);
    assert_in_range(loop.wakeups, 2, 100);
    lanes_close(&lanes);
}

/* A thread that waits for calls of its own on the same lanes. */
static void *call_on(void *argument) {
    struct nnrpc_client *client = argument;
    uintptr_t failures = 0;
    for (int i = 0; i < 2000; i++) {
        failures += lanes_read(client, NULL, "mine", 0, NULL) != NNRPC_OK;
    }
    return (void *)failures; // NOLINT(performance-no-int-to-ptr)
}

static void loops_and_threads_share_a_client(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop;
    pthread_t threads[2];
    lanes_open(&lanes, NULL, NULL);
    loop_open(&loop, lanes.client);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, lanes.client), 0);
    }
    loop.again = 2000;
    for (int i = 0; i < 20; i++) {
        start(&loop, 0);
    }
    run(&loop);
    assert_int_equal(loop.failed, 0);
    for (int i = 0; i < 2; i++) {
        void *failures = NULL;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    lanes_close(&lanes);
}

static void without_a_descriptor_processing_is_enough(void **state) {
    (void)state;
    struct lanes lanes;
    struct loop loop = {0};
    lanes_open(&lanes, NULL, NULL);
    loop.client = lanes.client;
    for (int i = 0; i < 20; i++) {
        start(&loop, 0);
    }
    uint64_t start_ms = lanes_now_ms();
    while (loop.done < loop.started) {
        assert_true(lanes_now_ms() - start_ms < 30000);
        (void)nnrpc_client_process(lanes.client);
        lanes_pause_ms(1);
    }
    assert_int_equal(loop.failed, 0);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_told_of_when_it_is_done),
        cmocka_unit_test(many_calls_travel_in_few_frames),
        cmocka_unit_test(callbacks_keep_calls_going),
        cmocka_unit_test(a_quiet_client_does_not_wake_its_loop),
        cmocka_unit_test(a_waiting_call_wakes_its_loop_seldom),
        cmocka_unit_test(a_server_that_comes_later_is_found),
        cmocka_unit_test(a_cancelled_call_is_not_told_of),
        cmocka_unit_test(a_cancelled_call_does_not_wake_the_loop_for_others),
        cmocka_unit_test(loops_and_threads_share_a_client),
        cmocka_unit_test(without_a_descriptor_processing_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
