/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as JSON: which fields stand there, in which form, and that whatever comes out is JSON.
 */
#include "json_text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "everything.nnrpc.h"

static const struct nnrpc_json_format OMIT = {.omit_unset = true};

#define expect_set_fields(type, message, expected)                                                 \
    expect_json_form((type), (message), &OMIT, (expected), __FILE__, __LINE__)

static void an_empty_message_has_every_field(void **state) {
    (void)state;
    Unit__Scalars scalars = UNIT__SCALARS__INIT;
    expect_json(
        &unit_scalars_message, &scalars,
        "{\"int32Value\":0,\"sint32Value\":0,\"sfixed32Value\":0,\"uint32Value\":0,"
        "\"fixed32Value\":0,\"int64Value\":\"0\",\"sint64Value\":\"0\",\"sfixed64Value\":\"0\","
        "\"uint64Value\":\"0\",\"fixed64Value\":\"0\",\"floatValue\":0,\"doubleValue\":0,"
        "\"boolValue\":false,\"stringValue\":\"\",\"bytesValue\":\"\","
        "\"colorValue\":\"unspecified\"}");
    Unit__Lists lists = UNIT__LISTS__INIT;
    expect_json(
        &unit_lists_message, &lists,
        "{\"int32Values\":[],\"uint32Values\":[],\"int64Values\":[],\"uint64Values\":[],"
        "\"floatValues\":[],\"doubleValues\":[],\"boolValues\":[],\"stringValues\":[],"
        "\"bytesValues\":[],\"colorValues\":[],\"messageValues\":[]}");
}

static void names_nulls_and_maps_of_an_empty_message(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    expect_json(
        &unit_node_message, &node,
        "{\"NodeID\":\"\",\"nextNode\":null,\"childNodes\":[],\"ownerID\":null,"
        "\"secretColor\":\"unspecified\",\"namedNodes\":{},\"scalars\":null,\"seenAt\":null}");
}

static void unset_fields_can_be_left_out(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    expect_set_fields(&unit_node_message, &node, "{}");
    node.node_name = (char *)"a";
    node.owner_id = (char *)"b";
    expect_set_fields(&unit_node_message, &node, "{\"NodeID\":\"a\",\"ownerID\":\"b\"}");
}

static void input_only_fields_are_written_only_for_requests(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    node.secret_text = (char *)"hunter2";
    expect_set_fields(&unit_node_message, &node, "{}");
    const struct nnrpc_json_format request = {.omit_unset = true, .with_input_only = true};
    expect_json_form(
        &unit_node_message, &node, &request, "{\"secretText\":\"hunter2\"}", __FILE__, __LINE__);
}

static void a_text_made_by_hand_may_be_null(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    node.node_name = NULL;
    node.owner_id = NULL;
    char *texts[] = {NULL, (char *)"x"};
    Unit__Lists lists = UNIT__LISTS__INIT;
    lists.string_values = texts;
    lists.n_string_values = 2;
    expect_set_fields(&unit_node_message, &node, "{}");
    expect_set_fields(&unit_lists_message, &lists, "{\"stringValues\":[\"\",\"x\"]}");
}

static void the_extremes_of_integers_are_exact(void **state) {
    (void)state;
    Unit__Scalars scalars = UNIT__SCALARS__INIT;
    scalars.int32_value = INT32_MIN;
    scalars.sint32_value = INT32_MAX;
    scalars.sfixed32_value = -1;
    scalars.uint32_value = UINT32_MAX;
    scalars.fixed32_value = 7;
    scalars.int64_value = INT64_MIN;
    scalars.sint64_value = INT64_MAX;
    scalars.sfixed64_value = -1;
    scalars.uint64_value = UINT64_MAX;
    scalars.fixed64_value = 9007199254740993;
    expect_set_fields(
        &unit_scalars_message, &scalars,
        "{\"int32Value\":-2147483648,\"sint32Value\":2147483647,\"sfixed32Value\":-1,"
        "\"uint32Value\":4294967295,\"fixed32Value\":7,\"int64Value\":\"-9223372036854775808\","
        "\"sint64Value\":\"9223372036854775807\",\"sfixed64Value\":\"-1\","
        "\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":\"9007199254740993\"}");
}

static void expect_double(double number, const char *expected) {
    Unit__Lists lists = UNIT__LISTS__INIT;
    char text[128];
    lists.double_values = &number;
    lists.n_double_values = 1;
    snprintf(text, sizeof(text), "{\"doubleValues\":[%s]}", expected);
    expect_set_fields(&unit_lists_message, &lists, text);
}

static void expect_float(float number, const char *expected) {
    Unit__Lists lists = UNIT__LISTS__INIT;
    char text[128];
    lists.float_values = &number;
    lists.n_float_values = 1;
    snprintf(text, sizeof(text), "{\"floatValues\":[%s]}", expected);
    expect_set_fields(&unit_lists_message, &lists, text);
}

static void doubles_are_the_shortest_text_that_reads_back(void **state) {
    (void)state;
    expect_double(0, "0");
    expect_double(-0.0, "-0.0");
    expect_double(0.1, "0.1");
    expect_double(1.0 / 3, "0.3333333333333333");
    expect_double(0.1 + 0.2, "0.30000000000000004");
    expect_double(5e-324, "4.94065645841247e-324");
    expect_double(DBL_MAX, "1.7976931348623157e+308");
    expect_double(1e21, "1e+21");
    expect_double(-123456789, "-123456789");
    expect_float(0.1F, "0.1");
    expect_float(16777216.0F, "16777216");
    expect_float(FLT_MAX, "3.4028235e+38");
    expect_float(1.0F / 3, "0.33333334");
}

static void numbers_that_are_none_are_texts(void **state) {
    (void)state;
    expect_double((double)NAN, "\"NaN\"");
    expect_double((double)INFINITY, "\"Infinity\"");
    expect_double(-(double)INFINITY, "\"-Infinity\"");
    expect_float(NAN, "\"NaN\"");
    expect_float(-INFINITY, "\"-Infinity\"");
}

/* Needs one locale with a decimal comma on the machine. */
static void the_locale_does_not_change_numbers(void **state) {
    (void)state;
    static const char *const LOCALES[] = {
        "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "da_DK.UTF-8"};
    const char *found = NULL;
    for (size_t index = 0; index < NNRPC_LENGTH(LOCALES) && found == NULL; index++) {
        found = setlocale(LC_ALL, LOCALES[index]);
    }
    if (found == NULL) {
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    expect_double(1.5, "1.5");
    expect_double(-2.5e-10, "-2.5e-10");
    expect_float(0.25F, "0.25");
    expect_round(
        &unit_lists_message, "{\"doubleValues\":[1.5,\"2.5\"]}", "{\"doubleValues\":[1.5,2.5]}");
    assert_non_null(setlocale(LC_ALL, "C"));
}

static void expect_quoted(const char *text, size_t size, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    char *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    memcpy(exact, text, size);
    nnrpc_json_write_string(&out, exact, size);
    free(exact);
    assert_string_equal(nnrpc_buffer_text(&out), expected);
}

static void strings_are_escaped(void **state) {
    (void)state;
    expect_quoted("", 0, "\"\"");
    expect_quoted("plain", 5, "\"plain\"");
    expect_quoted("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    expect_quoted("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    expect_quoted("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
    expect_quoted(
        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

/* Whole words are looked at at once: each character must be seen wherever it stands. */
static void an_escape_is_seen_at_every_place(void **state) {
    (void)state;
    static const char *const NAMED[128] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
        ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t",
    };
    for (int character = 0; character < 128; character++) {
        char written[8] = {(char)character, '\0'};
        if (NAMED[character] != NULL) {
            snprintf(written, sizeof(written), "%s", NAMED[character]);
        } else if (character < 0x20) {
            snprintf(written, sizeof(written), "\\u%04x", (unsigned int)character);
        }
        for (size_t at = 0; at < 19; at++) {
            char text[] = "a!#[]~\x7f z!#[]~\x7f zab";
            char expected[64];
            text[at] = (char)character;
            snprintf(
                expected, sizeof(expected), "\"%.*s%s%s\"", (int)at, text, written, text + at + 1);
            expect_quoted(text, 19, expected);
        }
    }
}

static void what_is_not_utf8_becomes_the_replacement_character(void **state) {
    (void)state;
    expect_quoted("a\xff", 2, "\"a\\ufffd\"");
    expect_quoted("\xc3", 1, "\"\\ufffd\"");
    expect_quoted("\xc3\xa9\xe2\x82", 4, "\"\xc3\xa9\\ufffd\\ufffd\"");
    expect_quoted("\xed\xa0\x80\"", 4, "\"\\ufffd\\ufffd\\ufffd\\\"\"");
}

static void bytes_are_padded_base64(void **state) {
    (void)state;
    static const char *const TEXTS[] = {"\"\"", "\"+w==\"", "\"+/8=\"", "\"+/8/\"", "\"+/8/Zg==\""};
    for (size_t size = 0; size < NNRPC_LENGTH(TEXTS); size++) {
        Unit__Lists lists = UNIT__LISTS__INIT;
        ProtobufCBinaryData bytes = {
            .len = size,
            .data = (uint8_t *)"\xfb\xff\x3f"
                               "f"};
        char expected[64];
        lists.bytes_values = &bytes;
        lists.n_bytes_values = 1;
        snprintf(expected, sizeof(expected), "{\"bytesValues\":[%s]}", TEXTS[size]);
        expect_set_fields(&unit_lists_message, &lists, expected);
    }
}

static void enums_are_their_short_names_or_numbers(void **state) {
    (void)state;
    Unit__Color colors[] = {
        UNIT__COLOR__COLOR_RED,
        UNIT__COLOR__COLOR_DARK_BLUE,
        UNIT__COLOR__COLOR_UNSPECIFIED,
        (Unit__Color)99,
        (Unit__Color)-7,
    };
    Unit__Lists lists = UNIT__LISTS__INIT;
    lists.color_values = colors;
    lists.n_color_values = NNRPC_LENGTH(colors);
    expect_set_fields(
        &unit_lists_message, &lists,
        "{\"colorValues\":[\"red\",\"dark_blue\",\"unspecified\",99,-7]}");
}

static void booleans_and_messages_in_lists(void **state) {
    (void)state;
    protobuf_c_boolean booleans[] = {1, 0};
    Unit__Scalars first = UNIT__SCALARS__INIT;
    first.bool_value = 1;
    Unit__Scalars *messages[] = {&first, NULL}; /* NULL: made by hand, an empty one */
    Unit__Lists lists = UNIT__LISTS__INIT;
    lists.bool_values = booleans;
    lists.n_bool_values = 2;
    lists.message_values = messages;
    lists.n_message_values = 2;
    expect_set_fields(
        &unit_lists_message, &lists,
        "{\"boolValues\":[true,false],\"messageValues\":[{\"boolValue\":true},{}]}");
}

static void of_a_oneof_only_the_chosen_member_stands_there(void **state) {
    (void)state;
    Unit__Choice choice = UNIT__CHOICE__INIT;
    expect_json(&unit_choice_message, &choice, "{\"before\":\"\"}");
    choice.kind_case = UNIT__CHOICE__KIND_NUMBER;
    expect_json(&unit_choice_message, &choice, "{\"before\":\"\",\"number\":0}");
    choice.kind_case = UNIT__CHOICE__KIND_TEXT;
    choice.text = (char *)"t";
    choice.other_case = UNIT__CHOICE__OTHER_NO;
    expect_set_fields(&unit_choice_message, &choice, "{\"text\":\"t\",\"no\":false}");
    choice.kind_case = UNIT__CHOICE__KIND_NOTHING;
    choice.other_case = UNIT__CHOICE__OTHER__NOT_SET;
    expect_set_fields(&unit_choice_message, &choice, "{\"nothing\":null}");
}

static Unit__Maps__ByStringEntry string_entry(const char *key, const char *value) {
    Unit__Maps__ByStringEntry entry = UNIT__MAPS__BY_STRING_ENTRY__INIT;
    entry.key = (char *)key;
    entry.value = (char *)value;
    return entry;
}

static void maps_are_objects_in_the_order_of_their_keys(void **state) {
    (void)state;
    Unit__Maps__ByStringEntry entries[] = {
        string_entry("b", "1"),         string_entry("a", "2"),  string_entry("", "3"),
        string_entry("b", "last wins"), string_entry(NULL, "4"), string_entry("\"", NULL),
    };
    Unit__Maps__ByStringEntry *pointers[NNRPC_LENGTH(entries)];
    for (size_t index = 0; index < NNRPC_LENGTH(entries); index++) {
        pointers[index] = &entries[index];
    }
    Unit__Maps maps = UNIT__MAPS__INIT;
    maps.by_string = pointers;
    maps.n_by_string = NNRPC_LENGTH(entries);
    expect_set_fields(
        &unit_maps_message, &maps,
        "{\"byString\":{\"\":\"4\",\"\\\"\":\"\",\"a\":\"2\",\"b\":\"last wins\"}}");
}

static void map_keys_of_every_type_are_texts(void **state) {
    (void)state;
    expect_round(
        &unit_maps_message,
        "{\"byInt32\":{\"7\":\"a\",\"-5\":\"b\"},"
        "\"bySint64\":{\"9223372036854775807\":\"c\",\"-9223372036854775808\":\"d\"},"
        "\"byUint32\":{\"4294967295\":\"e\",\"0\":\"f\"},"
        "\"byFixed64\":{\"18446744073709551615\":\"g\",\"1\":\"h\"},"
        "\"byBool\":{\"true\":\"i\",\"false\":\"j\"}}",
        "{\"byInt32\":{\"-5\":\"b\",\"7\":\"a\"},"
        "\"bySint64\":{\"-9223372036854775808\":\"d\",\"9223372036854775807\":\"c\"},"
        "\"byUint32\":{\"0\":\"f\",\"4294967295\":\"e\"},"
        "\"byFixed64\":{\"1\":\"h\",\"18446744073709551615\":\"g\"},"
        "\"byBool\":{\"false\":\"j\",\"true\":\"i\"}}");
}

static void an_absent_message_in_a_map_is_an_empty_one(void **state) {
    (void)state;
    Unit__Maps__ToMessageEntry scalars = UNIT__MAPS__TO_MESSAGE_ENTRY__INIT;
    Unit__Maps__ToMessageEntry *scalar_entries[] = {&scalars};
    Unit__Maps__ToTimeEntry time = UNIT__MAPS__TO_TIME_ENTRY__INIT;
    Unit__Maps__ToTimeEntry *time_entries[] = {&time};
    Unit__Maps__ToValueEntry value = UNIT__MAPS__TO_VALUE_ENTRY__INIT;
    Unit__Maps__ToValueEntry *value_entries[] = {&value};
    Unit__Maps maps = UNIT__MAPS__INIT;
    maps.to_message = scalar_entries;
    maps.n_to_message = 1;
    maps.to_time = time_entries;
    maps.n_to_time = 1;
    maps.to_value = value_entries;
    maps.n_to_value = 1;
    expect_set_fields(
        &unit_maps_message, &maps,
        "{\"toMessage\":{\"\":{}},\"toTime\":{\"\":\"1970-01-01T00:00:00Z\"},"
        "\"toValue\":{\"\":null}}");
}

static void indentation_puts_one_thing_on_a_line(void **state) {
    (void)state;
    Unit__Node child = UNIT__NODE__INIT;
    child.node_name = (char *)"child";
    Unit__Node *children[] = {&child, &child};
    Unit__Node node = UNIT__NODE__INIT;
    node.child_nodes = children;
    node.n_child_nodes = 2;
    const struct nnrpc_json_format two = {.indent = 2, .omit_unset = true};
    expect_json_form(
        &unit_node_message, &node, &two,
        "{\n"
        "  \"childNodes\": [\n"
        "    {\n"
        "      \"NodeID\": \"child\"\n"
        "    },\n"
        "    {\n"
        "      \"NodeID\": \"child\"\n"
        "    }\n"
        "  ]\n"
        "}",
        __FILE__, __LINE__);
    const struct nnrpc_json_format all = {.indent = 1};
    Unit__Lists lists = UNIT__LISTS__INIT;
    expect_json_form(
        &unit_lists_message, &lists, &all,
        "{\n \"int32Values\": [],\n \"uint32Values\": [],\n \"int64Values\": [],\n"
        " \"uint64Values\": [],\n \"floatValues\": [],\n \"doubleValues\": [],\n"
        " \"boolValues\": [],\n \"stringValues\": [],\n \"bytesValues\": [],\n"
        " \"colorValues\": [],\n \"messageValues\": []\n}",
        __FILE__, __LINE__);
}

static void writing_appends_and_ignores_unknown_fields(void **state) {
    (void)state;
    static const uint8_t PACKED[] = {0x0a, 1, 'a', 0xf8, 0x01, 7}; /* node_name, field 31 */
    Unit__Node *node = unit__node__unpack(NULL, sizeof(PACKED), PACKED);
    assert_non_null(node);
    assert_int_equal(node->base.n_unknown_fields, 1);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    nnrpc_buffer_append_text(&out, "before ");
    assert_int_equal(nnrpc_json_write(&unit_node_message, &node->base, &OMIT, &out), NNRPC_OK);
    assert_string_equal(nnrpc_buffer_text(&out), "before {\"NodeID\":\"a\"}");
    unit__node__free_unpacked(node, NULL);
}

static void a_failed_buffer_is_reported(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    struct nnrpc_buffer out = {.failed = true};
    assert_int_equal(
        nnrpc_json_write(&unit_node_message, &node.base, NULL, &out), NNRPC_RESOURCE_EXHAUSTED);
    assert_null(out.data);
}

static void nesting_without_end_is_stopped(void **state) {
    (void)state;
    Unit__Node node = UNIT__NODE__INIT;
    node.next_node = &node;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    assert_int_equal(
        nnrpc_json_write(&unit_node_message, &node.base, &OMIT, &out), NNRPC_RESOURCE_EXHAUSTED);
    assert_true(out.failed);
}

static void a_hundred_levels_of_lists_are_written(void **state) {
    (void)state;
    Unit__Node nodes[100];
    Unit__Node *children[100];
    for (size_t level = 0; level < 100; level++) {
        unit__node__init(&nodes[level]);
        if (level > 0) {
            children[level] = &nodes[level];
            nodes[level - 1].child_nodes = &children[level];
            nodes[level - 1].n_child_nodes = 1;
        }
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    assert_int_equal(nnrpc_json_write(&unit_node_message, &nodes[0].base, &OMIT, &out), NNRPC_OK);
    assert_int_equal(out.size, 99 * strlen("{\"childNodes\":[]}") + strlen("{}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_message_has_every_field),
        cmocka_unit_test(names_nulls_and_maps_of_an_empty_message),
        cmocka_unit_test(unset_fields_can_be_left_out),
        cmocka_unit_test(input_only_fields_are_written_only_for_requests),
        cmocka_unit_test(a_text_made_by_hand_may_be_null),
        cmocka_unit_test(the_extremes_of_integers_are_exact),
        cmocka_unit_test(doubles_are_the_shortest_text_that_reads_back),
        cmocka_unit_test(numbers_that_are_none_are_texts),
        cmocka_unit_test(the_locale_does_not_change_numbers),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(an_escape_is_seen_at_every_place),
        cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
        cmocka_unit_test(bytes_are_padded_base64),
        cmocka_unit_test(enums_are_their_short_names_or_numbers),
        cmocka_unit_test(booleans_and_messages_in_lists),
        cmocka_unit_test(of_a_oneof_only_the_chosen_member_stands_there),
        cmocka_unit_test(maps_are_objects_in_the_order_of_their_keys),
        cmocka_unit_test(map_keys_of_every_type_are_texts),
        cmocka_unit_test(an_absent_message_in_a_map_is_an_empty_one),
        cmocka_unit_test(indentation_puts_one_thing_on_a_line),
        cmocka_unit_test(writing_appends_and_ignores_unknown_fields),
        cmocka_unit_test(a_failed_buffer_is_reported),
        cmocka_unit_test(nesting_without_end_is_stopped),
        cmocka_unit_test(a_hundred_levels_of_lists_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
