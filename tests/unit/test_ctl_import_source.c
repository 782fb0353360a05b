/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl's import files: lines, their request ids, and the map that remembers them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "import_source.h"
#include "map.h"
#include "memory.h"

struct file {
    char path[32];
};

static struct file make_file(const void *bytes, size_t size) {
    struct file file = {"/tmp/ctl_source_XXXXXX"};
    int descriptor = mkstemp(file.path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, size), size);
    close(descriptor);
    return file;
}

static void file_deinit(struct file *file) {
    unlink(file->path);
}

static struct ctl_import_source *open_source(const struct file *file, bool keeps_ids) {
    struct ctl_import_source *source = ctl_import_source_open(file->path, keeps_ids);
    assert_non_null(source);
    return source;
}

static void expect_line(struct ctl_import_source *source, uint64_t number, const char *expected) {
    struct ctl_import_line line;
    assert_int_equal(ctl_import_source_next(source, &line), CTL_IMPORT_READ_LINE);
    assert_int_equal(line.number, number);
    assert_int_equal(line.size, strlen(expected));
    assert_memory_equal(line.text, expected, line.size);
}

static void expect_end(struct ctl_import_source *source) {
    struct ctl_import_line line;
    assert_int_equal(ctl_import_source_next(source, &line), CTL_IMPORT_READ_END);
}

static void blank_lines_are_skipped_and_counted(void **state) {
    (void)state;
    static const char TEXT[] = "\n{1}\r\n  \t\r\n{2}\n\n";
    NNRPC_CLEANUP(file_deinit) struct file file = make_file(TEXT, sizeof(TEXT) - 1);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    expect_line(source, 2, "{1}\r");
    expect_line(source, 4, "{2}");
    expect_end(source);
    expect_end(source);
}

static void the_last_line_needs_no_end(void **state) {
    (void)state;
    NNRPC_CLEANUP(file_deinit) struct file file = make_file("{1}\n{2}", 7);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    expect_line(source, 1, "{1}");
    expect_line(source, 2, "{2}");
    expect_end(source);
}

static void a_byte_order_mark_is_cut(void **state) {
    (void)state;
    NNRPC_CLEANUP(file_deinit) struct file file = make_file("\xEF\xBB\xBF{1}\n", 7);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    expect_line(source, 1, "{1}");
    expect_end(source);
}

static void an_empty_file_has_no_line(void **state) {
    (void)state;
    NNRPC_CLEANUP(file_deinit) struct file file = make_file("", 0);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    expect_end(source);
}

static void a_line_that_is_too_long_is_skipped_alone(void **state) {
    (void)state;
    size_t size = 3 * (size_t)CTL_IMPORT_LINE_BYTES + 5;
    NNRPC_CLEANUP(ctl_release) char *text = ctl_allocate(size + 12, 1);
    memcpy(text, "{1}\n", 4);
    memset(text + 4, 'x', size);
    memcpy(text + 4 + size, "\n{3}\n", 5);
    NNRPC_CLEANUP(file_deinit) struct file file = make_file(text, size + 9);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    struct ctl_import_line line;
    expect_line(source, 1, "{1}");
    assert_int_equal(ctl_import_source_next(source, &line), CTL_IMPORT_READ_TOO_LONG);
    assert_int_equal(line.number, 2);
    expect_line(source, 3, "{3}");
    expect_end(source);
}

static void the_longest_line_is_read(void **state) {
    (void)state;
    size_t size = CTL_IMPORT_LINE_BYTES;
    NNRPC_CLEANUP(ctl_release) char *text = ctl_allocate(size + 1, 1);
    memset(text, 'x', size);
    text[size] = '\n';
    NNRPC_CLEANUP(file_deinit) struct file file = make_file(text, size + 1);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    struct ctl_import_line line;
    assert_int_equal(ctl_import_source_next(source, &line), CTL_IMPORT_READ_LINE);
    assert_int_equal(line.size, size);
    expect_end(source);
}

#define IDS_MAX 4

struct ids {
    char ids[IDS_MAX][CTL_IMPORT_ID_BYTES];
    size_t count;
};

static struct ids read_ids(const char *text, bool keeps_ids) {
    NNRPC_CLEANUP(file_deinit) struct file file = make_file(text, strlen(text));
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, keeps_ids);
    struct ids ids = {0};
    struct ctl_import_line line;
    while (ctl_import_source_next(source, &line) == CTL_IMPORT_READ_LINE) {
        assert_true(ids.count < IDS_MAX);
        ctl_import_source_id(source, ids.ids[ids.count++]);
    }
    return ids;
}

static void ids_say_that_they_are_of_an_import_and_leave_room(void **state) {
    (void)state;
    struct ids ids = read_ids("{1}\n", false);
    assert_int_equal(strncmp(ids.ids[0], "import-", 7), 0);
    assert_int_equal(strcmp(ids.ids[0] + strlen(ids.ids[0]) - 2, "-1"), 0);
    assert_true(
        strlen("import-") + 32 + 1 + strlen("18446744073709551615") +
            strlen(CTL_IMPORT_RETIRE_SUFFIX) <
        CTL_IMPORT_ID_BYTES);
}

static void the_same_content_gives_the_same_ids(void **state) {
    (void)state;
    struct ids first = read_ids("{1}\n{2}\n", false);
    struct ids again = read_ids("{1}\n{2}", false);
    assert_int_equal(first.count, 2);
    assert_string_equal(first.ids[0], again.ids[0]);
    assert_string_equal(first.ids[1], again.ids[1]);
    assert_string_not_equal(first.ids[0], first.ids[1]);
}

static void an_edited_line_changes_the_ids_from_there_on(void **state) {
    (void)state;
    struct ids before = read_ids("{1}\n{2}\n{3}\n", false);
    struct ids after = read_ids("{1}\n{x}\n{3}\n{4}\n", false);
    assert_string_equal(before.ids[0], after.ids[0]);
    assert_string_not_equal(before.ids[1], after.ids[1]);
    assert_string_not_equal(before.ids[2], after.ids[2]);
}

static void the_same_line_twice_has_two_ids(void **state) {
    (void)state;
    struct ids ids = read_ids("{1}\n{1}\n", false);
    assert_string_not_equal(ids.ids[0], ids.ids[1]);
}

static void keeping_ids_gives_other_request_ids(void **state) {
    (void)state;
    struct ids without = read_ids("{1}\n", false);
    struct ids with = read_ids("{1}\n", true);
    assert_string_not_equal(without.ids[0], with.ids[0]);
}

static void a_file_that_grows_meanwhile_is_noticed(void **state) {
    (void)state;
    NNRPC_CLEANUP(file_deinit) struct file file = make_file("{1}\n", 4);
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = open_source(&file, false);
    assert_false(ctl_import_source_changed(source));
    FILE *more = fopen(file.path, "a");
    assert_non_null(more);
    fputs("{2}\n", more);
    fclose(more);
    assert_true(ctl_import_source_changed(source));
}

static void a_map_finds_what_it_was_given(void **state) {
    (void)state;
    NNRPC_CLEANUP(ctl_map_deinit) struct ctl_map map = {0};
    char key[24];
    assert_null(ctl_map_find(&map, "0"));
    for (uint64_t i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "%d", (int)i);
        ctl_map_set(&map, key, i);
    }
    ctl_map_set(&map, "7", 70);
    assert_int_equal(map.count, 5000);
    for (uint64_t i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof(key), "%d", (int)i);
        ctl_map_remove(&map, key);
    }
    assert_int_equal(map.count, 2500);
    assert_null(ctl_map_find(&map, "4998"));
    assert_int_equal(*ctl_map_find(&map, "4999"), 4999);
    assert_int_equal(*ctl_map_find(&map, "7"), 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_lines_are_skipped_and_counted),
        cmocka_unit_test(the_last_line_needs_no_end),
        cmocka_unit_test(a_byte_order_mark_is_cut),
        cmocka_unit_test(an_empty_file_has_no_line),
        cmocka_unit_test(a_line_that_is_too_long_is_skipped_alone),
        cmocka_unit_test(the_longest_line_is_read),
        cmocka_unit_test(ids_say_that_they_are_of_an_import_and_leave_room),
        cmocka_unit_test(the_same_content_gives_the_same_ids),
        cmocka_unit_test(an_edited_line_changes_the_ids_from_there_on),
        cmocka_unit_test(the_same_line_twice_has_two_ids),
        cmocka_unit_test(keeping_ids_gives_other_request_ids),
        cmocka_unit_test(a_file_that_grows_meanwhile_is_noticed),
        cmocka_unit_test(a_map_finds_what_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
