/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growing buffer.
 */
#include "expect_status.h"

#include <stdio.h>
#include <stdlib.h>

#include "nnrpc/buffer.h"

static void an_empty_buffer_owns_nothing(void **state) {
    (void)state;
    struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append(&buffer, NULL, 0);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
    nnrpc_buffer_deinit(&buffer);
    nnrpc_buffer_deinit(NULL);
}

static void appended_bytes_stand_in_order(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append(&buffer, "a\0b", 3);
    nnrpc_buffer_append_text(&buffer, "cd");
    nnrpc_buffer_append_format(&buffer, "%d-%s", 7, "e");
    assert_int_equal(buffer.size, 8);
    assert_memory_equal(buffer.data, "a\0bcd7-e", 8);
    assert_false(buffer.failed);
}

static void text_is_terminated_but_the_terminator_is_not_counted(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    assert_string_equal(nnrpc_buffer_text(&buffer), "");
    nnrpc_buffer_append_text(&buffer, "abc");
    assert_string_equal(nnrpc_buffer_text(&buffer), "abc");
    assert_int_equal(buffer.size, 3);
    nnrpc_buffer_append_text(&buffer, "d");
    assert_string_equal(nnrpc_buffer_text(&buffer), "abcd");
}

static void a_million_appends_keep_every_byte(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    for (uint32_t number = 0; number < 1000000; number++) {
        uint8_t byte = (uint8_t)(number * 31);
        nnrpc_buffer_append(&buffer, &byte, 1);
    }
    assert_int_equal(buffer.size, 1000000);
    for (uint32_t number = 0; number < 1000000; number++) {
        assert_true(buffer.data[number] == (uint8_t)(number * 31));
    }
}

static void formatting_longer_than_the_room_is_complete(void **state) {
    (void)state;
    for (int width = 1; width < 300; width++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
        nnrpc_buffer_append_text(&buffer, "<");
        nnrpc_buffer_append_format(&buffer, "%0*d", width, 0);
        nnrpc_buffer_append_text(&buffer, ">");
        assert_int_equal(buffer.size, width + 2);
        assert_int_equal(buffer.data[0], '<');
        assert_int_equal(strspn(nnrpc_buffer_text(&buffer) + 1, "0"), width);
        assert_int_equal(buffer.data[buffer.size - 1], '>');
    }
}

static void reserved_room_may_be_used_in_part(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append_text(&buffer, "ab");
    uint8_t *room = nnrpc_buffer_reserve(&buffer, 1000);
    assert_non_null(room);
    assert_ptr_equal(room, buffer.data + 2);
    memset(room, 'x', 1000);
    buffer.size += 1;
    assert_string_equal(nnrpc_buffer_text(&buffer), "abx");
    assert_non_null(nnrpc_buffer_reserve(&buffer, 0));
}

static void a_failure_sticks_until_cleared(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append_text(&buffer, "kept");
    assert_null(nnrpc_buffer_reserve(&buffer, SIZE_MAX - 8));
    assert_true(buffer.failed);
    nnrpc_buffer_append_text(&buffer, "lost");
    nnrpc_buffer_append_format(&buffer, "%d", 1);
    assert_null(nnrpc_buffer_text(&buffer));
    assert_null(nnrpc_buffer_reserve(&buffer, 1));
    assert_int_equal(buffer.size, 4);
    nnrpc_buffer_clear(&buffer);
    assert_false(buffer.failed);
    nnrpc_buffer_append_text(&buffer, "new");
    assert_string_equal(nnrpc_buffer_text(&buffer), "new");
}

static void sizes_that_overflow_fail_without_a_write(void **state) {
    (void)state;
    static const size_t SIZES[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2};
    for (size_t index = 0; index < NNRPC_LENGTH(SIZES); index++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
        nnrpc_buffer_append_text(&buffer, "a");
        assert_null(nnrpc_buffer_reserve(&buffer, SIZES[index]));
        assert_true(buffer.failed);
        assert_int_equal(buffer.size, 1);
    }
}

static void clearing_keeps_the_memory(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append_format(&buffer, "%0500d", 0);
    const uint8_t *data = buffer.data;
    size_t capacity = buffer.capacity;
    nnrpc_buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    nnrpc_buffer_append_format(&buffer, "%0400d", 0);
    assert_ptr_equal(buffer.data, data);
    assert_int_equal(buffer.capacity, capacity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_owns_nothing),
        cmocka_unit_test(appended_bytes_stand_in_order),
        cmocka_unit_test(text_is_terminated_but_the_terminator_is_not_counted),
        cmocka_unit_test(a_million_appends_keep_every_byte),
        cmocka_unit_test(formatting_longer_than_the_room_is_complete),
        cmocka_unit_test(reserved_room_may_be_used_in_part),
        cmocka_unit_test(a_failure_sticks_until_cleared),
        cmocka_unit_test(sizes_that_overflow_fail_without_a_write),
        cmocka_unit_test(clearing_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
