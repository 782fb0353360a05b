/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait on the same lanes: each keeps its own deadline, and a thread that leaves hands
 * over what it drove. Whoever is forgotten here waits for its deadline, far away, and the test
 * fails by the clock.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

#define FAR_MS 60000
#define SLOW_MACHINE_MS 5000

static const struct nnrpc_client_options one_lane = {.lanes = {1, 1, 1}};

/* A thread that makes one call. */
struct caller {
    struct nnrpc_client *client;
    struct nnrpc_pending *pending; /* to be finished; NULL: a call of its own */
    const char *text;
    uint32_t timeout_ms;
    pthread_t thread;
    enum nnrpc_code code;
    uint64_t took_ms;
};

static void *run(void *argument) {
    struct caller *caller = argument;
    uint64_t start_ms = lanes_now_ms();
    const struct nnrpc_call_options options = {.timeout_ms = caller->timeout_ms};
    caller->code = caller->pending != NULL
                       ? lanes_finish_read(caller->pending, caller->text, NULL)
                       : lanes_read(caller->client, &options, caller->text, 0, NULL);
    caller->took_ms = lanes_now_ms() - start_ms;
    return NULL;
}

static void start(struct caller *caller) {
    assert_int_equal(pthread_create(&caller->thread, NULL, run, caller), 0);
}

static void join(const struct caller *caller) {
    assert_int_equal(pthread_join(caller->thread, NULL), 0);
}

static enum scripted_act drop_all(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    (void)frame;
    return SCRIPTED_DROP;
}

static enum scripted_act hold_first(struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static enum scripted_act hold_all(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    (void)frame;
    return SCRIPTED_HOLD;
}

static void each_thread_keeps_its_own_deadline(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, drop_all, &one_lane);
    struct caller callers[8];
    for (int i = 0; i < 8; i++) { /* the first, which drives the lane, has the latest */
        callers[i] = (struct caller){
            .client = lanes.client, .text = "x", .timeout_ms = (uint32_t)(900 - 100 * i)};
        start(&callers[i]);
    }
    for (int i = 0; i < 8; i++) {
        join(&callers[i]);
        assert_int_equal(callers[i].code, NNRPC_DEADLINE_EXCEEDED);
        assert_in_range(
            callers[i].took_ms, callers[i].timeout_ms - 1, callers[i].timeout_ms + SLOW_MACHINE_MS);
    }
    lanes_close(&lanes);
}

static void calls_of_one_frame_keep_their_own_deadlines(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_all, &one_lane);
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    const struct nnrpc_call_options near = {.timeout_ms = 500};
    struct nnrpc_pending *first = lanes_start_read(lanes.client, &far, "first", 0);
    lanes_await_held(&lanes, first, 1);
    struct nnrpc_pending *patient = lanes_start_read(lanes.client, &far, "patient", 0);
    struct nnrpc_pending *hasty = lanes_start_read(lanes.client, &near, "hasty", 0);
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(first, "first", NULL), NNRPC_OK);
    lanes_await_held(&lanes, patient, 1); /* both travel in the second frame */
    assert_int_equal(lanes_finish_read(hasty, "hasty", NULL), NNRPC_DEADLINE_EXCEEDED);
    scripted_let_go(&lanes.server); /* the connection was kept for the other */
    assert_int_equal(lanes_finish_read(patient, "patient", NULL), NNRPC_OK);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 2);
    lanes_close(&lanes);
}

static void a_thread_that_times_out_hands_its_lane_over(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_all, &one_lane);
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    const struct nnrpc_call_options near = {.timeout_ms = 500};
    struct nnrpc_pending *first = lanes_start_read(lanes.client, &far, "first", 0);
    lanes_await_held(&lanes, first, 1);
    struct caller hasty = {.text = "hasty"};
    struct caller patient = {.text = "patient"};
    hasty.pending = lanes_start_read(lanes.client, &near, "hasty", 0);
    patient.pending = lanes_start_read(lanes.client, &far, "patient", 0);
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(first, "first", NULL), NNRPC_OK);
    start(&hasty); /* drives */
    lanes_pause_ms(50);
    start(&patient); /* sleeps */
    join(&hasty);
    assert_int_equal(hasty.code, NNRPC_DEADLINE_EXCEEDED);
    while (scripted_held_count(&lanes.server) == 0) {
        lanes_pause_ms(1);
    }
    scripted_let_go(&lanes.server);
    join(&patient);
    assert_int_equal(patient.code, NNRPC_OK);
    assert_in_range(patient.took_ms, 0, SLOW_MACHINE_MS + 500);
    lanes_close(&lanes);
}

static void a_driver_is_told_when_its_call_moved_to_another_lane(void **state) {
    (void)state;
    struct lanes lanes;
    const struct nnrpc_client_options two_lanes = {.lanes = {2, 1, 1}};
    lanes_open(&lanes, hold_all, &two_lanes);
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    struct caller callers[3] = {{.text = "0"}, {.text = "1"}, {.text = "2"}};
    for (int i = 0; i < 3; i++) { /* 0 and 1 take a lane each, 2 is queued */
        callers[i].pending = lanes_start_read(lanes.client, &far, callers[i].text, 0);
        if (i < 2) {
            lanes_await_held(&lanes, callers[i].pending, (size_t)i + 1);
        }
    }
    start(&callers[1]); /* drives both lanes, or the other thread one of them */
    lanes_pause_ms(20);
    start(&callers[2]);
    lanes_pause_ms(20);
    scripted_let_go(&lanes.server); /* call 2 goes out on a lane whose driver leaves */
    join(&callers[1]);
    while (scripted_held_count(&lanes.server) == 0) {
        lanes_pause_ms(1);
    }
    scripted_let_go(&lanes.server);
    join(&callers[2]);
    assert_int_equal(callers[2].code, NNRPC_OK);
    assert_in_range(callers[2].took_ms, 0, SLOW_MACHINE_MS);
    assert_int_equal(lanes_finish_read(callers[0].pending, "0", NULL), NNRPC_OK);
    lanes_close(&lanes);
}

static void a_lane_of_cancelled_calls_is_given_up_by_whoever_drives_it(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_first, &one_lane);
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    struct nnrpc_pending *first = lanes_start_read(lanes.client, &far, "first", 0);
    lanes_await_held(&lanes, first, 1);
    struct caller second = {.client = lanes.client, .text = "second", .timeout_ms = FAR_MS};
    start(&second); /* waits for the lane, and drives it */
    lanes_pause_ms(50);
    nnrpc_pending_cancel(first);
    join(&second);
    assert_int_equal(second.code, NNRPC_OK);
    assert_in_range(second.took_ms, 0, SLOW_MACHINE_MS);
    lanes_close(&lanes);
}

/* Holds the first frame and goes away at the second; behaves when it is started again. */
static enum scripted_act close_second(
    struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    static const enum scripted_act acts[] = {SCRIPTED_HOLD, SCRIPTED_CLOSE};
    unsigned count = atomic_load(&server->frame_count);
    return count < 2 ? acts[count] : SCRIPTED_SEND;
}

static struct nnrpc_pending *start_write(struct lanes *lanes, const char *text) {
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    Echo__V1__WriteRequest request = ECHO__V1__WRITE_REQUEST__INIT;
    request.text = (char *)text;
    struct nnrpc_pending *pending = NULL;
    assert_int_equal(
        echo_service_write_start(lanes->client, &far, &request, &pending, NULL), NNRPC_OK);
    return pending;
}

static struct nnrpc_pending *start_append(struct lanes *lanes) {
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    Echo__V1__AppendRequest request = ECHO__V1__APPEND_REQUEST__INIT;
    struct nnrpc_pending *pending = NULL;
    assert_int_equal(
        echo_service_append_start(lanes->client, &far, &request, &pending, NULL), NNRPC_OK);
    return pending;
}

static void *finish_append(void *argument) {
    struct caller *caller = argument;
    Echo__V1__AppendResponse *response = NULL;
    caller->code = echo_service_append_finish(caller->pending, &response, NULL);
    return NULL;
}

static void *finish_write(void *argument) {
    struct caller *caller = argument;
    uint64_t start_ms = lanes_now_ms();
    Echo__V1__WriteResponse *response = NULL;
    caller->code = echo_service_write_finish(caller->pending, &response, NULL);
    if (caller->code == NNRPC_OK) {
        echo__v1__write_response__free_unpacked(response, NULL);
    }
    caller->took_ms = lanes_now_ms() - start_ms;
    return NULL;
}

static void a_sleeper_learns_that_its_call_waits_for_another_try(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, close_second, &one_lane);
    struct nnrpc_pending *first = start_write(&lanes, "first");
    lanes_await_held(&lanes, first, 1);
    struct caller driver = {.pending = start_append(&lanes)}; /* not repeated: it will leave */
    struct caller sleeper = {.pending = start_write(&lanes, "second")};
    assert_int_equal(pthread_create(&driver.thread, NULL, finish_append, &driver), 0);
    lanes_pause_ms(50);
    assert_int_equal(pthread_create(&sleeper.thread, NULL, finish_write, &sleeper), 0);
    lanes_pause_ms(50);
    scripted_let_go(&lanes.server); /* both calls travel in the second frame, and are lost */
    join(&driver);
    assert_int_equal(driver.code, NNRPC_UNAVAILABLE);
    scripted_stop(&lanes.server);
    scripted_start(&lanes.server);
    join(&sleeper);
    assert_int_equal(sleeper.code, NNRPC_OK);
    assert_in_range(sleeper.took_ms, 0, SLOW_MACHINE_MS);
    Echo__V1__WriteResponse *response = NULL;
    assert_int_equal(echo_service_write_finish(first, &response, NULL), NNRPC_OK);
    echo__v1__write_response__free_unpacked(response, NULL);
    lanes_close(&lanes);
}

/* --- Many --------------------------------------------------------------------------------- */

struct crowd {
    struct nnrpc_client *client;
    unsigned number;
    unsigned failures;
};

/* Mixes waiting, starting several, giving up and looking, with deadlines that some calls miss. */
static void act(struct crowd *member, unsigned round) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%u.%u", member->number, round);
    const struct nnrpc_call_options far = {.timeout_ms = FAR_MS};
    const struct nnrpc_call_options near = {.timeout_ms = 1};
    enum nnrpc_code code = NNRPC_OK;
    switch ((member->number + round) % 4) {
    case 0: {
        struct nnrpc_pending *calls[3];
        for (int i = 0; i < 3; i++) {
            calls[i] = lanes_start_read(member->client, &far, text, 100);
        }
        nnrpc_pending_cancel(calls[1]);
        (void)nnrpc_pending_is_done(calls[2]);
        code = lanes_finish_read(calls[2], text, NULL);
        member->failures += lanes_finish_read(calls[0], text, NULL) == NNRPC_OK ? 0 : 1;
        break;
    }
    case 1:
        code = lanes_read(member->client, &near, text, 10, NULL);
        code = code == NNRPC_DEADLINE_EXCEEDED ? NNRPC_OK : code;
        break;
    default:
        code = lanes_read(member->client, &far, text, 10, NULL);
        break;
    }
    member->failures += code == NNRPC_OK ? 0 : 1;
}

static void *mingle(void *argument) {
    struct crowd *member = argument;
    for (unsigned round = 0; round < 120; round++) {
        act(member, round);
    }
    return NULL;
}

static void nobody_is_forgotten_in_a_crowd(void **state) {
    (void)state;
    for (uint32_t lane_count = 1; lane_count <= 3; lane_count++) {
        struct lanes lanes;
        const struct nnrpc_client_options options = {.lanes = {lane_count, 1, 1}};
        lanes_open(&lanes, NULL, &options);
        pthread_t threads[12];
        struct crowd members[12];
        uint64_t start_ms = lanes_now_ms();
        for (unsigned i = 0; i < 12; i++) {
            members[i] = (struct crowd){.client = lanes.client, .number = i};
            assert_int_equal(pthread_create(&threads[i], NULL, mingle, &members[i]), 0);
        }
        for (unsigned i = 0; i < 12; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(members[i].failures, 0);
        }
        assert_in_range(lanes_now_ms() - start_ms, 0, FAR_MS / 2);
        lanes_close(&lanes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_keeps_its_own_deadline),
        cmocka_unit_test(calls_of_one_frame_keep_their_own_deadlines),
        cmocka_unit_test(a_thread_that_times_out_hands_its_lane_over),
        cmocka_unit_test(a_driver_is_told_when_its_call_moved_to_another_lane),
        cmocka_unit_test(a_lane_of_cancelled_calls_is_given_up_by_whoever_drives_it),
        cmocka_unit_test(a_sleeper_learns_that_its_call_waits_for_another_try),
        cmocka_unit_test(nobody_is_forgotten_in_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
