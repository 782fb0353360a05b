/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as JSON: one walk over the message, by descriptor and name table, straight into the
 * buffer.
 *
 * Whatever the message holds, what is written is JSON: text that is not UTF-8 gets U+FFFD, a map's
 * keys stand once (the last entry wins, as in protobuf) and in ascending order.
 */
#include "nnrpc/json.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "json_any.h"
#include "json_names.h"
#include "json_scalar.h"
#include "json_time.h"
#include "nnrpc/dynamic.h"

/* A message of 100 levels has at most this many JSON levels: an object and a list for each. */
#define MAX_DEPTH 256

struct writer {
    struct nnrpc_buffer *out;
    const struct nnrpc_json_format *format;
    uint32_t depth;
    enum nnrpc_code code; /* the first thing that has no JSON form */
};

static void write_message(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message,
    const struct nnrpc_message *mask_of);

/* --- Layout ------------------------------------------------------------------------------- */

static void write_line_break(struct writer *writer) {
    if (writer->format->indent == 0) {
        return;
    }
    size_t spaces = (size_t)writer->format->indent * writer->depth;
    uint8_t *at = nnrpc_buffer_reserve(writer->out, spaces + 1);
    if (at != NULL) {
        at[0] = '\n';
        memset(at + 1, ' ', spaces);
        writer->out->size += spaces + 1;
    }
}

static void open_bracket(struct writer *writer, char bracket) {
    nnrpc_buffer_append(writer->out, &bracket, 1);
    writer->depth++;
    if (writer->depth > MAX_DEPTH) {
        writer->out->failed = true; /* stops the walk: nothing is written any more */
    }
}

static void next_item(struct writer *writer, bool *is_first) {
    if (!*is_first) {
        nnrpc_buffer_append(writer->out, ",", 1);
    }
    *is_first = false;
    write_line_break(writer);
}

static void close_bracket(struct writer *writer, char bracket, bool is_empty) {
    writer->depth--;
    if (!is_empty) {
        write_line_break(writer);
    }
    nnrpc_buffer_append(writer->out, &bracket, 1);
}

static void write_colon(struct writer *writer) {
    nnrpc_buffer_append(writer->out, ": ", writer->format->indent == 0 ? 1 : 2);
}

/* --- Fields ------------------------------------------------------------------------------- */

/* In lists and maps an absent message is an empty one, as on the wire. */
static void write_absent_message(struct writer *writer, const struct nnrpc_field *names) {
    ProtobufCMessage *empty = malloc(names->message->descriptor->sizeof_message);
    if (empty == NULL) {
        writer->out->failed = true;
        return;
    }
    nnrpc_message_init(names->message->descriptor, empty);
    write_message(writer, names->message, empty, names->mask_of);
    free(empty);
}

static void write_value(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const void *value) {
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        nnrpc_json_write_scalar(writer->out, field, names->enumeration, value, false);
        return;
    }
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)value;
    if (message == NULL) {
        write_absent_message(writer, names);
    } else {
        write_message(writer, names->message, message, names->mask_of);
    }
}

static void write_list(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const ProtobufCMessage *message) {
    const char *values = *(const char *const *)nnrpc_field_at(field, message);
    size_t count = nnrpc_field_count(field, message);
    size_t size = nnrpc_field_value_size(field->type);
    bool is_first = true;
    open_bracket(writer, '[');
    for (size_t index = 0; index < count && !writer->out->failed; index++) {
        next_item(writer, &is_first);
        write_value(writer, field, names, values + index * size);
    }
    close_bracket(writer, ']', is_first);
}

/* --- Maps --------------------------------------------------------------------------------- */

struct map_entry {
    const ProtobufCMessage *entry;
    size_t index;
};

static int compare_unsigned(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* Orders two keys of one type. The allowed types are the integers, bool and text. */
static int compare_keys(const ProtobufCFieldDescriptor *key, const void *a, const void *b) {
    switch (key->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *a_text = *(const char *const *)a;
        const char *b_text = *(const char *const *)b;
        return strcmp(a_text == NULL ? "" : a_text, b_text == NULL ? "" : b_text);
    }
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_BOOL:
        return (*(const int32_t *)a > *(const int32_t *)b) -
               (*(const int32_t *)a < *(const int32_t *)b);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return compare_unsigned(*(const uint32_t *)a, *(const uint32_t *)b);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return (*(const int64_t *)a > *(const int64_t *)b) -
               (*(const int64_t *)a < *(const int64_t *)b);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return compare_unsigned(*(const uint64_t *)a, *(const uint64_t *)b);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    assert(!"a map key's type");
    return 0;
}

static int compare_entry_keys(const struct map_entry *a, const struct map_entry *b) {
    const ProtobufCFieldDescriptor *key = &a->entry->descriptor->fields[0];
    return compare_keys(key, nnrpc_field_at(key, a->entry), nnrpc_field_at(key, b->entry));
}

/* By key, and entries of one key as they came. */
static int compare_entries(const void *a, const void *b) {
    const struct map_entry *a_entry = a;
    const struct map_entry *b_entry = b;
    int order = compare_entry_keys(a_entry, b_entry);
    return order != 0 ? order : compare_unsigned(a_entry->index, b_entry->index);
}

static void write_map_entry(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *entry) {
    const ProtobufCFieldDescriptor *key = &type->descriptor->fields[0];
    const ProtobufCFieldDescriptor *value = &type->descriptor->fields[1];
    nnrpc_json_write_scalar(writer->out, key, NULL, nnrpc_field_at(key, entry), true);
    write_colon(writer);
    write_value(writer, value, &type->fields[1], nnrpc_field_at(value, entry));
}

static void write_sorted_entries(
    struct writer *writer, const struct nnrpc_message *type, const struct map_entry *entries,
    size_t count) {
    bool is_first = true;
    for (size_t index = 0; index < count && !writer->out->failed; index++) {
        bool is_overwritten =
            index + 1 < count && compare_entry_keys(&entries[index], &entries[index + 1]) == 0;
        if (!is_overwritten) {
            next_item(writer, &is_first);
            write_map_entry(writer, type, entries[index].entry);
        }
    }
}

static void write_map(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const ProtobufCMessage *message) {
    size_t count = nnrpc_field_count(field, message);
    const ProtobufCMessage *const *values =
        *(const ProtobufCMessage *const *const *)nnrpc_field_at(field, message);
    open_bracket(writer, '{');
    if (count != 0) {
        struct map_entry *entries = calloc(count, sizeof(*entries));
        if (entries == NULL) {
            writer->out->failed = true;
            return;
        }
        for (size_t index = 0; index < count; index++) {
            entries[index] = (struct map_entry){.entry = values[index], .index = index};
        }
        qsort(entries, count, sizeof(*entries), compare_entries);
        write_sorted_entries(writer, names->message, entries, count);
        free(entries);
    }
    close_bracket(writer, '}', count == 0);
}

/* --- Messages ----------------------------------------------------------------------------- */

static bool is_written(
    const struct writer *writer, const ProtobufCFieldDescriptor *field,
    const struct nnrpc_field *names, const ProtobufCMessage *message) {
    if ((names->flags & NNRPC_FIELD_INPUT_ONLY) != 0 && !writer->format->with_input_only) {
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REQUIRED) {
        return true;
    }
    /* Of a oneof only the chosen member stands there: two would not be readable. Messages that are
     * not set are null everywhere. */
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE && !nnrpc_field_in_oneof(field);
    if (writer->format->omit_unset || (nnrpc_field_has_presence(field) && !is_message)) {
        return nnrpc_field_is_set(field, message);
    }
    return true;
}

static void write_singular(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const ProtobufCMessage *message) {
    const void *value = nnrpc_field_at(field, message);
    bool null_when_empty =
        field->type == PROTOBUF_C_TYPE_MESSAGE || (names->flags & NNRPC_FIELD_EMPTY_IS_NULL) != 0;
    if (null_when_empty && nnrpc_field_value_is_default(field->type, value)) {
        nnrpc_buffer_append_text(writer->out, "null");
    } else {
        write_value(writer, field, names, value);
    }
}

static void write_field_value(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const ProtobufCMessage *message) {
    if ((names->flags & NNRPC_FIELD_MAP) != 0) {
        write_map(writer, field, names, message);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_list(writer, field, names, message);
    } else {
        write_singular(writer, field, names, message);
    }
}

static void write_field(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const ProtobufCMessage *message) {
    nnrpc_json_write_string(writer->out, names->json_name, strlen(names->json_name));
    write_colon(writer);
    write_field_value(writer, field, names, message);
}

/* The fields of a message inside brackets that are open. */
static void write_members(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message,
    bool *is_first) {
    for (unsigned int index = 0; index < type->descriptor->n_fields && !writer->out->failed;
         index++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
        if (is_written(writer, field, &type->fields[index], message)) {
            next_item(writer, is_first);
            write_field(writer, field, &type->fields[index], message);
        }
    }
}

static void write_fields(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message) {
    bool is_first = true;
    open_bracket(writer, '{');
    write_members(writer, type, message, &is_first);
    close_bracket(writer, '}', is_first);
}

/* --- Messages with a JSON form of their own ----------------------------------------------- */

static void refuse(struct writer *writer, enum nnrpc_code code) {
    if (writer->code == NNRPC_OK) {
        writer->code = code;
    }
    nnrpc_buffer_append_text(writer->out, "null");
}

/* Timestamp and Duration both have seconds and nanos as their first and second field. */
static void write_time(
    struct writer *writer, enum nnrpc_well_known kind, const ProtobufCMessage *message) {
    const ProtobufCFieldDescriptor *fields = message->descriptor->fields;
    int64_t seconds = *(const int64_t *)nnrpc_field_at(&fields[0], message);
    int32_t nanos = *(const int32_t *)nnrpc_field_at(&fields[1], message);
    char text[NNRPC_JSON_TIME_BYTES];
    bool is_valid = kind == NNRPC_WELL_KNOWN_TIMESTAMP
                        ? nnrpc_json_format_timestamp(seconds, nanos, text)
                        : nnrpc_json_format_duration(seconds, nanos, text);
    if (is_valid) {
        nnrpc_json_write_string(writer->out, text, strlen(text));
    } else {
        refuse(writer, NNRPC_OUT_OF_RANGE);
    }
}

static void write_mask(
    struct writer *writer, const ProtobufCMessage *message, const struct nnrpc_message *mask_of) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];
    size_t count = nnrpc_field_count(field, message);
    const char *const *paths = *(const char *const *const *)nnrpc_field_at(field, message);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    for (size_t index = 0; index < count; index++) {
        if (index != 0) {
            nnrpc_buffer_append(&text, ",", 1);
        }
        nnrpc_json_write_mask_path(&text, mask_of, paths[index]);
    }
    writer->out->failed = writer->out->failed || text.failed;
    nnrpc_json_write_string(writer->out, (const char *)text.data, text.size);
}

/* A wrapper's only field, a Struct's map and a ListValue's list stand for the whole message. */
static void write_only_field(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[0];
    const struct nnrpc_field *names = &type->fields[0];
    if (type->well_known == NNRPC_WELL_KNOWN_STRUCT) {
        write_map(writer, field, names, message);
    } else if (type->well_known == NNRPC_WELL_KNOWN_LIST_VALUE) {
        write_list(writer, field, names, message);
    } else {
        write_value(writer, field, names, nnrpc_field_at(field, message));
    }
}

/* google.protobuf.Value: the member that is set. Its number may not be NaN or infinite. */
static void write_dynamic_value(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message) {
    for (unsigned int index = 0; index < type->descriptor->n_fields; index++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
        if (!nnrpc_field_is_set(field, message)) {
            continue;
        }
        const void *value = nnrpc_field_at(field, message);
        if (field->type == PROTOBUF_C_TYPE_DOUBLE && !isfinite(*(const double *)value)) {
            refuse(writer, NNRPC_OUT_OF_RANGE);
            return;
        }
        write_value(writer, field, &type->fields[index], value);
        return;
    }
    nnrpc_buffer_append_text(writer->out, "null");
}

/* The fields of what an Any holds beside its "@type"; what is no object of fields, as "value". */
static void write_any(struct writer *writer, const ProtobufCMessage *any) {
    const char *url = nnrpc_json_any_url(any);
    const struct nnrpc_message *type = NULL;
    ProtobufCMessage *held = nnrpc_json_unpack_any(writer->format->types, any, &type);
    if (held == NULL && (url[0] != '\0' || writer->format->types == NULL)) {
        refuse(writer, NNRPC_UNIMPLEMENTED);
        return;
    }
    bool is_first = true;
    open_bracket(writer, '{');
    if (held != NULL) {
        next_item(writer, &is_first);
        nnrpc_buffer_append_text(writer->out, "\"@type\"");
        write_colon(writer);
        nnrpc_json_write_string(writer->out, url, strlen(url));
    }
    if (held != NULL && nnrpc_json_is_object_of_fields(type)) {
        write_members(writer, type, held, &is_first);
    } else if (held != NULL && !writer->out->failed) {
        next_item(writer, &is_first);
        nnrpc_buffer_append_text(writer->out, "\"value\"");
        write_colon(writer);
        write_message(writer, type, held, NULL);
    }
    close_bracket(writer, '}', is_first);
    protobuf_c_message_free_unpacked(held, NULL);
}

static void write_message(
    struct writer *writer, const struct nnrpc_message *type, const ProtobufCMessage *message,
    const struct nnrpc_message *mask_of) {
    assert(message->descriptor == type->descriptor);
    switch (type->well_known) {
    case NNRPC_WELL_KNOWN_NONE:
    case NNRPC_WELL_KNOWN_EMPTY:
        write_fields(writer, type, message);
        return;
    case NNRPC_WELL_KNOWN_TIMESTAMP:
    case NNRPC_WELL_KNOWN_DURATION:
        write_time(writer, type->well_known, message);
        return;
    case NNRPC_WELL_KNOWN_FIELD_MASK:
        write_mask(writer, message, mask_of);
        return;
    case NNRPC_WELL_KNOWN_WRAPPER:
    case NNRPC_WELL_KNOWN_STRUCT:
    case NNRPC_WELL_KNOWN_LIST_VALUE:
        write_only_field(writer, type, message);
        return;
    case NNRPC_WELL_KNOWN_VALUE:
        write_dynamic_value(writer, type, message);
        return;
    case NNRPC_WELL_KNOWN_ANY:
        write_any(writer, message);
        return;
    }
}

static const struct nnrpc_json_format DEFAULT_FORMAT = {0};

enum nnrpc_code nnrpc_json_write(
    const struct nnrpc_message *type, const ProtobufCMessage *message,
    const struct nnrpc_json_format *format, struct nnrpc_buffer *out) {
    struct writer writer = {.out = out, .format = format == NULL ? &DEFAULT_FORMAT : format};
    write_message(&writer, type, message, NULL);
    return out->failed ? NNRPC_RESOURCE_EXHAUSTED : writer.code;
}

enum nnrpc_code nnrpc_json_write_field(
    const struct nnrpc_message *type, unsigned int index, const ProtobufCMessage *message,
    const struct nnrpc_json_format *format, struct nnrpc_buffer *out) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    struct writer writer = {.out = out, .format = format == NULL ? &DEFAULT_FORMAT : format};
    if (nnrpc_field_in_oneof(field) && !nnrpc_field_is_set(field, message)) {
        nnrpc_buffer_append_text(out, "null");
    } else {
        write_field_value(&writer, field, &type->fields[index], message);
    }
    return out->failed ? NNRPC_RESOURCE_EXHAUSTED : writer.code;
}
