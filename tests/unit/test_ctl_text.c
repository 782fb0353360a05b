/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl's text: widths, cutting, durations, times, suggestions, counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "duration.h"
#include "exit_code.h"
#include "latency.h"
#include "suggest.h"
#include "text_width.h"

#define ELLIPSIS "\xE2\x80\xA6"
#define REPLACEMENT "\xEF\xBF\xBD"

static void expect_cut(const char *text, size_t width, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    size_t used = ctl_text_append_cut(&out, text, width);
    assert_string_equal(nnrpc_buffer_text(&out), expected);
    assert_int_equal(used, ctl_text_width(expected));
}

static void plain_text_is_as_wide_as_it_is_long(void **state) {
    (void)state;
    assert_int_equal(ctl_text_width(""), 0);
    assert_int_equal(ctl_text_width("Lavada"), 6);
}

static void wide_characters_take_two_columns(void **state) {
    (void)state;
    assert_int_equal(ctl_text_width("株式会社"), 8);
    assert_int_equal(ctl_text_width("Ślusarczyk"), 10);
}

static void combining_characters_take_no_column(void **state) {
    (void)state;
    assert_int_equal(ctl_text_width("e\xCC\x81"), 1);
}

static void text_that_fits_is_not_cut(void **state) {
    (void)state;
    expect_cut("Lavada", 6, "Lavada");
    expect_cut("Lavada", SIZE_MAX, "Lavada");
}

static void text_that_is_too_wide_ends_in_an_ellipsis(void **state) {
    (void)state;
    expect_cut("Lavada", 5, "Lava" ELLIPSIS);
    expect_cut("Lavada", 1, ELLIPSIS);
}

static void a_wide_character_is_never_cut_in_half(void **state) {
    (void)state;
    expect_cut("株式会社", 4, "株" ELLIPSIS);
    expect_cut("株式会社", 5, "株式" ELLIPSIS);
}

static void a_combining_character_stays_with_its_base(void **state) {
    (void)state;
    expect_cut("ae\xCC\x81xyz", 3, "ae\xCC\x81" ELLIPSIS);
}

static void control_characters_and_broken_bytes_are_replaced(void **state) {
    (void)state;
    expect_cut("a\x1b[1mb", SIZE_MAX, "a" REPLACEMENT "[1mb");
    expect_cut(
        "a\xFF"
        "b\xE6\xA0",
        SIZE_MAX, "a" REPLACEMENT "b" REPLACEMENT REPLACEMENT);
}

static void expect_duration(const char *text, uint32_t expected_ms) {
    uint32_t ms = 0;
    assert_true(ctl_duration_parse(text, &ms));
    assert_int_equal(ms, expected_ms);
}

static void durations_have_a_number_and_a_unit(void **state) {
    (void)state;
    expect_duration("1ms", 1);
    expect_duration("500ms", 500);
    expect_duration("10s", 10000);
    expect_duration("1.5s", 1500);
    expect_duration("2m", 120000);
    expect_duration("24h", 86400000);
}

static void what_is_no_duration_is_refused_and_leaves_the_output_alone(void **state) {
    (void)state;
    static const char *const WRONG[] = {"",    "10",    "s",    "-1s",  "1 s",   "1sec", "0s",
                                        "25h", "1e3s",  "1.s",  ".5s",  "+1s",   "1S",   "inf",
                                        "1ss", "0.1ms", "0x1s", "1,5s", "24.1h", " 1s"};
    for (size_t i = 0; i < NNRPC_LENGTH(WRONG); i++) {
        uint32_t ms = 77;
        assert_false(ctl_duration_parse(WRONG[i], &ms));
        assert_int_equal(ms, 77);
    }
}

static void a_duration_is_shown_with_hours_only_when_it_has_any(void **state) {
    (void)state;
    char text[CTL_TIME_TEXT_BYTES];
    ctl_duration_format(7, text);
    assert_string_equal(text, "0:07");
    ctl_duration_format(754, text);
    assert_string_equal(text, "12:34");
    ctl_duration_format(3723, text);
    assert_string_equal(text, "1:02:03");
}

static void expect_time(const char *text, int64_t expected_seconds, int32_t expected_nanos) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    assert_true(ctl_time_parse(text, &seconds, &nanos));
    assert_int_equal(seconds, expected_seconds);
    assert_int_equal(nanos, expected_nanos);
}

static void times_are_dates_or_rfc_3339(void **state) {
    (void)state;
    expect_time("1970-01-01", 0, 0);
    expect_time("2026-03-01", 1772323200, 0);
    expect_time("2026-03-01T08:30:00Z", 1772353800, 0);
    expect_time("2026-03-01T08:30:00.25Z", 1772353800, 250000000);
    expect_time("2026-03-01T09:30:00+01:00", 1772353800, 0);
    expect_time("2026-03-01T03:00:00-05:30", 1772353800, 0);
    expect_time("2024-02-29", 1709164800, 0);
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const WRONG[] = {
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2025-02-29",
        "0000-01-01",
        "2026-3-1",
        "2026-03-01T08:30:00",
        "2026-03-01T24:00:00Z",
        "2026-03-01T08:30:00.Z",
        "2026-03-01T08:30:00.1234567890Z",
        "2026-03-01T08:30:00+1:00",
        "2026-03-01 ",
        "2026-03-01T08:30:00Zx"};
    for (size_t i = 0; i < NNRPC_LENGTH(WRONG); i++) {
        int64_t seconds = 77;
        int32_t nanos = 77;
        assert_false(ctl_time_parse(WRONG[i], &seconds, &nanos));
        assert_int_equal(seconds, 77);
        assert_int_equal(nanos, 77);
    }
}

static void a_time_is_shown_in_utc(void **state) {
    (void)state;
    char text[CTL_TIME_TEXT_BYTES];
    ctl_time_format(1772353800, text);
    assert_string_equal(text, "2026-03-01 08:30:00Z");
    ctl_time_format(INT64_MAX, text);
    assert_string_equal(text, "");
}

static void edits_are_counted_with_swaps_as_one(void **state) {
    (void)state;
    assert_int_equal(ctl_edit_distance("list", "list"), 0);
    assert_int_equal(ctl_edit_distance("lsit", "list"), 1);
    assert_int_equal(ctl_edit_distance("lst", "list"), 1);
    assert_int_equal(ctl_edit_distance("liszt", "list"), 1);
    assert_int_equal(ctl_edit_distance("", "list"), 4);
    assert_int_equal(ctl_edit_distance("contact", "customer"), 6);
}

static const char *suggest(const char *typed) {
    static const char *const KNOWN[] = {"contact", "customer", "change", "import", "export"};
    struct ctl_suggestion suggestion = {.typed = typed};
    for (size_t i = 0; i < NNRPC_LENGTH(KNOWN); i++) {
        ctl_suggestion_offer(&suggestion, KNOWN[i]);
    }
    return suggestion.best;
}

static void the_nearest_word_is_suggested_and_nothing_far_away(void **state) {
    (void)state;
    assert_string_equal(suggest("contcat"), "contact");
    assert_string_equal(suggest("imprt"), "import");
    assert_string_equal(suggest("exporte"), "export");
    assert_string_equal(suggest("cust"), "customer");
    assert_null(suggest("frobnicate"));
    assert_null(suggest("x"));
}

static void a_quantile_lies_in_its_bucket(void **state) {
    (void)state;
    const uint64_t BUCKETS[] = {0, 0, 0, 50, 0, 0, 50, 0}; /* 4 to 8 us, 32 to 64 us */
    double median = ctl_latency_quantile(BUCKETS, NNRPC_LENGTH(BUCKETS), 1, 0.5);
    double tail = ctl_latency_quantile(BUCKETS, NNRPC_LENGTH(BUCKETS), 1, 0.99);
    assert_true(median >= 4 && median <= 8);
    assert_true(tail > 60 && tail <= 64);
    assert_true(ctl_latency_quantile(BUCKETS, 0, 1, 0.5) == 0);
}

static void finer_buckets_give_nearer_quantiles(void **state) {
    (void)state;
    uint64_t fine[28] = {0};
    fine[4 * 3 + 2] = 100; /* the third quarter of 4 to 8 us */
    double median = ctl_latency_quantile(fine, NNRPC_LENGTH(fine), CTL_LATENCY_FINE_PARTS, 0.5);
    assert_true(median > 6.49 && median < 6.51);
    fine[1] = 300; /* 0.25 to 0.5 us */
    median = ctl_latency_quantile(fine, NNRPC_LENGTH(fine), CTL_LATENCY_FINE_PARTS, 0.5);
    assert_true(median > 0.41 && median < 0.42);
}

static void latencies_are_shown_in_the_unit_that_suits_them(void **state) {
    (void)state;
    char text[CTL_LATENCY_TEXT_BYTES];
    ctl_latency_format(0.5, text);
    assert_string_equal(text, "0.5us");
    ctl_latency_format(85.4, text);
    assert_string_equal(text, "85us");
    ctl_latency_format(1234, text);
    assert_string_equal(text, "1.2ms");
    ctl_latency_format(12e6, text);
    assert_string_equal(text, "12s");
}

static void every_code_has_an_exit_code_that_help_explains(void **state) {
    (void)state;
    for (int code = 0; code < NNRPC_CODE_COUNT; code++) {
        bool is_explained = false;
        for (size_t i = 0; i < ctl_exit_description_count; i++) {
            is_explained |=
                ctl_exit_descriptions[i].exit == ctl_exit_of_code((enum nnrpc_code)code);
        }
        assert_true(is_explained);
        assert_int_equal(code == 0, ctl_exit_of_code((enum nnrpc_code)code) == CTL_OK);
    }
    assert_int_equal(ctl_exit_of_code(NNRPC_NOT_FOUND), 3);
    assert_int_equal(ctl_exit_of_code(NNRPC_ABORTED), 4);
    assert_int_equal(ctl_exit_of_code(NNRPC_UNAVAILABLE), 5);
    assert_int_equal(ctl_exit_of_code(NNRPC_UNAUTHENTICATED), 6);
    assert_int_equal(ctl_exit_of_code(NNRPC_INVALID_ARGUMENT), 8);
    assert_int_equal(ctl_exit_of_code(NNRPC_INTERNAL), 1);
}

static int set_up(void **state) {
    (void)state;
    ctl_text_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_as_wide_as_it_is_long),
        cmocka_unit_test(wide_characters_take_two_columns),
        cmocka_unit_test(combining_characters_take_no_column),
        cmocka_unit_test(text_that_fits_is_not_cut),
        cmocka_unit_test(text_that_is_too_wide_ends_in_an_ellipsis),
        cmocka_unit_test(a_wide_character_is_never_cut_in_half),
        cmocka_unit_test(a_combining_character_stays_with_its_base),
        cmocka_unit_test(control_characters_and_broken_bytes_are_replaced),
        cmocka_unit_test(durations_have_a_number_and_a_unit),
        cmocka_unit_test(what_is_no_duration_is_refused_and_leaves_the_output_alone),
        cmocka_unit_test(a_duration_is_shown_with_hours_only_when_it_has_any),
        cmocka_unit_test(times_are_dates_or_rfc_3339),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_is_shown_in_utc),
        cmocka_unit_test(edits_are_counted_with_swaps_as_one),
        cmocka_unit_test(the_nearest_word_is_suggested_and_nothing_far_away),
        cmocka_unit_test(a_quantile_lies_in_its_bucket),
        cmocka_unit_test(finer_buckets_give_nearer_quantiles),
        cmocka_unit_test(latencies_are_shown_in_the_unit_that_suits_them),
        cmocka_unit_test(every_code_has_an_exit_code_that_help_explains),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
