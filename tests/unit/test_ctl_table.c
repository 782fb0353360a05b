/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl's tables and progress lines: what is written for which width.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "progress.h"
#include "table.h"
#include "text_width.h"

static const struct ctl_column COLUMNS[] = {
    {.title = "ID", .is_whole = true},
    {.title = "NAME"},
    {.title = "COMPANY", .rank = 2},
    {.title = "EMAIL", .rank = 1},
};

static void add_row(
    struct ctl_table *table, const char *id, const char *name, const char *company,
    const char *email) {
    ctl_table_add(table, id);
    ctl_table_add(table, name);
    ctl_table_add(table, company);
    ctl_table_add(table, email);
}

static void expect_table(size_t width, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table = ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), width);
    add_row(table, "1", "Lavada Gutmann", "Lind and Sons", "lavada@example.net");
    add_row(table, "20", "Ślusarczyk", "合名会社山田", NULL);
    ctl_table_flush(table, &out);
    assert_string_equal(nnrpc_buffer_text(&out), expected);
}

static void off_a_terminal_a_table_is_as_wide_as_it_is(void **state) {
    (void)state;
    expect_table(
        0, "ID  NAME            COMPANY        EMAIL\n"
           "1   Lavada Gutmann  Lind and Sons  lavada@example.net\n"
           "20  Ślusarczyk      合名会社山田\n");
}

static void a_table_that_fits_is_not_cut(void **state) {
    (void)state;
    expect_table(
        53, "ID  NAME            COMPANY        EMAIL\n"
            "1   Lavada Gutmann  Lind and Sons  lavada@example.net\n"
            "20  Ślusarczyk      合名会社山田\n");
}

static void the_widest_columns_are_cut_first(void **state) {
    (void)state;
    expect_table(
        48, "ID  NAME            COMPANY        EMAIL\n"
            "1   Lavada Gutmann  Lind and Sons  lavada@examp…\n"
            "20  Ślusarczyk      合名会社山田\n");
}

static void wide_characters_are_cut_between_each_other(void **state) {
    (void)state;
    expect_table(
        40, "ID  NAME         COMPANY      EMAIL\n"
            "1   Lavada Gut…  Lind and S…  lavada@ex…\n"
            "20  Ślusarczyk   合名会社山…\n");
}

static void a_narrow_terminal_leaves_out_the_least_important_column(void **state) {
    (void)state;
    expect_table(
        34, "ID  NAME            EMAIL\n"
            "1   Lavada Gutmann  lavada@exampl…\n"
            "20  Ślusarczyk\n");
}

static void what_must_stay_is_cut_to_the_end(void **state) {
    (void)state;
    expect_table(
        9, "ID  NAME\n"
           "1   Lava…\n"
           "20  Ślus…\n");
}

static void no_line_is_wider_than_the_terminal(void **state) {
    (void)state;
    for (size_t width = 8; width < 60; width++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
        NNRPC_CLEANUP(ctl_table_freep)
        struct ctl_table *table = ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), width);
        add_row(table, "1", "Lavada Gutmann", "合名会社山田合名会社山田", "lavada@example.net");
        ctl_table_flush(table, &out);
        char *rest = NULL;
        char *text = (char *)out.data;
        assert_non_null(nnrpc_buffer_text(&out));
        text = (char *)out.data;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            assert_true(ctl_text_width(line) <= width);
        }
    }
}

static void later_pages_keep_the_columns_of_the_first(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    static const struct ctl_column TWO[] = {{.title = "A"}, {.title = "B"}};
    NNRPC_CLEANUP(ctl_table_freep) struct ctl_table *table = ctl_table_new(TWO, 2, 0);
    ctl_table_add(table, "long");
    ctl_table_add(table, "1");
    ctl_table_flush(table, &out);
    ctl_table_add(table, "x");
    ctl_table_add(table, "2");
    ctl_table_flush(table, &out);
    assert_string_equal(nnrpc_buffer_text(&out), "A     B\nlong  1\nx     2\n");
}

static void numbers_stand_to_the_right(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    static const struct ctl_column TWO[] = {{.title = "CALLS", .is_right = true}, {.title = "B"}};
    NNRPC_CLEANUP(ctl_table_freep) struct ctl_table *table = ctl_table_new(TWO, 2, 0);
    ctl_table_add(table, "7");
    ctl_table_add(table, "x");
    ctl_table_flush(table, &out);
    assert_string_equal(nnrpc_buffer_text(&out), "CALLS  B\n    7  x\n");
}

static void an_empty_table_has_its_titles(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table = ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), 80);
    ctl_table_flush(table, &out);
    assert_string_equal(nnrpc_buffer_text(&out), "ID  NAME  COMPANY  EMAIL\n");
}

static void expect_progress(
    const struct ctl_progress_state *progress, size_t width, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    ctl_progress_append(&out, progress, width);
    assert_string_equal(nnrpc_buffer_text(&out), expected);
}

static void progress_shows_bar_count_rate_and_time_left(void **state) {
    (void)state;
    struct ctl_progress_state progress = {
        .what = "import",
        .unit = "lines",
        .item_count = 1234567,
        .fraction = 0.25,
        .elapsed_ms = 10000,
        .rate = 123456.7};
    expect_progress(
        &progress, 200,
        "import [######------------------]  25%  1,234,567 lines  123,457/s  0:30 left");
}

static void progress_without_an_end_shows_the_time_passed(void **state) {
    (void)state;
    struct ctl_progress_state progress = {
        .what = "export", .unit = "lines", .item_count = 999, .fraction = -1, .elapsed_ms = 61000};
    expect_progress(&progress, 200, "export  999 lines  0/s  1:01");
}

static void progress_never_passes_its_end_or_the_terminal(void **state) {
    (void)state;
    struct ctl_progress_state progress = {
        .what = "import", .unit = "lines", .item_count = 1, .fraction = 1.5, .elapsed_ms = 1000};
    expect_progress(
        &progress, 200, "import [########################] 100%  1 lines  0/s  0:00 left");
    expect_progress(&progress, 10, "import [#…");
}

static int set_up(void **state) {
    (void)state;
    ctl_text_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_a_terminal_a_table_is_as_wide_as_it_is),
        cmocka_unit_test(a_table_that_fits_is_not_cut),
        cmocka_unit_test(the_widest_columns_are_cut_first),
        cmocka_unit_test(wide_characters_are_cut_between_each_other),
        cmocka_unit_test(a_narrow_terminal_leaves_out_the_least_important_column),
        cmocka_unit_test(what_must_stay_is_cut_to_the_end),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(later_pages_keep_the_columns_of_the_first),
        cmocka_unit_test(numbers_stand_to_the_right),
        cmocka_unit_test(an_empty_table_has_its_titles),
        cmocka_unit_test(progress_shows_bar_count_rate_and_time_left),
        cmocka_unit_test(progress_without_an_end_shows_the_time_passed),
        cmocka_unit_test(progress_never_passes_its_end_or_the_terminal),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
