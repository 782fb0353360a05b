/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: what one verb on one path does.
 */
#ifndef GATEWAY_OPENAPI_OPERATION_H
#define GATEWAY_OPENAPI_OPERATION_H

#include "openapi/document.h"

/**
 * An operation under its verb. Several routes are one operation that tells by `action` which of
 * them is meant; each of them stands whole under "x-actions" too.
 *
 * @param named  The route whose path names the variables.
 */
void openapi_write_operation(
    struct openapi_document *document, const struct openapi_routes *routes,
    const struct openapi_route *named);

#endif
