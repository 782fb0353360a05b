/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes for the tests of frames: in memory of exactly their size, so that the sanitizers see every
 * read beyond them.
 */
#ifndef UNIT_PACKED_H
#define UNIT_PACKED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <protobuf-c/protobuf-c.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"

/* Packed bytes in memory of exactly their size. */
struct packed {
    uint8_t *data;
    size_t size;
};

static inline void packed_deinit(struct packed *packed) {
    free(packed->data);
}

static inline struct packed pack(const void *message) {
    struct packed packed = {.size = protobuf_c_message_get_packed_size(message)};
    packed.data = malloc(packed.size > 0 ? packed.size : 1);
    assert_non_null(packed.data);
    (void)protobuf_c_message_pack(message, packed.data);
    return packed;
}

static inline struct packed copy_bytes(const void *bytes, size_t size) {
    struct packed packed = {.data = malloc(size > 0 ? size : 1), .size = size};
    assert_non_null(packed.data);
    if (size > 0 && packed.data != NULL) {
        memcpy(packed.data, bytes, size);
    }
    return packed;
}

static inline ProtobufCBinaryData binary(const char *text) {
    return (ProtobufCBinaryData){.len = strlen(text), .data = (uint8_t *)text};
}

static inline void assert_slice(struct nnrpc_slice slice, const char *expected) {
    assert_int_equal(slice.size, strlen(expected));
    assert_memory_equal(slice.data, expected, slice.size);
}

/* A packed message of one BYTES field. */
static inline struct nnrpc_buffer bytes_field(uint32_t number, const void *content, size_t size) {
    struct nnrpc_buffer buffer = {0};
    nnrpc_wire_append_bytes(&buffer, number, content, size);
    assert_false(buffer.failed);
    return buffer;
}

static inline struct nnrpc_buffer varint_field(uint32_t number) {
    struct nnrpc_buffer buffer = {0};
    nnrpc_wire_append_varint(&buffer, number, 1);
    assert_false(buffer.failed);
    return buffer;
}

#endif
