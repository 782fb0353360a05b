/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, field by field: for what protobuf-c cannot do, which is to bound the
 * nesting of what it unpacks, to keep the bytes of a part, and to know custom options.
 */
#ifndef GEN_WIRE_H
#define GEN_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

enum gen_wire_type {
    GEN_WIRE_VARINT = 0,
    GEN_WIRE_FIXED64 = 1,
    GEN_WIRE_BYTES = 2,
    GEN_WIRE_FIXED32 = 5,
};

/** Bytes that belong to somebody else. */
struct gen_bytes {
    const uint8_t *data;
    size_t size;
};

struct gen_wire_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed; /* the bytes are not the wire format */
};

struct gen_wire_field {
    uint32_t number;
    enum gen_wire_type type;
    uint64_t value;         /* of VARINT */
    struct gen_bytes bytes; /* of BYTES */
    struct gen_bytes whole; /* tag and value as they stand */
};

/** A reader over bytes, which must outlive it. */
struct gen_wire_reader gen_wire_reader(struct gen_bytes bytes);

/** Reads the next field; false at the end or, with `failed` set, at bytes that are none. */
bool gen_wire_next(struct gen_wire_reader *reader, struct gen_wire_field *out_field);

/**
 * Says what keeps bytes from being unpacked as a message, or NULL when nothing does: not the wire
 * format, a known field of another wire type, nesting above 100, text that is not UTF-8 or has NUL.
 */
const char *gen_wire_problem(const ProtobufCMessageDescriptor *type, struct gen_bytes bytes);

/**
 * Joins all occurrences of one field that a message did not know: a custom option may come in
 * several pieces, which protobuf's rules merge by concatenation.
 *
 * @param out_bytes  Payload of a BYTES field.
 * @return Whether there was one.
 */
bool gen_wire_unknown_bytes(
    const ProtobufCMessage *message, uint32_t number, struct gen_memory *memory,
    struct gen_bytes *out_bytes);

/** The last value of a VARINT field that a message did not know; false when there is none. */
bool gen_wire_unknown_varint(const ProtobufCMessage *message, uint32_t number, uint64_t *out_value);

#endif
