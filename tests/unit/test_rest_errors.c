/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as HTTP answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "nnrpc/json.h"
#include "odd_rules.nnrpc.h"
#include "rest_try.h"

static struct rest_table *table;

static int make_table(void **state) {
    static const struct nnrpc_service *const SERVICES[] = {
        &odd_service_service, &contact_service_service, &customer_service_service};
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    return rest_table_new(SERVICES, NNRPC_LENGTH(SERVICES), &table, &status) == NNRPC_OK ? 0 : -1;
}

static int free_table(void **state) {
    (void)state;
    rest_table_freep(&table);
    return 0;
}

static void answer_failure(
    const char *line, const char *body, const struct nnrpc_status *status,
    struct rest_try *out_try) {
    const struct rest_request request = {.line = line, .body = body};
    rest_try_read(table, &request, out_try);
    rest_try_fail(out_try, status);
}

static void an_error_is_an_object_of_its_parts(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_NOT_FOUND, "contacts", "CONTACT_NOT_FOUND", "no \"contact\" 7");
    nnrpc_status_add_info(&status, "contact_id", "7");
    answer_failure("GET /backend/api/v1/customerContacts/7", NULL, &status, &tried);
    assert_int_equal(tried.response.status, 404);
    assert_string_equal(tried.response.content_type, "application/json");
    assert_string_equal(
        rest_try_body(&tried),
        "{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\",\"message\":\"no \\\"contact\\\" 7\","
        "\"reason\":\"CONTACT_NOT_FOUND\",\"domain\":\"contacts\","
        "\"metadata\":{\"contact_id\":\"7\"},\"fieldViolations\":[]}}");
    assert_header(&tried, "Cache-Control", "no-store");
    assert_header(&tried, "Retry-After", NULL);
}

static void fields_are_named_as_the_caller_sees_them(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *body;
        const char *field;
        const char *seen;
    } CASES[] = {
        {"POST /backend/api/v1/customerContacts", "{}", "contact.email", "email"},
        {"POST /backend/api/v1/customerContacts", "{}", "contact.contact_regarding[2]",
         "contactRegarding[2]"},
        {"POST /backend/api/v1/customerContacts", "{}", "contact", "contact"},
        {"POST /backend/api/v1/customerContacts", "{}", "contactless.email", "contactless.email"},
        {"PATCH /backend/api/v1/customerContacts/7", "{}", "update_mask", "updateMask"},
        {"GET /backend/api/v1/customerContacts", NULL, "page_size", "pageSize"},
        {"GET /backend/api/v1/customerContacts", NULL, "created_since.seconds",
         "createdSince.seconds"},
        {"POST /backend/api/v1/customers/5?action=addSharedContact", "{}", "contact_id",
         "contactID"},
        {"POST /odd/things", "{}", "thing.notes[\"a].made_at\"].x", "notes[\"a].made_at\"].x"},
        {"POST /odd/things", "{}", "thing.size.unit.unit_name", "size.unit.unitName"},
        {"POST /odd/things", "{}", "thing.none.made_at", "none.made_at"},
        {"POST /odd/things", "{}", "thing.sizes[", "sizes["},
        {"POST /odd/things", "{}", "thing..", "."},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer expected = {0};
        nnrpc_status_add_violation(&status, CASES[index].field, "TOO_LONG", "it is");
        assert_int_equal(
            nnrpc_status_fail_violations(&status, "contacts", "MIXED"), NNRPC_INVALID_ARGUMENT);
        answer_failure(CASES[index].line, CASES[index].body, &status, &tried);
        nnrpc_buffer_append_text(
            &expected, "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"message\":");
        char message[128];
        snprintf(message, sizeof(message), "%s: it is", CASES[index].seen);
        nnrpc_json_write_string(&expected, message, strlen(message));
        nnrpc_buffer_append_text(
            &expected, ",\"reason\":\"TOO_LONG\",\"domain\":\"contacts\",\"metadata\":{},"
                       "\"fieldViolations\":[{\"field\":");
        nnrpc_json_write_string(&expected, CASES[index].seen, strlen(CASES[index].seen));
        nnrpc_buffer_append_text(
            &expected, ",\"description\":\"it is\",\"reason\":\"TOO_LONG\"}]}}");
        assert_string_equal(rest_try_body(&tried), nnrpc_buffer_text(&expected));
    }
}

static void every_code_has_its_http_status(void **state) {
    (void)state;
    static const unsigned STATUSES[NNRPC_CODE_COUNT] = {
        [NNRPC_OK] = 200,
        [NNRPC_CANCELLED] = 499,
        [NNRPC_UNKNOWN] = 500,
        [NNRPC_INVALID_ARGUMENT] = 400,
        [NNRPC_DEADLINE_EXCEEDED] = 504,
        [NNRPC_NOT_FOUND] = 404,
        [NNRPC_ALREADY_EXISTS] = 409,
        [NNRPC_PERMISSION_DENIED] = 403,
        [NNRPC_RESOURCE_EXHAUSTED] = 429,
        [NNRPC_FAILED_PRECONDITION] = 400,
        [NNRPC_ABORTED] = 409,
        [NNRPC_OUT_OF_RANGE] = 400,
        [NNRPC_UNIMPLEMENTED] = 501,
        [NNRPC_INTERNAL] = 500,
        [NNRPC_UNAVAILABLE] = 503,
        [NNRPC_DATA_LOSS] = 500,
        [NNRPC_UNAUTHENTICATED] = 401,
    };
    for (int code = 1; code < NNRPC_CODE_COUNT; code++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried = {0};
        (void)nnrpc_fail(&status, (enum nnrpc_code)code, "contacts", "ANY", "any");
        rest_write_error(&status, 0, false, &tried.response);
        assert_int_equal(tried.response.status, STATUSES[code]);
        bool is_late = STATUSES[code] == 429 || STATUSES[code] == 503 || STATUSES[code] == 504;
        assert_header(&tried, "Retry-After", is_late ? "1" : NULL);
    }
}

static void a_reason_says_more_than_its_code(void **state) {
    (void)state;
    static const struct {
        const char *reason;
        unsigned status;
        const char *retry_after;
    } CASES[] = {
        {"OVERLOADED", 503, "3"},         {"STORAGE_FULL", 507, NULL},
        {"REQUEST_TOO_LARGE", 413, NULL}, {"REPLY_TOO_LARGE", 400, NULL},
        {"METHOD_LIMITED", 429, "3"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried = {0};
        (void)nnrpc_fail(&status, NNRPC_RESOURCE_EXHAUSTED, "nnrpc", CASES[index].reason, "any");
        nnrpc_status_add_info(&status, "retry_after_ms", "2001");
        rest_write_error(&status, 0, false, &tried.response);
        assert_int_equal(tried.response.status, CASES[index].status);
        assert_header(&tried, "Retry-After", CASES[index].retry_after);
    }
}

static void assert_message(struct rest_try *tried, const char *message) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer expected = {0};
    nnrpc_buffer_append_text(&expected, "\"message\":");
    nnrpc_json_write_string(&expected, message, strlen(message));
    nnrpc_buffer_append_text(&expected, ",");
    if (strstr(rest_try_body(tried), nnrpc_buffer_text(&expected)) == NULL) {
        assert_string_equal(rest_try_body(tried), nnrpc_buffer_text(&expected));
    }
}

static void the_address_behind_is_nobodys_business(void **state) {
    (void)state;
    static const struct {
        enum nnrpc_code code;
        const char *domain;
        const char *reason;
        bool may_have_taken_effect;
        unsigned status;
        const char *message;
    } CASES[] = {
        {NNRPC_UNAVAILABLE, "nnrpc", "UNREACHABLE", false, 503,
         "contactd cannot be reached; try again"},
        {NNRPC_UNAVAILABLE, "nnrpc", "UNREACHABLE", true, 503,
         "contactd cannot be reached; the request may have taken effect: try again under the same "
         "Idempotency-Key alone"},
        {NNRPC_INTERNAL, "nnrpc", "MALFORMED_REPLY", false, 500,
         "the answer of contactd cannot be read"},
        {NNRPC_UNAVAILABLE, "contacts", "UNREACHABLE", false, 503, "server \"ipc:///x\": gone"},
        {NNRPC_UNAVAILABLE, "nnrpc", "OTHER", false, 503, "server \"ipc:///x\": gone"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, CASES[index].code, CASES[index].domain, CASES[index].reason,
            "server \"ipc:///x\": gone");
        if (CASES[index].may_have_taken_effect) {
            nnrpc_status_add_info(&status, "may_have_taken_effect", "true");
        }
        answer_failure("POST /backend/api/v1/customerContacts", "{}", &status, &tried);
        assert_int_equal(tried.response.status, CASES[index].status);
        assert_message(&tried, CASES[index].message);
        const char *info = strstr(rest_try_body(&tried), "{\"may_have_taken_effect\":\"true\"}");
        assert_true((info != NULL) == CASES[index].may_have_taken_effect);
    }
}

#define WRONG_PAGE                                                                                 \
    "does not go on with this request: expected the address that the header Link gave, or its "    \
    "pageToken with the same parameters"

static void a_page_is_found_by_the_header_that_gave_it(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try alone;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try second;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_add_violation(
        &status, "page_token", "INVALID_PAGE_TOKEN", "expected the next_page_token");
    assert_int_equal(
        nnrpc_status_fail_violations(&status, "contacts", "MIXED"), NNRPC_INVALID_ARGUMENT);
    answer_failure("GET /backend/api/v1/customerContacts", NULL, &status, &alone);
    assert_message(&alone, "pageToken: " WRONG_PAGE);
    assert_non_null(
        strstr(rest_try_body(&alone), "\"reason\":\"INVALID_PAGE_TOKEN\",\"domain\":\"contacts\""));
    nnrpc_status_reset(&status);
    nnrpc_status_add_violation(&status, "page_size", "OUT_OF_BOUNDS", "is 0");
    nnrpc_status_add_violation(
        &status, "page_token", "INVALID_PAGE_TOKEN", "expected the next_page_token");
    assert_int_equal(
        nnrpc_status_fail_violations(&status, "contacts", "MIXED"), NNRPC_INVALID_ARGUMENT);
    answer_failure("GET /backend/api/v1/customerContacts", NULL, &status, &second);
    assert_message(&second, "pageSize: is 0 (and 1 more)");
    assert_non_null(
        strstr(rest_try_body(&second), "{\"field\":\"pageToken\",\"description\":\"" WRONG_PAGE));
    assert_non_null(strstr(rest_try_body(&second), "\"reason\":\"MIXED\""));
}

static void a_status_that_is_given_is_taken(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried = {0};
    (void)nnrpc_fail(&status, NNRPC_INVALID_ARGUMENT, "nnrpc", "ANY", "any");
    rest_write_error(&status, 408, true, &tried.response);
    assert_int_equal(tried.response.status, 408);
    assert_string_equal(
        rest_try_body(&tried),
        "{\n  \"error\": {\n    \"code\": 408,\n    \"status\": \"INVALID_ARGUMENT\",\n"
        "    \"message\": \"any\",\n    \"reason\": \"ANY\",\n    \"domain\": \"nnrpc\",\n"
        "    \"metadata\": {},\n    \"fieldViolations\": []\n  }\n}\n");
}

static void a_refused_token_is_told_apart_from_none(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_UNAUTHENTICATED, "nnrpc", "TOKEN_INVALID", "no");
    answer_failure("GET /backend/api/v1/customerContacts/7", NULL, &status, &tried);
    assert_header(&tried, "WWW-Authenticate", "Bearer realm=\"contacts\", error=\"invalid_token\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_an_object_of_its_parts),
        cmocka_unit_test(fields_are_named_as_the_caller_sees_them),
        cmocka_unit_test(every_code_has_its_http_status),
        cmocka_unit_test(a_reason_says_more_than_its_code),
        cmocka_unit_test(the_address_behind_is_nobodys_business),
        cmocka_unit_test(a_page_is_found_by_the_header_that_gave_it),
        cmocka_unit_test(a_status_that_is_given_is_taken),
        cmocka_unit_test(a_refused_token_is_told_apart_from_none),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
