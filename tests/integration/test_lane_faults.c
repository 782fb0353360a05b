/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers that are not there, go away, come back, or never answer; deadlines; several endpoints;
 * and which calls are repeated then.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

/* Far above what anything takes here, and far below a deadline: for slow machines. */
#define AT_ONCE_MS 1500

static const struct nnrpc_client_options one_try = {.retry = {.max_attempts = 1}};

static void assert_status(
    const struct nnrpc_status *status, enum nnrpc_code code, const char *reason) {
    assert_string_equal(status->reason, reason);
    assert_int_equal(status->code, code);
    assert_string_equal(status->domain, "nnrpc");
}

/* --- Not there ---------------------------------------------------------------------------- */

static void a_server_that_is_not_there_is_told_at_once(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_prepare(&lanes, NULL, &one_try);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_in_range(lanes_now_ms() - start_ms, 0, AT_ONCE_MS);
    assert_status(&status, NNRPC_UNAVAILABLE, "UNREACHABLE");
    char expected[128];
    (void)snprintf(expected, 128, "server \"%s\": No such file or directory", lanes.url);
    assert_string_equal(status.message, expected);
    lanes_close(&lanes);
}

static void a_refused_port_is_told_at_once(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    char url[64];
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", scripted_free_port());
    const char *endpoints[] = {url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .retry = {.max_attempts = 1}};
    lanes_prepare(&lanes, NULL, &options);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_write(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    assert_in_range(lanes_now_ms() - start_ms, 0, AT_ONCE_MS);
    assert_non_null(strstr(status.message, "connection refused"));
    lanes_close(&lanes);
}

static void *start_later(void *argument) {
    lanes_pause_ms(300);
    scripted_start(argument);
    return NULL;
}

static void a_server_that_comes_before_the_deadline_is_found(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_prepare(&lanes, NULL, NULL);
    pthread_t starter;
    assert_int_equal(pthread_create(&starter, NULL, start_later, &lanes.server), 0);
    /* Nothing was sent yet, so even what must not be repeated waits for it. */
    if (lanes_append(lanes.client, NULL, "x", &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    assert_int_equal(pthread_join(starter, NULL), 0);
    assert_int_equal(atomic_load(&lanes.server.call_count), 1);
    lanes_close(&lanes);
}

static void a_server_that_never_comes_is_unavailable_before_the_deadline(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_prepare(&lanes, NULL, NULL);
    const struct nnrpc_call_options options = {.timeout_ms = 1000};
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_in_range(lanes_now_ms() - start_ms, 200, 1000 + AT_ONCE_MS);
    assert_true(strtoul(nnrpc_status_get_info(&status, "attempts"), NULL, 10) >= 3);
    lanes_close(&lanes);
}

static void a_client_takes_addresses_only(void **state) {
    (void)state;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_client *client = NULL;
    const char *endpoints[] = {"ipc:///tmp/good", "http://localhost:80"};
    struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 2};
    assert_int_equal(nnrpc_client_new(&options, &client, &status), NNRPC_INVALID_ARGUMENT);
    assert_status(&status, NNRPC_INVALID_ARGUMENT, "INVALID_ADDRESS");
    assert_string_equal(
        status.message, "address \"http://localhost:80\": expected ipc:///path, tcp://HOST:PORT, "
                        "ws://HOST:PORT or inproc://name");
    options.endpoint_count = 0;
    assert_int_equal(nnrpc_client_new(&options, &client, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "a client needs at least one endpoint");
    assert_null(client);
}

/* --- Going away --------------------------------------------------------------------------- */

/* Goes away at the first frame of its life, and behaves when it is started again. */
static enum scripted_act close_once(struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_CLOSE : SCRIPTED_SEND;
}

static void a_lost_connection_is_noticed_soon(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, close_once, &one_try);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_in_range(lanes_now_ms() - start_ms, 0, AT_ONCE_MS);
    assert_status(&status, NNRPC_UNAVAILABLE, "UNREACHABLE");
    assert_non_null(strstr(status.message, "the connection was lost"));
    lanes_close(&lanes);
}

static void a_server_that_restarted_while_nothing_was_asked_is_found(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, NULL, &one_try);
    for (int round = 0; round < 3; round++) {
        if (lanes_append(lanes.client, NULL, "x", &status) != NNRPC_OK) {
            fail_msg("%s", status.message);
        }
        scripted_stop(&lanes.server);
        scripted_start(&lanes.server);
        lanes_pause_ms(100); /* until the loss has come to the client's socket */
    }
    lanes_close(&lanes);
}

static void *restart_later(void *argument) {
    struct scripted_server *server = argument;
    while (atomic_load(&server->frame_count) == 0) {
        lanes_pause_ms(1);
    }
    scripted_stop(server);
    scripted_start(server);
    return NULL;
}

/* What becomes of a call whose server goes away after taking it, and comes back. */
static enum nnrpc_code call_over_restart(
    enum nnrpc_code (*call)(struct nnrpc_client *client, struct nnrpc_status *out_status),
    unsigned *out_calls, struct nnrpc_status *out_status) {
    struct lanes lanes;
    lanes_open(&lanes, close_once, NULL);
    pthread_t restarter;
    assert_int_equal(pthread_create(&restarter, NULL, restart_later, &lanes.server), 0);
    enum nnrpc_code code = call(lanes.client, out_status);
    assert_int_equal(pthread_join(restarter, NULL), 0);
    *out_calls = atomic_load(&lanes.server.call_count);
    lanes_close(&lanes);
    return code;
}

static enum nnrpc_code read_once(struct nnrpc_client *client, struct nnrpc_status *out_status) {
    return lanes_read(client, NULL, "x", 0, out_status);
}

static enum nnrpc_code append_once(struct nnrpc_client *client, struct nnrpc_status *out_status) {
    return lanes_append(client, NULL, "x", out_status);
}

static void a_read_is_repeated_when_its_server_comes_back(void **state) {
    (void)state;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    unsigned calls = 0;
    assert_int_equal(call_over_restart(read_once, &calls, &status), NNRPC_OK);
    assert_int_equal(calls, 2);
}

static void what_may_have_taken_effect_is_not_repeated_without_a_request_id(void **state) {
    (void)state;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    unsigned calls = 0;
    assert_int_equal(call_over_restart(append_once, &calls, &status), NNRPC_UNAVAILABLE);
    assert_int_equal(calls, 1);
}

/* Goes away at every seventh frame, counting the request ids that it has answered or not. */
struct ledger {
    pthread_mutex_t lock;
    char ids[4096][40];
    unsigned seen[4096]; /* how often each id came */
    size_t count;
    unsigned frames;
};

static void enter(struct ledger *ledger, const char *id) {
    size_t i = 0;
    while (i < ledger->count && strcmp(ledger->ids[i], id) != 0) {
        i++;
    }
    if (i == ledger->count) {
        (void)snprintf(ledger->ids[ledger->count++], 40, "%s", id);
    }
    ledger->seen[i]++;
}

static enum scripted_act close_often(struct scripted_server *server, struct scripted_frame *frame) {
    struct ledger *ledger = server->self;
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < frame->request->n_requests; i++) {
        char *id = scripted_request_id(frame->request->requests[i]);
        enter(ledger, id);
        free(id);
    }
    bool closes = ++ledger->frames % 7 == 0;
    pthread_mutex_unlock(&ledger->lock);
    return closes ? SCRIPTED_CLOSE : SCRIPTED_SEND;
}

struct writer {
    struct nnrpc_client *client;
    atomic_uint *finished;
    struct nnrpc_status status; /* of what failed last */
};

static void *write_often(void *argument) {
    struct writer *writer = argument;
    const struct nnrpc_call_options patient = {.timeout_ms = 60000};
    bool is_good = true;
    for (int i = 0; i < 50 && is_good; i++) {
        is_good = lanes_write(writer->client, &patient, "x", &writer->status) == NNRPC_OK;
    }
    atomic_fetch_add(writer->finished, 1);
    return NULL;
}

static void restarts_under_calls_lose_nothing_and_keep_request_ids(void **state) {
    (void)state;
    static struct ledger ledger = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct lanes lanes;
    lanes_prepare(&lanes, close_often, NULL);
    lanes.server.self = &ledger;
    scripted_start(&lanes.server);
    atomic_uint finished = 0;
    pthread_t threads[4];
    struct writer writers[4];
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.client = lanes.client, .finished = &finished};
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, &writers[i]), 0);
    }
    while (atomic_load(&finished) < 4) {
        if (atomic_load(&lanes.server.is_ending)) {
            scripted_stop(&lanes.server);
            scripted_start(&lanes.server);
        }
        lanes_pause_ms(2);
    }
    unsigned repeats = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (writers[i].status.code != NNRPC_OK) {
            fail_msg("%d: %s", writers[i].status.code, writers[i].status.message);
        }
    }
    for (size_t i = 0; i < ledger.count; i++) {
        repeats += ledger.seen[i] - 1;
    }
    assert_int_equal(ledger.count, 200); /* an id each, however often it came */
    assert_true(repeats > 0);
    lanes_close(&lanes);
}

/* --- Never answering ---------------------------------------------------------------------- */

static enum scripted_act drop_all(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    (void)frame;
    return SCRIPTED_DROP;
}

static void a_deadline_is_kept_when_no_answer_comes(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, drop_all, NULL);
    const struct nnrpc_call_options options = {.timeout_ms = 200};
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_write(lanes.client, &options, "x", &status), NNRPC_DEADLINE_EXCEEDED);
    assert_in_range(lanes_now_ms() - start_ms, 199, 200 + AT_ONCE_MS);
    assert_status(&status, NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_string_equal(status.message, "no answer within 200 ms; the call may have taken effect");
    assert_int_equal(atomic_load(&lanes.server.call_count), 1); /* and not asked again */
    lanes_close(&lanes);
}

static void a_call_that_found_no_lane_says_so(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    const struct nnrpc_client_options one_lane = {.lanes = {1, 1, 1}};
    lanes_open(&lanes, drop_all, &one_lane);
    struct nnrpc_pending *stuck = lanes_start_read(lanes.client, NULL, "stuck", 0);
    lanes_await_frames(&lanes, stuck, 1);
    const struct nnrpc_call_options options = {.timeout_ms = 100};
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_DEADLINE_EXCEEDED);
    assert_in_range(lanes_now_ms() - start_ms, 99, 100 + AT_ONCE_MS);
    assert_string_equal(status.message, "the call could not be sent within 100 ms");
    nnrpc_pending_cancel(stuck);
    lanes_close(&lanes);
}

/* Holds the first frame, so that its answer comes when nobody wants it any more. */
static enum scripted_act hold_first(struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static void an_answer_that_comes_late_goes_to_nobody(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct lanes lanes;
        struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
        const struct nnrpc_client_options one_lane = {.lanes = {1, 1, 1}};
        lanes_open(&lanes, hold_first, &one_lane);
        const struct nnrpc_call_options short_time = {.timeout_ms = 50};
        enum nnrpc_code code = lanes_read(lanes.client, &short_time, "late", 0, &status);
        assert_int_equal(code, NNRPC_DEADLINE_EXCEEDED);
        if (round == 1) { /* its answer is there before the lane is used again */
            lanes_await_held(&lanes, NULL, 1);
            scripted_let_go(&lanes.server);
            lanes_pause_ms(100);
        }
        if (lanes_read(lanes.client, NULL, "next", 0, &status) != NNRPC_OK) {
            fail_msg("%s", status.message);
        }
        scripted_let_go(&lanes.server);
        assert_int_equal(lanes_read(lanes.client, NULL, "third", 0, NULL), NNRPC_OK);
        lanes_close(&lanes);
    }
}

/* --- Several endpoints -------------------------------------------------------------------- */

static void another_endpoint_is_tried_in_the_same_attempt(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    char folder[SCRIPTED_FOLDER_BYTES];
    char dead[64];
    char live[64];
    scripted_folder_make(folder);
    (void)snprintf(dead, sizeof(dead), "ipc://%s/dead", folder);
    (void)snprintf(live, sizeof(live), "ipc://%s/live", folder);
    const char *endpoints[] = {dead, live};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints,
        .endpoint_count = 2,
        .retry = {.max_attempts = 1},
        .lanes = {2, 2, 2}};
    lanes_prepare(&lanes, NULL, &options);
    struct scripted_server server;
    scripted_init(&server, live, NULL);
    scripted_start(&server);
    for (int i = 0; i < 10; i++) {
        if (lanes_append(lanes.client, NULL, "x", &status) != NNRPC_OK) {
            fail_msg("%s", status.message);
        }
    }
    assert_int_equal(atomic_load(&server.call_count), 10);
    scripted_deinit(&server);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    scripted_folder_remove(folder);
    lanes_close(&lanes);
}

static void lanes_spread_over_endpoints(void **state) {
    (void)state;
    struct lanes lanes;
    struct scripted_server servers[2];
    char folder[SCRIPTED_FOLDER_BYTES];
    char urls[2][64];
    scripted_folder_make(folder);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(urls[i], sizeof(urls[i]), "ipc://%s/%d", folder, i);
        scripted_init(&servers[i], urls[i], drop_all);
        scripted_start(&servers[i]);
    }
    const char *endpoints[] = {urls[0], urls[1]};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 2};
    lanes_prepare(&lanes, NULL, &options);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "a", 0);
    struct nnrpc_pending *second = lanes_start_read(lanes.client, NULL, "b", 0);
    while (atomic_load(&servers[0].frame_count) == 0 || atomic_load(&servers[1].frame_count) == 0) {
        (void)nnrpc_pending_is_done(first);
        (void)nnrpc_pending_is_done(second);
        lanes_pause_ms(1);
    }
    nnrpc_pending_cancel(first);
    nnrpc_pending_cancel(second);
    lanes_close(&lanes);
    scripted_deinit(&servers[0]);
    scripted_deinit(&servers[1]);
    scripted_folder_remove(folder);
}

static enum scripted_act refuse(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    for (size_t i = 0; i < frame->reply->n_responses; i++) {
        scripted_fail(frame->reply->responses[i], NNRPC_UNAVAILABLE, "nnrpc", "SHUTTING_DOWN");
        scripted_add_metadata(frame->reply->responses[i], "x-not-started", "1");
    }
    return SCRIPTED_SEND;
}

static void a_stopping_server_is_left_for_another_endpoint(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct scripted_server servers[2];
    char folder[SCRIPTED_FOLDER_BYTES];
    char urls[2][64];
    scripted_folder_make(folder);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(urls[i], sizeof(urls[i]), "ipc://%s/%d", folder, i);
        scripted_init(&servers[i], urls[i], i == 0 ? refuse : NULL);
        scripted_start(&servers[i]);
    }
    const char *endpoints[] = {urls[0], urls[1]};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 2, .lanes = {1, 1, 1}};
    lanes_prepare(&lanes, NULL, &options);
    /* It has done nothing, so that this may be repeated. */
    if (lanes_append(lanes.client, NULL, "x", &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    assert_int_equal(atomic_load(&servers[0].call_count), 1);
    assert_int_equal(atomic_load(&servers[1].call_count), 1);
    lanes_close(&lanes);
    scripted_deinit(&servers[0]);
    scripted_deinit(&servers[1]);
    scripted_folder_remove(folder);
}

static enum scripted_act hand_on(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    scripted_fail(frame->reply->responses[0], NNRPC_UNAVAILABLE, "nnrpc", "SHUTTING_DOWN");
    return SCRIPTED_SEND;
}

/* A handler may hand on what another server said to it, after it has done half of its work. */
static void a_refusal_that_was_handed_on_says_nothing_of_this_server(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, hand_on, NULL);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    assert_string_equal(status.reason, "SHUTTING_DOWN");
    assert_int_equal(atomic_load(&lanes.server.call_count), 1);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_is_not_there_is_told_at_once),
        cmocka_unit_test(a_refused_port_is_told_at_once),
        cmocka_unit_test(a_server_that_comes_before_the_deadline_is_found),
        cmocka_unit_test(a_server_that_never_comes_is_unavailable_before_the_deadline),
        cmocka_unit_test(a_client_takes_addresses_only),
        cmocka_unit_test(a_lost_connection_is_noticed_soon),
        cmocka_unit_test(a_server_that_restarted_while_nothing_was_asked_is_found),
        cmocka_unit_test(a_read_is_repeated_when_its_server_comes_back),
        cmocka_unit_test(what_may_have_taken_effect_is_not_repeated_without_a_request_id),
        cmocka_unit_test(restarts_under_calls_lose_nothing_and_keep_request_ids),
        cmocka_unit_test(a_deadline_is_kept_when_no_answer_comes),
        cmocka_unit_test(a_call_that_found_no_lane_says_so),
        cmocka_unit_test(an_answer_that_comes_late_goes_to_nobody),
        cmocka_unit_test(another_endpoint_is_tried_in_the_same_attempt),
        cmocka_unit_test(lanes_spread_over_endpoints),
        cmocka_unit_test(a_stopping_server_is_left_for_another_endpoint),
        cmocka_unit_test(a_refusal_that_was_handed_on_says_nothing_of_this_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
