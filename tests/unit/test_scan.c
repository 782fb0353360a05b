/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scan refuses, what it lets pass, and that protobuf-c unpacks what passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "everything.pb-c.h"
#include "nnrpc/arena.h"
#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"
#include "scan.h"

static const ProtobufCMessageDescriptor *const node = &unit__node__descriptor;
static const ProtobufCMessageDescriptor *const scalars = &unit__scalars__descriptor;
static const ProtobufCMessageDescriptor *const lists = &unit__lists__descriptor;
static const ProtobufCMessageDescriptor *const choice = &unit__choice__descriptor;

/* --- Helpers ------------------------------------------------------------------------------ */

static void expect_refused(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size, const char *message) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    size_t unpack_bytes = 4711;
    assert_int_equal(
        nnrpc_scan_message(type, bytes, size, &unpack_bytes, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, message);
    assert_string_equal(status.reason, "MALFORMED_MESSAGE");
    assert_string_equal(status.domain, "nnrpc");
    assert_int_equal(unpack_bytes, 4711);
}

/* Expects that the scan passes and protobuf-c unpacks; returns the estimate. */
static size_t expect_passed(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    size_t unpack_bytes = 0;
    if (nnrpc_scan_message(type, bytes, size, &unpack_bytes, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, size, bytes);
    assert_non_null(message);
    protobuf_c_message_free_unpacked(message, NULL);
    return unpack_bytes;
}

static bool unpacks(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size) {
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, size, bytes);
    protobuf_c_message_free_unpacked(message, NULL);
    return message != NULL;
}

/* Appends a message of `depth` nodes inside one another, each the next_node of the one before. */
static void append_nested(struct nnrpc_buffer *buffer, size_t depth) {
    for (size_t level = 0; level < depth; level++) {
        struct nnrpc_buffer outer = {0};
        nnrpc_wire_append_bytes(&outer, 2, buffer->data, buffer->size);
        nnrpc_buffer_deinit(buffer);
        *buffer = outer;
    }
}

/* --- Nesting and numbers ------------------------------------------------------------------ */

static void a_hundred_nested_messages_pass(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    append_nested(&buffer, 100);
    expect_passed(node, buffer.data, buffer.size);
}

static void a_hundred_and_one_nested_messages_are_refused(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    append_nested(&buffer, 101);
    expect_refused(
        node, buffer.data, buffer.size,
        "field \"...next_node.next_node.next_node.next_node.next_node.next_node.next_node."
        "next_node.next_node.next_node.next_node.next_node\" nests deeper than 100 "
        "messages");
}

static void twenty_thousand_nested_messages_are_refused(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    append_nested(&buffer, 20000);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_scan_message(node, buffer.data, buffer.size, NULL, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "MALFORMED_MESSAGE");
}

static void a_hundred_thousand_fields_are_refused(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    for (size_t index = 0; index < 100000; index++) {
        nnrpc_wire_append_bytes(&buffer, 8, "x", 1);
    }
    expect_passed(lists, buffer.data, 65536 * 3);
    expect_refused(
        lists, buffer.data, buffer.size,
        "unit.Lists: has too many fields, above 65536 in one request");
}

static void fields_are_counted_over_all_messages(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer inner = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer outer = {0};
    for (size_t index = 0; index < 40000; index++) {
        nnrpc_wire_append_varint(&inner, 4, 1);
    }
    nnrpc_wire_append_bytes(&outer, 11, inner.data, inner.size);
    expect_passed(lists, outer.data, outer.size);
    nnrpc_wire_append_bytes(&outer, 11, inner.data, inner.size);
    expect_refused(
        lists, outer.data, outer.size,
        "field \"message_values[1]\" has too many fields, above 65536 in one request");
}

static void packed_values_count_as_fields(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    uint8_t *zeros = calloc(1, 70000);
    nnrpc_wire_append_bytes(&buffer, 1, zeros, 65535);
    expect_passed(lists, buffer.data, buffer.size);
    nnrpc_buffer_clear(&buffer);
    nnrpc_wire_append_bytes(&buffer, 1, zeros, 65536);
    expect_refused(
        lists, buffer.data, buffer.size,
        "unit.Lists: has too many fields, above 65536 in one request");
    free(zeros);
}

/* --- Text --------------------------------------------------------------------------------- */

static void text_with_nul_is_refused(void **state) {
    (void)state;
    expect_refused(
        node,
        "\x0a\x03"
        "a\0b",
        5, "field \"node_name\" has a NUL character");
    /* In bytes it is fine. */
    expect_passed(
        scalars,
        "\x7a\x03"
        "a\0b",
        5);
}

static void text_that_is_not_utf8_is_refused(void **state) {
    (void)state;
    const char *texts[] = {"\xff\xff", "\xc0\xaf", "\xed\xa0", "\xe2\x82", "a\x80"};
    for (size_t index = 0; index < NNRPC_LENGTH(texts); index++) {
        uint8_t bytes[4] = {0x0a, 2, (uint8_t)texts[index][0], (uint8_t)texts[index][1]};
        expect_refused(node, bytes, sizeof(bytes), "field \"node_name\" is not valid UTF-8");
    }
    expect_passed(node, "\x0a\x02\xc3\xa4", 4);
}

static void the_place_is_named_by_its_path(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer child = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer middle = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer outer = {0};
    nnrpc_wire_append_bytes(&child, 4, "\xff", 1);
    nnrpc_wire_append_bytes(&middle, 3, "", 0);
    nnrpc_wire_append_bytes(&middle, 1, "name", 4);
    nnrpc_wire_append_bytes(&middle, 3, "", 0);
    nnrpc_wire_append_bytes(&middle, 3, child.data, child.size);
    nnrpc_wire_append_bytes(&outer, 2, middle.data, middle.size);
    expect_refused(
        node, outer.data, outer.size,
        "field \"next_node.child_nodes[2].owner_id\" is not valid UTF-8");
}

static void keys_and_values_of_maps_are_text_too(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer entry = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer outer = {0};
    nnrpc_wire_append_bytes(&entry, 1, "\xff", 1);
    nnrpc_wire_append_bytes(&outer, 1, entry.data, entry.size);
    expect_refused(
        &unit__maps__descriptor, outer.data, outer.size,
        "field \"by_string[0].key\" is not valid UTF-8");
}

/* --- The wire ----------------------------------------------------------------------------- */

static void an_empty_message_passes(void **state) {
    (void)state;
    expect_passed(node, NULL, 0);
    expect_passed(node, "", 0);
}

static void malformed_tags_are_refused(void **state) {
    (void)state;
    const char *message = "unit.Scalars: is malformed: not a field tag";
    expect_refused(scalars, "\x00\x01", 2, message);                     /* field 0 */
    expect_refused(scalars, "\x80\x00\x01", 3, message);                 /* the same, overlong */
    expect_refused(scalars, "\x80", 1, message);                         /* cut short */
    expect_refused(scalars, "\x88\x80\x80\x80\x80\x00\x01", 7, message); /* six bytes */
    expect_refused(scalars, "\xf8\xff\xff\xff\x1f\x01", 6, message);     /* above 2^29 - 1 */
    /* Overlong to five bytes is as good as short, to protobuf-c too. */
    expect_passed(scalars, "\x88\x80\x80\x80\x00\x01", 6);
}

static void overlong_varints_are_refused(void **state) {
    (void)state;
    expect_passed(scalars, "\x20\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11);
    expect_refused(
        scalars, "\x20\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12,
        "field \"uint32_value\" is cut short");
    expect_refused(scalars, "\x20\x81", 2, "field \"uint32_value\" is cut short");
    expect_refused(scalars, "\x20", 1, "field \"uint32_value\" is cut short");
}

static void lengths_past_the_end_are_refused(void **state) {
    (void)state;
    expect_refused(
        scalars,
        "\x72\x02"
        "a",
        3, "field \"string_value\" is cut short");
    expect_refused(
        scalars, "\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
        "field \"string_value\" is cut short");
    expect_refused(scalars, "\x72\xff\xff\xff\xff\x0f", 6, "field \"string_value\" is cut short");
    expect_refused(
        scalars, "\x19\x01\x02\x03\x04\x05\x06\x07", 8, "field \"sfixed32_value\" is cut short");
    expect_refused(scalars, "\x2d\x01\x02\x03", 4, "field \"fixed32_value\" is cut short");
    /* A message that ends inside its last field, inside another message. */
    expect_refused(
        node,
        "\x12\x03\x0a\x05"
        "a",
        5, "field \"next_node.node_name\" is cut short");
}

static void groups_and_unknown_wire_types_are_refused(void **state) {
    (void)state;
    const char *message = "field \"int32_value\" has a group or no known wire type";
    expect_refused(scalars, "\x0b\x0c", 2, message);
    expect_refused(scalars, "\x0c", 1, message);
    expect_refused(scalars, "\x0e\x00", 2, message);
    expect_refused(scalars, "\x0f\x00", 2, message);
    expect_refused(scalars, "\xa3\x06", 2, "unit.Scalars: has a group or no known wire type");
}

static void unknown_fields_pass_unread(void **state) {
    (void)state;
    expect_passed(scalars, "\xa2\x06\x02\xff\x00", 5); /* field 100: neither text nor message */
    expect_passed(
        scalars,
        "\xa0\x06\x01\xa5\x06"
        "1234"
        "\xa1\x06"
        "12345678",
        19);
}

/* --- Wire types --------------------------------------------------------------------------- */

/* A value of each wire type, after its tag. */
static size_t append_value(uint8_t *at, uint32_t number, enum nnrpc_wire_type type) {
    static const uint8_t values[6][9] = {
        [NNRPC_WIRE_VARINT] = {1},
        [NNRPC_WIRE_FIXED64] = {1, 2, 3, 4, 5, 6, 7, 8},
        [NNRPC_WIRE_BYTES] = {8, 1, 1, 1, 1, 1, 1, 1, 1},
        [NNRPC_WIRE_FIXED32] = {1, 2, 3, 4},
    };
    static const size_t sizes[6] = {1, 8, 9, 0, 0, 4};
    uint8_t *start = at;
    at = nnrpc_wire_put_varint(at, (uint64_t)number << 3 | type);
    memcpy(at, values[type], sizes[type]);
    return (size_t)(at - start) + sizes[type];
}

/* Every field of a type with every wire type: the scan and protobuf-c agree. */
static void expect_agreement(const ProtobufCMessageDescriptor *type) {
    static const enum nnrpc_wire_type wire_types[] = {
        NNRPC_WIRE_VARINT, NNRPC_WIRE_FIXED64, NNRPC_WIRE_BYTES, NNRPC_WIRE_FIXED32};
    for (unsigned field = 0; field < type->n_fields; field++) {
        for (size_t index = 0; index < NNRPC_LENGTH(wire_types); index++) {
            uint8_t bytes[16];
            bool is_message = type->fields[field].type == PROTOBUF_C_TYPE_MESSAGE;
            if (is_message && wire_types[index] == NNRPC_WIRE_BYTES) {
                continue; /* eight ones are no message */
            }
            size_t size = append_value(bytes, type->fields[field].id, wire_types[index]);
            bool passes = nnrpc_scan_message(type, bytes, size, NULL, NULL) == NNRPC_OK;
            if (passes != unpacks(type, bytes, size)) {
                fail_msg(
                    "%s, wire type %d: scan %d", type->fields[field].name, wire_types[index],
                    passes);
            }
        }
    }
}

static void wire_types_are_tolerated_where_protobuf_c_tolerates_them(void **state) {
    (void)state;
    expect_agreement(scalars);
    expect_agreement(lists);
    expect_agreement(choice);
    expect_agreement(node);
}

static void a_wrong_wire_type_is_told(void **state) {
    (void)state;
    expect_refused(
        scalars, "\x0a\x00", 2, "field \"int32_value\" has another wire type than its type has");
    expect_refused(
        lists, "\x40\x00", 2, "field \"string_values[0]\" has another wire type than its type has");
}

static void packed_values_must_be_whole(void **state) {
    (void)state;
    expect_passed(lists, "\x0a\x03\x01\xff\x01", 5);
    expect_refused(
        lists, "\x0a\x02\x01\xff", 4,
        "field \"int32_values[0]\" is packed with a value that is cut short");
    expect_refused(
        lists,
        "\x2a\x05"
        "12345",
        7, "field \"float_values[0]\" is packed, but not to a whole number of values");
}

/* --- Memory ------------------------------------------------------------------------------- */

/* Unpacks into an arena and returns what that took. */
static size_t unpack_in_arena(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size) {
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, (size_t)1 << 30);
    assert_non_null(protobuf_c_message_unpack(type, &arena.allocator, size, bytes));
    size_t used = arena.used_bytes;
    nnrpc_arena_deinit(&arena);
    return used;
}

static void expect_estimate(
    const ProtobufCMessageDescriptor *type, const struct nnrpc_buffer *buffer) {
    size_t estimate = expect_passed(type, buffer->data, buffer->size);
    size_t used = unpack_in_arena(type, buffer->data, buffer->size);
    assert_in_range(estimate, used - 16 * type->n_fields, used + used / 50 + 256);
}

static void an_eighty_fold_amplification_is_foreseen(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    for (size_t index = 0; index < 60000; index++) {
        nnrpc_wire_append_bytes(&buffer, 11, "", 0);
    }
    size_t estimate = expect_passed(lists, buffer.data, buffer.size);
    assert_true(estimate > 80 * buffer.size);
    expect_estimate(lists, &buffer);
}

static void memory_of_every_kind_of_field_is_foreseen(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer buffer = {0};
    uint8_t zeros[200] = {0};
    for (size_t index = 0; index < 200; index++) {
        nnrpc_wire_append_bytes(&buffer, 8, "text", 4);
        nnrpc_wire_append_bytes(&buffer, 9, zeros, index);
        nnrpc_wire_append_varint(&buffer, 1, index);
        nnrpc_wire_append_bytes(&buffer, 2, zeros, index);
        nnrpc_wire_append_bytes(&buffer, 7, zeros, index);
        nnrpc_wire_append_bytes(&buffer, 6, zeros, 8 * (index / 8));
        nnrpc_wire_append_bytes(&buffer, 11, "", 0);
        nnrpc_wire_append_bytes(&buffer, 100, zeros, index); /* unknown */
    }
    expect_estimate(lists, &buffer);
}

/* --- Anything ----------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *random_state) {
    *random_state = *random_state * 1664525u + 1013904223u;
    return *random_state >> 8;
}

/* A valid message of many kinds to start from. */
static void append_seed(struct nnrpc_buffer *buffer) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer child = {0};
    nnrpc_wire_append_bytes(&child, 1, "child", 5);
    nnrpc_wire_append_varint(&child, 6, 1);
    nnrpc_wire_append_bytes(&child, 8, "\x72\x02hi\x20\x05", 6);
    nnrpc_wire_append_bytes(buffer, 1, "name", 4);
    nnrpc_wire_append_bytes(buffer, 2, child.data, child.size);
    nnrpc_wire_append_bytes(buffer, 3, child.data, child.size);
    nnrpc_wire_append_bytes(buffer, 7, "\x0a\x01k\x12\x03\x0a\x01v", 8);
    nnrpc_wire_append_bytes(buffer, 9, "\x08\x01\x10\x02", 4);
    nnrpc_wire_append_varint(buffer, 77, 5);
}

/* Messages with random bytes changed: whatever passes is unpacked, and what is unpacked but does
 * not pass has text that is not fit. Neither may read outside its bytes (AddressSanitizer). */
static void what_passes_is_what_protobuf_c_unpacks(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer seed = {0};
    append_seed(&seed);
    uint32_t random_state = 20240229;
    size_t passed = 0;
    size_t refused = 0;
    for (unsigned round = 0; round < 50000; round++) {
        size_t size = round % 4 == 0 ? next_random(&random_state) % seed.size : seed.size;
        uint8_t *bytes = malloc(size);
        memcpy(bytes, seed.data, size);
        for (unsigned change = next_random(&random_state) % 4; change > 0 && size > 0; change--) {
            bytes[next_random(&random_state) % size] = (uint8_t)next_random(&random_state);
        }
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        bool passes = nnrpc_scan_message(node, bytes, size, NULL, &status) == NNRPC_OK;
        bool is_unpacked = unpacks(node, bytes, size);
        bool is_text = strstr(status.message, "UTF-8") != NULL ||
                       strstr(status.message, "NUL") != NULL ||
                       strstr(status.message, "field tag") != NULL;
        if (passes != is_unpacked && !(is_unpacked && is_text)) {
            fail_msg(
                "round %u: scan %d (%s), unpack %d", round, passes, status.message, is_unpacked);
        }
        passed += passes;
        refused += !passes;
        free(bytes);
    }
    assert_true(passed > 5000);
    assert_true(refused > 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_nested_messages_pass),
        cmocka_unit_test(a_hundred_and_one_nested_messages_are_refused),
        cmocka_unit_test(twenty_thousand_nested_messages_are_refused),
        cmocka_unit_test(a_hundred_thousand_fields_are_refused),
        cmocka_unit_test(fields_are_counted_over_all_messages),
        cmocka_unit_test(packed_values_count_as_fields),
        cmocka_unit_test(text_with_nul_is_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(the_place_is_named_by_its_path),
        cmocka_unit_test(keys_and_values_of_maps_are_text_too),
        cmocka_unit_test(an_empty_message_passes),
        cmocka_unit_test(malformed_tags_are_refused),
        cmocka_unit_test(overlong_varints_are_refused),
        cmocka_unit_test(lengths_past_the_end_are_refused),
        cmocka_unit_test(groups_and_unknown_wire_types_are_refused),
        cmocka_unit_test(unknown_fields_pass_unread),
        cmocka_unit_test(wire_types_are_tolerated_where_protobuf_c_tolerates_them),
        cmocka_unit_test(a_wrong_wire_type_is_told),
        cmocka_unit_test(packed_values_must_be_whole),
        cmocka_unit_test(an_eighty_fold_amplification_is_foreseen),
        cmocka_unit_test(memory_of_every_kind_of_field_is_foreseen),
        cmocka_unit_test(what_passes_is_what_protobuf_c_unpacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
