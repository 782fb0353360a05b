/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions on etags (RFC 9110, section 13).
 */
#ifndef GATEWAY_REST_CONDITIONS_H
#define GATEWAY_REST_CONDITIONS_H

#include <stdbool.h>

#include "rest/headers.h"

/** What the conditions of a read say of its answer. */
enum rest_condition {
    REST_CONDITION_MET,
    REST_CONDITION_NOT_MODIFIED, /* If-None-Match names the etag: 304 */
    REST_CONDITION_FAILED,       /* If-Match does not name it: 412 */
};

/**
 * Holds an answer's etag against If-Match and If-None-Match.
 *
 * @param etag  Without quotes; "" when the answer has none.
 */
enum rest_condition rest_check_conditions(const struct rest_headers *headers, const char *etag);

#endif
