/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in messages.
 */
#include "rest/secrets.h"

#include <string.h>

#include "nnrpc/crypto.h"

static void wipe_value(
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names, void *at) {
    bool is_secret = (names->flags & NNRPC_FIELD_SENSITIVE) != 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *inner = *(ProtobufCMessage **)at;
        if (inner != NULL) {
            rest_wipe_secrets(names->message, inner);
        }
    } else if (field->type == PROTOBUF_C_TYPE_STRING && is_secret) {
        char *text = *(char **)at;
        if (text != NULL && text != field->default_value) { /* the default is constant */
            nnrpc_wipe(text, strlen(text));
        }
    } else if (field->type == PROTOBUF_C_TYPE_BYTES && is_secret) {
        ProtobufCBinaryData *bytes = at;
        const ProtobufCBinaryData *standard = field->default_value;
        if (standard == NULL || bytes->data != standard->data) {
            nnrpc_wipe(bytes->data, bytes->len);
        }
    }
}

static size_t size_of(ProtobufCType type) {
    return type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
}

void rest_wipe_secrets(const struct nnrpc_message *type, ProtobufCMessage *message) {
    for (unsigned int index = 0; index < type->descriptor->n_fields; index++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
        bool has_memory = field->type == PROTOBUF_C_TYPE_MESSAGE ||
                          (type->fields[index].flags & NNRPC_FIELD_SENSITIVE) != 0;
        char *at = (char *)message + field->offset;
        char *quantifier = (char *)message + field->quantifier_offset;
        bool is_chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
                         *(const uint32_t *)(const void *)quantifier == field->id;
        if (!has_memory || !is_chosen) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            wipe_value(field, &type->fields[index], at);
            continue;
        }
        char *values = *(char **)(void *)at;
        size_t count = *(const size_t *)(const void *)quantifier;
        bool is_pointer = field->type == PROTOBUF_C_TYPE_MESSAGE ||
                          field->type == PROTOBUF_C_TYPE_STRING ||
                          field->type == PROTOBUF_C_TYPE_BYTES;
        for (size_t item = 0; is_pointer && item < count; item++) {
            wipe_value(field, &type->fields[index], values + item * size_of(field->type));
        }
    }
}
