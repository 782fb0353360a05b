/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, field by field: for code that reads or writes packed bytes in place.
 *
 * Source of the format: protobuf's encoding documentation. The reader never reads outside its
 * bytes and refuses varints above ten bytes or 64 bits, tags above five bytes, field number 0,
 * lengths past the end, and groups. Not thread-safe; readers are plain values.
 */
#ifndef NNRPC_WIRE_H
#define NNRPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

NNRPC_BEGIN_DECLARATIONS

enum nnrpc_wire_type {
    NNRPC_WIRE_VARINT = 0,
    NNRPC_WIRE_FIXED64 = 1,
    NNRPC_WIRE_BYTES = 2,
    NNRPC_WIRE_FIXED32 = 5,
};

/** Bytes that belong to somebody else. */
struct nnrpc_slice {
    const uint8_t *data;
    size_t size;
};

struct nnrpc_wire_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed; /* the bytes are not the wire format */
};

struct nnrpc_wire_field {
    uint32_t number;
    enum nnrpc_wire_type type;
    uint64_t value;           /* of VARINT, FIXED64, FIXED32 */
    struct nnrpc_slice bytes; /* of BYTES; borrowed from the reader's bytes */
    struct nnrpc_slice whole; /* tag and value as they stand: copy it to copy the field */
};

/** A reader over bytes, which must outlive it. */
struct nnrpc_wire_reader nnrpc_wire_reader(const void *bytes, size_t size);

/**
 * Reads the next field.
 *
 * @return true with *out_field filled; false at the end or, with reader->failed set, at bytes that
 *         are not the wire format.
 */
bool nnrpc_wire_next(struct nnrpc_wire_reader *reader, struct nnrpc_wire_field *out_field);

/** Encoded size of a varint: 1 to 10. */
size_t nnrpc_wire_varint_size(uint64_t value);

/** Encoded size of a tag. */
size_t nnrpc_wire_tag_size(uint32_t number);

/** Encoded size of a whole BYTES field: tag, length and content. */
size_t nnrpc_wire_bytes_field_size(uint32_t number, size_t content_size);

/** Writes a varint and returns the first byte after it. The caller has the room. */
uint8_t *nnrpc_wire_put_varint(uint8_t *at, uint64_t value);

/** Writes tag and length of a BYTES field and returns where its content goes. */
uint8_t *nnrpc_wire_put_bytes_header(uint8_t *at, uint32_t number, size_t content_size);

/** Appends a whole VARINT field. */
void nnrpc_wire_append_varint(struct nnrpc_buffer *buffer, uint32_t number, uint64_t value);

/** Appends a whole FIXED64 field. */
void nnrpc_wire_append_fixed64(struct nnrpc_buffer *buffer, uint32_t number, uint64_t value);

/** Appends a whole BYTES field. */
void nnrpc_wire_append_bytes(
    struct nnrpc_buffer *buffer, uint32_t number, const void *content, size_t content_size);

/** Whether bytes are well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool nnrpc_utf8_valid(const void *bytes, size_t size);

NNRPC_END_DECLARATIONS

#endif
