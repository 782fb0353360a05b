/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of a set as a .proto would have them: comments, fields, options. Types stand with their
 * full names, by which they can be asked for in turn.
 */
#include <assert.h>
#include <string.h>

#include "dynamic.h"
#include "nnrpc/json.h"

#define INDENT_STEP 2

typedef const Google__Protobuf__FieldDescriptorProto field_proto;
typedef const Google__Protobuf__DescriptorProto message_proto;
typedef const Google__Protobuf__EnumDescriptorProto enum_proto;

struct writer {
    const struct nnrpc_dynamic *dynamic;
    const struct nnrpc_dynamic_file *file;
    struct nnrpc_buffer *out;
    size_t indent;
    int32_t steps[NNRPC_DYNAMIC_PATH_STEPS]; /* where the writer stands */
    size_t step_count;
};

static void write_message(struct writer *writer, message_proto *proto);

/* --- Places and comments ------------------------------------------------------------------ */

static void enter(struct writer *writer, int32_t number, size_t index) {
    assert(writer->step_count + 2 <= NNRPC_DYNAMIC_PATH_STEPS);
    writer->steps[writer->step_count++] = number;
    writer->steps[writer->step_count++] = (int32_t)index;
}

static void leave(struct writer *writer) {
    writer->step_count -= 2;
}

static void write_indent(struct writer *writer) {
    nnrpc_buffer_append_format(writer->out, "%*s", (int)writer->indent, "");
}

static void write_comment_lines(struct writer *writer, const char *text) {
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        write_indent(writer);
        nnrpc_buffer_append_text(writer->out, "//");
        nnrpc_buffer_append(writer->out, text, size);
        nnrpc_buffer_append_text(writer->out, "\n");
        text += size + (text[size] == '\n' ? 1 : 0);
    }
}

/* What stands before and after a thing, both before it. */
static void write_comments(struct writer *writer) {
    struct nnrpc_dynamic_path path = {.steps = writer->steps, .count = writer->step_count};
    const Google__Protobuf__SourceCodeInfo__Location *location =
        nnrpc_dynamic_location(writer->file, &path);
    if (location != NULL && location->leading_comments != NULL) {
        write_comment_lines(writer, location->leading_comments);
    }
    if (location != NULL && location->trailing_comments != NULL) {
        write_comment_lines(writer, location->trailing_comments);
    }
}

static void open_block(struct writer *writer) {
    nnrpc_buffer_append_text(writer->out, " {\n");
    writer->indent += INDENT_STEP;
}

static void close_block(struct writer *writer) {
    writer->indent -= INDENT_STEP;
    write_indent(writer);
    nnrpc_buffer_append_text(writer->out, "}\n");
}

static void write_options(
    struct writer *writer, const char *extendee, const ProtobufCMessage *options) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer indent = {0};
    nnrpc_buffer_append_format(&indent, "%*s", (int)writer->indent, "");
    const char *text = nnrpc_buffer_text(&indent);
    if (text == NULL) {
        writer->out->failed = true;
        return;
    }
    nnrpc_dynamic_write_options(writer->dynamic, extendee, options, text, writer->out);
}

static void write_deprecated(struct writer *writer, bool is_deprecated) {
    if (is_deprecated) {
        write_indent(writer);
        nnrpc_buffer_append_text(writer->out, "option deprecated = true;\n");
    }
}

/* --- Fields ------------------------------------------------------------------------------- */

static const char *without_dot(const char *type_name) {
    return type_name == NULL ? "?" : type_name + (type_name[0] == '.' ? 1 : 0);
}

static const char *type_name(field_proto *proto) {
    static const char *const NAMES[] = {
        "?",       "double",   "float",    "int64",  "uint64", "int32", "fixed64",
        "fixed32", "bool",     "string",   "group",  NULL,     "bytes", "uint32",
        NULL,      "sfixed32", "sfixed64", "sint32", "sint64",
    };
    bool is_known = proto->type >= 0 && (size_t)proto->type < NNRPC_LENGTH(NAMES);
    const char *name = is_known ? NAMES[proto->type] : "?";
    return name != NULL ? name : without_dot(proto->type_name);
}

static message_proto *map_entry(const struct writer *writer, field_proto *proto) {
    const struct nnrpc_dynamic_symbol *type =
        nnrpc_dynamic_resolve(writer->dynamic, proto->type_name);
    bool is_message = type != NULL && type->item.kind == NNRPC_DYNAMIC_MESSAGE;
    message_proto *entry = is_message ? type->proto.message : NULL;
    bool is_entry =
        entry != NULL && entry->options != NULL && entry->options->map_entry && entry->n_field == 2;
    return is_entry ? entry : NULL;
}

static void write_type(struct writer *writer, field_proto *proto) {
    message_proto *entry = map_entry(writer, proto);
    if (entry != NULL) {
        nnrpc_buffer_append_format(
            writer->out, "map<%s, %s>", type_name(entry->field[0]), type_name(entry->field[1]));
        return;
    }
    bool is_optional = proto->has_proto3_optional && proto->proto3_optional;
    bool has_labels = !writer->file->is_proto3 && !nnrpc_dynamic_in_oneof(proto);
    const char *label = is_optional || has_labels ? "optional " : "";
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED) {
        label = "repeated ";
    } else if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED) {
        label = "required ";
    }
    nnrpc_buffer_append_format(writer->out, "%s%s", label, type_name(proto));
}

/* Whether a JSON name is what protoc makes of the field's name. */
static bool is_usual_json_name(const char *name, const char *json_name) {
    bool upper = false;
    for (; *name != '\0'; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        char expected = upper && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        if (*json_name++ != expected) {
            return false;
        }
        upper = false;
    }
    return *json_name == '\0';
}

/* Starts the list of options, or goes on with it. */
static void next_option(struct writer *writer, bool *is_first) {
    nnrpc_buffer_append_text(writer->out, *is_first ? " [" : ", ");
    *is_first = false;
}

static void write_default(struct writer *writer, field_proto *proto, bool *is_first) {
    if (proto->default_value == NULL) {
        return;
    }
    next_option(writer, is_first);
    nnrpc_buffer_append_text(writer->out, "default = ");
    if (proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING) {
        nnrpc_json_write_string(writer->out, proto->default_value, strlen(proto->default_value));
    } else if (proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES) {
        nnrpc_buffer_append_format(writer->out, "\"%s\"", proto->default_value);
    } else {
        nnrpc_buffer_append_text(writer->out, proto->default_value);
    }
}

static void write_field_options(struct writer *writer, field_proto *proto) {
    bool is_first = true;
    write_default(writer, proto, &is_first);
    if (proto->json_name != NULL && !is_usual_json_name(proto->name, proto->json_name)) {
        next_option(writer, &is_first);
        nnrpc_buffer_append_text(writer->out, "json_name = ");
        nnrpc_json_write_string(writer->out, proto->json_name, strlen(proto->json_name));
    }
    const Google__Protobuf__FieldOptions *options = proto->options;
    if (options != NULL && options->has_packed) {
        next_option(writer, &is_first);
        nnrpc_buffer_append_format(writer->out, "packed = %s", options->packed ? "true" : "false");
    }
    if (options != NULL && options->deprecated) {
        next_option(writer, &is_first);
        nnrpc_buffer_append_text(writer->out, "deprecated = true");
    }
    if (options != NULL) {
        is_first = nnrpc_dynamic_write_option_list(
            writer->dynamic, ".google.protobuf.FieldOptions", &options->base, is_first,
            writer->out);
    }
    nnrpc_buffer_append_text(writer->out, is_first ? ";\n" : "];\n");
}

static void write_field(struct writer *writer, message_proto *message, size_t index) {
    field_proto *proto = message->field[index];
    enter(writer, NNRPC_MESSAGE_FIELD, index);
    write_comments(writer);
    leave(writer);
    write_indent(writer);
    write_type(writer, proto);
    nnrpc_buffer_append_format(writer->out, " %s = %d", proto->name, proto->number);
    write_field_options(writer, proto);
}

/* The members of a oneof together, where the first of them stands. */
static void write_oneof(struct writer *writer, message_proto *message, int32_t oneof) {
    enter(writer, NNRPC_MESSAGE_ONEOF, (size_t)oneof);
    write_comments(writer);
    leave(writer);
    write_indent(writer);
    const char *name = message->oneof_decl[oneof]->name;
    nnrpc_buffer_append_format(writer->out, "oneof %s", name == NULL ? "?" : name);
    open_block(writer);
    for (size_t i = 0; i < message->n_field; i++) {
        field_proto *proto = message->field[i];
        if (nnrpc_dynamic_in_oneof(proto) && proto->oneof_index == oneof) {
            write_field(writer, message, i);
        }
    }
    close_block(writer);
}

static bool is_first_of_oneof(message_proto *message, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (nnrpc_dynamic_in_oneof(message->field[i]) &&
            message->field[i]->oneof_index == message->field[index]->oneof_index) {
            return false;
        }
    }
    return true;
}

/* --- Enums and messages ------------------------------------------------------------------- */

static void write_enum(struct writer *writer, enum_proto *proto) {
    write_comments(writer);
    write_indent(writer);
    nnrpc_buffer_append_format(writer->out, "enum %s", proto->name);
    open_block(writer);
    if (proto->options != NULL) {
        write_deprecated(writer, proto->options->deprecated);
        write_options(writer, ".google.protobuf.EnumOptions", &proto->options->base);
    }
    for (size_t i = 0; i < proto->n_value; i++) {
        const Google__Protobuf__EnumValueDescriptorProto *value = proto->value[i];
        bool is_first = true;
        enter(writer, NNRPC_ENUM_VALUE, i);
        write_comments(writer);
        leave(writer);
        write_indent(writer);
        nnrpc_buffer_append_format(writer->out, "%s = %d", value->name, value->number);
        if (value->options != NULL && value->options->deprecated) {
            next_option(writer, &is_first);
            nnrpc_buffer_append_text(writer->out, "deprecated = true");
        }
        if (value->options != NULL) {
            is_first = nnrpc_dynamic_write_option_list(
                writer->dynamic, ".google.protobuf.EnumValueOptions", &value->options->base,
                is_first, writer->out);
        }
        nnrpc_buffer_append_text(writer->out, is_first ? ";\n" : "];\n");
    }
    close_block(writer);
}

static void write_reserved(struct writer *writer, message_proto *proto) {
    for (size_t i = 0; i < proto->n_reserved_range; i++) {
        write_indent(writer);
        nnrpc_buffer_append_format(
            writer->out, "reserved %d to %d;\n", proto->reserved_range[i]->start,
            proto->reserved_range[i]->end - 1);
    }
    for (size_t i = 0; i < proto->n_reserved_name; i++) {
        write_indent(writer);
        nnrpc_buffer_append_format(writer->out, "reserved \"%s\";\n", proto->reserved_name[i]);
    }
    for (size_t i = 0; i < proto->n_extension_range; i++) {
        write_indent(writer);
        nnrpc_buffer_append_format(
            writer->out, "extensions %d to %d;\n", proto->extension_range[i]->start,
            proto->extension_range[i]->end - 1);
    }
}

static void write_nested(struct writer *writer, message_proto *proto) {
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        message_proto *nested = proto->nested_type[i];
        if (nested->options == NULL || !nested->options->map_entry) {
            enter(writer, NNRPC_MESSAGE_NESTED, i);
            write_message(writer, nested);
            leave(writer);
        }
    }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        enter(writer, NNRPC_MESSAGE_ENUM, i);
        write_enum(writer, proto->enum_type[i]);
        leave(writer);
    }
}

static void write_message(struct writer *writer, message_proto *proto) {
    write_comments(writer);
    write_indent(writer);
    nnrpc_buffer_append_format(writer->out, "message %s", proto->name);
    bool is_empty = proto->n_field == 0 && proto->n_nested_type == 0 && proto->n_enum_type == 0 &&
                    proto->n_reserved_range == 0 && proto->n_reserved_name == 0 &&
                    proto->n_extension_range == 0 && proto->options == NULL;
    if (is_empty) {
        nnrpc_buffer_append_text(writer->out, " {}\n");
        return;
    }
    open_block(writer);
    if (proto->options != NULL) {
        write_deprecated(writer, proto->options->deprecated);
        write_options(writer, ".google.protobuf.MessageOptions", &proto->options->base);
    }
    for (size_t i = 0; i < proto->n_field; i++) {
        if (!nnrpc_dynamic_in_oneof(proto->field[i])) {
            write_field(writer, proto, i);
        } else if (is_first_of_oneof(proto, i)) {
            write_oneof(writer, proto, proto->field[i]->oneof_index);
        }
    }
    write_reserved(writer, proto);
    write_nested(writer, proto);
    close_block(writer);
}

/* --- Services ----------------------------------------------------------------------------- */

static void write_idempotency(
    struct writer *writer, const Google__Protobuf__MethodOptions *options) {
    static const char *const LEVELS[] = {NULL, "NO_SIDE_EFFECTS", "IDEMPOTENT"};
    int level = options->has_idempotency_level ? (int)options->idempotency_level : 0;
    if (level == 1 || level == 2) {
        write_indent(writer);
        nnrpc_buffer_append_format(writer->out, "option idempotency_level = %s;\n", LEVELS[level]);
    }
}

static void write_method(
    struct writer *writer, const Google__Protobuf__MethodDescriptorProto *proto) {
    write_comments(writer);
    write_indent(writer);
    nnrpc_buffer_append_format(
        writer->out, "rpc %s(%s%s) returns (%s%s)", proto->name,
        proto->client_streaming ? "stream " : "", without_dot(proto->input_type),
        proto->server_streaming ? "stream " : "", without_dot(proto->output_type));
    if (proto->options == NULL) {
        nnrpc_buffer_append_text(writer->out, ";\n");
        return;
    }
    open_block(writer);
    write_deprecated(writer, proto->options->deprecated);
    write_idempotency(writer, proto->options);
    write_options(writer, ".google.protobuf.MethodOptions", &proto->options->base);
    close_block(writer);
}

static void write_service(
    struct writer *writer, const Google__Protobuf__ServiceDescriptorProto *proto) {
    write_comments(writer);
    write_indent(writer);
    nnrpc_buffer_append_format(writer->out, "service %s", proto->name);
    open_block(writer);
    if (proto->options != NULL) {
        write_deprecated(writer, proto->options->deprecated);
        write_options(writer, ".google.protobuf.ServiceOptions", &proto->options->base);
    }
    for (size_t i = 0; i < proto->n_method; i++) {
        enter(writer, NNRPC_SERVICE_METHOD, i);
        write_method(writer, proto->method[i]);
        leave(writer);
    }
    close_block(writer);
}

enum nnrpc_code nnrpc_dynamic_describe(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out) {
    const struct nnrpc_dynamic_symbol *symbol = (const struct nnrpc_dynamic_symbol *)item;
    struct writer writer = {.dynamic = dynamic, .file = symbol->file, .out = out};
    assert(symbol->path.count < NNRPC_DYNAMIC_PATH_STEPS);
    memcpy(writer.steps, symbol->path.steps, symbol->path.count * sizeof(writer.steps[0]));
    writer.step_count = symbol->path.count;
    switch (item->kind) {
    case NNRPC_DYNAMIC_MESSAGE:
        write_message(&writer, symbol->proto.message);
        break;
    case NNRPC_DYNAMIC_ENUM:
        write_enum(&writer, symbol->proto.enumeration);
        break;
    case NNRPC_DYNAMIC_SERVICE:
        write_service(&writer, symbol->proto.service);
        break;
    case NNRPC_DYNAMIC_METHOD:
        write_method(&writer, symbol->proto.method);
        break;
    }
    return out->failed ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK;
}
