/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of requests: token, ids, trace, what the client takes.
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

#define CONTACT "/backend/api/v1/customerContacts/7"

static void refused_with(
    const char *line, const char *header, unsigned status, const char *reason,
    const char *message) {
    const struct rest_request request = {.line = line, .headers = {header}};
    assert_refused(table, &request, status, reason, message);
}

static const char *find_metadata(const struct rest_try *tried, const char *key) {
    for (size_t index = 0; index < tried->call.metadata_count; index++) {
        const struct nnrpc_metadata *metadata = &tried->call.metadata[index];
        if (strcmp(metadata->key, key) == 0) {
            assert_int_equal(strlen(metadata->value), metadata->value_size);
            return metadata->value;
        }
    }
    return NULL;
}

static void the_token_is_taken_out_of_its_header(void **state) {
    (void)state;
    static const char *const HEADERS[] = {
        "Authorization: Bearer abc", "authorization: bearer abc", "AUTHORIZATION: BEARER   abc"};
    for (size_t index = 0; index < NNRPC_LENGTH(HEADERS); index++) {
        const struct rest_request request = {.line = "GET " CONTACT, .headers = {HEADERS[index]}};
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &request, &tried);
        assert_true(tried.is_call);
        assert_string_equal(tried.call.token, "abc");
    }
}

static void a_request_without_a_token_is_no_call(void **state) {
    (void)state;
    static const struct {
        const char *header;
        const char *message;
    } CASES[] = {
        {"Authorization:",
         "Authorization has another scheme: expected \"Authorization: Bearer TOKEN\""},
        {"Authorization: Bearer", "the token is empty: expected \"Authorization: Bearer TOKEN\""},
        {"Authorization: Bearer  ", "the token is empty: expected \"Authorization: Bearer TOKEN\""},
        {"Authorization: Basic abc",
         "Authorization has another scheme: expected \"Authorization: Bearer TOKEN\""},
        {"Authorization: Bearerabc",
         "Authorization has another scheme: expected \"Authorization: Bearer TOKEN\""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        refused_with(
            "GET " CONTACT, CASES[index].header, 401, "TOKEN_MISSING", CASES[index].message);
    }
    const struct rest_request twice = {
        .line = "GET " CONTACT, .headers = {"Authorization: Bearer a", "Authorization: Bearer b"}};
    assert_refused(
        table, &twice, 401, "TOKEN_MISSING",
        "Authorization stands twice: expected \"Authorization: Bearer TOKEN\"");
}

static void there_is_no_call_without_the_header_at_all(void **state) {
    (void)state;
    const struct http_request request = {.method = "GET", .path = CONTACT, .query = "", .body = ""};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried = {0};
    assert_false(rest_read_request(table, &request, &tried.call, &tried.response));
    assert_int_equal(tried.response.status, 401);
    assert_header(&tried, "WWW-Authenticate", "Bearer realm=\"contacts\"");
    assert_null(tried.call.token);
}

static void a_token_that_is_no_word_is_invalid(void **state) {
    (void)state;
    refused_with(
        "GET " CONTACT, "Authorization: Bearer a b", 401, "TOKEN_INVALID",
        "the token is not one word of visible characters");
    refused_with(
        "GET " CONTACT, "Authorization: Bearer \xc3\xa9", 401, "TOKEN_INVALID",
        "the token is not one word of visible characters");
}

static void a_request_id_is_kept_or_made(void **state) {
    (void)state;
    char long_id[160] = "X-Request-Id: ";
    memset(long_id + strlen(long_id), 'x', 128);
    static const struct {
        bool is_kept;
        const char *id;
    } CASES[] = {
        {true, "X-Request-Id: abc-1"},
        {false, "X-Request-Id: a b"},
        {false, "X-Request-Id:"},
        {false, "X-Request-Id: \xc3\xa9"},
        {false, NULL}};
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        const char *header = CASES[index].id == NULL ? long_id : CASES[index].id;
        const struct rest_request request = {.line = "GET " CONTACT, .headers = {header}};
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &request, &tried);
        assert_int_equal(strcmp(tried.call.request_id, "abc-1") == 0, CASES[index].is_kept);
        assert_int_equal(strlen(tried.call.request_id), CASES[index].is_kept ? 5 : 36);
        assert_string_equal(find_metadata(&tried, "x-request-id"), tried.call.request_id);
        rest_try_answer(&tried, "{}");
        assert_header(&tried, "X-Request-Id", tried.call.request_id);
    }
}

static void two_request_ids_are_none(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "GET " CONTACT, .headers = {"X-Request-Id: a", "X-Request-Id: b"}};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_int_equal(strlen(tried.call.request_id), 36);
}

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void the_call_is_part_of_the_callers_trace(void **state) {
    (void)state;
    const struct rest_request request = {
        .line = "GET " CONTACT,
        .headers = {"traceparent: " PARENT, "tracestate: a=1", "Tracestate: b=2,c=3"}};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    char text[NNRPC_TRACEPARENT_TEXT_BYTES];
    nnrpc_trace_format(&tried.call.trace, text);
    assert_string_equal(text, PARENT);
    assert_string_equal(find_metadata(&tried, "tracestate"), "a=1,b=2,c=3");
}

static void a_trace_that_is_none_is_left_out_with_its_state(void **state) {
    (void)state;
    static const struct rest_request REQUESTS[] = {
        {.line = "GET " CONTACT, .headers = {"traceparent: 00-1", "tracestate: a=1"}},
        {.line = "GET " CONTACT, .headers = {"tracestate: a=1"}},
        {.line = "GET " CONTACT,
         .headers = {"traceparent: " PARENT, "traceparent: " PARENT, "tracestate: a=1"}},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(REQUESTS); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        rest_try_read(table, &REQUESTS[index], &tried);
        assert_true(tried.is_call);
        assert_false(nnrpc_trace_is_set(&tried.call.trace));
        assert_null(find_metadata(&tried, "tracestate"));
    }
}

static void a_revision_to_wait_for_goes_through(void **state) {
    (void)state;
    const struct rest_request request = {.line = "GET " CONTACT, .headers = {"X-Min-Revision: 42"}};
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, &request, &tried);
    assert_string_equal(find_metadata(&tried, "x-min-revision"), "42");
    refused_with(
        "GET " CONTACT, "X-Min-Revision: -1", 400, "INVALID_HEADER",
        "X-Min-Revision: expected one decimal number");
    refused_with(
        "GET " CONTACT, "X-Min-Revision: 123456789012345678901", 400, "INVALID_HEADER",
        "X-Min-Revision: expected one decimal number");
}

static void an_idempotency_key_is_the_request_id(void **state) {
    (void)state;
    static const struct {
        const char *header;
        const char *message;
    } CASES[] = {
        {"Idempotency-Key: k1", "{\"id\":\"7\",\"requestId\":\"k1\"}"},
        {"Idempotency-Key: \"k1\"", "{\"id\":\"7\",\"requestId\":\"k1\"}"},
        {"Idempotency-Key: \"k\\\"\\\\1\"", "{\"id\":\"7\",\"requestId\":\"k\\\"\\\\1\"}"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        const struct rest_request request = {
            .line = "DELETE " CONTACT, .headers = {CASES[index].header}};
        assert_call(table, &request, "DeleteContact", CASES[index].message);
    }
    const struct rest_request read = {.line = "GET " CONTACT, .headers = {"Idempotency-Key: k1"}};
    assert_call(table, &read, "GetContact", "{\"id\":\"7\"}");
    const struct rest_request same = {
        .line = "DELETE " CONTACT "?requestId=k1", .headers = {"Idempotency-Key: k1"}};
    assert_call(table, &same, "DeleteContact", "{\"id\":\"7\",\"requestId\":\"k1\"}");
}

static void an_idempotency_key_that_is_none_is_refused(void **state) {
    (void)state;
    static const char *const HEADERS[] = {
        "Idempotency-Key:",          "Idempotency-Key: \"",  "Idempotency-Key: \"a",
        "Idempotency-Key: \"\"",     "Idempotency-Key: a b", "Idempotency-Key: \"a\"b",
        "Idempotency-Key: \"a\\b\"",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(HEADERS); index++) {
        refused_with(
            "DELETE " CONTACT, HEADERS[index], 400, "INVALID_HEADER",
            "Idempotency-Key: expected one key of visible characters, in quotes or not");
    }
    refused_with(
        "DELETE " CONTACT "?requestId=k2", "Idempotency-Key: k1", 400, "CONFLICTING_VALUES",
        "requestId: Idempotency-Key says otherwise");
}

static void who_takes_no_json_gets_none(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool is_taken;
    } CASES[] = {
        {"Accept: application/json", true},
        {"Accept: Application/JSON; charset=utf-8", true},
        {"Accept: text/html, application/*;q=0.5", true},
        {"Accept: */*", true},
        {"Accept:", true},
        {"Accept: text/html", false},
        {"Accept: application/json;q=0", false},
        {"Accept: application/json;q=0.000, */*", false},
        {"Accept: */*;q=0, application/json;q=0.1", true},
        {"Accept: application/jsonx, text/*", false},
        {"Accept: text/x;y=\",application/json\"", false},
        {"Accept: ,", false},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        const struct rest_request request = {
            .line = "GET " CONTACT, .headers = {CASES[index].header}};
        if (CASES[index].is_taken) {
            assert_call(table, &request, "GetContact", "{\"id\":\"7\"}");
        } else {
            assert_refused(
                table, &request, 406, "NOT_ACCEPTABLE",
                "Accept leaves out application/json, and there is nothing else");
        }
    }
    const struct rest_request lines = {
        .line = "GET " CONTACT, .headers = {"Accept: text/html", "Accept: application/json"}};
    assert_call(table, &lines, "GetContact", "{\"id\":\"7\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_is_taken_out_of_its_header),
        cmocka_unit_test(a_request_without_a_token_is_no_call),
        cmocka_unit_test(there_is_no_call_without_the_header_at_all),
        cmocka_unit_test(a_token_that_is_no_word_is_invalid),
        cmocka_unit_test(a_request_id_is_kept_or_made),
        cmocka_unit_test(two_request_ids_are_none),
        cmocka_unit_test(the_call_is_part_of_the_callers_trace),
        cmocka_unit_test(a_trace_that_is_none_is_left_out_with_its_state),
        cmocka_unit_test(a_revision_to_wait_for_goes_through),
        cmocka_unit_test(an_idempotency_key_is_the_request_id),
        cmocka_unit_test(an_idempotency_key_that_is_none_is_refused),
        cmocka_unit_test(who_takes_no_json_gets_none),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
