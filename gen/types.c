/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages and enums of a file: collected flat, then linked.
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "names.h"
#include "protobuf_c.h"

/* Numbers of fields in the descriptors. */
#define FILE_MESSAGE 4
#define FILE_ENUM 5
#define MESSAGE_FIELD 2
#define MESSAGE_NESTED 3
#define MESSAGE_ENUM 4
#define ENUM_VALUE 2

typedef Google__Protobuf__DescriptorProto gen_message_proto;
typedef Google__Protobuf__EnumDescriptorProto gen_enum_proto;
typedef const Google__Protobuf__EnumValueDescriptorProto gen_value_proto;

bool gen_field_is_repeated(const struct gen_field *field) {
    return field->proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

int gen_field_index(const struct gen_message *message, const char *name, size_t size) {
    for (size_t i = 0; i < message->field_count; i++) {
        const char *candidate = message->fields[i].proto->name;
        if (strlen(candidate) == size && memcmp(candidate, name, size) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *gen_full_name(struct gen_run *run, const char *scope, const char *name) {
    const char *dot = scope[0] == '\0' ? "" : ".";
    return gen_format(&run->memory, "%s%s%s", scope, dot, name);
}

/* The descriptor's json_name, which protoc fills in; else lowerCamelCase as protoc makes it. */
static const char *gen_json_name(
    struct gen_run *run, const Google__Protobuf__FieldDescriptorProto *proto) {
    if (proto->json_name != NULL) {
        return proto->json_name;
    }
    char *name = gen_copy(&run->memory, proto->name, strlen(proto->name));
    size_t size = 0;
    bool upper = false;
    for (const char *at = proto->name; *at != '\0'; at++) {
        if (*at == '_') {
            upper = true;
            continue;
        }
        name[size++] = upper && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        upper = false;
    }
    name[size] = '\0';
    return name;
}

static int gen_field_compare(const void *left, const void *right) {
    const struct gen_field *a = left;
    const struct gen_field *b = right;
    return (a->proto->number > b->proto->number) - (a->proto->number < b->proto->number);
}

static bool gen_fields_check_numbers(struct gen_run *run, const struct gen_message *message) {
    if (message->field_count > INT16_MAX) {
        return gen_refuse(
            run, message->file, message->path, "%s has more than %d fields", message->full_name,
            INT16_MAX);
    }
    for (size_t i = 0; i < message->field_count; i++) {
        const struct gen_field *field = &message->fields[i];
        bool twice = i > 0 && message->fields[i - 1].proto->number == field->proto->number;
        if (field->proto->number < 1 || twice) {
            return gen_refuse(
                run, message->file, field->path, "%s.%s has no number of its own",
                message->full_name, field->proto->name);
        }
    }
    return true;
}

/* A field of a oneof names one that is there. */
static bool gen_field_link_oneof(
    struct gen_run *run, const struct gen_message *message, struct gen_field *field) {
    const Google__Protobuf__FieldDescriptorProto *proto = field->proto;
    if (!proto->has_oneof_index) {
        return true;
    }
    const char *name = NULL;
    if (proto->oneof_index >= 0 && (size_t)proto->oneof_index < message->proto->n_oneof_decl) {
        name = message->proto->oneof_decl[proto->oneof_index]->name;
    }
    if (!gen_is_identifier(name)) {
        return gen_refuse(
            run, message->file, field->path, "%s.%s has no known oneof", message->full_name,
            proto->name);
    }
    if (proto->has_proto3_optional && proto->proto3_optional) {
        field->presence_oneof = name;
    }
    return true;
}

static bool gen_fields_collect(struct gen_run *run, struct gen_message *message) {
    const gen_message_proto *proto = message->proto;
    message->fields = gen_allocate_array(&run->memory, proto->n_field, sizeof(*message->fields));
    message->field_count = proto->n_field;
    for (size_t i = 0; i < proto->n_field; i++) {
        struct gen_field *field = &message->fields[i];
        field->proto = proto->field[i];
        field->path = gen_path_of(run, message->path, MESSAGE_FIELD, i);
        if (!gen_is_identifier(field->proto->name)) {
            return gen_refuse(
                run, message->file, field->path, "a field of %s has no name", message->full_name);
        }
        field->json_name = gen_json_name(run, field->proto);
        if (!gen_field_link_oneof(run, message, field)) {
            return false;
        }
    }
    if (message->field_count > 0) {
        qsort(message->fields, message->field_count, sizeof(*message->fields), gen_field_compare);
    }
    return gen_fields_check_numbers(run, message);
}

/* A value and the place where the .proto has it. */
struct gen_ordered_value {
    gen_value_proto *proto;
    size_t order;
};

static int gen_value_compare(const void *left, const void *right) {
    const struct gen_ordered_value *a = left;
    const struct gen_ordered_value *b = right;
    if (a->proto->number != b->proto->number) {
        return a->proto->number < b->proto->number ? -1 : 1;
    }
    return (a->order > b->order) - (a->order < b->order);
}

/* As protobuf-c 1.4.1 orders them: by number, of several with one number the first. */
static void gen_values_sort(struct gen_run *run, struct gen_enum *enumeration) {
    const gen_enum_proto *proto = enumeration->proto;
    struct gen_ordered_value *ordered =
        gen_allocate_array(&run->memory, proto->n_value, sizeof(*ordered));
    for (size_t i = 0; i < proto->n_value; i++) {
        ordered[i] = (struct gen_ordered_value){.proto = proto->value[i], .order = i};
    }
    qsort(ordered, proto->n_value, sizeof(*ordered), gen_value_compare);
    enumeration->values =
        gen_allocate_array(&run->memory, proto->n_value, sizeof(*enumeration->values));
    enumeration->orders =
        gen_allocate_array(&run->memory, proto->n_value, sizeof(*enumeration->orders));
    for (size_t i = 0; i < proto->n_value; i++) {
        if (i == 0 || ordered[i - 1].proto->number != ordered[i].proto->number) {
            enumeration->orders[enumeration->value_count] = ordered[i].order;
            enumeration->values[enumeration->value_count++] = ordered[i].proto;
        }
    }
}

/* Length of the prefix that every value has and that JSON leaves out; 0: none. */
static size_t gen_enum_prefix_size(struct gen_run *run, const gen_enum_proto *proto) {
    const char *prefix = gen_format(&run->memory, "%s_", gen_upper_snake(run, proto->name));
    size_t size = strlen(prefix);
    for (size_t i = 0; i < proto->n_value; i++) {
        const char *name = proto->value[i]->name;
        if (strncmp(name, prefix, size) != 0 || name[size] == '\0') {
            return 0;
        }
    }
    return size;
}

/* A value's name in JSON: in lower case, unless two values would then be one. */
static void gen_enum_name_values(struct gen_run *run, struct gen_enum *enumeration) {
    size_t prefix_size = gen_enum_prefix_size(run, enumeration->proto);
    size_t count = enumeration->value_count;
    enumeration->json_names = gen_allocate_array(&run->memory, count, sizeof(char *));
    const char **sorted = gen_allocate_array(&run->memory, count, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const char *name = enumeration->values[i]->name + prefix_size;
        char *lower = gen_copy(&run->memory, name, strlen(name));
        for (char *at = lower; *at != '\0'; at++) {
            *at = gen_to_lower(*at);
        }
        enumeration->json_names[i] = lower;
        sorted[i] = lower;
    }
    bool has_twins = gen_sort_and_find_twin(sorted, count) != NULL;
    for (size_t i = 0; i < count && has_twins; i++) {
        enumeration->json_names[i] = enumeration->values[i]->name + prefix_size;
    }
}

static bool gen_enum_collect(
    struct gen_run *run, struct gen_file *file, const gen_enum_proto *proto,
    const struct gen_message *parent, struct gen_path path) {
    struct gen_enum *enumeration = gen_allocate(&run->memory, sizeof(*enumeration));
    enumeration->proto = proto;
    enumeration->file = file;
    enumeration->path = path;
    file->enums[file->enum_count++] = enumeration;
    if (!gen_is_identifier(proto->name)) {
        return gen_refuse(run, file, path, "an enum has no name");
    }
    enumeration->parent = parent;
    enumeration->full_name =
        gen_full_name(run, parent == NULL ? file->package : parent->full_name, proto->name);
    enumeration->table =
        gen_format(&run->memory, "%s_enum", gen_snake(run, enumeration->full_name));
    for (size_t i = 0; i < proto->n_value; i++) {
        if (!gen_is_identifier(proto->value[i]->name)) {
            return gen_refuse(
                run, file, gen_path_of(run, path, ENUM_VALUE, i), "a value of %s has no name",
                enumeration->full_name);
        }
    }
    if (proto->n_value == 0) {
        return gen_refuse(run, file, path, "%s has no values", enumeration->full_name);
    }
    gen_values_sort(run, enumeration);
    gen_enum_name_values(run, enumeration);
    return true;
}

/* protobuf-c makes free functions by the message's option, else by what is around it. Messages in a
 * top-level message follow that one only where it, or the file, has the option. */
static void gen_message_read_pack_helpers(struct gen_run *run, struct gen_message *message) {
    const struct gen_message *parent = message->parent;
    if (parent == NULL) {
        message->pack_helpers = message->file->pack_helpers;
    } else {
        bool is_deep = parent->parent != NULL || message->file->pack_helpers_set;
        message->pack_helpers = (is_deep || parent->pack_helpers_is_set) && parent->pack_helpers;
    }
    message->pack_helpers_is_set =
        message->proto->options != NULL && gen_c_option_flag(
                                               run, &message->proto->options->base,
                                               GEN_C_MESSAGE_PACK_HELPERS, &message->pack_helpers);
}

static size_t gen_count_messages(const gen_message_proto *proto) {
    size_t count = 1;
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        count += gen_count_messages(proto->nested_type[i]);
    }
    return count;
}

static size_t gen_count_enums(const gen_message_proto *proto) {
    size_t count = proto->n_enum_type;
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        count += gen_count_enums(proto->nested_type[i]);
    }
    return count;
}

/* Nesting is bounded: the request was scanned before it was unpacked. */
static bool gen_message_collect(
    struct gen_run *run, struct gen_file *file, const gen_message_proto *proto,
    struct gen_message *parent, struct gen_path path) {
    struct gen_message *message = gen_allocate(&run->memory, sizeof(*message));
    message->proto = proto;
    message->file = file;
    message->parent = parent;
    message->path = path;
    file->messages[file->message_count++] = message;
    if (!gen_is_identifier(proto->name)) {
        return gen_refuse(run, file, path, "a message has no name");
    }
    const char *scope = parent == NULL ? file->package : parent->full_name;
    message->full_name = gen_full_name(run, scope, proto->name);
    message->name = gen_snake(run, message->full_name);
    message->table = gen_format(&run->memory, "%s_message", message->name);
    gen_message_read_pack_helpers(run, message);
    message->is_map_entry =
        proto->options != NULL && proto->options->has_map_entry && proto->options->map_entry;
    if (!gen_fields_collect(run, message)) {
        return false;
    }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        struct gen_path nested = gen_path_of(run, path, MESSAGE_ENUM, i);
        if (!gen_enum_collect(run, file, proto->enum_type[i], message, nested)) {
            return false;
        }
    }
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        struct gen_path nested = gen_path_of(run, path, MESSAGE_NESTED, i);
        if (!gen_message_collect(run, file, proto->nested_type[i], message, nested)) {
            return false;
        }
    }
    return true;
}

/* A table's name, and the type that has it. */
struct gen_table {
    const char *name;
    struct gen_message *message; /* one of the two */
    struct gen_enum *enumeration;
};

static int gen_table_compare(const void *left, const void *right) {
    return strcmp(((const struct gen_table *)left)->name, ((const struct gen_table *)right)->name);
}

/* Gives a nested type a name that says so. */
static void gen_table_rename(struct gen_run *run, const struct gen_table *table) {
    const struct gen_message *parent =
        table->message != NULL ? table->message->parent : table->enumeration->parent;
    if (parent == NULL) {
        return;
    }
    const char *own =
        table->message != NULL ? table->message->proto->name : table->enumeration->proto->name;
    const char *name = gen_format(&run->memory, "%s_nested_%s", parent->name, gen_snake(run, own));
    if (table->message != NULL) {
        table->message->name = name;
        table->message->table = gen_format(&run->memory, "%s_message", name);
    } else {
        table->enumeration->table = gen_format(&run->memory, "%s_enum", name);
    }
}

/* "OuterInner" and "Inner" inside of "Outer" are one name in words: the nested one gives way. That
 * depends on nothing but the file, since others must spell its tables alike. */
static void gen_tables_part(struct gen_run *run, const struct gen_file *file) {
    size_t count = 0;
    struct gen_table *tables =
        gen_allocate_array(&run->memory, file->message_count + file->enum_count, sizeof(*tables));
    for (size_t i = 0; i < file->message_count; i++) {
        struct gen_message *message = file->messages[i];
        tables[count++] = (struct gen_table){.name = message->table, .message = message};
    }
    for (size_t i = 0; i < file->enum_count; i++) {
        struct gen_enum *enumeration = file->enums[i];
        tables[count++] =
            (struct gen_table){.name = enumeration->table, .enumeration = enumeration};
    }
    if (count > 0) {
        qsort(tables, count, sizeof(*tables), gen_table_compare);
    }
    for (size_t i = 1; i < count; i++) {
        if (strcmp(tables[i - 1].name, tables[i].name) == 0) {
            gen_table_rename(run, &tables[i - 1]);
            gen_table_rename(run, &tables[i]);
        }
    }
}

static void gen_tables_add(struct gen_run *run, const struct gen_file *file) {
    for (size_t i = 0; i < file->enum_count; i++) {
        const struct gen_enum *enumeration = file->enums[i];
        const char *owner = gen_format(&run->memory, "enum %s", enumeration->full_name);
        gen_emitted_add(run, file, enumeration->path, enumeration->table, owner);
    }
    for (size_t i = 0; i < file->message_count; i++) {
        const struct gen_message *message = file->messages[i];
        const char *owner = gen_format(&run->memory, "message %s", message->full_name);
        gen_emitted_add(run, file, message->path, message->table, owner);
    }
}

bool gen_types_collect(struct gen_run *run, struct gen_file *file) {
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    size_t message_count = 0;
    size_t enum_count = proto->n_enum_type;
    for (size_t i = 0; i < proto->n_message_type; i++) {
        message_count += gen_count_messages(proto->message_type[i]);
        enum_count += gen_count_enums(proto->message_type[i]);
    }
    file->messages = gen_allocate_array(&run->memory, message_count, sizeof(*file->messages));
    file->enums = gen_allocate_array(&run->memory, enum_count, sizeof(*file->enums));
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        struct gen_path path = gen_path_of(run, (struct gen_path){0}, FILE_ENUM, i);
        if (!gen_enum_collect(run, file, proto->enum_type[i], NULL, path)) {
            return false;
        }
    }
    for (size_t i = 0; i < proto->n_message_type; i++) {
        struct gen_path path = gen_path_of(run, (struct gen_path){0}, FILE_MESSAGE, i);
        if (!gen_message_collect(run, file, proto->message_type[i], NULL, path)) {
            return false;
        }
    }
    gen_tables_part(run, file);
    gen_tables_add(run, file);
    return true;
}

static bool gen_field_link(
    struct gen_run *run, const struct gen_message *message, struct gen_field *field) {
    const Google__Protobuf__FieldDescriptorProto *proto = field->proto;
    const char *name = proto->type_name == NULL ? "" : proto->type_name;
    const struct gen_symbol *symbol = gen_symbol_find(run, name[0] == '.' ? name + 1 : name);
    bool wants_message =
        proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
    bool wants_enum = proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM;
    if (symbol != NULL && wants_message) {
        field->message = symbol->message;
    }
    if (symbol != NULL && wants_enum) {
        field->enumeration = symbol->enumeration;
    }
    bool missing = (wants_message && field->message == NULL) ||
                   (wants_enum && field->enumeration == NULL) || !proto->has_type ||
                   !proto->has_label;
    if (missing) {
        return gen_refuse(
            run, message->file, field->path, "%s.%s has no known type", message->full_name,
            proto->name);
    }
    return true;
}

bool gen_types_link(struct gen_run *run, struct gen_file *file) {
    for (size_t i = 0; i < file->message_count; i++) {
        struct gen_message *message = file->messages[i];
        for (size_t k = 0; k < message->field_count; k++) {
            if (!gen_field_link(run, message, &message->fields[k])) {
                return false;
            }
        }
        bool is_pair = message->field_count == 2 && message->fields[0].proto->number == 1 &&
                       message->fields[1].proto->number == 2;
        if (message->is_map_entry && !is_pair) {
            return gen_refuse(
                run, file, message->path, "map entry %s is not a key and a value",
                message->full_name);
        }
    }
    return true;
}
