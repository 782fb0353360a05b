/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry policies and budgets.
 */
#include "retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static const struct nnrpc_status silent = NNRPC_STATUS_INIT;

static struct nnrpc_retry_policy resolve(struct nnrpc_retry_policy given) {
    return retry_policy_resolve(&given);
}

static void pauses_double_until_a_second(void **state) {
    (void)state;
    const struct nnrpc_retry_policy policy = resolve((struct nnrpc_retry_policy){0});
    const uint64_t expected_ms[] = {10, 20, 40, 80, 160, 320, 640, 1000, 1000};
    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(retry_pause_ns(&policy, i + 1, 0, &silent), expected_ms[i] * MS);
    }
    assert_int_equal(retry_pause_ns(&policy, UINT32_MAX, 0, &silent), 1000 * MS);
    assert_int_equal(retry_pause_ns(&policy, 0, 0, &silent), 10 * MS);
}

static void a_policy_sets_first_and_longest_pause(void **state) {
    (void)state;
    const struct nnrpc_retry_policy policy =
        resolve((struct nnrpc_retry_policy){.first_backoff_ms = 3, .max_backoff_ms = 7});
    assert_int_equal(retry_pause_ns(&policy, 1, 0, &silent), 3 * MS);
    assert_int_equal(retry_pause_ns(&policy, 2, 0, &silent), 6 * MS);
    assert_int_equal(retry_pause_ns(&policy, 3, 0, &silent), 7 * MS);
}

static void chance_takes_off_up_to_a_half(void **state) {
    (void)state;
    const struct nnrpc_retry_policy policy = resolve((struct nnrpc_retry_policy){0});
    for (uint64_t random = 0; random < 1000; random++) {
        uint64_t spread = random * UINT64_C(0x9e3779b97f4a7c15);
        assert_in_range(retry_pause_ns(&policy, 3, spread, &silent), 20 * MS + 1, 40 * MS);
    }
    assert_int_equal(retry_pause_ns(&policy, 3, 20 * MS - 1, &silent), 20 * MS + 1);
    assert_int_equal(retry_pause_ns(&policy, 3, 20 * MS, &silent), 40 * MS);
}

static void a_server_that_says_when_to_come_back_is_heard(void **state) {
    (void)state;
    const struct nnrpc_retry_policy policy = resolve((struct nnrpc_retry_policy){0});
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_fail(&status, NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "OVERLOADED", "later"),
        NNRPC_RESOURCE_EXHAUSTED);
    nnrpc_status_add_info(&status, "retry_after_ms", "500");
    assert_int_equal(retry_pause_ns(&policy, 1, 0, &status), 500 * MS);
    assert_int_equal(retry_pause_ns(&policy, 8, 0, &status), 1000 * MS);
    struct nnrpc_status endless NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&endless, NNRPC_UNAVAILABLE, "nnrpc", "OVERLOADED", "much later");
    nnrpc_status_add_info(&endless, "retry_after_ms", "99999999999999999999999");
    assert_int_equal(retry_pause_ns(&policy, 1, 0, &endless), 60000 * MS);
}

static void a_policy_covers_its_codes_alone(void **state) {
    (void)state;
    const struct nnrpc_retry_policy usual = resolve((struct nnrpc_retry_policy){0});
    assert_true(retry_policy_covers(&usual, NNRPC_UNAVAILABLE));
    assert_false(retry_policy_covers(&usual, NNRPC_ABORTED));
    assert_false(retry_policy_covers(&usual, NNRPC_OK));
    const struct nnrpc_retry_policy own = resolve((struct nnrpc_retry_policy){
        .codes = NNRPC_RETRY_ON(NNRPC_ABORTED) | NNRPC_RETRY_ON(NNRPC_OK)});
    assert_true(retry_policy_covers(&own, NNRPC_ABORTED));
    assert_false(retry_policy_covers(&own, NNRPC_UNAVAILABLE));
    assert_false(retry_policy_covers(&own, NNRPC_OK));
}

static void a_budget_is_spent_and_earned(void **state) {
    (void)state;
    struct retry_budget budget;
    const struct nnrpc_retry_budget given = {.capacity = 2, .percent = 50, .per_second = 1};
    retry_budget_init(&budget, &given, MS);
    assert_true(retry_budget_spend(&budget, MS));
    assert_true(retry_budget_spend(&budget, MS));
    assert_false(retry_budget_spend(&budget, MS));
    retry_budget_earn(&budget);
    assert_false(retry_budget_spend(&budget, MS));
    retry_budget_earn(&budget);
    assert_true(retry_budget_spend(&budget, MS));
    for (int i = 0; i < 100; i++) { /* no more than the capacity */
        retry_budget_earn(&budget);
    }
    assert_true(retry_budget_spend(&budget, MS));
    assert_true(retry_budget_spend(&budget, MS));
    assert_false(retry_budget_spend(&budget, MS));
}

static void time_fills_a_budget(void **state) {
    (void)state;
    struct retry_budget budget;
    const struct nnrpc_retry_budget given = {.capacity = 2, .per_second = 4};
    retry_budget_init(&budget, &given, 0);
    assert_true(retry_budget_spend(&budget, 0));
    assert_true(retry_budget_spend(&budget, 0));
    assert_false(retry_budget_spend(&budget, 249 * MS));
    assert_true(retry_budget_spend(&budget, 250 * MS));
    assert_false(retry_budget_spend(&budget, 260 * MS));
    uint64_t much_later = UINT64_C(1) << 62;
    assert_true(retry_budget_spend(&budget, much_later));
    assert_true(retry_budget_spend(&budget, much_later));
    assert_false(retry_budget_spend(&budget, much_later));
}

static void a_long_rest_does_not_fill_a_budget_twice(void **state) {
    (void)state;
    struct retry_budget budget;
    const struct nnrpc_retry_budget given = {.capacity = 3, .per_second = 1};
    retry_budget_init(&budget, &given, 0);
    uint64_t much_later = UINT64_C(1) << 62;
    for (int i = 0; i < 3; i++) {
        assert_true(retry_budget_spend(&budget, much_later));
    }
    assert_false(retry_budget_spend(&budget, much_later));
    const struct nnrpc_retry_budget huge = {.capacity = UINT32_MAX, .per_second = UINT32_MAX};
    retry_budget_init(&budget, &huge, 0);
    assert_true(retry_budget_spend(&budget, much_later));
    assert_int_equal(budget.left, budget.capacity - 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_until_a_second),
        cmocka_unit_test(a_policy_sets_first_and_longest_pause),
        cmocka_unit_test(chance_takes_off_up_to_a_half),
        cmocka_unit_test(a_server_that_says_when_to_come_back_is_heard),
        cmocka_unit_test(a_policy_covers_its_codes_alone),
        cmocka_unit_test(a_budget_is_spent_and_earned),
        cmocka_unit_test(time_fills_a_budget),
        cmocka_unit_test(a_long_rest_does_not_fill_a_budget_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
