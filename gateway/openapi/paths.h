/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: the rules of all services, gathered by path and verb.
 */
#ifndef GATEWAY_OPENAPI_PATHS_H
#define GATEWAY_OPENAPI_PATHS_H

#include "openapi/document.h"

/** Appends every rule, in the order of the services, as struct openapi_route. */
void openapi_collect_routes(
    const struct openapi_document *document, struct nnrpc_buffer *out_routes);

/** The members of "paths" that rules are. */
void openapi_write_paths(
    struct openapi_document *document, const struct openapi_route *routes, size_t count);

#endif
