/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status as a value: what it holds, what it owns, what text comes out of it.
 */
#include "expect_status.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define REASON "SOME_REASON"

static void a_new_status_is_ok_and_empty(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_status(&status, NNRPC_OK, "", "");
    assert_null(status.details);
}

static void failing_sets_everything_and_returns_the_code(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code =
        nnrpc_fail(&status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, REASON, "no %s of %d", "thing", 7);
    assert_int_equal(code, NNRPC_NOT_FOUND);
    expect_status(&status, NNRPC_NOT_FOUND, REASON, "no thing of 7");
}

static void failing_without_a_status_returns_the_code(void **state) {
    (void)state;
    assert_int_equal(
        nnrpc_fail(NULL, NNRPC_ABORTED, NNRPC_DOMAIN, REASON, "%s", "lost"), NNRPC_ABORTED);
}

static void failing_again_releases_the_details(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_info(&status, "key", "value");
    (void)nnrpc_fail(&status, NNRPC_INTERNAL, NNRPC_DOMAIN, REASON, "second");
    assert_null(status.details);
    expect_status(&status, NNRPC_INTERNAL, REASON, "second");
}

static void a_message_may_quote_the_status_that_it_replaces(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "INNER", "no route");
    nnrpc_status_add_info(&status, "host", "a.example");
    (void)nnrpc_fail(
        &status, NNRPC_INTERNAL, NNRPC_DOMAIN, status.reason, "%s: %s",
        nnrpc_status_get_info(&status, "host"), status.message);
    expect_status(&status, NNRPC_INTERNAL, "INNER", "a.example: no route");
}

static void a_long_message_is_cut_and_terminated(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char text[400];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)nnrpc_fail(&status, NNRPC_INTERNAL, text, text, "%s", text);
    assert_int_equal(strlen(status.message), NNRPC_STATUS_MESSAGE_BYTES - 1);
    assert_int_equal(strlen(status.reason), NNRPC_STATUS_REASON_BYTES - 1);
    assert_int_equal(strlen(status.domain), NNRPC_STATUS_DOMAIN_BYTES - 1);
}

static void a_message_is_never_cut_inside_a_character(void **state) {
    (void)state;
    static const char *const CHARACTERS[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t kind = 0; kind < NNRPC_LENGTH(CHARACTERS); kind++) {
        size_t size = strlen(CHARACTERS[kind]);
        for (size_t before = NNRPC_STATUS_MESSAGE_BYTES - 1 - size;
             before < NNRPC_STATUS_MESSAGE_BYTES - 1; before++) {
            struct nnrpc_status status = NNRPC_STATUS_INIT;
            (void)nnrpc_fail(
                &status, NNRPC_INTERNAL, NNRPC_DOMAIN, REASON, "%0*d%s", (int)before, 0,
                CHARACTERS[kind]);
            bool fits = before + size <= NNRPC_STATUS_MESSAGE_BYTES - 1;
            assert_int_equal(strlen(status.message), before + (fits ? size : 0));
            assert_string_equal(status.message + before, fits ? CHARACTERS[kind] : "");
        }
    }
}

static void bytes_that_are_not_utf8_become_question_marks(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(
        &status, NNRPC_INTERNAL, NNRPC_DOMAIN, REASON,
        "a\xff"
        "b\xc3"
        "c\xe2\x82");
    assert_string_equal(status.message, "a?b?c??");
    nnrpc_status_add_info(&status, "k\xfe", "v\xfd");
    assert_string_equal(nnrpc_status_get_info(&status, "k?"), "v?");
    nnrpc_status_add_violation(&status, "f\x80", "R", "d\x81");
    expect_violation(&status, 0, "f?", "d?");
    nnrpc_status_deinit(&status);
}

static void an_info_with_a_known_key_replaces_the_value(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_info(&status, "retry_after_ms", "%d", 50);
    nnrpc_status_add_info(&status, "other", "x");
    nnrpc_status_add_info(&status, "retry_after_ms", "%d", 75);
    assert_int_equal(status.details->info_count, 2);
    assert_string_equal(nnrpc_status_get_info(&status, "retry_after_ms"), "75");
    assert_string_equal(nnrpc_status_get_info(&status, "other"), "x");
    assert_null(nnrpc_status_get_info(&status, "absent"));
    nnrpc_status_deinit(&status);
}

static void hundreds_of_infos_and_violations_are_kept(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char name[32];
    for (int number = 0; number < 300; number++) {
        snprintf(name, sizeof(name), "name%d", number);
        nnrpc_status_add_info(&status, name, "%d", number);
        nnrpc_status_add_violation(&status, name, REASON, "%d is wrong", number);
    }
    assert_int_equal(status.details->info_count, 300);
    expect_violation_count(&status, 300);
    assert_string_equal(nnrpc_status_get_info(&status, "name299"), "299");
    expect_violation(&status, 0, "name0", "0 is wrong");
    expect_violation(&status, 299, "name299", "299 is wrong");
    nnrpc_status_deinit(&status);
    assert_null(status.details);
}

static void adding_to_no_status_does_nothing(void **state) {
    (void)state;
    nnrpc_status_add_info(NULL, "key", "value");
    nnrpc_status_add_violation(NULL, "field", REASON, "text");
    nnrpc_status_deinit(NULL);
}

static void no_violations_are_ok_and_infos_stay(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_info(&status, "key", "value");
    assert_int_equal(nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED"), NNRPC_OK);
    expect_status(&status, NNRPC_OK, "", "");
    assert_string_equal(nnrpc_status_get_info(&status, "key"), "value");
    nnrpc_status_deinit(&status);
}

static void one_violation_gives_its_reason_and_text(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_violation(&status, "contact.email", "INVALID_EMAIL", "%s", "not an address");
    assert_int_equal(status.code, NNRPC_OK);
    assert_int_equal(
        nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED"), NNRPC_INVALID_ARGUMENT);
    expect_status(
        &status, NNRPC_INVALID_ARGUMENT, "INVALID_EMAIL", "contact.email: not an address");
    nnrpc_status_deinit(&status);
}

static void violations_of_one_reason_share_it(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_violation(&status, "a", "TOO_LONG", "first");
    nnrpc_status_add_violation(&status, "b", "TOO_LONG", "second");
    nnrpc_status_add_violation(&status, "c", "TOO_LONG", "third");
    assert_int_equal(
        nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED"), NNRPC_INVALID_ARGUMENT);
    expect_status(&status, NNRPC_INVALID_ARGUMENT, "TOO_LONG", "a: first (and 2 more)");
    nnrpc_status_deinit(&status);
}

static void violations_of_several_reasons_get_the_mixed_one(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_violation(&status, "a", "TOO_LONG", "first");
    nnrpc_status_add_violation(&status, "b", "TOO_SHORT", "second");
    assert_int_equal(
        nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED"), NNRPC_INVALID_ARGUMENT);
    expect_status(&status, NNRPC_INVALID_ARGUMENT, "MIXED", "a: first (and 1 more)");
    nnrpc_status_deinit(&status);
}

static void the_count_of_violations_survives_a_long_text(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_violation(&status, "a", REASON, "%0300d", 0);
    nnrpc_status_add_violation(&status, "b", REASON, "second");
    assert_int_equal(
        nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED"), NNRPC_INVALID_ARGUMENT);
    size_t length = strlen(status.message);
    assert_int_equal(length, NNRPC_STATUS_MESSAGE_BYTES - 1);
    assert_string_equal(status.message + length - strlen("000 (and 1 more)"), "000 (and 1 more)");
    nnrpc_status_deinit(&status);
}

static void moving_empties_the_source(void **state) {
    (void)state;
    struct nnrpc_status from = NNRPC_STATUS_INIT;
    struct nnrpc_status to = NNRPC_STATUS_INIT;
    nnrpc_status_add_info(&to, "old", "value");
    (void)nnrpc_fail(&from, NNRPC_ABORTED, NNRPC_DOMAIN, REASON, "text");
    nnrpc_status_add_info(&from, "key", "value");
    nnrpc_status_move(&to, &from);
    expect_status(&to, NNRPC_ABORTED, REASON, "text");
    assert_string_equal(nnrpc_status_get_info(&to, "key"), "value");
    assert_null(nnrpc_status_get_info(&to, "old"));
    expect_status(&from, NNRPC_OK, "", "");
    assert_null(from.details);
    nnrpc_status_move(&to, &to);
    expect_status(&to, NNRPC_ABORTED, REASON, "text");
    nnrpc_status_deinit(&to);
}

static void a_copy_is_independent(void **state) {
    (void)state;
    struct nnrpc_status from = NNRPC_STATUS_INIT;
    struct nnrpc_status to = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&from, NNRPC_ABORTED, NNRPC_DOMAIN, REASON, "text");
    nnrpc_status_add_info(&from, "key", "value");
    nnrpc_status_add_violation(&from, "field", "OTHER", "wrong");
    nnrpc_status_copy(&to, &from);
    nnrpc_status_deinit(&from);
    expect_status(&to, NNRPC_ABORTED, REASON, "text");
    assert_string_equal(nnrpc_status_get_info(&to, "key"), "value");
    expect_violation(&to, 0, "field", "wrong");
    assert_string_equal(to.details->violations[0].reason, "OTHER");
    nnrpc_status_copy(&to, &to);
    assert_string_equal(nnrpc_status_get_info(&to, "key"), "value");
    nnrpc_status_deinit(&to);
}

static void resetting_makes_a_status_ok(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_ABORTED, NNRPC_DOMAIN, REASON, "text");
    nnrpc_status_add_violation(&status, "field", REASON, "wrong");
    nnrpc_status_reset(&status);
    expect_status(&status, NNRPC_OK, "", "");
    assert_null(status.details);
}

static void codes_have_the_names_and_numbers_of_grpc(void **state) {
    (void)state;
    static const char *const NAMES[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    assert_int_equal(NNRPC_LENGTH(NAMES), NNRPC_CODE_COUNT);
    for (int code = 0; code < NNRPC_CODE_COUNT; code++) {
        assert_string_equal(nnrpc_code_name((enum nnrpc_code)code), NAMES[code]);
    }
    assert_string_equal(nnrpc_code_name((enum nnrpc_code)17), "UNKNOWN");
    assert_string_equal(nnrpc_code_name((enum nnrpc_code) - 1), "UNKNOWN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_status_is_ok_and_empty),
        cmocka_unit_test(failing_sets_everything_and_returns_the_code),
        cmocka_unit_test(failing_without_a_status_returns_the_code),
        cmocka_unit_test(failing_again_releases_the_details),
        cmocka_unit_test(a_message_may_quote_the_status_that_it_replaces),
        cmocka_unit_test(a_long_message_is_cut_and_terminated),
        cmocka_unit_test(a_message_is_never_cut_inside_a_character),
        cmocka_unit_test(bytes_that_are_not_utf8_become_question_marks),
        cmocka_unit_test(an_info_with_a_known_key_replaces_the_value),
        cmocka_unit_test(hundreds_of_infos_and_violations_are_kept),
        cmocka_unit_test(adding_to_no_status_does_nothing),
        cmocka_unit_test(no_violations_are_ok_and_infos_stay),
        cmocka_unit_test(one_violation_gives_its_reason_and_text),
        cmocka_unit_test(violations_of_one_reason_share_it),
        cmocka_unit_test(violations_of_several_reasons_get_the_mixed_one),
        cmocka_unit_test(the_count_of_violations_survives_a_long_text),
        cmocka_unit_test(moving_empties_the_source),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(resetting_makes_a_status_ok),
        cmocka_unit_test(codes_have_the_names_and_numbers_of_grpc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
