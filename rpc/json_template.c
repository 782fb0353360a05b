/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to be filled in, from a type alone.
 *
 * What is written is bounded by a number of fields: types that hold each other several times over
 * would otherwise fill any memory.
 */
#include <string.h>

#include "field.h"
#include "json_scalar.h"
#include "nnrpc/dynamic.h"
#include "nnrpc/json.h"

#define FIELDS_MAX 1000
#define DEPTH_MAX 32

/* The types around a value, innermost first. */
struct around {
    const struct around *outer;
    const struct nnrpc_message *type;
};

struct writer {
    struct nnrpc_buffer *out;
    const struct nnrpc_json_template_format *format;
    size_t depth;
    size_t fields_left;
};

static void write_message(
    struct writer *writer, const struct around *outer, const struct nnrpc_message *type);

static void write_line_break(struct writer *writer) {
    if (writer->format->indent != 0) {
        nnrpc_buffer_append_format(
            writer->out, "\n%*s", (int)(writer->format->indent * writer->depth), "");
    }
}

static void write_colon(struct writer *writer) {
    nnrpc_buffer_append_text(writer->out, writer->format->indent == 0 ? ":" : ": ");
}

static void write_text(struct writer *writer, const char *text) {
    nnrpc_json_write_string(writer->out, text, strlen(text));
}

/* Whether a type would stand inside itself, or too much stands there already. */
static bool is_left_out(
    const struct writer *writer, const struct around *outer, const struct nnrpc_message *type) {
    bool is_inside = writer->fields_left == 0 || writer->depth >= DEPTH_MAX;
    for (; outer != NULL && !is_inside; outer = outer->outer) {
        is_inside = outer->type == type;
    }
    return is_inside;
}

/* What an enum starts with: the value of number 0, or else of the least number. */
static void write_enum(struct writer *writer, const struct nnrpc_enum *names) {
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(names->descriptor, 0);
    if (nnrpc_json_is_null_value(names->descriptor)) {
        nnrpc_buffer_append_text(writer->out, "null");
        return;
    }
    write_text(writer, names->json_names[zero == NULL ? 0 : zero - names->descriptor->values]);
}

/* An empty value of a type that is no message; all but numbers of 32 bits, floating-point numbers
 * and booleans stand in quotes. */
static void write_scalar(
    struct writer *writer, const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        nnrpc_buffer_append_text(writer->out, "0");
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        nnrpc_buffer_append_text(writer->out, "\"0\"");
        return;
    case PROTOBUF_C_TYPE_BOOL:
        nnrpc_buffer_append_text(writer->out, "false");
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(writer, names);
        return;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        nnrpc_buffer_append_text(writer->out, "\"\"");
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        return;
    }
}

static void write_value(
    struct writer *writer, const struct around *outer, const ProtobufCFieldDescriptor *field,
    const struct nnrpc_field *names) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        write_message(writer, outer, names->message);
    } else {
        write_scalar(writer, field, names->enumeration);
    }
}

/* A key that reads as its type: a map's keys stand in quotes whatever they are. */
static const char *key_of(ProtobufCType type) {
    if (type == PROTOBUF_C_TYPE_STRING) {
        return "";
    }
    return type == PROTOBUF_C_TYPE_BOOL ? "false" : "0";
}

static void write_map(
    struct writer *writer, const struct around *outer, const struct nnrpc_message *entry) {
    const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
    bool is_empty = fields[1].type == PROTOBUF_C_TYPE_MESSAGE &&
                    is_left_out(writer, outer, entry->fields[1].message);
    if (is_empty) {
        nnrpc_buffer_append_text(writer->out, "{}");
        return;
    }
    nnrpc_buffer_append_text(writer->out, "{");
    writer->depth++;
    write_line_break(writer);
    write_text(writer, key_of(fields[0].type));
    write_colon(writer);
    write_value(writer, outer, &fields[1], &entry->fields[1]);
    writer->depth--;
    write_line_break(writer);
    nnrpc_buffer_append_text(writer->out, "}");
}

/* A list of messages shows one; a list of values is easily told from its name. */
static void write_list(
    struct writer *writer, const struct around *outer, const ProtobufCFieldDescriptor *field,
    const struct nnrpc_field *names) {
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || is_left_out(writer, outer, names->message)) {
        nnrpc_buffer_append_text(writer->out, "[]");
        return;
    }
    nnrpc_buffer_append_text(writer->out, "[");
    writer->depth++;
    write_line_break(writer);
    write_message(writer, outer, names->message);
    writer->depth--;
    write_line_break(writer);
    nnrpc_buffer_append_text(writer->out, "]");
}

static void write_field(
    struct writer *writer, const struct around *outer, const ProtobufCFieldDescriptor *field,
    const struct nnrpc_field *names) {
    write_text(writer, names->json_name);
    write_colon(writer);
    if ((names->flags & NNRPC_FIELD_MAP) != 0) {
        write_map(writer, outer, names->message);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_list(writer, outer, field, names);
    } else if (
        field->type == PROTOBUF_C_TYPE_MESSAGE && is_left_out(writer, outer, names->message)) {
        nnrpc_buffer_append_text(writer->out, "null");
    } else if ((names->flags & NNRPC_FIELD_EMPTY_IS_NULL) != 0) {
        nnrpc_buffer_append_text(writer->out, "null");
    } else {
        write_value(writer, outer, field, names);
    }
}

/* Whether another member of the field's oneof stands before it. */
static bool is_later_of_oneof(const ProtobufCMessageDescriptor *descriptor, unsigned int index) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[index];
    for (unsigned int i = 0; nnrpc_field_in_oneof(field) && i < index; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];
        if (nnrpc_field_in_oneof(other) && other->quantifier_offset == field->quantifier_offset) {
            return true;
        }
    }
    return false;
}

static void write_fields(
    struct writer *writer, const struct around *outer, const struct nnrpc_message *type) {
    struct around around = {.outer = outer, .type = type};
    bool is_first = true;
    nnrpc_buffer_append_text(writer->out, "{");
    writer->depth++;
    for (unsigned int i = 0; i < type->descriptor->n_fields && writer->fields_left != 0; i++) {
        bool is_set_by_server = (type->fields[i].flags & NNRPC_FIELD_OUTPUT_ONLY) != 0 &&
                                !writer->format->with_output_only;
        if (is_set_by_server || is_later_of_oneof(type->descriptor, i)) {
            continue;
        }
        nnrpc_buffer_append_text(writer->out, is_first ? "" : ",");
        write_line_break(writer);
        writer->fields_left--;
        write_field(writer, &around, &type->descriptor->fields[i], &type->fields[i]);
        is_first = false;
    }
    writer->depth--;
    if (!is_first) {
        write_line_break(writer);
    }
    nnrpc_buffer_append_text(writer->out, "}");
}

static void write_message(
    struct writer *writer, const struct around *outer, const struct nnrpc_message *type) {
    switch (type->well_known) {
    case NNRPC_WELL_KNOWN_NONE:
    case NNRPC_WELL_KNOWN_EMPTY:
        write_fields(writer, outer, type);
        return;
    case NNRPC_WELL_KNOWN_TIMESTAMP:
        nnrpc_buffer_append_text(writer->out, "\"1970-01-01T00:00:00Z\"");
        return;
    case NNRPC_WELL_KNOWN_DURATION:
        nnrpc_buffer_append_text(writer->out, "\"0s\"");
        return;
    case NNRPC_WELL_KNOWN_FIELD_MASK:
        nnrpc_buffer_append_text(writer->out, "\"\"");
        return;
    case NNRPC_WELL_KNOWN_WRAPPER:
        write_scalar(writer, &type->descriptor->fields[0], type->fields[0].enumeration);
        return;
    case NNRPC_WELL_KNOWN_STRUCT:
        nnrpc_buffer_append_text(writer->out, "{}");
        return;
    case NNRPC_WELL_KNOWN_LIST_VALUE:
        nnrpc_buffer_append_text(writer->out, "[]");
        return;
    case NNRPC_WELL_KNOWN_VALUE:
    case NNRPC_WELL_KNOWN_ANY:
        nnrpc_buffer_append_text(writer->out, "null");
        return;
    }
}

void nnrpc_json_write_template(
    const struct nnrpc_message *type, const struct nnrpc_json_template_format *format,
    struct nnrpc_buffer *out) {
    static const struct nnrpc_json_template_format DEFAULT = {0};
    struct writer writer = {
        .out = out, .format = format == NULL ? &DEFAULT : format, .fields_left = FIELDS_MAX};
    write_message(&writer, NULL, type);
}
