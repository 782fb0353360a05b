/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request frames: against protobuf-c's reading and writing of the same .proto, and against
 * bytes that nobody should send.
 */
#include "frame.h"

#include <stdio.h>

#include "nnrpc/v1/frame.pb-c.h"
#include "packed.h"

#define FRAME_ID UINT64_C(0xfedcba9876543210)

/* Two requests, frame metadata, and everything set. */
static struct packed pack_example(void) {
    Nnrpc__V1__Metadata authorization = NNRPC__V1__METADATA__INIT;
    authorization.key = "authorization";
    authorization.value = binary("Bearer secret");
    Nnrpc__V1__Metadata trace = NNRPC__V1__METADATA__INIT;
    trace.key = "traceparent";
    trace.value = binary("00-1-2-03");
    Nnrpc__V1__Metadata *frame_metadata[] = {&authorization};
    Nnrpc__V1__Metadata *request_metadata[] = {&trace};
    Nnrpc__V1__Request first = NNRPC__V1__REQUEST__INIT;
    first.method = "a.v1.Service/First";
    first.timeout_ms = 1500;
    first.n_metadata = 1;
    first.metadata = request_metadata;
    first.message = binary("first message");
    Nnrpc__V1__Request second = NNRPC__V1__REQUEST__INIT;
    second.method = "a.v1.Service/Second";
    Nnrpc__V1__Request *requests[] = {&first, &second};
    Nnrpc__V1__RequestFrame frame = NNRPC__V1__REQUEST_FRAME__INIT;
    frame.n_metadata = 1;
    frame.metadata = frame_metadata;
    frame.n_requests = 2;
    frame.requests = requests;
    frame.max_reply_bytes = 4096;
    frame.frame_id = FRAME_ID;
    return pack(&frame.base);
}

/* Opens bytes that must be refused with exactly this message. */
static void assert_refused(struct packed bytes, uint64_t frame_id, const char *expected_message) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_request_frame frame;
    assert_int_equal(
        nnrpc_request_frame_open(bytes.data, bytes.size, &frame, &status), NNRPC_INVALID_ARGUMENT);
    assert_int_equal(status.code, NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "MALFORMED_FRAME");
    assert_string_equal(status.domain, "nnrpc");
    assert_string_equal(status.message, expected_message);
    assert_int_equal(frame.frame_id, frame_id);
}

/* The same for a frame of one field, followed by a frame_id that must still be read. */
static void assert_field_refused(
    uint32_t number, enum nnrpc_wire_type type, const void *content, size_t content_size,
    const char *expected_message) {
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    if (type == NNRPC_WIRE_BYTES) {
        nnrpc_wire_append_bytes(&buffer, number, content, content_size);
    } else {
        nnrpc_wire_append_varint(&buffer, number, 7);
    }
    nnrpc_wire_append_varint(&buffer, 4, 77);
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = copy_bytes(buffer.data, buffer.size);
    assert_refused(bytes, 77, expected_message);
}

/* A frame of one request with the given packed content must be refused. */
static void assert_request_refused(struct nnrpc_buffer content, const char *problem) {
    char expected[160];
    (void)snprintf(
        expected, sizeof(expected), "malformed frame: %s (in the field at byte 0)", problem);
    assert_field_refused(2, NNRPC_WIRE_BYTES, content.data, content.size, expected);
    nnrpc_buffer_deinit(&content);
}

/* Walks everything that was opened, as a server does. Returns the number of requests. */
static size_t walk(const struct nnrpc_request_frame *frame) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(frame->bytes.data, frame->bytes.size);
    struct nnrpc_request_view request;
    struct nnrpc_slice value;
    size_t count = 0;
    while (nnrpc_frame_next_request(&reader, &request)) {
        (void)nnrpc_frame_find_metadata(request.whole, 3, "no-such-key", &value);
        count++;
    }
    (void)nnrpc_frame_find_metadata(frame->metadata, 1, "no-such-key", &value);
    return count;
}

/* --- Requests ----------------------------------------------------------------------------- */

static void a_frame_is_read_as_protobuf_wrote_it(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_example();
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(bytes.data, bytes.size, &frame, &status), NNRPC_OK);
    assert_int_equal(frame.request_count, 2);
    assert_int_equal(frame.max_reply_bytes, 4096);
    assert_true(frame.frame_id == FRAME_ID);
    struct nnrpc_slice value;
    assert_true(nnrpc_frame_find_metadata(frame.metadata, 1, "authorization", &value));
    assert_slice(value, "Bearer secret");
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes.data, bytes.size);
    struct nnrpc_request_view request;
    assert_true(nnrpc_frame_next_request(&reader, &request));
    assert_slice(request.method, "a.v1.Service/First");
    assert_int_equal(request.timeout_ms, 1500);
    assert_slice(request.message, "first message");
    assert_true(nnrpc_frame_find_metadata(request.whole, 3, "traceparent", &value));
    assert_slice(value, "00-1-2-03");
    assert_true(nnrpc_frame_next_request(&reader, &request));
    assert_slice(request.method, "a.v1.Service/Second");
    assert_int_equal(request.timeout_ms, 0);
    assert_int_equal(request.message.size, 0);
    assert_false(nnrpc_frame_find_metadata(request.whole, 3, "traceparent", &value));
    assert_false(nnrpc_frame_next_request(&reader, &request));
}

static void a_request_is_written_as_protobuf_reads_it(void **state) {
    (void)state;
    const struct nnrpc_metadata metadata[] = {{"x-one", "1", 1}, {"x-empty", "", 0}};
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_frame_append_request(&buffer, "a.v1.Service/First", 250, metadata, 2, "hello", 5);
    Nnrpc__V1__Request *request = nnrpc__v1__request__unpack(NULL, buffer.size, buffer.data);
    assert_non_null(request);
    assert_string_equal(request->method, "a.v1.Service/First");
    assert_int_equal(request->timeout_ms, 250);
    assert_int_equal(request->n_metadata, 2);
    assert_string_equal(request->metadata[0]->key, "x-one");
    assert_int_equal(request->metadata[0]->value.len, 1);
    assert_string_equal(request->metadata[1]->key, "x-empty");
    assert_int_equal(request->metadata[1]->value.len, 0);
    assert_int_equal(request->message.len, 5);
    assert_memory_equal(request->message.data, "hello", 5);
    nnrpc__v1__request__free_unpacked(request, NULL);
}

static void the_searched_part_ends_with_the_last_metadata(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_example();
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(bytes.data, bytes.size, &frame, NULL), NNRPC_OK);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes.data, bytes.size);
    struct nnrpc_wire_field field;
    assert_true(nnrpc_wire_next(&reader, &field));
    assert_int_equal(field.number, 1);
    assert_ptr_equal(frame.metadata.data, bytes.data);
    assert_int_equal(frame.metadata.size, field.whole.size);
}

static void the_first_of_equal_metadata_is_found(void **state) {
    (void)state;
    const struct nnrpc_metadata metadata[] = {{"key", "first", 5}, {"key", "second", 6}};
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_frame_append_metadata(&buffer, 3, &metadata[0]);
    nnrpc_frame_append_metadata(&buffer, 3, &metadata[1]);
    struct nnrpc_slice value = {0};
    assert_true(nnrpc_frame_find_metadata(
        (struct nnrpc_slice){buffer.data, buffer.size}, 3, "key", &value));
    assert_slice(value, "first");
}

static void the_last_of_a_repeated_single_field_counts(void **state) {
    (void)state;
    struct nnrpc_buffer request NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_wire_append_bytes(&request, 1, "old", 3);
    nnrpc_wire_append_bytes(&request, 1, "new", 3);
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_wire_append_varint(&buffer, 4, 1);
    nnrpc_wire_append_bytes(&buffer, 2, request.data, request.size);
    nnrpc_wire_append_varint(&buffer, 4, 2);
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(buffer.data, buffer.size, &frame, NULL), NNRPC_OK);
    assert_int_equal(frame.frame_id, 2);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(buffer.data, buffer.size);
    struct nnrpc_request_view view;
    assert_true(nnrpc_frame_next_request(&reader, &view));
    assert_slice(view.method, "new");
}

static void unknown_fields_are_skipped(void **state) {
    (void)state;
    struct nnrpc_buffer request NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_wire_append_fixed64(&request, 99, 1);
    nnrpc_wire_append_bytes(&request, 1, "m", 1);
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_wire_append_bytes(&buffer, 5, "later", 5);
    nnrpc_wire_append_bytes(&buffer, 2, request.data, request.size);
    nnrpc_wire_append_varint(&buffer, 536870911, 3);
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(buffer.data, buffer.size, &frame, NULL), NNRPC_OK);
    assert_int_equal(frame.request_count, 1);
    assert_int_equal(walk(&frame), 1);
}

/* A frame of empty requests. */
static struct packed pack_requests(size_t count) {
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    for (size_t i = 0; i < count; i++) {
        nnrpc_wire_append_bytes(&buffer, 2, "", 0);
    }
    return copy_bytes(buffer.data, buffer.size);
}

static void a_thousand_and_twenty_four_requests_are_a_frame(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_requests(1024);
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(bytes.data, bytes.size, &frame, NULL), NNRPC_OK);
    assert_int_equal(walk(&frame), 1024);
}

static void one_request_more_is_refused(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_requests(1025);
    assert_refused(
        bytes, 0, "malformed frame: more than 1024 requests (in the field at byte 2048)");
}

static void no_requests_are_refused(void **state) {
    (void)state;
    struct packed nothing NNRPC_CLEANUP(packed_deinit) = copy_bytes("", 0);
    assert_refused(nothing, 0, "malformed frame: no requests");
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = varint_field(4);
    struct packed only_id NNRPC_CLEANUP(packed_deinit) = copy_bytes(buffer.data, buffer.size);
    assert_refused(only_id, 1, "malformed frame: no requests");
}

static void a_mebibyte_is_a_frame_and_a_byte_more_is_not(void **state) {
    (void)state;
    const size_t most = 1u << 20;
    uint8_t *bytes = calloc(1, most + 1);
    assert_non_null(bytes);
    uint8_t *content = nnrpc_wire_put_bytes_header(bytes, 2, most - 4);
    content = nnrpc_wire_put_bytes_header(content, 4, most - 8);
    assert_int_equal(content - bytes, 8);
    struct nnrpc_request_frame frame;
    assert_int_equal(nnrpc_request_frame_open(bytes, most, &frame, NULL), NNRPC_OK);
    struct packed longer = {.data = bytes, .size = most + 1};
    assert_refused(longer, 0, "malformed frame: 1048577 bytes, at most 1048576 are allowed");
    free(bytes);
}

static void a_wrong_wire_type_is_named_and_the_id_still_read(void **state) {
    (void)state;
    const char *at = "(in the field at byte 0)";
    char expected[120];
    (void)snprintf(expected, 120, "malformed frame: metadata has the wrong wire type %s", at);
    assert_field_refused(1, NNRPC_WIRE_VARINT, NULL, 0, expected);
    (void)snprintf(expected, 120, "malformed frame: requests has the wrong wire type %s", at);
    assert_field_refused(2, NNRPC_WIRE_VARINT, NULL, 0, expected);
    (void)snprintf(
        expected, 120, "malformed frame: max_reply_bytes has the wrong wire type %s", at);
    assert_field_refused(3, NNRPC_WIRE_BYTES, "x", 1, expected);
    (void)snprintf(expected, 120, "malformed frame: frame_id has the wrong wire type %s", at);
    assert_field_refused(4, NNRPC_WIRE_BYTES, "x", 1, expected);
}

static void wrong_requests_are_named(void **state) {
    (void)state;
    assert_request_refused(varint_field(1), "a request's method has the wrong wire type");
    assert_request_refused(
        bytes_field(2, "x", 1), "a request's timeout_ms has the wrong wire type");
    assert_request_refused(varint_field(3), "metadata has the wrong wire type");
    assert_request_refused(varint_field(4), "a request's message has the wrong wire type");
    assert_request_refused(bytes_field(1, "\xc0\x80", 2), "a request's method is not UTF-8");
    struct nnrpc_buffer cut = {0};
    nnrpc_buffer_append(
        &cut,
        "\x0a\x05"
        "ab",
        4);
    assert_request_refused(cut, "a request is not a protobuf message");
}

static void wrong_metadata_are_named(void **state) {
    (void)state;
    struct nnrpc_buffer inner NNRPC_CLEANUP(nnrpc_buffer_deinit) = varint_field(2);
    assert_request_refused(
        bytes_field(3, inner.data, inner.size), "a metadata field has the wrong wire type");
    assert_request_refused(bytes_field(3, "\x0a\x02\xff\xff", 4), "a metadata key is not UTF-8");
    assert_request_refused(bytes_field(3, "\x0a", 1), "metadata is not a protobuf message");
    struct nnrpc_buffer many = {0};
    for (int i = 0; i < 65; i++) {
        nnrpc_wire_append_bytes(&many, 3, "", 0);
    }
    assert_request_refused(many, "more than 64 metadata in one place");
}

static void bytes_that_are_no_message_are_refused_at_their_place(void **state) {
    (void)state;
    struct packed example NNRPC_CLEANUP(packed_deinit) = pack_requests(3);
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = copy_bytes(example.data, 5);
    assert_refused(bytes, 0, "malformed frame: not a protobuf message (in the field at byte 4)");
    struct packed group NNRPC_CLEANUP(packed_deinit) = copy_bytes("\x0b\x0c", 2);
    assert_refused(group, 0, "malformed frame: not a protobuf message (in the field at byte 0)");
}

static void every_cut_of_a_frame_is_refused_or_shorter(void **state) {
    (void)state;
    struct packed whole NNRPC_CLEANUP(packed_deinit) = pack_example();
    for (size_t size = 0; size < whole.size; size++) {
        struct packed cut NNRPC_CLEANUP(packed_deinit) = copy_bytes(whole.data, size);
        struct nnrpc_request_frame frame;
        if (nnrpc_request_frame_open(cut.data, cut.size, &frame, NULL) == NNRPC_OK) {
            assert_true(frame.request_count >= 1 && frame.request_count <= 2);
            assert_int_equal(walk(&frame), frame.request_count);
        }
    }
}

/* Not random at all: the same numbers in every run. */
static uint32_t next_number(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void changed_bytes_never_lead_outside(void **state) {
    (void)state;
    struct packed whole NNRPC_CLEANUP(packed_deinit) = pack_example();
    uint32_t seed = 1;
    size_t opened = 0;
    for (int round = 0; round < 20000; round++) {
        struct packed changed NNRPC_CLEANUP(packed_deinit) = copy_bytes(whole.data, whole.size);
        for (uint32_t i = 0; i <= next_number(&seed) % 4; i++) {
            changed.data[next_number(&seed) % changed.size] = (uint8_t)next_number(&seed);
        }
        struct nnrpc_request_frame frame;
        size_t count = 0;
        if (nnrpc_request_frame_open(changed.data, changed.size, &frame, NULL) == NNRPC_OK) {
            assert_int_equal(walk(&frame), frame.request_count);
            opened++;
        }
        if (nnrpc_response_frame_open(changed.data, changed.size, FRAME_ID, &count)) {
            assert_true(count <= NNRPC_FRAME_MAX_CALLS);
        }
    }
    assert_true(opened > 1000 && opened < 19000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_read_as_protobuf_wrote_it),
        cmocka_unit_test(a_request_is_written_as_protobuf_reads_it),
        cmocka_unit_test(the_searched_part_ends_with_the_last_metadata),
        cmocka_unit_test(the_first_of_equal_metadata_is_found),
        cmocka_unit_test(the_last_of_a_repeated_single_field_counts),
        cmocka_unit_test(unknown_fields_are_skipped),
        cmocka_unit_test(a_thousand_and_twenty_four_requests_are_a_frame),
        cmocka_unit_test(one_request_more_is_refused),
        cmocka_unit_test(no_requests_are_refused),
        cmocka_unit_test(a_mebibyte_is_a_frame_and_a_byte_more_is_not),
        cmocka_unit_test(a_wrong_wire_type_is_named_and_the_id_still_read),
        cmocka_unit_test(wrong_requests_are_named),
        cmocka_unit_test(wrong_metadata_are_named),
        cmocka_unit_test(bytes_that_are_no_message_are_refused_at_their_place),
        cmocka_unit_test(every_cut_of_a_frame_is_refused_or_shorter),
        cmocka_unit_test(changed_bytes_never_lead_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
