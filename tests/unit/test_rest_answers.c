/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of calls that succeeded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "odd_rules.nnrpc.h"
#include "rest_try.h"

static struct rest_table *table;

static int make_table(void **state) {
    static const struct nnrpc_service *const SERVICES[] = {
        &odd_service_service, &contact_service_service, &change_service_service};
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    return rest_table_new(SERVICES, NNRPC_LENGTH(SERVICES), &table, &status) == NNRPC_OK ? 0 : -1;
}

static int free_table(void **state) {
    (void)state;
    rest_table_freep(&table);
    return 0;
}

static void answer(
    const char *line, const char *body, const char *response, struct rest_try *out_try) {
    const struct rest_request request = {.line = line, .body = body};
    rest_try_read(table, &request, out_try);
    if (!out_try->is_call) {
        assert_string_equal(rest_try_body(out_try), "a call");
    }
    rest_try_answer(out_try, response);
}

static void assert_answer(
    const char *line, const char *body, const char *response, unsigned status,
    const char *expected) {
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    answer(line, body, response, &tried);
    assert_string_equal(rest_try_body(&tried), expected);
    assert_int_equal(tried.response.status, status);
    assert_string_equal(tried.response.content_type, "application/json");
    assert_header(&tried, "X-Content-Type-Options", "nosniff");
}

static void a_field_of_the_response_is_the_answer(void **state) {
    (void)state;
    assert_answer("GET /odd/shelves/top", NULL, "{\"title\":\"a\\\"b\"}", 200, "\"a\\\"b\"");
    assert_answer("GET /odd/shelves/top", NULL, "{}", 200, "\"\"");
    assert_answer(
        "PUT /odd/shelves/a", "[]", "{\"labels\":{\"b\":2,\"a\":1}}", 200, "{\"a\":1,\"b\":2}");
    assert_answer(
        "GET /odd/shelves/top/things/red/all", NULL, "{\"numbers\":[1,\"-2\"]}", 200,
        "[\"1\",\"-2\"]");
    assert_answer("PATCH /odd/things/a", "{}", "{}", 200, "null");
}

static void without_one_the_response_is_the_answer(void **state) {
    (void)state;
    assert_answer("POST /odd/things/a", NULL, "{\"feel\":\"warm\"}", 200, "{\"feel\":\"warm\"}");
    assert_answer("POST /odd/things/a?action=shake", NULL, "{}", 200, "{}");
}

static void an_envelope_is_the_whole_response(void **state) {
    (void)state;
    assert_answer(
        "GET /odd/shelves/top/things/red/all?envelope", NULL, "{\"numbers\":[1],\"nextNumber\":9}",
        200, "{\"numbers\":[\"1\"],\"nextNumber\":\"9\"}");
}

static void pretty_is_indented_and_ends_in_a_newline(void **state) {
    (void)state;
    assert_answer(
        "PUT /odd/shelves/a?pretty", "[]", "{\"labels\":{\"a\":1}}", 200, "{\n  \"a\": 1\n}\n");
    assert_answer(
        "GET /odd/shelves/top/things/red/all?pretty=1", NULL, "{\"numbers\":[1]}", 200,
        "[\n  \"1\"\n]\n");
}

static void input_only_fields_are_left_out(void **state) {
    (void)state;
    assert_answer(
        "PATCH /odd/things/a", "{}", "{\"thing\":{\"name\":\"a\",\"code\":\"secret\"}}", 200,
        "{\"name\":\"a\",\"shelf\":\"\",\"size\":null,\"sizes\":[],\"notes\":{},\"madeAT\":null,"
        "\"etag\":\"\"}");
}

static void what_was_made_has_a_location(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    answer(
        "POST /odd/things", "{}",
        "{\"thing\":{\"name\":\"a/b c\",\"shelf\":\"\xc3\xa9~\",\"etag\":\"e1\"}}", &tried);
    assert_int_equal(tried.response.status, 201);
    assert_header(&tried, "Location", "/odd/shelves/%C3%A9~/things/a%2Fb%20c");
    assert_header(&tried, "ETag", "\"e1\"");
    assert_header(&tried, "Cache-Control", "no-store");
}

static void a_location_without_its_values_is_left_out(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    answer("POST /odd/things", "{}", "{\"thing\":{\"shelf\":\"s\"}}", &tried);
    assert_int_equal(tried.response.status, 201);
    assert_header(&tried, "Location", NULL);
    assert_header(&tried, "ETag", NULL);
}

static void what_was_only_checked_was_not_made(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *body;
        const char *response;
        unsigned status;
    } CASES[] = {
        {"POST /odd/things?validateOnly=true", "{}",
         "{\"thing\":{\"name\":\"a\",\"shelf\":\"s\",\"etag\":\"e1\"}}", 200},
        {"POST /backend/api/v1/customerContacts?validateOnly=true", "{}",
         "{\"contact\":{\"id\":\"7\",\"etag\":\"e1\"}}", 200},
        {"PATCH /backend/api/v1/customerContacts/7?validateOnly=true", "{}",
         "{\"contact\":{\"id\":\"7\",\"etag\":\"e1\"}}", 200},
        {"DELETE /backend/api/v1/customerContacts/7?validateOnly=true", NULL, "{}", 204},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        answer(CASES[index].line, CASES[index].body, CASES[index].response, &tried);
        assert_int_equal(tried.response.status, CASES[index].status);
        assert_header(&tried, "Location", NULL);
        assert_header(&tried, "ETag", NULL);
        assert_header(&tried, "Cache-Control", "no-store");
        assert_true((tried.response.body.size == 0) == (CASES[index].status == 204));
    }
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try made;
    answer(
        "POST /odd/things?validateOnly=false", "{}",
        "{\"thing\":{\"name\":\"a\",\"shelf\":\"s\",\"etag\":\"e1\"}}", &made);
    assert_int_equal(made.response.status, 201);
    assert_header(&made, "Location", "/odd/shelves/s/things/a");
    assert_header(&made, "ETag", "\"e1\"");
}

static void an_answer_without_content_has_no_body(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    answer("DELETE /backend/api/v1/customerContacts/7", NULL, "{}", &tried);
    assert_int_equal(tried.response.status, 204);
    assert_null(tried.response.content_type);
    assert_int_equal(tried.response.body.size, 0);
}

static void the_next_page_is_linked_with_the_callers_own_query(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *response;
        const char *link;
    } CASES[] = {
        {"GET /odd/shelves/l%2Fw/things/7/all", "{\"nextPageToken\":\"a+b/c=\"}",
         "</odd/shelves/l%2Fw/things/7/all?pageToken=a%2Bb%2Fc%3D>; rel=\"next\""},
        {"GET /odd/shelves/low/things/7/all/?words=%61+b&pageToken=x&pageSize=2&page_token=",
         "{\"nextPageToken\":\"y\"}",
         "</odd/shelves/low/things/7/all/?words=%61+b&pageSize=2&pageToken=y>; rel=\"next\""},
        {"GET /odd/shelves/low/things/7/all?pretty", "{\"nextPageToken\":\"\"}", NULL},
        {"GET /odd/shelves/top/things/red/all", "{\"nextNumber\":\"12\"}",
         "</odd/shelves/top/things/red/all?afterNumber=12>; rel=\"next\""},
        {"GET /odd/shelves/top/things/red/all?after_number=3", "{\"nextNumber\":\"12\"}",
         "</odd/shelves/top/things/red/all?afterNumber=12>; rel=\"next\""},
        {"GET /odd/shelves/top/things/red/all?afterNumber=12", "{\"nextNumber\":\"12\"}", NULL},
        {"GET /odd/shelves/top/things/red/all", "{}", NULL},
        /* What would end the address, and begin a link of the caller's making, is encoded. */
        {"GET /odd/shelves/l>\xc3\xa9<\"/things/7/all?words=1>;rel=\"x\",<https://evil.example/>"
         ";rel=\"next\"",
         "{\"nextPageToken\":\"y\"}",
         "</odd/shelves/l%3E%C3%A9%3C%22/things/7/all?words=1%3E;rel=%22x%22,%3Chttps://"
         "evil.example/%3E;rel=%22next%22&pageToken=y>; rel=\"next\""},
        {"GET /odd/shelves/low/things/7/all?words=^`{|}\\ \xf0\x9f\x90\x88%3E&words=!$'()*,:@/?",
         "{\"nextPageToken\":\"y\"}",
         "</odd/shelves/low/things/7/"
         "all?words=%5E%60%7B%7C%7D%5C%20%F0%9F%90%88%3E&words=!$'()*,:@/"
         "?&pageToken=y>; rel=\"next\""},
        {"GET /backend/api/v1/customerContacts?pageSize=1&number=0155512>;rel=\"x\",<https://"
         "evil.example/>;rel=\"next\"",
         "{\"nextPageToken\":\"y\"}",
         "</backend/api/v1/customerContacts?pageSize=1&number=0155512%3E;rel=%22x%22,%3Chttps://"
         "evil.example/%3E;rel=%22next%22&pageToken=y>; rel=\"next\""},
        {"GET /backend/api/v1/changes?afterRevision=5", "{\"nextRevision\":\"9\"}",
         "</backend/api/v1/changes?afterRevision=9>; rel=\"next\""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
        answer(CASES[index].line, NULL, CASES[index].response, &tried);
        assert_header(&tried, "Link", CASES[index].link);
        assert_header(&tried, "Cache-Control", "private, no-cache");
    }
}

static void a_shared_contact_has_null_for_its_customer(void **state) {
    (void)state;
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    answer(
        "GET /backend/api/v1/customerContacts/7", NULL,
        "{\"contact\":{\"id\":\"7\",\"etag\":\"e\",\"accountPassword\":\"secret\"}}", &tried);
    assert_string_equal(
        rest_try_body(&tried),
        "{\"id\":\"7\",\"customerID\":null,\"contactType\":\"\",\"title\":\"\",\"firstName\":\"\","
        "\"lastName\":\"\",\"companyName\":\"\",\"address1\":\"\",\"address2\":\"\",\"address3\":"
        "\"\","
        "\"address4\":\"\",\"address5\":\"\",\"postcode\":\"\",\"country\":\"\",\"number1\":\"\","
        "\"number1type\":\"\",\"number2\":\"\",\"number2type\":\"\",\"number3\":\"\","
        "\"number3type\":\"\","
        "\"number4\":\"\",\"number4type\":\"\",\"email\":\"\",\"website\":\"\",\"contactPosition\":"
        "\"\","
        "\"dealerCode\":\"\",\"contactRegarding\":[],\"emailBillType\":\"\","
        "\"invoiceUsageReportCustomerProfile\":\"\",\"copyCorrespondenceTypeIDs\":[],"
        "\"copyTicketTypeIDs\":[],\"hasAccountPassword\":false,\"createTime\":null,\"updateTime\":"
        "null,"
        "\"etag\":\"e\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_of_the_response_is_the_answer),
        cmocka_unit_test(without_one_the_response_is_the_answer),
        cmocka_unit_test(an_envelope_is_the_whole_response),
        cmocka_unit_test(pretty_is_indented_and_ends_in_a_newline),
        cmocka_unit_test(input_only_fields_are_left_out),
        cmocka_unit_test(what_was_made_has_a_location),
        cmocka_unit_test(a_location_without_its_values_is_left_out),
        cmocka_unit_test(what_was_only_checked_was_not_made),
        cmocka_unit_test(an_answer_without_content_has_no_body),
        cmocka_unit_test(the_next_page_is_linked_with_the_callers_own_query),
        cmocka_unit_test(a_shared_contact_has_null_for_its_customer),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
