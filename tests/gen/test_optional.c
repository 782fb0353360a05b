/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proto3 optional fields: their functions, the wire, JSON, and calls.
 */
#include "gen_server.h"
#include "json_text.h"
#include "optional/v1/optional.nnrpc.h"

typedef Optional__V1__Everything everything;

#define EVERYTHING (&optional_v1_everything_message)

static everything *unpack(const char *bytes, size_t size) {
    everything *message = optional__v1__everything__unpack(NULL, size, (const uint8_t *)bytes);
    assert_non_null(message);
    return message;
}

static void expect_packed(const everything *message, const char *bytes, size_t size) {
    size_t packed_size = 0;
    uint8_t *packed = pack_message(message, &packed_size);
    assert_int_equal(packed_size, size);
    assert_memory_equal(packed, bytes, size);
    free(packed);
}

/* --- Functions ---------------------------------------------------------------------------- */

static void test_a_new_message_has_no_optional_field(void **state) {
    (void)state;
    const everything message = OPTIONAL__V1__EVERYTHING__INIT;
    assert_false(optional_v1_everything_has_text(&message));
    assert_false(optional_v1_everything_has_data(&message));
    assert_false(optional_v1_everything_has_whole(&message));
    assert_false(optional_v1_everything_has_flag(&message));
    assert_false(optional_v1_everything_has_mood(&message));
    assert_false(optional_v1_everything_has_part(&message));
    expect_packed(&message, "", 0);
}

static void test_a_field_that_is_not_set_has_its_default(void **state) {
    (void)state;
    const everything message = OPTIONAL__V1__EVERYTHING__INIT;
    assert_string_equal(optional_v1_everything_get_text(&message), "");
    assert_int_equal(optional_v1_everything_get_data(&message).len, 0);
    assert_int_equal(optional_v1_everything_get_whole(&message), 0);
    assert_int_equal(optional_v1_everything_get_large(&message), 0);
    assert_true(optional_v1_everything_get_real(&message) == 0);
    assert_int_equal(optional_v1_everything_get_mood(&message), 0);
    assert_null(optional_v1_everything_get_part(&message));
}

static void test_zero_is_a_value_that_is_sent(void **state) {
    (void)state;
    everything message = OPTIONAL__V1__EVERYTHING__INIT;
    optional_v1_everything_set_text(&message, "");
    optional_v1_everything_set_data(&message, (ProtobufCBinaryData){0});
    optional_v1_everything_set_whole(&message, 0);
    optional_v1_everything_set_flag(&message, false);
    optional_v1_everything_set_mood(&message, OPTIONAL__V1__MOOD__MOOD_UNSPECIFIED);
    assert_true(optional_v1_everything_has_text(&message));
    assert_true(optional_v1_everything_has_flag(&message));
    static const char bytes[] = "\x0a\x00\x12\x00\x18\x00\x38\x00\x40\x00";
    expect_packed(&message, bytes, sizeof(bytes) - 1);
}

static void test_zero_that_came_is_set(void **state) {
    (void)state;
    static const char bytes[] = "\x0a\x00\x12\x00\x18\x00\x38\x00\x40\x00";
    everything *message = unpack(bytes, sizeof(bytes) - 1);
    assert_true(optional_v1_everything_has_text(message));
    assert_true(optional_v1_everything_has_data(message));
    assert_true(optional_v1_everything_has_whole(message));
    assert_true(optional_v1_everything_has_flag(message));
    assert_true(optional_v1_everything_has_mood(message));
    assert_false(optional_v1_everything_has_large(message));
    assert_string_equal(optional_v1_everything_get_text(message), "");
    optional__v1__everything__free_unpacked(message, NULL);
}

static void test_a_text_that_another_message_does_not_have_is_an_empty_one(void **state) {
    (void)state;
    everything from = OPTIONAL__V1__EVERYTHING__INIT;
    everything message = OPTIONAL__V1__EVERYTHING__INIT;
    optional_v1_everything_set_text(&message, from.plain);
    assert_true(optional_v1_everything_has_text(&message));
    expect_packed(&message, "\x0a\x00", 2);
}

static void test_values_come_back(void **state) {
    (void)state;
    everything message = OPTIONAL__V1__EVERYTHING__INIT;
    Optional__V1__Everything__Part part = OPTIONAL__V1__EVERYTHING__PART__INIT;
    optional_v1_everything_part_set_weight(&part, 7);
    optional_v1_everything_set_text(&message, "t");
    optional_v1_everything_set_large(&message, UINT64_MAX);
    optional_v1_everything_set_real(&message, -0.5);
    optional_v1_everything_set_part(&message, &part);
    optional_v1_everything_set_class(&message, "first");
    optional_v1_everything_set_camel_case(&message, -1);
    optional_v1_everything_set_old(&message, "o");
    size_t size = 0;
    uint8_t *packed = pack_message(&message, &size);
    everything *copy = unpack((const char *)packed, size);
    free(packed);
    assert_string_equal(optional_v1_everything_get_text(copy), "t");
    assert_true(optional_v1_everything_get_large(copy) == UINT64_MAX);
    assert_true(optional_v1_everything_get_real(copy) == -0.5);
    assert_int_equal(
        optional_v1_everything_part_get_weight(optional_v1_everything_get_part(copy)), 7);
    assert_string_equal(optional_v1_everything_get_class(copy), "first");
    assert_int_equal(optional_v1_everything_get_camel_case(copy), -1);
    assert_string_equal(optional_v1_everything_get_old(copy), "o");
    assert_false(optional_v1_everything_has_whole(copy));
    optional__v1__everything__free_unpacked(copy, NULL);
}

static void test_a_cleared_field_is_not_set(void **state) {
    (void)state;
    everything message = OPTIONAL__V1__EVERYTHING__INIT;
    Optional__V1__Everything__Part part = OPTIONAL__V1__EVERYTHING__PART__INIT;
    optional_v1_everything_set_text(&message, "t");
    optional_v1_everything_set_data(&message, (ProtobufCBinaryData){1, (uint8_t *)"d"});
    optional_v1_everything_set_whole(&message, 3);
    optional_v1_everything_set_part(&message, &part);
    optional_v1_everything_clear_text(&message);
    optional_v1_everything_clear_data(&message);
    optional_v1_everything_clear_whole(&message);
    optional_v1_everything_clear_part(&message);
    assert_false(optional_v1_everything_has_text(&message));
    assert_false(optional_v1_everything_has_data(&message));
    assert_false(optional_v1_everything_has_whole(&message));
    assert_false(optional_v1_everything_has_part(&message));
    assert_string_equal(optional_v1_everything_get_text(&message), "");
    expect_packed(&message, "", 0);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void test_json_has_no_field_that_is_not_set(void **state) {
    (void)state;
    const everything message = OPTIONAL__V1__EVERYTHING__INIT;
    expect_json(EVERYTHING, &message, "{\"plain\":\"\",\"count\":0,\"parts\":[]}");
}

static void test_json_has_zero_where_it_is_set(void **state) {
    (void)state;
    const char *text = "{\"text\":\"\",\"data\":\"\",\"whole\":0,\"large\":\"0\",\"real\":0,"
                       "\"small\":0,\"flag\":false,\"mood\":\"unspecified\",\"part\":{},"
                       "\"time\":\"1970-01-01T00:00:00Z\",\"fixed\":\"0\",\"zigzag\":0,"
                       "\"number\":0,\"class\":\"\",\"camelCase\":0,\"old\":\"\",\"secret\":\"\"}";
    expect_round(EVERYTHING, text, text);
}

static void test_json_null_is_not_set(void **state) {
    (void)state;
    expect_round(
        EVERYTHING,
        "{\"text\":null,\"whole\":null,\"mood\":null,\"part\":null,\"time\":null,\"left\":null}",
        "{}");
}

static void test_json_null_is_a_value_of_a_value(void **state) {
    (void)state;
    const char *text = "{\"anyJson\":null}";
    expect_round(EVERYTHING, text, text);
}

static void test_json_keeps_values_through_wire_and_back(void **state) {
    (void)state;
    const char *text =
        "{\"text\":\"t\",\"whole\":-5,\"flag\":true,\"mood\":\"good\","
        "\"part\":{\"weight\":1,\"inner\":{\"weight\":0}},\"left\":\"l\",\"plain\":\"p\","
        "\"count\":1,\"parts\":[{},{\"weight\":2}]}";
    everything *message = read_json(EVERYTHING, text);
    size_t size = 0;
    uint8_t *packed = pack_message(message, &size);
    optional__v1__everything__free_unpacked(message, NULL);
    message = unpack((const char *)packed, size);
    free(packed);
    expect_json(EVERYTHING, message, text);
    optional__v1__everything__free_unpacked(message, NULL);
}

static void test_json_may_set_several_optional_fields_but_one_member_of_a_oneof(void **state) {
    (void)state;
    expect_refused(
        EVERYTHING, "{\"text\":\"a\",\"whole\":1,\"left\":\"l\",\"right\":1}",
        "right: only one of \"left\" and \"right\" is possible");
}

/* --- Calls -------------------------------------------------------------------------------- */

struct fixture {
    struct gen_server at;
    bool had_request_id;
    char request_id[64];
};

static struct nnrpc_answer echo(
    void *self, struct nnrpc_call *call, const Optional__V1__Everything *request) {
    (void)self;
    return optional_service_echo_reply(call, request);
}

static struct nnrpc_answer save(
    void *self, struct nnrpc_call *call, const Optional__V1__SaveRequest *request) {
    struct fixture *fixture = self;
    fixture->had_request_id = optional_v1_save_request_has_request_id(request);
    (void)snprintf(
        fixture->request_id, sizeof(fixture->request_id), "%s",
        optional_v1_save_request_get_request_id(request));
    return optional_service_default_reply(call, request);
}

/* The member of a method that is a keyword has an underscore. */
static const struct optional_service_handlers handlers = {.echo = echo, .default_ = save};

static int start(void **state) {
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    *state = fixture;
    gen_server_new(&fixture->at);
    assert_int_equal(
        optional_service_register(fixture->at.server, &handlers, fixture, NULL), NNRPC_OK);
    gen_server_start(&fixture->at);
    return 0;
}

static int stop(void **state) {
    struct fixture *fixture = *state;
    gen_server_stop(&fixture->at);
    free(fixture);
    return 0;
}

static void test_a_call_brings_zero_and_absence_apart(void **state) {
    struct fixture *fixture = *state;
    everything request = OPTIONAL__V1__EVERYTHING__INIT;
    optional_v1_everything_set_whole(&request, 0);
    everything *response = NULL;
    assert_int_equal(
        optional_service_echo(fixture->at.client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_true(optional_v1_everything_has_whole(response));
    assert_false(optional_v1_everything_has_zigzag(response));
    optional__v1__everything__free_unpacked(response, NULL);
}

static void test_an_optional_request_id_is_filled_in(void **state) {
    struct fixture *fixture = *state;
    Optional__V1__SaveRequest request = OPTIONAL__V1__SAVE_REQUEST__INIT;
    Optional__V1__SaveRequest *response = NULL;
    assert_int_equal(
        optional_service_default(fixture->at.client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_true(fixture->had_request_id);
    assert_int_equal(strlen(fixture->request_id), 36);
    optional__v1__save_request__free_unpacked(response, NULL);
}

static void test_an_optional_request_id_that_is_given_stays(void **state) {
    struct fixture *fixture = *state;
    Optional__V1__SaveRequest request = OPTIONAL__V1__SAVE_REQUEST__INIT;
    optional_v1_save_request_set_request_id(&request, "mine");
    Optional__V1__SaveRequest *response = NULL;
    assert_int_equal(
        optional_service_default(fixture->at.client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_string_equal(fixture->request_id, "mine");
    optional__v1__save_request__free_unpacked(response, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_message_has_no_optional_field),
        cmocka_unit_test(test_a_field_that_is_not_set_has_its_default),
        cmocka_unit_test(test_zero_is_a_value_that_is_sent),
        cmocka_unit_test(test_zero_that_came_is_set),
        cmocka_unit_test(test_a_text_that_another_message_does_not_have_is_an_empty_one),
        cmocka_unit_test(test_values_come_back),
        cmocka_unit_test(test_a_cleared_field_is_not_set),
        cmocka_unit_test(test_json_has_no_field_that_is_not_set),
        cmocka_unit_test(test_json_has_zero_where_it_is_set),
        cmocka_unit_test(test_json_null_is_not_set),
        cmocka_unit_test(test_json_null_is_a_value_of_a_value),
        cmocka_unit_test(test_json_keeps_values_through_wire_and_back),
        cmocka_unit_test(test_json_may_set_several_optional_fields_but_one_member_of_a_oneof),
        cmocka_unit_test_setup_teardown(test_a_call_brings_zero_and_absence_apart, start, stop),
        cmocka_unit_test_setup_teardown(test_an_optional_request_id_is_filled_in, start, stop),
        cmocka_unit_test_setup_teardown(
            test_an_optional_request_id_that_is_given_stays, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
