/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of comments as CommonMark.
 */
#ifndef GATEWAY_OPENAPI_MARKDOWN_H
#define GATEWAY_OPENAPI_MARKDOWN_H

#include <stddef.h>

#include "nnrpc/buffer.h"

/** What names of fields are called in JSON. */
struct markdown_names {
    const char *(*find)(const void *self, const char *name, size_t size); /* NULL: no field */
    const void *self;
};

/**
 * Appends text: what is quoted and the names of fields become code, these by their JSON names;
 * characters that would mean something in CommonMark are escaped.
 */
void openapi_append_markdown(
    const char *text, size_t size, const struct markdown_names *names, struct nnrpc_buffer *out);

#endif
