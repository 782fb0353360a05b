/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of any message by their descriptors.
 */
#include "field.h"

#include <assert.h>
#include <string.h>

#include "nnrpc/dynamic.h"

bool nnrpc_field_in_oneof(const ProtobufCFieldDescriptor *field) {
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

bool nnrpc_field_has_presence(const ProtobufCFieldDescriptor *field) {
    return nnrpc_field_in_oneof(field) || field->label == PROTOBUF_C_LABEL_OPTIONAL;
}

/* proto2's optional text and messages are pointers that are absent or there. */
static bool is_pointer(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

void nnrpc_field_mark_set(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message) {
    if (nnrpc_field_in_oneof(field)) {
        *(uint32_t *)nnrpc_field_quantifier(field, message) = field->id;
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !is_pointer(field)) {
        *(protobuf_c_boolean *)nnrpc_field_quantifier(field, message) = true;
    }
}

size_t nnrpc_field_count(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
    assert(field->label == PROTOBUF_C_LABEL_REPEATED);
    return *(const size_t *)((const char *)message + field->quantifier_offset);
}

size_t nnrpc_field_value_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    assert(!"a protobuf-c type");
    return 0;
}

static bool is_zero(const void *value, size_t size) {
    const unsigned char *bytes = value;
    for (size_t index = 0; index < size; index++) {
        if (bytes[index] != 0) {
            return false;
        }
    }
    return true;
}

/* Numbers by their bits: -0.0 is a value, as protobuf has it. */
bool nnrpc_field_value_is_default(ProtobufCType type, const void *value) {
    if (type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        return text == NULL || text[0] == '\0';
    }
    if (type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len == 0;
    }
    return is_zero(value, nnrpc_field_value_size(type));
}

bool nnrpc_field_is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return nnrpc_field_count(field, message) != 0;
    }
    if (nnrpc_field_in_oneof(field)) {
        const void *at = (const char *)message + field->quantifier_offset;
        return *(const uint32_t *)at == field->id;
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && is_pointer(field)) {
        const void *value = *(const void *const *)nnrpc_field_at(field, message);
        return value != NULL && value != field->default_value;
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
        const void *at = (const char *)message + field->quantifier_offset;
        return *(const protobuf_c_boolean *)at != 0;
    }
    return !nnrpc_field_value_is_default(field->type, nnrpc_field_at(field, message));
}

void nnrpc_message_init(const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage *message) {
    if (descriptor->message_init != NULL) {
        descriptor->message_init(message);
        return;
    }
    memset(message, 0, descriptor->sizeof_message);
    message->descriptor = descriptor;
    for (unsigned int i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        void *at = nnrpc_field_at_mutable(field, message);
        if (field->default_value == NULL || field->label == PROTOBUF_C_LABEL_REPEATED ||
            nnrpc_field_in_oneof(field)) {
            continue;
        }
        if (is_pointer(field)) {
            *(const void **)at = field->default_value;
        } else {
            memcpy(at, field->default_value, nnrpc_field_value_size(field->type));
        }
    }
}
