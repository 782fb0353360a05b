/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the HTTP interface as OpenAPI 3.1, made of the generated tables and the
 * comments in the descriptor sets.
 */
#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

struct openapi_info {
    const char *title;
    const char *version;
    const char *description; /* CommonMark */
};

/**
 * Appends the document as JSON, or nothing. The same input gives the same bytes.
 *
 * @return NNRPC_OK; NNRPC_INTERNAL (descriptors that do not fit the tables);
 *         NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code openapi_write(
    const struct nnrpc_service *const *services, size_t service_count,
    const struct openapi_info *info, struct nnrpc_buffer *out, struct nnrpc_status *out_status);

#endif
