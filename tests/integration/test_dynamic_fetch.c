/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types that a server describes: fetched whole or service by service, and called by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nnrpc/client.h"
#include "nnrpc/dynamic.h"
#include "nnrpc/json.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "stage.h"

#define TIMEOUT_MS 60000
#define READ "probe.v1.ProbeService/Read"

static struct nnrpc_client *open_client(const struct stage *stage, uint32_t max_reply_bytes) {
    const char *url = stage->probe->url;
    const struct nnrpc_client_options options = {
        .endpoints = &url,
        .endpoint_count = 1,
        .timeout_ms = TIMEOUT_MS,
        .max_reply_bytes = max_reply_bytes,
    };
    struct nnrpc_client *client = NULL;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    return client;
}

static struct nnrpc_dynamic *fetch(struct nnrpc_client *client) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_dynamic *dynamic = NULL;
    enum nnrpc_code code = nnrpc_dynamic_fetch(client, NULL, &dynamic, &status);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
    return dynamic;
}

/* Size of the descriptors of a service; "": of all of them. */
static size_t set_size(struct nnrpc_client *client, const char *service) {
    Nnrpc__V1__GetFileDescriptorSetRequest request =
        NNRPC__V1__GET_FILE_DESCRIPTOR_SET_REQUEST__INIT;
    Nnrpc__V1__GetFileDescriptorSetResponse *response = NULL;
    request.service = (char *)service;
    assert_int_equal(
        reflection_service_get_file_descriptor_set(client, NULL, &request, &response, NULL),
        NNRPC_OK);
    size_t size = response->file_descriptor_set.len;
    nnrpc__v1__get_file_descriptor_set_response__free_unpacked(response, NULL);
    return size;
}

static void expect_call(
    struct nnrpc_client *client, const struct nnrpc_dynamic *dynamic, const char *method_name,
    const char *json, const char *expected) {
    const struct nnrpc_method *method = nnrpc_dynamic_find_method(dynamic, method_name);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    static const struct nnrpc_json_format FORMAT = {.omit_unset = true};
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *response = NULL;
    assert_non_null(method);
    assert_int_equal(
        nnrpc_json_read(method->request, json, strlen(json), NULL, &request, NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_client_call(client, method, NULL, request, &response, &status), NNRPC_OK);
    assert_int_equal(nnrpc_json_write(method->response, response, &FORMAT, &out), NNRPC_OK);
    assert_non_null(strstr(nnrpc_buffer_text(&out), expected));
    protobuf_c_message_free_unpacked(request, NULL);
    protobuf_c_message_free_unpacked(response, NULL);
}

static void a_method_is_called_by_what_the_server_says_of_it(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    struct nnrpc_client *client = open_client(&stage, 0);
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = fetch(client);
    expect_call(client, dynamic, READ, "{\"text\":\"x\"}", "{\"text\":\"x\",");
    expect_call(client, dynamic, "nnrpc.v1.HealthService.Check", "{}", "{\"status\":\"serving\"}");
    nnrpc_client_free(client);
    stage_end(&stage);
}

static void descriptors_too_large_for_one_reply_are_fetched_service_by_service(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    struct nnrpc_client *client = open_client(&stage, 0);
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *whole = fetch(client);
    size_t all = set_size(client, "");
    size_t largest = 0;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(whole); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(whole, i);
        if (item->kind == NNRPC_DYNAMIC_SERVICE) {
            size_t size = set_size(client, item->name);
            largest = size > largest ? size : largest;
        }
    }
    nnrpc_client_free(client);
    assert_true(largest + 512 < all); /* room for the frame and its metadata */
    client = open_client(&stage, (uint32_t)(largest + 512));
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *pieces = fetch(client);
    assert_int_equal(nnrpc_dynamic_item_count(pieces), nnrpc_dynamic_item_count(whole));
    for (size_t i = 0; i < nnrpc_dynamic_item_count(pieces); i++) {
        assert_string_equal(
            nnrpc_dynamic_item_at(pieces, i)->name, nnrpc_dynamic_item_at(whole, i)->name);
    }
    expect_call(client, pieces, READ, "{\"text\":\"y\"}", "{\"text\":\"y\",");
    nnrpc_client_free(client);
    stage_end(&stage);
}

static void a_server_that_is_not_there_is_told(void **state) {
    (void)state;
    const char *url = "ipc:///tmp/no-such-folder/s";
    const struct nnrpc_client_options options = {
        .endpoints = &url, .endpoint_count = 1, .timeout_ms = 100};
    struct nnrpc_client *client = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_dynamic *untouched = NULL;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_dynamic_fetch(client, NULL, &untouched, &status), NNRPC_UNAVAILABLE);
    assert_string_equal(status.reason, "UNREACHABLE");
    assert_null(untouched);
    nnrpc_client_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_is_called_by_what_the_server_says_of_it),
        cmocka_unit_test(descriptors_too_large_for_one_reply_are_fetched_service_by_service),
        cmocka_unit_test(a_server_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
