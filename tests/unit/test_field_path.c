/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields by name: finding, setting from text, and reading one field's JSON.
 */
#include "json_text.h"

#include <stdlib.h>

#include "everything.nnrpc.h"
#include "nnrpc/dynamic.h"
#include "nnrpc/field_path.h"

static const struct nnrpc_json_format BRIEF = {.omit_unset = true, .with_input_only = true};

static void *new_message(const struct nnrpc_message *type) {
    ProtobufCMessage *message = malloc(type->descriptor->sizeof_message);
    assert_non_null(message);
    nnrpc_message_init(type->descriptor, message);
    return message;
}

static struct nnrpc_field_path find(const struct nnrpc_message *type, const char *name) {
    struct nnrpc_field_path path;
    struct nnrpc_field_miss miss;
    assert_true(nnrpc_field_path_find(type, name, strlen(name), &path, &miss));
    return path;
}

static enum nnrpc_code set(
    const struct nnrpc_message *type, void *message, const char *name, const char *text,
    struct nnrpc_status *out_status) {
    struct nnrpc_field_path path = find(type, name);
    return nnrpc_field_path_set(type, message, &path, text, strlen(text), out_status);
}

struct assignment {
    const char *name;
    const char *text;
};

/* Sets fields one after the other, and expects the message to be as the JSON says. */
static void expect_set(
    const struct nnrpc_message *type, const struct assignment *assignments, const char *json) {
    void *message = new_message(type);
    for (; assignments->name != NULL; assignments++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        enum nnrpc_code code = set(type, message, assignments->name, assignments->text, &status);
        assert_string_equal(status.message, "");
        assert_int_equal(code, NNRPC_OK);
    }
    expect_json_form(type, message, &BRIEF, json, __FILE__, __LINE__);
    protobuf_c_message_free_unpacked(message, NULL);
}

#define EXPECT_SET(type, json, ...)                                                                \
    expect_set(&(type), (const struct assignment[]){__VA_ARGS__, {NULL, NULL}}, (json))

static void expect_refusal(
    const struct nnrpc_message *type, const char *name, const char *text, const char *message) {
    void *made = new_message(type);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(set(type, made, name, text, &status), NNRPC_INVALID_ARGUMENT);
    expect_status(&status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON", message);
    assert_int_equal(status.details->violation_count, 1);
    protobuf_c_message_free_unpacked(made, NULL);
}

static void every_scalar_is_set_from_its_text(void **state) {
    (void)state;
    EXPECT_SET(
        unit_scalars_message,
        "{\"int32Value\":-1,\"sint32Value\":-2,\"sfixed32Value\":-3,\"uint32Value\":4294967295,"
        "\"fixed32Value\":5,\"int64Value\":\"-9223372036854775808\",\"sint64Value\":\"-7\","
        "\"sfixed64Value\":\"-8\",\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":\"10\","
        "\"floatValue\":0.5,\"doubleValue\":1e+100,\"boolValue\":true,\"stringValue\":\"a b\","
        "\"bytesValue\":\"AQI=\",\"colorValue\":\"dark_blue\"}",
        {"int32Value", "-1"}, {"sint32_value", "-2"}, {"sfixed32Value", "-3"},
        {"uint32Value", "4294967295"}, {"fixed32Value", "5"},
        {"int64Value", "-9223372036854775808"}, {"sint64Value", "-7"}, {"sfixed64Value", "-8"},
        {"uint64Value", "18446744073709551615"}, {"fixed64Value", "10"}, {"floatValue", "0.5"},
        {"doubleValue", "1e100"}, {"boolValue", "true"}, {"stringValue", "a b"},
        {"bytesValue", "AQI"}, {"colorValue", "-5"});
}

static void every_well_known_type_with_a_text_is_set(void **state) {
    (void)state;
    EXPECT_SET(
        unit_well_known_message,
        "{\"time\":\"2024-02-29T12:30:00Z\",\"duration\":\"1.500s\",\"plainMask\":\"a.bC,d\","
        "\"nodeMask\":\"NodeID,nextNode.ownerID\",\"int64Wrapper\":\"0\",\"stringWrapper\":\"\","
        "\"boolWrapper\":false,\"bytesWrapper\":\"AQ==\",\"doubleWrapper\":2}",
        {"time", "2024-02-29T12:30:00Z"}, {"duration", "1.5s"}, {"plainMask", "a.bC,d"},
        {"nodeMask", "NodeID,next_node.ownerID"}, {"int64Wrapper", "0"}, {"stringWrapper", ""},
        {"boolWrapper", "false"}, {"bytesWrapper", "AQ"}, {"doubleWrapper", "2"});
    EXPECT_SET(
        unit_well_known_message,
        "{\"times\":[\"2024-02-29T12:30:00Z\",\"2024-02-29T12:30:01Z\"],\"stringWrappers\":[\"a\"]"
        "}",
        {"times", "2024-02-29T12:30:00Z"}, {"stringWrappers", "a"},
        {"times", "2024-02-29T12:30:01Z"});
}

static void a_repeated_field_gets_one_more(void **state) {
    (void)state;
    EXPECT_SET(
        unit_lists_message,
        "{\"int32Values\":[1,2],\"boolValues\":[true,false],\"stringValues\":[\"\",\"b\"],"
        "\"colorValues\":[\"red\"]}",
        {"int32Values", "1"}, {"boolValues", "true"}, {"stringValues", ""}, {"int32Values", "2"},
        {"stringValues", "b"}, {"boolValues", "false"}, {"colorValues", "red"});
}

static void a_map_gets_the_entry_of_a_key(void **state) {
    (void)state;
    EXPECT_SET(
        unit_maps_message,
        "{\"byString\":{\"\":\"e\",\"a.b[c]\":\"x\"},\"byInt32\":{\"-1\":\"y\"},"
        "\"byBool\":{\"true\":\"z\"},\"toColor\":{\"k\":\"red\"},"
        "\"toTime\":{\"t\":\"2024-02-29T12:30:00Z\"}}",
        {"byString[a.b[c]]", "x"}, {"by_string[]", "e"}, {"byInt32[-1]", "y"},
        {"byBool[true]", "z"}, {"toColor[k]", "red"}, {"toTime[t]", "2024-02-29T12:30:00Z"});
    expect_refusal(
        &unit_maps_message, "byString", "x",
        "byString: a map has entries: name one, \"byString[KEY]\"");
    expect_refusal(
        &unit_maps_message, "byInt32[x]", "y",
        "byInt32.x: expected a whole number as key, found \"x\"");
    expect_refusal(
        &unit_maps_message, "toMessage[k]", "y",
        "toMessage.k: an object is no single value: name its fields, \"value.int32Value\"");
    expect_refusal(&unit_maps_message, "byString[\xff]", "y", "byString: a key is not UTF-8 text");
}

static void a_key_stands_once(void **state) {
    (void)state;
    Unit__Maps *maps = new_message(&unit_maps_message);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(set(&unit_maps_message, maps, "byUint32[7]", "a", NULL), NNRPC_OK);
    assert_int_equal(set(&unit_maps_message, maps, "byUint32[8]", "b", NULL), NNRPC_OK);
    assert_int_equal(
        set(&unit_maps_message, maps, "by_uint32[7]", "c", &status), NNRPC_INVALID_ARGUMENT);
    expect_status(
        &status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON", "byUint32.7: the key stands twice");
    assert_int_equal(maps->n_by_uint32, 2);
    protobuf_c_message_free_unpacked(&maps->base, NULL);
}

static void messages_on_the_way_are_made(void **state) {
    (void)state;
    EXPECT_SET(
        unit_node_message,
        "{\"nextNode\":{\"nextNode\":{\"ownerID\":\"o\"},\"seenAt\":\"2024-02-29T12:30:00Z\"},"
        "\"scalars\":{\"int32Value\":1}}",
        {"nextNode.next_node.ownerID", "o"}, {"nextNode.seenAt", "2024-02-29T12:30:00Z"},
        {"scalars.int32Value", "1"});
}

static void a_value_that_was_there_is_replaced(void **state) {
    (void)state;
    EXPECT_SET(
        unit_scalars_message, "{\"stringValue\":\"b\",\"bytesValue\":\"Ag==\"}",
        {"stringValue", "a"}, {"stringValue", ""}, {"stringValue", "b"}, {"bytesValue", "AQ"},
        {"bytesValue", ""}, {"bytesValue", "Ag"});
    EXPECT_SET(
        unit_well_known_message, "{\"time\":\"2024-02-29T12:30:01Z\"}",
        {"time", "2024-02-29T12:30:00Z"}, {"time", "2024-02-29T12:30:01Z"});
    EXPECT_SET(unit_choice_message, "{\"text\":\"b\"}", {"text", "a"}, {"text", "b"});
}

static void one_member_of_a_oneof_is_possible(void **state) {
    (void)state;
    Unit__Choice *choice = new_message(&unit_choice_message);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(set(&unit_choice_message, choice, "nothing", "null", NULL), NNRPC_OK);
    assert_int_equal(choice->kind_case, UNIT__CHOICE__KIND_NOTHING);
    assert_int_equal(
        set(&unit_choice_message, choice, "text", "a", &status), NNRPC_INVALID_ARGUMENT);
    expect_status(
        &status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON",
        "text: only one of \"nothing\" and \"text\" is possible");
    nnrpc_status_reset(&status);
    assert_int_equal(
        set(&unit_choice_message, choice, "scalars.boolValue", "true", &status),
        NNRPC_INVALID_ARGUMENT);
    expect_status(
        &status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON",
        "scalars: only one of \"nothing\" and \"scalars\" is possible");
    protobuf_c_message_free_unpacked(&choice->base, NULL);
}

static void what_does_not_fit_is_told(void **state) {
    (void)state;
    expect_refusal(
        &unit_node_message, "nextNode.scalars.uint32Value", "-1",
        "nextNode.scalars.uint32Value: the number is out of range: 0 to 4294967295 is possible");
    expect_refusal(
        &unit_node_message, "secretText", "\xff", "secretText: the value is not UTF-8 text");
    expect_refusal(
        &unit_node_message, "secretColor", "hunter2",
        "secretColor: expected one of \"dark_blue\", \"unspecified\", \"red\", found text");
    expect_refusal(
        &unit_scalars_message, "boolValue", "TRUE",
        "boolValue: expected true or false, found \"TRUE\"");
    expect_refusal(
        &unit_scalars_message, "colorValue", "99999999999",
        "colorValue: the number is out of range: -2147483648 to 2147483647 is possible");
    expect_refusal(
        &unit_scalars_message, "colorValue", "-",
        "colorValue: expected one of \"dark_blue\", \"unspecified\", \"red\", found \"-\"");
    expect_refusal(
        &unit_well_known_message, "value", "1", "value: only JSON can say a value of this type");
    expect_refusal(
        &unit_well_known_message, "struct", "1", "struct: only JSON can say a value of this type");
    expect_refusal(
        &unit_node_message, "scalars", "1",
        "scalars: an object is no single value: name its fields, \"scalars.int32Value\"");
}

static void a_value_with_nul_is_no_text(void **state) {
    (void)state;
    void *message = new_message(&unit_scalars_message);
    struct nnrpc_field_path path = find(&unit_scalars_message, "stringValue");
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_field_path_set(&unit_scalars_message, message, &path, "a\0b", 3, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "stringValue: the value is not UTF-8 text");
    protobuf_c_message_free_unpacked(message, NULL);
}

static void a_name_that_is_none_says_where_it_fails(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t offset;
        size_t size;
        bool has_message;
        const char *nearest;
    } CASES[] = {
        {"nodeName", 0, 8, true, NULL},
        {"ownerId", 0, 7, true, "ownerID"},
        {"nextNode.ownerIDs", 9, 8, true, "ownerID"},
        {"", 0, 0, true, NULL},
        {"nextNode.", 9, 0, true, NULL},
        {".ownerID", 0, 0, true, NULL},
        {"ownerID.x", 8, 1, false, NULL},
        {"childNodes.ownerID", 11, 7, false, NULL},
        {"seenAt.seconds", 7, 7, false, NULL},
        {"namedNodes.a", 11, 1, false, NULL},
        {"namedNodes[a", 10, 2, false, NULL},
        {"namedNodes[a]b", 10, 4, false, NULL},
        {"namedNodes[", 10, 1, false, NULL},
        {"ownerID[a]", 7, 3, false, NULL},
        {"nextNode.nextNode.nextNode.nextNode.nextNode.nextNode.nextNode.ownerID", 63, 7, false,
         NULL},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        struct nnrpc_field_path path;
        struct nnrpc_field_miss miss;
        const char *name = CASES[index].name;
        assert_false(nnrpc_field_path_find(&unit_node_message, name, strlen(name), &path, &miss));
        assert_int_equal(miss.offset, CASES[index].offset);
        assert_int_equal(miss.size, CASES[index].size);
        assert_int_equal(miss.message != NULL, CASES[index].has_message);
        if (CASES[index].nearest == NULL) {
            assert_true(miss.nearest == NULL || CASES[index].has_message);
        } else {
            assert_string_equal(miss.nearest, CASES[index].nearest);
        }
    }
}

static void a_fields_name_is_that_of_json(void **state) {
    (void)state;
    struct nnrpc_field_path path = find(&unit_node_message, "next_node.named_nodes[x]");
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
    nnrpc_field_path_append_name(&unit_node_message, &path.path, &name);
    assert_string_equal(nnrpc_buffer_text(&name), "nextNode.namedNodes");
    assert_int_equal(path.key_size, 1);
    assert_memory_equal(path.key, "x", 1);
}

static void the_text_of_a_field_reads_back(void **state) {
    (void)state;
    static const struct assignment VALUES[] = {
        {"int32Value", "-1"},       {"uint64Value", "18446744073709551615"},
        {"doubleValue", "0.25"},    {"boolValue", "true"},
        {"stringValue", "a \"b\""}, {"bytesValue", "AQI="},
        {"colorValue", "red"},      {"int64Value", "0"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(VALUES); index++) {
        void *message = new_message(&unit_scalars_message);
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        struct nnrpc_field_path path = find(&unit_scalars_message, VALUES[index].name);
        assert_false(nnrpc_field_path_is_set(&path, message));
        assert_int_equal(
            set(&unit_scalars_message, message, VALUES[index].name, VALUES[index].text, NULL),
            NNRPC_OK);
        bool is_default = strcmp(VALUES[index].text, "0") == 0;
        assert_int_equal(nnrpc_field_path_is_set(&path, message), !is_default);
        nnrpc_buffer_append_text(&text, "> ");
        nnrpc_field_path_append_text(&path, message, &text);
        assert_string_equal(nnrpc_buffer_text(&text) + 2, VALUES[index].text);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

static void a_field_that_is_not_there_has_no_text(void **state) {
    (void)state;
    static const char *const NAMES[] = {"nextNode.ownerID", "nextNode", "childNodes", "ownerID"};
    void *node = new_message(&unit_node_message);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    for (size_t index = 0; index < NNRPC_LENGTH(NAMES); index++) {
        struct nnrpc_field_path path = find(&unit_node_message, NAMES[index]);
        assert_false(nnrpc_field_path_is_set(&path, node));
        nnrpc_field_path_append_text(&path, node, &text);
        assert_int_equal(text.size, 0);
    }
    protobuf_c_message_free_unpacked(node, NULL);
}

/* --- One field as JSON ---------------------------------------------------------------------- */

static unsigned int index_of(const struct nnrpc_message *type, const char *name) {
    int index = nnrpc_message_field_by_json_name(type, name, strlen(name));
    assert_true(index >= 0);
    return (unsigned int)index;
}

static void expect_field(
    const struct nnrpc_message *type, const char *name, const char *json, const char *paths) {
    void *message = new_message(type);
    unsigned int index = index_of(type, name);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer found = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer written = {0};
    nnrpc_buffer_append_text(&found, "paths: ");
    enum nnrpc_code code =
        nnrpc_json_read_field(type, index, json, strlen(json), message, &found, &status);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
    assert_string_equal(nnrpc_buffer_text(&found) + strlen("paths: "), paths);
    code = nnrpc_json_write_field(type, index, message, &BRIEF, &written);
    assert_int_equal(code, NNRPC_OK);
    assert_string_equal(nnrpc_buffer_text(&written), json);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void a_field_of_any_kind_is_read_and_written(void **state) {
    (void)state;
    expect_field(&unit_node_message, "ownerID", "\"a\"", "");
    expect_field(&unit_node_message, "ownerID", "null", "");
    expect_field(&unit_node_message, "nextNode", "null", "");
    expect_field(&unit_node_message, "childNodes", "[{\"ownerID\":\"a\"},{}]", "");
    expect_field(&unit_node_message, "namedNodes", "{\"a\":{\"ownerID\":\"b\"}}", "");
    expect_field(&unit_node_message, "secretText", "\"s\"", "");
    expect_field(&unit_scalars_message, "colorValue", "\"red\"", "");
    expect_field(&unit_well_known_message, "time", "\"2024-02-29T12:30:00Z\"", "");
    expect_field(&unit_well_known_message, "value", "[1,null]", "");
    expect_field(&unit_choice_message, "number", "5", "");
    expect_field(&unit_choice_message, "number", "null", "");
}

static void the_keys_of_a_message_are_its_paths(void **state) {
    (void)state;
    expect_field(&unit_node_message, "nextNode", "{}", "");
    expect_field(
        &unit_node_message, "nextNode",
        "{\"NodeID\":\"a\",\"nextNode\":{\"ownerID\":\"b\",\"scalars\":{\"boolValue\":true}},"
        "\"childNodes\":[{\"ownerID\":\"c\"}],\"namedNodes\":{\"k\":{\"ownerID\":\"d\"}},"
        "\"seenAt\":\"2024-02-29T12:30:00Z\"}",
        "node_name,next_node.owner_id,next_node.scalars.bool_value,child_nodes,named_nodes,seen_"
        "at");
}

static void null_keys_are_paths_too(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"owner_id\":null,\"nextNode\":null,\"scalars\":{\"boolValue\":null}}";
    Unit__Node *node = new_message(&unit_node_message);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer paths = {0};
    unsigned int index = index_of(&unit_node_message, "nextNode");
    assert_int_equal(
        nnrpc_json_read_field(
            &unit_node_message, index, TEXT, strlen(TEXT), &node->base, &paths, NULL),
        NNRPC_OK);
    assert_string_equal(nnrpc_buffer_text(&paths), "owner_id,next_node,scalars.bool_value");
    protobuf_c_message_free_unpacked(&node->base, NULL);
}

static void a_wrong_field_is_told_by_paths_below_it(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *message;
    } CASES[] = {
        {"nextNode", "[]", "expected an object, found a list"},
        {"childNodes", "[{},5]", "[1]: expected an object, found number"},
        {"nextNode", "{\"nextNode\":{\"ownerID\":5}}",
         "nextNode.ownerID: expected text, found number"},
        {"ownerID", "5", "expected text, found number"},
        {"ownerID", "", "line 1, column 0: the text ends before the value does"},
        {"ownerID", "\"a\"x", "line 1, column 4: there is more text after the value"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        void *node = new_message(&unit_node_message);
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer paths = {0};
        const char *text = CASES[index].text;
        assert_int_equal(
            nnrpc_json_read_field(
                &unit_node_message, index_of(&unit_node_message, CASES[index].name), text,
                strlen(text), node, &paths, &status),
            NNRPC_INVALID_ARGUMENT);
        expect_status(&status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON", CASES[index].message);
        assert_int_equal(paths.size, 0);
        protobuf_c_message_free_unpacked(node, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_is_set_from_its_text),
        cmocka_unit_test(every_well_known_type_with_a_text_is_set),
        cmocka_unit_test(a_repeated_field_gets_one_more),
        cmocka_unit_test(a_map_gets_the_entry_of_a_key),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(messages_on_the_way_are_made),
        cmocka_unit_test(a_value_that_was_there_is_replaced),
        cmocka_unit_test(one_member_of_a_oneof_is_possible),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(a_value_with_nul_is_no_text),
        cmocka_unit_test(a_name_that_is_none_says_where_it_fails),
        cmocka_unit_test(a_fields_name_is_that_of_json),
        cmocka_unit_test(the_text_of_a_field_reads_back),
        cmocka_unit_test(a_field_that_is_not_there_has_no_text),
        cmocka_unit_test(a_field_of_any_kind_is_read_and_written),
        cmocka_unit_test(the_keys_of_a_message_are_its_paths),
        cmocka_unit_test(null_keys_are_paths_too),
        cmocka_unit_test(a_wrong_field_is_told_by_paths_below_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
