/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an Any holds, to and from packed bytes.
 */
#include "json_any.h"

#include <string.h>

#include "field.h"
#include "json_message.h"
#include "scan.h"

/* Both fields of an Any. Its table is always the compiled-in one. */
enum { TYPE_URL = 0, VALUE = 1 };

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *any, unsigned int index) {
    return &any->descriptor->fields[index];
}

/* A type by its URL, "type.googleapis.com/package.Type": the name after the last slash. */
static const struct nnrpc_message *find_type(
    const struct nnrpc_json_types *types, const char *url) {
    const char *slash = strrchr(url, '/');
    return types == NULL || slash == NULL ? NULL : types->find(types->self, slash + 1);
}

const char *nnrpc_json_any_url(const ProtobufCMessage *any) {
    const char *url = *(const char *const *)nnrpc_field_at(field_of(any, TYPE_URL), any);
    return url == NULL ? "" : url;
}

bool nnrpc_json_is_object_of_fields(const struct nnrpc_message *type) {
    return type->well_known == NNRPC_WELL_KNOWN_NONE || type->well_known == NNRPC_WELL_KNOWN_EMPTY;
}

const struct nnrpc_message *nnrpc_json_find_any(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, const char *url) {
    const struct nnrpc_message *found = url == NULL ? NULL : find_type(reader->types, url);
    if (found != NULL) {
        return found;
    }
    if (reader->types == NULL) {
        nnrpc_json_problems_add(
            &reader->problems, place, "google.protobuf.Any cannot be given as JSON");
    } else if (url == NULL) {
        nnrpc_json_problems_add(
            &reader->problems, place,
            "\"@type\" must say which message it is: \"type.googleapis.com/package.Type\"");
    } else {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer quoted = {0};
        nnrpc_json_append_quoted(&quoted, url, strlen(url));
        const char *text = nnrpc_buffer_text(&quoted);
        nnrpc_json_problems_add(
            &reader->problems, place, "\"@type\" names no known message: %s",
            text == NULL ? "" : text);
    }
    return NULL;
}

/* Packs a message into an Any that has room for nothing yet; false without memory. */
static bool fill(
    struct nnrpc_json_reader *reader, ProtobufCMessage *any, const char *url,
    const ProtobufCMessage *held) {
    size_t size = protobuf_c_message_get_packed_size(held);
    char *copy = nnrpc_json_allocate(reader, strlen(url) + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, url, strlen(url) + 1);
    *(char **)nnrpc_field_at_mutable(field_of(any, TYPE_URL), any) = copy;
    if (size == 0) {
        return true;
    }
    uint8_t *data = nnrpc_json_allocate(reader, size);
    if (data == NULL) {
        return false;
    }
    protobuf_c_message_pack(held, data);
    ProtobufCBinaryData *value = nnrpc_field_at_mutable(field_of(any, VALUE), any);
    *value = (ProtobufCBinaryData){.len = size, .data = data};
    return true;
}

ProtobufCMessage *nnrpc_json_pack_any(
    struct nnrpc_json_reader *reader, const struct nnrpc_message *type, const char *url,
    ProtobufCMessage *held) {
    if (held == NULL) {
        return NULL;
    }
    ProtobufCMessage *any = nnrpc_json_new_message(reader, type->descriptor);
    if (any != NULL && !fill(reader, any, url, held)) {
        protobuf_c_message_free_unpacked(any, reader->allocator);
        any = NULL;
    }
    protobuf_c_message_free_unpacked(held, reader->allocator);
    return any;
}

ProtobufCMessage *nnrpc_json_unpack_any(
    const struct nnrpc_json_types *types, const ProtobufCMessage *any,
    const struct nnrpc_message **out_type) {
    const struct nnrpc_message *type = find_type(types, nnrpc_json_any_url(any));
    const ProtobufCBinaryData *value = nnrpc_field_at(field_of(any, VALUE), any);
    if (type == NULL ||
        nnrpc_scan_reply(type->descriptor, value->data, value->len, NULL) != NNRPC_OK) {
        return NULL;
    }
    *out_type = type;
    return protobuf_c_message_unpack(type->descriptor, NULL, value->len, value->data);
}
