/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields by name: from a name to indexes, from indexes to the place in a message.
 */
#include "nnrpc/field_path.h"

#include <string.h>

#include "field.h"
#include "json_message.h"
#include "json_names.h"
#include "json_scalar.h"

static bool miss(
    struct nnrpc_field_miss *out_miss, const struct nnrpc_message *message, const char *name,
    size_t offset, size_t size) {
    const char *nearest =
        message == NULL ? NULL : nnrpc_json_nearest_name(message, name + offset, size);
    *out_miss = (struct nnrpc_field_miss){
        .offset = offset, .size = size, .message = message, .nearest = nearest};
    return false;
}

/* Size of the name at the front: up to a dot or a bracket. */
static size_t name_size(const char *name, size_t size) {
    size_t at = 0;
    while (at < size && name[at] != '.' && name[at] != '[') {
        at++;
    }
    return at;
}

/* Reads "[KEY]" behind the last name; the key may hold any byte, brackets too. */
static bool find_key(
    const char *name, size_t size, size_t offset, struct nnrpc_field_path *path,
    struct nnrpc_field_miss *out_miss) {
    bool is_entry =
        (path->names->flags & NNRPC_FIELD_MAP) != 0 && name[size - 1] == ']' && size - offset >= 2;
    if (!is_entry) {
        return miss(out_miss, NULL, name, offset, size - offset);
    }
    path->key = name + offset + 1;
    path->key_size = size - offset - 2;
    return true;
}

bool nnrpc_field_path_find(
    const struct nnrpc_message *type, const char *name, size_t size,
    struct nnrpc_field_path *out_path, struct nnrpc_field_miss *out_miss) {
    struct nnrpc_field_path path = {0};
    size_t offset = 0;
    for (size_t depth = 0;; depth++) {
        size_t part = name_size(name + offset, size - offset);
        if (type == NULL || depth + 1 == NNRPC_PATH_DEPTH) {
            return miss(out_miss, NULL, name, offset, part);
        }
        int index = nnrpc_json_find_field(type, name + offset, part, 0);
        if (index < 0) {
            return miss(out_miss, type, name, offset, part);
        }
        path.path.indexes[depth] = (int16_t)index;
        path.path.indexes[depth + 1] = -1;
        path.field = &type->descriptor->fields[index];
        path.names = &type->fields[index];
        offset += part;
        if (offset < size && name[offset] == '[') {
            if (!find_key(name, size, offset, &path, out_miss)) {
                return false;
            }
            offset = size;
        }
        if (offset == size) {
            *out_path = path;
            return true;
        }
        type = nnrpc_json_object_of_fields(type, (unsigned int)index);
        offset++;
    }
}

void nnrpc_field_path_append_name(
    const struct nnrpc_message *type, const struct nnrpc_path *path, struct nnrpc_buffer *out) {
    for (size_t depth = 0; depth < NNRPC_PATH_DEPTH && path->indexes[depth] >= 0; depth++) {
        const struct nnrpc_field *names = &type->fields[path->indexes[depth]];
        nnrpc_buffer_append_text(out, depth == 0 ? "" : ".");
        nnrpc_buffer_append_text(out, names->json_name);
        type = names->message;
    }
}

/* The message that holds the last field, or NULL where one on the way is absent. */
static const ProtobufCMessage *find_holder(
    const struct nnrpc_path *path, const ProtobufCMessage *message) {
    for (size_t depth = 0; path->indexes[depth + 1] >= 0; depth++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[path->indexes[depth]];
        if (!nnrpc_field_is_set(field, message)) {
            return NULL;
        }
        message = *(const ProtobufCMessage *const *)nnrpc_field_at(field, message);
        if (message == NULL) { /* a oneof's case without its message: made by hand */
            return NULL;
        }
    }
    return message;
}

bool nnrpc_field_path_is_set(const struct nnrpc_field_path *path, const ProtobufCMessage *message) {
    const ProtobufCMessage *holder = find_holder(&path->path, message);
    return holder != NULL && nnrpc_field_is_set(path->field, holder);
}

void nnrpc_field_path_append_text(
    const struct nnrpc_field_path *path, const ProtobufCMessage *message,
    struct nnrpc_buffer *out) {
    const ProtobufCMessage *holder = find_holder(&path->path, message);
    const ProtobufCFieldDescriptor *field = path->field;
    bool is_single = field->type != PROTOBUF_C_TYPE_MESSAGE &&
                     field->label != PROTOBUF_C_LABEL_REPEATED && holder != NULL &&
                     (!nnrpc_field_in_oneof(field) || nnrpc_field_is_set(field, holder));
    if (!is_single) {
        return;
    }
    const void *value = nnrpc_field_at(field, holder);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        nnrpc_buffer_append_text(out, text == NULL ? "" : text);
        return;
    }
    size_t start = out->size;
    nnrpc_json_write_scalar(out, field, path->names->enumeration, value, false);
    if (!out->failed && out->data[start] == '"') { /* nothing but text has escapes in it */
        memmove(out->data + start, out->data + start + 1, out->size - start - 2);
        out->size -= 2;
    }
}
