/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the log, segments, and the log as a chain of them: what comes back is what was
 * written, and nothing that was not written whole ever does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/durability.h"
#include "store/log.h"
#include "store/log_record.h"
#include "store/segment.h"
#include "store_fixture.h"
#include "store_folder.h"

#define SEGMENT_BYTES (64 * 1024)
#define OLD_ENTRIES 40

static const struct segment_identity identity = {.store_id = {1, 2, 3}, .epoch = 4};

static int setup(void **state) {
    static char folder[64];
    snprintf(folder, sizeof(folder), "/tmp/store-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int teardown(void **state) {
    folder_remove(*state);
    return 0;
}

static struct nnrpc_slice slice(const char *text) {
    return (struct nnrpc_slice){.data = (const uint8_t *)text, .size = strlen(text)};
}

static void expect_slice(struct nnrpc_slice actual, const char *expected) {
    assert_int_equal(actual.size, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.size);
}

/* --- Records ------------------------------------------------------------------------------ */

static void records_come_back_as_they_were(void **state) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer packed = {0};
    const struct log_record whole = {
        .change = slice("change"),
        .secret_contact_id = 7,
        .secret = slice("$argon2id$"),
        .next_customer_number = UINT64_MAX,
        .request_key = slice("key"),
        .request_value = slice("value"),
    };
    const struct log_record empty = {0};
    struct log_record read;
    bool failed = false;
    (void)state;
    log_record_append(&whole, &packed);
    log_record_append(&empty, &packed);
    struct nnrpc_slice left = {.data = packed.data, .size = packed.size};
    assert_true(log_record_next(&left, &read, &failed));
    expect_slice(read.change, "change");
    assert_int_equal(read.secret_contact_id, 7);
    expect_slice(read.secret, "$argon2id$");
    assert_true(read.next_customer_number == UINT64_MAX);
    expect_slice(read.request_key, "key");
    expect_slice(read.request_value, "value");
    assert_true(log_record_next(&left, &read, &failed));
    assert_int_equal(read.change.size, 0);
    assert_int_equal(read.secret_contact_id, 0);
    assert_false(log_record_next(&left, &read, &failed));
    assert_false(failed);
}

static void bytes_that_are_no_records_are_told_from_the_end(void **state) {
    static const char *const wrong[] = {"\x0a\x7f", "\x12\x01x", "\x0a\x02\x3a\x00", "\x08\x01"};
    (void)state;
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        struct nnrpc_slice left = {.data = (const uint8_t *)wrong[i], .size = i == 2 ? 4 : 2};
        struct log_record read;
        bool failed = false;
        assert_false(log_record_next(&left, &read, &failed));
        assert_true(failed);
    }
}

/* --- Segments ----------------------------------------------------------------------------- */

static void write_entry(
    struct segment *segment, uint64_t sequence, enum segment_entry_kind kind, const char *text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct segment_entry entry = {.kind = kind, .sequence = sequence, .revision = 100};
    durability_begin_entry(&bytes);
    nnrpc_buffer_append_text(&bytes, text);
    assert_true(segment_has_room(segment, strlen(text)));
    assert_int_equal(segment_write(segment, &entry, &bytes, &status), NNRPC_OK);
    assert_int_equal(segment_sync(segment, &status), NNRPC_OK);
}

static struct segment make_segment(const char *folder, uint64_t number) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment segment;
    if (segment_make(folder, &identity, number, SEGMENT_BYTES, &segment, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    return segment;
}

/* How many entries a segment gives, in order; what they hold is checked by their sequences. */
static uint64_t count_entries(const char *folder, uint64_t number) {
    NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment_entry entry;
    uint64_t count = 0;
    assert_int_equal(segment_reader_open(folder, &identity, number, &reader, &status), NNRPC_OK);
    while (segment_reader_next(&reader, &entry)) {
        count++;
        assert_int_equal(entry.sequence, count);
    }
    return count;
}

static void entries_come_back_in_order(void **state) {
    const char *folder = *state;
    NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment_entry entry;
    struct segment segment = make_segment(folder, 9);
    write_entry(&segment, 1, SEGMENT_GROUP, "first");
    write_entry(&segment, 2, SEGMENT_ANNUL, "");
    segment_close(&segment);
    assert_int_equal(segment_reader_open(folder, &identity, 9, &reader, &status), NNRPC_OK);
    assert_true(segment_reader_next(&reader, &entry));
    assert_int_equal(entry.kind, SEGMENT_GROUP);
    assert_int_equal(entry.sequence, 1);
    assert_int_equal(entry.revision, 100);
    expect_slice(entry.records, "first");
    assert_true(segment_reader_next(&reader, &entry));
    assert_int_equal(entry.kind, SEGMENT_ANNUL);
    assert_int_equal(entry.records.size, 0);
    assert_false(segment_reader_next(&reader, &entry));
    assert_false(segment_reader_has_stray(&reader));
}

/* The path of segment 1. */
static void path_of_first(const char *folder, char out_path[128]) {
    char name[SEGMENT_NAME_BYTES];
    segment_name(1, name);
    snprintf(out_path, 128, "%s/%s", folder, name);
}

static void a_tail_torn_at_any_byte_takes_its_entry_alone(void **state) {
    const char *folder = *state;
    char path[128];
    struct segment segment = make_segment(folder, 1);
    write_entry(&segment, 1, SEGMENT_GROUP, "the first, which is durable");
    uint64_t begin = segment.end;
    write_entry(&segment, 2, SEGMENT_GROUP, "the second, \x01\x02\x03 of which a part arrives");
    uint8_t whole[256];
    size_t size = segment.end - begin;
    assert_true(size < sizeof(whole));
    assert_int_equal(pread(segment.descriptor, whole, size, (off_t)begin), size);
    segment_close(&segment);
    path_of_first(folder, path);
    int descriptor = open(path, O_RDWR);
    size_t last = size;
    while (whole[last - 1] == 0) {
        last--; /* padding, and zeros that were there before */
    }
    for (size_t kept = 0; kept <= size; kept++) {
        static const uint8_t zeros[sizeof(whole)];
        assert_int_equal(pwrite(descriptor, zeros, size, (off_t)begin), size);
        assert_int_equal(pwrite(descriptor, whole, kept, (off_t)begin), kept);
        assert_int_equal(count_entries(folder, 1), kept < last ? 1 : 2);
    }
    close(descriptor);
}

static void a_flipped_bit_anywhere_spoils_its_entry(void **state) {
    const char *folder = *state;
    char name[SEGMENT_NAME_BYTES];
    struct segment segment = make_segment(folder, 1);
    uint64_t begin = segment.end;
    write_entry(&segment, 1, SEGMENT_GROUP, "forty bytes that nobody has touched, yet");
    uint64_t end = begin + SEGMENT_ENTRY_HEAD_BYTES + 40;
    segment_close(&segment);
    segment_name(1, name);
    for (uint64_t at = begin; at < end; at++) {
        folder_flip(folder, name, (long)at);
        assert_int_equal(count_entries(folder, 1), 0);
        folder_flip(folder, name, (long)at);
        assert_int_equal(count_entries(folder, 1), 1);
    }
}

static void an_entry_behind_a_spoilt_one_is_a_stray(void **state) {
    const char *folder = *state;
    NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment_entry entry;
    char name[SEGMENT_NAME_BYTES];
    struct segment segment = make_segment(folder, 1);
    write_entry(&segment, 1, SEGMENT_GROUP, "spoilt");
    write_entry(&segment, 2, SEGMENT_GROUP, "whole");
    segment_close(&segment);
    segment_name(1, name);
    folder_flip(folder, name, SEGMENT_HEAD_BYTES + SEGMENT_ENTRY_HEAD_BYTES);
    assert_int_equal(segment_reader_open(folder, &identity, 1, &reader, &status), NNRPC_OK);
    assert_false(segment_reader_next(&reader, &entry));
    assert_true(segment_reader_has_stray(&reader));
}

static void recycled_bytes_never_pass(void **state) {
    const char *folder = *state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment segment = make_segment(folder, 1);
    for (uint64_t i = 1; i <= OLD_ENTRIES; i++) {
        write_entry(&segment, i, SEGMENT_GROUP, "the same size");
    }
    segment_close(&segment);
    assert_int_equal(segment_recycle(folder, 1, &identity, 2, &segment, &status), NNRPC_OK);
    assert_int_equal(segment.size_bytes, SEGMENT_BYTES);
    for (uint64_t i = 0; i <= OLD_ENTRIES; i++) {
        NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
        assert_int_equal(count_entries(folder, 2), i);
        assert_int_equal(segment_reader_open(folder, &identity, 2, &reader, &status), NNRPC_OK);
        reader.at = SEGMENT_HEAD_BYTES + i * 64;
        assert_false(segment_reader_has_stray(&reader));
        write_entry(&segment, i + 1, SEGMENT_GROUP, "the same size");
    }
    segment_close(&segment);
    char name[SEGMENT_NAME_BYTES];
    segment_name(1, name);
    assert_false(folder_has(folder, name));
}

static void a_segment_of_another_epoch_or_store_is_refused(void **state) {
    const char *folder = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment_reader reader = {0};
    struct segment_identity other = identity;
    struct segment segment = make_segment(folder, 1);
    segment_close(&segment);
    other.epoch++;
    assert_int_equal(
        segment_reader_open(folder, &other, 1, &reader, &status), NNRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(status.message, "another store or epoch"));
    other = identity;
    other.store_id[0]++;
    assert_int_equal(
        segment_reader_open(folder, &other, 1, &reader, &status), NNRPC_FAILED_PRECONDITION);
    assert_null(reader.bytes.data);
}

static void a_segment_whose_head_was_never_written_is_empty(void **state) {
    const char *folder = *state;
    char path[128];
    struct segment segment = make_segment(folder, 1);
    write_entry(&segment, 1, SEGMENT_GROUP, "an entry");
    segment_close(&segment);
    path_of_first(folder, path);
    for (long size = SEGMENT_HEAD_BYTES - 1; size >= 0; size -= 1365) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(count_entries(folder, 1), 0);
    }
}

/* --- The log ------------------------------------------------------------------------------ */

static struct log *open_log(const char *folder) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct log *log = NULL;
    const struct log_options options = {
        .folder = folder, .identity = identity, .number = 1, .segment_bytes = SEGMENT_BYTES};
    assert_int_equal(log_open(&options, &log, &status), NNRPC_OK);
    return log;
}

static void log_text(struct log *log, uint64_t sequence, size_t size) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct segment_entry entry = {.kind = SEGMENT_GROUP, .sequence = sequence};
    durability_begin_entry(&bytes);
    assert_non_null(nnrpc_buffer_reserve(&bytes, size));
    memset(bytes.data + bytes.size, 'x', size);
    bytes.size += size;
    assert_int_equal(log_write(log, &entry, &bytes, &status), NNRPC_OK);
    assert_int_equal(log_sync(log, &status), NNRPC_OK);
}

static void a_full_segment_is_followed_by_the_next(void **state) {
    const char *folder = *state;
    struct log *log = open_log(folder);
    for (uint64_t i = 1; i <= 40; i++) {
        log_text(log, i, 5000);
    }
    uint64_t last = log_segment(log);
    assert_true(last >= 4);
    log_close(log);
    uint64_t sequence = 0;
    for (uint64_t number = 1; number <= last; number++) {
        NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
        struct nnrpc_status status = NNRPC_STATUS_INIT;
        struct segment_entry entry;
        assert_int_equal(
            segment_reader_open(folder, &identity, number, &reader, &status), NNRPC_OK);
        while (segment_reader_next(&reader, &entry)) {
            assert_int_equal(entry.sequence, ++sequence);
            assert_int_equal(entry.records.size, 5000);
        }
    }
    assert_int_equal(sequence, 40);
}

static void an_entry_above_a_segments_size_gets_one_of_its_own(void **state) {
    const char *folder = *state;
    struct log *log = open_log(folder);
    log_text(log, 1, 100);
    log_text(log, 2, 5 * SEGMENT_BYTES);
    log_text(log, 3, 100);
    uint64_t last = log_segment(log);
    log_close(log);
    NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct segment_entry entry;
    assert_int_equal(segment_reader_open(folder, &identity, last - 1, &reader, &status), NNRPC_OK);
    assert_true(segment_reader_next(&reader, &entry));
    assert_int_equal(entry.sequence, 2);
    assert_int_equal(entry.records.size, 5 * SEGMENT_BYTES);
}

static void segments_that_are_not_needed_are_used_again(void **state) {
    const char *folder = *state;
    struct log *log = open_log(folder);
    uint64_t sequence = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 20; i++) {
            log_text(log, ++sequence, 5000);
        }
        log_release_below(log, log_segment(log));
        assert_true(log_size_bytes(log) <= 3 * SEGMENT_BYTES);
        assert_true(folder_count_segments(folder) <= 8);
    }
    assert_true(log_segment(log) > 20);
    log_close(log);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(bytes_that_are_no_records_are_told_from_the_end),
        TEST(entries_come_back_in_order),
        TEST(a_tail_torn_at_any_byte_takes_its_entry_alone),
        TEST(a_flipped_bit_anywhere_spoils_its_entry),
        TEST(an_entry_behind_a_spoilt_one_is_a_stray),
        TEST(recycled_bytes_never_pass),
        TEST(a_segment_of_another_epoch_or_store_is_refused),
        TEST(a_segment_whose_head_was_never_written_is_empty),
        TEST(a_full_segment_is_followed_by_the_next),
        TEST(an_entry_above_a_segments_size_gets_one_of_its_own),
        TEST(segments_that_are_not_needed_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
