/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client puts into frames, as protobuf-c reads them: batches and their bounds, budgets,
 * tokens, metadata, request ids; and that the classes of lanes do not wait for one another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

#define LIMIT_BYTES (1u << 20)
#define BATCH_BYTES (256u << 10)

/* What a script saw. One test at a time. */
static struct {
    size_t most_calls;    /* of a frame */
    size_t most_bytes;    /* of a frame of more than one call */
    size_t longest_alone; /* of a frame of one call */
    uint32_t max_reply_bytes;
    uint32_t least_timeout_ms;
    uint32_t most_timeout_ms;
    uint64_t frame_ids[64];
    size_t frame_count;
    char authorization[64];
    char note[64];
    char request_id[80];
} seen;

static int reset(void **state) {
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.least_timeout_ms = UINT32_MAX;
    return 0;
}

static void copy_metadata(
    Nnrpc__V1__Metadata *const *metadata, size_t count, const char *key, char *out_text) {
    const ProtobufCBinaryData *value = scripted_metadata(metadata, count, key);
    if (value != NULL) {
        (void)snprintf(out_text, 64, "%.*s", (int)value->len, (const char *)value->data);
    }
}

static void look_at_call(const Nnrpc__V1__Request *request) {
    if (request->timeout_ms < seen.least_timeout_ms) {
        seen.least_timeout_ms = request->timeout_ms;
    }
    if (request->timeout_ms > seen.most_timeout_ms) {
        seen.most_timeout_ms = request->timeout_ms;
    }
    copy_metadata(request->metadata, request->n_metadata, "x-note", seen.note);
    if (strcmp(request->method, SCRIPTED_WRITE) == 0) {
        char *id = scripted_request_id(request);
        (void)snprintf(seen.request_id, sizeof(seen.request_id), "%s", id);
        free(id);
    }
}

static enum scripted_act look(struct scripted_server *server, struct scripted_frame *frame) {
    const Nnrpc__V1__RequestFrame *request = frame->request;
    (void)server;
    size_t *most = request->n_requests > 1 ? &seen.most_bytes : &seen.longest_alone;
    if (frame->request_bytes > *most) {
        *most = frame->request_bytes;
    }
    if (request->n_requests > seen.most_calls) {
        seen.most_calls = request->n_requests;
    }
    seen.max_reply_bytes = request->max_reply_bytes;
    if (seen.frame_count < 64) {
        seen.frame_ids[seen.frame_count++] = request->frame_id;
    }
    copy_metadata(request->metadata, request->n_metadata, "authorization", seen.authorization);
    for (size_t i = 0; i < request->n_requests; i++) {
        look_at_call(request->requests[i]);
    }
    return SCRIPTED_SEND;
}

/* The first frame is held until the test lets it go, so that calls gather. */
static enum scripted_act hold_first(struct scripted_server *server, struct scripted_frame *frame) {
    (void)look(server, frame);
    return seen.frame_count == 1 ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static const struct nnrpc_client_options one_lane = {.lanes = {1, 1, 1}};

/* --- Batches ------------------------------------------------------------------------------ */

/* Makes `count` reads of a size while the only lane is taken, then lets them go. */
static void gather(const struct nnrpc_client_options *options, size_t count, size_t ballast_bytes) {
    struct lanes lanes;
    lanes_open(&lanes, hold_first, options);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "first", 0);
    lanes_await_held(&lanes, first, 1);
    Echo__V1__ReadRequest request = ECHO__V1__READ_REQUEST__INIT;
    request.text = (char *)"more";
    request.ballast.len = ballast_bytes;
    request.ballast.data = calloc(1, ballast_bytes + 1);
    struct nnrpc_pending *calls[300];
    assert_in_range(count, 1, 300);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(
            echo_service_read_start(lanes.client, NULL, &request, &calls[i], NULL), NNRPC_OK);
    }
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(first, "first", NULL), NNRPC_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lanes_finish_read(calls[i], "more", NULL), NNRPC_OK);
    }
    assert_int_equal(atomic_load(&lanes.server.call_count), count + 1);
    free(request.ballast.data);
    lanes_close(&lanes);
}

static void what_has_queued_travels_in_one_frame(void **state) {
    (void)state;
    gather(&one_lane, 40, 10);
    assert_int_equal(seen.most_calls, 40);
    assert_int_equal(seen.frame_count, 2);
}

static void a_frame_has_sixty_four_calls_unless_told_otherwise(void **state) {
    (void)state;
    gather(&one_lane, 200, 10);
    assert_int_equal(seen.most_calls, 64);
    assert_int_equal(seen.frame_count, 5); /* the first one, 64, 64, 64, 8 */
    (void)reset(state);
    const struct nnrpc_client_options few = {.lanes = {1, 1, 1}, .max_frame_calls = 7};
    gather(&few, 20, 10);
    assert_int_equal(seen.most_calls, 7);
}

static void a_batch_is_no_longer_than_256_kibibytes(void **state) {
    (void)state;
    gather(&one_lane, 60, 20000);
    assert_in_range(seen.most_bytes, BATCH_BYTES - 20100, BATCH_BYTES);
}

static void a_long_call_travels_alone(void **state) {
    (void)state;
    gather(&one_lane, 3, 700000);
    assert_int_equal(seen.most_calls, 1);
    assert_in_range(seen.longest_alone, 700000, 700200);
}

static void frame_ids_differ(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    }
    lanes_close(&lanes);
    assert_int_equal(seen.frame_count, 50);
    for (size_t i = 0; i < seen.frame_count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(seen.frame_ids[i] != seen.frame_ids[k]);
        }
    }
}

/* --- Bounds ------------------------------------------------------------------------------- */

static enum nnrpc_code read_with_ballast(
    struct lanes *lanes, size_t size, struct nnrpc_status *status) {
    Echo__V1__ReadRequest request = ECHO__V1__READ_REQUEST__INIT;
    request.text = (char *)"long";
    request.ballast.len = size;
    request.ballast.data = calloc(1, size + 1);
    Echo__V1__ReadResponse *response = NULL;
    enum nnrpc_code code = echo_service_read(lanes->client, NULL, &request, &response, status);
    free(request.ballast.data);
    if (code == NNRPC_OK) {
        echo__v1__read_response__free_unpacked(response, NULL);
    } else {
        assert_null(response);
    }
    return code;
}

static void a_request_above_a_frame_is_refused_with_both_sizes(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, look, NULL);
    assert_int_equal(read_with_ballast(&lanes, LIMIT_BYTES, &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "REQUEST_TOO_LARGE");
    assert_string_equal(status.domain, "nnrpc");
    assert_string_equal(nnrpc_status_get_info(&status, "request_bytes"), "1048586");
    unsigned long most = strtoul(nnrpc_status_get_info(&status, "max_request_bytes"), NULL, 10);
    assert_in_range(most, LIMIT_BYTES - 200, LIMIT_BYTES);
    assert_int_equal(atomic_load(&lanes.server.call_count), 0);
    /* Text and headers of the request take ten bytes. */
    assert_int_equal(read_with_ballast(&lanes, most - 10, &status), NNRPC_OK);
    assert_in_range(seen.longest_alone, LIMIT_BYTES - 40, LIMIT_BYTES);
    assert_int_equal(read_with_ballast(&lanes, most - 9, &status), NNRPC_RESOURCE_EXHAUSTED);
    lanes_close(&lanes);
}

static void too_many_metadata_are_refused_before_they_spoil_a_frame(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, NULL, NULL);
    struct nnrpc_metadata metadata[65];
    for (size_t i = 0; i < 65; i++) {
        metadata[i] = (struct nnrpc_metadata){"x", "y", 1};
    }
    struct nnrpc_call_options options = {.metadata = metadata, .metadata_count = 65};
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "the call has 65 metadata, at most 64 are allowed");
    metadata[0].key = "\xff";
    options.metadata_count = 1;
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "the key of metadata 0 is not UTF-8");
    lanes_close(&lanes);
}

/* --- What is said ------------------------------------------------------------------------- */

static void token_and_reply_limit_are_said_once_a_frame(void **state) {
    (void)state;
    struct lanes lanes;
    const struct nnrpc_client_options options = {.token = "sesame", .max_reply_bytes = 123456};
    lanes_open(&lanes, look, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(seen.authorization, "Bearer sesame");
    assert_int_equal(seen.max_reply_bytes, 123456);
    lanes_close(&lanes);
}

static void sixteen_mebibytes_of_reply_are_taken_unless_told_otherwise(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_int_equal(seen.max_reply_bytes, 16u << 20);
    assert_string_equal(seen.authorization, "");
    lanes_close(&lanes);
}

static void metadata_of_a_call_travel_with_it(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    const struct nnrpc_metadata metadata[] = {{"x-note", "hello", 5}, {"x-other", NULL, 0}};
    const struct nnrpc_call_options options = {.metadata = metadata, .metadata_count = 2};
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(seen.note, "hello");
    lanes_close(&lanes);
}

static void the_budget_is_ten_seconds_unless_told_otherwise(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    const char *endpoints[] = {lanes.url};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 1};
    struct nnrpc_client *client = NULL;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    assert_int_equal(lanes_read(client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_in_range(seen.most_timeout_ms, 5000, 10000);
    nnrpc_client_free(client);
    lanes_close(&lanes);
}

static void what_is_left_of_the_budget_is_told(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_first, &one_lane);
    const struct nnrpc_call_options patient = {.timeout_ms = 60000};
    struct nnrpc_pending *first = lanes_start_read(lanes.client, &patient, "first", 0);
    lanes_await_held(&lanes, first, 1);
    const struct nnrpc_call_options budget = {.timeout_ms = 30000};
    struct nnrpc_pending *second = lanes_start_read(lanes.client, &budget, "second", 0);
    uint64_t start_ms = lanes_now_ms();
    while (lanes_now_ms() < start_ms + 100) {
    }
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(first, "first", NULL), NNRPC_OK);
    assert_int_equal(lanes_finish_read(second, "second", NULL), NNRPC_OK);
    assert_in_range(seen.least_timeout_ms, 15000, 29901);
    lanes_close(&lanes);
}

/* --- Request ids -------------------------------------------------------------------------- */

static enum nnrpc_code write_with_id(struct lanes *lanes, const char *request_id) {
    Echo__V1__WriteRequest request = ECHO__V1__WRITE_REQUEST__INIT;
    request.text = (char *)"text";
    request.request_id = (char *)request_id;
    Echo__V1__WriteResponse *response = NULL;
    enum nnrpc_code code = echo_service_write(lanes->client, NULL, &request, &response, NULL);
    if (code == NNRPC_OK) {
        assert_string_equal(response->request_id, seen.request_id);
        echo__v1__write_response__free_unpacked(response, NULL);
    }
    assert_ptr_equal(request.request_id, request_id); /* the caller's message is left alone */
    return code;
}

/* "xxxxxxxx-xxxx-7xxx-yxxx-xxxxxxxxxxxx" with y of 8, 9, a, b. */
static void assert_uuid_v7(const char *text) {
    assert_int_equal(strlen(text), 36);
    assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
    assert_int_equal(text[14], '7');
    assert_non_null(strchr("89ab", text[19]));
}

static void an_empty_request_id_is_filled(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    assert_int_equal(write_with_id(&lanes, ""), NNRPC_OK);
    assert_uuid_v7(seen.request_id);
    char first[80];
    (void)strcpy(first, seen.request_id);
    assert_int_equal(write_with_id(&lanes, ""), NNRPC_OK);
    assert_string_not_equal(seen.request_id, first);
    lanes_close(&lanes);
}

static void a_request_id_that_is_given_is_kept(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    assert_int_equal(write_with_id(&lanes, "mine"), NNRPC_OK);
    assert_string_equal(seen.request_id, "mine");
    lanes_close(&lanes);
}

/* Calls Write with packed bytes; returns the packed answer's size. */
static size_t write_packed(struct lanes *lanes, const void *bytes, size_t size) {
    const struct nnrpc_method *method = &echo_service_service.methods[ECHO_SERVICE_WRITE];
    uint8_t *response = NULL;
    size_t response_size = 0;
    assert_int_equal(
        nnrpc_client_call_packed(
            lanes->client, method, NULL, bytes, size, &response, &response_size, NULL),
        NNRPC_OK);
    assert_non_null(response);
    free(response);
    return response_size;
}

static void a_packed_request_is_filled_and_kept_likewise(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, look, NULL);
    assert_int_equal(write_packed(&lanes, "", 0), 38);
    assert_uuid_v7(seen.request_id);
    assert_int_equal(write_packed(&lanes, "\x3a\x04mine", 6), 6);
    assert_string_equal(seen.request_id, "mine");
    /* The last one counts, and it is empty. */
    assert_int_equal(write_packed(&lanes, "\x3a\x04mine\x3a\x00", 8), 38);
    assert_uuid_v7(seen.request_id);
    lanes_close(&lanes);
}

static void an_empty_packed_answer_is_not_null(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, NULL, NULL);
    const struct nnrpc_method *method = &echo_service_service.methods[ECHO_SERVICE_READ];
    uint8_t *response = NULL;
    size_t response_size = 99;
    assert_int_equal(
        nnrpc_client_call_packed(
            lanes.client, method, NULL, NULL, 0, &response, &response_size, NULL),
        NNRPC_OK);
    assert_non_null(response);
    assert_int_equal(response_size, 0);
    free(response);
    lanes_close(&lanes);
}

/* --- Classes ------------------------------------------------------------------------------ */

/* Writes are never answered; a secret makes a write slow. */
static enum scripted_act drop_writes(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    const Nnrpc__V1__Request *request = frame->request->requests[0];
    if (strcmp(request->method, SCRIPTED_WRITE) != 0) {
        return SCRIPTED_SEND;
    }
    char *text = scripted_text(request);
    bool is_slow = strcmp(text, "slow") == 0;
    free(text);
    return is_slow ? SCRIPTED_SEND : SCRIPTED_DROP;
}

static struct nnrpc_pending *start_write(
    struct lanes *lanes, const char *text, const char *secret) {
    Echo__V1__WriteRequest request = ECHO__V1__WRITE_REQUEST__INIT;
    request.text = (char *)text;
    request.secret = (char *)secret;
    struct nnrpc_pending *pending = NULL;
    assert_int_equal(
        echo_service_write_start(lanes->client, NULL, &request, &pending, NULL), NNRPC_OK);
    return pending;
}

static void no_class_waits_for_another(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, drop_writes, &one_lane);
    struct nnrpc_pending *stuck[2];
    stuck[0] = start_write(&lanes, "stuck", "");
    stuck[1] = start_write(&lanes, "queued", "");
    lanes_await_frames(&lanes, stuck[0], 1);
    assert_int_equal(lanes_read(lanes.client, NULL, "read", 0, NULL), NNRPC_OK);
    struct nnrpc_pending *slow = start_write(&lanes, "slow", "sesame");
    Echo__V1__WriteResponse *response = NULL;
    assert_int_equal(echo_service_write_finish(slow, &response, NULL), NNRPC_OK);
    echo__v1__write_response__free_unpacked(response, NULL);
    /* The same, packed: "slow" and a secret. */
    assert_int_equal(write_packed(&lanes, "\x0a\x04slow\x12\x01x", 9), 44);
    assert_int_equal(atomic_load(&lanes.server.call_count), 4);
    nnrpc_pending_cancel(stuck[0]);
    nnrpc_pending_cancel(stuck[1]);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_has_queued_travels_in_one_frame, reset),
        cmocka_unit_test_setup(a_frame_has_sixty_four_calls_unless_told_otherwise, reset),
        cmocka_unit_test_setup(a_batch_is_no_longer_than_256_kibibytes, reset),
        cmocka_unit_test_setup(a_long_call_travels_alone, reset),
        cmocka_unit_test_setup(frame_ids_differ, reset),
        cmocka_unit_test_setup(a_request_above_a_frame_is_refused_with_both_sizes, reset),
        cmocka_unit_test_setup(too_many_metadata_are_refused_before_they_spoil_a_frame, reset),
        cmocka_unit_test_setup(token_and_reply_limit_are_said_once_a_frame, reset),
        cmocka_unit_test_setup(sixteen_mebibytes_of_reply_are_taken_unless_told_otherwise, reset),
        cmocka_unit_test_setup(metadata_of_a_call_travel_with_it, reset),
        cmocka_unit_test_setup(the_budget_is_ten_seconds_unless_told_otherwise, reset),
        cmocka_unit_test_setup(what_is_left_of_the_budget_is_told, reset),
        cmocka_unit_test_setup(an_empty_request_id_is_filled, reset),
        cmocka_unit_test_setup(a_request_id_that_is_given_is_kept, reset),
        cmocka_unit_test_setup(a_packed_request_is_filled_and_kept_likewise, reset),
        cmocka_unit_test_setup(an_empty_packed_answer_is_not_null, reset),
        cmocka_unit_test_setup(no_class_waits_for_another, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
