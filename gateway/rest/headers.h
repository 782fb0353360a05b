/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request headers that mean something here, found in one pass, and the lists in them.
 */
#ifndef GATEWAY_REST_HEADERS_H
#define GATEWAY_REST_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http_message.h"

enum rest_header {
    REST_ACCEPT,
    REST_AUTHORIZATION,
    REST_CONTENT_ENCODING,
    REST_CONTENT_TYPE,
    REST_IDEMPOTENCY_KEY,
    REST_IF_MATCH,
    REST_IF_NONE_MATCH,
    REST_TRACEPARENT,
    REST_TRACESTATE,
    REST_X_MIN_REVISION,
    REST_X_REQUEST_ID,
};
#define REST_HEADER_COUNT 11

struct rest_headers {
    const struct http_request *request;
    const char *values[REST_HEADER_COUNT]; /* the first one's; NULL: there is none */
    size_t counts[REST_HEADER_COUNT];
};

/** Finds the headers. @param out_headers  Valid as long as the request. */
void rest_headers_read(const struct http_request *request, struct rest_headers *out_headers);

/** The header's name. */
const char *rest_header_name(enum rest_header header);

/**
 * The value of a header that stands several times, one line after the other.
 *
 * @param at  Where to go on; 0 at first.
 * @return The next line, or NULL.
 */
const char *rest_headers_next(
    const struct rest_headers *headers, enum rest_header header, size_t *at);

/** Size of the list element at the front, up to a comma that does not stand in quotes. */
size_t rest_element_size(const char *text);

#endif
