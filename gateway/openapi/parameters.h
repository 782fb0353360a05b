/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of operations: in the path, in the query, in headers.
 */
#ifndef GATEWAY_OPENAPI_PARAMETERS_H
#define GATEWAY_OPENAPI_PARAMETERS_H

#include "openapi/document.h"

/** Appends a rule's path with its variables by JSON names. */
void openapi_append_path(const struct openapi_route *route, struct nnrpc_buffer *out);

/**
 * "parameters" of an operation.
 *
 * @param named  The route whose path names the variables.
 */
void openapi_write_parameters(
    struct openapi_document *document, const struct openapi_routes *routes,
    const struct openapi_route *named);

#endif
