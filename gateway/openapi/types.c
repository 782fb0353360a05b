/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of single values, as nnrpc's JSON writes and reads them.
 */
#include "openapi/types.h"

#include <string.h>

void openapi_write_type_name(struct openapi_writer *writer, const char *name, bool with_null) {
    if (!with_null) {
        openapi_write_text(writer, "type", name);
        return;
    }
    openapi_begin_list(writer, "type");
    openapi_write_text(writer, NULL, name);
    openapi_write_text(writer, NULL, "null");
    openapi_end_list(writer);
}

/* --- Messages ----------------------------------------------------------------------------- */

static bool is_used(
    const struct openapi_document *document, const struct nnrpc_message *message,
    enum openapi_view view) {
    const struct openapi_use *uses = (const struct openapi_use *)(const void *)document->uses.data;
    for (size_t i = 0; i < document->uses.size / sizeof(*uses); i++) {
        if (uses[i].message == message && uses[i].view == view) {
            return true;
        }
    }
    return false;
}

void openapi_append_schema_name(
    const struct openapi_document *document, const struct nnrpc_message *message,
    enum openapi_view view, struct nnrpc_buffer *out) {
    const char *name = openapi_short_name(message);
    bool is_taken =
        strcmp(name, "Error") == 0 || !openapi_is_short_name_unique(document->comments, message);
    nnrpc_buffer_append_text(out, is_taken ? message->descriptor->name : name);
    if (view == OPENAPI_INPUT && is_used(document, message, OPENAPI_OUTPUT)) {
        nnrpc_buffer_append_text(out, ".Input");
    }
}

static void write_reference(
    struct openapi_document *document, const struct nnrpc_message *message,
    enum openapi_view view) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
    nnrpc_buffer_append_text(&name, "#/components/schemas/");
    openapi_append_schema_name(document, message, view, &name);
    openapi_write_buffer(&document->writer, "$ref", &name);
}

void openapi_write_message_reference(
    struct openapi_document *document, const char *key, const struct nnrpc_message *message,
    enum openapi_view view) {
    openapi_begin_object(&document->writer, key);
    write_reference(document, message, view);
    openapi_end_object(&document->writer);
}

static void write_message_type(
    struct openapi_document *document, const struct nnrpc_message *message, enum openapi_view view,
    bool with_null) {
    if (!with_null) {
        write_reference(document, message, view);
        return;
    }
    openapi_begin_list(&document->writer, "anyOf");
    openapi_write_message_reference(document, NULL, message, view);
    openapi_write_members(&document->writer, "{\"type\":\"null\"}");
    openapi_end_list(&document->writer);
}

/* A query has the fields of a mask as a list with commas, JSON as one text. */
static void write_mask_type(
    struct openapi_writer *writer, const struct nnrpc_message *mask_of, enum openapi_view view,
    bool with_null) {
    if (view != OPENAPI_QUERY) {
        openapi_write_type_name(writer, "string", with_null);
        return;
    }
    openapi_write_text(writer, "type", "array");
    openapi_begin_object(writer, "items");
    openapi_write_text(writer, "type", "string");
    if (mask_of != NULL) {
        openapi_begin_list(writer, "examples");
        for (size_t i = 0; i < mask_of->descriptor->n_fields; i++) {
            if ((mask_of->fields[i].flags & NNRPC_FIELD_INPUT_ONLY) == 0) {
                openapi_write_text(writer, NULL, mask_of->fields[i].json_name);
            }
        }
        openapi_end_list(writer);
    }
    openapi_end_object(writer);
}

static void write_well_known(
    struct openapi_document *document, const struct nnrpc_field *field, enum openapi_view view,
    bool with_null) {
    struct openapi_writer *writer = &document->writer;
    switch (field->message->well_known) {
    case NNRPC_WELL_KNOWN_TIMESTAMP:
        openapi_write_type_name(writer, "string", with_null);
        openapi_write_text(writer, "format", "date-time");
        break;
    case NNRPC_WELL_KNOWN_DURATION:
        openapi_write_type_name(writer, "string", with_null);
        openapi_write_text(writer, "pattern", "^-?[0-9]+([.][0-9]{1,9})?s$");
        break;
    case NNRPC_WELL_KNOWN_FIELD_MASK:
        write_mask_type(writer, field->mask_of, view, with_null);
        break;
    case NNRPC_WELL_KNOWN_WRAPPER:
        openapi_write_value_type(document, field->message, 0, view, with_null);
        break;
    case NNRPC_WELL_KNOWN_EMPTY:
    case NNRPC_WELL_KNOWN_STRUCT:
    case NNRPC_WELL_KNOWN_ANY:
        openapi_write_type_name(writer, "object", with_null);
        break;
    case NNRPC_WELL_KNOWN_LIST_VALUE:
        openapi_write_type_name(writer, "array", with_null);
        break;
    case NNRPC_WELL_KNOWN_VALUE: /* anything */
        break;
    case NNRPC_WELL_KNOWN_NONE:
        write_message_type(document, field->message, view, with_null);
        break;
    }
}

/* --- Scalars ------------------------------------------------------------------------------ */

static bool is_first_name(const struct nnrpc_enum *enumeration, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (strcmp(enumeration->json_names[i], enumeration->json_names[index]) == 0) {
            return false;
        }
    }
    return true;
}

static void write_enum_type(
    struct openapi_writer *writer, const struct nnrpc_enum *enumeration, bool with_null) {
    openapi_write_type_name(writer, "string", with_null);
    openapi_begin_list(writer, "enum");
    for (size_t i = 0; i < enumeration->descriptor->n_values; i++) {
        if (is_first_name(enumeration, i)) {
            openapi_write_text(writer, NULL, enumeration->json_names[i]);
        }
    }
    if (with_null) {
        openapi_write_members(writer, "null");
    }
    openapi_end_list(writer);
}

static void write_formatted(
    struct openapi_writer *writer, const char *type, const char *format, bool with_null) {
    openapi_write_type_name(writer, type, with_null);
    openapi_write_text(writer, "format", format);
}

static void write_wide_integer(struct openapi_writer *writer, bool is_signed, bool with_null) {
    openapi_write_type_name(writer, "string", with_null);
    openapi_write_text(writer, "format", is_signed ? "int64" : "uint64");
    openapi_write_text(writer, "pattern", is_signed ? "^-?[0-9]+$" : "^[0-9]+$");
}

static void write_unsigned(struct openapi_writer *writer, bool with_null) {
    openapi_write_type_name(writer, "integer", with_null);
    openapi_write_text(writer, "format", "uint32");
    openapi_write_integer(writer, "minimum", 0);
    openapi_write_integer(writer, "maximum", UINT32_MAX);
}

static void write_fraction(struct openapi_writer *writer, const char *format, bool with_null) {
    openapi_begin_list(writer, "anyOf");
    openapi_begin_object(writer, NULL);
    write_formatted(writer, "number", format, with_null);
    openapi_end_object(writer);
    openapi_write_members(writer, "{\"enum\":[\"NaN\",\"Infinity\",\"-Infinity\"]}");
    openapi_end_list(writer);
}

void openapi_write_value_type(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view, bool with_null) {
    struct openapi_writer *writer = &document->writer;
    switch (message->descriptor->fields[index].type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        write_formatted(writer, "integer", "int32", with_null);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        write_unsigned(writer, with_null);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_wide_integer(writer, true, with_null);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_wide_integer(writer, false, with_null);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        write_fraction(writer, "double", with_null);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        openapi_write_type_name(writer, "boolean", with_null);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum_type(writer, message->fields[index].enumeration, with_null);
        break;
    case PROTOBUF_C_TYPE_STRING:
        openapi_write_type_name(writer, "string", with_null);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        openapi_write_type_name(writer, "string", with_null);
        openapi_write_text(writer, "contentEncoding", "base64");
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_well_known(document, &message->fields[index], view, with_null);
        break;
    }
}

void openapi_write_field_type(
    struct openapi_document *document, const struct nnrpc_message *message, size_t index,
    enum openapi_view view, bool with_null) {
    struct openapi_writer *writer = &document->writer;
    if ((message->fields[index].flags & NNRPC_FIELD_MAP) != 0) {
        openapi_write_type_name(writer, "object", with_null);
        openapi_begin_object(writer, "additionalProperties");
        openapi_write_value_type(document, message->fields[index].message, 1, view, false);
        openapi_end_object(writer);
    } else if (message->descriptor->fields[index].label == PROTOBUF_C_LABEL_REPEATED) {
        openapi_write_type_name(writer, "array", with_null);
        openapi_begin_object(writer, "items");
        openapi_write_value_type(document, message, index, view, false);
        openapi_end_object(writer);
    } else {
        openapi_write_value_type(document, message, index, view, with_null);
    }
}
