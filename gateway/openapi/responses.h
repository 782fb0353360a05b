/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of operations: of success, and every error with what may have gone wrong.
 */
#ifndef GATEWAY_OPENAPI_RESPONSES_H
#define GATEWAY_OPENAPI_RESPONSES_H

#include "openapi/document.h"

/** "responses" of an operation. */
void openapi_write_responses(
    struct openapi_document *document, const struct openapi_routes *routes);

/** "responses" of the components: errors that do not depend on the method. */
void openapi_write_common_responses(struct openapi_document *document);

#endif
