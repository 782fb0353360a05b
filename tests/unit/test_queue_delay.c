/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load shedding by the queue's delay: what could not be done in time does not join, nor does
 * anything while the delay stands above its target.
 */
#include "nnrpc/queue_delay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define NOW_NS (UINT64_C(5000000) * MS)

static int begin(void **state) {
    *state = nnrpc_queue_delay_new(2, 10 * MS);
    return *state == NULL ? -1 : 0;
}

static int end(void **state) {
    nnrpc_queue_delay_free(*state);
    return 0;
}

static bool admits(const struct nnrpc_queue_delay *delay, uint64_t waiting, uint64_t deadline_ns) {
    return nnrpc_queue_delay_admit(delay, waiting, 0, NOW_NS, deadline_ns, NULL) == NNRPC_OK;
}

/* --- Estimates ---------------------------------------------------------------------------- */

static void workers_share_what_waits(void **state) {
    assert_int_equal(nnrpc_queue_delay_wait_ns(*state, 0), 0);
    assert_int_equal(nnrpc_queue_delay_wait_ns(*state, 1), 5 * MS);
    assert_int_equal(nnrpc_queue_delay_wait_ns(*state, 100), 500 * MS);
}

static void the_time_of_a_piece_of_work_follows_what_is_measured(void **state) {
    for (unsigned round = 0; round < 100; round++) {
        nnrpc_queue_delay_worked(*state, 4, 8 * MS);
    }
    assert_in_range(nnrpc_queue_delay_unit_ns(*state), 2 * MS, 2 * MS + 20);
    nnrpc_queue_delay_worked(*state, 1, 10 * MS);
    assert_in_range(nnrpc_queue_delay_unit_ns(*state), 3 * MS - 100, 3 * MS + 100);
}

static void without_a_guess_the_first_measurement_counts_whole(void **state) {
    struct nnrpc_queue_delay *delay = nnrpc_queue_delay_new(1, 0);
    (void)state;
    assert_non_null(delay);
    assert_true(admits(delay, 1000000, NOW_NS + 1));
    nnrpc_queue_delay_worked(delay, 2, 8 * MS);
    assert_int_equal(nnrpc_queue_delay_unit_ns(delay), 4 * MS + 1);
    nnrpc_queue_delay_free(delay);
}

static void who_is_refused_comes_back_when_half_is_done(void **state) {
    assert_int_equal(nnrpc_queue_delay_retry_after_ms(*state, 0), 1);
    assert_int_equal(nnrpc_queue_delay_retry_after_ms(*state, 100), 250);
    assert_int_equal(nnrpc_queue_delay_retry_after_ms(*state, 1000000), 5000);
}

/* --- Deadlines ---------------------------------------------------------------------------- */

/* 40 that wait take 200 ms, a margin of an eighth and the call's own 10 ms. */
static void what_could_not_be_done_in_time_is_refused(void **state) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_true(admits(*state, 40, NOW_NS + 235 * MS));
    assert_int_equal(
        nnrpc_queue_delay_admit(*state, 40, 0, NOW_NS, NOW_NS + 234 * MS, &status),
        NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "OVERLOADED");
    assert_string_equal(status.domain, "nnrpc");
    assert_string_equal(
        status.message,
        "the server is overloaded (200 ms of work wait, more than the call's time allows): try "
        "again in 100 ms");
    assert_string_equal(nnrpc_status_get_info(&status, "retry_after_ms"), "100");
}

static void time_before_the_queue_moves_counts(void **state) {
    assert_int_equal(
        nnrpc_queue_delay_admit(*state, 2, 0, NOW_NS, NOW_NS + 100 * MS, NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_queue_delay_admit(*state, 2, 100 * MS, NOW_NS, NOW_NS + 100 * MS, NULL),
        NNRPC_RESOURCE_EXHAUSTED);
}

static void without_a_deadline_any_wait_will_do(void **state) {
    assert_true(admits(*state, 1000000, 0));
}

static void what_is_late_already_is_told_so_when_its_turn_comes(void **state) {
    assert_true(admits(*state, 40, NOW_NS));
    assert_true(admits(*state, 40, NOW_NS - 1));
    assert_false(admits(*state, 40, NOW_NS + 1));
}

/* Whatever was measured last: or a queue that was slow once would never be tried again. */
static void an_empty_queue_takes_everything(void **state) {
    nnrpc_queue_delay_worked(*state, 1, 3600000 * MS);
    assert_true(admits(*state, 0, NOW_NS + 1));
    assert_false(admits(*state, 1, NOW_NS + 1));
}

/* --- The target --------------------------------------------------------------------------- */

/* Something that waited so long leaves the queue, at a time after NOW_NS. */
static void leave(struct nnrpc_queue_delay *delay, uint64_t at_ms, uint64_t waited_ms) {
    nnrpc_queue_delay_started(delay, NOW_NS + at_ms * MS - waited_ms * MS, NOW_NS + at_ms * MS);
}

static bool admits_at(const struct nnrpc_queue_delay *delay, uint64_t waiting, uint64_t at_ms) {
    return nnrpc_queue_delay_admit(delay, waiting, 0, NOW_NS + at_ms * MS, 0, NULL) == NNRPC_OK;
}

static void a_delay_that_stands_above_the_target_keeps_others_out(void **state) {
    nnrpc_queue_delay_set_target_ms(*state, 100);
    leave(*state, 0, 101);
    assert_true(admits_at(*state, 1000, NNRPC_QUEUE_INTERVAL_MS - 1));
    leave(*state, 400, 150);
    assert_false(admits_at(*state, 1000, NNRPC_QUEUE_INTERVAL_MS));
    /* As much as the target holds may wait: the workers are never idle for it. */
    assert_true(admits_at(*state, 20, NNRPC_QUEUE_INTERVAL_MS));
    assert_false(admits_at(*state, 21, NNRPC_QUEUE_INTERVAL_MS));
}

static void one_that_waited_less_ends_that(void **state) {
    nnrpc_queue_delay_set_target_ms(*state, 100);
    leave(*state, 0, 200);
    assert_false(admits_at(*state, 1000, 600));
    leave(*state, 600, 100);
    assert_true(admits_at(*state, 1000, 2000));
    leave(*state, 2000, 101);
    assert_true(admits_at(*state, 1000, 2000 + NNRPC_QUEUE_INTERVAL_MS - 1));
    assert_false(admits_at(*state, 1000, 2000 + NNRPC_QUEUE_INTERVAL_MS));
}

static void without_a_target_delay_may_stand(void **state) {
    nnrpc_queue_delay_set_target_ms(*state, 0);
    leave(*state, 0, 1000000);
    leave(*state, 5000, 1000000);
    assert_true(admits_at(*state, 1000000, 10000));
}

static void the_target_is_a_second_unless_told(void **state) {
    leave(*state, 0, 1000);
    assert_true(admits_at(*state, 1000, 600));
    leave(*state, 1000, 1001);
    assert_false(admits_at(*state, 1000, 1600));
}

#define DELAY_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        DELAY_TEST(workers_share_what_waits),
        DELAY_TEST(the_time_of_a_piece_of_work_follows_what_is_measured),
        DELAY_TEST(without_a_guess_the_first_measurement_counts_whole),
        DELAY_TEST(who_is_refused_comes_back_when_half_is_done),
        DELAY_TEST(what_could_not_be_done_in_time_is_refused),
        DELAY_TEST(time_before_the_queue_moves_counts),
        DELAY_TEST(without_a_deadline_any_wait_will_do),
        DELAY_TEST(what_is_late_already_is_told_so_when_its_turn_comes),
        DELAY_TEST(an_empty_queue_takes_everything),
        DELAY_TEST(a_delay_that_stands_above_the_target_keeps_others_out),
        DELAY_TEST(one_that_waited_less_ends_that),
        DELAY_TEST(without_a_target_delay_may_stand),
        DELAY_TEST(the_target_is_a_second_unless_told),
    };
    return cmocka_run_group_tests_name("queue_delay", tests, NULL, NULL);
}
