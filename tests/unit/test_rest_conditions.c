/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions on etags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "nnrpc/json.h"
#include "rest_try.h"

static struct rest_table *table;

static int make_table(void **state) {
    static const struct nnrpc_service *const SERVICES[] = {
        &contact_service_service, &customer_service_service, &change_service_service};
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    return rest_table_new(SERVICES, NNRPC_LENGTH(SERVICES), &table, &status) == NNRPC_OK ? 0 : -1;
}

static int free_table(void **state) {
    (void)state;
    rest_table_freep(&table);
    return 0;
}

static void read_with(const char *line, const char *header, struct rest_try *out_try) {
    const struct rest_request request = {.line = line, .headers = {header}, .body = "{}"};
    rest_try_read(table, &request, out_try);
}

static void call_with(
    const char *line, const char *header, const char *body, const char *method,
    const char *message) {
    const struct rest_request request = {.line = line, .headers = {header}, .body = body};
    assert_call(table, &request, method, message);
}

static void refused_with(
    const char *line, const char *header, const char *body, unsigned status, const char *reason,
    const char *message) {
    const struct rest_request request = {.line = line, .headers = {header}, .body = body};
    assert_refused(table, &request, status, reason, message);
}

#define CONTACT "/backend/api/v1/customerContacts/7"

static void if_match_becomes_the_etag_of_a_change(void **state) {
    (void)state;
    call_with(
        "DELETE " CONTACT, "If-Match: \"e1\"", NULL, "DeleteContact",
        "{\"id\":\"7\",\"etag\":\"e1\"}");
    call_with(
        "PATCH " CONTACT, "If-Match: \"e1\"", "{\"title\":\"Mr\"}", "UpdateContact",
        "{\"contact\":{\"id\":\"7\",\"title\":\"Mr\",\"etag\":\"e1\"},\"updateMask\":\"title\"}");
    call_with(
        "POST " CONTACT "?action=convertToSharedContact", "If-Match:   \"e1\"  ", NULL,
        "ConvertToSharedContact", "{\"id\":\"7\",\"etag\":\"e1\"}");
}

static void a_star_demands_nothing_more(void **state) {
    (void)state;
    call_with("DELETE " CONTACT, "If-Match: *", NULL, "DeleteContact", "{\"id\":\"7\"}");
}

static void a_weak_etag_matches_no_change(void **state) {
    (void)state;
    refused_with(
        "DELETE " CONTACT, "If-Match: W/\"e1\"", NULL, 412, "PRECONDITION_FAILED",
        "If-Match: a weak etag matches nothing");
}

static void several_etags_are_refused_on_a_change(void **state) {
    (void)state;
    refused_with(
        "DELETE " CONTACT, "If-Match: \"e1\", \"e2\"", NULL, 400, "INVALID_HEADER",
        "If-Match: expected one etag");
    const struct rest_request twice = {
        .line = "DELETE " CONTACT, .headers = {"If-Match: \"e1\"", "If-Match: \"e2\""}};
    assert_refused(table, &twice, 400, "INVALID_HEADER", "If-Match: expected one etag");
}

static void what_is_no_etag_is_refused(void **state) {
    (void)state;
    static const char *const HEADERS[] = {
        "If-Match: e1",       "If-Match: \"e1",      "If-Match: \"e1\" x", "If-Match:",
        "If-Match: w/\"e1\"", "If-Match: *, \"e1\"", "If-Match: W/",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(HEADERS); index++) {
        refused_with(
            "DELETE " CONTACT, HEADERS[index], NULL, 400, "INVALID_HEADER",
            "If-Match: expected an etag in quotes, or *");
    }
}

static void a_change_without_an_etag_refuses_if_match(void **state) {
    (void)state;
    refused_with(
        "POST /backend/api/v1/customers/5?action=addSharedContact", "If-Match: \"e1\"",
        "{\"contactID\":\"7\"}", 400, "INVALID_HEADER",
        "If-Match: this request has no etag to compare");
    refused_with(
        "GET /backend/api/v1/customerContacts/", "If-Match: \"e1\"", NULL, 400, "INVALID_HEADER",
        "If-Match: the answer has no etag to compare");
}

static void etags_of_body_and_header_agree(void **state) {
    (void)state;
    call_with(
        "PATCH " CONTACT, "If-Match: \"e1\"", "{\"etag\":\"e1\"}", "UpdateContact",
        "{\"contact\":{\"id\":\"7\",\"etag\":\"e1\"}}");
    refused_with(
        "PATCH " CONTACT, "If-Match: \"e1\"", "{\"etag\":\"e2\"}", 400, "CONFLICTING_VALUES",
        "etag: If-Match says otherwise");
    refused_with(
        "DELETE " CONTACT "?etag=e2", "If-Match: \"e1\"", NULL, 400, "CONFLICTING_VALUES",
        "etag: If-Match says otherwise");
}

static void if_none_match_is_for_reads(void **state) {
    (void)state;
    refused_with(
        "DELETE " CONTACT, "If-None-Match: *", NULL, 400, "INVALID_HEADER",
        "If-None-Match: it is for GET and HEAD");
    refused_with(
        "GET " CONTACT, "If-None-Match: e1", NULL, 400, "INVALID_HEADER",
        "If-None-Match: expected etags in quotes, or *");
}

static void an_etag_that_is_known_is_not_sent_again(void **state) {
    (void)state;
    static const struct {
        const char *header;
        unsigned status;
    } CASES[] = {
        {"If-None-Match: \"e1\"", 304},
        {"If-None-Match: W/\"e1\"", 304},
        {"If-None-Match: \"x\" , \"e1\"", 304},
        {"If-None-Match: *", 304},
        {"If-None-Match: \"e2\"", 200},
        {"If-None-Match: \"e\"", 200},
        {"If-Match: \"e1\"", 200},
        {"If-Match: \"x\",\"e1\"", 200},
        {"If-Match: *", 200},
        {"If-Match: \"e2\"", 412},
        {"If-Match: W/\"e1\"", 412},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        read_with("GET " CONTACT, CASES[index].header, &tried);
        rest_try_answer(&tried, "{\"contact\":{\"id\":\"7\",\"etag\":\"e1\"}}");
        assert_int_equal(tried.response.status, CASES[index].status);
        assert_header(&tried, "ETag", "\"e1\"");
    }
}

static void not_modified_is_as_long_as_what_it_stands_for(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try whole;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    read_with("GET " CONTACT, "If-None-Match: \"e2\"", &whole);
    rest_try_answer(&whole, "{\"contact\":{\"etag\":\"e1\"}}");
    read_with("HEAD " CONTACT, "If-None-Match: \"e1\"", &tried);
    rest_try_answer(&tried, "{\"contact\":{\"etag\":\"e1\"}}");
    assert_int_equal(tried.response.status, 304);
    assert_true(tried.response.body.size > 0);
    assert_int_equal(tried.response.body.size, whole.response.body.size);
    assert_header(&tried, "Cache-Control", "private, no-cache");
}

static void a_read_without_the_etag_fails_if_match(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    read_with("GET " CONTACT "?readMask=title", "If-Match: \"e1\"", &tried);
    rest_try_answer(&tried, "{\"contact\":{\"title\":\"Mr\"}}");
    assert_int_equal(tried.response.status, 412);
    assert_non_null(
        strstr(rest_try_body(&tried), "the answer leaves out the etag; add it to the mask"));
}

static void a_mismatch_is_412_where_if_match_was_sent(void **state) {
    (void)state;
    static const struct {
        const char *header;
        unsigned status;
    } CASES[] = {{"If-Match: \"e1\"", 412}, {"X-Other: 1", 409}};
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        read_with("PATCH " CONTACT, CASES[index].header, &tried);
        (void)nnrpc_fail(&status, NNRPC_ABORTED, "contacts", "ETAG_MISMATCH", "no");
        rest_try_fail(&tried, &status);
        assert_int_equal(tried.response.status, CASES[index].status);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(if_match_becomes_the_etag_of_a_change),
        cmocka_unit_test(a_star_demands_nothing_more),
        cmocka_unit_test(a_weak_etag_matches_no_change),
        cmocka_unit_test(several_etags_are_refused_on_a_change),
        cmocka_unit_test(what_is_no_etag_is_refused),
        cmocka_unit_test(a_change_without_an_etag_refuses_if_match),
        cmocka_unit_test(etags_of_body_and_header_agree),
        cmocka_unit_test(if_none_match_is_for_reads),
        cmocka_unit_test(an_etag_that_is_known_is_not_sent_again),
        cmocka_unit_test(not_modified_is_as_long_as_what_it_stands_for),
        cmocka_unit_test(a_read_without_the_etag_fails_if_match),
        cmocka_unit_test(a_mismatch_is_412_where_if_match_was_sent),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
