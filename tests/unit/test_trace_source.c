/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans whose ids come from a source.
 */
#include "trace_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPANS 50000

static int compare_spans(const void *left, const void *right) {
    const struct nnrpc_trace *a = left;
    const struct nnrpc_trace *b = right;
    return memcmp(a->span_id, b->span_id, sizeof(a->span_id));
}

static int compare_traces(const void *left, const void *right) {
    const struct nnrpc_trace *a = left;
    const struct nnrpc_trace *b = right;
    return memcmp(a->trace_id, b->trace_id, sizeof(a->trace_id));
}

static void ids_do_not_repeat(void **state) {
    (void)state;
    static struct nnrpc_trace traces[SPANS];
    struct nnrpc_trace_source sources[2];
    nnrpc_trace_source_init(&sources[0]);
    nnrpc_trace_source_init(&sources[1]);
    for (size_t i = 0; i < SPANS; i++) {
        nnrpc_trace_source_begin(&sources[i % 2], NULL, &traces[i]);
        assert_true(nnrpc_trace_is_set(&traces[i]));
    }
    qsort(traces, SPANS, sizeof(traces[0]), compare_spans);
    for (size_t i = 1; i < SPANS; i++) {
        assert_int_not_equal(compare_spans(&traces[i - 1], &traces[i]), 0);
    }
    qsort(traces, SPANS, sizeof(traces[0]), compare_traces);
    for (size_t i = 1; i < SPANS; i++) {
        assert_int_not_equal(compare_traces(&traces[i - 1], &traces[i]), 0);
    }
}

/* Half of the bits are set, and each of them about as often as not. */
static void every_bit_of_an_id_varies(void **state) {
    (void)state;
    struct nnrpc_trace_source source;
    nnrpc_trace_source_init(&source);
    unsigned counts[192] = {0};
    for (size_t i = 0; i < SPANS; i++) {
        struct nnrpc_trace trace;
        nnrpc_trace_source_begin(&source, NULL, &trace);
        for (size_t bit = 0; bit < 192; bit++) {
            const uint8_t *id = bit < 128 ? trace.trace_id : trace.span_id;
            size_t place = bit < 128 ? bit : bit - 128;
            counts[bit] += id[place / 8] >> place % 8 & 1;
        }
    }
    for (size_t bit = 0; bit < 192; bit++) {
        assert_in_range(counts[bit], SPANS / 2 - SPANS / 25, SPANS / 2 + SPANS / 25);
    }
}

static void a_span_is_below_its_parent(void **state) {
    (void)state;
    struct nnrpc_trace_source source;
    nnrpc_trace_source_init(&source);
    struct nnrpc_trace parent;
    struct nnrpc_trace child;
    nnrpc_trace_source_begin(&source, NULL, &parent);
    assert_int_equal(parent.flags, NNRPC_TRACE_SAMPLED);
    parent.flags = 0;
    nnrpc_trace_source_begin(&source, &parent, &child);
    assert_memory_equal(child.trace_id, parent.trace_id, sizeof(child.trace_id));
    assert_memory_equal(child.parent_span_id, parent.span_id, sizeof(child.span_id));
    assert_memory_not_equal(child.span_id, parent.span_id, sizeof(child.span_id));
    assert_int_equal(child.flags, 0);
}

static void a_span_below_none_begins_a_trace(void **state) {
    (void)state;
    struct nnrpc_trace_source source;
    nnrpc_trace_source_init(&source);
    const struct nnrpc_trace none = {0};
    struct nnrpc_trace trace;
    nnrpc_trace_source_begin(&source, &none, &trace);
    assert_true(nnrpc_trace_is_set(&trace));
    assert_memory_equal(trace.parent_span_id, none.span_id, sizeof(none.span_id));
    assert_int_equal(trace.flags, NNRPC_TRACE_SAMPLED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_do_not_repeat),
        cmocka_unit_test(every_bit_of_an_id_varies),
        cmocka_unit_test(a_span_is_below_its_parent),
        cmocka_unit_test(a_span_below_none_begins_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
