/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and heads of requests, without a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http_message.h"
#include "http/request_head.h"

/* --- Targets --------------------------------------------------------------------------------- */

static void expect_split(const char *target, const char *path, const char *query) {
    char text[128];
    const char *found_path = NULL;
    const char *found_query = NULL;
    strcpy(text, target);
    assert_true(request_target_split(text, &found_path, &found_query));
    assert_string_equal(found_path, path);
    assert_string_equal(found_query, query);
}

static void a_target_is_a_path_and_a_query(void **state) {
    (void)state;
    expect_split("/", "/", "");
    expect_split("/a/b", "/a/b", "");
    expect_split("/a?x=1&y=?", "/a", "x=1&y=?");
    expect_split("/?", "/", "");
    expect_split("*", "*", "");
}

static void the_absolute_form_loses_scheme_and_host(void **state) {
    (void)state;
    expect_split("http://h:80/a?x", "/a", "x");
    expect_split("HTTPS://h", "/", "");
    expect_split("http://h?x", "/", "x");
}

static void another_form_is_no_target(void **state) {
    (void)state;
    const char *path = NULL;
    const char *query = NULL;
    const char *const targets[] = {"",   "a",       "h:443",     "ftp://h/a", "?x",
                                   "**", "http:/a", "http:///a", "http://?x", "http://u@h/a"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        char text[32];
        strcpy(text, targets[i]);
        assert_false(request_target_split(text, &path, &query));
        assert_null(path);
        assert_null(query);
    }
}

/* --- Heads ------------------------------------------------------------------------------------ */

/* Checks a head with Host and one more header (NULL: without). */
static struct request_problem check(
    const char *version, const char *name, const char *value, uint64_t *out_size) {
    const struct http_header headers[] = {{"Host", "x"}, {name, value}};
    const struct http_request request = {
        .method = "POST", .headers = headers, .header_count = name == NULL ? 1 : 2};
    const struct request_head head = {.request = &request, .target = "/", .version = version};
    return request_head_check(&head, out_size);
}

static void expect_size(const char *name, const char *value, uint64_t size) {
    uint64_t found = 1;
    assert_int_equal(check("HTTP/1.1", name, value, &found).http_status, 0);
    assert_true(found == size);
}

static void a_head_says_how_long_its_body_is(void **state) {
    (void)state;
    expect_size(NULL, NULL, 0);
    expect_size("content-length", "0", 0);
    expect_size("Content-Length", "0012", 12);
    expect_size("CONTENT-LENGTH", "999999999999999999", UINT64_C(999999999999999999));
    expect_size("Transfer-Encoding", "Chunked", REQUEST_HEAD_NO_LENGTH);
}

static void expect_refusal(
    const char *version, const char *name, const char *value, unsigned status, const char *text) {
    uint64_t size = 1;
    struct request_problem problem = check(version, name, value, &size);
    assert_int_equal(problem.http_status, status);
    assert_string_equal(problem.message, text);
}

static void a_head_that_may_be_read_in_two_ways_is_refused(void **state) {
    (void)state;
    const char *number = "Content-Length is not a number";
    const char *chunked = "of transfer encodings only chunked is understood";
    expect_refusal("HTTP/1.1", "Content-Length", "", 400, number);
    expect_refusal("HTTP/1.1", "Content-Length", "+1", 400, number);
    expect_refusal("HTTP/1.1", "Content-Length", "1,1", 400, number);
    expect_refusal("HTTP/1.1", "Content-Length", "1000000000000000000", 400, number);
    expect_refusal("HTTP/1.1", "Transfer-Encoding", "gzip", 501, chunked);
    expect_refusal(
        "HTTP/1.0", "Transfer-Encoding", "chunked", 400, "HTTP/1.0 has no Transfer-Encoding");
    expect_refusal("HTTP/1.1", "Host", "y", 400, "one Host header is expected");
    expect_refusal("HTTP/1.1", "A B", "c", 400, "a header's name is not one");
    expect_refusal("HTTP/1.1", "A", "\x01", 400, "a header's value has a control character");
}

/* --- Messages --------------------------------------------------------------------------------- */

static void a_header_is_found_whatever_its_case(void **state) {
    (void)state;
    const struct http_header headers[] = {{"Accept", "a"}, {"X", "1"}, {"x", "2"}};
    const struct http_request request = {.headers = headers, .header_count = 3};
    assert_string_equal(http_request_header(&request, "ACCEPT"), "a");
    assert_string_equal(http_request_header(&request, "x"), "1");
    assert_int_equal(http_request_count_header(&request, "x"), 2);
    assert_null(http_request_header(&request, "Accep"));
    assert_int_equal(http_request_count_header(&request, "Accep"), 0);
}

static void an_etag_is_found_in_a_list(void **state) {
    (void)state;
    assert_true(http_etag_is_listed("\"a\"", "\"a\""));
    assert_true(http_etag_is_listed("\"b\" ,\tW/\"a\"", "\"a\""));
    assert_true(http_etag_is_listed(" * ", "\"a\""));
    assert_false(http_etag_is_listed("", "\"a\""));
    assert_false(http_etag_is_listed("a, \"ab\", w/\"a\", \"", "\"a\""));
}

static void headers_stay_whole_as_more_and_longer_ones_come(void **state) {
    (void)state;
    static char texts[HTTP_RESPONSE_HEADERS][4096];
    struct http_response first = {0};
    for (size_t i = 0; i < HTTP_RESPONSE_HEADERS; i++) {
        memset(texts[i], 'a' + (int)i, i * 250 + 1);
        http_response_add_header(&first, "X", "%s", texts[i]);
    }
    NNRPC_CLEANUP(http_response_deinit) struct http_response moved = first;
    assert_false(moved.failed);
    assert_int_equal(moved.header_count, HTTP_RESPONSE_HEADERS);
    for (size_t i = 0; i < HTTP_RESPONSE_HEADERS; i++) {
        assert_string_equal(moved.headers[i].value, texts[i]);
    }
}

static void a_header_of_an_answer_stays_one_line(void **state) {
    (void)state;
    struct http_response response = {.status = 200};
    http_response_add_header(&response, "Location", "/a%s", "\r\nSet-Cookie: x\x7f");
    assert_string_equal(http_response_header(&response, "location"), "/aSet-Cookie: x");
    assert_null(http_response_header(&response, "Set-Cookie"));
    http_response_deinit(&response);
    const struct http_response empty = {0};
    assert_memory_equal(&response.status, &empty.status, sizeof(empty.status));
    assert_int_equal(response.header_count, 0);
}

static void an_answer_has_room_for_so_many_headers(void **state) {
    (void)state;
    struct http_response response = {0};
    for (int i = 0; i < HTTP_RESPONSE_HEADERS; i++) {
        http_response_add_header(&response, "X", "%d", i);
    }
    assert_false(response.failed);
    http_response_add_header(&response, "X", "one too many");
    assert_true(response.failed);
    http_response_deinit(&response);
    assert_false(response.failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_a_path_and_a_query),
        cmocka_unit_test(the_absolute_form_loses_scheme_and_host),
        cmocka_unit_test(another_form_is_no_target),
        cmocka_unit_test(a_head_says_how_long_its_body_is),
        cmocka_unit_test(a_head_that_may_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_header_is_found_whatever_its_case),
        cmocka_unit_test(an_etag_is_found_in_a_list),
        cmocka_unit_test(headers_stay_whole_as_more_and_longer_ones_come),
        cmocka_unit_test(a_header_of_an_answer_stays_one_line),
        cmocka_unit_test(an_answer_has_room_for_so_many_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
