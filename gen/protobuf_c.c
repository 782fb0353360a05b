/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What protobuf-c 1.4.1 makes no C of that compiles, found before it is asked.
 */
#include "protobuf_c.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "source.h"

/* Numbers of fields in the descriptors. */
#define MESSAGE_ONEOF 8
#define ENUM_VALUE 2
#define FIELD_DEFAULT_VALUE 7

typedef Google__Protobuf__FieldDescriptorProto gen_field_proto;

bool gen_c_option_flag(
    struct gen_run *run, const ProtobufCMessage *options, uint32_t number, bool *out_value) {
    struct gen_bytes bytes;
    if (!gen_wire_unknown_bytes(options, GEN_C_OPTIONS, &run->memory, &bytes)) {
        return false;
    }
    bool is_given = false;
    struct gen_wire_reader reader = gen_wire_reader(bytes);
    struct gen_wire_field option;
    while (gen_wire_next(&reader, &option)) {
        if (option.number == number) {
            *out_value = option.value != 0;
            is_given = true;
        }
    }
    return is_given;
}

/* --- Names at file scope ------------------------------------------------------------------ */

static void gen_c_oneof_add(
    struct gen_run *run, const struct gen_message *message, size_t index, const char *name) {
    struct gen_path path = gen_path_of(run, message->path, MESSAGE_ONEOF, index);
    const char *owner = gen_format(&run->memory, "oneof %s.%s", message->full_name, name);
    const char *full_name = gen_format(&run->memory, "%s.%s", message->full_name, name);
    const char *type = gen_c_type(run, message->file, full_name);
    gen_emitted_add(run, message->file, path, gen_format(&run->memory, "%sCase", type), owner);
    gen_emitted_add(run, message->file, path, gen_c_not_set(run, message, name), owner);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct gen_field *field = &message->fields[i];
        if (field->proto->has_oneof_index && (size_t)field->proto->oneof_index == index) {
            gen_emitted_add(
                run, message->file, field->path,
                gen_c_case_constant(run, message, name, field->proto->name),
                gen_format(&run->memory, "field %s.%s", message->full_name, field->proto->name));
        }
    }
}

static void gen_c_message_add(struct gen_run *run, const struct gen_message *message) {
    const char *owner = gen_format(&run->memory, "message %s", message->full_name);
    const char *type = gen_c_type(run, message->file, message->full_name);
    gen_emitted_add(run, message->file, message->path, type, owner);
    gen_emitted_add(
        run, message->file, message->path,
        gen_format(
            &run->memory, "%s__descriptor", gen_c_lower(run, message->file, message->full_name)),
        owner);
    for (size_t i = 0; i < message->proto->n_oneof_decl; i++) {
        const char *name = message->proto->oneof_decl[i]->name;
        if (gen_is_identifier(name)) {
            gen_c_oneof_add(run, message, i, name);
        }
    }
}

static void gen_c_enum_add(struct gen_run *run, const struct gen_enum *enumeration) {
    const struct gen_file *file = enumeration->file;
    const char *owner = gen_format(&run->memory, "enum %s", enumeration->full_name);
    const char *upper = gen_c_upper(run, file, enumeration->full_name);
    gen_emitted_add(
        run, file, enumeration->path, gen_c_type(run, file, enumeration->full_name), owner);
    gen_emitted_add(
        run, file, enumeration->path,
        gen_format(&run->memory, "%s__descriptor", gen_c_lower(run, file, enumeration->full_name)),
        owner);
    for (size_t i = 0; i < enumeration->proto->n_value; i++) {
        const char *name = enumeration->proto->value[i]->name;
        gen_emitted_add(
            run, file, gen_path_of(run, enumeration->path, ENUM_VALUE, i),
            gen_format(&run->memory, "%s__%s", upper, name),
            gen_format(&run->memory, "value %s.%s", enumeration->full_name, name));
    }
}

void gen_c_names_add(struct gen_run *run, const struct gen_file *file) {
    for (size_t i = 0; i < file->enum_count; i++) {
        gen_c_enum_add(run, file->enums[i]);
    }
    for (size_t i = 0; i < file->message_count; i++) {
        gen_c_message_add(run, file->messages[i]);
    }
}

/* --- Members of a struct ------------------------------------------------------------------ */

/* A member and the field that needs it. */
struct gen_c_member {
    const char *name;
    const struct gen_field *field;
};

static int gen_c_member_compare(const void *left, const void *right) {
    const struct gen_c_member *a = left;
    const struct gen_c_member *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order
                      : (a->field->proto->number > b->field->proto->number) -
                            (a->field->proto->number < b->field->proto->number);
}

static bool gen_c_has_member(const struct gen_message *message, const struct gen_field *field) {
    const gen_field_proto *proto = field->proto;
    return !message->file->is_proto3 && !proto->has_oneof_index &&
           proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL &&
           proto->type != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING &&
           field->message == NULL;
}

/* Lists the members that a message's fields need: itself, and a count, presence or case. */
static struct gen_c_member *gen_c_members(
    struct gen_run *run, const struct gen_message *message, size_t *out_count) {
    struct gen_c_member *members =
        gen_allocate_array(&run->memory, message->field_count * 2, sizeof(*members));
    size_t count = 0;
    uint64_t *seen =
        gen_allocate_array(&run->memory, message->proto->n_oneof_decl / 64 + 1, sizeof(*seen));
    for (size_t i = 0; i < message->field_count; i++) {
        const struct gen_field *field = &message->fields[i];
        const char *name = gen_c_member(run, field->proto->name);
        members[count++] = (struct gen_c_member){.name = name, .field = field};
        if (gen_field_is_repeated(field)) {
            name = gen_format(&run->memory, "n_%s", name);
            members[count++] = (struct gen_c_member){.name = name, .field = field};
        } else if (gen_c_has_member(message, field)) {
            name = gen_format(&run->memory, "has_%s", name);
            members[count++] = (struct gen_c_member){.name = name, .field = field};
        }
        size_t oneof = field->proto->has_oneof_index ? (size_t)field->proto->oneof_index : 0;
        if (field->proto->has_oneof_index && oneof < message->proto->n_oneof_decl &&
            (seen[oneof / 64] >> oneof % 64 & 1) == 0) {
            seen[oneof / 64] |= UINT64_C(1) << oneof % 64;
            name = gen_c_case_member(run, message->proto->oneof_decl[oneof]->name);
            members[count++] = (struct gen_c_member){.name = name, .field = field};
        }
    }
    *out_count = count;
    return members;
}

static bool gen_c_check_members(struct gen_run *run, const struct gen_message *message) {
    size_t count = 0;
    struct gen_c_member *members = gen_c_members(run, message, &count);
    if (count > 0) {
        qsort(members, count, sizeof(*members), gen_c_member_compare);
    }
    for (size_t i = 1; i < count; i++) {
        const struct gen_field *first = members[i - 1].field;
        const struct gen_field *second = members[i].field;
        if (first != second && strcmp(members[i - 1].name, members[i].name) == 0) {
            return gen_refuse(
                run, message->file, second->path,
                "%s.%s and %s (%s) would both need the member \"%s\" in C; rename one of them",
                message->full_name, second->proto->name, first->proto->name,
                gen_source_place(run, message->file, first->path), members[i].name);
        }
    }
    return true;
}

const char *gen_c_base_name(struct gen_run *run, const struct gen_message *message) {
    bool value = false;
    bool is_given =
        message->proto->options != NULL &&
        gen_c_option_flag(run, &message->proto->options->base, GEN_C_MESSAGE_BASE_NAME, &value);
    size_t count = 0;
    const struct gen_c_member *members = gen_c_members(run, message, &count);
    const char *name = "base";
    for (size_t i = 0; i < count && !is_given; i++) {
        if (strcmp(members[i].name, name) == 0) {
            name = gen_format(&run->memory, "%s_", name);
            i = SIZE_MAX; /* from the start again: the longer name may be taken too */
        }
    }
    return strcmp(name, "base") == 0 ? NULL : name;
}

/* --- Fields ------------------------------------------------------------------------------- */

static bool gen_c_default_is_finite(const gen_field_proto *proto) {
    static const char *const words[] = {"inf", "-inf", "nan", "-nan"};
    bool is_real = proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT ||
                   proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE;
    return !is_real || proto->default_value == NULL ||
           !gen_is_listed(proto->default_value, words, sizeof(words) / sizeof(words[0]));
}

/* Words of C17, GNU C and <errno.h> that protobuf-c takes for a member's name as they are. */
static bool gen_c_member_is_usable(struct gen_run *run, const char *field_name) {
    static const char *const words[] = {"errno", "linux", "restrict", "typeof", "unix"};
    return !gen_is_listed(gen_c_member(run, field_name), words, sizeof(words) / sizeof(words[0]));
}

static bool gen_c_check_field(
    struct gen_run *run, const struct gen_message *message, const struct gen_field *field) {
    const gen_field_proto *proto = field->proto;
    if (proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP) {
        return gen_refuse(
            run, message->file, field->path,
            "%s.%s is a group, which protobuf-c does not have; make it a field of a message",
            message->full_name, proto->name);
    }
    if (!gen_c_default_is_finite(proto)) {
        return gen_refuse(
            run, message->file, gen_path_with(run, field->path, FIELD_DEFAULT_VALUE),
            "%s.%s has the default %s, of which protobuf-c makes no C", message->full_name,
            proto->name, proto->default_value);
    }
    if (!gen_c_member_is_usable(run, proto->name)) {
        return gen_refuse(
            run, message->file, field->path,
            "%s.%s would be \"%s\" in C, which has another meaning there; rename it (a json_name "
            "can keep the name in JSON)",
            message->full_name, proto->name, gen_c_member(run, proto->name));
    }
    return true;
}

/* A type that C has already; in a package no type is so short. */
static bool gen_c_check_type(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *full_name,
    bool is_enum) {
    static const char *const types[] = {"BUFSIZ", "DIR", "EOF", "FILE", "INFINITY", "NAN", "NULL"};
    /* protobuf-c puts an underscore before the tag of an enum. */
    static const char *const tags[] = {"Alignas", "Alignof", "Atomic",    "Bool",
                                       "Complex", "Generic", "Imaginary", "Noreturn"};
    const char *type = gen_c_type(run, file, full_name);
    bool is_taken = gen_is_listed(type, types, sizeof(types) / sizeof(types[0])) ||
                    strncmp(type, "ProtobufC", strlen("ProtobufC")) == 0 ||
                    (is_enum && gen_is_listed(type, tags, sizeof(tags) / sizeof(tags[0])));
    return !is_taken ||
           gen_refuse(
               run, file, path,
               "%s would be \"%s\" in C, which has another meaning there; a package or "
               "(pb_c_file).c_package gives it another name",
               full_name, type);
}

static bool gen_c_check_types(struct gen_run *run, const struct gen_file *file) {
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        if (!gen_c_check_type(run, file, message->path, message->full_name, false)) {
            return false;
        }
    }
    for (size_t i = 0; i < file->enum_count; i++) {
        const struct gen_enum *enumeration = file->enums[i];
        if (!gen_c_check_type(run, file, enumeration->path, enumeration->full_name, true)) {
            return false;
        }
    }
    return true;
}

bool gen_c_check(struct gen_run *run, const struct gen_file *file) {
    if (!gen_c_check_types(run, file)) {
        return false;
    }
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        for (size_t k = 0; k < message->field_count; k++) {
            if (!gen_c_check_field(run, message, &message->fields[k])) {
                return false;
            }
        }
        if (!gen_c_check_members(run, message)) {
            return false;
        }
    }
    return true;
}
