/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of fields: what they mean for JSON and logs, and what is refused.
 */
#include "options.h"

#include <string.h>

#include "names.h"
#include "protobuf_c.h"

/* Number of `mask_of` in nnrpc.v1.FieldRule. */
#define RULE_MASK_OF 5

bool gen_option_unpack(
    struct gen_run *run, const ProtobufCMessage *options, uint32_t number,
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage **out_message) {
    struct gen_bytes bytes;
    *out_message = NULL;
    if (!gen_wire_unknown_bytes(options, number, &run->memory, &bytes)) {
        return true;
    }
    if (gen_wire_problem(type, bytes) != NULL) {
        return false;
    }
    *out_message = protobuf_c_message_unpack(type, &run->allocator, bytes.size, bytes.data);
    return *out_message != NULL;
}

static bool gen_field_is_singular_string(const struct gen_field *field) {
    return field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING &&
           !gen_field_is_repeated(field);
}

/* Whether a file needs another one, directly or not. */
static bool gen_file_needs(
    struct gen_run *run, const struct gen_file *file, const struct gen_file *other) {
    size_t count = 0;
    struct gen_file **closure = gen_file_closure(run, file, &count);
    for (size_t i = 0; i < count; i++) {
        if (closure[i] == other) {
            return true;
        }
    }
    return false;
}

static bool gen_mask_resolve(
    struct gen_run *run, const struct gen_message *message, struct gen_field *field) {
    const char *name = field->rule->mask_of;
    if (name[0] == '\0') {
        return true;
    }
    struct gen_path path = gen_path_with(run, field->path, GEN_FIELD_OPTIONS);
    path = gen_path_with(run, gen_path_with(run, path, GEN_OPTION_FIELD), RULE_MASK_OF);
    bool is_mask = field->message != NULL && !gen_field_is_repeated(field) &&
                   strcmp(field->message->full_name, "google.protobuf.FieldMask") == 0;
    if (!is_mask) {
        return gen_refuse(
            run, message->file, path, "%s.%s has mask_of but is not a google.protobuf.FieldMask",
            message->full_name, field->proto->name);
    }
    const struct gen_symbol *symbol = gen_symbol_find(run, name);
    if (symbol == NULL || symbol->message == NULL ||
        !gen_file_needs(run, message->file, symbol->message->file)) {
        return gen_refuse(
            run, message->file, path, "%s.%s: mask_of names \"%s\", which is no message known here",
            message->full_name, field->proto->name, name);
    }
    field->mask_of = symbol->message;
    return true;
}

static bool gen_field_read_rule(
    struct gen_run *run, const struct gen_message *message, struct gen_field *field) {
    struct gen_path path = gen_path_with(run, field->path, GEN_FIELD_OPTIONS);
    path = gen_path_with(run, path, GEN_OPTION_FIELD);
    const ProtobufCMessage *rule = NULL;
    if (!gen_option_unpack(
            run, &field->proto->options->base, GEN_OPTION_FIELD, &nnrpc__v1__field_rule__descriptor,
            &rule)) {
        return gen_refuse(
            run, message->file, path, "%s.%s: nnrpc.v1.field is malformed", message->full_name,
            field->proto->name);
    }
    if (rule == NULL) {
        return true;
    }
    field->rule = (const Nnrpc__V1__FieldRule *)rule;
    if (field->rule->input_only && field->rule->output_only) {
        return gen_refuse(
            run, message->file, path, "%s.%s is both input_only and output_only",
            message->full_name, field->proto->name);
    }
    if (field->rule->empty_is_null && !gen_field_is_singular_string(field)) {
        return gen_refuse(
            run, message->file, path, "%s.%s has empty_is_null but is not a singular string",
            message->full_name, field->proto->name);
    }
    return gen_mask_resolve(run, message, field);
}

static bool gen_field_check(
    struct gen_run *run, const struct gen_message *message, struct gen_field *field) {
    const Google__Protobuf__FieldDescriptorProto *proto = field->proto;
    if (proto->options == NULL) {
        return true;
    }
    bool is_bytes = false;
    (void)gen_c_option_flag(run, &proto->options->base, GEN_C_FIELD_STRING_AS_BYTES, &is_bytes);
    if (is_bytes) {
        return gen_refuse(
            run, message->file, field->path,
            "%s.%s is string_as_bytes, which JSON could not tell from bytes", message->full_name,
            proto->name);
    }
    return gen_field_read_rule(run, message, field);
}

/* The JSON names of a message in order; returns one that is there twice, or NULL. */
static const char *gen_message_json_names(
    struct gen_run *run, const struct gen_message *message, const char ***out_names) {
    const char **names = gen_allocate_array(&run->memory, message->field_count, sizeof(char *));
    for (size_t i = 0; i < message->field_count; i++) {
        names[i] = message->fields[i].json_name;
    }
    *out_names = names;
    return gen_sort_and_find_twin(names, message->field_count);
}

/* In proto2, fields may differ in underscores or case alone; these keep their proto names in JSON.
 */
static bool gen_message_part_json_names(struct gen_run *run, struct gen_message *message) {
    const char **names = NULL;
    const char *twin = gen_message_json_names(run, message, &names);
    for (size_t i = 0; twin != NULL && !message->file->is_proto3 && i < message->field_count; i++) {
        struct gen_field *field = &message->fields[i];
        if (gen_count_in_sorted(names, message->field_count, field->json_name) > 1) {
            field->json_name = field->proto->name;
        }
    }
    if (twin != NULL) {
        twin = gen_message_json_names(run, message, &names);
    }
    return twin == NULL ||
           gen_refuse(
               run, message->file, message->path, "two fields of %s would be \"%s\" in JSON",
               message->full_name, twin);
}

bool gen_fields_read_options(struct gen_run *run, struct gen_file *file) {
    for (size_t i = 0; i < file->message_count; i++) {
        struct gen_message *message = file->messages[i];
        if (!gen_message_part_json_names(run, message)) {
            return false;
        }
        for (size_t k = 0; k < message->field_count; k++) {
            if (!gen_field_check(run, message, &message->fields[k])) {
                return false;
            }
        }
    }
    return true;
}
