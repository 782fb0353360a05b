/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace context as https://www.w3.org/TR/trace-context/ has it.
 */
#include "nnrpc/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static bool parse(const char *text, struct nnrpc_trace *out_trace) {
    return nnrpc_trace_parse(text, strlen(text), out_trace);
}

static void what_is_read_is_written_again(void **state) {
    (void)state;
    struct nnrpc_trace trace;
    assert_true(parse(SAMPLED, &trace));
    char text[NNRPC_TRACEPARENT_TEXT_BYTES];
    nnrpc_trace_format(&trace, text);
    assert_string_equal(text, SAMPLED);
    char id[NNRPC_TRACE_ID_TEXT_BYTES];
    nnrpc_trace_id_text(&trace, id);
    assert_string_equal(id, "4bf92f3577b34da6a3ce929d0e0e4736");
    char span[NNRPC_SPAN_ID_TEXT_BYTES];
    nnrpc_span_id_text(trace.span_id, span);
    assert_string_equal(span, "00f067aa0ba902b7");
}

static void a_later_version_is_read_by_what_it_shares(void **state) {
    (void)state;
    struct nnrpc_trace trace;
    assert_true(parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", &trace));
    assert_int_equal(trace.flags, NNRPC_TRACE_SAMPLED);
    assert_true(parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more", &trace));
    assert_int_equal(trace.flags, 0);
}

static void what_is_no_traceparent_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00more",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct nnrpc_trace trace = {.flags = 7};
        assert_false(parse(wrong[i], &trace));
        assert_int_equal(trace.flags, 7);
    }
}

static void a_span_below_another_keeps_its_trace(void **state) {
    (void)state;
    struct nnrpc_trace parent;
    assert_true(parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", &parent));
    struct nnrpc_trace child;
    nnrpc_trace_begin(&parent, &child);
    assert_memory_equal(child.trace_id, parent.trace_id, NNRPC_TRACE_ID_BYTES);
    assert_memory_equal(child.parent_span_id, parent.span_id, NNRPC_SPAN_ID_BYTES);
    assert_memory_not_equal(child.span_id, parent.span_id, NNRPC_SPAN_ID_BYTES);
    assert_int_equal(child.flags, 0);
}

static void without_a_parent_a_trace_begins(void **state) {
    (void)state;
    static const uint8_t zero[NNRPC_SPAN_ID_BYTES];
    struct nnrpc_trace none = {0};
    assert_false(nnrpc_trace_is_set(&none));
    struct nnrpc_trace first;
    struct nnrpc_trace second;
    nnrpc_trace_begin(NULL, &first);
    nnrpc_trace_begin(&none, &second);
    assert_true(nnrpc_trace_is_set(&first));
    assert_true(nnrpc_trace_is_set(&second));
    assert_memory_not_equal(first.trace_id, second.trace_id, NNRPC_TRACE_ID_BYTES);
    assert_memory_equal(first.parent_span_id, zero, sizeof(zero));
    assert_int_equal(first.flags, NNRPC_TRACE_SAMPLED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_again),
        cmocka_unit_test(a_later_version_is_read_by_what_it_shares),
        cmocka_unit_test(what_is_no_traceparent_is_refused),
        cmocka_unit_test(a_span_below_another_keeps_its_trace),
        cmocka_unit_test(without_a_parent_a_trace_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
