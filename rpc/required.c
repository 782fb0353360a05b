/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which required field of proto2 a packed message lacks: protobuf-c says only that it could not
 * unpack. Recursion is bounded by the scan, which the message has passed.
 */
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"
#include "scan.h"

#define BITS_A_WORD 64
#define PATH_SHOWN_BYTES 160

/* A message inside of another one. */
struct place {
    const struct place *parent; /* NULL: the outermost message */
    const ProtobufCFieldDescriptor *field;
    struct nnrpc_slice around;
    const uint8_t *start; /* of the field, in the message around it */
};

static size_t count_before(const struct place *place) {
    struct nnrpc_wire_reader reader =
        nnrpc_wire_reader(place->around.data, (size_t)(place->start - place->around.data));
    struct nnrpc_wire_field field;
    size_t count = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        count += field.number == place->field->id;
    }
    return count;
}

static void append_place(struct nnrpc_buffer *path, const struct place *place) {
    if (place == NULL) {
        return;
    }
    append_place(path, place->parent);
    nnrpc_buffer_append_text(path, place->field->name);
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED) {
        nnrpc_buffer_append_format(path, "[%zu]", count_before(place));
    }
    nnrpc_buffer_append_text(path, ".");
}

/* The first field that must be there and is not, or NULL. A required field with a default of its
 * own has it when it is missing, as protobuf-c has it. */
static const ProtobufCFieldDescriptor *find_missing(
    const ProtobufCMessageDescriptor *type, struct nnrpc_slice bytes) {
    uint64_t *seen = calloc(type->n_fields / BITS_A_WORD + 1, sizeof(*seen));
    const ProtobufCFieldDescriptor *missing = NULL;
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes.data, bytes.size);
    struct nnrpc_wire_field field;
    while (seen != NULL && nnrpc_wire_next(&reader, &field)) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known != NULL) {
            size_t index = (size_t)(known - type->fields);
            seen[index / BITS_A_WORD] |= UINT64_C(1) << (index % BITS_A_WORD);
        }
    }
    for (unsigned int i = 0; i < type->n_fields && seen != NULL && missing == NULL; i++) {
        bool is_seen = (seen[i / BITS_A_WORD] >> (i % BITS_A_WORD) & 1) != 0;
        bool is_due = type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
                      type->fields[i].default_value == NULL;
        missing = is_due && !is_seen ? &type->fields[i] : NULL;
    }
    free(seen);
    return missing;
}

/* Appends the path of the first missing field; false when none is missing. */
static bool find_in(
    const ProtobufCMessageDescriptor *type, struct nnrpc_slice bytes, const struct place *place,
    struct nnrpc_buffer *path) {
    const ProtobufCFieldDescriptor *missing = find_missing(type, bytes);
    if (missing != NULL) {
        append_place(path, place);
        nnrpc_buffer_append_text(path, missing->name);
        return true;
    }
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes.data, bytes.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, field.number);
        if (known == NULL || known->type != PROTOBUF_C_TYPE_MESSAGE ||
            field.type != NNRPC_WIRE_BYTES) {
            continue;
        }
        const struct place inner = {
            .parent = place, .field = known, .around = bytes, .start = field.whole.data};
        if (find_in(known->descriptor, field.bytes, &inner, path)) {
            return true;
        }
    }
    return false;
}

enum nnrpc_code nnrpc_scan_required(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer path = {0};
    const struct nnrpc_slice whole = {.data = bytes, .size = size};
    if (!find_in(type, whole, NULL, &path)) {
        return NNRPC_OK;
    }
    const char *text = nnrpc_buffer_text(&path);
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_MESSAGE",
        "field \"%.*s\" is required and missing", PATH_SHOWN_BYTES, text == NULL ? "" : text);
}
