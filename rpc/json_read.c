/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as messages. jansson parses the text, a walk by descriptor and name table makes the message;
 * no other file knows jansson.
 *
 * A message is at every moment one that protobuf_c_message_free_unpacked() can release: counts and
 * cases are set only when the value behind them is there. Reading goes on after a wrong value, so
 * that all of them are told at once.
 */
#include "nnrpc/json.h"

#include <assert.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "json_any.h"
#include "json_memory.h"
#include "json_message.h"
#include "json_names.h"
#include "json_place.h"
#include "json_scalar.h"
#include "json_value.h"

#define SEEN_WORDS 4
#define BITS_A_WORD 64

static ProtobufCMessage *read_message(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_message *mask_of, json_t *json);

/* --- Values and memory -------------------------------------------------------------------- */

static struct nnrpc_json_value value_of(json_t *json) {
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return (struct nnrpc_json_value){.kind = NNRPC_JSON_OBJECT};
    case JSON_ARRAY:
        return (struct nnrpc_json_value){.kind = NNRPC_JSON_LIST};
    case JSON_STRING:
        return (struct nnrpc_json_value){
            .kind = NNRPC_JSON_TEXT,
            .text = json_string_value(json),
            .size = json_string_length(json),
        };
    case JSON_INTEGER:
        return (struct nnrpc_json_value){
            .kind = NNRPC_JSON_INTEGER, .integer = json_integer_value(json)};
    case JSON_REAL:
        return (struct nnrpc_json_value){.kind = NNRPC_JSON_REAL, .real = json_real_value(json)};
    case JSON_TRUE:
        return (struct nnrpc_json_value){.kind = NNRPC_JSON_TRUE};
    case JSON_FALSE:
        return (struct nnrpc_json_value){.kind = NNRPC_JSON_FALSE};
    case JSON_NULL:
        break;
    }
    return (struct nnrpc_json_value){.kind = NNRPC_JSON_NULL};
}

static void expected(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, const char *what,
    json_t *json) {
    struct nnrpc_json_value value = value_of(json);
    nnrpc_json_expected(reader, place, what, &value);
}

/* Counts an object or list in; the caller counts it out when this says true. */
static bool enter(struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place) {
    if (reader->depth == NNRPC_JSON_MAX_DEPTH) {
        nnrpc_json_problems_add(
            &reader->problems, place, "objects and lists are nested above %d levels",
            NNRPC_JSON_MAX_DEPTH);
        return false;
    }
    reader->depth++;
    return true;
}

static bool read_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names, json_t *json,
    union nnrpc_field_value *out_value) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *message =
            read_message(reader, place, names->message, names->mask_of, json);
        if (message != NULL) {
            out_value->message = message;
        }
        return message != NULL;
    }
    struct nnrpc_json_value value = value_of(json);
    return nnrpc_json_read_scalar(reader, place, field, names->enumeration, &value, out_value);
}

/* --- Lists and maps ----------------------------------------------------------------------- */

/* In a list or map null is no value, but where it is one of the type's. */
static bool read_item(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names, json_t *json,
    union nnrpc_field_value *out_value) {
    if (json_is_null(json) && !nnrpc_json_has_null(field, names)) {
        nnrpc_json_problems_add(&reader->problems, place, "null is not possible here");
        return false;
    }
    return read_value(reader, place, field, names, json, out_value);
}

static void read_list(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    ProtobufCMessage *message, json_t *json) {
    if (!json_is_array(json)) {
        expected(reader, place, "a list", json);
        return;
    }
    if (!enter(reader, place)) {
        return;
    }
    size_t size = nnrpc_field_value_size(field->type);
    size_t *count = nnrpc_field_quantifier(field, message);
    char *array = nnrpc_json_new_array(reader, field, message, json_array_size(json));
    for (size_t index = 0; array != NULL && index < json_array_size(json); index++) {
        struct nnrpc_json_place item = {.parent = place, .index = index};
        union nnrpc_field_value value;
        json_t *element = json_array_get(json, index);
        if (read_item(reader, &item, field, names, element, &value)) {
            memcpy(array + *count * size, &value, size);
            ++*count;
        }
        if (nnrpc_json_is_stopped(reader)) {
            break;
        }
    }
    reader->depth--;
}

/* Reads key and value into a new entry; NULL when one of them is wrong. */
static ProtobufCMessage *read_map_entry(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, json_t *json) {
    const ProtobufCFieldDescriptor *fields = type->descriptor->fields;
    ProtobufCMessage *entry = nnrpc_json_new_message(reader, type->descriptor);
    if (entry == NULL) {
        return NULL;
    }
    union nnrpc_field_value value;
    bool is_read =
        nnrpc_json_read_key(reader, place, &fields[0], place->key, place->key_size, &value);
    if (is_read) {
        nnrpc_json_store(&fields[0], entry, &value);
        is_read = read_item(reader, place, &fields[1], &type->fields[1], json, &value);
    }
    if (!is_read) {
        protobuf_c_message_free_unpacked(entry, reader->allocator);
        return NULL;
    }
    nnrpc_json_store(&fields[1], entry, &value);
    return entry;
}

static void read_map(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    ProtobufCMessage *message, json_t *json) {
    if (!json_is_object(json)) {
        expected(reader, place, "an object", json);
        return;
    }
    if (!enter(reader, place)) {
        return;
    }
    size_t *count = nnrpc_field_quantifier(field, message);
    char *array = nnrpc_json_new_array(reader, field, message, json_object_size(json));
    ProtobufCMessage **entries = (ProtobufCMessage **)array;
    for (void *at = json_object_iter(json); at != NULL && entries != NULL;
         at = json_object_iter_next(json, at)) {
        struct nnrpc_json_place item = {
            .parent = place,
            .key = json_object_iter_key(at),
            .key_size = json_object_iter_key_len(at),
        };
        ProtobufCMessage *entry =
            read_map_entry(reader, &item, names->message, json_object_iter_value(at));
        if (entry != NULL) {
            entries[(*count)++] = entry;
        }
        if (nnrpc_json_is_stopped(reader)) {
            break;
        }
    }
    reader->depth--;
}

/* --- Fields ------------------------------------------------------------------------------- */

static void read_oneof_member(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, unsigned int index, ProtobufCMessage *message, json_t *json) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    uint32_t *chosen = nnrpc_field_quantifier(field, message);
    if (*chosen != 0) {
        nnrpc_json_problems_add(
            &reader->problems, place, "only one of \"%s\" and \"%s\" is possible",
            nnrpc_json_chosen_member(type, field, *chosen)->json_name,
            type->fields[index].json_name);
        return;
    }
    union nnrpc_field_value value;
    if (read_value(reader, place, field, &type->fields[index], json, &value)) {
        nnrpc_json_store(field, message, &value);
    }
}

/* An empty text is what a new message has already, where that is not the absence of one. */
static bool is_there_already(const ProtobufCFieldDescriptor *field, json_t *json) {
    return json_is_string(json) && json_string_length(json) == 0 &&
           field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_NONE;
}

static void read_field(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, unsigned int index, ProtobufCMessage *message, json_t *json) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    const struct nnrpc_field *names = &type->fields[index];
    bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (json_is_null(json) && (is_repeated || !nnrpc_json_has_null(field, names))) {
        if (field->label == PROTOBUF_C_LABEL_REQUIRED) {
            nnrpc_json_problems_add(&reader->problems, place, "the field is required");
        }
        return;
    }
    if ((names->flags & NNRPC_FIELD_MAP) != 0) {
        read_map(reader, place, field, names, message, json);
    } else if (is_repeated) {
        read_list(reader, place, field, names, message, json);
    } else if (nnrpc_field_in_oneof(field)) {
        read_oneof_member(reader, place, type, index, message, json);
    } else if (!is_there_already(field, json)) {
        union nnrpc_field_value value;
        if (read_value(reader, place, field, names, json, &value)) {
            nnrpc_json_store(field, message, &value);
        }
    }
}

/* --- Objects ------------------------------------------------------------------------------ */

static void read_keys(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, ProtobufCMessage *message, json_t *json, uint64_t *seen) {
    unsigned int hint = 0;
    for (void *at = json_object_iter(json); at != NULL && !nnrpc_json_is_stopped(reader);
         at = json_object_iter_next(json, at)) {
        struct nnrpc_json_place item = {
            .parent = place,
            .key = json_object_iter_key(at),
            .key_size = json_object_iter_key_len(at),
        };
        int found = nnrpc_json_find_field(type, item.key, item.key_size, hint);
        if (found < 0) {
            nnrpc_json_refuse_key(reader, &item, type);
            continue;
        }
        unsigned int index = (unsigned int)found;
        const struct nnrpc_field *names = &type->fields[index];
        item.proto_name = type->descriptor->fields[index].name;
        item.json_name = names->json_name;
        item.is_secret = (names->flags & NNRPC_FIELD_SENSITIVE) != 0;
        hint = index + 1;
        if (nnrpc_json_mark_seen(seen, index)) {
            read_field(reader, &item, type, index, message, json_object_iter_value(at));
        } else {
            nnrpc_json_problems_add(
                &reader->problems, &item, "the field stands twice, as \"%s\" and as \"%s\"",
                item.json_name, item.proto_name);
        }
    }
}

static void free_words(uint64_t **words) {
    free(*words);
}

static ProtobufCMessage *read_object(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, json_t *json) {
    if (!json_is_object(json)) {
        expected(reader, place, "an object", json);
        return NULL;
    }
    if (!enter(reader, place)) {
        return NULL;
    }
    uint64_t few[SEEN_WORDS] = {0};
    NNRPC_CLEANUP(free_words) uint64_t *many = NULL;
    size_t words = type->descriptor->n_fields / BITS_A_WORD + 1;
    if (words > SEEN_WORDS) {
        many = calloc(words, sizeof(*many));
        reader->is_out_of_memory = many == NULL;
    }
    ProtobufCMessage *message = NULL;
    if (!reader->is_out_of_memory) {
        message = nnrpc_json_new_message(reader, type->descriptor);
    }
    if (message != NULL) {
        read_keys(reader, place, type, message, json, many == NULL ? few : many);
        nnrpc_json_check_required(reader, place, type, many == NULL ? few : many);
    }
    reader->depth--;
    return message;
}

/* --- Messages with a JSON form of their own ----------------------------------------------- */

/* A wrapper's only field, a Struct's map and a ListValue's list stand for the whole message. */
static ProtobufCMessage *read_only_field(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, json_t *json) {
    ProtobufCMessage *message = nnrpc_json_new_message(reader, type->descriptor);
    if (message == NULL) {
        return NULL;
    }
    if (json_is_null(json)) {
        expected(reader, place, "a value", json);
    } else {
        read_field(reader, place, type, 0, message, json);
    }
    return message;
}

static ProtobufCMessage *read_dynamic_value(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, json_t *json) {
    ProtobufCMessage *message = nnrpc_json_new_message(reader, type->descriptor);
    uint32_t member = nnrpc_json_value_member(value_of(json).kind);
    for (unsigned int index = 0; message != NULL && index < type->descriptor->n_fields; index++) {
        if (type->descriptor->fields[index].id == member) {
            read_oneof_member(reader, place, type, index, message, json);
        }
    }
    return message;
}

/* The message in an Any: its fields beside "@type", or, where its JSON is no object of fields, that
 * under "value". An object without keys is an Any without a message. */
static ProtobufCMessage *read_any(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, json_t *json) {
    if (!json_is_object(json)) {
        expected(reader, place, "an object", json);
        return NULL;
    }
    if (json_object_size(json) == 0 && reader->types != NULL) {
        return nnrpc_json_new_message(reader, type->descriptor);
    }
    NNRPC_CLEANUP(json_decrefp) json_t *url = json_incref(json_object_get(json, "@type"));
    const struct nnrpc_message *held =
        nnrpc_json_find_any(reader, place, json_is_string(url) ? json_string_value(url) : NULL);
    if (held == NULL) {
        return NULL;
    }
    json_object_del(json, "@type");
    json_t *value = nnrpc_json_is_object_of_fields(held) ? json : json_object_get(json, "value");
    if (value == NULL || (value != json && json_object_size(json) != 1)) {
        nnrpc_json_problems_add(
            &reader->problems, place, "beside \"@type\" stands \"value\" and nothing else");
        return NULL;
    }
    return nnrpc_json_pack_any(
        reader, type, json_string_value(url), read_message(reader, place, held, NULL, value));
}

static ProtobufCMessage *read_message(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place,
    const struct nnrpc_message *type, const struct nnrpc_message *mask_of, json_t *json) {
    struct nnrpc_json_value value = value_of(json);
    switch (type->well_known) {
    case NNRPC_WELL_KNOWN_NONE:
    case NNRPC_WELL_KNOWN_EMPTY:
        return read_object(reader, place, type, json);
    case NNRPC_WELL_KNOWN_TIMESTAMP:
    case NNRPC_WELL_KNOWN_DURATION:
        return nnrpc_json_read_time(reader, place, type, &value);
    case NNRPC_WELL_KNOWN_FIELD_MASK:
        return nnrpc_json_read_mask(reader, place, type, mask_of, &value);
    case NNRPC_WELL_KNOWN_WRAPPER:
    case NNRPC_WELL_KNOWN_STRUCT:
    case NNRPC_WELL_KNOWN_LIST_VALUE:
        return read_only_field(reader, place, type, json);
    case NNRPC_WELL_KNOWN_VALUE:
        return read_dynamic_value(reader, place, type, json);
    case NNRPC_WELL_KNOWN_ANY:
        return read_any(reader, place, type, json);
    }
    return NULL;
}

/* --- The text ----------------------------------------------------------------------------- */

static void use_own_memory_functions(void) {
    json_set_alloc_funcs(nnrpc_json_parser_allocate, nnrpc_json_parser_free);
}

/* What was wrong. jansson appends a quotation of the text, which is cut off: it might be a piece of
 * a password. */
static const char *describe(json_error_t *error) {
    static const struct {
        enum json_error_code code;
        const char *text;
    } KNOWN[] = {
        {json_error_stack_overflow, "objects and lists are nested above 100 levels"},
        {json_error_invalid_utf8, "the text is not UTF-8"},
        {json_error_premature_end_of_input, "the text ends before the value does"},
        {json_error_end_of_input_expected, "there is more text after the value"},
        {json_error_null_character, "NUL is not possible in text"},
        {json_error_null_byte_in_key, "NUL is not possible in text"},
        {json_error_duplicate_key, "a key stands twice in an object"},
        {json_error_numeric_overflow, "a number is out of range"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(KNOWN); index++) {
        if (KNOWN[index].code == json_error_code(error)) {
            return KNOWN[index].text;
        }
    }
    if (strncmp(error->text, "invalid Unicode", strlen("invalid Unicode")) == 0) {
        return "an escape is no character";
    }
    char *quotation = strstr(error->text, " near ");
    if (quotation != NULL) {
        *quotation = '\0';
    }
    return error->text;
}

/* Parses a text; NULL with its status when that fails. */
static json_t *parse(const char *text, size_t size, struct nnrpc_status *status) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (size > NNRPC_JSON_MAX_BYTES) {
        (void)nnrpc_fail(
            status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_INVALID_JSON,
            "the text has %zu bytes, at most %u are read", size, NNRPC_JSON_MAX_BYTES);
        return NULL;
    }
    (void)pthread_once(&once, use_own_memory_functions);
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_error_t error;
    nnrpc_json_parser_begin();
    json_t *json = json_loadb(size == 0 ? "" : text, size, flags, &error);
    if (json == NULL && json_error_code(&error) == json_error_numeric_overflow) {
        /* A whole number above 64 bits: fine for a double, and told with its place elsewhere. */
        json = json_loadb(text, size, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    if (nnrpc_json_parser_ran_out()) {
        json_decref(json);
        (void)nnrpc_fail(
            status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the JSON text");
        return NULL;
    }
    if (json == NULL) {
        (void)nnrpc_fail(
            status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_INVALID_JSON,
            "line %d, column %d: %s", error.line, error.column, describe(&error));
    }
    return json;
}

/* Where the keys of a text are listed. */
struct key_list {
    struct nnrpc_buffer *out;
    size_t start;             /* of the first one */
    bool is_deep;             /* keys below a message's count, and not the message's own */
    struct nnrpc_buffer path; /* of the object at hand */
};

static void append_keys(struct key_list *list, const struct nnrpc_message *type, json_t *json) {
    bool is_object = json_is_object(json) && type->well_known == NNRPC_WELL_KNOWN_NONE;
    for (void *at = is_object ? json_object_iter(json) : NULL; at != NULL;
         at = json_object_iter_next(json, at)) {
        const char *key = json_object_iter_key(at);
        int index = nnrpc_json_find_field(type, key, json_object_iter_key_len(at), 0);
        size_t outer_size = list->path.size;
        nnrpc_buffer_append_text(&list->path, outer_size == 0 ? "" : ".");
        nnrpc_buffer_append_text(&list->path, type->descriptor->fields[index].name);
        const struct nnrpc_message *inner = nnrpc_json_object_of_fields(type, (unsigned int)index);
        json_t *value = json_object_iter_value(at);
        if (list->is_deep && inner != NULL && json_is_object(value)) {
            append_keys(list, inner, value);
        } else {
            nnrpc_buffer_append_text(list->out, list->out->size == list->start ? "" : ",");
            nnrpc_buffer_append(list->out, list->path.data, list->path.size);
        }
        list->path.size = outer_size;
    }
}

static void list_keys(
    const struct nnrpc_message *type, json_t *json, bool is_deep, struct nnrpc_buffer *out) {
    struct key_list list = {.out = out, .start = out->size, .is_deep = is_deep};
    append_keys(&list, type, json);
    out->failed = out->failed || list.path.failed;
    nnrpc_buffer_deinit(&list.path);
}

/* What came of reading. */
static enum nnrpc_code finish(struct nnrpc_json_reader *reader) {
    struct nnrpc_status *status = reader->problems.status;
    enum nnrpc_code code = nnrpc_json_problems_finish(&reader->problems);
    nnrpc_json_problems_deinit(&reader->problems);
    if (reader->is_out_of_memory) {
        code = nnrpc_fail(
            status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the message");
    }
    return code;
}

static enum nnrpc_code read_text(
    const struct nnrpc_message *type, const struct nnrpc_json_types *types, const char *text,
    size_t size, ProtobufCAllocator *allocator, ProtobufCMessage **out_message,
    struct nnrpc_buffer *out_keys, struct nnrpc_status *status) {
    json_auto_t *json = parse(text, size, status);
    if (json == NULL) {
        return status->code;
    }
    struct nnrpc_json_reader reader = {
        .allocator = allocator, .types = types, .problems = {.status = status}};
    ProtobufCMessage *message = read_message(&reader, NULL, type, NULL, json);
    enum nnrpc_code code = finish(&reader);
    if (code != NNRPC_OK) {
        protobuf_c_message_free_unpacked(message, allocator);
        return code;
    }
    *out_message = message;
    if (out_keys != NULL) {
        list_keys(type, json, false, out_keys);
    }
    return NNRPC_OK;
}

/* Writes the status only when there is something wrong. */
static enum nnrpc_code read_or_fail(
    const struct nnrpc_message *type, const struct nnrpc_json_types *types, const char *text,
    size_t size, ProtobufCAllocator *allocator, ProtobufCMessage **out_message,
    struct nnrpc_buffer *out_keys, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code =
        read_text(type, types, text, size, allocator, out_message, out_keys, &status);
    if (code != NNRPC_OK && out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
    return code;
}

enum nnrpc_code nnrpc_json_read(
    const struct nnrpc_message *type, const char *text, size_t size, ProtobufCAllocator *allocator,
    ProtobufCMessage **out_message, struct nnrpc_status *out_status) {
    return nnrpc_json_read_keys(type, text, size, allocator, out_message, NULL, out_status);
}

enum nnrpc_code nnrpc_json_read_keys(
    const struct nnrpc_message *type, const char *text, size_t size, ProtobufCAllocator *allocator,
    ProtobufCMessage **out_message, struct nnrpc_buffer *out_keys,
    struct nnrpc_status *out_status) {
    return read_or_fail(type, NULL, text, size, allocator, out_message, out_keys, out_status);
}

enum nnrpc_code nnrpc_json_read_with_types(
    const struct nnrpc_message *type, const struct nnrpc_json_types *types, const char *text,
    size_t size, ProtobufCAllocator *allocator, ProtobufCMessage **out_message,
    struct nnrpc_status *out_status) {
    return read_or_fail(type, types, text, size, allocator, out_message, NULL, out_status);
}

enum nnrpc_code nnrpc_json_read_field(
    const struct nnrpc_message *type, unsigned int index, const char *text, size_t size,
    ProtobufCMessage *message, struct nnrpc_buffer *out_paths, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    json_auto_t *json = parse(text, size, &status);
    enum nnrpc_code code = status.code;
    if (json != NULL) {
        struct nnrpc_json_reader reader = {.problems = {.status = &status}};
        read_field(&reader, NULL, type, index, message, json);
        code = finish(&reader);
    }
    const struct nnrpc_message *inner = nnrpc_json_object_of_fields(type, index);
    if (code == NNRPC_OK && out_paths != NULL && inner != NULL) {
        list_keys(inner, json, true, out_paths);
    }
    if (code != NNRPC_OK && out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
    return code;
}
