/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run-time types against the generated ones: the same tables, the same JSON, the same bytes.
 */
#include "nnrpc/dynamic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/admin_service.nnrpc.h"
#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "descriptor_set.h"
#include "everything.nnrpc.h"
#include "expect_status.h"
#include "google/protobuf/any.nnrpc.h"
#include "json_text.h"
#include "nnrpc/json.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "nnrpc/v1/stats_service.nnrpc.h"

#define MESSAGES_MAX 256

/* Types that were compared already. */
struct seen {
    const struct nnrpc_message *messages[MESSAGES_MAX];
    size_t count;
};

static bool mark_seen(struct seen *seen, const struct nnrpc_message *message) {
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->messages[i] == message) {
            return false;
        }
    }
    assert_true(seen->count < MESSAGES_MAX);
    seen->messages[seen->count++] = message;
    return true;
}

/* --- Tables ------------------------------------------------------------------------------- */

static void compare_enums(const struct nnrpc_enum *made, const struct nnrpc_enum *generated) {
    const ProtobufCEnumDescriptor *a = made->descriptor;
    const ProtobufCEnumDescriptor *b = generated->descriptor;
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->short_name, b->short_name);
    assert_string_equal(a->package_name, b->package_name);
    assert_int_equal(a->n_values, b->n_values);
    assert_int_equal(a->n_value_names, b->n_value_names);
    assert_int_equal(a->n_value_ranges, b->n_value_ranges);
    for (unsigned int i = 0; i < a->n_values; i++) {
        assert_int_equal(a->values[i].value, b->values[i].value);
        assert_string_equal(a->values[i].name, b->values[i].name);
        assert_string_equal(made->json_names[i], generated->json_names[i]);
        assert_ptr_equal(
            protobuf_c_enum_descriptor_get_value(a, a->values[i].value), &a->values[i]);
    }
    for (unsigned int i = 0; i < a->n_value_names; i++) {
        assert_string_equal(a->values_by_name[i].name, b->values_by_name[i].name);
        assert_int_equal(a->values_by_name[i].index, b->values_by_name[i].index);
    }
}

static void compare_messages(
    const struct nnrpc_message *made, const struct nnrpc_message *generated, struct seen *seen);

static void compare_fields(
    const struct nnrpc_message *made, const struct nnrpc_message *generated, unsigned int index,
    struct seen *seen) {
    const ProtobufCFieldDescriptor *a = &made->descriptor->fields[index];
    const ProtobufCFieldDescriptor *b = &generated->descriptor->fields[index];
    const struct nnrpc_field *a_names = &made->fields[index];
    const struct nnrpc_field *b_names = &generated->fields[index];
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->label, b->label);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->flags, b->flags);
    assert_string_equal(a_names->json_name, b_names->json_name);
    assert_int_equal(a_names->flags, b_names->flags);
    assert_int_equal(a_names->message == NULL, b_names->message == NULL);
    assert_int_equal(a_names->enumeration == NULL, b_names->enumeration == NULL);
    assert_int_equal(a_names->mask_of == NULL, b_names->mask_of == NULL);
    if (b_names->message != NULL) {
        assert_ptr_equal(a->descriptor, a_names->message->descriptor);
        compare_messages(a_names->message, b_names->message, seen);
    }
    if (b_names->mask_of != NULL) {
        compare_messages(a_names->mask_of, b_names->mask_of, seen);
    }
    if (b_names->enumeration != NULL) {
        assert_ptr_equal(a->descriptor, a_names->enumeration->descriptor);
        compare_enums(a_names->enumeration, b_names->enumeration);
    }
}

static void compare_messages(
    const struct nnrpc_message *made, const struct nnrpc_message *generated, struct seen *seen) {
    const ProtobufCMessageDescriptor *a = made->descriptor;
    const ProtobufCMessageDescriptor *b = generated->descriptor;
    if (!mark_seen(seen, generated)) {
        return;
    }
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->short_name, b->short_name);
    assert_string_equal(a->package_name, b->package_name);
    assert_int_equal(a->n_fields, b->n_fields);
    assert_int_equal(a->n_field_ranges, b->n_field_ranges);
    assert_int_equal(made->well_known, generated->well_known);
    for (unsigned int i = 0; i < a->n_fields; i++) {
        assert_int_equal(a->fields_sorted_by_name[i], b->fields_sorted_by_name[i]);
        assert_ptr_equal(
            protobuf_c_message_descriptor_get_field(a, a->fields[i].id), &a->fields[i]);
        compare_fields(made, generated, i, seen);
    }
    for (unsigned int i = 0; i < a->n_field_ranges; i++) {
        assert_int_equal(a->field_ranges[i].start_value, b->field_ranges[i].start_value);
        assert_int_equal(a->field_ranges[i].orig_index, b->field_ranges[i].orig_index);
    }
}

static void compare_http_rules(const struct nnrpc_method *a, const struct nnrpc_method *b) {
    assert_int_equal(a->http_rule_count, b->http_rule_count);
    for (size_t i = 0; i < a->http_rule_count; i++) {
        assert_string_equal(a->http_rules[i].verb, b->http_rules[i].verb);
        assert_string_equal(a->http_rules[i].path, b->http_rules[i].path);
        assert_string_equal(a->http_rules[i].action, b->http_rules[i].action);
        assert_string_equal(a->http_rules[i].body, b->http_rules[i].body);
        assert_string_equal(a->http_rules[i].response_body, b->http_rules[i].response_body);
        assert_string_equal(a->http_rules[i].location, b->http_rules[i].location);
        assert_int_equal(a->http_rules[i].success_status, b->http_rules[i].success_status);
    }
}

static void compare_methods(const struct nnrpc_method *a, const struct nnrpc_method *b) {
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->service_name, b->service_name);
    assert_string_equal(a->method_name, b->method_name);
    assert_int_equal(a->idempotency, b->idempotency);
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->slow_always, b->slow_always);
    assert_int_equal(a->slow_when_set_count, b->slow_when_set_count);
    for (size_t i = 0; i < a->slow_when_set_count; i++) {
        for (size_t k = 0; k < NNRPC_PATH_DEPTH; k++) {
            int index = a->slow_when_set[i].indexes[k];
            assert_int_equal(index, b->slow_when_set[i].indexes[k]);
            if (index < 0) {
                break;
            }
        }
    }
    assert_int_equal(a->request_id_index, b->request_id_index);
    assert_int_equal(a->validate_only_index, b->validate_only_index);
    compare_http_rules(a, b);
}

static const struct nnrpc_service *const SERVICES[] = {
    &admin_service_service,    &change_service_service, &contact_service_service,
    &customer_service_service, &preset_service_service, &reflection_service_service,
    &stats_service_service,
};

static void the_tables_of_every_service_are_as_the_generated_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < NNRPC_LENGTH(SERVICES); i++) {
        const struct nnrpc_service *generated = SERVICES[i];
        NNRPC_CLEANUP(nnrpc_dynamic_freep)
        struct nnrpc_dynamic *dynamic =
            descriptor_set_open(generated->descriptor_set, generated->descriptor_set_size);
        const struct nnrpc_service *made = nnrpc_dynamic_find_service(dynamic, generated->name);
        assert_non_null(made);
        assert_string_equal(made->name, generated->name);
        assert_int_equal(made->method_count, generated->method_count);
        assert_int_equal(made->descriptor_set_size, generated->descriptor_set_size);
        assert_memory_equal(
            made->descriptor_set, generated->descriptor_set, generated->descriptor_set_size);
        struct seen seen = {.count = 0};
        for (size_t k = 0; k < made->method_count; k++) {
            compare_methods(&made->methods[k], &generated->methods[k]);
            compare_messages(made->methods[k].request, generated->methods[k].request, &seen);
            compare_messages(made->methods[k].response, generated->methods[k].response, &seen);
            assert_ptr_equal(
                nnrpc_dynamic_find_method(dynamic, generated->methods[k].name), &made->methods[k]);
        }
    }
}

/* --- JSON and bytes ----------------------------------------------------------------------- */

static const struct nnrpc_json_format FULL = {.indent = 2, .with_input_only = true};

/* Reads JSON by both tables; the bytes and the JSON that come out must be equal. */
static void expect_same(
    const struct nnrpc_message *made, const struct nnrpc_message *generated, const char *text) {
    ProtobufCMessage *a = read_json(made, text);
    ProtobufCMessage *b = read_json(generated, text);
    size_t a_size = 0;
    size_t b_size = 0;
    uint8_t *a_bytes = pack_message(a, &a_size);
    uint8_t *b_bytes = pack_message(b, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a_bytes, b_bytes, a_size);
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(made->descriptor, NULL, b_size, b_bytes);
    assert_non_null(unpacked);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer expected = {0};
    assert_int_equal(nnrpc_json_write(generated, b, &FULL, &expected), NNRPC_OK);
    expect_json_form(made, a, &FULL, nnrpc_buffer_text(&expected), __FILE__, __LINE__);
    expect_json_form(made, unpacked, &FULL, nnrpc_buffer_text(&expected), __FILE__, __LINE__);
    protobuf_c_message_free_unpacked(a, NULL);
    protobuf_c_message_free_unpacked(b, NULL);
    protobuf_c_message_free_unpacked(unpacked, NULL);
    free(a_bytes);
    free(b_bytes);
}

/* The template of a type is the same by both tables, and both read it. */
static void expect_same_template(
    const struct nnrpc_message *made, const struct nnrpc_message *generated) {
    static const struct nnrpc_json_template_format FORMAT = {.with_output_only = true};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer a = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer b = {0};
    nnrpc_json_write_template(made, &FORMAT, &a);
    nnrpc_json_write_template(generated, &FORMAT, &b);
    assert_string_equal(nnrpc_buffer_text(&a), nnrpc_buffer_text(&b));
    expect_same(made, generated, nnrpc_buffer_text(&a));
}

static void templates_of_every_service_are_read_and_written_as_by_generated_tables(void **state) {
    (void)state;
    for (size_t i = 0; i < NNRPC_LENGTH(SERVICES); i++) {
        const struct nnrpc_service *generated = SERVICES[i];
        NNRPC_CLEANUP(nnrpc_dynamic_freep)
        struct nnrpc_dynamic *dynamic =
            descriptor_set_open(generated->descriptor_set, generated->descriptor_set_size);
        for (size_t k = 0; k < generated->method_count; k++) {
            const struct nnrpc_method *method = &generated->methods[k];
            const struct nnrpc_method *made = nnrpc_dynamic_find_method(dynamic, method->name);
            assert_non_null(made);
            expect_same_template(made->request, method->request);
            expect_same_template(made->response, method->response);
        }
    }
}

static void every_kind_of_field_is_read_and_written_as_by_generated_tables(void **state) {
    static const struct {
        const struct nnrpc_message *generated;
        const char *text;
    } CASES[] = {
        {&unit_scalars_message,
         "{\"int32Value\":-1,\"sint32Value\":-2,\"sfixed32Value\":-3,\"uint32Value\":4,"
         "\"fixed32Value\":5,\"int64Value\":\"-6\",\"sint64Value\":\"-7\",\"sfixed64Value\":\"-8\","
         "\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":\"10\",\"floatValue\":1.5,"
         "\"doubleValue\":-2.25,\"boolValue\":true,\"stringValue\":\"text\","
         "\"bytesValue\":\"AQI=\",\"colorValue\":\"dark_blue\"}"},
        {&unit_lists_message,
         "{\"int32Values\":[1,2],\"uint32Values\":[3],\"int64Values\":[\"4\"],\"uint64Values\":["
         "\"5\"],\"floatValues\":[0.5],\"doubleValues\":[6,7],\"boolValues\":[true,false],"
         "\"stringValues\":[\"a\",\"\"],\"bytesValues\":[\"AQ==\"],\"colorValues\":[\"red\"],"
         "\"messageValues\":[{\"int32Value\":1},{}]}"},
        {&unit_maps_message,
         "{\"byString\":{\"a\":\"b\"},\"byInt32\":{\"-1\":\"c\"},\"bySint64\":{\"-2\":\"d\"},"
         "\"byUint32\":{\"3\":\"e\"},\"byFixed64\":{\"4\":\"f\"},\"byBool\":{\"true\":\"g\"},"
         "\"toMessage\":{\"h\":{\"boolValue\":true}},\"toColor\":{\"i\":\"red\"},"
         "\"toTime\":{\"j\":\"2024-02-29T12:30:00Z\"},\"toValue\":{\"k\":[1,null,{\"l\":\"m\"}]},"
         "\"toBytes\":{\"n\":\"/w==\"}}"},
        {&unit_choice_message, "{\"before\":\"a\",\"number\":0,\"yes\":true}"},
        {&unit_choice_message, "{\"text\":\"\",\"no\":false}"},
        {&unit_choice_message, "{\"data\":\"AAAA\"}"},
        {&unit_choice_message, "{\"scalars\":{\"stringValue\":\"x\"}}"},
        {&unit_choice_message, "{\"nothing\":null}"},
        {&unit_choice_message, "{\"color\":\"unspecified\"}"},
        {&unit_well_known_message,
         "{\"time\":\"2024-02-29T12:30:00.5Z\",\"duration\":\"-1.5s\",\"plainMask\":\"a.b,cD\","
         "\"nodeMask\":\"NodeID,nextNode.ownerID\",\"empty\":{},\"int64Wrapper\":\"9\","
         "\"stringWrapper\":\"\",\"boolWrapper\":false,\"bytesWrapper\":\"AQ==\","
         "\"doubleWrapper\":0.25,\"struct\":{\"a\":[1,\"b\",true]},\"value\":{\"c\":null},"
         "\"list\":[1,[2]],\"times\":[\"1970-01-01T00:00:00Z\"],\"values\":[null,1],"
         "\"stringWrappers\":[\"x\"],\"plainMasks\":[\"y\"]}"},
        {&unit_node_message,
         "{\"NodeID\":\"1\",\"nextNode\":{\"nextNode\":{\"NodeID\":\"3\"}},\"childNodes\":[{},{"
         "\"ownerID\":\"o\"}],\"ownerID\":null,\"secretText\":\"s\",\"secretColor\":\"red\","
         "\"namedNodes\":{\"n\":{\"childNodes\":[{}]}},\"scalars\":{\"int32Value\":1},"
         "\"seenAt\":\"2000-01-01T00:00:00Z\"}"},
    };
    const struct nnrpc_dynamic *dynamic = *state;
    for (size_t i = 0; i < NNRPC_LENGTH(CASES); i++) {
        const struct nnrpc_message *made =
            nnrpc_dynamic_find_message(dynamic, CASES[i].generated->descriptor->name);
        struct seen seen = {.count = 0};
        assert_non_null(made);
        compare_messages(made, CASES[i].generated, &seen);
        expect_same(made, CASES[i].generated, CASES[i].text);
        expect_same_template(made, CASES[i].generated);
    }
}

static void rules_of_fields_hold_for_what_json_refuses(void **state) {
    const struct nnrpc_message *node = nnrpc_dynamic_find_message(*state, "unit.Node");
    expect_refused(
        node, "{\"secretColor\":\"violet\"}",
        "secretColor: expected one of \"dark_blue\", \"unspecified\", \"red\", found text");
    expect_refused(
        node, "{\"nodeID\":\"1\"}", "nodeID: unknown key \"nodeID\"; did you mean \"NodeID\"?");
}

/* --- proto2 ------------------------------------------------------------------------------- */

static void an_optional_value_of_proto2_is_left_out_unless_it_is_set(void **state) {
    const struct nnrpc_message *record = nnrpc_dynamic_find_message(*state, "unit.old.Record");
    expect_round(record, "{\"key\":\"k\"}", "{\"key\":\"k\"}");
    expect_round(
        record,
        "{\"key\":\"k\",\"count\":0,\"kind\":\"big\",\"label\":\"\",\"blob\":\"\",\"left\":0}",
        "{\"key\":\"k\",\"count\":0,\"kind\":\"big\",\"label\":\"\",\"left\":0,\"blob\":\"\"}");
    expect_round(
        record, "{\"key\":\"k\",\"totals\":{\"a\":0},\"PART\":{\"on\":false},\"next\":null}",
        "{\"key\":\"k\",\"totals\":{\"a\":0},\"PART\":{\"on\":false}}");
}

static void a_required_field_of_proto2_must_stand_in_json(void **state) {
    const struct nnrpc_message *record = nnrpc_dynamic_find_message(*state, "unit.old.Record");
    expect_refused(
        record, "{\"next\":{\"key\":\"a\",\"next\":{}}}",
        "next.next.key: the field is required (and 1 more)");
}

static void repeated_numbers_of_proto2_are_packed_only_where_it_says_so(void **state) {
    const struct nnrpc_message *record = nnrpc_dynamic_find_message(*state, "unit.old.Record");
    ProtobufCMessage *message =
        read_json(record, "{\"key\":\"\",\"numbers\":[1,2],\"packedNumbers\":[3,4]}");
    size_t size = 0;
    uint8_t *bytes = pack_message(message, &size);
    static const uint8_t EXPECTED[] = {0x0a, 0, 0x20, 1, 0x20, 2, 0x2a, 2, 3, 4};
    assert_int_equal(size, sizeof(EXPECTED));
    assert_memory_equal(bytes, EXPECTED, size);
    free(bytes);
    protobuf_c_message_free_unpacked(message, NULL);
}

/* --- Any ---------------------------------------------------------------------------------- */

#define ANY(content) "{\"any\":{\"@type\":\"type.googleapis.com/" content "}}"

/* A text goes into a message with an Any and comes out as it was. */
static void expect_held(const struct nnrpc_dynamic *dynamic, const char *text) {
    const struct nnrpc_json_types types = nnrpc_dynamic_json_types(dynamic);
    const struct nnrpc_json_format format = {.omit_unset = true, .types = &types};
    const struct nnrpc_message *type = nnrpc_dynamic_find_message(dynamic, "unit.WellKnown");
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code =
        nnrpc_json_read_with_types(type, &types, text, strlen(text), NULL, &message, &status);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
    expect_json_form(type, message, &format, text, __FILE__, __LINE__);
    size_t size = 0;
    uint8_t *bytes = pack_message(message, &size);
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(type->descriptor, NULL, size, bytes);
    expect_json_form(type, unpacked, &format, text, __FILE__, __LINE__);
    free(bytes);
    protobuf_c_message_free_unpacked(unpacked, NULL);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void an_any_holds_every_message_of_the_set(void **state) {
    expect_held(*state, ANY("unit.Scalars\",\"int32Value\":7,\"stringValue\":\"x\""));
    expect_held(*state, ANY("unit.old.Record.Part\""));
    expect_held(*state, ANY("google.protobuf.Timestamp\",\"value\":\"2024-02-29T12:30:00Z\""));
    expect_held(*state, ANY("google.protobuf.Value\",\"value\":[null,{\"a\":1}]"));
    expect_held(*state, ANY("google.protobuf.Empty\""));
    expect_held(
        *state, ANY("google.protobuf.Any\",\"value\":{\"@type\":\"x/unit.Node\",\"NodeID\":"
                    "\"n\"}"));
    expect_held(*state, "{\"any\":{}}");
}

/* A text with an Any is refused with exactly this message. */
static void refused_any(
    const struct nnrpc_dynamic *dynamic, const char *text, const char *message) {
    const struct nnrpc_json_types types = nnrpc_dynamic_json_types(dynamic);
    const struct nnrpc_message *type = nnrpc_dynamic_find_message(dynamic, "unit.WellKnown");
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *untouched = NULL;
    assert_int_equal(
        nnrpc_json_read_with_types(type, &types, text, strlen(text), NULL, &untouched, &status),
        NNRPC_INVALID_ARGUMENT);
    expect_status(&status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON", message);
    assert_null(untouched);
}

static void an_any_that_holds_nothing_known_is_refused(void **state) {
    refused_any(
        *state, ANY("unit.None\""),
        "any: \"@type\" names no known message: \"type.googleapis.com/unit.None\"");
    refused_any(
        *state, "{\"any\":{\"@type\":\"unit.Node\"}}",
        "any: \"@type\" names no known message: \"unit.Node\"");
    refused_any(
        *state, "{\"any\":{\"a\":1}}",
        "any: \"@type\" must say which message it is: \"type.googleapis.com/package.Type\"");
    refused_any(
        *state, "{\"any\":{\"@type\":1}}",
        "any: \"@type\" must say which message it is: \"type.googleapis.com/package.Type\"");
    refused_any(*state, "{\"any\":[]}", "any: expected an object, found a list");
    refused_any(
        *state, ANY("unit.Scalars\",\"int32value\":7"),
        "any.int32value: unknown key \"int32value\"; did you mean \"int32Value\"?");
    refused_any(
        *state, ANY("google.protobuf.Timestamp\",\"value\":\"2024-02-29T12:30:00Z\",\"b\":1"),
        "any: beside \"@type\" stands \"value\" and nothing else");
    refused_any(
        *state, ANY("google.protobuf.Timestamp\""),
        "any: beside \"@type\" stands \"value\" and nothing else");
}

static void an_any_that_cannot_be_unpacked_is_written_as_null(void **state) {
    const struct nnrpc_json_types types = nnrpc_dynamic_json_types(*state);
    const struct nnrpc_json_format format = {.types = &types};
    const struct {
        char *url;
        ProtobufCBinaryData value;
    } CASES[] = {
        {"x/unit.None", {0}},
        {"x/unit.Scalars", {.len = 2, .data = (uint8_t *)"\x08\xff"}},
        {"unit.Scalars", {0}},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(CASES); i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
        Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
        any.type_url = CASES[i].url;
        any.value = CASES[i].value;
        assert_int_equal(
            nnrpc_json_write(&google_protobuf_any_message, &any.base, &format, &out),
            NNRPC_UNIMPLEMENTED);
        assert_string_equal(nnrpc_buffer_text(&out), "null");
    }
}

/* --- Finding ------------------------------------------------------------------------------ */

static void items_are_found_by_full_name_and_are_in_order(void **state) {
    const struct nnrpc_dynamic *dynamic = *state;
    assert_int_equal(nnrpc_dynamic_find(dynamic, "unit.Color")->kind, NNRPC_DYNAMIC_ENUM);
    assert_int_equal(
        nnrpc_dynamic_find(dynamic, "unit.old.RecordService")->kind, NNRPC_DYNAMIC_SERVICE);
    const struct nnrpc_dynamic_item *method =
        nnrpc_dynamic_find(dynamic, "unit.old.RecordService/Find");
    assert_int_equal(method->kind, NNRPC_DYNAMIC_METHOD);
    assert_ptr_equal(method, nnrpc_dynamic_find(dynamic, "unit.old.RecordService.Find"));
    assert_null(nnrpc_dynamic_find(dynamic, "unit.old/Record"));
    assert_null(nnrpc_dynamic_find(dynamic, "unit.old.Recor"));
    assert_null(nnrpc_dynamic_find(dynamic, ""));
    assert_null(nnrpc_dynamic_find_service(dynamic, "unit.Color"));
    assert_null(nnrpc_dynamic_find_message(dynamic, "unit.Color"));
    assert_null(nnrpc_dynamic_find_method(dynamic, "unit.Color"));
    for (size_t i = 1; i < nnrpc_dynamic_item_count(dynamic); i++) {
        assert_true(
            strcmp(
                nnrpc_dynamic_item_at(dynamic, i - 1)->name,
                nnrpc_dynamic_item_at(dynamic, i)->name) < 0);
    }
}

static void a_method_that_streams_is_an_item_but_in_no_table(void **state) {
    const struct nnrpc_dynamic *dynamic = *state;
    const struct nnrpc_dynamic_item *follow =
        nnrpc_dynamic_find(dynamic, "unit.old.RecordService/Follow");
    assert_non_null(follow);
    assert_null(follow->method);
    assert_int_equal(follow->service->method_count, 2);
    assert_string_equal(follow->service->methods[1].method_name, "Put");
}

static void methods_have_their_options(void **state) {
    const struct nnrpc_method *find =
        nnrpc_dynamic_find_method(*state, "unit.old.RecordService/Find");
    assert_int_equal(find->role, NNRPC_ROLE_READER);
    assert_int_equal(find->idempotency, NNRPC_NO_SIDE_EFFECTS);
    assert_int_equal(find->http_rule_count, 2);
    assert_string_equal(find->http_rules[1].path, "/find");
    assert_int_equal(find->http_rules[1].success_status, 200);
    assert_int_equal(find->slow_when_set_count, 2);
    ProtobufCMessage *request = read_json(find->request, "{\"key\":\"k\",\"label\":\"\"}");
    assert_int_equal(nnrpc_method_lane(find, request), NNRPC_LANE_SLOW);
    protobuf_c_message_free_unpacked(request, NULL);
    request = read_json(find->request, "{\"key\":\"k\",\"node\":{}}");
    assert_int_equal(nnrpc_method_lane(find, request), NNRPC_LANE_READ);
    protobuf_c_message_free_unpacked(request, NULL);
}

static void a_set_may_stand_twice(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer twice = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer once = {0};
    descriptor_set_read(DYNAMIC_SET, &once);
    nnrpc_buffer_append(&twice, once.data, once.size);
    nnrpc_buffer_append(&twice, once.data, once.size);
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic *a = descriptor_set_open(once.data, once.size);
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic *b = descriptor_set_open(twice.data, twice.size);
    assert_int_equal(nnrpc_dynamic_item_count(a), nnrpc_dynamic_item_count(b));
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
        cmocka_unit_test(the_tables_of_every_service_are_as_the_generated_ones),
        cmocka_unit_test(templates_of_every_service_are_read_and_written_as_by_generated_tables),
        cmocka_unit_test(every_kind_of_field_is_read_and_written_as_by_generated_tables),
        cmocka_unit_test(rules_of_fields_hold_for_what_json_refuses),
        cmocka_unit_test(an_optional_value_of_proto2_is_left_out_unless_it_is_set),
        cmocka_unit_test(a_required_field_of_proto2_must_stand_in_json),
        cmocka_unit_test(repeated_numbers_of_proto2_are_packed_only_where_it_says_so),
        cmocka_unit_test(an_any_holds_every_message_of_the_set),
        cmocka_unit_test(an_any_that_holds_nothing_known_is_refused),
        cmocka_unit_test(an_any_that_cannot_be_unpacked_is_written_as_null),
        cmocka_unit_test(items_are_found_by_full_name_and_are_in_order),
        cmocka_unit_test(a_method_that_streams_is_an_item_but_in_no_table),
        cmocka_unit_test(methods_have_their_options),
        cmocka_unit_test(a_set_may_stand_twice),
    };
    return cmocka_run_group_tests(tests, open_set, close_set);
}
