/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of JSON share. Texts are read from memory of exactly their size, without a
 * terminator, so that AddressSanitizer sees a read past them.
 */
#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>

static char *exact_copy(const char *text, size_t size) {
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    if (size != 0) {
        memcpy(copy, text, size);
    }
    return copy;
}

void expect_json_form(
    const struct nnrpc_message *type, const void *message, const struct nnrpc_json_format *format,
    const char *expected, const char *file, int line) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    _assert_int_equal(nnrpc_json_write(type, message, format, &out), NNRPC_OK, file, line);
    _assert_string_equal(nnrpc_buffer_text(&out), expected, file, line);
}

void *read_json_at(
    const struct nnrpc_message *type, const char *text, size_t size, const char *file, int line) {
    char *copy = exact_copy(text, size);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code = nnrpc_json_read(type, copy, size, NULL, &message, &status);
    free(copy);
    _assert_string_equal(status.message, "", file, line);
    _assert_int_equal(code, NNRPC_OK, file, line);
    _assert_true(
        message != NULL && message->descriptor == type->descriptor, "the type's message", file,
        line);
    _assert_true(protobuf_c_message_check(message), "protobuf_c_message_check()", file, line);
    return message;
}

void expect_round_at(
    const struct nnrpc_message *type, const char *input, const char *expected, const char *file,
    int line) {
    void *message = read_json_at(type, input, strlen(input), file, line);
    static const struct nnrpc_json_format FORMAT = {.omit_unset = true};
    expect_json_form(type, message, &FORMAT, expected, file, line);
    protobuf_c_message_free_unpacked(message, NULL);
}

void expect_refused_at(
    const struct nnrpc_message *type, const char *text, size_t size, const char *message,
    struct nnrpc_status *out_status, const char *file, int line) {
    char *copy = exact_copy(text, size);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *untouched = NULL;
    enum nnrpc_code code = nnrpc_json_read(type, copy, size, NULL, &untouched, &status);
    free(copy);
    _assert_string_equal(status.message, message, file, line);
    _assert_int_equal(code, NNRPC_INVALID_ARGUMENT, file, line);
    _assert_int_equal(status.code, NNRPC_INVALID_ARGUMENT, file, line);
    _assert_string_equal(status.reason, "INVALID_JSON", file, line);
    _assert_string_equal(status.domain, "nnrpc", file, line);
    _assert_true(untouched == NULL, "an untouched output", file, line);
    if (out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
}

uint8_t *pack_message(const void *message, size_t *out_size) {
    *out_size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(*out_size + 1);
    assert_non_null(bytes);
    assert_int_equal(protobuf_c_message_pack(message, bytes), *out_size);
    return bytes;
}
