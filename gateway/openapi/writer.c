/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON piece by piece.
 */
#include "openapi/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/json.h"

static void begin_value(struct openapi_writer *writer, const char *key) {
    if (writer->has_sibling) {
        nnrpc_buffer_append_text(writer->out, ",");
    }
    writer->has_sibling = true;
    if (key != NULL) {
        nnrpc_json_write_string(writer->out, key, strlen(key));
        nnrpc_buffer_append_text(writer->out, ":");
    }
}

static void begin(struct openapi_writer *writer, const char *key, const char *bracket) {
    begin_value(writer, key);
    nnrpc_buffer_append_text(writer->out, bracket);
    writer->has_sibling = false;
}

static void end(struct openapi_writer *writer, const char *bracket) {
    nnrpc_buffer_append_text(writer->out, bracket);
    writer->has_sibling = true;
}

void openapi_begin_object(struct openapi_writer *writer, const char *key) {
    begin(writer, key, "{");
}

void openapi_end_object(struct openapi_writer *writer) {
    end(writer, "}");
}

void openapi_begin_list(struct openapi_writer *writer, const char *key) {
    begin(writer, key, "[");
}

void openapi_end_list(struct openapi_writer *writer) {
    end(writer, "]");
}

void openapi_write_text(struct openapi_writer *writer, const char *key, const char *text) {
    begin_value(writer, key);
    nnrpc_json_write_string(writer->out, text, strlen(text));
}

void openapi_write_format(struct openapi_writer *writer, const char *key, const char *format, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        writer->out->failed = true;
        return;
    }
    openapi_write_text(writer, key, text);
    free(text);
}

void openapi_write_integer(struct openapi_writer *writer, const char *key, int64_t value) {
    begin_value(writer, key);
    nnrpc_buffer_append_format(writer->out, "%" PRId64, value);
}

void openapi_write_flag(struct openapi_writer *writer, const char *key, bool value) {
    begin_value(writer, key);
    nnrpc_buffer_append_text(writer->out, value ? "true" : "false");
}

void openapi_write_buffer(
    struct openapi_writer *writer, const char *key, const struct nnrpc_buffer *text) {
    writer->out->failed = writer->out->failed || text->failed;
    if (text->size != 0) {
        begin_value(writer, key);
        nnrpc_json_write_string(writer->out, (const char *)text->data, text->size);
    }
}

void openapi_write_reference(
    struct openapi_writer *writer, const char *key, const char *kind, const char *name) {
    openapi_begin_object(writer, key);
    openapi_write_format(writer, "$ref", "#/components/%s/%s", kind, name);
    openapi_end_object(writer);
}

void openapi_write_members(struct openapi_writer *writer, const char *members) {
    if (members[0] != '\0') {
        begin_value(writer, NULL);
        nnrpc_buffer_append_text(writer->out, members);
    }
}
