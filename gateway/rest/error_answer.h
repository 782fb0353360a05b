/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers that several kinds of answers share, and HTTP's statuses of errors.
 */
#ifndef GATEWAY_REST_ERROR_ANSWER_H
#define GATEWAY_REST_ERROR_ANSWER_H

#include "http/http_message.h"
#include "nnrpc/status.h"

#define REST_JSON_TYPE "application/json"

/** The HTTP status of an error, by its reason and else by its code. */
unsigned rest_http_status(const struct nnrpc_status *status);

#endif
