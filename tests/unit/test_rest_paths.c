/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: which rule a request belongs to, and what its segments bind.
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

static void count_rule(
    void *context, const struct nnrpc_method *method, const struct nnrpc_http_rule *rule) {
    size_t *count = context;
    assert_non_null(method);
    assert_non_null(rule);
    ++*count;
}

static void a_literal_segment_goes_before_a_variable_one(void **state) {
    (void)state;
    call("GET /odd/shelves/top/things/red/all", NULL, "FindNumbers", "{\"color\":\"red\"}");
    call(
        "GET /odd/shelves/low/things/7/all", NULL, "FindThings",
        "{\"shelf\":\"low\",\"number\":\"7\"}");
}

static void a_variable_takes_what_the_literal_has_no_verb_for(void **state) {
    (void)state;
    call("GET /odd/shelves/top", NULL, "GetTop", "{}");
    call("PUT /odd/shelves/top", "[\"a\"]", "PutShelf", "{\"shelf\":\"top\",\"labels\":[\"a\"]}");
}

static void one_slash_at_the_end_is_left_out(void **state) {
    (void)state;
    call("GET /odd/shelves/top/", NULL, "GetTop", "{}");
    refused("GET /odd/shelves/top//", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
    refused("GET /odd//shelves/top", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
    refused("GET //odd/shelves/top", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
}

static void segments_are_decoded_after_they_were_split(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/a%2Fb%20c+d/things/7/all", NULL, "FindThings",
        "{\"shelf\":\"a/b c+d\",\"number\":\"7\"}");
    call("GET /odd/%73helves/t%6Fp", NULL, "GetTop", "{}");
    call(
        "GET /odd/shelves/%C3%A9/things/-7/all", NULL, "FindThings",
        "{\"shelf\":\"\xc3\xa9\",\"number\":\"-7\"}");
}

static void a_dot_segment_is_a_value_like_others(void **state) {
    (void)state;
    call(
        "GET /odd/shelves/../things/7/all", NULL, "FindThings",
        "{\"shelf\":\"..\",\"number\":\"7\"}");
}

static void literals_are_case_sensitive(void **state) {
    (void)state;
    refused("GET /odd/Shelves/top", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
}

static void a_path_that_is_no_text_is_malformed(void **state) {
    (void)state;
    static const char *const PATHS[] = {"%",   "%4",     "%zz",       "%00",
                                        "%ff", "%c3%28", "%ED%A0%80", "\xff"};
    for (size_t index = 0; index < NNRPC_LENGTH(PATHS); index++) {
        char line[64] = "GET /odd/shelves/";
        strcat(line, PATHS[index]);
        refused(line, NULL, 400, "MALFORMED_URL", "the path is not percent-encoded UTF-8 text");
    }
}

static void a_value_that_does_not_fit_its_field_is_named(void **state) {
    (void)state;
    refused(
        "GET /odd/shelves/low/things/x/all", NULL, 400, "INVALID_PARAMETER",
        "number: expected a whole number, found \"x\"");
    refused(
        "GET /odd/shelves/top/things/pink/all", NULL, 400, "INVALID_PARAMETER",
        "color: expected one of \"unspecified\", \"red\", \"dark_blue\", found \"pink\"");
}

static void a_path_has_as_many_segments_as_its_rule(void **state) {
    (void)state;
    refused("GET /odd/shelves", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
    refused("GET /", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
    refused(
        "GET /odd/shelves/low/things/7/all/more", NULL, 404, "UNKNOWN_PATH",
        "nothing has this path");
    refused(
        "GET "
        "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/"
        "33",
        NULL, 404, "UNKNOWN_PATH", "nothing has this path");
}

static void a_verb_that_the_path_has_not_is_told_with_those_that_it_has(void **state) {
    (void)state;
    const struct rest_request request = {.line = "DELETE /odd/shelves/top"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_int_equal(tried.response.status, 405);
    assert_header(&tried, "Allow", "GET, HEAD, PUT, OPTIONS");
    refused(
        "BREW /odd/shelves/top", NULL, 405, "METHOD_NOT_ALLOWED",
        "BREW is not possible here; the header Allow names what is");
}

static void options_names_the_verbs_without_a_token(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "OPTIONS /odd/things/a", .headers = {"Authorization: none"}};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_int_equal(tried.response.status, 204);
    assert_null(tried.response.content_type);
    assert_header(&tried, "Allow", "POST, PATCH, OPTIONS");
    refused("OPTIONS /odd/none", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
}

static void options_of_everything_names_all_verbs(void **state) {
    (void)state;
    const struct rest_request request = {.line = "OPTIONS *"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_int_equal(tried.response.status, 204);
    assert_header(&tried, "Allow", "GET, HEAD, POST, PUT, PATCH, OPTIONS");
    refused("GET *", NULL, 404, "UNKNOWN_PATH", "nothing has this path");
}

static void head_is_wherever_get_is(void **state) {
    (void)state;
    const struct rest_request request = {.line = "HEAD /odd/shelves/top"};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_true(tried.is_call);
    assert_true(tried.call.is_head);
    assert_string_equal(tried.call.method->method_name, "GetTop");
}

static void an_action_chooses_between_rules_of_one_path(void **state) {
    (void)state;
    call("POST /odd/things/a", NULL, "TouchThing", "{\"name\":\"a\"}");
    call("POST /odd/things/a?action=", NULL, "TouchThing", "{\"name\":\"a\"}");
    call("POST /odd/things/a?action=sh%61ke", NULL, "ShakeThing", "{\"name\":\"a\"}");
    refused(
        "POST /odd/things/a?action=Shake", NULL, 400, "UNKNOWN_ACTION",
        "action: no such action; possible here: shake");
    refused(
        "POST /odd/things/a?action=shake&action=shake", NULL, 400, "DUPLICATE_PARAMETER",
        "action: the parameter stands twice");
    refused(
        "GET /odd/shelves/top?action=shake", NULL, 400, "UNKNOWN_ACTION",
        "action: no such action; possible here: none");
}

static void the_table_knows_its_paths_and_rules(void **state) {
    (void)state;
    size_t count = 0;
    assert_true(rest_has_path(table, "/odd/things/a"));
    assert_true(rest_has_path(table, "/odd/things/"));
    assert_false(rest_has_path(table, "/odd"));
    assert_false(rest_has_path(table, "/odd/things/%"));
    assert_false(rest_has_path(table, ""));
    rest_table_visit(table, &count, count_rule);
    assert_int_equal(count, 9);
}

static void two_rules_of_the_same_requests_make_no_table(void **state) {
    (void)state;
    static const struct nnrpc_service *const TWICE[] = {&odd_service_service, &odd_service_service};
    struct rest_table *other = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(rest_table_new(TWICE, 2, &other, &status), NNRPC_INVALID_ARGUMENT);
    assert_null(other);
    assert_string_equal(
        status.message,
        "odd.OddService/FindThings: GET /odd/shelves/{shelf}/things/{number}/all has the same "
        "requests as odd.OddService/FindThings");
}

static void a_rule_that_cannot_be_makes_no_table(void **state) {
    (void)state;
    static const struct {
        struct nnrpc_http_rule rule;
        const char *message;
    } RULES[] = {
        {{"GET", "odd", "", "", "", 200, ""}, "GET odd: a path begins with /: \"odd\""},
        {{"GET", "/odd/{shelf", "", "", "", 200, ""},
         "GET /odd/{shelf: no single value of the request is \"{shelf\""},
        {{"GET", "/odd/{none}", "", "", "", 200, ""},
         "GET /odd/{none}: no single value of the request is \"{none}\""},
        {{"GET", "/odd/{labels}", "", "", "", 200, ""},
         "GET /odd/{labels}: no single value of the request is \"{labels}\""},
        {{"GET", "/{shelf}/{shelf}", "", "", "", 200, ""},
         "GET /{shelf}/{shelf}: bound twice, or too many are bound: \"{shelf}\""},
        {{"GET", "/odd//x", "", "", "", 200, ""},
         "GET /odd//x: an empty segment, or too many, before \"/x\""},
        {{"PUT", "/odd", "", "none", "", 200, ""}, "PUT /odd: no field of the request is \"none\""},
        {{"PUT", "/odd", "", "", "none", 200, ""},
         "PUT /odd: no field of the response is \"none\""},
        {{"PUT", "/odd", "", "", "", 200, "/{none}"},
         "PUT /odd: no single value of the response is \"{none\""},
        {{"BREW", "/odd", "", "", "", 200, ""}, "\"BREW\" is no verb of a rule"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(RULES); index++) {
        struct nnrpc_method method = odd_service_service.methods[2];
        method.http_rules = &RULES[index].rule;
        const struct nnrpc_service service = {
            .name = "odd.Other", .methods = &method, .method_count = 1};
        const struct nnrpc_service *services[] = {&service};
        struct rest_table *other = NULL;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        assert_int_equal(rest_table_new(services, 1, &other, &status), NNRPC_INVALID_ARGUMENT);
        assert_null(other);
        assert_string_equal(
            status.message + strlen("odd.OddService/PutShelf: "), RULES[index].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_segment_goes_before_a_variable_one),
        cmocka_unit_test(a_variable_takes_what_the_literal_has_no_verb_for),
        cmocka_unit_test(one_slash_at_the_end_is_left_out),
        cmocka_unit_test(segments_are_decoded_after_they_were_split),
        cmocka_unit_test(a_dot_segment_is_a_value_like_others),
        cmocka_unit_test(literals_are_case_sensitive),
        cmocka_unit_test(a_path_that_is_no_text_is_malformed),
        cmocka_unit_test(a_value_that_does_not_fit_its_field_is_named),
        cmocka_unit_test(a_path_has_as_many_segments_as_its_rule),
        cmocka_unit_test(a_verb_that_the_path_has_not_is_told_with_those_that_it_has),
        cmocka_unit_test(options_names_the_verbs_without_a_token),
        cmocka_unit_test(options_of_everything_names_all_verbs),
        cmocka_unit_test(head_is_wherever_get_is),
        cmocka_unit_test(an_action_chooses_between_rules_of_one_path),
        cmocka_unit_test(the_table_knows_its_paths_and_rules),
        cmocka_unit_test(two_rules_of_the_same_requests_make_no_table),
        cmocka_unit_test(a_rule_that_cannot_be_makes_no_table),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
