/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry policies and budgets, against a server by script.
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
#include "nnrpc/metadata.h"

/* The server's own part: how many frames it refuses, and as what. */
struct refusals {
    unsigned count;
    enum nnrpc_code code;
    const char *retry_after_ms; /* NULL: not said */
};

static enum scripted_act refuse_some(struct scripted_server *server, struct scripted_frame *frame) {
    const struct refusals *refusals = server->self;
    if (atomic_load(&server->frame_count) < refusals->count) {
        for (size_t i = 0; i < frame->reply->n_responses; i++) {
            scripted_fail(frame->reply->responses[i], refusals->code, "test", "NOT_NOW");
            if (refusals->retry_after_ms != NULL) {
                scripted_add_info(
                    frame->reply->responses[i], "retry_after_ms", refusals->retry_after_ms);
            }
        }
    }
    return SCRIPTED_SEND;
}

static void open_refusing(
    struct lanes *lanes, struct refusals *refusals, const struct nnrpc_client_options *options) {
    lanes_prepare(lanes, refuse_some, options);
    lanes->server.self = refusals;
    scripted_start(&lanes->server);
}

static void a_code_of_the_policy_is_tried_again(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 2, .code = NNRPC_ABORTED};
    const struct nnrpc_client_options options = {
        .retry = {.codes = NNRPC_RETRY_ON(NNRPC_ABORTED), .max_attempts = 3}};
    open_refusing(&lanes, &refusals, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 3);
    lanes_close(&lanes);
}

static void a_code_that_is_not_of_the_policy_is_not(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 1, .code = NNRPC_UNAVAILABLE};
    const struct nnrpc_client_options options = {.retry = {.codes = NNRPC_RETRY_ON(NNRPC_ABORTED)}};
    open_refusing(&lanes, &refusals, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_UNAVAILABLE);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 1);
    lanes_close(&lanes);
}

static void what_must_not_be_repeated_is_not_whatever_the_policy(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 1, .code = NNRPC_ABORTED};
    const struct nnrpc_client_options options = {.retry = {.codes = NNRPC_RETRY_ON(NNRPC_ABORTED)}};
    open_refusing(&lanes, &refusals, &options);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", NULL), NNRPC_ABORTED);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 1);
    lanes_close(&lanes);
}

static void a_call_may_have_a_policy_of_its_own(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 1, .code = NNRPC_UNAVAILABLE};
    open_refusing(&lanes, &refusals, NULL);
    const struct nnrpc_retry_policy once = {.max_attempts = 1};
    const struct nnrpc_call_options options = {.retry = &once};
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, NULL), NNRPC_UNAVAILABLE);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 2);
    lanes_close(&lanes);
}

static void a_server_that_says_when_is_not_asked_before(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {
        .count = 1, .code = NNRPC_RESOURCE_EXHAUSTED, .retry_after_ms = "300"};
    const struct nnrpc_client_options options = {
        .retry = {.codes = NNRPC_RETRY_ON(NNRPC_RESOURCE_EXHAUSTED)}};
    open_refusing(&lanes, &refusals, &options);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_write(lanes.client, NULL, "x", NULL), NNRPC_OK);
    assert_true(lanes_now_ms() - start_ms >= 300);
    lanes_close(&lanes);
}

static void a_budget_ends_what_would_pile_up(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 1000, .code = NNRPC_UNAVAILABLE};
    const struct nnrpc_client_options options = {
        .retry = {.first_backoff_ms = 1, .max_backoff_ms = 1},
        .retry_budget = {.capacity = 5, .percent = 1, .per_second = 1},
    };
    open_refusing(&lanes, &refusals, &options);
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_UNAVAILABLE);
    }
    assert_string_equal(nnrpc_status_get_info(&status, "retry_budget"), "spent");
    assert_string_equal(status.reason, "NOT_NOW");
    /* One try of each call, five allowances, and a few that time may have added. */
    assert_in_range(atomic_load(&lanes.server.frame_count), 25, 40);
    lanes_close(&lanes);
}

static void *start_later(void *argument) {
    lanes_pause_ms(300);
    scripted_start(argument);
    return NULL;
}

static void who_waits_for_ready_is_not_bound_by_attempts(void **state) {
    (void)state;
    struct lanes lanes;
    const struct nnrpc_client_options options = {.retry = {.max_attempts = 1}};
    lanes_prepare(&lanes, NULL, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_UNAVAILABLE);
    pthread_t starter;
    assert_int_equal(pthread_create(&starter, NULL, start_later, &lanes.server), 0);
    const struct nnrpc_call_options waiting = {.wait_for_ready = true};
    assert_int_equal(lanes_append(lanes.client, &waiting, "x", NULL), NNRPC_OK);
    assert_int_equal(pthread_join(starter, NULL), 0);
    lanes_close(&lanes);
}

static void who_waits_for_ready_waits_until_the_deadline(void **state) {
    (void)state;
    struct lanes lanes;
    const struct nnrpc_client_options options = {.retry = {.max_attempts = 1}};
    lanes_prepare(&lanes, NULL, &options);
    const struct nnrpc_call_options waiting = {.timeout_ms = 1500, .wait_for_ready = true};
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, &waiting, "x", 0, NULL), NNRPC_UNAVAILABLE);
    assert_true(lanes_now_ms() - start_ms >= 1450);
    lanes_close(&lanes);
}

static void who_waits_for_ready_still_counts_tries_that_were_heard(void **state) {
    (void)state;
    struct lanes lanes;
    struct refusals refusals = {.count = 2, .code = NNRPC_UNAVAILABLE};
    const struct nnrpc_client_options options = {.retry = {.max_attempts = 2}};
    open_refusing(&lanes, &refusals, &options);
    const struct nnrpc_call_options waiting = {.wait_for_ready = true};
    assert_int_equal(lanes_read(lanes.client, &waiting, "x", 0, NULL), NNRPC_UNAVAILABLE);
    assert_int_equal(atomic_load(&lanes.server.frame_count), 2);
    lanes_close(&lanes);
}

/* --- What may have taken effect ----------------------------------------------------------- */

/* Ends calls: the first frame as it says, and every later one with its error. */
struct ending {
    enum scripted_act first; /* SCRIPTED_SEND: the first frame is refused too */
    enum nnrpc_code code;
    const char *domain;
    const char *reason;
    bool is_marked; /* as not started */
};

static enum scripted_act end_badly(struct scripted_server *server, struct scripted_frame *frame) {
    const struct ending *ending = server->self;
    if (atomic_load(&server->frame_count) == 0 && ending->first != SCRIPTED_SEND) {
        return ending->first;
    }
    for (size_t i = 0; i < frame->reply->n_responses; i++) {
        scripted_fail(frame->reply->responses[i], ending->code, ending->domain, ending->reason);
        if (ending->is_marked) {
            scripted_add_metadata(frame->reply->responses[i], NNRPC_NOT_STARTED_KEY, "1");
        }
    }
    return SCRIPTED_SEND;
}

typedef enum nnrpc_code call_once(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status);

static enum nnrpc_code read_once(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status) {
    return lanes_read(client, options, text, 0, out_status);
}

/* Whether the error of a call that is tried twice says that it may have taken effect. */
static bool tells_effect(
    struct ending *ending, call_once *call, enum nnrpc_code code, const char *reason) {
    static const char said[] = "; the call may have taken effect";
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    const struct nnrpc_client_options twice = {
        .retry = {
            .codes = NNRPC_RETRY_ON(NNRPC_UNAVAILABLE) | NNRPC_RETRY_ON(NNRPC_RESOURCE_EXHAUSTED),
            .max_attempts = 2,
            .first_backoff_ms = 20}};
    lanes_prepare(&lanes, end_badly, &twice);
    lanes.server.self = ending;
    scripted_start(&lanes.server);
    assert_int_equal(call(lanes.client, NULL, "x", &status), code);
    assert_string_equal(status.reason, reason);
    const char *info = nnrpc_status_get_info(&status, "may_have_taken_effect");
    const char *told = strstr(status.message, said);
    assert_true((info == NULL) == (told == NULL));
    assert_true(info == NULL || strcmp(info, "true") == 0);
    assert_true(told == NULL || told[sizeof(said) - 1] == '\0'); /* once */
    lanes_close(&lanes);
    return told != NULL;
}

static void a_lost_try_is_not_hidden_by_one_that_reached_nobody(void **state) {
    (void)state;
    struct ending lost = {.first = SCRIPTED_CLOSE};
    assert_true(tells_effect(&lost, lanes_write, NNRPC_UNAVAILABLE, "UNREACHABLE"));
    assert_false(tells_effect(&lost, read_once, NNRPC_UNAVAILABLE, "UNREACHABLE"));
    assert_true(tells_effect(&lost, lanes_append, NNRPC_UNAVAILABLE, "UNREACHABLE"));
}

static void a_try_that_reached_nobody_has_no_effect(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    const struct nnrpc_client_options twice = {.retry = {.max_attempts = 2}};
    lanes_prepare(&lanes, NULL, &twice);
    assert_int_equal(lanes_write(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    assert_null(nnrpc_status_get_info(&status, "may_have_taken_effect"));
    assert_null(strstr(status.message, "effect"));
    lanes_close(&lanes);
}

static void an_answer_tells_whether_its_call_had_an_effect(void **state) {
    (void)state;
    static const struct {
        enum scripted_act first;
        enum nnrpc_code code;
        const char *domain;
        const char *reason;
        bool is_marked;
        bool is_told;
    } CASES[] = {
        /* What cannot be read says nothing. */
        {SCRIPTED_SEND_GARBAGE, NNRPC_OK, "", "MALFORMED_REPLY", false, true},
        /* Nothing was done, says the server. */
        {SCRIPTED_SEND, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "OVERLOADED", false, false},
        {SCRIPTED_SEND, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "METHOD_LIMITED", false, false},
        {SCRIPTED_SEND, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "SHUTTING_DOWN", true, false},
        {SCRIPTED_SEND, NNRPC_ABORTED, "test", "ETAG_MISMATCH", false, false},
        /* It may have been done before. */
        {SCRIPTED_SEND, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "SHUTTING_DOWN", false, true},
        {SCRIPTED_SEND, NNRPC_UNAVAILABLE, "test", "AWAY", false, true},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(CASES); i++) {
        struct ending ending = {
            CASES[i].first, CASES[i].code, CASES[i].domain, CASES[i].reason, CASES[i].is_marked};
        enum nnrpc_code code = CASES[i].code == NNRPC_OK ? NNRPC_INTERNAL : CASES[i].code;
        if (tells_effect(&ending, lanes_write, code, CASES[i].reason) != CASES[i].is_told) {
            fail_msg("case %zu: %s", i, CASES[i].reason);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_of_the_policy_is_tried_again),
        cmocka_unit_test(a_code_that_is_not_of_the_policy_is_not),
        cmocka_unit_test(what_must_not_be_repeated_is_not_whatever_the_policy),
        cmocka_unit_test(a_call_may_have_a_policy_of_its_own),
        cmocka_unit_test(a_server_that_says_when_is_not_asked_before),
        cmocka_unit_test(a_budget_ends_what_would_pile_up),
        cmocka_unit_test(who_waits_for_ready_is_not_bound_by_attempts),
        cmocka_unit_test(who_waits_for_ready_waits_until_the_deadline),
        cmocka_unit_test(who_waits_for_ready_still_counts_tries_that_were_heard),
        cmocka_unit_test(a_lost_try_is_not_hidden_by_one_that_reached_nobody),
        cmocka_unit_test(a_try_that_reached_nobody_has_no_effect),
        cmocka_unit_test(an_answer_tells_whether_its_call_had_an_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
