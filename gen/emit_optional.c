/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions for proto3 optional fields. protobuf-c has no such fields; protoc-gen-nnrpc-c has it
 * make each one a oneof of one member, and these functions are how a program need not know.
 */
#include <string.h>

#include "emit.h"
#include "names.h"
#include "protobuf_c.h"
#include "source.h"

/* An optional field, as C has it. */
struct gen_optional {
    const struct gen_message *message;
    const struct gen_field *field;
    const char *prefix;   /* "library_v1_book" */
    const char *name;     /* "sub_title" */
    const char *type;     /* protobuf-c's type of the message */
    const char *member;   /* "sub_title" */
    const char *cases;    /* "_sub_title_case" */
    const char *constant; /* "LIBRARY__V1__BOOK___SUB_TITLE_SUB_TITLE" */
    const char *not_set;  /* "LIBRARY__V1__BOOK___SUB_TITLE__NOT_SET" */
};

static struct gen_optional gen_optional_of(
    struct gen_run *run, const struct gen_message *message, const struct gen_field *field) {
    const char *oneof = field->presence_oneof;
    return (struct gen_optional){
        .message = message,
        .field = field,
        .prefix = message->name,
        .name = gen_snake(run, field->proto->name),
        .type = gen_message_type(run, message),
        .member = gen_c_member(run, field->proto->name),
        .cases = gen_c_case_member(run, oneof),
        .constant = gen_c_case_constant(run, message, oneof, field->proto->name),
        .not_set = gen_c_not_set(run, message, oneof),
    };
}

void gen_optional_names_add(struct gen_run *run, const struct gen_file *file) {
    static const char *const verbs[] = {"has", "get", "set", "clear"};
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        for (size_t k = 0; k < message->field_count; k++) {
            const struct gen_field *field = &message->fields[k];
            for (size_t v = 0; field->presence_oneof != NULL && v < 4; v++) {
                gen_emitted_add(
                    run, file, field->path,
                    gen_format(
                        &run->memory, "%s_%s_%s", message->name, verbs[v],
                        gen_snake(run, field->proto->name)),
                    gen_format(
                        &run->memory, "field %s.%s", message->full_name, field->proto->name));
            }
        }
    }
}

/* What a getter returns, and the value that it has when the field is not set. */
struct gen_value_type {
    const char *get;      /* "const char *" */
    const char *set;      /* what a setter takes */
    const char *unset;    /* "\"\"" */
    const char *assigned; /* the value that is assigned */
};

static struct gen_value_type gen_number_type(const char *name, const char *unset) {
    return (struct gen_value_type){.get = name, .set = name, .unset = unset, .assigned = "value"};
}

/* protobuf-c takes its own empty text for a field that is not set, so another one is given. */
static const char *gen_text_value(const struct gen_file *file) {
    return file->const_strings
               ? "value == protobuf_c_empty_string ? \"\" : value"
               : "(char *)(uintptr_t)(value == protobuf_c_empty_string ? \"\" : value)";
}

static struct gen_value_type gen_value_type_of(
    struct gen_run *run, const struct gen_message *message, const struct gen_field *field) {
    switch (field->proto->type) {
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE:
        return gen_number_type("double ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT:
        return gen_number_type("float ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64:
        return gen_number_type("int64_t ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64:
        return gen_number_type("uint64_t ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32:
        return gen_number_type("int32_t ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32:
        return gen_number_type("uint32_t ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL:
        return gen_number_type("protobuf_c_boolean ", "0");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES:
        return gen_number_type("ProtobufCBinaryData ", "none");
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING:
        return (struct gen_value_type){
            .get = "const char *",
            .set = "const char *",
            .unset = "\"\"",
            .assigned = gen_text_value(message->file)};
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM: {
        const struct gen_enum *enumeration = field->enumeration;
        const char *type = gen_c_type(run, enumeration->file, enumeration->full_name);
        return gen_number_type(
            gen_format(&run->memory, "%s ", type), gen_format(&run->memory, "(%s)0", type));
    }
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE:
    case GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP:
    case _GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE_IS_INT_SIZE:
        break;
    }
    const char *type = gen_message_type(run, field->message);
    return (struct gen_value_type){
        .get = gen_format(&run->memory, "const %s *", type),
        .set = gen_format(&run->memory, "%s *", type),
        .unset = "NULL",
        .assigned = "value"};
}

static void gen_emit_optional_comment(const struct gen_optional *optional, struct gen_text *text) {
    const struct gen_file *file = optional->message->file;
    gen_text_printf(
        text, "\n/**\n * %s.%s, which is optional: not set is another thing than its default.\n",
        optional->message->full_name, optional->field->proto->name);
    if (gen_source_has_comment(file, optional->field->path)) {
        gen_text_printf(text, " *\n");
        gen_source_comment(text, " *", file, optional->field->path);
    }
    gen_text_printf(
        text,
        " *\n * _has says whether it is set, _get has the default when it is not, _set takes the\n"
        " * value as it is (%s), _clear makes it not set again.\n */\n",
        optional->field->message != NULL ||
                optional->field->proto->type ==
                    GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING ||
                optional->field->proto->type ==
                    GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES
            ? "no copy is made"
            : "0 too");
}

static void gen_emit_optional_field(
    struct gen_run *run, const struct gen_optional *optional, struct gen_text *text) {
    struct gen_value_type value = gen_value_type_of(run, optional->message, optional->field);
    const char *and_there =
        optional->field->message == NULL && strcmp(value.unset, "\"\"") != 0
            ? ""
            : gen_format(&run->memory, " && message->%s != NULL", optional->member);
    bool is_bytes = strcmp(value.unset, "none") == 0;
    gen_emit_optional_comment(optional, text);
    gen_text_printf(
        text,
        "static inline bool %s_has_%s(const %s *message) {\n"
        "    return message->%s == %s%s;\n"
        "}\n",
        optional->prefix, optional->name, optional->type, optional->cases, optional->constant,
        and_there);
    gen_text_printf(
        text,
        "\n"
        "static inline %s%s_get_%s(const %s *message) {\n"
        "%s"
        "    return %s_has_%s(message) ? message->%s : %s;\n"
        "}\n",
        value.get, optional->prefix, optional->name, optional->type,
        is_bytes ? "    const ProtobufCBinaryData none = {0, NULL};\n" : "", optional->prefix,
        optional->name, optional->member, value.unset);
    gen_text_printf(
        text,
        "\n"
        "static inline void %s_set_%s(\n"
        "    %s *message, %svalue) {\n"
        "    message->%s = %s;\n"
        "    message->%s = %s;\n"
        "}\n",
        optional->prefix, optional->name, optional->type, value.set, optional->member,
        value.assigned, optional->cases, optional->constant);
    gen_text_printf(
        text, "\nstatic inline void %s_clear_%s(%s *message) {\n", optional->prefix, optional->name,
        optional->type);
    if (is_bytes) {
        gen_text_printf(
            text, "    message->%s.len = 0;\n    message->%s.data = NULL;\n", optional->member,
            optional->member);
    } else {
        gen_text_printf(
            text, "    message->%s = %s;\n", optional->member,
            strcmp(value.unset, "\"\"") == 0 ? "NULL" : value.unset);
    }
    gen_text_printf(text, "    message->%s = %s;\n}\n", optional->cases, optional->not_set);
}

void gen_emit_optional_fields(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text) {
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        for (size_t k = 0; k < message->field_count; k++) {
            const struct gen_field *field = &message->fields[k];
            if (field->presence_oneof == NULL) {
                continue;
            }
            bool deprecated = field->proto->options != NULL && field->proto->options->deprecated;
            struct gen_optional optional = gen_optional_of(run, message, field);
            gen_text_printf(
                text, "%s",
                deprecated ? "\n#pragma GCC diagnostic push\n"
                             "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\""
                           : "");
            gen_emit_optional_field(run, &optional, text);
            gen_text_printf(text, "%s", deprecated ? "#pragma GCC diagnostic pop\n" : "");
        }
    }
}
