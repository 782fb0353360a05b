/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and their parts from JSON values.
 */
#include "json_message.h"

#include <assert.h>
#include <string.h>

#include "field.h"
#include "json_names.h"
#include "json_scalar.h"
#include "json_time.h"
#include "nnrpc/dynamic.h"

#define BITS_A_WORD 64
#define KNOWN_NAMES_LISTED 10
#define NEAREST_NAMES_MAX 16 /* looking for what was meant takes time: only for the first few */

ProtobufCMessage *nnrpc_json_new_message(
    struct nnrpc_json_reader *reader, const ProtobufCMessageDescriptor *descriptor) {
    ProtobufCMessage *message = nnrpc_json_allocate(reader, descriptor->sizeof_message);
    if (message != NULL) {
        nnrpc_message_init(descriptor, message);
    }
    return message;
}

char *nnrpc_json_new_array(
    struct nnrpc_json_reader *reader, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message, size_t count) {
    if (count == 0) {
        return NULL;
    }
    char *array = nnrpc_json_allocate(reader, count * nnrpc_field_value_size(field->type));
    if (array != NULL) {
        *(void **)nnrpc_field_at_mutable(field, message) = array;
    }
    return array;
}

void nnrpc_json_store(
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
    const union nnrpc_field_value *value) {
    memcpy(nnrpc_field_at_mutable(field, message), value, nnrpc_field_value_size(field->type));
    nnrpc_field_mark_set(field, message);
}

const struct nnrpc_message *nnrpc_json_object_of_fields(
    const struct nnrpc_message *type, unsigned int index) {
    const struct nnrpc_message *inner = type->fields[index].message;
    bool is_single = type->descriptor->fields[index].label != PROTOBUF_C_LABEL_REPEATED;
    bool is_object = inner != NULL && is_single && inner->well_known == NNRPC_WELL_KNOWN_NONE;
    return is_object ? inner : NULL;
}

uint32_t nnrpc_json_value_member(enum nnrpc_json_kind kind) {
    switch (kind) {
    case NNRPC_JSON_NULL:
        return 1;
    case NNRPC_JSON_INTEGER:
    case NNRPC_JSON_REAL:
        return 2;
    case NNRPC_JSON_TEXT:
        return 3;
    case NNRPC_JSON_TRUE:
    case NNRPC_JSON_FALSE:
        return 4;
    case NNRPC_JSON_OBJECT:
        return 5;
    case NNRPC_JSON_LIST:
        return 6;
    }
    return 0;
}

bool nnrpc_json_has_null(const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return names->message->well_known == NNRPC_WELL_KNOWN_VALUE;
    }
    return field->type == PROTOBUF_C_TYPE_ENUM && nnrpc_json_is_null_value(field->descriptor);
}

bool nnrpc_json_mark_seen(uint64_t *seen, unsigned int index) {
    uint64_t bit = UINT64_C(1) << (index % BITS_A_WORD);
    bool is_new = (seen[index / BITS_A_WORD] & bit) == 0;
    seen[index / BITS_A_WORD] |= bit;
    return is_new;
}

const struct nnrpc_field *nnrpc_json_chosen_member(
    const struct nnrpc_message *type, const ProtobufCFieldDescriptor *field, uint32_t chosen) {
    for (unsigned int index = 0; index < type->descriptor->n_fields; index++) {
        const ProtobufCFieldDescriptor *other = &type->descriptor->fields[index];
        if (other->id == chosen && other->quantifier_offset == field->quantifier_offset) {
            return &type->fields[index];
        }
    }
    assert(!"a oneof's case is one of its members");
    return NULL;
}

void nnrpc_json_check_required(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const uint64_t *seen) {
    for (unsigned int index = 0; index < type->descriptor->n_fields; index++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
        bool is_seen = (seen[index / BITS_A_WORD] >> (index % BITS_A_WORD) & 1) != 0;
        if (field->label == PROTOBUF_C_LABEL_REQUIRED && !is_seen) {
            const struct nnrpc_json_place missing = {
                .parent = place,
                .proto_name = field->name,
                .json_name = type->fields[index].json_name,
            };
            nnrpc_json_problems_add(&reader->problems, &missing, "the field is required");
        }
    }
}

static void append_known_names(struct nnrpc_buffer *out, const struct nnrpc_message *type) {
    unsigned int count = type->descriptor->n_fields;
    nnrpc_buffer_append_text(out, count == 0 ? "none is known" : "known are ");
    for (unsigned int index = 0; index < count && index < KNOWN_NAMES_LISTED; index++) {
        nnrpc_buffer_append_format(
            out, "%s\"%s\"", index == 0 ? "" : ", ", type->fields[index].json_name);
    }
    if (count > KNOWN_NAMES_LISTED) {
        nnrpc_buffer_append_format(out, " and %u more", count - KNOWN_NAMES_LISTED);
    }
}

void nnrpc_json_refuse_key(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type) {
    const char *nearest = NULL;
    if (reader->problems.count < NEAREST_NAMES_MAX) {
        nearest = nnrpc_json_nearest_name(type, place->key, place->key_size);
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_json_append_quoted(&text, place->key, place->key_size);
    nnrpc_buffer_append_text(&text, "; ");
    if (nearest != NULL) {
        nnrpc_buffer_append_format(&text, "did you mean \"%s\"?", nearest);
    } else {
        append_known_names(&text, type);
    }
    const char *said = nnrpc_buffer_text(&text);
    nnrpc_json_problems_add(&reader->problems, place, "unknown key %s", said == NULL ? "" : said);
}

ProtobufCMessage *nnrpc_json_read_time(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_json_value *value) {
    bool is_timestamp = type->well_known == NNRPC_WELL_KNOWN_TIMESTAMP;
    int64_t seconds = 0;
    int32_t nanos = 0;
    const char *text = value->text;
    size_t size = value->size;
    bool is_valid = value->kind == NNRPC_JSON_TEXT &&
                    (is_timestamp ? nnrpc_json_parse_timestamp(text, size, &seconds, &nanos)
                                  : nnrpc_json_parse_duration(text, size, &seconds, &nanos));
    if (!is_valid) {
        const char *example = is_timestamp ? "a time such as \"2024-02-29T12:30:00Z\""
                                           : "a duration such as \"1.5s\"";
        nnrpc_json_expected(reader, place, example, value);
        return NULL;
    }
    ProtobufCMessage *message = nnrpc_json_new_message(reader, type->descriptor);
    if (message != NULL) {
        const ProtobufCFieldDescriptor *fields = type->descriptor->fields;
        *(int64_t *)nnrpc_field_at_mutable(&fields[0], message) = seconds;
        *(int32_t *)nnrpc_field_at_mutable(&fields[1], message) = nanos;
    }
    return message;
}

static void refuse_path(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_json_mask_error *error) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer quoted = {0};
    nnrpc_json_append_quoted(&quoted, error->name, error->name_size);
    const char *name = nnrpc_buffer_text(&quoted);
    const char *nearest =
        error->message == NULL
            ? NULL
            : nnrpc_json_nearest_name(error->message, error->name, error->name_size);
    nnrpc_json_problems_add(
        &reader->problems, place, "the mask names no field with %s%s%s%s",
        name == NULL ? "a path" : name, nearest == NULL ? "" : "; did you mean \"",
        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

/* Reads one path of a mask into new memory; NULL when it is wrong. */
static char *read_path(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *mask_of, const char *text, size_t size) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer path = {0};
    struct nnrpc_json_mask_error error;
    if (!nnrpc_json_read_mask_path(&path, mask_of, text, size, &error)) {
        refuse_path(reader, place, &error);
        return NULL;
    }
    char *copy = path.failed ? NULL : nnrpc_json_allocate(reader, path.size + 1);
    if (copy == NULL) {
        reader->is_out_of_memory = true;
        return NULL;
    }
    memcpy(copy, path.data, path.size);
    copy[path.size] = '\0';
    return copy;
}

static size_t count_paths(const char *text, size_t size) {
    size_t count = size != 0;
    for (size_t index = 0; index < size; index++) {
        count += text[index] == ',';
    }
    return count;
}

ProtobufCMessage *nnrpc_json_read_mask(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_message *mask_of,
    const struct nnrpc_json_value *value) {
    const char *text = value->text;
    if (value->kind != NNRPC_JSON_TEXT) {
        nnrpc_json_expected(reader, place, "field names joined by commas", value);
        return NULL;
    }
    ProtobufCMessage *message = nnrpc_json_new_message(reader, type->descriptor);
    if (message == NULL) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[0];
    size_t *count = nnrpc_field_quantifier(field, message);
    size_t paths_left = count_paths(text, value->size);
    char **paths = (char **)nnrpc_json_new_array(reader, field, message, paths_left);
    for (; paths != NULL && paths_left != 0 && !nnrpc_json_is_stopped(reader); paths_left--) {
        size_t size = strcspn(text, ",");
        char *path = read_path(reader, place, mask_of, text, size);
        if (path != NULL) {
            paths[(*count)++] = path;
        }
        text += size + 1;
    }
    return message;
}
