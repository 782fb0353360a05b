/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Response frames and statuses: against protobuf-c's reading and writing of the same .proto, and
 * against bytes that nobody should send.
 */
#include "frame.h"

#include "nnrpc/v1/frame.pb-c.h"
#include "packed.h"

#define FRAME_ID UINT64_C(0xfedcba9876543210)

/* --- Statuses ----------------------------------------------------------------------------- */

static void make_status(struct nnrpc_status *status) {
    (void)nnrpc_fail(
        status, NNRPC_INVALID_ARGUMENT, "contacts", "UNKNOWN_PRESET_VALUE", "title is unknown");
    nnrpc_status_add_info(status, "allowed", "Mr, Ms");
    nnrpc_status_add_info(status, "empty", "%s", "");
    nnrpc_status_add_violation(status, "contact.title", "UNKNOWN_PRESET_VALUE", "no such title");
    nnrpc_status_add_violation(status, "contact.email", "INVALID_EMAIL", "no address");
}

static void a_status_comes_back_as_it_was_sent(void **state) {
    (void)state;
    struct nnrpc_status sent NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_status got NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    make_status(&sent);
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_frame_append_status(&buffer, &sent);
    assert_int_equal(buffer.size, nnrpc_frame_status_size(&sent));
    assert_true(nnrpc_frame_read_status((struct nnrpc_slice){buffer.data, buffer.size}, &got));
    assert_int_equal(got.code, NNRPC_INVALID_ARGUMENT);
    assert_string_equal(got.message, "title is unknown");
    assert_string_equal(got.reason, "UNKNOWN_PRESET_VALUE");
    assert_string_equal(got.domain, "contacts");
    assert_string_equal(nnrpc_status_get_info(&got, "allowed"), "Mr, Ms");
    assert_string_equal(nnrpc_status_get_info(&got, "empty"), "");
    assert_int_equal(got.details->violation_count, 2);
    assert_string_equal(got.details->violations[0].field, "contact.title");
    assert_string_equal(got.details->violations[1].description, "no address");
    assert_string_equal(got.details->violations[1].reason, "INVALID_EMAIL");
}

static void a_status_is_written_as_protobuf_reads_it(void **state) {
    (void)state;
    struct nnrpc_status sent NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    make_status(&sent);
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_frame_append_status(&buffer, &sent);
    Nnrpc__V1__Status *status = nnrpc__v1__status__unpack(NULL, buffer.size, buffer.data);
    assert_non_null(status);
    assert_int_equal(status->code, 3);
    assert_string_equal(status->message, "title is unknown");
    assert_string_equal(status->error_info->reason, "UNKNOWN_PRESET_VALUE");
    assert_string_equal(status->error_info->domain, "contacts");
    assert_int_equal(status->error_info->n_metadata, 2);
    assert_string_equal(status->error_info->metadata[0]->key, "allowed");
    assert_string_equal(status->error_info->metadata[0]->value, "Mr, Ms");
    assert_int_equal(status->n_field_violations, 2);
    assert_string_equal(status->field_violations[1]->field, "contact.email");
    nnrpc__v1__status__free_unpacked(status, NULL);
}

static void ok_is_nothing_on_the_wire(void **state) {
    (void)state;
    struct nnrpc_status ok = NNRPC_STATUS_INIT;
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_frame_append_status(&buffer, &ok);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(nnrpc_frame_status_size(&ok), 0);
    struct nnrpc_status got NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    make_status(&got);
    assert_true(nnrpc_frame_read_status((struct nnrpc_slice){NULL, 0}, &got));
    assert_int_equal(got.code, NNRPC_OK);
    assert_string_equal(got.message, "");
    assert_null(got.details);
}

static void an_unknown_code_reads_as_unknown(void **state) {
    (void)state;
    struct nnrpc_status got NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_true(
        nnrpc_frame_read_status((struct nnrpc_slice){(const uint8_t *)"\x08\x11", 2}, &got));
    assert_int_equal(got.code, NNRPC_UNKNOWN);
    const uint8_t negative[] = {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    assert_true(nnrpc_frame_read_status((struct nnrpc_slice){negative, sizeof(negative)}, &got));
    assert_int_equal(got.code, NNRPC_UNKNOWN);
}

static void a_long_message_is_cut_to_what_a_status_holds(void **state) {
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof(text));
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = varint_field(1);
    nnrpc_wire_append_bytes(&buffer, 2, text, sizeof(text));
    struct nnrpc_status got NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_true(nnrpc_frame_read_status((struct nnrpc_slice){buffer.data, buffer.size}, &got));
    assert_int_equal(got.code, NNRPC_CANCELLED);
    assert_int_equal(strlen(got.message), NNRPC_STATUS_MESSAGE_BYTES - 1);
}

static void assert_no_status(struct nnrpc_buffer content) {
    struct nnrpc_status got NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    nnrpc_buffer_append(&content, "\x08\x05", 2); /* code 5 */
    assert_false(nnrpc_frame_read_status((struct nnrpc_slice){content.data, content.size}, &got));
    assert_int_equal(got.code, NNRPC_OK);
    nnrpc_buffer_deinit(&content);
}

static void what_is_no_status_is_refused_and_nothing_written(void **state) {
    (void)state;
    assert_no_status(bytes_field(1, "x", 1));
    assert_no_status(varint_field(2));
    assert_no_status(bytes_field(2, "\xff", 1));
    assert_no_status(varint_field(3));
    assert_no_status(bytes_field(3, "\x0a\x01\xff", 3));
    assert_no_status(bytes_field(3, "\x1a\x02\x08\x01", 4));
    assert_no_status(varint_field(4));
    assert_no_status(bytes_field(4, "\x0a\x05", 2));
    struct nnrpc_buffer cut = {0};
    nnrpc_buffer_append(&cut, "\x12\x7f", 2);
    assert_no_status(cut);
}

/* --- Responses ---------------------------------------------------------------------------- */

static struct packed pack_reply(void) {
    Nnrpc__V1__Metadata revision = NNRPC__V1__METADATA__INIT;
    revision.key = "x-revision";
    revision.value = binary("42");
    Nnrpc__V1__Metadata *metadata[] = {&revision};
    Nnrpc__V1__Status status = NNRPC__V1__STATUS__INIT;
    status.code = NNRPC_NOT_FOUND;
    Nnrpc__V1__Response first = NNRPC__V1__RESPONSE__INIT;
    first.n_metadata = 1;
    first.metadata = metadata;
    first.message = binary("answer");
    Nnrpc__V1__Response second = NNRPC__V1__RESPONSE__INIT;
    second.status = &status;
    Nnrpc__V1__Response *responses[] = {&first, &second};
    Nnrpc__V1__ResponseFrame frame = NNRPC__V1__RESPONSE_FRAME__INIT;
    frame.n_responses = 2;
    frame.responses = responses;
    frame.frame_id = FRAME_ID;
    return pack(&frame.base);
}

static void a_reply_is_read_as_protobuf_wrote_it(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_reply();
    size_t count = 0;
    assert_true(nnrpc_response_frame_open(bytes.data, bytes.size, FRAME_ID, &count));
    assert_int_equal(count, 2);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes.data, bytes.size);
    struct nnrpc_response_view response;
    struct nnrpc_slice value;
    assert_true(nnrpc_frame_next_response(&reader, &response));
    assert_int_equal(response.status.size, 0);
    assert_slice(response.message, "answer");
    assert_true(nnrpc_frame_find_metadata(response.whole, 2, "x-revision", &value));
    assert_slice(value, "42");
    assert_true(nnrpc_frame_next_response(&reader, &response));
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_true(nnrpc_frame_read_status(response.status, &status));
    assert_int_equal(status.code, NNRPC_NOT_FOUND);
    assert_int_equal(response.message.size, 0);
    assert_false(nnrpc_frame_next_response(&reader, &response));
}

static void the_reply_of_another_frame_is_refused(void **state) {
    (void)state;
    struct packed bytes NNRPC_CLEANUP(packed_deinit) = pack_reply();
    size_t count = 99;
    assert_false(nnrpc_response_frame_open(bytes.data, bytes.size, FRAME_ID + 1, &count));
    assert_false(nnrpc_response_frame_open(NULL, 0, FRAME_ID, &count));
    assert_int_equal(count, 99);
}

static void assert_no_reply(struct nnrpc_buffer content) {
    size_t count = 99;
    nnrpc_wire_append_varint(&content, 2, FRAME_ID);
    assert_false(nnrpc_response_frame_open(content.data, content.size, FRAME_ID, &count));
    assert_int_equal(count, 99);
    nnrpc_buffer_deinit(&content);
}

static void what_is_no_reply_is_refused(void **state) {
    (void)state;
    assert_no_reply(varint_field(1));
    assert_no_reply(bytes_field(2, "x", 1));
    assert_no_reply(bytes_field(1, "\x08\x01", 2));
    assert_no_reply(bytes_field(
        1,
        "\x1a\x05"
        "ab",
        4));
    assert_no_reply(bytes_field(1, "\x12\x02\x08\x01", 4));
    assert_no_reply(bytes_field(1, "\x12\x03\x0a\x01\xff", 5));
    struct nnrpc_buffer many = {0};
    for (int i = 0; i < 1025; i++) {
        nnrpc_wire_append_bytes(&many, 1, "", 0);
    }
    assert_no_reply(many);
}

static void every_cut_of_a_reply_is_refused(void **state) {
    (void)state;
    struct packed whole NNRPC_CLEANUP(packed_deinit) = pack_reply();
    size_t count = 0;
    for (size_t size = 0; size < whole.size; size++) {
        struct packed cut NNRPC_CLEANUP(packed_deinit) = copy_bytes(whole.data, size);
        assert_false(nnrpc_response_frame_open(cut.data, cut.size, FRAME_ID, &count));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_comes_back_as_it_was_sent),
        cmocka_unit_test(a_status_is_written_as_protobuf_reads_it),
        cmocka_unit_test(ok_is_nothing_on_the_wire),
        cmocka_unit_test(an_unknown_code_reads_as_unknown),
        cmocka_unit_test(a_long_message_is_cut_to_what_a_status_holds),
        cmocka_unit_test(what_is_no_status_is_refused_and_nothing_written),
        cmocka_unit_test(a_reply_is_read_as_protobuf_wrote_it),
        cmocka_unit_test(the_reply_of_another_frame_is_refused),
        cmocka_unit_test(what_is_no_reply_is_refused),
        cmocka_unit_test(every_cut_of_a_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
