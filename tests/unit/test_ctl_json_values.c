/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of JSON values, cut where each one ends, however they come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json_values.h"
#include "nnrpc/base.h"

/* The values of a text that comes in pieces of a size, each with its line: "1:{} 2:[1]". */
static void expect_values_in(const char *text, size_t piece, const char *expected) {
    NNRPC_CLEANUP(ctl_json_values_deinit) struct ctl_json_values values = {.line = 1};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer found = {0};
    size_t size = strlen(text);
    for (size_t at = 0; at <= size; at += piece) {
        size_t taken = size - at < piece ? size - at : piece;
        struct ctl_json_value value;
        ctl_json_values_drop(&values);
        nnrpc_buffer_append(&values.bytes, text + at, taken);
        while (ctl_json_values_next(&values, at + piece > size, &value)) {
            nnrpc_buffer_append_format(
                &found, "%s%zu:%.*s", found.size == 0 ? "" : " ", value.line, (int)value.size,
                value.text);
        }
    }
    const char *list = found.size == 0 ? "" : nnrpc_buffer_text(&found);
    assert_string_equal(list, expected);
}

static void expect_values(const char *text, const char *expected) {
    for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
        expect_values_in(text, piece, expected);
    }
}

static void values_are_cut_where_their_brackets_close(void **state) {
    (void)state;
    expect_values("{}", "1:{}");
    expect_values("{}\n{\"a\":[1,{}]}\n\n[]", "1:{} 2:{\"a\":[1,{}]} 4:[]");
    expect_values("{}{}[]", "1:{} 1:{} 1:[]");
    expect_values("{\n\"a\":\n1}\n{}", "1:{\n\"a\":\n1} 4:{}");
}

static void brackets_in_text_do_not_count(void **state) {
    (void)state;
    expect_values("{\"}\":\"\\\"}\"} {}", "1:{\"}\":\"\\\"}\"} 1:{}");
    expect_values("\"a{\" \"\\\\\" {}", "1:\"a{\" 1:\"\\\\\" 1:{}");
}

static void words_end_at_space_brackets_and_quotes(void **state) {
    (void)state;
    expect_values("1 true\nnull{}", "1:1 1:true 2:null 2:{}");
    expect_values("12\"a\"", "1:12 1:\"a\"");
}

static void what_is_left_at_the_end_is_a_value(void **state) {
    (void)state;
    expect_values("{} {\"a\":", "1:{} 1:{\"a\":");
    expect_values("}{}", "1:} 1:{}");
}

static void white_space_is_no_value(void **state) {
    (void)state;
    expect_values("", "");
    expect_values(" \n\t\r\n", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_cut_where_their_brackets_close),
        cmocka_unit_test(brackets_in_text_do_not_count),
        cmocka_unit_test(words_end_at_space_brackets_and_quotes),
        cmocka_unit_test(what_is_left_at_the_end_is_a_value),
        cmocka_unit_test(white_space_is_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
