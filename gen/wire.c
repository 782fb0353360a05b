/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, field by field.
 */
#include "wire.h"

#include <string.h>

#define MAX_NESTING 100
#define MAX_VARINT_BYTES 10

struct gen_wire_reader gen_wire_reader(struct gen_bytes bytes) {
    return (struct gen_wire_reader){.next = bytes.data, .end = bytes.data + bytes.size};
}

static bool gen_wire_varint(struct gen_wire_reader *reader, uint64_t *out_value) {
    uint64_t value = 0;
    for (unsigned i = 0; i < MAX_VARINT_BYTES && reader->next < reader->end; i++) {
        uint8_t byte = *reader->next++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *out_value = value;
            return true;
        }
    }
    return false;
}

static bool gen_wire_value(struct gen_wire_reader *reader, struct gen_wire_field *field) {
    uint64_t size = 0;
    switch (field->type) {
    case GEN_WIRE_VARINT:
        return gen_wire_varint(reader, &field->value);
    case GEN_WIRE_FIXED64:
        size = 8;
        break;
    case GEN_WIRE_FIXED32:
        size = 4;
        break;
    case GEN_WIRE_BYTES:
        if (!gen_wire_varint(reader, &size)) {
            return false;
        }
        break;
    }
    if (size > (uint64_t)(reader->end - reader->next)) {
        return false;
    }
    field->bytes = (struct gen_bytes){.data = reader->next, .size = (size_t)size};
    reader->next += size;
    return true;
}

bool gen_wire_next(struct gen_wire_reader *reader, struct gen_wire_field *out_field) {
    if (reader->failed || reader->next == reader->end) {
        return false;
    }
    const uint8_t *start = reader->next;
    uint64_t tag = 0;
    struct gen_wire_field field = {0};
    if (gen_wire_varint(reader, &tag) && tag >> 3 != 0 && tag >> 3 < ((uint64_t)1 << 29)) {
        unsigned type = tag & 7;
        field.number = (uint32_t)(tag >> 3);
        field.type = (enum gen_wire_type)type;
        bool known = type == GEN_WIRE_VARINT || type == GEN_WIRE_FIXED64 ||
                     type == GEN_WIRE_BYTES || type == GEN_WIRE_FIXED32;
        if (known && gen_wire_value(reader, &field)) {
            field.whole.data = start;
            field.whole.size = (size_t)(reader->next - start);
            *out_field = field;
            return true;
        }
    }
    reader->failed = true;
    return false;
}

/* Whether bytes are well-formed UTF-8 without NUL: protobuf-c would cut the text there. */
static bool gen_is_text(struct gen_bytes bytes) {
    size_t i = 0;
    while (i < bytes.size) {
        uint8_t lead = bytes.data[i++];
        if (lead == 0 || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4) {
            return false;
        }
        unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        if (bytes.size - i < more) {
            return false;
        }
        for (unsigned k = 0; k < more; k++) {
            uint8_t low = 0x80;
            uint8_t high = 0xbf;
            if (k == 0) {
                low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
                high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
            }
            if (bytes.data[i] < low || bytes.data[i] > high) {
                return false;
            }
            i++;
        }
    }
    return true;
}

static enum gen_wire_type gen_wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return GEN_WIRE_BYTES;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return GEN_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return GEN_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return GEN_WIRE_VARINT;
}

static bool gen_wire_fits(
    const ProtobufCFieldDescriptor *known, const struct gen_wire_field *field) {
    enum gen_wire_type expected = gen_wire_type_of(known->type);
    bool packed = known->label == PROTOBUF_C_LABEL_REPEATED && expected != GEN_WIRE_BYTES &&
                  field->type == GEN_WIRE_BYTES;
    return field->type == expected || packed;
}

static const char *gen_wire_problem_at(
    const ProtobufCMessageDescriptor *type, struct gen_bytes bytes, unsigned depth) {
    if (depth > MAX_NESTING) {
        return "messages nested deeper than 100";
    }
    struct gen_wire_reader reader = gen_wire_reader(bytes);
    struct gen_wire_field field;
    while (gen_wire_next(&reader, &field)) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known == NULL) {
            continue;
        }
        if (!gen_wire_fits(known, &field)) {
            return "a field of the wrong wire type";
        }
        if (known->type == PROTOBUF_C_TYPE_STRING && !gen_is_text(field.bytes)) {
            return "text that is not UTF-8 or has NUL in it";
        }
        if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
            const char *problem = gen_wire_problem_at(known->descriptor, field.bytes, depth + 1);
            if (problem != NULL) {
                return problem;
            }
        }
    }
    return reader.failed ? "bytes that are not the protobuf wire format" : NULL;
}

const char *gen_wire_problem(const ProtobufCMessageDescriptor *type, struct gen_bytes bytes) {
    return gen_wire_problem_at(type, bytes, 1);
}

/* protobuf-c keeps the length in front of the payload of an unknown field. */
static bool gen_unknown_payload(
    const ProtobufCMessageUnknownField *unknown, struct gen_bytes *out_bytes) {
    struct gen_wire_reader reader =
        gen_wire_reader((struct gen_bytes){.data = unknown->data, .size = unknown->len});
    uint64_t size = 0;
    if (!gen_wire_varint(&reader, &size) || size != (uint64_t)(reader.end - reader.next)) {
        return false;
    }
    *out_bytes = (struct gen_bytes){.data = reader.next, .size = (size_t)size};
    return true;
}

/* Whether the field is a piece of a BYTES field with that number. */
static bool gen_unknown_piece(
    const ProtobufCMessageUnknownField *unknown, uint32_t number, struct gen_bytes *out_bytes) {
    return unknown->tag == number && unknown->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
           gen_unknown_payload(unknown, out_bytes);
}

bool gen_wire_unknown_bytes(
    const ProtobufCMessage *message, uint32_t number, struct gen_memory *memory,
    struct gen_bytes *out_bytes) {
    size_t size = 0;
    bool found = false;
    struct gen_bytes piece;
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        if (gen_unknown_piece(&message->unknown_fields[i], number, &piece)) {
            found = true;
            size += piece.size;
        }
    }
    if (!found) {
        return false;
    }
    uint8_t *joined = gen_allocate(memory, size);
    size_t used = 0;
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        if (gen_unknown_piece(&message->unknown_fields[i], number, &piece) && piece.size > 0) {
            memcpy(joined + used, piece.data, piece.size);
            used += piece.size;
        }
    }
    *out_bytes = (struct gen_bytes){.data = joined, .size = size};
    return true;
}

bool gen_wire_unknown_varint(
    const ProtobufCMessage *message, uint32_t number, uint64_t *out_value) {
    bool found = false;
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
        struct gen_wire_reader reader =
            gen_wire_reader((struct gen_bytes){.data = unknown->data, .size = unknown->len});
        if (unknown->tag == number && unknown->wire_type == PROTOBUF_C_WIRE_TYPE_VARINT &&
            gen_wire_varint(&reader, out_value)) {
            found = true;
        }
    }
    return found;
}
