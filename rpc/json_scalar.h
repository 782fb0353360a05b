/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values as JSON.
 */
#ifndef NNRPC_JSON_SCALAR_H
#define NNRPC_JSON_SCALAR_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"

/**
 * Appends one value of any type but message.
 *
 * @param names   Of an enum field, else NULL.
 * @param is_key  As the key of a map: numbers and booleans then stand in quotes too.
 */
void nnrpc_json_write_scalar(
    struct nnrpc_buffer *out, const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names,
    const void *value, bool is_key);

/** Whether an enum is google.protobuf.NullValue, which JSON writes as null. */
bool nnrpc_json_is_null_value(const ProtobufCEnumDescriptor *descriptor);

#endif
