/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer that grows. Failure sticks: after an append for which memory was short, `failed` is
 * set, later appends do nothing, and the owner checks once at the end. Not thread-safe.
 */
#ifndef NNRPC_BUFFER_H
#define NNRPC_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"

NNRPC_BEGIN_DECLARATIONS

/** All zero is an empty buffer. Release with nnrpc_buffer_deinit(). */
struct nnrpc_buffer {
    uint8_t *data; /* owned, malloc'd; NULL while nothing was appended */
    size_t size;
    size_t capacity;
    bool failed;
};

/** Releases the bytes and makes the buffer empty. NULL is fine. Fits NNRPC_CLEANUP. */
void nnrpc_buffer_deinit(struct nnrpc_buffer *buffer);

/** Forgets the content and a failure, keeps the memory. */
void nnrpc_buffer_clear(struct nnrpc_buffer *buffer);

/**
 * Makes room for `size` more bytes.
 *
 * @return Where they go, valid until the next call on the buffer; the caller adds what it used to
 *         buffer->size. NULL when memory is short (buffer->failed is set).
 */
uint8_t *nnrpc_buffer_reserve(struct nnrpc_buffer *buffer, size_t size);

/** Appends bytes; `bytes` may be NULL when size is 0. */
void nnrpc_buffer_append(struct nnrpc_buffer *buffer, const void *bytes, size_t size);

/** Appends a terminated string without its terminator. */
void nnrpc_buffer_append_text(struct nnrpc_buffer *buffer, const char *text);

/** Appends formatted text. */
void nnrpc_buffer_append_format(struct nnrpc_buffer *buffer, const char *format, ...)
    NNRPC_PRINTF(2, 3);

/** Terminates the content (the terminator is not counted in size); NULL after a failure. */
const char *nnrpc_buffer_text(struct nnrpc_buffer *buffer);

NNRPC_END_DECLARATIONS

#endif
