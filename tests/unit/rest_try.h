/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests in memory, for the tests of gateway/rest: a request line, headers and a body go in,
 * a call's message or an answer comes out.
 */
#ifndef REST_TRY_H
#define REST_TRY_H

#include "rest/rest.h"

/** A request; what is NULL is not there. A token is sent, unless there is an Authorization header.
 */
struct rest_request {
    const char *line;       /* "GET /path?query" */
    const char *headers[6]; /* "Name: value" */
    const char *body;
};

/** What came of it. Release with rest_try_deinit(). */
struct rest_try {
    struct rest_call call;
    struct http_response response;
    bool is_call;
    struct nnrpc_buffer text;
    struct http_request request;
    char *memory[16];
    size_t memory_count;
    struct http_header headers[8];
};

/** Reads a request. */
void rest_try_read(
    const struct rest_table *table, const struct rest_request *request, struct rest_try *out_try);

/** The message of the call as JSON: what is set of it, input-only fields too. */
const char *rest_try_message(struct rest_try *tried);

/** Answers the call with a response given as JSON. */
void rest_try_answer(struct rest_try *tried, const char *response_json);

/** Answers the call with an error. */
void rest_try_fail(struct rest_try *tried, const struct nnrpc_status *status);

/** The answer's body. */
const char *rest_try_body(struct rest_try *tried);

void rest_try_deinit(struct rest_try *tried);

/** Asserts which call a request is: its method by the last part of its name, and its message. */
void assert_call(
    const struct rest_table *table, const struct rest_request *request, const char *method,
    const char *message);

/** Asserts that a request is refused: HTTP status, reason and message. */
void assert_refused(
    const struct rest_table *table, const struct rest_request *request, unsigned status,
    const char *reason, const char *message);

/** Asserts a header of an answer; NULL: that it is not there. */
void assert_header(const struct rest_try *tried, const char *name, const char *value);

#endif
