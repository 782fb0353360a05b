/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and their parts from JSON values: what needs no JSON parser.
 */
#ifndef NNRPC_JSON_MESSAGE_H
#define NNRPC_JSON_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

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
