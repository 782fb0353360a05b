/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits by method: which one counts, how many calls at once, how many a second.
 */
#include "method_limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NS_PER_S UINT64_C(1000000000)
#define NOW_NS (1000 * NS_PER_S)

/* --- A server's tables -------------------------------------------------------------------- */

static const struct nnrpc_method methods[] = {
    {.name = "a.v1.First/One"},
    {.name = "a.v1.First/Two"},
    {.name = "a.v1.Second/One"},
    {.name = "nnrpc.v1.HealthService/Check"},
};
static const struct nnrpc_service services[] = {
    {.name = "a.v1.First"}, {.name = "a.v1.Second"}, {.name = "nnrpc.v1.HealthService"}};
static const struct nnrpc_served_service served[] = {
    {.service = &services[0]},
    {.service = &services[1]},
    {.service = &services[2], .is_standing = true},
};
static struct nnrpc_target targets[] = {
    {.method = &methods[0], .served = &served[0], .index = 0},
    {.method = &methods[1], .served = &served[0], .index = 1},
    {.method = &methods[2], .served = &served[1], .index = 2},
    {.method = &methods[3], .served = &served[2], .index = 3},
};
static const struct nnrpc_route_table routes = {
    .targets = targets, .target_count = NNRPC_LENGTH(targets)};

static int begin(void **state) {
    struct nnrpc_limits *limits = calloc(1, sizeof(*limits));
    assert_non_null(limits);
    nnrpc_limits_init(limits);
    *state = limits;
    return 0;
}

static int begin_started(void **state) {
    (void)begin(state);
    assert_int_equal(nnrpc_limits_start(*state, &routes, NULL), NNRPC_OK);
    return 0;
}

static int end(void **state) {
    nnrpc_limits_deinit(*state);
    free(*state);
    return 0;
}

static void set(struct nnrpc_limits *limits, struct nnrpc_method_limit limit) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_limits_set(limits, &limit, 1, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

/* Begins a call; false when it is refused, with why in the status. */
static bool begin_call(
    struct nnrpc_limits *limits, size_t target, uint64_t now_ns, struct nnrpc_status *out_status) {
    struct nnrpc_limiter *limiter = nnrpc_limits_find(limits, &targets[target]);
    bool is_counted = false;
    assert_non_null(limiter);
    return nnrpc_limiter_begin(
               limiter, targets[target].method->name, now_ns, &is_counted, out_status) == NNRPC_OK;
}

static void expect_refused(
    const struct nnrpc_limits *limits, const struct nnrpc_method_limit *given, size_t count,
    const char *problem) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_limits_set((struct nnrpc_limits *)limits, given, count, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "INVALID_LIMIT");
    assert_string_equal(status.message, problem);
}

/* --- Which limit counts ------------------------------------------------------------------- */

static void no_method_is_limited_unless_told(void **state) {
    for (size_t index = 0; index < NNRPC_LENGTH(targets); index++) {
        assert_null(nnrpc_limits_find(*state, &targets[index]));
    }
}

static void the_closest_limit_counts_whole(void **state) {
    struct nnrpc_limits *limits = *state;
    const struct nnrpc_method_limit given[] = {
        {.methods = "*", .max_request_bytes = 1},
        {.methods = "a.v1.First/*", .max_request_bytes = 2},
        {.methods = "a.v1.First/Two", .max_reply_bytes = 3},
    };
    assert_int_equal(nnrpc_limits_set(limits, given, NNRPC_LENGTH(given), NULL), NNRPC_OK);
    assert_int_equal(nnrpc_limits_find(limits, &targets[0])->max_request_bytes, 2);
    assert_int_equal(nnrpc_limits_find(limits, &targets[1])->max_request_bytes, SIZE_MAX);
    assert_int_equal(nnrpc_limits_find(limits, &targets[1])->max_reply_bytes, 3);
    assert_int_equal(nnrpc_limits_find(limits, &targets[2])->max_request_bytes, 1);
    assert_null(nnrpc_limits_find(limits, &targets[3])); /* stands */
}

static void limits_given_before_the_start_hold_from_then_on(void **state) {
    struct nnrpc_limits *limits = *state;
    set(limits, (struct nnrpc_method_limit){.methods = "a.v1.First/One", .max_request_bytes = 1});
    set(limits, (struct nnrpc_method_limit){.methods = "a.v1.First/Two", .max_request_bytes = 2});
    assert_int_equal(nnrpc_limits_start(limits, &routes, NULL), NNRPC_OK);
    assert_null(nnrpc_limits_find(limits, &targets[0]));
    assert_int_equal(nnrpc_limits_find(limits, &targets[1])->max_request_bytes, 2);
}

static void setting_replaces_all_limits(void **state) {
    struct nnrpc_limits *limits = *state;
    set(limits, (struct nnrpc_method_limit){.methods = "*", .max_request_bytes = 1});
    set(limits, (struct nnrpc_method_limit){.methods = "a.v1.Second/*", .max_request_bytes = 2});
    assert_null(nnrpc_limits_find(limits, &targets[0]));
    assert_non_null(nnrpc_limits_find(limits, &targets[2]));
    assert_int_equal(nnrpc_limits_set(limits, NULL, 0, NULL), NNRPC_OK);
    assert_null(nnrpc_limits_find(limits, &targets[2]));
}

static void what_cannot_hold_is_refused_and_changes_nothing(void **state) {
    struct nnrpc_limits *limits = *state;
    set(limits, (struct nnrpc_method_limit){.methods = "*", .max_request_bytes = 1});
    static const struct {
        struct nnrpc_method_limit limit;
        const char *problem;
    } wrong[] = {
        {{.methods = "a.v1.First/Three"},
         "limit of \"a.v1.First/Three\": there is no such method: expected PACKAGE.SERVICE/METHOD"},
        {{.methods = "a.v1.Fir/*"},
         "limit of \"a.v1.Fir/*\": there is no such method: expected PACKAGE.SERVICE/METHOD"},
        {{.methods = "nnrpc.v1.HealthService/Check"},
         "limit of \"nnrpc.v1.HealthService/Check\": this service is answered under any load"},
        {{.methods = "*", .calls_per_second = 0.0009},
         "limit of \"*\": the rate must be 0.001 to 1e9 calls a second"},
        {{.methods = "*", .calls_per_second = -1},
         "limit of \"*\": the rate must be 0.001 to 1e9 calls a second"},
        {{.methods = "*", .burst_calls = 1}, "limit of \"*\": a burst needs a rate"},
        {{.methods = "*", .calls_per_second = 1, .burst_calls = 1000001},
         "limit of \"*\": the burst must be at most 1,000,000 calls"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(wrong); index++) {
        expect_refused(limits, &wrong[index].limit, 1, wrong[index].problem);
    }
    const struct nnrpc_method_limit twice[] = {{.methods = "*"}, {.methods = "*"}};
    expect_refused(limits, twice, 2, "limit of \"*\": it is given twice");
    assert_int_equal(nnrpc_limits_find(limits, &targets[0])->max_request_bytes, 1);
}

static void an_unknown_name_given_before_the_start_is_told_then(void **state) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    set(*state, (struct nnrpc_method_limit){.methods = "b.v1.None/*"});
    assert_int_equal(nnrpc_limits_start(*state, &routes, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "INVALID_LIMIT");
}

/* --- Rate --------------------------------------------------------------------------------- */

static void calls_beyond_the_burst_wait_for_the_rate(void **state) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct nnrpc_method_limit limit = {
        .methods = "a.v1.First/One", .calls_per_second = 10, .burst_calls = 3};
    set(*state, limit);
    for (unsigned call = 0; call < 3; call++) {
        assert_true(begin_call(*state, 0, NOW_NS, NULL));
    }
    assert_false(begin_call(*state, 0, NOW_NS, &status));
    assert_int_equal(status.code, NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "METHOD_LIMITED");
    assert_string_equal(
        status.message, "a.v1.First/One takes at most 10 calls a second: try again in 100 ms");
    assert_string_equal(nnrpc_status_get_info(&status, "limit"), "rate");
    assert_string_equal(nnrpc_status_get_info(&status, "max"), "10");
    assert_string_equal(nnrpc_status_get_info(&status, "retry_after_ms"), "100");
    assert_false(begin_call(*state, 0, NOW_NS + NS_PER_S / 10 - 1, NULL));
    assert_true(begin_call(*state, 0, NOW_NS + NS_PER_S / 10, NULL));
    assert_false(begin_call(*state, 0, NOW_NS + NS_PER_S / 10, NULL));
}

static void a_pause_earns_no_more_than_the_burst(void **state) {
    const struct nnrpc_method_limit limit = {
        .methods = "a.v1.First/One", .calls_per_second = 10, .burst_calls = 3};
    set(*state, limit);
    unsigned taken = 0;
    assert_true(begin_call(*state, 0, NOW_NS, NULL));
    while (begin_call(*state, 0, NOW_NS + 3600 * NS_PER_S, NULL)) {
        taken++;
    }
    assert_int_equal(taken, 3);
}

static void the_burst_is_one_second_unless_told(void **state) {
    const double rates[] = {100, 2.5, 0.01};
    const unsigned bursts[] = {100, 2, 1};
    for (size_t index = 0; index < NNRPC_LENGTH(rates); index++) {
        unsigned taken = 0;
        set(*state, (struct nnrpc_method_limit){.methods = "*", .calls_per_second = rates[index]});
        while (begin_call(*state, 0, NOW_NS, NULL)) {
            taken++;
        }
        assert_int_equal(taken, bursts[index]);
    }
}

static void over_time_the_rate_is_kept(void **state) {
    const struct nnrpc_method_limit limit = {.methods = "*", .calls_per_second = 50};
    unsigned taken = 0;
    set(*state, limit);
    for (uint64_t ms = 0; ms < 10000; ms++) {
        taken += begin_call(*state, 0, NOW_NS + ms * 1000000, NULL);
    }
    assert_in_range(taken, 50 + 499 - 1, 50 + 500);
}

static void each_method_has_a_rate_of_its_own(void **state) {
    set(*state, (struct nnrpc_method_limit){.methods = "*", .calls_per_second = 1});
    assert_true(begin_call(*state, 0, NOW_NS, NULL));
    assert_true(begin_call(*state, 1, NOW_NS, NULL));
    assert_false(begin_call(*state, 0, NOW_NS, NULL));
}

/* --- Concurrency -------------------------------------------------------------------------- */

static void calls_at_once_are_counted(void **state) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    set(*state, (struct nnrpc_method_limit){.methods = "*", .max_concurrent_calls = 2});
    assert_true(begin_call(*state, 0, NOW_NS, NULL));
    assert_true(begin_call(*state, 0, NOW_NS, NULL));
    assert_false(begin_call(*state, 0, NOW_NS, &status));
    assert_string_equal(status.reason, "METHOD_LIMITED");
    assert_string_equal(nnrpc_status_get_info(&status, "limit"), "concurrency");
    assert_string_equal(nnrpc_status_get_info(&status, "max"), "2");
    assert_non_null(nnrpc_status_get_info(&status, "retry_after_ms"));
}

/* A call that the rate refuses has no place. */
static void a_refused_call_gives_its_place_back(void **state) {
    struct nnrpc_limits *limits = *state;
    const struct nnrpc_method_limit limit = {
        .methods = "*", .max_concurrent_calls = 2, .calls_per_second = 1};
    set(limits, limit);
    assert_true(begin_call(limits, 0, NOW_NS, NULL));
    assert_false(begin_call(limits, 0, NOW_NS, NULL));
    assert_false(begin_call(limits, 0, NOW_NS, NULL));
    assert_int_equal(nnrpc_limits_find(limits, &targets[0])->calls, 1);
}

/* --- Threads ------------------------------------------------------------------------------ */

struct crowd {
    struct nnrpc_limits *limits;
    atomic_uint taken;
};

static void *take_many(void *argument) {
    struct crowd *crowd = argument;
    for (unsigned call = 0; call < 20000; call++) {
        atomic_fetch_add(&crowd->taken, begin_call(crowd->limits, 0, NOW_NS, NULL));
    }
    return NULL;
}

static void threads_share_a_burst_exactly(void **state) {
    struct crowd crowd = {.limits = *state};
    const struct nnrpc_method_limit limit = {
        .methods = "*", .calls_per_second = 1, .burst_calls = 10000};
    set(*state, limit);
    pthread_t threads[4];
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        assert_int_equal(pthread_create(&threads[index], NULL, take_many, &crowd), 0);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        pthread_join(threads[index], NULL);
    }
    assert_int_equal(crowd.taken, 10000);
}

#define LIMITS_TEST(function) cmocka_unit_test_setup_teardown(function, begin_started, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        LIMITS_TEST(no_method_is_limited_unless_told),
        LIMITS_TEST(the_closest_limit_counts_whole),
        cmocka_unit_test_setup_teardown(
            limits_given_before_the_start_hold_from_then_on, begin, end),
        LIMITS_TEST(setting_replaces_all_limits),
        LIMITS_TEST(what_cannot_hold_is_refused_and_changes_nothing),
        cmocka_unit_test_setup_teardown(
            an_unknown_name_given_before_the_start_is_told_then, begin, end),
        LIMITS_TEST(calls_beyond_the_burst_wait_for_the_rate),
        LIMITS_TEST(a_pause_earns_no_more_than_the_burst),
        LIMITS_TEST(the_burst_is_one_second_unless_told),
        LIMITS_TEST(over_time_the_rate_is_kept),
        LIMITS_TEST(each_method_has_a_rate_of_its_own),
        LIMITS_TEST(calls_at_once_are_counted),
        LIMITS_TEST(a_refused_call_gives_its_place_back),
        LIMITS_TEST(threads_share_a_burst_exactly),
    };
    return cmocka_run_group_tests_name("method_limits", tests, NULL, NULL);
}
