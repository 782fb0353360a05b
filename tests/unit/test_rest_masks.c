/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PATCH changes.
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

static void keys_that_are_present_make_the_mask(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a", "{\"notes\":{\"x\":\"y\"},\"madeAT\":null}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"notes\":{\"x\":\"y\"}},\"updateMask\":\"notes,madeAT\"}");
}

static void null_clears(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a", "{\"size\":null,\"sizes\":null}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\"},\"updateMask\":\"size,sizes\"}");
}

static void inside_a_message_its_own_keys_count(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a", "{\"size\":{\"unit\":{\"unitName\":\"mm\"},\"width\":null}}",
        "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"size\":{\"unit\":{\"unitName\":\"mm\"}}},\"updateMask\":"
        "\"size.unit.unitName,size.width\"}");
    call(
        "PATCH /odd/things/a", "{\"sizes\":[{\"width\":1}]}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"sizes\":[{\"width\":1}]},\"updateMask\":\"sizes\"}");
}

static void an_empty_object_changes_nothing(void **state) {
    (void)state;
    call("PATCH /odd/things/a", "{}", "ChangeThing", "{\"thing\":{\"name\":\"a\"}}");
    call(
        "PATCH /odd/things/a", "{\"size\":{}}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"size\":{}}}");
}

static void the_path_and_the_etag_are_no_change(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a", "{\"name\":\"a\",\"etag\":\"e\",\"shelf\":\"s\"}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"shelf\":\"s\",\"etag\":\"e\"},\"updateMask\":\"shelf\"}");
}

static void a_mask_in_the_query_is_taken_instead(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a?updateMask=*", "{\"shelf\":\"s\"}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"shelf\":\"s\"},\"updateMask\":\"*\"}");
    call(
        "PATCH /odd/things/a?updateMask=shelf,madeAT", "{\"shelf\":\"s\"}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"shelf\":\"s\"},\"updateMask\":\"shelf,madeAT\"}");
}

static void proto_names_are_keys_too(void **state) {
    (void)state;
    call(
        "PATCH /odd/things/a", "{\"made_at\":\"2024-02-29T12:30:00Z\"}", "ChangeThing",
        "{\"thing\":{\"name\":\"a\",\"madeAT\":\"2024-02-29T12:30:00Z\"},\"updateMask\":"
        "\"madeAT\"}");
}

static void a_put_has_no_mask(void **state) {
    (void)state;
    call(
        "PUT /odd/shelves/s/things/n", "{\"size\":null}", "MakeThing",
        "{\"thing\":{\"name\":\"n\",\"shelf\":\"s\"}}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_are_present_make_the_mask),
        cmocka_unit_test(null_clears),
        cmocka_unit_test(inside_a_message_its_own_keys_count),
        cmocka_unit_test(an_empty_object_changes_nothing),
        cmocka_unit_test(the_path_and_the_etag_are_no_change),
        cmocka_unit_test(a_mask_in_the_query_is_taken_instead),
        cmocka_unit_test(proto_names_are_keys_too),
        cmocka_unit_test(a_put_has_no_mask),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
