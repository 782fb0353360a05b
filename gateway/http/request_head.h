/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request's head has to be, beyond what the library that reads it asks for: where a request
 * ends must be the same for every program on the way, so that none hides in another. Lines may end
 * in a line feed alone (RFC 9112, 2.2). Chunks are the library's: it takes line feeds alone there
 * too, and skips extensions and trailers, but no size that is not hexadecimal.
 */
#ifndef GATEWAY_REQUEST_HEAD_H
#define GATEWAY_REQUEST_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "http_message.h"
#include "nnrpc/base.h"

#define REQUEST_HEAD_NO_LENGTH UINT64_MAX

/** A head as it was read. */
struct request_head {
    const struct http_request *request; /* method and headers */
    const char *target;                 /* as sent */
    const char *version;                /* "HTTP/1.1" */
};

/** What is wrong with a head. */
struct request_problem {
    unsigned http_status; /* 0: nothing */
    const char *message;  /* one sentence; constant */
};

/**
 * Checks the method, the target, the headers' names and values, Host, and how long the body is.
 *
 * @param out_body_size  How many bytes follow; REQUEST_HEAD_NO_LENGTH when they come in chunks.
 */
NNRPC_NODISCARD struct request_problem request_head_check(
    const struct request_head *head, uint64_t *out_body_size);

/**
 * Splits a target into path and query, in place; the absolute form ("http://host/path") loses its
 * scheme and host.
 *
 * @param target  Terminated; cut at '?'.
 * @return false when the target is of another form.
 */
NNRPC_NODISCARD bool request_target_split(
    char *target, const char **out_path, const char **out_query);

#endif
