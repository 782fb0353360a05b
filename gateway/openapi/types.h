/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of single values.
 */
#ifndef GATEWAY_OPENAPI_TYPES_H
#define GATEWAY_OPENAPI_TYPES_H

#include "openapi/document.h"

/** Appends the name under which a message's schema stands among the components. */
void openapi_append_schema_name(
    const struct openapi_document *document, const struct nnrpc_message *message,
    enum openapi_view view, struct nnrpc_buffer *out);

/** {"$ref": ...} to a message's schema. */
void openapi_write_message_reference(
    struct openapi_document *document, const char *key, const struct nnrpc_message *message,
    enum openapi_view view);

/** "type": name, or [name, "null"]. */
void openapi_write_type_name(struct openapi_writer *writer, const char *name, bool with_null);

/** The keywords that say what one value of a field (an element, of a list) looks like. */
void openapi_write_value_type(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view, bool with_null);

/** The keywords for the whole field: lists and maps too. */
void openapi_write_field_type(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view, bool with_null);

#endif
