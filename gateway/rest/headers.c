/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request headers.
 */
#include "rest/headers.h"

#include <string.h>
#include <strings.h>

#include "nnrpc/base.h"

static const struct {
    const char *name;
    size_t size;
} NAMES[] = {
    [REST_ACCEPT] = {"Accept", 6},
    [REST_AUTHORIZATION] = {"Authorization", 13},
    [REST_CONTENT_ENCODING] = {"Content-Encoding", 16},
    [REST_CONTENT_TYPE] = {"Content-Type", 12},
    [REST_IDEMPOTENCY_KEY] = {"Idempotency-Key", 15},
    [REST_IF_MATCH] = {"If-Match", 8},
    [REST_IF_NONE_MATCH] = {"If-None-Match", 13},
    [REST_TRACEPARENT] = {"traceparent", 11},
    [REST_TRACESTATE] = {"tracestate", 10},
    [REST_X_MIN_REVISION] = {"X-Min-Revision", 14},
    [REST_X_REQUEST_ID] = {"X-Request-Id", 12},
};
_Static_assert(NNRPC_LENGTH(NAMES) == REST_HEADER_COUNT, "each header has its name");

void rest_headers_read(const struct http_request *request, struct rest_headers *out_headers) {
    *out_headers = (struct rest_headers){.request = request};
    for (size_t index = 0; index < request->header_count; index++) {
        const struct http_header *header = &request->headers[index];
        size_t size = strlen(header->name);
        for (size_t known = 0; known < REST_HEADER_COUNT; known++) {
            if (NAMES[known].size == size && strcasecmp(NAMES[known].name, header->name) == 0) {
                if (out_headers->counts[known]++ == 0) {
                    out_headers->values[known] = header->value;
                }
                break;
            }
        }
    }
}

const char *rest_header_name(enum rest_header header) {
    return NAMES[header].name;
}

const char *rest_headers_next(
    const struct rest_headers *headers, enum rest_header header, size_t *at) {
    if (headers->counts[header] == 0) {
        return NULL;
    }
    const struct http_request *request = headers->request;
    while (*at < request->header_count) {
        const struct http_header *line = &request->headers[(*at)++];
        if (strcasecmp(NAMES[header].name, line->name) == 0) {
            return line->value;
        }
    }
    return NULL;
}

size_t rest_element_size(const char *text) {
    bool is_quoted = false;
    size_t at = 0;
    for (; text[at] != '\0' && (is_quoted || text[at] != ','); at++) {
        if (text[at] == '"') {
            is_quoted = !is_quoted;
        } else if (text[at] == '\\' && is_quoted && text[at + 1] != '\0') {
            at++;
        }
    }
    return at;
}
