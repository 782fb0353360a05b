/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON value that is no object and no list, and what a field takes of it. Independent of the
 * JSON parser.
 */
#ifndef NNRPC_JSON_VALUE_H
#define NNRPC_JSON_VALUE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_place.h"
#include "nnrpc/json.h"
#include "nnrpc/schema.h"

enum nnrpc_json_kind {
    NNRPC_JSON_NULL,
    NNRPC_JSON_FALSE,
    NNRPC_JSON_TRUE,
    NNRPC_JSON_INTEGER,
    NNRPC_JSON_REAL,
    NNRPC_JSON_TEXT,
    NNRPC_JSON_LIST,
    NNRPC_JSON_OBJECT,
};

struct nnrpc_json_value {
    enum nnrpc_json_kind kind;
    int64_t integer;
    double real;
    const char *text; /* UTF-8 without NUL, terminated; borrowed */
    size_t size;
};

/** One value of any type, as it stands in a message. */
union nnrpc_field_value {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    protobuf_c_boolean boolean;
    char *text;
    ProtobufCBinaryData bytes;
    ProtobufCMessage *message;
};

/** Who takes what is allocated and what is wrong. */
struct nnrpc_json_reader {
    ProtobufCAllocator *allocator;        /* NULL: malloc */
    const struct nnrpc_json_types *types; /* of what an Any holds; NULL: none is known */
    struct nnrpc_json_problems problems;
    bool is_out_of_memory;
    unsigned int depth; /* objects and lists around the current value */
};

/** Whether there is no point in reading on. */
bool nnrpc_json_is_stopped(const struct nnrpc_json_reader *reader);

/** "text", "number", "an object", ...: for "expected X, found Y". */
const char *nnrpc_json_kind_name(enum nnrpc_json_kind kind);

/** Adds the problem "expected X, found Y", with a text quoted. */
void nnrpc_json_expected(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, const char *expected,
    const struct nnrpc_json_value *value);

/** Memory from the allocator; NULL when it is short (is_out_of_memory is set). Size is above 0. */
void *nnrpc_json_allocate(struct nnrpc_json_reader *reader, size_t size);

/**
 * Reads a value of any type but message.
 *
 * @param names      Of an enum field, else NULL.
 * @param out_value  Untouched when false is returned: a problem was added, or memory was short.
 */
bool nnrpc_json_read_scalar(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names,
    const struct nnrpc_json_value *value, union nnrpc_field_value *out_value);

/** As above, for the key of a map: numbers and booleans as text, each with one spelling only. */
bool nnrpc_json_read_key(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const char *key, size_t size,
    union nnrpc_field_value *out_value);

#endif
