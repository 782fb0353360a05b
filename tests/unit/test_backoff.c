/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses between tries.
 */
#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static void pauses_double_until_a_second(void **state) {
    (void)state;
    const uint64_t expected_ms[] = {10, 20, 40, 80, 160, 320, 640, 1000, 1000};
    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(nnrpc_backoff_ns(i + 1, 0), expected_ms[i] * MS);
    }
    assert_int_equal(nnrpc_backoff_ns(UINT32_MAX, 0), 1000 * MS);
    assert_int_equal(nnrpc_backoff_ns(0, 0), 10 * MS);
}

static void chance_takes_off_up_to_a_half(void **state) {
    (void)state;
    for (uint64_t random = 0; random < 1000; random++) {
        uint64_t spread = random * UINT64_C(0x9e3779b97f4a7c15);
        assert_in_range(nnrpc_backoff_ns(3, spread), 20 * MS + 1, 40 * MS);
    }
    assert_int_equal(nnrpc_backoff_ns(3, 20 * MS - 1), 20 * MS + 1);
    assert_int_equal(nnrpc_backoff_ns(3, 20 * MS), 40 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_until_a_second),
        cmocka_unit_test(chance_takes_off_up_to_a_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
