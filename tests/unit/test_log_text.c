/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs for log lines: what comes from outside stays inside its value.
 */
#include "nnrpc/log_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_pair(const void *value, size_t size, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    nnrpc_log_append_pair(&line, "key", value, size);
    assert_string_equal(nnrpc_buffer_text(&line), expected);
}

static void expect_text(const char *value, const char *expected) {
    expect_pair(value, strlen(value), expected);
}

static void plain_text_stands_as_it_is(void **state) {
    (void)state;
    expect_text("tcp://127.0.0.1:4000", "key=tcp://127.0.0.1:4000");
    expect_text("J\xc3\xbcrgen\xf0\x9f\x98\x80", "key=J\xc3\xbcrgen\xf0\x9f\x98\x80");
}

static void what_separates_pairs_is_quoted(void **state) {
    (void)state;
    expect_text("two words", "key=\"two words\"");
    expect_text("a=b", "key=\"a=b\"");
    expect_text("say \"x\" \\", "key=\"say \\\"x\\\" \\\\\"");
}

static void no_line_can_be_forged(void **state) {
    (void)state;
    expect_text("x\nlevel=error", "key=\"x\\nlevel=error\"");
    expect_text("x\r\x1b[31m\x7f", "key=\"x\\x0d\\x1b[31m\\x7f\"");
    expect_text("\xc2\x9b", "key=\"\\xc2\\x9b\""); /* a terminal's CSI */
    expect_text("\xc2\xa0", "key=\xc2\xa0");
    expect_pair("a\0b", 3, "key=\"a\\x00b\"");
    expect_text("\xff\xc3", "key=\"\\xff\\xc3\"");
}

static void pairs_follow_one_another(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    nnrpc_log_append_text(&line, "a", "1");
    nnrpc_log_append_text(&line, "b", "");
    nnrpc_log_append_text(&line, "c", NULL);
    nnrpc_log_append_number(&line, "d", UINT64_MAX);
    nnrpc_log_append_text(&line, "e", "x y");
    assert_string_equal(nnrpc_buffer_text(&line), "a=1 d=18446744073709551615 e=\"x y\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stands_as_it_is),
        cmocka_unit_test(what_separates_pairs_is_quoted),
        cmocka_unit_test(no_line_can_be_forged),
        cmocka_unit_test(pairs_follow_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
