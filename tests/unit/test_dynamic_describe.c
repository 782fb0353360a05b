/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of a set as a .proto has them, and templates of their JSON.
 */
#include <string.h>

#include "descriptor_set.h"
#include "expect_status.h"
#include "json_text.h"

static void expect_text(const struct nnrpc_dynamic *dynamic, const char *name, const char *text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(dynamic, name);
    assert_non_null(item);
    assert_int_equal(nnrpc_dynamic_describe(dynamic, item, &out), NNRPC_OK);
    assert_string_equal(nnrpc_buffer_text(&out), text);
}

static void expect_template(
    const struct nnrpc_dynamic *dynamic, const char *name, uint32_t indent, const char *text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct nnrpc_json_template_format format = {.indent = indent};
    const struct nnrpc_message *type = nnrpc_dynamic_find_message(dynamic, name);
    assert_non_null(type);
    nnrpc_json_write_template(type, &format, &out);
    assert_string_equal(nnrpc_buffer_text(&out), text);
}

static void an_enum_is_described_with_its_comments(void **state) {
    expect_text(
        *state, "unit.old.Kind",
        "// Kinds.\n"
        "enum Kind {\n"
        "  // The first is not 0.\n"
        "  KIND_BIG = 2;\n"
        "  KIND_SMALL = 1;\n"
        "}\n");
}

static void a_message_is_described_with_options_oneofs_maps_and_what_is_inside(void **state) {
    expect_text(
        *state, "unit.old.Record",
        "// Old in form.\n"
        "message Record {\n"
        "  required string key = 1;\n"
        "  // How many there are.\n"
        "  // Two lines.\n"
        "  optional int32 count = 2 [default = 7, deprecated = true];\n"
        "  optional unit.old.Kind kind = 3;\n"
        "  repeated int32 numbers = 4;\n"
        "  repeated int32 packed_numbers = 5 [packed = true];\n"
        "  optional string label = 6 [default = \"a \\\"b\\\"\", (unit.old.tint) = COLOR_RED];\n"
        "  optional unit.old.Record next = 7;\n"
        "  map<string, int32> totals = 8;\n"
        "  optional group legacy = 9;\n"
        "  oneof choice {\n"
        "    int32 left = 10;\n"
        "    // Not the left one.\n"
        "    string right = 11;\n"
        "  }\n"
        "  optional unit.Node node = 12;\n"
        "  optional unit.old.Record.Part part = 13 [json_name = \"PART\"];\n"
        "  optional bytes blob = 14;\n"
        "  reserved 20 to 22;\n"
        "  reserved \"gone\";\n"
        "  extensions 100 to 199;\n"
        "  message Legacy {\n"
        "    optional int32 inside = 1;\n"
        "  }\n"
        "  // Inside.\n"
        "  message Part {\n"
        "    optional bool on = 1;\n"
        "  }\n"
        "}\n");
}

static void a_method_is_described_with_every_option_that_the_set_knows(void **state) {
    expect_text(
        *state, "unit.old.RecordService/Find",
        "// Finds a record. It is not changed. Errors: none.\n"
        "rpc Find(unit.old.Record) returns (unit.old.Record) {\n"
        "  option idempotency_level = NO_SIDE_EFFECTS;\n"
        "  option (nnrpc.v1.role) = ROLE_READER;\n"
        "  option (nnrpc.v1.http) = {\n"
        "    verb: \"GET\"\n"
        "    path: \"/records/{key}\"\n"
        "    additional_bindings: {\n"
        "      verb: \"POST\"\n"
        "      path: \"/find\"\n"
        "    }\n"
        "  };\n"
        "  option (nnrpc.v1.slow) = {\n"
        "    when_set: \"node.owner_id\"\n"
        "    when_set: \"label\"\n"
        "  };\n"
        "  option (unit.old.owner) = \"records\";\n"
        "  option (unit.old.levels) = 1;\n"
        "  option (unit.old.levels) = 2;\n"
        "}\n");
}

static void a_service_is_described_with_its_methods(void **state) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(*state, "unit.old.RecordService");
    assert_int_equal(nnrpc_dynamic_describe(*state, item, &out), NNRPC_OK);
    const char *text = nnrpc_buffer_text(&out);
    static const char START[] = "// Reads and writes records.\n"
                                "// Second line of the service.\n"
                                "service RecordService {\n"
                                "  // Finds a record. It is not changed. Errors: none.\n"
                                "  rpc Find(unit.old.Record) returns (unit.old.Record) {\n"
                                "    option idempotency_level = NO_SIDE_EFFECTS;\n";
    static const char END[] = "  // Follows records.\n"
                              "  rpc Follow(unit.old.Record) returns (stream unit.old.Record);\n"
                              "  rpc Put(unit.Node) returns (unit.Node);\n"
                              "}\n";
    assert_memory_equal(text, START, strlen(START));
    assert_string_equal(text + strlen(text) - strlen(END), END);
}

static void rules_of_fields_stand_on_one_line(void **state) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(*state, "unit.Node");
    assert_int_equal(nnrpc_dynamic_describe(*state, item, &out), NNRPC_OK);
    assert_non_null(strstr(
        nnrpc_buffer_text(&out),
        "  string owner_id = 4 [json_name = \"ownerID\", (nnrpc.v1.field) = "
        "{ empty_is_null: true }];\n"
        "  string secret_text = 5 [(nnrpc.v1.field) = { input_only: true, sensitive: true }];\n"));
}

static void comments_are_as_they_stand(void **state) {
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(*state, "unit.old.RecordService");
    assert_string_equal(
        nnrpc_dynamic_comment(*state, item),
        " Reads and writes records.\n Second line of the service.\n");
    item = nnrpc_dynamic_find(*state, "unit.old.RecordService/Put");
    assert_string_equal(nnrpc_dynamic_comment(*state, item), "");
}

static const char *part_comment(
    const struct nnrpc_dynamic *dynamic, const char *name, const char *part) {
    return nnrpc_dynamic_part_comment(dynamic, nnrpc_dynamic_find(dynamic, name), part);
}

static void comments_of_fields_and_values_stand_before_or_behind_them(void **state) {
    assert_string_equal(
        part_comment(*state, "unit.old.Record", "count"), " How many there are.\n Two lines.\n");
    assert_string_equal(part_comment(*state, "unit.old.Record", "right"), " Not the left one.\n");
    assert_string_equal(part_comment(*state, "unit.old.Record", "key"), "");
    assert_string_equal(
        part_comment(*state, "unit.old.Kind", "KIND_BIG"), " The first is not 0.\n");
}

static void what_is_no_part_of_an_item_has_no_comment(void **state) {
    assert_null(part_comment(*state, "unit.old.Record", "gone"));
    assert_null(part_comment(*state, "unit.old.Kind", "KIND"));
    assert_null(part_comment(*state, "unit.old.RecordService", "Find"));
    assert_null(part_comment(*state, "unit.old.RecordService/Find", "key"));
}

static void a_template_has_every_field_that_may_be_set(void **state) {
    expect_template(*state, "unit.Choice", 0, "{\"before\":\"\",\"number\":0,\"yes\":false}");
    expect_template(
        *state, "unit.old.Record", 0,
        "{\"key\":\"\",\"count\":0,\"kind\":\"small\",\"numbers\":[],\"packedNumbers\":[],"
        "\"label\":\"\",\"next\":null,\"totals\":{\"\":0},\"left\":0,\"node\":{\"NodeID\":\"\","
        "\"nextNode\":null,\"childNodes\":[],\"ownerID\":null,\"secretText\":\"\","
        "\"secretColor\":\"unspecified\",\"namedNodes\":{},\"scalars\":{\"int32Value\":0,"
        "\"sint32Value\":0,\"sfixed32Value\":0,\"uint32Value\":0,\"fixed32Value\":0,"
        "\"int64Value\":\"0\",\"sint64Value\":\"0\",\"sfixed64Value\":\"0\",\"uint64Value\":"
        "\"0\",\"fixed64Value\":\"0\",\"floatValue\":0,\"doubleValue\":0,\"boolValue\":false,"
        "\"stringValue\":\"\",\"bytesValue\":\"\",\"colorValue\":\"unspecified\"},"
        "\"seenAt\":\"1970-01-01T00:00:00Z\"},\"PART\":{\"on\":false},\"blob\":\"\"}");
    expect_template(
        *state, "unit.old.Record.Part", 2,
        "{\n"
        "  \"on\": false\n"
        "}");
    expect_template(*state, "google.protobuf.Empty", 2, "{}");
}

static int open_set(void **state) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    descriptor_set_read(DYNAMIC_SET, &set);
    *state = descriptor_set_open(set.data, set.size);
    return 0;
}

static int close_set(void **state) {
    nnrpc_dynamic_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enum_is_described_with_its_comments),
        cmocka_unit_test(a_message_is_described_with_options_oneofs_maps_and_what_is_inside),
        cmocka_unit_test(a_method_is_described_with_every_option_that_the_set_knows),
        cmocka_unit_test(a_service_is_described_with_its_methods),
        cmocka_unit_test(rules_of_fields_stand_on_one_line),
        cmocka_unit_test(comments_are_as_they_stand),
        cmocka_unit_test(comments_of_fields_and_values_stand_before_or_behind_them),
        cmocka_unit_test(what_is_no_part_of_an_item_has_no_comment),
        cmocka_unit_test(a_template_has_every_field_that_may_be_set),
    };
    return cmocka_run_group_tests(tests, open_set, close_set);
}
