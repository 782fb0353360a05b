/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of JSON share: writing and reading with one line, and what to expect of it.
 */
#ifndef UNIT_JSON_TEXT_H
#define UNIT_JSON_TEXT_H

#include "expect_status.h"

#include "nnrpc/json.h"

/** A message is written as exactly this text, in the default form. */
#define expect_json(type, message, expected)                                                       \
    expect_json_form((type), (message), NULL, (expected), __FILE__, __LINE__)

void expect_json_form(
    const struct nnrpc_message *type, const void *message, const struct nnrpc_json_format *format,
    const char *expected, const char *file, int line);

/** Reads a text that must be good; release with protobuf_c_message_free_unpacked(..., NULL). */
#define read_json(type, text) read_json_at((type), (text), strlen(text), __FILE__, __LINE__)

void *read_json_at(
    const struct nnrpc_message *type, const char *text, size_t size, const char *file, int line);

/** Text `input` is read, and written as `expected`. */
#define expect_round(type, input, expected)                                                        \
    expect_round_at((type), (input), (expected), __FILE__, __LINE__)

void expect_round_at(
    const struct nnrpc_message *type, const char *input, const char *expected, const char *file,
    int line);

/** Text is refused with INVALID_ARGUMENT, INVALID_JSON and exactly this message. */
#define expect_refused(type, text, message)                                                        \
    expect_refused_at((type), (text), strlen(text), (message), NULL, __FILE__, __LINE__)

/** The same, and leaves the status to look at; the caller releases it. */
#define expect_refused_with(type, text, message, status)                                           \
    expect_refused_at((type), (text), strlen(text), (message), (status), __FILE__, __LINE__)

void expect_refused_at(
    const struct nnrpc_message *type, const char *text, size_t size, const char *message,
    struct nnrpc_status *out_status, const char *file, int line);

/** Every byte of a message, packed with malloc. */
uint8_t *pack_message(const void *message, size_t *out_size);

#endif
