/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field of any message by its descriptor: where it is and whether it is set. As protobuf-c 1.4.1
 * lays it out: in proto3 singular scalars have no presence of their own, an absent text is NULL or
 * protobuf_c_empty_string, members of a oneof share memory and a case number (a proto3 optional
 * field is alone in one). In proto2 optional numbers and bytes have a has_ member, an optional text
 * is absent when it is NULL or the very default of its descriptor.
 */
#ifndef NNRPC_FIELD_H
#define NNRPC_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Address of a field in a message. */
static inline const void *nnrpc_field_at(
    const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
    return (const char *)message + field->offset;
}

/** Address of a field that is to be written. */
static inline void *nnrpc_field_at_mutable(
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message) {
    return (char *)message + field->offset;
}

/** Address of the count of a repeated field, or of the case of a oneof. */
static inline void *nnrpc_field_quantifier(
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message) {
    return (char *)message + field->quantifier_offset;
}

/** Whether a field is one of a oneof. */
bool nnrpc_field_in_oneof(const ProtobufCFieldDescriptor *field);

/** Whether "not set" is another thing than the default: a oneof's member, proto2's optional. */
bool nnrpc_field_has_presence(const ProtobufCFieldDescriptor *field);

/** Notes that a singular field's value is there, where the message keeps note of it. */
void nnrpc_field_mark_set(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message);

/** Number of values of a repeated field. */
size_t nnrpc_field_count(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message);

/** Size in memory of one value of a type. */
size_t nnrpc_field_value_size(ProtobufCType type);

/** Whether a single value, of any type, is its type's default: 0, false, empty, no message. */
bool nnrpc_field_value_is_default(ProtobufCType type, const void *value);

/** Whether a field is set where it has presence, or has a value other than its type's default. */
bool nnrpc_field_is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message);

#endif
