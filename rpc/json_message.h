/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and their parts from JSON values: what needs no JSON parser.
 */
#ifndef NNRPC_JSON_MESSAGE_H
#define NNRPC_JSON_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_place.h"
#include "json_value.h"
#include "nnrpc/schema.h"

/** Makes an empty message; NULL without memory. */
ProtobufCMessage *nnrpc_json_new_message(
    struct nnrpc_json_reader *reader, const ProtobufCMessageDescriptor *descriptor);

/**
 * Gives a repeated field room for `count` values; its count stays 0. NULL for no values or no
 * memory.
 */
char *nnrpc_json_new_array(
    struct nnrpc_json_reader *reader, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message, size_t count);

/** Puts the value of a singular field where it belongs, and notes that it is there. */
void nnrpc_json_store(
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
    const union nnrpc_field_value *value);

/** The type of a field whose JSON is one object of fields, or NULL. */
const struct nnrpc_message *nnrpc_json_object_of_fields(
    const struct nnrpc_message *type, unsigned int index);

/** The member of google.protobuf.Value for a kind of JSON value, by its field number. */
uint32_t nnrpc_json_value_member(enum nnrpc_json_kind kind);

/** Whether null is a value of a field's type, and not the absence of one. */
bool nnrpc_json_has_null(const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names);

/** Marks a field as seen; false when it was already: it then stands under both of its names. */
bool nnrpc_json_mark_seen(uint64_t *seen, unsigned int index);

/** The member of a oneof that is chosen already, by its number. */
const struct nnrpc_field *nnrpc_json_chosen_member(
    const struct nnrpc_message *type, const ProtobufCFieldDescriptor *field, uint32_t chosen);

/** Adds the problem of each required field (proto2) whose bit in `seen` is not set. */
void nnrpc_json_check_required(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const uint64_t *seen);

/** Adds the problem of a key that is no field's, with the name that may have been meant. */
void nnrpc_json_refuse_key(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type);

/** Reads a Timestamp or Duration; NULL when it is wrong. */
ProtobufCMessage *nnrpc_json_read_time(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_json_value *value);

/** Reads a FieldMask whose paths refer to mask_of (may be NULL); NULL when it is no text. */
ProtobufCMessage *nnrpc_json_read_mask(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_message *mask_of,
    const struct nnrpc_json_value *value);

#endif
