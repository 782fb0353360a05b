/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP request as it was sent, and the answer to it, free of the library that carries them.
 *
 * Not thread-safe: a message belongs to the loop of its connection.
 */
#ifndef GATEWAY_HTTP_MESSAGE_H
#define GATEWAY_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

#define HTTP_RESPONSE_HEADERS 16

struct http_header {
    const char *name;
    const char *value;
};

/** Everything is borrowed until the request was answered. */
struct http_request {
    const char *method; /* "GET" */
    const char *path;   /* as sent: percent-encoded, without the query; begins with '/' or is "*" */
    const char *query;  /* as sent: what follows '?'; "" when there is none */
    const struct http_header *headers; /* in the order sent; a name may stand several times */
    size_t header_count;
    const char *body; /* not terminated */
    size_t body_size;
};

/** The value of a header, the first one where it stands several times, or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

/** How many times a header stands. */
size_t http_request_count_header(const struct http_request *request, const char *name);

/** Whether a list of etags, as If-None-Match has it, names one (quoted) by weak comparison, or any
 * by
 *  "*" (RFC 9110, 8.8.3.2). The etag has no comma. */
bool http_etag_is_listed(const char *list, const char *etag);

/** One header of an answer. */
struct http_response_header {
    const char *name; /* constant text */
    char *value;      /* in the answer's header_text */
};

/** All zero is an answer that was not given. Release with http_response_deinit(). */
struct http_response {
    /** 0: not given. Of 304 the body is not sent, but its length is told, as of the answer to HEAD.
     */
    unsigned status;
    const char *content_type; /* constant text; NULL: there is no body */
    struct nnrpc_buffer body;
    const void *constant_body; /* instead of `body`: outlives the program's answers */
    size_t constant_body_size;
    struct http_response_header headers[HTTP_RESPONSE_HEADERS];
    size_t header_count;
    char *header_text; /* owned: all values, each terminated, in one piece */
    size_t header_text_size;
    size_t header_text_capacity;
    bool failed; /* memory was short: answer 500 instead */
};

/** Releases what the answer owns and makes it all zero. Fits NNRPC_CLEANUP. */
void http_response_deinit(struct http_response *response);

/** Adds a header. Control characters in the value are left out, so that it stays one line. */
void http_response_add_header(
    struct http_response *response, const char *name, const char *format, ...) NNRPC_PRINTF(3, 4);

/** The value of a header of an answer, or NULL. */
const char *http_response_header(const struct http_response *response, const char *name);

#endif
