/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format: what is written is what protobuf-c reads, and hostile bytes are refused without
 * a read outside of them (the bytes stand in memory of exactly their size, so that
 * AddressSanitizer sees it).
 */
#include "expect_status.h"

#include <stdbool.h>
#include <stdlib.h>

#include "nnrpc/v1/frame.pb-c.h"
#include "nnrpc/wire.h"

/* Reads one field of bytes that are copied to a place with nothing behind them. */
static bool next_of(
    const void *bytes, size_t size, struct nnrpc_wire_field *out_field, bool *out_failed) {
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    if (size != 0) {
        memcpy(exact, bytes, size);
    }
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(exact, size);
    bool is_there = nnrpc_wire_next(&reader, out_field);
    *out_failed = reader.failed;
    assert_true(!reader.failed || !nnrpc_wire_next(&reader, out_field));
    free(exact);
    return is_there;
}

#define expect_refused(bytes)                                                                      \
    do {                                                                                           \
        struct nnrpc_wire_field field_ = {.number = 4711};                                         \
        bool failed_ = false;                                                                      \
        assert_false(next_of(bytes, sizeof(bytes) - 1, &field_, &failed_));                        \
        assert_true(failed_);                                                                      \
        assert_int_equal(field_.number, 4711);                                                     \
    } while (0)

#define expect_varint(bytes, expected)                                                             \
    do {                                                                                           \
        struct nnrpc_wire_field field_ = {0};                                                      \
        bool failed_ = true;                                                                       \
        assert_true(next_of(bytes, sizeof(bytes) - 1, &field_, &failed_));                         \
        assert_false(failed_);                                                                     \
        assert_int_equal(field_.type, NNRPC_WIRE_VARINT);                                          \
        assert_true(field_.value == (expected));                                                   \
        assert_int_equal(field_.whole.size, sizeof(bytes) - 1);                                    \
    } while (0)

static void no_bytes_are_no_field_and_no_failure(void **state) {
    (void)state;
    struct nnrpc_wire_field field = {.number = 4711};
    bool failed = true;
    assert_false(next_of(NULL, 0, &field, &failed));
    assert_false(failed);
    assert_int_equal(field.number, 4711);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(NULL, 0);
    assert_false(nnrpc_wire_next(&reader, &field));
    assert_false(reader.failed);
}

static void varints_of_every_length_are_read(void **state) {
    (void)state;
    expect_varint("\x08\x00", 0);
    expect_varint("\x08\x7f", 127);
    expect_varint("\x08\x80\x01", 128);
    expect_varint("\x08\xff\xff\xff\xff\x0f", UINT32_MAX);
    expect_varint("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", UINT64_MAX);
}

static void a_padded_varint_is_read(void **state) {
    (void)state;
    expect_varint("\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 1);
}

static void varints_above_ten_bytes_or_64_bits_are_refused(void **state) {
    (void)state;
    expect_refused("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
    expect_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    expect_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
    expect_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
}

static void varints_cut_short_are_refused(void **state) {
    (void)state;
    expect_refused("\x08");
    expect_refused("\x08\x80");
    expect_refused("\x08\xff\xff\xff");
    expect_refused("\x80");
}

static void field_number_zero_is_refused(void **state) {
    (void)state;
    expect_refused("\x00\x01");
    expect_refused("\x02\x00");
    expect_refused("\x80\x00\x01");
}

static void field_numbers_up_to_the_largest_are_read(void **state) {
    (void)state;
    struct nnrpc_wire_field field = {0};
    bool failed = true;
    assert_true(next_of("\xf8\xff\xff\xff\x0f\x05", 6, &field, &failed));
    assert_int_equal(field.number, 536870911);
    assert_int_equal(field.value, 5);
}

static void tags_above_32_bits_or_five_bytes_are_refused(void **state) {
    (void)state;
    expect_refused("\xf8\xff\xff\xff\x1f\x05");
    expect_refused("\x88\x80\x80\x80\x80\x00\x05");
}

static void groups_and_unknown_wire_types_are_refused(void **state) {
    (void)state;
    expect_refused("\x0b\x0c");
    expect_refused("\x0c");
    expect_refused("\x0e\x00");
    expect_refused("\x0f\x00");
}

static void lengths_past_the_end_are_refused(void **state) {
    (void)state;
    expect_refused("\x0a");
    expect_refused("\x0a\x01");
    expect_refused("\x0a\x05"
                   "abcd");
    expect_refused("\x0a\xff\xff\xff\xff\x0f"
                   "abcd");
    expect_refused("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                   "abcd");
}

static void fixed_values_cut_short_are_refused(void **state) {
    (void)state;
    expect_refused("\x09\x01\x02\x03\x04\x05\x06\x07");
    expect_refused("\x0d\x01\x02\x03");
    expect_refused("\x0d");
}

static void fixed_values_are_little_endian(void **state) {
    (void)state;
    struct nnrpc_wire_field field = {0};
    bool failed = true;
    assert_true(next_of("\x09\x01\x02\x03\x04\x05\x06\x07\x88", 9, &field, &failed));
    assert_int_equal(field.type, NNRPC_WIRE_FIXED64);
    assert_true(field.value == UINT64_C(0x8807060504030201));
    assert_true(next_of("\x0d\x01\x02\x03\x84", 5, &field, &failed));
    assert_int_equal(field.type, NNRPC_WIRE_FIXED32);
    assert_true(field.value == UINT64_C(0x84030201));
}

static void bytes_are_borrowed_and_whole_is_the_field(void **state) {
    (void)state;
    static const char BYTES[] = "\x0a\x03"
                                "abc"
                                "\x12\x00"
                                "\x18\x07";
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(BYTES, sizeof(BYTES) - 1);
    struct nnrpc_wire_field field;
    assert_true(nnrpc_wire_next(&reader, &field));
    assert_int_equal(field.number, 1);
    assert_ptr_equal(field.bytes.data, BYTES + 2);
    assert_int_equal(field.bytes.size, 3);
    assert_ptr_equal(field.whole.data, BYTES);
    assert_int_equal(field.whole.size, 5);
    assert_true(nnrpc_wire_next(&reader, &field));
    assert_int_equal(field.number, 2);
    assert_int_equal(field.bytes.size, 0);
    assert_int_equal(field.whole.size, 2);
    assert_true(nnrpc_wire_next(&reader, &field));
    assert_int_equal(field.number, 3);
    assert_int_equal(field.value, 7);
    assert_false(nnrpc_wire_next(&reader, &field));
    assert_false(reader.failed);
}

/* Every start of a good message is either a good message or refused, and never read past. */
static void every_cut_of_a_message_is_safe(void **state) {
    (void)state;
    static const char BYTES[] = "\x0a\x03"
                                "abc"
                                "\x10\x96\x01"
                                "\x19"
                                "12345678"
                                "\x25"
                                "1234";
    static const size_t ENDS[] = {0, 5, 8, 17, 22};
    for (size_t size = 0; size < sizeof(BYTES); size++) {
        uint8_t *exact = malloc(size + (size == 0));
        assert_non_null(exact);
        memcpy(exact, BYTES, size);
        struct nnrpc_wire_reader reader = nnrpc_wire_reader(exact, size);
        struct nnrpc_wire_field field;
        size_t fields = 0;
        while (nnrpc_wire_next(&reader, &field)) {
            fields++;
        }
        bool is_end = false;
        for (size_t index = 0; index < NNRPC_LENGTH(ENDS); index++) {
            is_end = is_end || ENDS[index] == size;
        }
        assert_int_equal(reader.failed, !is_end);
        assert_true(!is_end || ENDS[fields] == size);
        free(exact);
    }
}

static void sizes_are_those_of_what_is_written(void **state) {
    (void)state;
    for (unsigned int bit = 0; bit < 64; bit++) {
        uint64_t values[] = {UINT64_C(1) << bit, (UINT64_C(1) << bit) - 1};
        for (size_t index = 0; index < NNRPC_LENGTH(values); index++) {
            uint8_t bytes[10];
            const uint8_t *end = nnrpc_wire_put_varint(bytes, values[index]);
            assert_int_equal(end - bytes, nnrpc_wire_varint_size(values[index]));
        }
    }
    assert_int_equal(nnrpc_wire_varint_size(UINT64_MAX), 10);
    assert_int_equal(nnrpc_wire_tag_size(15), 1);
    assert_int_equal(nnrpc_wire_tag_size(16), 2);
    assert_int_equal(nnrpc_wire_tag_size(536870911), 5);
    assert_int_equal(nnrpc_wire_bytes_field_size(16, 300), 2 + 2 + 300);
}

static void what_is_appended_is_what_protobuf_c_reads(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_wire_append_bytes(&buffer, 1, "p.S/M", 5);
    nnrpc_wire_append_varint(&buffer, 2, 4000000000);
    nnrpc_wire_append_bytes(&buffer, 4, NULL, 0);
    Nnrpc__V1__Request *request = nnrpc__v1__request__unpack(NULL, buffer.size, buffer.data);
    assert_non_null(request);
    assert_string_equal(request->method, "p.S/M");
    assert_true(request->timeout_ms == 4000000000);
    assert_int_equal(request->message.len, 0);
    assert_int_equal(request->base.n_unknown_fields, 0);
    nnrpc__v1__request__free_unpacked(request, NULL);
}

static void appended_fixed64_reads_back(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_wire_append_fixed64(&buffer, 300, UINT64_C(0x0123456789abcdef));
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(buffer.data, buffer.size);
    struct nnrpc_wire_field field;
    assert_true(nnrpc_wire_next(&reader, &field));
    assert_int_equal(field.number, 300);
    assert_true(field.value == UINT64_C(0x0123456789abcdef));
    assert_false(nnrpc_wire_next(&reader, &field));
    assert_false(reader.failed);
}

static void an_impossible_content_size_fails_the_buffer(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    nnrpc_wire_append_bytes(&buffer, 1, "x", SIZE_MAX);
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 0);
}

static void well_formed_utf8_is_valid(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "a",
        "plain ascii text of some length",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "12345678\303\25112345678",
        "1234567\xc3\xa9",
        "\x7f",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        assert_true(nnrpc_utf8_valid(TEXTS[index], strlen(TEXTS[index])));
    }
    assert_true(nnrpc_utf8_valid("a\0b", 3));
    assert_true(nnrpc_utf8_valid(NULL, 0));
}

static void malformed_utf8_is_not(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x41",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
        "12345678\x80",
        "1234567\xc3",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        assert_false(nnrpc_utf8_valid(TEXTS[index], strlen(TEXTS[index])));
    }
}

/* Every code point by the definition of the encoding: surrogates and no others are refused. */
static void every_code_point_but_surrogates_is_valid(void **state) {
    (void)state;
    for (uint32_t point = 0x80; point <= 0x10ffff; point++) {
        uint8_t bytes[4];
        size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        for (size_t index = size - 1; index > 0; index--) {
            bytes[index] = (uint8_t)(0x80 | (point >> (6 * (size - 1 - index)) & 0x3f));
        }
        static const uint8_t LEADS[] = {0, 0, 0xc0, 0xe0, 0xf0};
        bytes[0] = (uint8_t)(LEADS[size] | point >> (6 * (size - 1)));
        bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_true(nnrpc_utf8_valid(bytes, size) == !is_surrogate);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bytes_are_no_field_and_no_failure),
        cmocka_unit_test(varints_of_every_length_are_read),
        cmocka_unit_test(a_padded_varint_is_read),
        cmocka_unit_test(varints_above_ten_bytes_or_64_bits_are_refused),
        cmocka_unit_test(varints_cut_short_are_refused),
        cmocka_unit_test(field_number_zero_is_refused),
        cmocka_unit_test(field_numbers_up_to_the_largest_are_read),
        cmocka_unit_test(tags_above_32_bits_or_five_bytes_are_refused),
        cmocka_unit_test(groups_and_unknown_wire_types_are_refused),
        cmocka_unit_test(lengths_past_the_end_are_refused),
        cmocka_unit_test(fixed_values_cut_short_are_refused),
        cmocka_unit_test(fixed_values_are_little_endian),
        cmocka_unit_test(bytes_are_borrowed_and_whole_is_the_field),
        cmocka_unit_test(every_cut_of_a_message_is_safe),
        cmocka_unit_test(sizes_are_those_of_what_is_written),
        cmocka_unit_test(what_is_appended_is_what_protobuf_c_reads),
        cmocka_unit_test(appended_fixed64_reads_back),
        cmocka_unit_test(an_impossible_content_size_fails_the_buffer),
        cmocka_unit_test(well_formed_utf8_is_valid),
        cmocka_unit_test(malformed_utf8_is_not),
        cmocka_unit_test(every_code_point_but_surrogates_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
