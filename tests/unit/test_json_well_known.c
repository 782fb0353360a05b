/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that have a JSON form of their own.
 */
#include "json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "everything.nnrpc.h"
#include "google/protobuf/struct.nnrpc.h"
#include "google/protobuf/timestamp.nnrpc.h"
#include "google/protobuf/wrappers.nnrpc.h"

#define TYPE (&unit_well_known_message)

static const struct nnrpc_json_format OMIT = {.omit_unset = true};

/* Writes a timestamp or duration; the code that comes back. */
static enum nnrpc_code write_time(const ProtobufCMessage *message, struct nnrpc_buffer *out) {
    nnrpc_buffer_clear(out);
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        known.time = (Google__Protobuf__Timestamp *)message;
    } else {
        known.duration = (Google__Protobuf__Duration *)message;
    }
    return nnrpc_json_write(TYPE, &known.base, &OMIT, out);
}

static void timestamps_are_written_and_read_back(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *text;
    } CASES[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {-1, 999999999, "1969-12-31T23:59:59.999999999Z"},
        {1709208000, 500000000, "2024-02-29T12:00:00.500Z"},
        {1709208000, 1000, "2024-02-29T12:00:00.000001Z"},
        {-62135596800, 0, "0001-01-01T00:00:00Z"},
        {253402300799, 999000000, "9999-12-31T23:59:59.999Z"},
        {951782400, 0, "2000-02-29T00:00:00Z"},
        {-2203891200, 0, "1900-03-01T00:00:00Z"},
        {4107542400, 1, "2100-03-01T00:00:00.000000001Z"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = CASES[index].seconds;
        time.nanos = CASES[index].nanos;
        assert_int_equal(write_time(&time.base, &out), NNRPC_OK);
        char expected[80];
        snprintf(expected, sizeof(expected), "{\"time\":\"%s\"}", CASES[index].text);
        assert_string_equal(nnrpc_buffer_text(&out), expected);
        Unit__WellKnown *known = read_json(TYPE, expected);
        assert_true(known->time->seconds == CASES[index].seconds);
        assert_int_equal(known->time->nanos, CASES[index].nanos);
        unit__well_known__free_unpacked(known, NULL);
    }
}

/* Against the C library's calendar, five months and a bit apart over all the years. */
static void timestamps_agree_with_the_c_library(void **state) {
    (void)state;
    for (int64_t seconds = -62135596800; seconds <= 253402300799; seconds += 86400 * 149 + 12345) {
        struct tm parts;
        time_t time_value = (time_t)seconds;
        assert_non_null(gmtime_r(&time_value, &parts));
        char expected[80];
        snprintf(
            expected, sizeof(expected), "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"}",
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
            parts.tm_sec);
        Unit__WellKnown *known = read_json(TYPE, expected);
        assert_true(known->time->seconds == seconds);
        expect_json_form(TYPE, known, &OMIT, expected, __FILE__, __LINE__);
        unit__well_known__free_unpacked(known, NULL);
    }
}

static void timestamps_of_any_offset_are_read(void **state) {
    (void)state;
    expect_round(
        TYPE, "{\"time\":\"2024-02-29T12:30:00.25+05:30\"}",
        "{\"time\":\"2024-02-29T07:00:00.250Z\"}");
    expect_round(
        TYPE, "{\"time\":\"2024-02-29T23:30:00-01:00\"}", "{\"time\":\"2024-03-01T00:30:00Z\"}");
    expect_round(
        TYPE, "{\"time\":\"2024-02-29T23:30:00-00:00\"}", "{\"time\":\"2024-02-29T23:30:00Z\"}");
}

static void what_is_no_timestamp_is_refused(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "2024-02-29",
        "2024-02-29T12:00:00",
        "2024-02-29 12:00:00Z",
        "2024-02-29t12:00:00Z",
        "2024-02-29T12:00:00z",
        "2023-02-29T12:00:00Z",
        "2024-02-30T12:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1234567890Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "24-01-01T00:00:00Z",
        "02024-01-01T00:00:00Z",
        "2024-1-01T00:00:00Z",
        "-024-01-01T00:00:00Z",
        "1900-02-29T00:00:00Z",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        char text[80];
        char message[160];
        snprintf(text, sizeof(text), "{\"time\":\"%s\"}", TEXTS[index]);
        snprintf(
            message, sizeof(message),
            "time: expected a time such as \"2024-02-29T12:30:00Z\", found \"%s\"", TEXTS[index]);
        expect_refused(TYPE, text, message);
    }
    expect_refused(
        TYPE, "{\"time\":1709208000}",
        "time: expected a time such as \"2024-02-29T12:30:00Z\", found number");
}

static void durations_are_written_and_read_back(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *text;
    } CASES[] = {
        {0, 0, "0s"},
        {1, 500000000, "1.500s"},
        {-1, -500000000, "-1.500s"},
        {0, -1, "-0.000000001s"},
        {3, 1000, "3.000001s"},
        {315576000000, 0, "315576000000s"},
        {-315576000000, -999999999, "-315576000000.999999999s"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        duration.seconds = CASES[index].seconds;
        duration.nanos = CASES[index].nanos;
        assert_int_equal(write_time(&duration.base, &out), NNRPC_OK);
        char expected[80];
        snprintf(expected, sizeof(expected), "{\"duration\":\"%s\"}", CASES[index].text);
        assert_string_equal(nnrpc_buffer_text(&out), expected);
        expect_round(TYPE, expected, expected);
    }
    expect_round(TYPE, "{\"duration\":\"1.5s\"}", "{\"duration\":\"1.500s\"}");
    expect_round(TYPE, "{\"duration\":\"007s\"}", "{\"duration\":\"7s\"}");
}

static void what_is_no_duration_is_refused(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "",
        "s",
        "1",
        "1.5",
        "-s",
        "1.s",
        ".5s",
        "+1s",
        "1s ",
        " 1s",
        "1m",
        "1e3s",
        "1.1234567890s",
        "315576000001s",
        "99999999999999999999999s",
        "--1s",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        char text[80];
        char message[160];
        snprintf(text, sizeof(text), "{\"duration\":\"%s\"}", TEXTS[index]);
        snprintf(
            message, sizeof(message),
            "duration: expected a duration such as \"1.5s\", found \"%s\"", TEXTS[index]);
        expect_refused(TYPE, text, message);
    }
}

static void times_out_of_bounds_are_written_as_null_and_reported(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
    } TIMES[] = {{-62135596801, 0}, {253402300800, 0}, {0, -1}, {0, 1000000000}, {INT64_MIN, 0}};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    for (size_t index = 0; index < NNRPC_LENGTH(TIMES); index++) {
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = TIMES[index].seconds;
        time.nanos = TIMES[index].nanos;
        assert_int_equal(write_time(&time.base, &out), NNRPC_OUT_OF_RANGE);
        assert_string_equal(nnrpc_buffer_text(&out), "{\"time\":null}");
    }
    static const struct {
        int64_t seconds;
        int32_t nanos;
    } DURATIONS[] = {{315576000001, 0}, {1, -1}, {-1, 1}, {0, 1000000000}, {INT64_MIN, 0}};
    for (size_t index = 0; index < NNRPC_LENGTH(DURATIONS); index++) {
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        duration.seconds = DURATIONS[index].seconds;
        duration.nanos = DURATIONS[index].nanos;
        assert_int_equal(write_time(&duration.base, &out), NNRPC_OUT_OF_RANGE);
        assert_string_equal(nnrpc_buffer_text(&out), "{\"duration\":null}");
    }
}

/* --- Field masks -------------------------------------------------------------------------- */

static void expect_paths(const Google__Protobuf__FieldMask *mask, const char *expected) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer paths = {0};
    for (size_t index = 0; index < mask->n_paths; index++) {
        nnrpc_buffer_append_format(&paths, "%s%s", index == 0 ? "" : "|", mask->paths[index]);
    }
    assert_string_equal(nnrpc_buffer_text(&paths), expected);
}

static void a_mask_uses_the_names_of_its_message(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *paths;
    } CASES[] = {
        {"NodeID", "node_name"},
        {"NodeID,ownerID", "node_name|owner_id"},
        {"nextNode.nextNode.ownerID", "next_node.next_node.owner_id"},
        {"childNodes.scalars.int32Value", "child_nodes.scalars.int32_value"},
        {"namedNodes.some key.nextNode", "named_nodes.some key.nextNode"},
        {"seenAt.seconds", "seen_at.seconds"},
        {"*", "*"},
        {"", ""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        char text[96];
        snprintf(text, sizeof(text), "{\"nodeMask\":\"%s\"}", CASES[index].json);
        Unit__WellKnown *known = read_json(TYPE, text);
        expect_paths(known->node_mask, CASES[index].paths);
        expect_json_form(TYPE, known, &OMIT, text, __FILE__, __LINE__);
        unit__well_known__free_unpacked(known, NULL);
    }
}

static void a_mask_may_be_given_by_proto_names(void **state) {
    (void)state;
    expect_round(
        TYPE, "{\"nodeMask\":\"node_name,next_node.owner_id\"}",
        "{\"nodeMask\":\"NodeID,nextNode.ownerID\"}");
}

static void a_mask_of_no_known_message_changes_case_alone(void **state) {
    (void)state;
    Unit__WellKnown *known = read_json(
        TYPE, "{\"plainMask\":\"fooBar.baz,a1,snake_case,*\",\"plainMasks\":[\"a\",\"b,cD\"]}");
    expect_paths(known->plain_mask, "foo_bar.baz|a1|snake_case|*");
    expect_paths(known->plain_masks[1], "b|c_d");
    expect_json_form(
        TYPE, known, &OMIT,
        "{\"plainMask\":\"fooBar.baz,a1,snakeCase,*\",\"plainMasks\":[\"a\",\"b,cD\"]}", __FILE__,
        __LINE__);
    unit__well_known__free_unpacked(known, NULL);
}

static void a_mask_that_names_no_field_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *message;
    } CASES[] = {
        {"NodeId", "nodeMask: the mask names no field with \"NodeId\"; did you mean \"NodeID\"?"},
        {"NodeID,,ownerID", "nodeMask: the mask names no field with \"\""},
        {"NodeID,", "nodeMask: the mask names no field with \"\""},
        {",", "nodeMask: the mask names no field with \"\" (and 1 more)"},
        {"nextNode.", "nodeMask: the mask names no field with \"\""},
        {".NodeID", "nodeMask: the mask names no field with \"\""},
        {"NodeID.x", "nodeMask: the mask names no field with \"x\""},
        {"nextNode.quite", "nodeMask: the mask names no field with \"quite\""},
        {" NodeID", "nodeMask: the mask names no field with \" NodeID\"; did you mean \"NodeID\"?"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        char text[96];
        snprintf(text, sizeof(text), "{\"nodeMask\":\"%s\"}", CASES[index].json);
        expect_refused(TYPE, text, CASES[index].message);
    }
    expect_refused(
        TYPE, "{\"nodeMask\":[\"NodeID\"]}",
        "nodeMask: expected field names joined by commas, found a list");
}

static void unknown_paths_of_a_mask_are_written_as_they_are(void **state) {
    (void)state;
    char *paths[] = {(char *)"no_such_field.x_y", (char *)"node_name"};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.paths = paths;
    mask.n_paths = 2;
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    known.node_mask = &mask;
    expect_json_form(
        TYPE, &known, &OMIT, "{\"nodeMask\":\"no_such_field.x_y,NodeID\"}", __FILE__, __LINE__);
}

/* --- The others --------------------------------------------------------------------------- */

static void wrappers_stand_for_their_values(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"empty\":{},\"int64Wrapper\":\"-5\",\"stringWrapper\":\"\",\"boolWrapper\":false,"
        "\"bytesWrapper\":\"YQ==\",\"doubleWrapper\":0.5,\"stringWrappers\":[\"\",\"x\"]}";
    expect_round(TYPE, TEXT, TEXT);
    expect_round(TYPE, "{\"int64Wrapper\":null,\"stringWrapper\":null,\"empty\":null}", "{}");
    expect_refused(
        TYPE, "{\"boolWrapper\":1}", "boolWrapper: expected true or false, found number");
    expect_refused(
        TYPE, "{\"stringWrappers\":[\"a\",5]}", "stringWrappers[1]: expected text, found number");
    expect_refused(
        TYPE, "{\"stringWrappers\":[null]}", "stringWrappers[0]: null is not possible here");
}

static void values_are_any_json(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "{\"value\":null}",
        "{\"value\":0}",
        "{\"value\":-1.5}",
        "{\"value\":\"\"}",
        "{\"value\":\"text\"}",
        "{\"value\":false}",
        "{\"value\":{}}",
        "{\"value\":{\"a\":[1,{\"b\":null},\"c\"],\"d\":{\"e\":true}}}",
        "{\"value\":[]}",
        "{\"struct\":{}}",
        "{\"struct\":{\"a\":null,\"b\":[[],[null]]}}",
        "{\"list\":[]}",
        "{\"list\":[null,1,\"x\",[true],{\"k\":\"v\"}]}",
        "{\"values\":[null,1,{}]}",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        expect_round(TYPE, TEXTS[index], TEXTS[index]);
    }
    expect_round(TYPE, "{\"value\":123456789012345678}", "{\"value\":1.2345678901234568e+17}");
}

static void structs_and_lists_of_the_wrong_kind_are_refused(void **state) {
    (void)state;
    expect_refused(TYPE, "{\"struct\":[]}", "struct: expected an object, found a list");
    expect_refused(TYPE, "{\"list\":{}}", "list: expected a list, found an object");
}

static void null_is_the_value_of_the_null_enum(void **state) {
    (void)state;
    expect_round(TYPE, "{\"nullValue\":null}", "{}");
    expect_round(TYPE, "{\"nullValue\":\"NULL_VALUE\"}", "{}");
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    assert_int_equal(nnrpc_json_write(TYPE, &known.base, NULL, &out), NNRPC_OK);
    assert_non_null(strstr(nnrpc_buffer_text(&out), "\"nullValue\":null"));
}

static void any_is_refused_both_ways(void **state) {
    (void)state;
    expect_refused(
        TYPE, "{\"any\":{\"@type\":\"x\"}}", "any: google.protobuf.Any cannot be given as JSON");
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    known.any = &any;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    assert_int_equal(nnrpc_json_write(TYPE, &known.base, &OMIT, &out), NNRPC_UNIMPLEMENTED);
    assert_string_equal(nnrpc_buffer_text(&out), "{\"any\":null}");
}

static void a_value_that_is_no_finite_number_is_reported(void **state) {
    (void)state;
    Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;
    value.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value.number_value = (double)NAN;
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    known.value = &value;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    assert_int_equal(nnrpc_json_write(TYPE, &known.base, &OMIT, &out), NNRPC_OUT_OF_RANGE);
    assert_string_equal(nnrpc_buffer_text(&out), "{\"value\":null}");
}

static void a_value_made_by_hand_may_be_half_empty(void **state) {
    (void)state;
    Google__Protobuf__Value unset = GOOGLE__PROTOBUF__VALUE__INIT;
    Google__Protobuf__Value half = GOOGLE__PROTOBUF__VALUE__INIT;
    half.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
    half.struct_value = NULL;
    Google__Protobuf__Value *values[] = {&unset, &half, NULL};
    Unit__WellKnown known = UNIT__WELL_KNOWN__INIT;
    known.values = values;
    known.n_values = 3;
    expect_json_form(TYPE, &known, &OMIT, "{\"values\":[null,{},null]}", __FILE__, __LINE__);
}

static void the_outermost_message_may_be_one_of_these(void **state) {
    (void)state;
    expect_round(
        &google_protobuf_timestamp_message, "\"2024-02-29T12:30:00Z\"", "\"2024-02-29T12:30:00Z\"");
    expect_round(&google_protobuf_value_message, " [1, null] ", "[1,null]");
    expect_round(&google_protobuf_value_message, "null", "null");
    expect_round(&google_protobuf_int64_value_message, "5", "\"5\"");
    expect_round(&google_protobuf_struct_message, "{\"a\":1}", "{\"a\":1}");
    expect_refused(
        &google_protobuf_timestamp_message, "5",
        "expected a time such as \"2024-02-29T12:30:00Z\", found number");
    expect_refused(
        &google_protobuf_int64_value_message, "\"x\"", "expected a whole number, found \"x\"");
    expect_refused(&google_protobuf_int64_value_message, "null", "expected a value, found null");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_written_and_read_back),
        cmocka_unit_test(timestamps_agree_with_the_c_library),
        cmocka_unit_test(timestamps_of_any_offset_are_read),
        cmocka_unit_test(what_is_no_timestamp_is_refused),
        cmocka_unit_test(durations_are_written_and_read_back),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(times_out_of_bounds_are_written_as_null_and_reported),
        cmocka_unit_test(a_mask_uses_the_names_of_its_message),
        cmocka_unit_test(a_mask_may_be_given_by_proto_names),
        cmocka_unit_test(a_mask_of_no_known_message_changes_case_alone),
        cmocka_unit_test(a_mask_that_names_no_field_is_refused),
        cmocka_unit_test(unknown_paths_of_a_mask_are_written_as_they_are),
        cmocka_unit_test(wrappers_stand_for_their_values),
        cmocka_unit_test(values_are_any_json),
        cmocka_unit_test(structs_and_lists_of_the_wrong_kind_are_refused),
        cmocka_unit_test(null_is_the_value_of_the_null_enum),
        cmocka_unit_test(any_is_refused_both_ways),
        cmocka_unit_test(a_value_that_is_no_finite_number_is_reported),
        cmocka_unit_test(a_value_made_by_hand_may_be_half_empty),
        cmocka_unit_test(the_outermost_message_may_be_one_of_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
