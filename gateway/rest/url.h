/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Percent-encoding (RFC 3986), and text in what a client sent.
 */
#ifndef GATEWAY_REST_URL_H
#define GATEWAY_REST_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

/**
 * Decodes a path segment, or a name or value of a query.
 *
 * @param plus_is_space  As in queries.
 * @param out_text       Room for size + 1 bytes; terminated on true. May be `text`.
 * @return false when a '%' is not followed by two hexadecimal digits, or what comes out is not
 *         UTF-8 or has NUL in it.
 */
NNRPC_NODISCARD bool rest_url_decode(
    const char *text, size_t size, bool plus_is_space, char *out_text, size_t *out_size);

/** Appends text so that it can stand as one path segment, or as name or value in a query. */
void rest_url_encode(struct nnrpc_buffer *out, const char *text, size_t size);

/** Appends a piece of an address as it was sent, with whatever no address may have encoded: so it
 *  cannot end the address that it is made part of. */
void rest_url_repeat(struct nnrpc_buffer *out, const char *sent, size_t size);

/** Skips spaces and tabs. */
const char *rest_skip_spaces(const char *text);

#endif
