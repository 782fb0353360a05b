/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields from plain text. What the text must be is decided where JSON is read; here is only which
 * JSON value it stands for, and where the value goes.
 *
 * The message is at every moment one that protobuf_c_message_free_unpacked() can release.
 */
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "json_message.h"
#include "json_place.h"
#include "json_scalar.h"
#include "json_value.h"
#include "nnrpc/field_path.h"
#include "nnrpc/wire.h"

#define NUMBER_DIGITS_MOST 11 /* of an enum's number, with its sign */

static bool read_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const struct nnrpc_json_value *text, union nnrpc_field_value *out_value);

/* --- Values ------------------------------------------------------------------------------- */

static bool is_number(const char *text, size_t size) {
    size_t sign = text[0] == '-';
    return size > sign && size <= NUMBER_DIGITS_MOST &&
           strspn(text + sign, "0123456789") == size - sign;
}

/* What the text would be without quotes in JSON, where that is another thing than with them. */
static struct nnrpc_json_value value_of(
    const ProtobufCFieldDescriptor *field, const struct nnrpc_json_value *text) {
    struct nnrpc_json_value value = *text;
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        if (strcmp(text->text, "true") == 0) {
            value.kind = NNRPC_JSON_TRUE;
        } else if (strcmp(text->text, "false") == 0) {
            value.kind = NNRPC_JSON_FALSE;
        }
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        if (is_number(text->text, text->size)) {
            value.kind = NNRPC_JSON_INTEGER;
            value.integer = strtoll(text->text, NULL, 10);
        } else if (nnrpc_json_is_null_value(field->descriptor) && strcmp(text->text, "null") == 0) {
            value.kind = NNRPC_JSON_NULL;
        }
    }
    return value;
}

/* A wrapper is there because its value is. */
static ProtobufCMessage *read_wrapper(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_json_value *text) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[0];
    ProtobufCMessage *message = nnrpc_json_new_message(reader, type->descriptor);
    union nnrpc_field_value value;
    if (message == NULL || !read_value(reader, place, field, &type->fields[0], text, &value)) {
        protobuf_c_message_free_unpacked(message, NULL);
        return NULL;
    }
    nnrpc_json_store(field, message, &value);
    return message;
}

static ProtobufCMessage *read_message(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_field *names, const struct nnrpc_json_value *text) {
    switch (names->message->well_known) {
    case NNRPC_WELL_KNOWN_TIMESTAMP:
    case NNRPC_WELL_KNOWN_DURATION:
        return nnrpc_json_read_time(reader, place, names->message, text);
    case NNRPC_WELL_KNOWN_FIELD_MASK:
        return nnrpc_json_read_mask(reader, place, names->message, names->mask_of, text);
    case NNRPC_WELL_KNOWN_WRAPPER:
        return read_wrapper(reader, place, names->message, text);
    case NNRPC_WELL_KNOWN_NONE:
        nnrpc_json_problems_add(
            &reader->problems, place, "an object is no single value: name its fields, \"%s.%s\"",
            names->json_name,
            names->message->descriptor->n_fields == 0 ? "..."
                                                      : names->message->fields[0].json_name);
        return NULL;
    case NNRPC_WELL_KNOWN_EMPTY:
    case NNRPC_WELL_KNOWN_STRUCT:
    case NNRPC_WELL_KNOWN_VALUE:
    case NNRPC_WELL_KNOWN_LIST_VALUE:
    case NNRPC_WELL_KNOWN_ANY:
        break;
    }
    nnrpc_json_problems_add(&reader->problems, place, "only JSON can say a value of this type");
    return NULL;
}

static bool read_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const struct nnrpc_json_value *text, union nnrpc_field_value *out_value) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *message = read_message(reader, place, names, text);
        if (message != NULL) {
            out_value->message = message;
        }
        return message != NULL;
    }
    struct nnrpc_json_value value = value_of(field, text);
    return nnrpc_json_read_scalar(reader, place, field, names->enumeration, &value, out_value);
}

/* --- Where the value goes ----------------------------------------------------------------- */

/* Releases what a singular field holds; set or not, it may hold memory. */
static void release_value(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message) {
    void *at = nnrpc_field_at_mutable(field, message);
    if (nnrpc_field_in_oneof(field) && !nnrpc_field_is_set(field, message)) {
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char *text = *(char **)at;
        if (text != field->default_value && text != protobuf_c_empty_string) {
            free(text);
        }
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        protobuf_c_message_free_unpacked(*(ProtobufCMessage **)at, NULL);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *standard = field->default_value;
        uint8_t *data = ((ProtobufCBinaryData *)at)->data;
        if (standard == NULL || data != standard->data) {
            free(data);
        }
    }
}

/* Makes room for one more value of a repeated field; NULL without memory. */
static char *grow(
    struct nnrpc_json_reader *reader, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message) {
    void **array = nnrpc_field_at_mutable(field, message);
    size_t size = nnrpc_field_value_size(field->type);
    size_t count = nnrpc_field_count(field, message);
    void *larger = realloc(*array, (count + 1) * size);
    if (larger == NULL) {
        reader->is_out_of_memory = true;
        return NULL;
    }
    *array = larger;
    return (char *)larger + count * size;
}

static void add_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    ProtobufCMessage *message, const struct nnrpc_json_value *text) {
    char *room = grow(reader, field, message);
    union nnrpc_field_value value;
    if (room != NULL && read_value(reader, place, field, names, text, &value)) {
        memcpy(room, &value, nnrpc_field_value_size(field->type));
        ++*(size_t *)nnrpc_field_quantifier(field, message);
    }
}

/* Whether a member of the field's oneof, other than it, is set: then it is a problem. */
static bool other_is_chosen(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message) {
    uint32_t chosen =
        nnrpc_field_in_oneof(field) ? *(uint32_t *)nnrpc_field_quantifier(field, message) : 0;
    if (chosen == 0 || chosen == field->id) {
        return false;
    }
    nnrpc_json_problems_add(
        &reader->problems, place, "only one of \"%s\" and \"%s\" is possible",
        nnrpc_json_chosen_member(type, field, chosen)->json_name, place->json_name);
    return true;
}

static void set_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_field_path *path,
    ProtobufCMessage *message, const struct nnrpc_json_value *text) {
    const ProtobufCFieldDescriptor *field = path->field;
    union nnrpc_field_value value;
    if (other_is_chosen(reader, place, type, field, message) ||
        !read_value(reader, place, field, path->names, text, &value)) {
        return;
    }
    release_value(field, message);
    nnrpc_json_store(field, message, &value);
}

/* --- Maps --------------------------------------------------------------------------------- */

static bool same_key(
    const ProtobufCFieldDescriptor *key, const ProtobufCMessage *a, const ProtobufCMessage *b) {
    const void *a_key = nnrpc_field_at(key, a);
    const void *b_key = nnrpc_field_at(key, b);
    if (key->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(*(const char *const *)a_key, *(const char *const *)b_key) == 0;
    }
    return memcmp(a_key, b_key, nnrpc_field_value_size(key->type)) == 0;
}

static bool has_key(
    const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message,
    const ProtobufCMessage *entry) {
    const ProtobufCMessage *const *entries =
        *(const ProtobufCMessage *const *const *)nnrpc_field_at(field, message);
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
    for (size_t index = 0; index < nnrpc_field_count(field, message); index++) {
        if (same_key(key, entries[index], entry)) {
            return true;
        }
    }
    return false;
}

/* Reads key and value into an entry; false when one of them is wrong. */
static bool read_entry(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const char *key, const struct nnrpc_json_value *text,
    ProtobufCMessage *entry) {
    const ProtobufCFieldDescriptor *fields = type->descriptor->fields;
    union nnrpc_field_value value;
    if (!nnrpc_json_read_key(reader, place, &fields[0], key, place->key_size, &value)) {
        return false;
    }
    nnrpc_json_store(&fields[0], entry, &value);
    if (!read_value(reader, place, &fields[1], &type->fields[1], text, &value)) {
        return false;
    }
    nnrpc_json_store(&fields[1], entry, &value);
    return true;
}

static void free_text(char **text) {
    free(*text);
}

static void add_entry(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    ProtobufCMessage *message, const struct nnrpc_json_value *text) {
    if (place->key == NULL) {
        nnrpc_json_problems_add(
            &reader->problems, place, "a map has entries: name one, \"%s[KEY]\"", names->json_name);
        return;
    }
    if (!nnrpc_utf8_valid(place->key, place->key_size) ||
        memchr(place->key, '\0', place->key_size) != NULL) {
        nnrpc_json_problems_add(&reader->problems, place->parent, "a key is not UTF-8 text");
        return;
    }
    NNRPC_CLEANUP(free_text) char *key = strndup(place->key, place->key_size);
    ProtobufCMessage *entry =
        key == NULL ? NULL : nnrpc_json_new_message(reader, names->message->descriptor);
    char *room = entry == NULL ? NULL : grow(reader, field, message);
    reader->is_out_of_memory = reader->is_out_of_memory || room == NULL;
    if (room != NULL && read_entry(reader, place, names->message, key, text, entry)) {
        if (!has_key(field, message, entry)) {
            memcpy(room, &entry, sizeof(entry));
            ++*(size_t *)nnrpc_field_quantifier(field, message);
            return;
        }
        nnrpc_json_problems_add(&reader->problems, place, "the key stands twice");
    }
    protobuf_c_message_free_unpacked(entry, NULL);
}

/* --- The way to the field ----------------------------------------------------------------- */

/* Goes into a message field, which is made when it is absent; NULL after a problem. */
static ProtobufCMessage *go_into(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message) {
    if (other_is_chosen(reader, place, type, field, message)) {
        return NULL;
    }
    ProtobufCMessage **inner = nnrpc_field_at_mutable(field, message);
    if (!nnrpc_field_is_set(field, message)) {
        ProtobufCMessage *made = nnrpc_json_new_message(reader, field->descriptor);
        if (made == NULL) {
            return NULL;
        }
        *inner = made;
        nnrpc_field_mark_set(field, message);
    }
    return *inner;
}

static void put(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_field_path *path,
    ProtobufCMessage *message, const struct nnrpc_json_value *text) {
    const struct nnrpc_json_place entry = {
        .parent = place, .key = path->key, .key_size = path->key_size};
    if (!nnrpc_utf8_valid(text->text, text->size) || strlen(text->text) != text->size) {
        nnrpc_json_problems_add(&reader->problems, place, "the value is not UTF-8 text");
    } else if ((path->names->flags & NNRPC_FIELD_MAP) != 0) {
        add_entry(
            reader, path->key == NULL ? place : &entry, path->field, path->names, message, text);
    } else if (path->field->label == PROTOBUF_C_LABEL_REPEATED) {
        add_value(reader, place, path->field, path->names, message, text);
    } else {
        set_value(reader, place, type, path, message, text);
    }
}

static void set_at(
    struct nnrpc_json_reader *reader, const struct nnrpc_message *type, ProtobufCMessage *message,
    const struct nnrpc_field_path *path, const struct nnrpc_json_value *text) {
    struct nnrpc_json_place places[NNRPC_PATH_DEPTH];
    const struct nnrpc_json_place *parent = NULL;
    for (size_t depth = 0; message != NULL; depth++) {
        int index = path->path.indexes[depth];
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
        const struct nnrpc_field *names = &type->fields[index];
        places[depth] = (struct nnrpc_json_place){
            .parent = parent,
            .proto_name = field->name,
            .json_name = names->json_name,
            .is_secret = (names->flags & NNRPC_FIELD_SENSITIVE) != 0,
        };
        parent = &places[depth];
        if (path->path.indexes[depth + 1] < 0) {
            put(reader, parent, type, path, message, text);
            return;
        }
        message = go_into(reader, parent, type, field, message);
        type = names->message;
    }
}

enum nnrpc_code nnrpc_field_path_set(
    const struct nnrpc_message *type, ProtobufCMessage *message,
    const struct nnrpc_field_path *path, const char *text, size_t size,
    struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_json_reader reader = {.problems = {.status = &status}};
    struct nnrpc_json_value value = {.kind = NNRPC_JSON_TEXT, .text = text, .size = size};
    set_at(&reader, type, message, path, &value);
    enum nnrpc_code code = nnrpc_json_problems_finish(&reader.problems);
    nnrpc_json_problems_deinit(&reader.problems);
    if (reader.is_out_of_memory) {
        code = nnrpc_fail(
            &status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the message");
    }
    if (code != NNRPC_OK && out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
    return code;
}
