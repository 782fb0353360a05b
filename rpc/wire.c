/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, field by field. The reader's invariant: next <= end, and once `failed`
 * is set it stays set and nothing more is read.
 */
#include "nnrpc/wire.h"

#include <string.h>

#define VARINT_MAX_BYTES 10
#define TAG_MAX_BYTES 5

struct nnrpc_wire_reader nnrpc_wire_reader(const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    return (struct nnrpc_wire_reader){.next = next, .end = size == 0 ? next : next + size};
}

/* Reads a varint of at most max_bytes bytes. False when it is cut short, longer, or above 64 bits.
 */
static bool read_varint(
    struct nnrpc_wire_reader *reader, unsigned int max_bytes, uint64_t *out_value) {
    const uint8_t *at = reader->next;
    uint64_t value = 0;
    for (unsigned int index = 0; index < max_bytes && at != reader->end; index++) {
        uint8_t byte = *at++;
        if (index == VARINT_MAX_BYTES - 1 && byte > 1) {
            return false;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * index);
        if (byte < 0x80) {
            reader->next = at;
            *out_value = value;
            return true;
        }
    }
    return false;
}

/* Little-endian whatever the machine is. */
static bool read_fixed(struct nnrpc_wire_reader *reader, size_t width, uint64_t *out_value) {
    if ((size_t)(reader->end - reader->next) < width) {
        return false;
    }
    uint64_t value = 0;
    for (size_t index = 0; index < width; index++) {
        value |= (uint64_t)reader->next[index] << (8 * index);
    }
    reader->next += width;
    *out_value = value;
    return true;
}

static bool read_bytes(struct nnrpc_wire_reader *reader, struct nnrpc_slice *out_bytes) {
    uint64_t size = 0;
    if (!read_varint(reader, VARINT_MAX_BYTES, &size)) {
        return false;
    }
    if (size > (size_t)(reader->end - reader->next)) {
        return false;
    }
    *out_bytes = (struct nnrpc_slice){.data = reader->next, .size = (size_t)size};
    reader->next += size;
    return true;
}

static bool read_field(struct nnrpc_wire_reader *reader, struct nnrpc_wire_field *field) {
    uint64_t tag = 0;
    if (!read_varint(reader, TAG_MAX_BYTES, &tag) || tag > UINT32_MAX || tag >> 3 == 0) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    switch (tag & 7) {
    case NNRPC_WIRE_VARINT:
        field->type = NNRPC_WIRE_VARINT;
        return read_varint(reader, VARINT_MAX_BYTES, &field->value);
    case NNRPC_WIRE_FIXED64:
        field->type = NNRPC_WIRE_FIXED64;
        return read_fixed(reader, sizeof(uint64_t), &field->value);
    case NNRPC_WIRE_BYTES:
        field->type = NNRPC_WIRE_BYTES;
        return read_bytes(reader, &field->bytes);
    case NNRPC_WIRE_FIXED32:
        field->type = NNRPC_WIRE_FIXED32;
        return read_fixed(reader, sizeof(uint32_t), &field->value);
    default: /* groups (3, 4) and what is no wire type (6, 7) */
        return false;
    }
}

bool nnrpc_wire_next(struct nnrpc_wire_reader *reader, struct nnrpc_wire_field *out_field) {
    if (reader->failed || reader->next == reader->end) {
        return false;
    }
    const uint8_t *start = reader->next;
    struct nnrpc_wire_field field = {0};
    if (!read_field(reader, &field)) {
        reader->failed = true;
        return false;
    }
    field.whole = (struct nnrpc_slice){.data = start, .size = (size_t)(reader->next - start)};
    *out_field = field;
    return true;
}

size_t nnrpc_wire_varint_size(uint64_t value) {
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

size_t nnrpc_wire_tag_size(uint32_t number) {
    return nnrpc_wire_varint_size((uint64_t)number << 3);
}

size_t nnrpc_wire_bytes_field_size(uint32_t number, size_t content_size) {
    return nnrpc_wire_tag_size(number) + nnrpc_wire_varint_size(content_size) + content_size;
}

uint8_t *nnrpc_wire_put_varint(uint8_t *at, uint64_t value) {
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_tag(uint8_t *at, uint32_t number, enum nnrpc_wire_type type) {
    return nnrpc_wire_put_varint(at, (uint64_t)number << 3 | (uint64_t)type);
}

uint8_t *nnrpc_wire_put_bytes_header(uint8_t *at, uint32_t number, size_t content_size) {
    at = put_tag(at, number, NNRPC_WIRE_BYTES);
    return nnrpc_wire_put_varint(at, content_size);
}

void nnrpc_wire_append_varint(struct nnrpc_buffer *buffer, uint32_t number, uint64_t value) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, TAG_MAX_BYTES + VARINT_MAX_BYTES);
    if (at == NULL) {
        return;
    }
    uint8_t *end = nnrpc_wire_put_varint(put_tag(at, number, NNRPC_WIRE_VARINT), value);
    buffer->size += (size_t)(end - at);
}

void nnrpc_wire_append_fixed64(struct nnrpc_buffer *buffer, uint32_t number, uint64_t value) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, TAG_MAX_BYTES + sizeof(value));
    if (at == NULL) {
        return;
    }
    uint8_t *end = put_tag(at, number, NNRPC_WIRE_FIXED64);
    for (size_t index = 0; index < sizeof(value); index++) {
        *end++ = (uint8_t)(value >> (8 * index));
    }
    buffer->size += (size_t)(end - at);
}

void nnrpc_wire_append_bytes(
    struct nnrpc_buffer *buffer, uint32_t number, const void *content, size_t content_size) {
    if (content_size > SIZE_MAX - TAG_MAX_BYTES - VARINT_MAX_BYTES) {
        buffer->failed = true;
        return;
    }
    uint8_t *at = nnrpc_buffer_reserve(buffer, TAG_MAX_BYTES + VARINT_MAX_BYTES + content_size);
    if (at == NULL) {
        return;
    }
    uint8_t *end = nnrpc_wire_put_bytes_header(at, number, content_size);
    if (content_size != 0) {
        memcpy(end, content, content_size);
    }
    buffer->size += (size_t)(end - at) + content_size;
}
