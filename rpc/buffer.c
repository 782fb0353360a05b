/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer that grows by doubling. Invariant: size <= capacity, and a failed buffer is never
 * written to again until it is cleared.
 */
#include "nnrpc/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_CAPACITY 64

void nnrpc_buffer_deinit(struct nnrpc_buffer *buffer) {
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    *buffer = (struct nnrpc_buffer){0};
}

void nnrpc_buffer_clear(struct nnrpc_buffer *buffer) {
    buffer->size = 0;
    buffer->failed = false;
}

static bool grow(struct nnrpc_buffer *buffer, size_t size) {
    if (size > SIZE_MAX / 2 - buffer->size) {
        return false;
    }
    size_t capacity = buffer->capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : buffer->capacity;
    while (capacity < buffer->size + size) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

uint8_t *nnrpc_buffer_reserve(struct nnrpc_buffer *buffer, size_t size) {
    if (buffer->failed) {
        return NULL;
    }
    if (buffer->data == NULL || size > buffer->capacity - buffer->size) {
        if (!grow(buffer, size)) {
            buffer->failed = true;
            return NULL;
        }
    }
    return buffer->data + buffer->size;
}

void nnrpc_buffer_append(struct nnrpc_buffer *buffer, const void *bytes, size_t size) {
    if (size == 0) {
        return;
    }
    uint8_t *at = nnrpc_buffer_reserve(buffer, size);
    if (at != NULL) {
        memcpy(at, bytes, size);
        buffer->size += size;
    }
}

void nnrpc_buffer_append_text(struct nnrpc_buffer *buffer, const char *text) {
    nnrpc_buffer_append(buffer, text, strlen(text));
}

/* Formats into the room that is there; most texts fit, so the second pass is rare. */
void nnrpc_buffer_append_format(struct nnrpc_buffer *buffer, const char *format, ...) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, SMALLEST_CAPACITY);
    if (at == NULL) {
        return;
    }
    size_t room = buffer->capacity - buffer->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf((char *)at, room, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length >= room) {
        at = nnrpc_buffer_reserve(buffer, (size_t)length + 1);
        if (at == NULL) {
            return;
        }
        va_start(arguments, format);
        length = vsnprintf((char *)at, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    buffer->size += (size_t)length;
}

const char *nnrpc_buffer_text(struct nnrpc_buffer *buffer) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, 1);
    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return (const char *)buffer->data;
}
