/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of messages and of their fields.
 */
#ifndef GATEWAY_OPENAPI_SCHEMAS_H
#define GATEWAY_OPENAPI_SCHEMAS_H

#include "openapi/document.h"

/** Takes note of every message that routes bring, in requests and answers. */
void openapi_collect_uses(
    struct openapi_document *document, const struct openapi_route *routes, size_t count);

/** The members of a schema of a field: type, bounds, examples. */
void openapi_write_field_keywords(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view);

/** "description" of a field, with what its values mean where they have names. */
void openapi_write_field_description(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    const char *appendix);

/** The members of components/schemas that messages are. */
void openapi_write_schemas(struct openapi_document *document);

#endif
