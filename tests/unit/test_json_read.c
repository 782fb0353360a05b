/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as messages: names, presence, structure, and what is said of a text that is wrong.
 */
#include "json_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "everything.nnrpc.h"

static void an_empty_object_is_an_empty_message(void **state) {
    (void)state;
    Unit__Node *node = read_json(&unit_node_message, " { } \n\t\r");
    assert_string_equal(node->node_name, "");
    assert_ptr_equal(node->node_name, protobuf_c_empty_string);
    assert_null(node->next_node);
    assert_int_equal(node->n_child_nodes, 0);
    assert_null(node->child_nodes);
    protobuf_c_message_free_unpacked(&node->base, NULL);
}

static void fields_are_read_by_json_name_and_by_proto_name(void **state) {
    (void)state;
    expect_round(
        &unit_node_message,
        "{\"NodeID\":\"a\",\"ownerID\":\"b\",\"seenAt\":\"2024-02-29T00:00:00Z\"}",
        "{\"NodeID\":\"a\",\"ownerID\":\"b\",\"seenAt\":\"2024-02-29T00:00:00Z\"}");
    expect_round(
        &unit_node_message,
        "{\"seen_at\":\"2024-02-29T00:00:00Z\",\"owner_id\":\"b\",\"node_name\":\"a\"}",
        "{\"NodeID\":\"a\",\"ownerID\":\"b\",\"seenAt\":\"2024-02-29T00:00:00Z\"}");
}

static void null_is_not_set(void **state) {
    (void)state;
    expect_round(
        &unit_node_message,
        "{\"NodeID\":null,\"nextNode\":null,\"childNodes\":null,\"ownerID\":null,"
        "\"secretText\":null,\"secretColor\":null,\"namedNodes\":null,\"scalars\":null}",
        "{}");
    expect_round(
        &unit_scalars_message,
        "{\"int32Value\":null,\"boolValue\":null,\"bytesValue\":null,\"doubleValue\":null}", "{}");
}

static void empty_values_are_not_set(void **state) {
    (void)state;
    expect_round(&unit_lists_message, "{\"stringValues\":[],\"messageValues\":[]}", "{}");
    expect_round(&unit_maps_message, "{\"byString\":{}}", "{}");
    expect_round(&unit_scalars_message, "{\"stringValue\":\"\",\"bytesValue\":\"\"}", "{}");
}

static void messages_nest_and_repeat(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"NodeID\":\"a\",\"nextNode\":{\"NodeID\":\"b\",\"nextNode\":{\"ownerID\":\"c\"}},"
        "\"childNodes\":[{\"NodeID\":\"d\"},{},{\"childNodes\":[{\"NodeID\":\"e\"}]}],"
        "\"namedNodes\":{\"x\":{\"NodeID\":\"f\"},\"y\":{}}}";
    expect_round(&unit_node_message, TEXT, TEXT);
}

static void lists_of_every_kind_are_read(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"int32Values\":[1,-2],\"uint32Values\":[3],\"int64Values\":[\"-4\"],"
        "\"uint64Values\":[\"5\",\"6\"],\"floatValues\":[0.5],\"doubleValues\":[0.25,1e+100],"
        "\"boolValues\":[true,false],\"stringValues\":[\"a\",\"\",\"b\"],"
        "\"bytesValues\":[\"YQ==\",\"\"],\"colorValues\":[\"red\",\"unspecified\"],"
        "\"messageValues\":[{\"int32Value\":1},{}]}";
    expect_round(&unit_lists_message, TEXT, TEXT);
}

static void maps_to_every_kind_are_read(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"byString\":{\"\":\"x\",\"a b\":\"\"},\"toMessage\":{\"m\":{\"int32Value\":1}},"
        "\"toColor\":{\"c\":\"red\"},\"toTime\":{\"t\":\"2024-02-29T12:30:00Z\"},"
        "\"toValue\":{\"l\":[1,null],\"n\":null},\"toBytes\":{\"b\":\"YQ==\",\"e\":\"\"}}";
    expect_round(&unit_maps_message, TEXT, TEXT);
}

static void what_is_read_packs_as_what_protobuf_c_unpacks(void **state) {
    (void)state;
    Unit__Maps *maps = read_json(
        &unit_maps_message, "{\"byString\":{\"k\":\"v\",\"\":\"\"},\"toMessage\":{\"m\":{}}}");
    size_t size = 0;
    uint8_t *bytes = pack_message(maps, &size);
    Unit__Maps *again = unit__maps__unpack(NULL, size, bytes);
    assert_non_null(again);
    expect_json_form(
        &unit_maps_message, again, &(struct nnrpc_json_format){.omit_unset = true},
        "{\"byString\":{\"\":\"\",\"k\":\"v\"},\"toMessage\":{\"m\":{}}}", __FILE__, __LINE__);
    free(bytes);
    unit__maps__free_unpacked(again, NULL);
    unit__maps__free_unpacked(maps, NULL);
}

/* --- Oneofs ------------------------------------------------------------------------------- */

static void the_chosen_member_of_a_oneof_is_read(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "{\"number\":0}",     "{\"number\":5,\"yes\":false}",
        "{\"text\":\"\"}",    "{\"text\":\"t\",\"no\":true}",
        "{\"data\":\"\"}",    "{\"data\":\"YQ==\"}",
        "{\"scalars\":{}}",   "{\"scalars\":{\"int32Value\":1}}",
        "{\"nothing\":null}", "{\"color\":\"unspecified\"}",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        expect_round(&unit_choice_message, TEXTS[index], TEXTS[index]);
    }
}

static void a_null_member_of_a_oneof_is_not_chosen(void **state) {
    (void)state;
    expect_round(
        &unit_choice_message, "{\"number\":null,\"text\":\"t\",\"scalars\":null}",
        "{\"text\":\"t\"}");
}

static void two_members_of_a_oneof_are_refused(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_refused_with(
        &unit_choice_message, "{\"text\":\"t\",\"before\":\"\",\"scalars\":{},\"yes\":true}",
        "scalars: only one of \"text\" and \"scalars\" is possible", &status);
    expect_violation_count(&status, 1);
    expect_violation(&status, 0, "scalars", "only one of \"text\" and \"scalars\" is possible");
    expect_refused(
        &unit_choice_message, "{\"number\":1,\"nothing\":null}",
        "nothing: only one of \"number\" and \"nothing\" is possible");
}

/* --- Keys --------------------------------------------------------------------------------- */

static void an_unknown_key_is_named_with_what_was_meant(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"NodeId\":1}", "NodeId: unknown key \"NodeId\"; did you mean \"NodeID\"?"},
        {"{\"nextNdoe\":1}", "nextNdoe: unknown key \"nextNdoe\"; did you mean \"nextNode\"?"},
        {"{\"childNode\":1}", "childNode: unknown key \"childNode\"; did you mean \"childNodes\"?"},
        {"{\"seen_att\":1}", "seen_att: unknown key \"seen_att\"; did you mean \"seenAt\"?"},
        {"{\"nextNode\":{\"oddField\":1}}",
         "nextNode.oddField: unknown key \"oddField\"; known are \"NodeID\", \"nextNode\", "
         "\"childNodes\", \"ownerID\", \"secretText\", \"secretColor\", \"namedNodes\", "
         "\"scalars\", \"seenAt\""},
        {"{\"\":1}",
         "[\"\"]: unknown key \"\"; known are \"NodeID\", \"nextNode\", \"childNodes\", "
         "\"ownerID\", \"secretText\", \"secretColor\", \"namedNodes\", \"scalars\", \"seenAt\""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_node_message, CASES[index].text, CASES[index].message);
    }
    expect_refused(
        &unit_scalars_message, "{\"quite another\":1}",
        "[\"quite another\"]: unknown key \"quite another\"; known are \"int32Value\", "
        "\"sint32Value\", \"sfixed32Value\", \"uint32Value\", \"fixed32Value\", \"int64Value\", "
        "\"sint64Value\", \"sfixed64Value\", \"uint64Value\", \"fixed64Value\" and 6 more");
    expect_refused(
        &unit_well_known_message, "{\"empty\":{\"x\":1}}",
        "empty.x: unknown key \"x\"; none is known");
}

static void a_long_or_odd_key_is_shown_cut_and_escaped(void **state) {
    (void)state;
    expect_refused(
        &unit_choice_message, "{\"a\\nb\":1}",
        "[\"a\\nb\"]: unknown key \"a\\nb\"; known are \"before\", \"number\", \"text\", "
        "\"data\", \"scalars\", \"nothing\", \"color\", \"yes\", \"no\"");
    char text[400];
    snprintf(text, sizeof(text), "{\"%0300d\":1}", 0);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    char field[100];
    snprintf(field, sizeof(field), "[\"%064d\"...]", 0);
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        nnrpc_json_read(&unit_choice_message, text, strlen(text), NULL, &message, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.details->violations[0].field, field);
}

static void duplicate_keys_are_refused(void **state) {
    (void)state;
    expect_refused(
        &unit_node_message, "{\"NodeID\":\"a\",\n \"NodeID\":\"b\"}",
        "line 2, column 9: a key stands twice in an object");
    expect_refused(
        &unit_maps_message, "{\"byString\":{\"k\":\"a\",\"k\":\"a\"}}",
        "line 1, column 24: a key stands twice in an object");
}

static void both_names_of_one_field_are_a_duplicate(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_refused_with(
        &unit_node_message, "{\"nextNode\":{\"ownerID\":\"a\",\"owner_id\":\"a\"}}",
        "nextNode.ownerID: the field stands twice, as \"ownerID\" and as \"owner_id\"", &status);
    expect_violation(
        &status, 0, "next_node.owner_id",
        "the field stands twice, as \"ownerID\" and as \"owner_id\"");
    expect_refused(
        &unit_node_message, "{\"NodeID\":null,\"node_name\":null}",
        "NodeID: the field stands twice, as \"NodeID\" and as \"node_name\"");
}

static void the_present_keys_are_listed_by_proto_name(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *keys;
    } CASES[] = {
        {"{}", ""},
        {"{\"ownerID\":null}", "owner_id"},
        {"{\"seen_at\":null,\"NodeID\":\"a\",\"nextNode\":{\"ownerID\":\"b\"},\"childNodes\":[]}",
         "seen_at,node_name,next_node,child_nodes"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer keys = {0};
        ProtobufCMessage *message = NULL;
        assert_int_equal(
            nnrpc_json_read_keys(
                &unit_node_message, CASES[index].text, strlen(CASES[index].text), NULL, &message,
                &keys, NULL),
            NNRPC_OK);
        assert_string_equal(nnrpc_buffer_text(&keys), CASES[index].keys);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

static void a_failed_read_lists_no_keys(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer keys = {0};
    nnrpc_buffer_append_text(&keys, "before");
    ProtobufCMessage *message = NULL;
    static const char TEXT[] = "{\"ownerID\":\"a\",\"NodeID\":5}";
    assert_int_equal(
        nnrpc_json_read_keys(&unit_node_message, TEXT, strlen(TEXT), NULL, &message, &keys, NULL),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(nnrpc_buffer_text(&keys), "before");
    assert_null(message);
}

/* --- Wrong values ------------------------------------------------------------------------- */

static void every_wrong_value_is_told_with_its_place(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_refused_with(
        &unit_node_message,
        "{\"nextNode\":{\"childNodes\":[{\"NodeID\":1},{},{\"ownerID\":[]}]},"
        "\"namedNodes\":{\"k\":{\"seenAt\":true},\"a b\":{\"NodeID\":{}}},\"extra\":0,"
        "\"scalars\":[]}",
        "nextNode.childNodes[0].NodeID: expected text, found number (and 5 more)", &status);
    expect_violation_count(&status, 6);
    expect_violation(
        &status, 0, "next_node.child_nodes[0].node_name", "expected text, found number");
    expect_violation(
        &status, 1, "next_node.child_nodes[2].owner_id", "expected text, found a list");
    expect_violation(
        &status, 2, "named_nodes.k.seen_at",
        "expected a time such as \"2024-02-29T12:30:00Z\", found true");
    expect_violation(
        &status, 3, "named_nodes[\"a b\"].node_name", "expected text, found an object");
    assert_string_equal(status.details->violations[4].field, "extra");
    expect_violation(&status, 5, "scalars", "expected an object, found a list");
    for (size_t index = 0; index < 6; index++) {
        assert_string_equal(status.details->violations[index].reason, "INVALID_JSON");
    }
}

static void the_kinds_that_do_not_fit_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"stringValues\":\"a\"}", "stringValues: expected a list, found \"a\""},
        {"{\"stringValues\":{}}", "stringValues: expected a list, found an object"},
        {"{\"stringValues\":[\"a\",1]}", "stringValues[1]: expected text, found number"},
        {"{\"stringValues\":[null]}", "stringValues[0]: null is not possible here"},
        {"{\"stringValues\":[false]}", "stringValues[0]: expected text, found false"},
        {"{\"stringValues\":[1.5]}", "stringValues[0]: expected text, found number"},
        {"{\"boolValues\":[\"true\"]}", "boolValues[0]: expected true or false, found \"true\""},
        {"{\"boolValues\":[1]}", "boolValues[0]: expected true or false, found number"},
        {"{\"messageValues\":[null]}", "messageValues[0]: null is not possible here"},
        {"{\"messageValues\":[\"x\"]}", "messageValues[0]: expected an object, found \"x\""},
        {"{\"bytesValues\":[5]}", "bytesValues[0]: expected base64 text, found number"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_lists_message, CASES[index].text, CASES[index].message);
    }
    expect_refused(
        &unit_maps_message, "{\"byString\":[]}", "byString: expected an object, found a list");
    expect_refused(
        &unit_maps_message, "{\"byString\":{\"k\":null}}", "byString.k: null is not possible here");
}

static void map_keys_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"byInt32\":{\"01\":\"\"}}", "byInt32.01: expected a whole number as key, found \"01\""},
        {"{\"byInt32\":{\"-0\":\"\"}}", "byInt32[\"-0\"]: expected a whole number as key, found "
                                        "\"-0\""},
        {"{\"byInt32\":{\"1e3\":\"\"}}",
         "byInt32.1e3: expected a whole number as key, found \"1e3\""},
        {"{\"byInt32\":{\"\":\"\"}}", "byInt32[\"\"]: expected a whole number as key, found \"\""},
        {"{\"byInt32\":{\"2147483648\":\"\"}}",
         "byInt32.2147483648: the number is out of range: -2147483648 to 2147483647 is possible"},
        {"{\"byUint32\":{\"-1\":\"\"}}",
         "byUint32[\"-1\"]: the number is out of range: 0 to 4294967295 is possible"},
        {"{\"byFixed64\":{\"18446744073709551616\":\"\"}}",
         "byFixed64.18446744073709551616: the number is out of range: 0 to 18446744073709551615 "
         "is possible"},
        {"{\"byBool\":{\"True\":\"\"}}", "byBool.True: expected true or false, found \"True\""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_maps_message, CASES[index].text, CASES[index].message);
    }
}

static void another_outermost_value_is_refused_without_a_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"[]", "expected an object, found a list"}, {"\"a\"", "expected an object, found \"a\""},
        {"5", "expected an object, found number"},  {"null", "expected an object, found null"},
        {"true", "expected an object, found true"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        expect_refused_with(&unit_node_message, CASES[index].text, CASES[index].message, &status);
        expect_violation_count(&status, 0);
    }
}

static void a_thousand_wrong_values_are_the_most_that_are_told(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_buffer_append_text(&text, "{\"stringValues\":[1");
    for (int number = 0; number < 20000; number++) {
        nnrpc_buffer_append_text(&text, ",1");
    }
    nnrpc_buffer_append_text(&text, "]}");
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_refused_with(
        &unit_lists_message, nnrpc_buffer_text(&text),
        "stringValues[0]: expected text, found number (and 999 more)", &status);
    expect_violation_count(&status, 1000);
}

static void values_of_sensitive_fields_stand_in_no_message(void **state) {
    (void)state;
    expect_refused(
        &unit_node_message, "{\"secretColor\":\"hunter2\"}",
        "secretColor: expected one of \"dark_blue\", \"unspecified\", \"red\", found text");
    expect_refused(
        &unit_node_message, "{\"secretText\":\"hunter2}",
        "line 1, column 23: the text ends before "
        "the value does");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_object_is_an_empty_message),
        cmocka_unit_test(fields_are_read_by_json_name_and_by_proto_name),
        cmocka_unit_test(null_is_not_set),
        cmocka_unit_test(empty_values_are_not_set),
        cmocka_unit_test(messages_nest_and_repeat),
        cmocka_unit_test(lists_of_every_kind_are_read),
        cmocka_unit_test(maps_to_every_kind_are_read),
        cmocka_unit_test(what_is_read_packs_as_what_protobuf_c_unpacks),
        cmocka_unit_test(the_chosen_member_of_a_oneof_is_read),
        cmocka_unit_test(a_null_member_of_a_oneof_is_not_chosen),
        cmocka_unit_test(two_members_of_a_oneof_are_refused),
        cmocka_unit_test(an_unknown_key_is_named_with_what_was_meant),
        cmocka_unit_test(a_long_or_odd_key_is_shown_cut_and_escaped),
        cmocka_unit_test(duplicate_keys_are_refused),
        cmocka_unit_test(both_names_of_one_field_are_a_duplicate),
        cmocka_unit_test(the_present_keys_are_listed_by_proto_name),
        cmocka_unit_test(a_failed_read_lists_no_keys),
        cmocka_unit_test(every_wrong_value_is_told_with_its_place),
        cmocka_unit_test(the_kinds_that_do_not_fit_are_named),
        cmocka_unit_test(map_keys_that_do_not_fit_are_refused),
        cmocka_unit_test(another_outermost_value_is_refused_without_a_place),
        cmocka_unit_test(a_thousand_wrong_values_are_the_most_that_are_told),
        cmocka_unit_test(values_of_sensitive_fields_stand_in_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
