/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor sets that are broken or hostile: each is refused with what is wrong, none is believed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor_set.h"
#include "expect_status.h"
#include "json_text.h"
#include "nnrpc/json.h"

#define ROUNDS 20000

/* A set is refused with exactly this message. */
static void refused(const void *bytes, size_t size, const char *message) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_dynamic *untouched = NULL;
    assert_int_equal(nnrpc_dynamic_new(bytes, size, &untouched, &status), NNRPC_INVALID_ARGUMENT);
    expect_status(&status, NNRPC_INVALID_ARGUMENT, "INVALID_DESCRIPTORS", message);
    assert_null(untouched);
}

/* The same for a set that is written as JSON. */
static void refused_json(const char *text, const char *message) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    descriptor_set_from_json(text, &set);
    refused(set.data, set.size, message);
}

/* A set that is taken; release it. */
static struct nnrpc_dynamic *taken_json(const char *text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    descriptor_set_from_json(text, &set);
    return descriptor_set_open(set.data, set.size);
}

#define FILE_WITH(content)                                                                         \
    "{\"file\":[{\"name\":\"a.proto\",\"package\":\"p\",\"syntax\":\"proto3\"," content "}]}"
#define MESSAGE_WITH(fields) FILE_WITH("\"messageType\":[{\"name\":\"M\",\"field\":[" fields "]}]")
#define FIELD(name, number, label, type, more)                                                     \
    "{\"name\":\"" name "\",\"number\":" number ",\"label\":\"" label "\",\"type\":\"" type        \
    "\"" more "}"

static void bytes_that_are_no_set_are_refused(void **state) {
    (void)state;
    refused(
        "\xff", 1,
        "the bytes are no FileDescriptorSet: google.protobuf.FileDescriptorSet: is "
        "malformed: not a field tag");
    refused(
        "\x0a\x05hello", 7,
        "the bytes are no FileDescriptorSet: field \"file[0]\" has a group or no "
        "known wire type");
}

static void an_empty_set_is_a_set(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = descriptor_set_open("", 0);
    assert_int_equal(nnrpc_dynamic_item_count(dynamic), 0);
    assert_null(nnrpc_dynamic_find(dynamic, "x"));
    assert_string_equal(
        nnrpc_dynamic_find_message(dynamic, "google.protobuf.Timestamp")->descriptor->name,
        "google.protobuf.Timestamp");
}

static void a_set_above_the_limit_is_refused(void **state) {
    (void)state;
    size_t size = NNRPC_DYNAMIC_MAX_BYTES + 1;
    void *bytes = calloc(1, size);
    assert_non_null(bytes);
    refused(bytes, size, "the set has 16777217 bytes, at most 16777216 are read");
    free(bytes);
}

static void names_must_be_names(void **state) {
    (void)state;
    refused_json("{\"file\":[{\"package\":\"p\"}]}", "file 0 of the set has no name");
    refused_json(
        "{\"file\":[{\"name\":\"a.proto\",\"package\":\"p..q\"}]}",
        "a.proto: the package's name is none");
    refused_json(
        "{\"file\":[{\"name\":\"a.proto\",\"syntax\":\"proto9\"}]}",
        "a.proto: syntax \"proto9\" is not known");
    refused_json(
        FILE_WITH("\"messageType\":[{\"name\":\"a b\"}]"),
        "a.proto: a name in \"p\" is missing or none: \"a b\"");
    refused_json(
        FILE_WITH("\"messageType\":[{\"name\":\"M\",\"nestedType\":[{}]}]"),
        "a.proto: a name in \"p.M\" is missing or none: \"\"");
    refused_json(
        FILE_WITH("\"enumType\":[{\"name\":\"1\"}]"),
        "a.proto: a name in \"p\" is missing or none: \"1\"");
    refused_json(
        FILE_WITH("\"service\":[{\"name\":\"S\",\"method\":[{\"name\":\"x/y\"}]}]"),
        "a.proto: a name in \"p.S\" is missing or none: \"x/y\"");
    refused_json(
        FILE_WITH("\"messageType\":[{\"name\":\"M\"}],\"enumType\":[{\"name\":\"M\"}]"),
        "a.proto: p.M stands twice in the set");
    refused_json(MESSAGE_WITH("{}"), "a.proto: a field of p.M has no name");
}

static void an_import_that_is_missing_is_named(void **state) {
    (void)state;
    refused_json(
        FILE_WITH("\"dependency\":[\"google/protobuf/any.proto\",\"b.proto\"]"),
        "a.proto: imports b.proto, which is not in the set");
}

static void imports_in_a_circle_do_no_harm(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic *dynamic = taken_json(
        "{\"file\":[{\"name\":\"a.proto\",\"dependency\":[\"b.proto\"],\"messageType\":[{\"name\":"
        "\"A\"}]},{\"name\":\"b.proto\",\"dependency\":[\"a.proto\",\"b.proto\"]}]}");
    assert_non_null(nnrpc_dynamic_find_message(dynamic, "A"));
}

static void fields_must_fit_protobuf_c(void **state) {
    (void)state;
    refused_json(
        MESSAGE_WITH(FIELD("x", "0", "optional", "int32", "")), "a.proto: p.M.x has no number");
    refused_json(
        MESSAGE_WITH(FIELD("x", "536870912", "optional", "int32", "")),
        "a.proto: p.M.x has no number");
    refused_json(
        MESSAGE_WITH("{\"name\":\"x\",\"number\":1,\"label\":\"optional\"}"),
        "a.proto: p.M.x has no known label or type");
    refused_json(
        MESSAGE_WITH(
            FIELD("x", "1", "optional", "int32", "") "," FIELD("y", "1", "optional", "int32", "")),
        "a.proto: p.M.y has the number of another field");
    refused_json(
        MESSAGE_WITH(
            FIELD("x", "1", "optional", "int32", "") "," FIELD("x", "2", "optional", "int32", "")),
        "a.proto: two fields of p.M are \"x\"");
    refused_json(
        MESSAGE_WITH(FIELD("x_y", "1", "optional", "int32", "") "," FIELD(
            "xY", "2", "optional", "int32", "")),
        "a.proto: two fields of p.M are \"xY\" in JSON");
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "int32", ",\"oneofIndex\":0")),
        "a.proto: p.M.x is in no oneof that there is");
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "int32", ",\"oneofIndex\":-1")),
        "a.proto: p.M.x is in no oneof that there is");
}

static void types_must_be_there_and_of_their_kind(void **state) {
    (void)state;
    static const char MISSING[] = "a.proto: p.M.x names a type that is not in the set: \".p.N\"";
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "message", ",\"typeName\":\".p.N\"")), MISSING);
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "enum", ",\"typeName\":\".p.N\"")), MISSING);
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "enum", ",\"typeName\":\".p.M\"")),
        "a.proto: p.M.x names a type that is not in the set: \".p.M\"");
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "message", ",\"typeName\":\"M\"")),
        "a.proto: p.M.x names a type that is not in the set: \"M\"");
    refused_json(
        MESSAGE_WITH(FIELD("x", "1", "optional", "message", "")),
        "a.proto: p.M.x names a type that is not in the set: \"\"");
    refused_json(
        FILE_WITH("\"service\":[{\"name\":\"S\",\"method\":[{\"name\":\"Do\",\"inputType\":\".p."
                  "M\",\"outputType\":\".google.protobuf.Empty\"}]}]"),
        "a.proto: rpc p.S/Do has a request or response type that is not in the set");
}

#define ENTRY(fields)                                                                              \
    FILE_WITH(                                                                                     \
        "\"messageType\":[{\"name\":\"M\",\"nestedType\":[{\"name\":\"E\",\"field\":[" fields      \
        "],\"options\":{\"mapEntry\":true}}]}]")

static void a_map_entry_must_be_a_key_and_a_value(void **state) {
    (void)state;
    static const char WRONG[] = "a.proto: map entry p.M.E is not a key and a value";
    refused_json(ENTRY(FIELD("key", "1", "optional", "string", "")), WRONG);
    refused_json(
        ENTRY(FIELD("key", "1", "optional", "double", "") "," FIELD(
            "value", "2", "optional", "int32", "")),
        WRONG);
    refused_json(
        ENTRY(FIELD("key", "1", "optional", "string", "") "," FIELD(
            "value", "3", "optional", "int32", "")),
        WRONG);
    refused_json(
        ENTRY(FIELD("key", "1", "repeated", "string", "") "," FIELD(
            "value", "2", "optional", "int32", "")),
        WRONG);
    refused_json(
        FILE_WITH("\"messageType\":[{\"name\":\"M\",\"field\":[" FIELD(
            "x", "1", "optional", "message",
            ",\"typeName\":\".p.E\"") "]},{\"name\":\"E\","
                                      "\"field\":[" FIELD(
                                          "key", "1", "optional", "string",
                                          "") "," FIELD("value", "2", "optional", "int32", "") "],"
                                                                                               "\"o"
                                                                                               "pti"
                                                                                               "ons"
                                                                                               "\":"
                                                                                               "{\""
                                                                                               "map"
                                                                                               "Ent"
                                                                                               "ry"
                                                                                               "\":"
                                                                                               "tru"
                                                                                               "e}}"
                                                                                               "]"),
        "a.proto: p.M.x is a map's entry but not repeated");
}

static void an_enum_needs_values_with_names(void **state) {
    (void)state;
    refused_json(FILE_WITH("\"enumType\":[{\"name\":\"E\"}]"), "a.proto: p.E has no values");
    refused_json(
        FILE_WITH("\"enumType\":[{\"name\":\"E\",\"value\":[{\"number\":1}]}]"),
        "a.proto: a value of p.E has no name");
}

/* JSON takes fields of these by where they are, so a set must not be able to move them. */
static void a_well_known_type_is_the_compiled_in_one_whatever_the_set_says(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic
        *dynamic =
            taken_json(
                "{\"file\":[{\"name\":\"t.proto\",\"package\":\"google.protobuf\",\"messageType\":["
                "{"
                "\"name\":\"Timestamp\",\"field\":[" FIELD("seconds", "1", "repeated", "string", "") "]},{\"name\":\"M\",\"field\":[" FIELD(
                    "at", "1", "optional", "message",
                    ",\"typeName\":\".google.protobuf.Timestamp\"") "]}]}]}");
    expect_round(
        nnrpc_dynamic_find_message(dynamic, "google.protobuf.M"),
        "{\"at\":\"2024-02-29T00:00:00Z\"}", "{\"at\":\"2024-02-29T00:00:00Z\"}");
}

static void messages_in_each_other_have_a_template_of_bounded_size(void **state) {
    (void)state;
    /* Each message has the next one twice: 2^30 fields if all were written. */
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_buffer_append_text(
        &text, "{\"file\":[{\"name\":\"a.proto\",\"syntax\":\"proto3\","
               "\"messageType\":[{\"name\":\"M30\"}");
    for (int i = 0; i < 30; i++) {
        nnrpc_buffer_append_format(
            &text,
            ",{\"name\":\"M%d\",\"field\":["
            "{\"name\":\"a\",\"number\":1,\"label\":\"optional\",\"type\":\"message\","
            "\"typeName\":\".M%d\"},"
            "{\"name\":\"b\",\"number\":2,\"label\":\"repeated\",\"type\":\"message\","
            "\"typeName\":\".M%d\"}]}",
            i, i + 1, i + 1);
    }
    nnrpc_buffer_append_text(&text, "]}]}");
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic *dynamic = taken_json(nnrpc_buffer_text(&text));
    const struct nnrpc_message *type = nnrpc_dynamic_find_message(dynamic, "M0");
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    nnrpc_json_write_template(type, NULL, &out);
    assert_true(out.size > 1000 && out.size < 20000);
    protobuf_c_message_free_unpacked(read_json(type, nnrpc_buffer_text(&out)), NULL);
}

/* Everything that can be asked of a set, to see that it holds together. */
static void use(const struct nnrpc_dynamic *dynamic) {
    for (size_t i = 0; i < nnrpc_dynamic_item_count(dynamic); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(dynamic, i);
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        assert_int_equal(nnrpc_dynamic_describe(dynamic, item, &text), NNRPC_OK);
        assert_non_null(nnrpc_dynamic_comment(dynamic, item));
        assert_ptr_equal(nnrpc_dynamic_find(dynamic, item->name), item);
        if (item->message == NULL) {
            continue;
        }
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer json = {0};
        nnrpc_json_write_template(item->message, NULL, &json);
        ProtobufCMessage *message = NULL;
        if (nnrpc_json_read(
                item->message, nnrpc_buffer_text(&json), json.size, NULL, &message, NULL) ==
            NNRPC_OK) {
            size_t size = 0;
            free(pack_message(message, &size));
            enum nnrpc_code code = nnrpc_json_write(item->message, message, NULL, &json);
            assert_true(code != NNRPC_RESOURCE_EXHAUSTED);
            protobuf_c_message_free_unpacked(message, NULL);
        }
    }
}

/* Whether a set is taken; it is used then. */
static bool try_set(const uint8_t *bytes, size_t size) {
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum nnrpc_code code = nnrpc_dynamic_new(copy, size, &dynamic, &status);
    free(copy);
    if (code == NNRPC_OK) {
        use(dynamic);
    } else {
        assert_true(status.message[0] != '\0');
    }
    return code == NNRPC_OK;
}

/* The descriptors of dynamic.proto without those of what it imports: small, and most of it used. */
static void read_small(struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    descriptor_set_read(SMALL_SET, &set);
    nnrpc_buffer_append(out, set.data, set.size);
}

static void a_set_that_is_cut_short_anywhere_does_no_harm(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    read_small(&set);
    for (size_t size = 0; size <= set.size; size++) {
        /* There is one file: without any of it the set is empty, and with all of it whole. */
        assert_int_equal(try_set(set.data, size), size == 0 || size == set.size);
    }
}

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void a_set_with_wrong_bytes_does_no_harm(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer changed = {0};
    read_small(&set);
    uint32_t random = 1;
    int taken_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        nnrpc_buffer_clear(&changed);
        nnrpc_buffer_append(&changed, set.data, set.size);
        uint32_t count = 1 + next_random(&random) % 3;
        for (uint32_t i = 0; i < count; i++) {
            changed.data[next_random(&random) % set.size] = (uint8_t)next_random(&random);
        }
        taken_count += try_set(changed.data, changed.size);
    }
    /* Neither all are refused at once nor all are believed. */
    assert_true(taken_count > ROUNDS / 10 && taken_count < ROUNDS * 9 / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_set_are_refused),
        cmocka_unit_test(an_empty_set_is_a_set),
        cmocka_unit_test(a_set_above_the_limit_is_refused),
        cmocka_unit_test(names_must_be_names),
        cmocka_unit_test(an_import_that_is_missing_is_named),
        cmocka_unit_test(imports_in_a_circle_do_no_harm),
        cmocka_unit_test(fields_must_fit_protobuf_c),
        cmocka_unit_test(types_must_be_there_and_of_their_kind),
        cmocka_unit_test(a_map_entry_must_be_a_key_and_a_value),
        cmocka_unit_test(an_enum_needs_values_with_names),
        cmocka_unit_test(a_well_known_type_is_the_compiled_in_one_whatever_the_set_says),
        cmocka_unit_test(messages_in_each_other_have_a_template_of_bounded_size),
        cmocka_unit_test(a_set_that_is_cut_short_anywhere_does_no_harm),
        cmocka_unit_test(a_set_with_wrong_bytes_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
