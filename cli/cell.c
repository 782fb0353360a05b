/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of any message as text for a table, by descriptor and generated names.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "duration.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "nnrpc/json.h"
#include "output.h"

static void append_enum(
    const struct nnrpc_enum *enumeration, int number, struct nnrpc_buffer *out) {
    const ProtobufCEnumDescriptor *descriptor = enumeration->descriptor;
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value == number) {
            nnrpc_buffer_append_text(out, enumeration->json_names[i]);
            return;
        }
    }
    nnrpc_buffer_append_format(out, "%d", number);
}

static void append_message(
    const struct nnrpc_message *type, const ProtobufCMessage *message, struct nnrpc_buffer *out) {
    if (type->well_known == NNRPC_WELL_KNOWN_TIMESTAMP) {
        const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *)message;
        char text[CTL_TIME_TEXT_BYTES];
        ctl_time_format(time->seconds, text);
        nnrpc_buffer_append_text(out, text);
    } else if (nnrpc_json_write(type, message, NULL, out) != NNRPC_OK) {
        out->failed = true;
    }
}

/* Appends one value that stands at `at`. */
static void append_value(
    const struct nnrpc_field *field, const ProtobufCFieldDescriptor *descriptor, const void *at,
    struct nnrpc_buffer *out) {
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        nnrpc_buffer_append_text(out, *(char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        nnrpc_buffer_append_text(out, *(const protobuf_c_boolean *)at ? "yes" : "");
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        nnrpc_buffer_append_format(out, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        nnrpc_buffer_append_format(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        nnrpc_buffer_append_format(out, "%" PRId64, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        nnrpc_buffer_append_format(out, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        nnrpc_buffer_append_format(out, "%g", (double)*(const float *)at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        nnrpc_buffer_append_format(out, "%g", *(const double *)at);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        append_enum(field->enumeration, *(const int *)at, out);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(ProtobufCMessage *const *)at != NULL) {
            append_message(field->message, *(ProtobufCMessage *const *)at, out);
        }
        break;
    case PROTOBUF_C_TYPE_BYTES:
        nnrpc_buffer_append_format(out, "%zu bytes", ((const ProtobufCBinaryData *)at)->len);
        break;
    }
}

static size_t value_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    }
    return 0;
}

void ctl_cell_append(
    const struct nnrpc_message *type, const ProtobufCMessage *message, size_t index,
    struct nnrpc_buffer *out) {
    const ProtobufCFieldDescriptor *descriptor = &type->descriptor->fields[index];
    const struct nnrpc_field *field = &type->fields[index];
    const char *at = (const char *)message + descriptor->offset;
    if (descriptor->label != PROTOBUF_C_LABEL_REPEATED) {
        append_value(field, descriptor, at, out);
        return;
    }
    size_t count =
        *(const size_t *)(const void *)((const char *)message + descriptor->quantifier_offset);
    const char *values = *(char *const *)(const void *)at;
    for (size_t i = 0; i < count; i++) {
        nnrpc_buffer_append_text(out, i > 0 ? ", " : "");
        append_value(field, descriptor, values + i * value_size(descriptor->type), out);
    }
}

void ctl_title_append(struct nnrpc_buffer *out, const char *proto_name) {
    for (; *proto_name != '\0'; proto_name++) {
        char letter = *proto_name == '_' ? ' ' : (char)toupper((unsigned char)*proto_name);
        nnrpc_buffer_append(out, &letter, 1);
    }
}
