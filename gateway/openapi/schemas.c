/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of messages.
 *
 * What is answered and what is sent are two schemas: an answer has every field, a request any of
 * them, null stands in a request for "not set", and keys that are not known are refused there.
 */
#include "openapi/schemas.h"

#include <stdlib.h>
#include <string.h>

#include "openapi/types.h"

/* --- Which messages ----------------------------------------------------------------------- */

static const struct openapi_use *uses_of(const struct openapi_document *document, size_t *count) {
    *count = document->uses.size / sizeof(struct openapi_use);
    return (const struct openapi_use *)(const void *)document->uses.data;
}

static void use_message(
    struct openapi_document *document, const struct nnrpc_message *message,
    enum openapi_view view) {
    size_t count = 0;
    const struct openapi_use *uses = uses_of(document, &count);
    for (size_t i = 0; i < count; i++) {
        if (uses[i].message == message && uses[i].view == view) {
            return;
        }
    }
    const struct openapi_use use = {.message = message, .view = view};
    nnrpc_buffer_append(&document->uses, &use, sizeof(use));
}

/* Maps lead to what is in them; types with a JSON form of their own have no schema. */
static void use_field(
    struct openapi_document *document, const struct nnrpc_field *field, enum openapi_view view) {
    bool is_map = (field->flags & NNRPC_FIELD_MAP) != 0;
    const struct nnrpc_message *message =
        is_map ? field->message->fields[1].message : field->message;
    if (message != NULL && message->well_known == NNRPC_WELL_KNOWN_NONE) {
        use_message(document, message, view);
    }
}

void openapi_collect_uses(
    struct openapi_document *document, const struct openapi_route *routes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct nnrpc_message *body = openapi_body_message(&routes[i]);
        if (routes[i].rule->success_status != 204) {
            use_message(document, routes[i].method->response, OPENAPI_OUTPUT);
        }
        if (body != NULL) {
            use_message(document, body, OPENAPI_INPUT);
        }
    }
    for (size_t i = 0; i < document->uses.size / sizeof(struct openapi_use); i++) {
        size_t unused = 0;
        const struct openapi_use use = uses_of(document, &unused)[i];
        for (size_t k = 0; k < use.message->descriptor->n_fields; k++) {
            use_field(document, &use.message->fields[k], use.view);
        }
    }
}

/* --- Fields ------------------------------------------------------------------------------- */

static void append_values(
    struct openapi_document *document, const struct nnrpc_enum *enumeration,
    struct nnrpc_buffer *out) {
    for (size_t i = 0; i < enumeration->descriptor->n_values; i++) {
        nnrpc_buffer_append_format(
            out, "%s* `%s`: ", i == 0 ? "\n\n" : "\n", enumeration->json_names[i]);
        openapi_check(
            document, openapi_describe_value(document->comments, enumeration, i, out),
            enumeration->descriptor->name);
    }
}

void openapi_write_field_description(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    const char *appendix) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    const char *name = message->descriptor->fields[index].name;
    openapi_check(
        document, openapi_describe_field(document->comments, message, index, &text), name);
    if (message->fields[index].enumeration != NULL) {
        append_values(document, message->fields[index].enumeration, &text);
    }
    nnrpc_buffer_append_text(&text, appendix);
    openapi_write_buffer(&document->writer, "description", &text);
}

static void write_text_bounds(struct openapi_writer *writer, const struct openapi_bounds *bounds) {
    if (bounds->min_bytes > 0) {
        openapi_write_integer(writer, "minLength", bounds->min_bytes);
    }
    if (bounds->max_bytes > 0) {
        openapi_write_integer(writer, "maxLength", bounds->max_bytes);
    }
    if (bounds->characters[0] != '\0') {
        openapi_write_format(writer, "pattern", "^%s*$", bounds->characters);
    }
}

static void write_bounds(
    struct openapi_writer *writer, const ProtobufCFieldDescriptor *field,
    const struct openapi_bounds *bounds) {
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (is_list && bounds->max_items > 0) {
        openapi_write_integer(writer, "maxItems", bounds->max_items);
    }
    if (is_list && bounds->is_unique) {
        openapi_write_flag(writer, "uniqueItems", true);
    }
    if (!is_list && field->type == PROTOBUF_C_TYPE_STRING) {
        write_text_bounds(writer, bounds);
    }
    if (!is_list && field->type == PROTOBUF_C_TYPE_INT32 && bounds->is_not_negative) {
        openapi_write_integer(writer, "minimum", 0);
    }
}

void openapi_write_field_keywords(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view) {
    const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[index];
    const struct nnrpc_field *field = &message->fields[index];
    struct openapi_writer *writer = &document->writer;
    struct openapi_bounds bounds = {0};
    bool is_list = descriptor->label == PROTOBUF_C_LABEL_REPEATED;
    bool is_oneof = (descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    bool is_null_when_unset = (field->message != NULL && !is_list && !is_oneof) ||
                              (field->flags & NNRPC_FIELD_EMPTY_IS_NULL) != 0;
    bool with_null = view == OPENAPI_INPUT || (view == OPENAPI_OUTPUT && is_null_when_unset);
    openapi_write_field_type(document, message, index, view, with_null);
    openapi_check(
        document, openapi_field_bounds(document->comments, message, index, &bounds),
        descriptor->name);
    if (view != OPENAPI_OUTPUT && (field->flags & NNRPC_FIELD_OUTPUT_ONLY) == 0) {
        write_bounds(writer, descriptor, &bounds);
    }
    if (bounds.example[0] != '\0' && !is_list && descriptor->type == PROTOBUF_C_TYPE_STRING) {
        openapi_begin_list(writer, "examples");
        openapi_write_text(writer, NULL, bounds.example);
        openapi_end_list(writer);
    }
}

/* --- Messages ----------------------------------------------------------------------------- */

static bool is_seen(const struct nnrpc_field *field, enum openapi_view view) {
    return view == OPENAPI_INPUT || (field->flags & NNRPC_FIELD_INPUT_ONLY) == 0;
}

/* An answer has every field, but of a oneof only the member that is set. */
static void write_required(struct openapi_writer *writer, const struct nnrpc_message *message) {
    openapi_begin_list(writer, "required");
    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        bool is_oneof = (message->descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (is_seen(&message->fields[i], OPENAPI_OUTPUT) && !is_oneof) {
            openapi_write_text(writer, NULL, message->fields[i].json_name);
        }
    }
    openapi_end_list(writer);
}

static void write_property(
    struct openapi_document *document, const struct openapi_use *use, size_t index) {
    struct openapi_writer *writer = &document->writer;
    const struct nnrpc_field *field = &use->message->fields[index];
    openapi_begin_object(writer, field->json_name);
    openapi_write_field_description(document, use->message, index, "");
    openapi_write_field_keywords(document, use->message, index, use->view);
    if ((field->flags & NNRPC_FIELD_OUTPUT_ONLY) != 0) {
        openapi_write_flag(writer, "readOnly", true);
    }
    if ((field->flags & NNRPC_FIELD_INPUT_ONLY) != 0) {
        openapi_write_flag(writer, "writeOnly", true);
    }
    openapi_end_object(writer);
}

static void write_schema(struct openapi_document *document, const struct openapi_use *use) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct openapi_writer *writer = &document->writer;
    openapi_append_schema_name(document, use->message, use->view, &name);
    openapi_check(
        document, openapi_describe_message(document->comments, use->message, &text),
        use->message->descriptor->name);
    const char *key = nnrpc_buffer_text(&name);
    openapi_begin_object(writer, key == NULL ? "" : key);
    openapi_write_text(writer, "type", "object");
    openapi_write_buffer(writer, "description", &text);
    if (use->view == OPENAPI_OUTPUT) {
        write_required(writer, use->message);
    } else {
        openapi_write_flag(writer, "additionalProperties", false);
    }
    openapi_begin_object(writer, "properties");
    for (size_t i = 0; i < use->message->descriptor->n_fields; i++) {
        if (is_seen(&use->message->fields[i], use->view)) {
            write_property(document, use, i);
        }
    }
    openapi_end_object(writer);
    openapi_end_object(writer);
}

static int compare_uses(const void *a, const void *b) {
    const struct openapi_use *left = a;
    const struct openapi_use *right = b;
    int order = strcmp(left->message->descriptor->name, right->message->descriptor->name);
    return order != 0 ? order : (left->view > right->view) - (left->view < right->view);
}

void openapi_write_schemas(struct openapi_document *document) {
    size_t count = 0;
    const struct openapi_use *uses = uses_of(document, &count);
    if (count != 0) {
        qsort(document->uses.data, count, sizeof(*uses), compare_uses);
    }
    for (size_t i = 0; i < count; i++) {
        write_schema(document, &uses[i]);
    }
}
