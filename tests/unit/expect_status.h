/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka, and what a unit test expects of a status. A failed expectation names the test's line.
 */
#ifndef UNIT_EXPECT_STATUS_H
#define UNIT_EXPECT_STATUS_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "nnrpc/status.h"

/** The whole fixed part of a status. */
#define expect_status(status, expected_code, expected_reason, expected_message)                    \
    do {                                                                                           \
        assert_string_equal((status)->message, (expected_message));                                \
        assert_string_equal((status)->reason, (expected_reason));                                  \
        assert_string_equal(nnrpc_code_name((status)->code), nnrpc_code_name(expected_code));      \
        assert_string_equal((status)->domain, (expected_code) == NNRPC_OK ? "" : NNRPC_DOMAIN);    \
    } while (0)

/** One violation by its place in the order. */
#define expect_violation(status, index, expected_field, expected_description)                      \
    do {                                                                                           \
        assert_non_null((status)->details);                                                        \
        assert_true((size_t)(index) < (status)->details->violation_count);                         \
        assert_string_equal((status)->details->violations[index].field, (expected_field));         \
        assert_string_equal(                                                                       \
            (status)->details->violations[index].description, (expected_description));             \
    } while (0)

/** How many violations there are. */
#define expect_violation_count(status, expected_count)                                             \
    assert_int_equal(                                                                              \
        (status)->details == NULL ? 0 : (status)->details->violation_count, (expected_count))

#endif
