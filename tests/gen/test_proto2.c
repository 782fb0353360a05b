/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proto2 on the wire, in JSON and in calls: required fields, defaults, presence, closed enums.
 */
#include "gen_server.h"

#include "json_text.h"
#include "odd/code_size.nnrpc.h"
#include "odd/proto2.nnrpc.h"
#include "scan.h"

#define RECORD (&odd_record_message)

static Odd__Record record_named(char *name) {
    Odd__Record record = ODD__RECORD__INIT;
    record.name = name;
    return record;
}

/* --- Required fields on the wire ---------------------------------------------------------- */

static void expect_missing(const char *bytes, size_t size, const char *message) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_scan_message(RECORD->descriptor, bytes, size, NULL, NULL), NNRPC_OK);
    assert_null(odd__record__unpack(NULL, size, (const uint8_t *)bytes));
    assert_int_equal(
        nnrpc_scan_required(RECORD->descriptor, bytes, size, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "MALFORMED_MESSAGE");
    assert_string_equal(status.message, message);
}

static void test_a_missing_required_field_is_named(void **state) {
    (void)state;
    expect_missing("", 0, "field \"name\" is required and missing");
    expect_missing("\x20\x05", 2, "field \"name\" is required and missing");
}

static void test_a_missing_required_field_of_a_part_is_named_by_its_path(void **state) {
    (void)state;
    /* name "a", inner {count 5} */
    expect_missing(
        "\x0a\x01"
        "a\x5a\x02\x20\x05",
        7, "field \"inner.name\" is required and missing");
    /* name "a", records {name "b"}, records {records {}} */
    expect_missing(
        "\x0a\x01"
        "a\x6a\x03\x0a\x01"
        "b\x6a\x02\x6a\x00",
        12, "field \"records[1].name\" is required and missing");
}

static void test_nothing_is_missing_where_all_are_there(void **state) {
    (void)state;
    const char bytes[] = "\x0a\x01"
                         "a\x5a\x03\x0a\x01"
                         "b";
    assert_int_equal(
        nnrpc_scan_required(RECORD->descriptor, bytes, sizeof(bytes) - 1, NULL), NNRPC_OK);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void test_json_has_required_fields_and_no_optional_one_that_is_not_set(void **state) {
    (void)state;
    Odd__Record record = record_named((char *)"");
    expect_json(
        RECORD, &record,
        "{\"name\":\"\",\"inner\":null,\"numbers\":[],\"records\":[],\"counts\":{},"
        "\"byNumber\":{},\"level\":3,\"colours\":[]}");
}

static void test_json_has_what_is_set_be_it_the_default(void **state) {
    (void)state;
    const char *text =
        "{\"name\":\"n\",\"nick\":\"\",\"title\":\"none\",\"count\":0,\"size\":-7,\"flag\":true,"
        "\"data\":\"\",\"ratio\":0.5,\"large\":\"0\",\"colour\":\"green\",\"left\":\"\","
        "\"level\":0}";
    expect_round(RECORD, text, text);
}

static void test_json_is_the_same_after_the_wire(void **state) {
    (void)state;
    const char *text =
        "{\"name\":\"n\",\"nick\":\"\",\"count\":0,\"flag\":false,\"data\":\"AP96\","
        "\"colour\":\"red\",\"inner\":{\"name\":\"i\",\"level\":3},\"numbers\":[1,2],"
        "\"records\":[{\"name\":\"r\",\"level\":1}],\"counts\":{\"\":0,\"a\":1},"
        "\"byNumber\":{\"0\":{\"name\":\"z\",\"level\":3}},\"middle\":\"\",\"level\":3}";
    Odd__Record *record = read_json(RECORD, text);
    size_t size = 0;
    uint8_t *packed = pack_message(record, &size);
    odd__record__free_unpacked(record, NULL);
    record = odd__record__unpack(NULL, size, packed);
    free(packed);
    assert_non_null(record);
    assert_true(record->has_count);
    assert_string_equal(record->nick, "");
    const struct nnrpc_json_format format = {.omit_unset = true};
    expect_json_form(RECORD, record, &format, text, __FILE__, __LINE__);
    odd__record__free_unpacked(record, NULL);
}

static void test_json_reads_a_map_whose_keys_and_values_have_presence(void **state) {
    (void)state;
    Odd__Record *record = read_json(RECORD, "{\"name\":\"n\",\"counts\":{\"a\":7},\"level\":1}");
    assert_int_equal(record->n_counts, 1);
    assert_string_equal(record->counts[0]->key, "a");
    assert_true(record->counts[0]->has_value);
    assert_int_equal(record->counts[0]->value, 7);
    odd__record__free_unpacked(record, NULL);
}

static void test_json_null_is_the_default_that_is_not_set(void **state) {
    (void)state;
    Odd__Record *record =
        read_json(RECORD, "{\"name\":\"n\",\"title\":null,\"size\":null,\"level\":1}");
    assert_false(record->has_size);
    assert_int_equal(record->size, -7);
    assert_string_equal(record->title, "none");
    odd__record__free_unpacked(record, NULL);
}

static void test_json_without_a_required_field_is_refused(void **state) {
    (void)state;
    expect_refused(RECORD, "{\"level\":1}", "name: the field is required");
    expect_refused(RECORD, "{\"name\":null,\"level\":1}", "name: the field is required");
    expect_refused(
        RECORD, "{\"name\":\"n\",\"level\":1,\"inner\":{\"level\":1}}",
        "inner.name: the field is required");
}

static void test_json_takes_no_number_that_a_closed_enum_lacks(void **state) {
    (void)state;
    expect_round(
        RECORD, "{\"name\":\"n\",\"level\":1,\"colour\":2}",
        "{\"name\":\"n\",\"colour\":\"green\",\"level\":1}");
    expect_refused(
        RECORD, "{\"name\":\"n\",\"level\":1,\"colour\":3}",
        "colour: expected one of \"red\", \"green\", found number");
    expect_refused(
        RECORD, "{\"name\":\"n\",\"level\":1,\"colours\":[1,0]}",
        "colours[1]: expected one of \"red\", \"green\", found number");
}

static void test_json_keeps_fields_apart_that_differ_by_underscores(void **state) {
    (void)state;
    const char *text = "{\"name\":\"n\",\"level\":1,\"foo_bar\":1,\"fooBar\":2}";
    expect_round(RECORD, text, text);
}

static void test_an_enum_of_proto2_is_closed(void **state) {
    (void)state;
    assert_true(odd_colour_enum.is_closed);
    assert_true(odd_small_kind_enum.is_closed);
}

/* --- Calls -------------------------------------------------------------------------------- */

static struct nnrpc_answer echo(void *self, struct nnrpc_call *call, const Odd__Record *request) {
    (void)self;
    return odd_record_service_echo_reply(call, request);
}

static struct nnrpc_answer echo_small(
    void *self, struct nnrpc_call *call, const Tiny__Small *request) {
    (void)self;
    return odd_small_small_service_echo_reply(call, request);
}

static const struct odd_record_service_handlers record_handlers = {.echo = echo};
static const struct odd_small_small_service_handlers small_handlers = {.echo = echo_small};

static int start(void **state) {
    struct gen_server *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    *state = fixture;
    gen_server_new(fixture);
    assert_int_equal(
        odd_record_service_register(fixture->server, &record_handlers, NULL, NULL), NNRPC_OK);
    assert_int_equal(
        odd_small_small_service_register(fixture->server, &small_handlers, NULL, NULL), NNRPC_OK);
    gen_server_start(fixture);
    return 0;
}

static int stop(void **state) {
    gen_server_stop(*state);
    free(*state);
    return 0;
}

static void test_a_call_keeps_presence_and_extensions(void **state) {
    struct gen_server *fixture = *state;
    Odd__Record request = record_named((char *)"n");
    request.has_count = true;
    /* The extension `extra`, which C has as an unknown field: its length, then its text. */
    ProtobufCMessageUnknownField extra = {
        .tag = 1001,
        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
        .len = 2,
        .data = (uint8_t *)"\x01x"};
    request.base.n_unknown_fields = 1;
    request.base.unknown_fields = &extra;
    Odd__Record *response = NULL;
    assert_int_equal(
        odd_record_service_echo(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_true(response->has_count);
    assert_false(response->has_size);
    assert_int_equal(response->size, -7);
    assert_int_equal(response->base.n_unknown_fields, 1);
    assert_int_equal(response->base.unknown_fields[0].tag, 1001);
    assert_memory_equal(response->base.unknown_fields[0].data, "\x01x", 2);
    odd__record__free_unpacked(response, NULL);
}

static void test_a_call_without_a_required_field_is_refused_by_its_name(void **state) {
    struct gen_server *fixture = *state;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    uint8_t *response = NULL;
    size_t response_size = 0;
    /* inner without a name */
    const uint8_t request[] = {0x0a, 1, 'a', 0x5a, 0};
    assert_int_equal(
        nnrpc_client_call_packed(
            fixture->client, &odd_record_service_service.methods[ODD_RECORD_SERVICE_ECHO], NULL,
            request, sizeof(request), &response, &response_size, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "MALFORMED_MESSAGE");
    assert_string_equal(status.message, "field \"inner.name\" is required and missing");
    assert_null(response);
}

static void test_names_are_there_that_options_would_leave_out(void **state) {
    struct gen_server *fixture = *state;
    assert_string_equal(odd_small_small_message.descriptor->name, "odd.small.Small");
    const char *text = "{\"number\":0,\"note\":\"\",\"type\":\"one\",\"inner\":{\"value\":5}}";
    expect_round(&odd_small_small_message, text, text);
    Tiny__Small *request = read_json(&odd_small_small_message, text);
    Tiny__Small *response = NULL;
    assert_int_equal(
        odd_small_small_service_echo(fixture->client, NULL, request, &response, NULL), NNRPC_OK);
    assert_int_equal(response->kind_case, TINY__SMALL__KIND_NUMBER);
    assert_int_equal(response->inner->value, 5);
    protobuf_c_message_free_unpacked(&request->base, NULL);
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_required_field_is_named),
        cmocka_unit_test(test_a_missing_required_field_of_a_part_is_named_by_its_path),
        cmocka_unit_test(test_nothing_is_missing_where_all_are_there),
        cmocka_unit_test(test_json_has_required_fields_and_no_optional_one_that_is_not_set),
        cmocka_unit_test(test_json_has_what_is_set_be_it_the_default),
        cmocka_unit_test(test_json_is_the_same_after_the_wire),
        cmocka_unit_test(test_json_reads_a_map_whose_keys_and_values_have_presence),
        cmocka_unit_test(test_json_null_is_the_default_that_is_not_set),
        cmocka_unit_test(test_json_without_a_required_field_is_refused),
        cmocka_unit_test(test_json_takes_no_number_that_a_closed_enum_lacks),
        cmocka_unit_test(test_json_keeps_fields_apart_that_differ_by_underscores),
        cmocka_unit_test(test_an_enum_of_proto2_is_closed),
        cmocka_unit_test_setup_teardown(test_a_call_keeps_presence_and_extensions, start, stop),
        cmocka_unit_test_setup_teardown(
            test_a_call_without_a_required_field_is_refused_by_its_name, start, stop),
        cmocka_unit_test_setup_teardown(
            test_names_are_there_that_options_would_leave_out, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
