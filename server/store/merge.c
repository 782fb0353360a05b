/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging an update into a stored message by its field mask.
 */
#include "merge.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"

/* The one value of a field that is not repeated, by what the messages merged here have. */
union value {
    const char *text;
    const ProtobufCMessage *message;
    protobuf_c_boolean flag;
};

static union value value_of(
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    const char *at = (const char *)message + field->offset;
    union value value = {.text = NULL};
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(&value.flag, at, sizeof(value.flag));
    } else {
        memcpy(&value.text, at, sizeof(value.text));
    }
    return value;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    size_t count = 0;
    memcpy(&count, (const char *)message + field->quantifier_offset, sizeof(count));
    return count;
}

static bool is_repeated(const ProtobufCFieldDescriptor *field) {
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool is_populated(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (is_repeated(field)) {
        return count_of(message, field) > 0;
    }
    union value value = value_of(message, field);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return value.text != NULL && value.text[0] != '\0';
    case PROTOBUF_C_TYPE_BOOL:
        return value.flag != 0;
    default:
        return value.message != NULL;
    }
}

/* Equality of single values; timestamps are the only messages. */
static bool values_equal(
    const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field) {
    union value left = value_of(a, field);
    union value right = value_of(b, field);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(left.text, right.text) == 0;
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        return (left.flag != 0) == (right.flag != 0);
    }
    if (left.message == NULL || right.message == NULL) {
        return left.message == right.message;
    }
    const Google__Protobuf__Timestamp *left_time =
        (const Google__Protobuf__Timestamp *)left.message;
    const Google__Protobuf__Timestamp *right_time =
        (const Google__Protobuf__Timestamp *)right.message;
    return left_time->seconds == right_time->seconds && left_time->nanos == right_time->nanos;
}

static void copy_field(
    ProtobufCMessage *to, const ProtobufCMessage *from, const ProtobufCFieldDescriptor *field) {
    size_t size = field->type == PROTOBUF_C_TYPE_BOOL && !is_repeated(field)
                      ? sizeof(protobuf_c_boolean)
                      : sizeof(void *);
    memcpy((char *)to + field->offset, (const char *)from + field->offset, size);
    if (is_repeated(field)) {
        memcpy(
            (char *)to + field->quantifier_offset, (const char *)from + field->quantifier_offset,
            sizeof(size_t));
    }
}

/* Whether the mask selects a field. */
static bool is_selected(const struct merge *merge, const ProtobufCFieldDescriptor *field) {
    const Google__Protobuf__FieldMask *mask = merge->mask;
    bool populated = is_populated(merge->given, field);
    bool immutable = (merge->immutable & MERGE_FIELD(field->id)) != 0;
    if (mask == NULL || mask->n_paths == 0) {
        return populated;
    }
    for (size_t i = 0; i < mask->n_paths; i++) {
        /* An immutable field that "*" covers and that is empty was not sent. */
        if (strcmp(mask->paths[i], field->name) == 0 ||
            (strcmp(mask->paths[i], "*") == 0 && (populated || !immutable))) {
            return true;
        }
    }
    return false;
}

static void check_paths(const struct merge *merge, struct nnrpc_status *status) {
    const ProtobufCMessageDescriptor *type = merge->given->descriptor;
    for (size_t i = 0; merge->mask != NULL && i < merge->mask->n_paths; i++) {
        const char *path = merge->mask->paths[i];
        if (strcmp(path, "*") != 0 &&
            protobuf_c_message_descriptor_get_field_by_name(type, path) == NULL) {
            nnrpc_status_add_violation(
                status, "update_mask", STORE_REASON(INVALID_MASK),
                "has \"%.64s\": expected \"*\" or field names of %s", path, type->name);
        }
    }
}

void merge_apply(
    const struct merge *merge, ProtobufCMessage *standing, struct nnrpc_status *status) {
    const ProtobufCMessageDescriptor *type = merge->given->descriptor;
    char path[96];
    check_paths(merge, status);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if ((merge->ignored & MERGE_FIELD(field->id)) != 0 || !is_selected(merge, field)) {
            continue;
        }
        if ((merge->immutable & MERGE_FIELD(field->id)) == 0) {
            copy_field(standing, merge->given, field);
        } else if (!values_equal(standing, merge->given, field)) {
            snprintf(path, sizeof(path), "%s.%s", merge->path, field->name);
            nnrpc_status_add_violation(
                status, path, STORE_REASON(IMMUTABLE_FIELD),
                "cannot be changed by an update: leave it out or send the value that it has");
        }
    }
}
