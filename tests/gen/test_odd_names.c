/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that C, protobuf-c or nnrpc have other uses for; packages and messages far down; services
 * of one name in two packages; services of which only the unary methods are there.
 */
#include "gen_server.h"

#include "json_text.h"
#include "odd/deep/deep.nnrpc.h"
#include "odd/names.nnrpc.h"
#include "odd/other/names.nnrpc.h"
#include "odd/proto2.nnrpc.h"
#include "odd/streams.nnrpc.h"

typedef Odd__Deep__A__B__C__D__E__F__G__H__M1 deep;
typedef Odd__Deep__A__B__C__D__E__F__G__H__M1__M2__M3__M4__M5__M6__M7__M8__M9__M10 deepest;

#define DEEP (&odd_deep_a_b_c_d_e_f_g_h_m1_message)
#define DEEP_TEXT                                                                                  \
    "{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"m\":{\"end\":\"x\","               \
    "\"e\":\"last\"}}}}}}}}}}"

/* --- Tables ------------------------------------------------------------------------------- */

static void test_fields_that_are_keywords_keep_their_names(void **state) {
    (void)state;
    const char *text =
        "{\"base\":\"b\",\"Default\":0,\"register\":1,\"bool\":true,\"descriptor\":\"d\","
        "\"switch\":[1],\"union\":{\"k\":2},\"while\":\"w\",\"int\":{},\"nUnknownFields\":\"n\","
        "\"unknownFields\":\"u\",\"value\":\"v\",\"message\":\"m\",\"self\":\"s\"}";
    expect_round(&odd_names_base_message, text, text);
}

static void test_protobuf_c_s_own_member_gives_way_to_a_field_of_its_name(void **state) {
    (void)state;
    Odd__Names__Base base = ODD__NAMES__BASE__INIT;
    assert_ptr_equal(base.base_.descriptor, &odd__names__base__descriptor);
    base.base = (char *)"mine";
    expect_json_form(
        &odd_names_base_message, &base, &(const struct nnrpc_json_format){.omit_unset = true},
        "{\"base\":\"mine\"}", __FILE__, __LINE__);
    Odd__Bases bases = ODD__BASES__INIT;
    assert_ptr_equal(bases.base__.descriptor, &odd__bases__descriptor);
}

static void test_an_optional_field_that_is_a_keyword_has_functions(void **state) {
    (void)state;
    Odd__Names__Base base = ODD__NAMES__BASE__INIT;
    assert_false(odd_names_base_has_default(&base));
    odd_names_base_set_default(&base, 0);
    assert_true(odd_names_base_has_default(&base));
}

static void test_a_nested_type_whose_name_in_words_is_taken_says_that_it_is_nested(void **state) {
    (void)state;
    assert_string_equal(odd_names_outer_inner_message.descriptor->name, "odd.names.OuterInner");
    assert_string_equal(
        odd_names_outer_nested_inner_message.descriptor->name, "odd.names.Outer.Inner");
    assert_string_equal(odd_names_outer_kind_enum.descriptor->name, "odd.names.OuterKind");
    assert_string_equal(odd_names_outer_nested_kind_enum.descriptor->name, "odd.names.Outer.Kind");
    assert_ptr_equal(
        odd_names_outer_message.fields[0].message, &odd_names_outer_nested_inner_message);
    Odd__Names__Outer__Inner inner = ODD__NAMES__OUTER__INNER__INIT;
    odd_names_outer_nested_inner_set_depth(&inner, 3);
    assert_int_equal(odd_names_outer_nested_inner_get_depth(&inner), 3);
}

static void test_an_alias_is_read_and_the_first_name_written(void **state) {
    (void)state;
    assert_int_equal(odd_names_twice_enum.descriptor->n_values, 2);
    assert_string_equal(odd_names_twice_enum.json_names[0], "none");
    assert_int_equal(
        protobuf_c_enum_descriptor_get_value_by_name(odd_names_twice_enum.descriptor, "TWICE_ZERO")
            ->value,
        0);
}

static void test_messages_ten_deep_are_read_and_written(void **state) {
    (void)state;
    expect_round(DEEP, DEEP_TEXT, DEEP_TEXT);
}

static void test_streaming_methods_are_left_out(void **state) {
    (void)state;
    assert_int_equal(odd_streams_note_service_service.method_count, 1);
    assert_int_equal(ODD_STREAMS_NOTE_SERVICE_METHOD_COUNT, 1);
    assert_string_equal(
        odd_streams_note_service_service.methods[ODD_STREAMS_NOTE_SERVICE_ECHO].name,
        "odd.streams.NoteService/Echo");
}

/* --- Calls -------------------------------------------------------------------------------- */

static struct nnrpc_answer keyword_default(
    void *self, struct nnrpc_call *call, const Odd__Names__Base *request) {
    (void)self;
    return odd_names_keyword_service_default_reply(call, request);
}

static struct nnrpc_answer keyword_switch(
    void *self, struct nnrpc_call *call, const Odd__Names__Outer *request) {
    (void)self;
    Odd__Names__OuterInner response = ODD__NAMES__OUTER_INNER__INIT;
    odd_names_outer_inner_set_depth(
        &response, odd_names_outer_nested_inner_get_depth(request->inner) + 1);
    return odd_names_keyword_service_switch_reply(call, &response);
}

static struct nnrpc_answer keyword_struct(
    void *self, struct nnrpc_call *call, const Odd__Names__Outer__Inner *request) {
    (void)self;
    Odd__Other__Names__Base response = ODD__OTHER__NAMES__BASE__INIT;
    response.number = odd_names_outer_nested_inner_get_depth(request);
    return odd_names_keyword_service_struct_reply(call, &response);
}

static struct nnrpc_answer other_default(
    void *self, struct nnrpc_call *call, const Odd__Other__Names__Base *request) {
    (void)self;
    Odd__Other__Names__Base response = ODD__OTHER__NAMES__BASE__INIT;
    response.number = request->number + 1;
    return odd_other_names_keyword_service_default_reply(call, &response);
}

static struct nnrpc_answer deep_other(
    void *self, struct nnrpc_call *call, const Odd__Other__Names__Base *request) {
    (void)self;
    (void)request;
    deepest response =
        ODD__DEEP__A__B__C__D__E__F__G__H__M1__M2__M3__M4__M5__M6__M7__M8__M9__M10__INIT;
    odd_deep_a_b_c_d_e_f_g_h_m1_m2_m3_m4_m5_m6_m7_m8_m9_m10_set_end(&response, "end");
    return odd_deep_a_b_c_d_e_f_g_h_deep_service_other_reply(call, &response);
}

static struct nnrpc_answer note_echo(
    void *self, struct nnrpc_call *call, const Odd__Streams__Note *request) {
    (void)self;
    return odd_streams_note_service_echo_reply(call, request);
}

/* Members that would be keywords have an underscore. */
static const struct odd_names_keyword_service_handlers keyword_handlers = {
    .default_ = keyword_default,
    .if_ = keyword_default,
    .switch_ = keyword_switch,
    .struct_ = keyword_struct,
    .lower_case = keyword_default,
    .xml_http_request2 = keyword_default,
};
static const struct odd_other_names_keyword_service_handlers other_handlers = {
    .default_ = other_default};
static const struct odd_deep_a_b_c_d_e_f_g_h_deep_service_handlers deep_handlers = {
    .other = deep_other};
static const struct odd_streams_note_service_handlers note_handlers = {.echo = note_echo};

static int start(void **state) {
    struct gen_server *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    *state = fixture;
    gen_server_new(fixture);
    struct nnrpc_server *server = fixture->server;
    assert_int_equal(
        odd_names_keyword_service_register(server, &keyword_handlers, NULL, NULL), NNRPC_OK);
    assert_int_equal(
        odd_other_names_keyword_service_register(server, &other_handlers, NULL, NULL), NNRPC_OK);
    assert_int_equal(
        odd_deep_a_b_c_d_e_f_g_h_deep_service_register(server, &deep_handlers, NULL, NULL),
        NNRPC_OK);
    assert_int_equal(
        odd_streams_note_service_register(server, &note_handlers, NULL, NULL), NNRPC_OK);
    gen_server_start(fixture);
    return 0;
}

static int stop(void **state) {
    gen_server_stop(*state);
    free(*state);
    return 0;
}

static void test_methods_that_are_keywords_are_called(void **state) {
    struct gen_server *fixture = *state;
    Odd__Names__Outer__Inner inner = ODD__NAMES__OUTER__INNER__INIT;
    odd_names_outer_nested_inner_set_depth(&inner, 4);
    Odd__Names__Outer outer = ODD__NAMES__OUTER__INIT;
    outer.inner = &inner;
    Odd__Names__OuterInner *other = NULL;
    assert_int_equal(
        odd_names_keyword_service_switch(fixture->client, NULL, &outer, &other, NULL), NNRPC_OK);
    assert_int_equal(odd_names_outer_inner_get_depth(other), 5);
    odd__names__outer_inner__free_unpacked(other, NULL);
    Odd__Other__Names__Base *number = NULL;
    assert_int_equal(
        odd_names_keyword_service_struct(fixture->client, NULL, &inner, &number, NULL), NNRPC_OK);
    assert_int_equal(number->number, 4);
    odd__other__names__base__free_unpacked(number, NULL);
}

static void test_two_services_of_one_name_are_apart(void **state) {
    struct gen_server *fixture = *state;
    Odd__Other__Names__Base request = ODD__OTHER__NAMES__BASE__INIT;
    request.number = 1;
    Odd__Other__Names__Base *response = NULL;
    assert_int_equal(
        odd_other_names_keyword_service_default(fixture->client, NULL, &request, &response, NULL),
        NNRPC_OK);
    assert_int_equal(response->number, 2);
    odd__other__names__base__free_unpacked(response, NULL);
    Odd__Names__Base base = ODD__NAMES__BASE__INIT;
    base.base = (char *)"b";
    Odd__Names__Base *same = NULL;
    assert_int_equal(
        odd_names_keyword_service_default(fixture->client, NULL, &base, &same, NULL), NNRPC_OK);
    assert_string_equal(same->base, "b");
    odd__names__base__free_unpacked(same, NULL);
}

static void test_a_message_ten_deep_is_answered(void **state) {
    struct gen_server *fixture = *state;
    Odd__Other__Names__Base request = ODD__OTHER__NAMES__BASE__INIT;
    deepest *response = NULL;
    assert_int_equal(
        odd_deep_a_b_c_d_e_f_g_h_deep_service_other(
            fixture->client, NULL, &request, &response, NULL),
        NNRPC_OK);
    assert_string_equal(
        odd_deep_a_b_c_d_e_f_g_h_m1_m2_m3_m4_m5_m6_m7_m8_m9_m10_get_end(response), "end");
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

static void test_the_unary_methods_of_a_service_that_streams_are_called(void **state) {
    struct gen_server *fixture = *state;
    Odd__Streams__Note request = ODD__STREAMS__NOTE__INIT;
    request.text = (char *)"unary";
    Odd__Streams__Note *response = NULL;
    assert_int_equal(
        odd_streams_note_service_echo(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_string_equal(response->text, "unary");
    odd__streams__note__free_unpacked(response, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_that_are_keywords_keep_their_names),
        cmocka_unit_test(test_protobuf_c_s_own_member_gives_way_to_a_field_of_its_name),
        cmocka_unit_test(test_an_optional_field_that_is_a_keyword_has_functions),
        cmocka_unit_test(test_a_nested_type_whose_name_in_words_is_taken_says_that_it_is_nested),
        cmocka_unit_test(test_an_alias_is_read_and_the_first_name_written),
        cmocka_unit_test(test_messages_ten_deep_are_read_and_written),
        cmocka_unit_test(test_streaming_methods_are_left_out),
        cmocka_unit_test_setup_teardown(test_methods_that_are_keywords_are_called, start, stop),
        cmocka_unit_test_setup_teardown(test_two_services_of_one_name_are_apart, start, stop),
        cmocka_unit_test_setup_teardown(test_a_message_ten_deep_is_answered, start, stop),
        cmocka_unit_test_setup_teardown(
            test_the_unary_methods_of_a_service_that_streams_are_called, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
