/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query parameters as fields of the request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "odd_rules.nnrpc.h"
#include "rest_try.h"

static struct rest_table *table;

static int make_table(void **state) {
    static const struct nnrpc_service *const SERVICES[] = {&odd_service_service};
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    return rest_table_new(SERVICES, NNRPC_LENGTH(SERVICES), &table, &status) == NNRPC_OK ? 0 : -1;
}

static int free_table(void **state) {
    (void)state;
    rest_table_freep(&table);
    return 0;
}

static void call(const char *line, const char *body, const char *method, const char *message) {
    const struct rest_request request = {.line = line, .body = body};
    assert_call(table, &request, method, message);
}

static void refused(
    const char *line, const char *body, unsigned status, const char *reason, const char *message) {
    const struct rest_request request = {.line = line, .body = body};
    assert_refused(table, &request, status, reason, message);
}

static void text_stands_as_it_is(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?name=a%26b+c%2Bd", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"name\":\"a&b c+d\"}");
    call(
        "GET /odd/shelves/low/things/7/all?%6Eame=x", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"name\":\"x\"}");
}

static void json_names_and_proto_names_are_taken(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?madeSINCE=2024-02-29T12:30:00Z", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"madeSINCE\":\"2024-02-29T12:30:00Z\"}");
    call(
        "GET /odd/shelves/low/things/7/all?made_since=2024-02-29T12:30:00%2B02:00", NULL,
        "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"madeSINCE\":\"2024-02-29T10:30:00Z\"}");
}

static void a_repeated_field_is_a_repeated_parameter(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?words=a&words=b&words=a", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"words\":[\"a\",\"b\",\"a\"]}");
    call(
        "GET /odd/shelves/low/things/7/all?colors=red&colors=COLOR_DARK_BLUE&colors=1", NULL,
        "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"colors\":[\"red\",\"dark_blue\",\"red\"]}");
}

static void booleans_are_true_and_false(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?withNotes=true", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"withNotes\":true}");
    call(
        "GET /odd/shelves/low/things/7/all?withNotes=false", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\"}");
    refused(
        "GET /odd/shelves/low/things/7/all?withNotes=1", NULL, 400, "INVALID_PARAMETER",
        "withNotes: expected true or false, found \"1\"");
}

static void a_mask_is_a_list_of_names(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?readMask=name,size.width,madeAT", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"readMask\":\"name,size.width,madeAT\"}");
    refused(
        "GET /odd/shelves/low/things/7/all?readMask=nam", NULL, 400, "INVALID_PARAMETER",
        "readMask: the mask names no field with \"nam\"; did you mean \"name\"?");
}

static void a_wrapper_is_its_value(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?atMost=0", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"atMost\":0}");
    refused(
        "GET /odd/shelves/low/things/7/all?atMost=x", NULL, 400, "INVALID_PARAMETER",
        "atMost: expected a whole number, found \"x\"");
}

static void an_entry_of_a_map_is_named_by_its_key(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?weights[a]=1&weights%5Bb.c%5D=-2", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"weights\":{\"a\":1,\"b.c\":-2}}");
    refused(
        "GET /odd/shelves/low/things/7/all?weights[a]=1&weights[a]=2", NULL, 400,
        "INVALID_PARAMETER", "weights[a]: the key stands twice");
    refused(
        "GET /odd/shelves/low/things/7/all?weights=1", NULL, 400, "INVALID_PARAMETER",
        "weights: a map has entries: name one, \"weights[KEY]\"");
}

static void one_member_of_a_oneof_is_possible(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?color=red", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"color\":\"red\"}");
    refused(
        "GET /odd/shelves/low/things/7/all?name=a&color=red", NULL, 400, "INVALID_PARAMETER",
        "color: only one of \"name\" and \"color\" is possible");
}

static void dots_lead_into_messages(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?size.width=5&size.unit.unitName=mm", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"size\":{\"width\":5,\"unit\":{\"unitName\":\"mm\"}}"
        "}");
    refused(
        "GET /odd/shelves/low/things/7/all?size=5", NULL, 400, "INVALID_PARAMETER",
        "size: an object is no single value: name its fields, \"size.width\"");
    refused(
        "GET /odd/shelves/low/things/7/all?size.unit.unitNme=mm", NULL, 400, "UNKNOWN_PARAMETER",
        "size.unit.unitNme: no such parameter; did you mean \"size.unit.unitName\"?");
    refused(
        "GET /odd/shelves/low/things/7/all?sizes.width=5", NULL, 400, "UNKNOWN_PARAMETER",
        "sizes.width: no such parameter");
}

static void a_plus_that_became_a_blank_is_told(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/7/all?madeSINCE=2024-02-29T12:30:00+02:00", NULL, 400,
        "INVALID_PARAMETER",
        "madeSINCE: expected a time such as \"2024-02-29T12:30:00Z\", found "
        "\"2024-02-29T12:30:00 02:00\"; write + as %2B");
    refused(
        "GET /odd/shelves/low/things/7/all?madeSINCE=2024-02-29T12:30:00%2B99:00", NULL, 400,
        "INVALID_PARAMETER",
        "madeSINCE: expected a time such as \"2024-02-29T12:30:00Z\", found "
        "\"2024-02-29T12:30:00+99:00\"");
}

static void numbers_and_bytes_are_read_as_json_has_them(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?ratio=0.5&digest=AQI", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"digest\":\"AQI=\",\"ratio\":0.5}");
    refused(
        "GET /odd/shelves/low/things/7/all?pageSize=2147483648", NULL, 400, "INVALID_PARAMETER",
        "pageSize: the number is out of range: -2147483648 to 2147483647 is possible");
    refused(
        "GET /odd/shelves/low/things/7/all?digest=!", NULL, 400, "INVALID_PARAMETER",
        "digest: expected base64 text, found \"!\"");
}

static void an_empty_value_is_not_set(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/low/things/7/all?name=&pageSize=&words&withNotes", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\"}");
    call(
        "GET /odd/shelves/low/things/7/all?pageSize=&pageSize=5", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"pageSize\":5}");
}

static void an_unknown_parameter_is_named_with_the_nearest(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/7/all?pageSzie=5", NULL, 400, "UNKNOWN_PARAMETER",
        "pageSzie: no such parameter; did you mean \"pageSize\"?");
    refused(
        "GET /odd/shelves/low/things/7/all?zzzzzzzz=5", NULL, 400, "UNKNOWN_PARAMETER",
        "zzzzzzzz: no such parameter");
    refused(
        "GET /odd/shelves/low/things/7/all?=5", NULL, 400, "UNKNOWN_PARAMETER",
        ": no such parameter");
}

static void a_singular_parameter_stands_once(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/7/all?pageSize=5&page_size=5", NULL, 400,
        "DUPLICATE_PARAMETER", "page_size: the parameter stands twice");
}

static void all_that_is_wrong_is_told_at_once(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/7/all?pageSize=x&nme=1&name=a&name=b", NULL, 400,
        "INVALID_PARAMETER", "pageSize: expected a whole number, found \"x\" (and 2 more)");
}

static void what_a_path_binds_is_no_parameter(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/7/all?shelf=low", NULL, 400, "CONFLICTING_VALUES",
        "shelf: the path says it");
    refused(
        "POST /odd/things?thing.shelf=a", "{}", 400, "CONFLICTING_VALUES",
        "thing.shelf: the path PUT /odd/shelves/{thing.shelf}/things/{thing.name} says it");
}

static void what_the_body_fills_is_no_parameter(void **state) {
    (void)state;
    refused(
        "POST /odd/things?thing.size.width=5", "{}", 400, "CONFLICTING_VALUES",
        "thing.size.width: the body says it");
    refused(
        "POST /odd/things/a?times=5", "{\"times\":4}", 400, "CONFLICTING_VALUES",
        "times: the body says it");
}

static void parameters_set_what_the_body_leaves(void **state) {
    (void)state;
    call(
        "POST /odd/things?validateOnly=true", "{}", "MakeThing",
        "{\"thing\":{},\"validateOnly\":true}");
    call("POST /odd/things/a?times=5", "{}", "TouchThing", "{\"name\":\"a\",\"times\":5}");
    call(
        "PUT /odd/shelves/a?validateOnly=true", "[]", "PutShelf",
        "{\"shelf\":\"a\",\"validateOnly\":true}");
}

static void pretty_and_envelope_are_switches(void **state) {
    (void)state;
    static const struct {
        const char *line;
        bool is_pretty;
        bool is_envelope;
    } LINES[] = {
        {"GET /odd/shelves/top", false, false},
        {"GET /odd/shelves/top?pretty", true, false},
        {"GET /odd/shelves/top?pretty=true&envelope=1", true, true},
        {"GET /odd/shelves/top?pretty=0&envelope=false", false, false},
        {"GET /odd/shelves/top?pretty=", false, false},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(LINES); index++) {
        const struct rest_request request = {.line = LINES[index].line};
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &request, &tried);
        assert_true(tried.is_call);
        assert_int_equal(tried.call.is_pretty, LINES[index].is_pretty);
        assert_int_equal(tried.call.is_envelope, LINES[index].is_envelope);
    }
    refused(
        "GET /odd/shelves/top?pretty=yes", NULL, 400, "INVALID_PARAMETER",
        "pretty: expected no value, true, false, 1 or 0");
    refused(
        "GET /odd/shelves/top?envelope&envelope", NULL, 400, "DUPLICATE_PARAMETER",
        "envelope: the parameter stands twice");
}

static void a_query_that_is_no_text_is_malformed(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/top?a=%", NULL, 400, "MALFORMED_URL",
        "the query is not percent-encoded UTF-8 text");
    refused(
        "GET /odd/shelves/top?%g0=1", NULL, 400, "MALFORMED_URL",
        "the query is not percent-encoded UTF-8 text");
    refused(
        "GET /odd/shelves/top?a=%00", NULL, 400, "MALFORMED_URL",
        "the query is not percent-encoded UTF-8 text");
    refused(
        "GET /odd/shelves/top?a=%ff&b", NULL, 400, "MALFORMED_URL",
        "the query is not percent-encoded UTF-8 text");
    refused(
        "GET /odd/shelves/top?a=%c3", NULL, 400, "MALFORMED_URL",
        "the query is not percent-encoded UTF-8 text");
}

static void a_long_query_of_many_parameters_is_read(void **state) {
    (void)state;
    char line[8192] = "GET /odd/shelves/low/things/7/all?pageToken=";
    memset(line + strlen(line), 'x', 1500);
    for (int count = 0; count < 200; count++) {
        strcat(line, "&words=ab");
    }
    const struct rest_request request = {.line = line};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    const char *message = rest_try_message(&tried);
    assert_int_equal(
        strlen(message),
        strlen("{\"shelf\":\"low\",\"number\":\"7\",\"words\":[],\"pageToken\":\"\"}") + 1500 +
            200 * 5 - 1);
}

static void many_singular_parameters_are_each_taken_once(void **state) {
    (void)state;
    call(
        "GET "
        "/odd/shelves/low/things/7/all?withNotes=true&madeSINCE=2024-02-29T12:30:00Z&readMask=name"
        "&atMost=1&name=a&size.width=1&size.unit.unitName=u&digest=AQ&ratio=2&pageSize=3&pageToken="
        "t"
        "&weights[a]=1&weights[b]=1&weights[c]=1&weights[d]=1&weights[e]=1&weights[f]=1&weights[g]="
        "1",
        NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\",\"withNotes\":true,"
        "\"madeSINCE\":\"2024-02-29T12:30:00Z\",\"readMask\":\"name\",\"atMost\":1,"
        "\"weights\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1},"
        "\"name\":\"a\",\"size\":{\"width\":1,\"unit\":{\"unitName\":\"u\"}},"
        "\"digest\":\"AQ==\",\"ratio\":2,\"pageSize\":3,\"pageToken\":\"t\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stands_as_it_is),
        cmocka_unit_test(json_names_and_proto_names_are_taken),
        cmocka_unit_test(a_repeated_field_is_a_repeated_parameter),
        cmocka_unit_test(booleans_are_true_and_false),
        cmocka_unit_test(a_mask_is_a_list_of_names),
        cmocka_unit_test(a_wrapper_is_its_value),
        cmocka_unit_test(an_entry_of_a_map_is_named_by_its_key),
        cmocka_unit_test(one_member_of_a_oneof_is_possible),
        cmocka_unit_test(dots_lead_into_messages),
        cmocka_unit_test(a_plus_that_became_a_blank_is_told),
        cmocka_unit_test(numbers_and_bytes_are_read_as_json_has_them),
        cmocka_unit_test(an_empty_value_is_not_set),
        cmocka_unit_test(an_unknown_parameter_is_named_with_the_nearest),
        cmocka_unit_test(a_singular_parameter_stands_once),
        cmocka_unit_test(all_that_is_wrong_is_told_at_once),
        cmocka_unit_test(what_a_path_binds_is_no_parameter),
        cmocka_unit_test(what_the_body_fills_is_no_parameter),
        cmocka_unit_test(parameters_set_what_the_body_leaves),
        cmocka_unit_test(pretty_and_envelope_are_switches),
        cmocka_unit_test(a_query_that_is_no_text_is_malformed),
        cmocka_unit_test(a_long_query_of_many_parameters_is_read),
        cmocka_unit_test(many_singular_parameters_are_each_taken_once),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
