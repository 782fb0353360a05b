/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of requests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "odd_rules.nnrpc.h"
#include "rest/secrets.h"
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

static void a_body_fills_its_field(void **state) {
    (void)state;
    call(
        "POST /odd/things", "{\"etag\":\"a\",\"size\":{\"width\":5}}", "MakeThing",
        "{\"thing\":{\"size\":{\"width\":5},\"etag\":\"a\"}}");
    call(
        "PUT /odd/shelves/x", " [\"a\", \"b\"] ", "PutShelf",
        "{\"shelf\":\"x\",\"labels\":[\"a\",\"b\"]}");
    call("PUT /odd/shelves/x", "null", "PutShelf", "{\"shelf\":\"x\"}");
}

static void a_body_of_everything_may_be_left_out(void **state) {
    (void)state;
    call("POST /odd/things/a", NULL, "TouchThing", "{\"name\":\"a\"}");
    call("POST /odd/things/a", " \r\n", "TouchThing", "{\"name\":\"a\"}");
    call("POST /odd/things/a", "{}", "TouchThing", "{\"name\":\"a\"}");
    call("POST /odd/things/a", "{\"times\":\"3\"}", "TouchThing", "{\"name\":\"a\",\"times\":3}");
}

static void a_body_that_is_needed_is_asked_for(void **state) {
    (void)state;
    refused("POST /odd/things", NULL, 400, "INVALID_JSON", "there is no body: expected JSON");
    refused("POST /odd/things", "\n", 400, "INVALID_JSON", "there is no body: expected JSON");
    refused("POST /odd/things", "null", 400, "INVALID_JSON", "expected an object, found null");
    refused("PATCH /odd/things/a", " null ", 400, "INVALID_JSON", "expected an object, found null");
}

static void a_body_where_there_is_none_is_refused(void **state) {
    (void)state;
    call("GET /odd/shelves/top", "{}", "GetTop", "{}");
    call("GET /odd/shelves/top", " { } ", "GetTop", "{}");
    refused(
        "GET /odd/shelves/top", "{\"a\":1}", 400, "UNEXPECTED_BODY",
        "GET has no body here: expected none, or {}");
    refused(
        "HEAD /odd/shelves/top", "[]", 400, "UNEXPECTED_BODY",
        "HEAD has no body here: expected none, or {}");
    refused(
        "GET /odd/shelves/top", "{", 400, "UNEXPECTED_BODY",
        "GET has no body here: expected none, or {}");
}

static void what_is_wrong_in_a_body_is_named_as_the_caller_wrote_it(void **state) {
    (void)state;
    refused(
        "POST /odd/things", "{\"madeAT\":\"x\",\"sizes\":[{\"width\":\"y\"}]}", 400, "INVALID_JSON",
        "madeAT: expected a time such as \"2024-02-29T12:30:00Z\", found \"x\" (and 1 more)");
    refused(
        "POST /odd/things", "{\"sizes\":[{\"unit\":{\"unitNme\":1}}]}", 400, "INVALID_JSON",
        "sizes[0].unit.unitNme: unknown key \"unitNme\"; did you mean \"unitName\"?");
    refused(
        "POST /odd/things", "{", 400, "INVALID_JSON",
        "line 1, column 1: the text ends before the value does");
    refused(
        "POST /odd/things", "{} x", 400, "INVALID_JSON",
        "line 1, column 4: there is more text after the value");
    refused("POST /odd/things", "[]", 400, "INVALID_JSON", "expected an object, found a list");
    refused("PUT /odd/shelves/a", "[1]", 400, "INVALID_JSON", "[0]: expected text, found number");
}

static void the_violations_have_the_names_of_the_message(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "POST /odd/things",
        .body = "{\"made_at\":\"x\",\"sizes\":[{\"unit\":{\"unit_name\":1}}]}"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_non_null(strstr(rest_try_body(&tried), "\"field\":\"madeAT\""));
    assert_non_null(strstr(rest_try_body(&tried), "\"field\":\"sizes[0].unit.unitName\""));
}

static void a_secret_stands_in_no_answer(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "POST /odd/things", .body = "{\"code\":[\"hunter2\"]}"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_int_equal(tried.response.status, 400);
    assert_null(strstr(rest_try_body(&tried), "hunter2"));
}

static void a_secret_is_wiped_before_it_is_released(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "POST /odd/things", .body = "{\"code\":\"hunter2\",\"etag\":\"kept\"}"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_true(tried.is_call);
    Odd__MakeThingRequest *made = (Odd__MakeThingRequest *)tried.call.message;
    assert_string_equal(made->thing->code, "hunter2");
    rest_wipe_secrets(tried.call.method->request, tried.call.message);
    static const char ZEROS[sizeof("hunter2")] = {0};
    assert_memory_equal(made->thing->code, ZEROS, sizeof(ZEROS));
    assert_string_equal(made->thing->etag, "kept");
}

static void a_body_may_repeat_what_its_path_says(void **state) {
    (void)state;
    call(
        "PUT /odd/shelves/s/things/n", "{\"shelf\":\"s\",\"name\":null,\"size\":null}", "MakeThing",
        "{\"thing\":{\"name\":\"n\",\"shelf\":\"s\"}}");
    refused(
        "PUT /odd/shelves/s/things/n", "{\"shelf\":\"t\"}", 400, "CONFLICTING_VALUES",
        "shelf: the path says otherwise");
    call("POST /odd/things/a", "{\"name\":\"a\"}", "TouchThing", "{\"name\":\"a\"}");
    refused(
        "POST /odd/things/a", "{\"name\":\"b\"}", 400, "CONFLICTING_VALUES",
        "name: the path says otherwise");
}

static void what_another_path_binds_is_null(void **state) {
    (void)state;
    call("POST /odd/things", "{\"shelf\":null,\"name\":\"\"}", "MakeThing", "{\"thing\":{}}");
    refused(
        "POST /odd/things", "{\"shelf\":\"s\"}", 400, "CONFLICTING_VALUES",
        "shelf: it is not part of this path, so it can only be null; PUT "
        "/odd/shelves/{thing.shelf}/things/{thing.name} has it");
}

static void content_types_other_than_json_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *verb;
        const char *type;
        bool is_taken;
    } TYPES[] = {
        {"POST /odd/things", "Content-Type: application/json", true},
        {"POST /odd/things", "Content-Type: Application/JSON ; charset=\"UTF-8\"", true},
        {"POST /odd/things", "Content-Type: application/json; charset=utf8; x=y", true},
        {"POST /odd/things", "Content-Type:", true},
        {"PATCH /odd/things/a", "Content-Type: application/merge-patch+json", true},
        {"POST /odd/things", "Content-Type: application/merge-patch+json", false},
        {"POST /odd/things", "Content-Type: application/json; charset=latin1", false},
        {"POST /odd/things", "Content-Type: application/x-www-form-urlencoded", false},
        {"POST /odd/things", "Content-Type: application/jso", false},
        {"POST /odd/things", "Content-Encoding: gzip", false},
        {"POST /odd/things", "Content-Encoding: identity", true},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TYPES); index++) {
        const struct rest_request request = {
            .line = TYPES[index].verb, .headers = {TYPES[index].type}, .body = "{}"};
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &request, &tried);
        assert_int_equal(tried.response.status, TYPES[index].is_taken ? 0 : 415);
    }
}

static void a_refused_content_type_comes_with_those_that_are_taken(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *header;
        const char *value;
        const char *message;
    } LINES[] = {
        {"POST /odd/things", "Accept-Post", "application/json",
         "the body has another Content-Type: expected application/json"},
        {"PATCH /odd/things/a", "Accept-Patch", "application/merge-patch+json, application/json",
         "the body has another Content-Type: expected application/json or "
         "application/merge-patch+json"},
        {"PUT /odd/shelves/a", "Accept", "application/json",
         "the body has another Content-Type: expected application/json"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(LINES); index++) {
        const struct rest_request request = {
            .line = LINES[index].line, .headers = {"Content-Type: text/plain"}, .body = "{}"};
        assert_refused(table, &request, 415, "UNSUPPORTED_CONTENT", LINES[index].message);
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &request, &tried);
        assert_header(&tried, LINES[index].header, LINES[index].value);
    }
}

static void an_empty_body_has_any_content_type(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "POST /odd/things/a", .headers = {"Content-Type: text/plain"}};
    assert_call(table, &request, "TouchThing", "{\"name\":\"a\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_fills_its_field),
        cmocka_unit_test(a_body_of_everything_may_be_left_out),
        cmocka_unit_test(a_body_that_is_needed_is_asked_for),
        cmocka_unit_test(a_body_where_there_is_none_is_refused),
        cmocka_unit_test(what_is_wrong_in_a_body_is_named_as_the_caller_wrote_it),
        cmocka_unit_test(the_violations_have_the_names_of_the_message),
        cmocka_unit_test(a_secret_stands_in_no_answer),
        cmocka_unit_test(a_secret_is_wiped_before_it_is_released),
        cmocka_unit_test(a_body_may_repeat_what_its_path_says),
        cmocka_unit_test(what_another_path_binds_is_null),
        cmocka_unit_test(content_types_other_than_json_are_refused),
        cmocka_unit_test(a_refused_content_type_comes_with_those_that_are_taken),
        cmocka_unit_test(an_empty_body_has_any_content_type),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
