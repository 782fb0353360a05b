/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hedging: reads that are asked once more when their answer is late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

#define CHECK "nnrpc.v1.HealthService/Check"
#define CANCEL "nnrpc.v1.ControlService/CancelCalls"
#define HEDGE_MS 50

/* --- Two servers, of which each may be slow ----------------------------------------------- */

struct role {
    atomic_bool holds;
    atomic_bool fails;
    atomic_uint call_count;
    atomic_uint cancel_count;
};

struct pair {
    struct scripted_server servers[2];
    struct role roles[2];
    char folder[SCRIPTED_FOLDER_BYTES];
    char urls[2][64];
    struct lanes lanes;
};

static enum scripted_act play(struct scripted_server *server, struct scripted_frame *frame) {
    struct role *role = server->self;
    if (strcmp(frame->request->requests[0]->method, CANCEL) == 0) {
        atomic_fetch_add(&role->cancel_count, (unsigned)frame->request->n_requests);
        return SCRIPTED_SEND;
    }
    if (strcmp(frame->request->requests[0]->method, CHECK) == 0) {
        return SCRIPTED_DROP; /* an endpoint that let a deadline pass is asked for its health */
    }
    atomic_fetch_add(&role->call_count, (unsigned)frame->request->n_requests);
    for (size_t i = 0; atomic_load(&role->fails) && i < frame->reply->n_responses; i++) {
        scripted_fail(frame->reply->responses[i], NNRPC_ABORTED, "test", "BROKEN");
    }
    return atomic_load(&role->holds) ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static void pair_open(struct pair *pair, struct nnrpc_client_options options) {
    memset(pair, 0, sizeof(*pair));
    scripted_folder_make(pair->folder);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(pair->urls[i], sizeof(pair->urls[i]), "ipc://%s/%d", pair->folder, i);
        scripted_init(&pair->servers[i], pair->urls[i], play);
        pair->servers[i].self = &pair->roles[i];
        scripted_start(&pair->servers[i]);
    }
    const char *endpoints[] = {pair->urls[0], pair->urls[1]};
    options.endpoints = endpoints;
    options.endpoint_count = 2;
    lanes_prepare(&pair->lanes, NULL, &options);
}

static void pair_close(struct pair *pair) {
    lanes_close(&pair->lanes);
    scripted_deinit(&pair->servers[0]);
    scripted_deinit(&pair->servers[1]);
    scripted_folder_remove(pair->folder);
}

static unsigned calls_of(struct pair *pair, int server) {
    return atomic_load(&pair->roles[server].call_count);
}

static void await(atomic_uint *count, unsigned wanted) {
    uint64_t start_ms = lanes_now_ms();
    while (atomic_load(count) < wanted) {
        assert_true(lanes_now_ms() - start_ms < 30000);
        lanes_pause_ms(1);
    }
}

/* --- Tests -------------------------------------------------------------------------------- */

static const struct nnrpc_call_options hedged = {.hedge_after_ms = HEDGE_MS};

static void a_late_read_is_answered_by_another_endpoint(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){0});
    atomic_store(&pair.roles[0].holds, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lanes_read(pair.lanes.client, &hedged, "x", 0, NULL), NNRPC_OK);
    }
    assert_int_equal(calls_of(&pair, 1), 4);
    assert_true(calls_of(&pair, 0) > 0);
    await(&pair.roles[0].cancel_count, calls_of(&pair, 0)); /* the losers were called off */
    assert_int_equal(atomic_load(&pair.roles[1].cancel_count), 0);
    pair_close(&pair);
}

static void a_prompt_read_is_asked_once(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){.hedge_after_ms = 10000});
    for (int i = 0; i < 10; i++) {
        assert_int_equal(lanes_read(pair.lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    }
    assert_int_equal(calls_of(&pair, 0) + calls_of(&pair, 1), 10);
    pair_close(&pair);
}

static void what_has_effects_is_asked_once(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){.hedge_after_ms = 10});
    atomic_store(&pair.roles[0].holds, true);
    atomic_store(&pair.roles[1].holds, true);
    const struct nnrpc_call_options soon = {.timeout_ms = 200};
    enum nnrpc_code code = lanes_write(pair.lanes.client, &soon, "x", NULL);
    assert_int_equal(code, NNRPC_DEADLINE_EXCEEDED);
    assert_int_equal(calls_of(&pair, 0) + calls_of(&pair, 1), 1);
    pair_close(&pair);
}

static void a_hedge_that_fails_does_not_count(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){0});
    atomic_store(&pair.roles[0].holds, true);
    atomic_store(&pair.roles[1].fails, true);
    struct nnrpc_pending *pending = lanes_start_read(pair.lanes.client, &hedged, "x", 0);
    while (calls_of(&pair, 0) == 0 || calls_of(&pair, 1) == 0) {
        (void)nnrpc_pending_is_done(pending);
        lanes_pause_ms(1);
    }
    lanes_pause_ms(20);
    (void)nnrpc_pending_is_done(pending);
    scripted_let_go(&pair.servers[0]);
    assert_int_equal(lanes_finish_read(pending, "x", NULL), NNRPC_OK);
    pair_close(&pair);
}

static void both_are_called_off_when_the_call_is(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){0});
    atomic_store(&pair.roles[0].holds, true);
    atomic_store(&pair.roles[1].holds, true);
    struct nnrpc_pending *pending = lanes_start_read(pair.lanes.client, &hedged, "x", 0);
    while (calls_of(&pair, 0) == 0 || calls_of(&pair, 1) == 0) {
        (void)nnrpc_pending_is_done(pending);
        lanes_pause_ms(1);
    }
    nnrpc_pending_cancel(pending);
    await(&pair.roles[0].cancel_count, 1);
    await(&pair.roles[1].cancel_count, 1);
    pair_close(&pair);
}

static void a_deadline_ends_both(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair, (struct nnrpc_client_options){0});
    atomic_store(&pair.roles[0].holds, true);
    atomic_store(&pair.roles[1].holds, true);
    const struct nnrpc_call_options soon = {.timeout_ms = 200, .hedge_after_ms = 20};
    enum nnrpc_code code = lanes_read(pair.lanes.client, &soon, "x", 0, NULL);
    assert_int_equal(code, NNRPC_DEADLINE_EXCEEDED);
    assert_int_equal(calls_of(&pair, 0), 1);
    assert_int_equal(calls_of(&pair, 1), 1);
    atomic_store(&pair.roles[0].holds, false);
    atomic_store(&pair.roles[1].holds, false);
    assert_int_equal(lanes_read(pair.lanes.client, NULL, "y", 0, NULL), NNRPC_OK);
    pair_close(&pair);
}

static void hedges_draw_on_the_retry_budget(void **state) {
    (void)state;
    struct pair pair;
    pair_open(
        &pair, (struct nnrpc_client_options){
                   .retry_budget = {.capacity = 1, .percent = 1, .per_second = 1}});
    atomic_store(&pair.roles[0].holds, true);
    atomic_store(&pair.roles[1].holds, true);
    const struct nnrpc_call_options soon = {.timeout_ms = 100, .hedge_after_ms = 10};
    uint64_t start_ms = lanes_now_ms();
    for (int i = 0; i < 4; i++) {
        (void)lanes_read(pair.lanes.client, &soon, "x", 0, NULL);
    }
    /* Four calls, one allowance, and what time has added. */
    unsigned added = (unsigned)((lanes_now_ms() - start_ms) / 1000 + 1);
    assert_in_range(calls_of(&pair, 0) + calls_of(&pair, 1), 5, 5 + added);
    pair_close(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_read_is_answered_by_another_endpoint),
        cmocka_unit_test(a_prompt_read_is_asked_once),
        cmocka_unit_test(what_has_effects_is_asked_once),
        cmocka_unit_test(a_hedge_that_fails_does_not_count),
        cmocka_unit_test(both_are_called_off_when_the_call_is),
        cmocka_unit_test(a_deadline_ends_both),
        cmocka_unit_test(hedges_draw_on_the_retry_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
