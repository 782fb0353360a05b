/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What protoc-gen-nnrpc-c changes on the way to protobuf-c and back.
 *
 * protobuf's rules merge a message option that stands twice, the later one winning, so an option of
 * protobuf-c's is overridden by one more piece of it among the unknown fields.
 */
#include "rewrite.h"

#include <string.h>

#include "names.h"
#include "protobuf_c.h"
#include "text.h"

/* Marks go after the first include of a header that protobuf-c makes. */
#define FIRST_INCLUDE "#include <protobuf-c/protobuf-c.h>\n"

/* protobuf-c's messages in the run's memory; the request is const to everybody else. */
typedef Google__Protobuf__DescriptorProto gen_message_proto;
typedef Google__Protobuf__FileDescriptorProto gen_file_proto;
typedef Google__Protobuf__FieldDescriptorProto gen_field_proto;

/* Adds a piece of protobuf-c's options to the unknown fields of a file's or message's options. */
static void gen_option_append(
    struct gen_run *run, ProtobufCMessage *options, const struct gen_text *piece) {
    size_t count = options->n_unknown_fields;
    ProtobufCMessageUnknownField *fields =
        gen_allocate_array(&run->memory, count + 1, sizeof(*fields));
    if (count > 0) {
        memcpy(fields, options->unknown_fields, count * sizeof(*fields));
    }
    struct gen_text packed GEN_CLEANUP(gen_text_deinit) = {0};
    gen_text_varint(&packed, piece->size);
    gen_text_append(&packed, piece->data, piece->size);
    fields[count] = (ProtobufCMessageUnknownField){
        .tag = GEN_C_OPTIONS,
        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
        .len = packed.size,
        .data = (uint8_t *)gen_copy(&run->memory, packed.data, packed.size)};
    options->unknown_fields = fields;
    options->n_unknown_fields = (unsigned)count + 1;
}

static void gen_append_tag(struct gen_text *piece, uint32_t number, enum gen_wire_type type) {
    gen_text_varint(piece, (uint64_t)number << 3 | type);
}

static void gen_rewrite_fields(gen_field_proto **fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fields[i]->has_proto3_optional = false;
        fields[i]->proto3_optional = false;
    }
}

static void gen_rewrite_message(struct gen_run *run, const struct gen_message *message) {
    gen_message_proto *proto = (gen_message_proto *)(uintptr_t)message->proto;
    gen_rewrite_fields(proto->field, proto->n_field);
    gen_rewrite_fields(proto->extension, proto->n_extension);
    const char *base = gen_c_base_name(run, message);
    if (base == NULL) {
        return;
    }
    if (proto->options == NULL) {
        proto->options = gen_allocate(&run->memory, sizeof(*proto->options));
        google__protobuf__message_options__init(proto->options);
    }
    struct gen_text piece GEN_CLEANUP(gen_text_deinit) = {0};
    gen_append_tag(&piece, GEN_C_MESSAGE_BASE_NAME, GEN_WIRE_BYTES);
    gen_text_varint(&piece, strlen(base));
    gen_text_append(&piece, base, strlen(base));
    gen_option_append(run, &proto->options->base, &piece);
}

static void gen_rewrite_file(struct gen_run *run, const struct gen_file *file) {
    gen_file_proto *proto = (gen_file_proto *)(uintptr_t)file->proto;
    for (size_t i = 0; i < file->message_count; i++) {
        gen_rewrite_message(run, file->messages[i]);
    }
    gen_rewrite_fields(proto->extension, proto->n_extension);
    proto->n_service = 0;
    if (file->needs_rewrite) {
        proto->options->has_optimize_for = false;
        struct gen_text piece GEN_CLEANUP(gen_text_deinit) = {0};
        gen_append_tag(&piece, GEN_C_FILE_ONEOF_NAME, GEN_WIRE_VARINT);
        gen_text_varint(&piece, 0);
        gen_option_append(run, &proto->options->base, &piece);
    }
}

void gen_rewrite_request(struct gen_run *run) {
    for (size_t i = 0; i < run->file_count; i++) {
        gen_rewrite_file(run, &run->files[i]);
    }
}

static const struct gen_file *gen_file_of_header(struct gen_run *run, const char *name) {
    for (size_t i = 0; i < run->file_count && name != NULL; i++) {
        const char *header = gen_format(&run->memory, "%s.pb-c.h", run->files[i].stem);
        if (strcmp(header, name) == 0) {
            return &run->files[i];
        }
    }
    return NULL;
}

/* A text with the first occurrence of a piece replaced. */
static char *gen_replace(struct gen_run *run, char *content, const char *piece, const char *by) {
    char *at = strstr(content, piece);
    if (at == NULL) {
        return content;
    }
    return gen_format(
        &run->memory, "%.*s%s%s", (int)(at - content), content, by, at + strlen(piece));
}

/* Whether the member of a oneof that stands first in C is a struct. */
static bool gen_oneof_begins_with_bytes(const gen_message_proto *proto, size_t oneof) {
    for (size_t i = 0; i < proto->n_field; i++) {
        const gen_field_proto *field = proto->field[i];
        if (field->has_oneof_index && (size_t)field->oneof_index == oneof) {
            return field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
        }
    }
    return false;
}

/* protobuf-c initialises every union with {0}; where its first member is a struct, compilers warn
 * of missing braces in every program that uses the macro. */
static char *gen_rewrite_initialisers(
    struct gen_run *run, const struct gen_file *file, char *content) {
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        for (size_t k = 0; k < message->proto->n_oneof_decl; k++) {
            if (gen_oneof_begins_with_bytes(message->proto, k)) {
                const char *not_set =
                    gen_c_not_set(run, message, message->proto->oneof_decl[k]->name);
                content = gen_replace(
                    run, content, gen_format(&run->memory, ", %s, {0}", not_set),
                    gen_format(&run->memory, ", %s, {{0, NULL}}", not_set));
            }
        }
    }
    return content;
}

void gen_rewrite_response(
    struct gen_run *run, Google__Protobuf__Compiler__CodeGeneratorResponse *response) {
    for (size_t i = 0; i < response->n_file; i++) {
        Google__Protobuf__Compiler__CodeGeneratorResponse__File *output = response->file[i];
        const struct gen_file *file = gen_file_of_header(run, output->name);
        if (file == NULL || output->content == NULL) {
            continue;
        }
        output->content = gen_rewrite_initialisers(run, file, output->content);
        if (file->needs_rewrite) {
            const char *marked = gen_format(
                &run->memory, FIRST_INCLUDE "\n#define %s\n", gen_rewrite_mark(run, file));
            output->content = gen_replace(run, output->content, FIRST_INCLUDE, marked);
        }
    }
}
