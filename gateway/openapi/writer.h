/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON piece by piece: values get a key inside of objects (NULL inside of lists), commas set
 * themselves. Failure sticks in the buffer.
 */
#ifndef GATEWAY_OPENAPI_WRITER_H
#define GATEWAY_OPENAPI_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

struct openapi_writer {
    struct nnrpc_buffer *out; /* borrowed */
    bool has_sibling;         /* a comma belongs before what comes next */
};

void openapi_begin_object(struct openapi_writer *writer, const char *key);
void openapi_end_object(struct openapi_writer *writer);
void openapi_begin_list(struct openapi_writer *writer, const char *key);
void openapi_end_list(struct openapi_writer *writer);

void openapi_write_text(struct openapi_writer *writer, const char *key, const char *text);
void openapi_write_format(struct openapi_writer *writer, const char *key, const char *format, ...)
    NNRPC_PRINTF(3, 4);
void openapi_write_integer(struct openapi_writer *writer, const char *key, int64_t value);
void openapi_write_flag(struct openapi_writer *writer, const char *key, bool value);

/** Takes over what a buffer holds; nothing when it holds nothing. */
void openapi_write_buffer(
    struct openapi_writer *writer, const char *key, const struct nnrpc_buffer *text);

/** {"key": {"$ref": "#/components/KIND/NAME"}}. */
void openapi_write_reference(
    struct openapi_writer *writer, const char *key, const char *kind, const char *name);

/** The members of an object, or the elements of a list, that are JSON already. */
void openapi_write_members(struct openapi_writer *writer, const char *members);

#endif
