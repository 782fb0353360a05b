/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to and from any message, by its descriptor and its generated names.
 *
 * The mapping is proto3's JSON mapping (64-bit integers are strings, Timestamp is RFC 3339, bytes
 * are base64), with these choices: output has every field but the input-only ones, unset text as
 * "", unset repeated as [], unset messages as null; enums are the lower-case value without prefix
 * (their full name and number are read too); a field with empty_is_null is null when empty; mask
 * paths use JSON names. Input takes JSON names and proto names, null for "not set", and refuses
 * unknown keys, duplicate keys, nesting above 100, bad UTF-8 and NUL in strings, each error naming
 * the place ("contact.email", line and column).
 *
 * Whole numbers may stand in quotes or not, but not where JSON would lose digits: a number without
 * quotes is refused above 64 bits, and one with a fraction or exponent above 2^53. Map entries are
 * written in the order of their keys. Any thread.
 *
 * google.protobuf.Any has a JSON form only where the types are given that it may hold.
 */
#ifndef NNRPC_JSON_H
#define NNRPC_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

/** Longest text that is read. */
#define NNRPC_JSON_MAX_BYTES (8u << 20)

/** Deepest nesting of objects and lists that is read. */
#define NNRPC_JSON_MAX_DEPTH 100

/** The types that a google.protobuf.Any may hold, as nnrpc_dynamic_json_types() has them. */
struct nnrpc_json_types {
    /** A message's table by its full name, or NULL. */
    const struct nnrpc_message *(*find)(void *self, const char *full_name);
    void *self;
};

/** All zero: one line, every field. */
struct nnrpc_json_format {
    uint32_t indent;      /* spaces a level; 0: everything on one line, ", " and ": " not spaced */
    bool omit_unset;      /* leave out fields that have their default value */
    bool with_input_only; /* write input-only fields too: for requests */
    const struct nnrpc_json_types *types; /* of what an Any may hold; NULL: none */
};

/**
 * Appends a message as JSON. The message may come from the wire or be made by hand (a NULL text is
 * an empty one); unknown fields are left out, text that is not UTF-8 gets U+FFFD.
 *
 * @param format  NULL for the default.
 * @return NNRPC_OK; NNRPC_RESOURCE_EXHAUSTED (out->failed is set) without memory, or for a message
 *         nested above 256 objects and lists; NNRPC_OUT_OF_RANGE for a Timestamp or Duration beyond
 *         its bounds or a Value that is no finite number, NNRPC_UNIMPLEMENTED for an Any of a type
 * that is not given: both write null there and the rest.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_write(
    const struct nnrpc_message *type, const ProtobufCMessage *message,
    const struct nnrpc_json_format *format, struct nnrpc_buffer *out);

/**
 * Appends the value of one field as JSON: an object, a list, a text, ... As nnrpc_json_write(); an
 * input-only field too, and null for a member of a oneof that is not the chosen one.
 *
 * @param index  Of the field in type->fields.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_write_field(
    const struct nnrpc_message *type, unsigned int index, const ProtobufCMessage *message,
    const struct nnrpc_json_format *format, struct nnrpc_buffer *out);

/** Appends text as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD. */
void nnrpc_json_write_string(struct nnrpc_buffer *out, const char *text, size_t size);

/**
 * Reads one JSON object as a message. Trailing white space is fine, other trailing text is not.
 *
 * What is wrong with single values is collected, up to 1,000 field violations: `field` is the path
 * by proto names, the status's message has the first one by JSON names. The values of sensitive
 * fields stand in no message, and the parser's own copies of the text are wiped.
 *
 * @param allocator    NULL for malloc; else the allocator with which the message is made.
 * @param out_message  On NNRPC_OK owned by the caller, release with
 *                     protobuf_c_message_free_unpacked(message, allocator); else untouched.
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (reason INVALID_JSON; field violations where a value
 *         does not fit its field), NNRPC_RESOURCE_EXHAUSTED (reason MEMORY_LIMIT: the allocator
 * gave no more).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_read(
    const struct nnrpc_message *type, const char *text, size_t size, ProtobufCAllocator *allocator,
    ProtobufCMessage **out_message, struct nnrpc_status *out_status);

/** As nnrpc_json_read(), with the types that a google.protobuf.Any may hold: NULL for none. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_read_with_types(
    const struct nnrpc_message *type, const struct nnrpc_json_types *types, const char *text,
    size_t size, ProtobufCAllocator *allocator, ProtobufCMessage **out_message,
    struct nnrpc_status *out_status);

/**
 * As nnrpc_json_read(), and lists the keys of the outermost object that were present, null ones
 * too, as proto names joined by commas: what a PATCH changes.
 *
 * @param out_keys  The names are appended on NNRPC_OK; else untouched.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_read_keys(
    const struct nnrpc_message *type, const char *text, size_t size, ProtobufCAllocator *allocator,
    ProtobufCMessage **out_message, struct nnrpc_buffer *out_keys, struct nnrpc_status *out_status);

/**
 * Reads a JSON value of any kind as one field of a message: an object, a list, a text, ... Null
 * leaves the field alone where it is no value of its type. What is wrong is told as by
 * nnrpc_json_read(), with paths that start below the field.
 *
 * @param index      Of the field in type->fields; it must not be set.
 * @param message    Its parts are malloc'd. After a failure the field may hold a part of the value.
 * @param out_paths  What the text says of the field's fields, to be a mask: on NNRPC_OK the paths
 * of the keys that were present, null ones too, by proto names and joined by commas, are appended.
 * Of a message the paths below it, so none for {}; a list, a map or what has a JSON form of its own
 * is one. NULL: not wanted.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_read_field(
    const struct nnrpc_message *type, unsigned int index, const char *text, size_t size,
    ProtobufCMessage *message, struct nnrpc_buffer *out_paths, struct nnrpc_status *out_status);

NNRPC_END_DECLARATIONS

#endif
