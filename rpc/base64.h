/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648) with either alphabet.
 */
#ifndef NNRPC_BASE64_H
#define NNRPC_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/** Size of the text for `size` bytes, padding included, no terminator. */
#define NNRPC_BASE64_SIZE(size) (((size) + 2) / 3 * 4)

/** Writes the standard alphabet with padding: NNRPC_BASE64_SIZE(size) characters, no terminator. */
void nnrpc_base64_write(const void *bytes, size_t size, char *out_text);

/** Writes the URL-safe alphabet without padding, no terminator. @return the characters written. */
size_t nnrpc_base64_write_url(const void *bytes, size_t size, char *out_text);

/**
 * Reads either alphabet, padding optional; unused bits must be zero, so that each value has one
 * text.
 *
 * @param out_bytes  Room for size / 4 * 3 + 3 bytes.
 * @return false when the text is not base64; out_bytes is undefined then.
 */
bool nnrpc_base64_read(const char *text, size_t size, void *out_bytes, size_t *out_size);

#endif
