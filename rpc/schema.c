/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about the generated tables: which lane a call rides, where a field is.
 */
#include "nnrpc/schema.h"

#include <assert.h>
#include <string.h>

#include "field.h"

/* Follows a path from field to field; false where a message on the way is absent. */
static bool path_is_set(const struct nnrpc_path *path, const ProtobufCMessage *message) {
    for (size_t depth = 0; depth < NNRPC_PATH_DEPTH && path->indexes[depth] >= 0; depth++) {
        assert((unsigned int)path->indexes[depth] < message->descriptor->n_fields);
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[path->indexes[depth]];
        if (!nnrpc_field_is_set(field, message)) {
            return false;
        }
        bool last = depth + 1 == NNRPC_PATH_DEPTH || path->indexes[depth + 1] < 0;
        if (last) {
            return true;
        }
        assert(field->type == PROTOBUF_C_TYPE_MESSAGE);
        assert(field->label != PROTOBUF_C_LABEL_REPEATED);
        message = *(const ProtobufCMessage *const *)nnrpc_field_at(field, message);
        if (message == NULL) { /* a oneof's case without its message: made by hand */
            return false;
        }
    }
    return false;
}

enum nnrpc_lane_class nnrpc_method_lane(
    const struct nnrpc_method *method, const ProtobufCMessage *request) {
    if (method->slow_always) {
        return NNRPC_LANE_SLOW;
    }
    for (size_t index = 0; request != NULL && index < method->slow_when_set_count; index++) {
        if (path_is_set(&method->slow_when_set[index], request)) {
            return NNRPC_LANE_SLOW;
        }
    }
    bool reads = method->idempotency == NNRPC_NO_SIDE_EFFECTS;
    return reads ? NNRPC_LANE_READ : NNRPC_LANE_WRITE;
}

/* Orders a sized name against a terminated one as strcmp does. */
static int compare_name(const char *name, size_t size, const char *other) {
    int order = strncmp(name, other, size);
    if (order != 0) {
        return order;
    }
    return other[size] == '\0' ? 0 : -1;
}

/* protobuf-c keeps an index of the fields by name, so this is a binary search. */
int nnrpc_message_field_by_name(
    const struct nnrpc_message *message, const char *name, size_t size) {
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (memchr(name, '\0', size) != NULL) {
        return -1;
    }
    unsigned int low = 0;
    unsigned int high = descriptor->n_fields;
    while (low < high) {
        unsigned int middle = low + (high - low) / 2;
        unsigned int index = descriptor->fields_sorted_by_name[middle];
        int order = compare_name(name, size, descriptor->fields[index].name);
        if (order == 0) {
            return (int)index;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}

int nnrpc_message_field_by_json_name(
    const struct nnrpc_message *message, const char *name, size_t size) {
    if (memchr(name, '\0', size) != NULL) {
        return -1;
    }
    for (unsigned int index = 0; index < message->descriptor->n_fields; index++) {
        if (compare_name(name, size, message->fields[index].json_name) == 0) {
            return (int)index;
        }
    }
    return -1;
}
