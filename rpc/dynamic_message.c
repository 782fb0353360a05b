/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of run-time messages: where each field lies in memory, as protobuf-c lays it out, and what
 * JSON and logs need to know of it.
 */
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"
#include "field.h"
#include "nnrpc/v1/options.nnrpc.h"

#define FIELD_OPTION 50211 /* nnrpc.v1.field */
#define FIELD_NUMBER_MAX 536870911
#define FIELDS_MAX INT16_MAX /* as struct nnrpc_path can name */

typedef const Google__Protobuf__FieldDescriptorProto field_proto;

/* Where the members of one oneof lie; 0: not yet. */
struct oneof_place {
    unsigned int case_offset;
    unsigned int value_offset;
};

/* A message while its table is filled. */
struct layout {
    const struct nnrpc_dynamic_build *build;
    const struct nnrpc_dynamic_symbol *symbol;
    const Google__Protobuf__DescriptorProto *proto;
    bool is_map_entry;
    field_proto **protos; /* ascending by number, without groups */
    size_t count;
    ProtobufCFieldDescriptor *fields;
    struct nnrpc_field *names;
    struct oneof_place *oneofs;
    size_t size; /* of the struct so far */
};

static bool refuse_field(const struct layout *layout, field_proto *proto, const char *problem) {
    return nnrpc_dynamic_refuse(
        layout->build, layout->symbol->file, "%.100s.%.60s %s", layout->symbol->item.name,
        proto->name, problem);
}

bool nnrpc_dynamic_in_oneof(const Google__Protobuf__FieldDescriptorProto *field) {
    return field->has_oneof_index && !(field->has_proto3_optional && field->proto3_optional);
}

static bool is_group(field_proto *proto) {
    return proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP;
}

static bool is_map_entry(const Google__Protobuf__DescriptorProto *proto) {
    return proto->options != NULL && proto->options->has_map_entry && proto->options->map_entry;
}

/* --- Fields and their order --------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b) {
    field_proto *left = *(field_proto *const *)a;
    field_proto *right = *(field_proto *const *)b;
    return (left->number > right->number) - (left->number < right->number);
}

static bool check_field(const struct layout *layout, field_proto *proto) {
    if (proto->name == NULL || proto->name[0] == '\0') {
        return nnrpc_dynamic_refuse(
            layout->build, layout->symbol->file, "a field of %.120s has no name",
            layout->symbol->item.name);
    }
    if (!proto->has_number || proto->number < 1 || proto->number > FIELD_NUMBER_MAX) {
        return refuse_field(layout, proto, "has no number");
    }
    if (!proto->has_label || !proto->has_type || proto->label < 1 || proto->label > 3 ||
        proto->type < 1 || proto->type > 18) {
        return refuse_field(layout, proto, "has no known label or type");
    }
    bool is_repeated =
        proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    if (proto->has_oneof_index &&
        (proto->oneof_index < 0 || (size_t)proto->oneof_index >= layout->proto->n_oneof_decl ||
         is_repeated)) {
        return refuse_field(layout, proto, "is in no oneof that there is");
    }
    return true;
}

static bool take_fields(struct layout *layout) {
    const Google__Protobuf__DescriptorProto *proto = layout->proto;
    struct nnrpc_dynamic *dynamic = layout->build->dynamic;
    layout->protos = nnrpc_dynamic_allocate(dynamic, proto->n_field, sizeof(*layout->protos));
    if (layout->protos == NULL) {
        return false;
    }
    if (proto->n_field > FIELDS_MAX) {
        return nnrpc_dynamic_refuse(
            layout->build, layout->symbol->file, "%.120s has more than %d fields",
            layout->symbol->item.name, FIELDS_MAX);
    }
    for (size_t i = 0; i < proto->n_field; i++) {
        if (!check_field(layout, proto->field[i])) {
            return false;
        }
        if (!is_group(proto->field[i])) {
            layout->protos[layout->count++] = proto->field[i];
        }
    }
    if (layout->count != 0) {
        qsort(layout->protos, layout->count, sizeof(*layout->protos), compare_numbers);
    }
    for (size_t i = 1; i < layout->count; i++) {
        if (layout->protos[i - 1]->number == layout->protos[i]->number) {
            return refuse_field(layout, layout->protos[i], "has the number of another field");
        }
    }
    return true;
}

/* --- Types -------------------------------------------------------------------------------- */

static ProtobufCType type_of(field_proto *proto) {
    static const ProtobufCType TYPES[] = {
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE] = PROTOBUF_C_TYPE_DOUBLE,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT] = PROTOBUF_C_TYPE_FLOAT,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64] = PROTOBUF_C_TYPE_INT64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64] = PROTOBUF_C_TYPE_UINT64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32] = PROTOBUF_C_TYPE_INT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64] = PROTOBUF_C_TYPE_FIXED64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32] = PROTOBUF_C_TYPE_FIXED32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL] = PROTOBUF_C_TYPE_BOOL,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING] = PROTOBUF_C_TYPE_STRING,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE] = PROTOBUF_C_TYPE_MESSAGE,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES] = PROTOBUF_C_TYPE_BYTES,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32] = PROTOBUF_C_TYPE_UINT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM] = PROTOBUF_C_TYPE_ENUM,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32] = PROTOBUF_C_TYPE_SFIXED32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64] = PROTOBUF_C_TYPE_SFIXED64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32] = PROTOBUF_C_TYPE_SINT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64] = PROTOBUF_C_TYPE_SINT64,
    };
    return TYPES[proto->type];
}

/* Whether a field's message is the entry of a map, and the field repeated if so. */
static bool check_map(
    const struct layout *layout, field_proto *proto, const struct nnrpc_dynamic_symbol *type,
    bool *out_is_map) {
    *out_is_map = type != NULL && type->item.kind == NNRPC_DYNAMIC_MESSAGE && !type->is_known &&
                  is_map_entry(type->proto.message);
    bool is_repeated =
        proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    return !*out_is_map || is_repeated ||
           refuse_field(layout, proto, "is a map's entry but not repeated");
}

/* Links a field to the message or enum that it names. */
static bool link_type(
    const struct layout *layout, field_proto *proto, ProtobufCFieldDescriptor *field,
    struct nnrpc_field *names) {
    const char *name = proto->type_name == NULL ? "" : proto->type_name;
    const char *full_name = name[0] == '.' ? name + 1 : "";
    const struct nnrpc_dynamic_symbol *type = nnrpc_dynamic_resolve(layout->build->dynamic, name);
    bool is_map = false;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        names->message = nnrpc_dynamic_known_message(full_name);
        if (names->message == NULL && type != NULL) {
            names->message = type->item.message;
        }
        field->descriptor = names->message == NULL ? NULL : names->message->descriptor;
        if (!check_map(layout, proto, type, &is_map)) {
            return false;
        }
        names->flags |= is_map ? NNRPC_FIELD_MAP : 0;
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        names->enumeration = nnrpc_dynamic_known_enum(full_name);
        if (names->enumeration == NULL && type != NULL) {
            names->enumeration = type->item.enumeration;
        }
        field->descriptor = names->enumeration == NULL ? NULL : names->enumeration->descriptor;
    } else {
        return true;
    }
    return field->descriptor != NULL ||
           nnrpc_dynamic_refuse(
               layout->build, layout->symbol->file,
               "%.100s.%.60s names a type that is not in the set: \"%.60s\"",
               layout->symbol->item.name, proto->name, name);
}

/* --- Places ------------------------------------------------------------------------------- */

static bool is_packable(ProtobufCType type) {
    return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES &&
           type != PROTOBUF_C_TYPE_MESSAGE;
}

/* Numbers have their own size as alignment; the rest starts with a pointer or size_t. */
static unsigned int place(struct layout *layout, size_t size) {
    size_t alignment = size > sizeof(uint64_t) ? sizeof(uint64_t) : size;
    layout->size = (layout->size + alignment - 1) / alignment * alignment;
    size_t offset = layout->size;
    layout->size += size;
    return (unsigned int)offset;
}

static void place_repeated(
    struct layout *layout, field_proto *proto, ProtobufCFieldDescriptor *field) {
    bool is_packed = !layout->symbol->file->is_proto2;
    if (proto->options != NULL && proto->options->has_packed) {
        is_packed = proto->options->packed;
    }
    field->label = PROTOBUF_C_LABEL_REPEATED;
    field->quantifier_offset = place(layout, sizeof(size_t));
    field->offset = place(layout, sizeof(void *));
    if (is_packed && is_packable(field->type)) {
        field->flags |= PROTOBUF_C_FIELD_FLAG_PACKED;
    }
}

/* Members of a oneof share the memory of the largest, which is bytes. */
static void place_in_oneof(
    struct layout *layout, struct oneof_place *oneof, ProtobufCFieldDescriptor *field) {
    if (oneof->value_offset == 0) {
        oneof->case_offset = place(layout, sizeof(uint32_t));
        oneof->value_offset = place(layout, sizeof(ProtobufCBinaryData));
    }
    field->label =
        layout->symbol->file->is_proto2 ? PROTOBUF_C_LABEL_OPTIONAL : PROTOBUF_C_LABEL_NONE;
    field->flags |= PROTOBUF_C_FIELD_FLAG_ONEOF;
    field->quantifier_offset = oneof->case_offset;
    field->offset = oneof->value_offset;
}

/* In a map's entry absent means default, in every syntax, so its fields need no presence. */
static bool has_presence(const struct layout *layout, field_proto *proto) {
    bool is_message = proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
    bool is_optional = proto->has_proto3_optional && proto->proto3_optional;
    bool is_explicit = !layout->symbol->file->is_proto3 && !is_message;
    return !layout->is_map_entry && (is_optional || is_explicit);
}

/* A value with presence is a oneof of one member, as the generator has it: what is not set is told
 * from what is zero in the same way everywhere. A message has presence by its pointer. */
static void place_singular(
    struct layout *layout, field_proto *proto, ProtobufCFieldDescriptor *field) {
    bool is_required =
        proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED;
    if (!is_required && has_presence(layout, proto)) {
        place_in_oneof(layout, &(struct oneof_place){0}, field);
        return;
    }
    field->label =
        is_required && !layout->is_map_entry ? PROTOBUF_C_LABEL_REQUIRED : PROTOBUF_C_LABEL_NONE;
    field->offset = place(layout, nnrpc_field_value_size(field->type));
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        field->default_value = protobuf_c_empty_string;
    }
}

static void place_field(
    struct layout *layout, field_proto *proto, ProtobufCFieldDescriptor *field) {
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED) {
        place_repeated(layout, proto, field);
    } else if (proto->has_oneof_index) {
        place_in_oneof(layout, &layout->oneofs[proto->oneof_index], field);
    } else {
        place_singular(layout, proto, field);
    }
}

/* --- JSON and rules ----------------------------------------------------------------------- */

/* The descriptor's json_name, which protoc fills in; else lowerCamelCase as protoc makes it. */
static const char *json_name(struct nnrpc_dynamic *dynamic, field_proto *proto) {
    if (proto->json_name != NULL && proto->json_name[0] != '\0') {
        return proto->json_name;
    }
    char *name = nnrpc_dynamic_allocate(dynamic, strlen(proto->name) + 1, 1);
    size_t size = 0;
    bool upper = false;
    for (const char *at = proto->name; name != NULL && *at != '\0'; at++) {
        if (*at == '_') {
            upper = true;
            continue;
        }
        name[size++] = upper && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        upper = false;
    }
    return name;
}

static bool read_rule(const struct layout *layout, field_proto *proto, struct nnrpc_field *names) {
    struct nnrpc_dynamic *dynamic = layout->build->dynamic;
    const ProtobufCMessage *unpacked = NULL;
    if (proto->options == NULL) {
        return true;
    }
    if (!nnrpc_dynamic_option_message(
            dynamic, &proto->options->base, FIELD_OPTION, &nnrpc__v1__field_rule__descriptor,
            &unpacked)) {
        return refuse_field(layout, proto, "has a malformed option nnrpc.v1.field");
    }
    const Nnrpc__V1__FieldRule *rule = (const Nnrpc__V1__FieldRule *)unpacked;
    if (rule == NULL) {
        return true;
    }
    bool is_text = proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
    names->flags |= rule->input_only ? NNRPC_FIELD_INPUT_ONLY : 0;
    names->flags |= rule->output_only ? NNRPC_FIELD_OUTPUT_ONLY : 0;
    names->flags |= rule->sensitive ? NNRPC_FIELD_SENSITIVE : 0;
    names->flags |= rule->empty_is_null && is_text ? NNRPC_FIELD_EMPTY_IS_NULL : 0;
    if (rule->mask_of[0] != '\0') {
        names->mask_of = nnrpc_dynamic_find_message(dynamic, rule->mask_of);
        return names->mask_of != NULL ||
               refuse_field(layout, proto, "has a mask_of that names no message of the set");
    }
    return true;
}

static bool fill_field(struct layout *layout, size_t index) {
    field_proto *proto = layout->protos[index];
    ProtobufCFieldDescriptor *field = &layout->fields[index];
    struct nnrpc_field *names = &layout->names[index];
    bool is_deprecated = proto->options != NULL && proto->options->deprecated;
    field->name = proto->name;
    field->id = (uint32_t)proto->number;
    field->type = type_of(proto);
    field->flags = is_deprecated ? PROTOBUF_C_FIELD_FLAG_DEPRECATED : 0;
    names->json_name = json_name(layout->build->dynamic, proto);
    if (names->json_name == NULL || !link_type(layout, proto, field, names)) {
        return false;
    }
    place_field(layout, proto, field);
    return read_rule(layout, proto, names);
}

/* --- Indexes ------------------------------------------------------------------------------ */

struct named_index {
    const char *name;
    unsigned int index;
};

static int compare_names(const void *a, const void *b) {
    const struct named_index *left = a;
    const struct named_index *right = b;
    return strcmp(left->name, right->name);
}

/* Sorts the fields by name, proto or JSON; NULL when two have the same, or without memory. */
static const unsigned int *sort_by_name(const struct layout *layout, bool by_json_name) {
    struct nnrpc_dynamic *dynamic = layout->build->dynamic;
    struct named_index *named = nnrpc_dynamic_allocate(dynamic, layout->count, sizeof(*named));
    unsigned int *indexes = nnrpc_dynamic_allocate(dynamic, layout->count, sizeof(*indexes));
    if (named == NULL || indexes == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < layout->count; i++) {
        named[i].name = by_json_name ? layout->names[i].json_name : layout->fields[i].name;
        named[i].index = (unsigned int)i;
    }
    if (layout->count != 0) {
        qsort(named, layout->count, sizeof(*named), compare_names);
    }
    for (size_t i = 0; i < layout->count; i++) {
        indexes[i] = named[i].index;
        if (i > 0 && compare_names(&named[i - 1], &named[i]) == 0) {
            (void)nnrpc_dynamic_refuse(
                layout->build, layout->symbol->file, "two fields of %.100s are \"%.60s\"%s",
                layout->symbol->item.name, named[i].name, by_json_name ? " in JSON" : "");
            return NULL;
        }
    }
    return indexes;
}

/* Runs of numbers that follow one another, and the end. */
static const ProtobufCIntRange *make_ranges(const struct layout *layout, unsigned int *out_count) {
    ProtobufCIntRange *ranges =
        nnrpc_dynamic_allocate(layout->build->dynamic, layout->count + 1, sizeof(*ranges));
    unsigned int count = 0;
    for (unsigned int i = 0; ranges != NULL && i < layout->count; i++) {
        int number = layout->protos[i]->number;
        if (i == 0 || layout->protos[i - 1]->number + 1 != number) {
            ranges[count++] = (ProtobufCIntRange){.start_value = number, .orig_index = i};
        }
    }
    if (ranges != NULL) {
        ranges[count] = (ProtobufCIntRange){.orig_index = (unsigned int)layout->count};
    }
    *out_count = count;
    return ranges;
}

static bool is_key_type(ProtobufCType type) {
    return type != PROTOBUF_C_TYPE_FLOAT && type != PROTOBUF_C_TYPE_DOUBLE &&
           type != PROTOBUF_C_TYPE_BYTES && type != PROTOBUF_C_TYPE_ENUM &&
           type != PROTOBUF_C_TYPE_MESSAGE;
}

/* A map's entry is a key and a value, whatever is built on it. */
static bool check_map_entry(const struct layout *layout) {
    const ProtobufCFieldDescriptor *fields = layout->fields;
    bool is_pair = layout->count == 2 && fields[0].id == 1 && fields[1].id == 2 &&
                   fields[0].label == PROTOBUF_C_LABEL_NONE &&
                   fields[1].label == PROTOBUF_C_LABEL_NONE &&
                   ((fields[0].flags | fields[1].flags) & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 &&
                   is_key_type(fields[0].type);
    return !layout->is_map_entry || is_pair ||
           nnrpc_dynamic_refuse(
               layout->build, layout->symbol->file, "map entry %.120s is not a key and a value",
               layout->symbol->item.name);
}

static bool fill_descriptor(const struct layout *layout) {
    const struct nnrpc_dynamic_symbol *symbol = layout->symbol;
    const unsigned int *by_name = sort_by_name(layout, false);
    if (by_name == NULL || sort_by_name(layout, true) == NULL) {
        return false;
    }
    symbol->message->descriptor = (ProtobufCMessageDescriptor){
        .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
        .name = symbol->item.name,
        .short_name = layout->proto->name,
        .c_name = symbol->item.name,
        .package_name = symbol->file->package,
        .sizeof_message =
            (layout->size + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t),
        .n_fields = (unsigned int)layout->count,
        .fields = layout->fields,
        .fields_sorted_by_name = by_name,
    };
    symbol->message->descriptor.field_ranges =
        make_ranges(layout, &symbol->message->descriptor.n_field_ranges);
    symbol->message->table.fields = layout->names;
    return symbol->message->descriptor.field_ranges != NULL;
}

bool nnrpc_dynamic_build_message(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    struct layout layout = {
        .build = build,
        .symbol = symbol,
        .proto = symbol->proto.message,
        .is_map_entry = is_map_entry(symbol->proto.message),
        .size = sizeof(ProtobufCMessage),
    };
    if (!take_fields(&layout)) {
        return false;
    }
    size_t oneof_count = layout.proto->n_oneof_decl;
    layout.fields = nnrpc_dynamic_allocate(dynamic, layout.count, sizeof(*layout.fields));
    layout.names = nnrpc_dynamic_allocate(dynamic, layout.count, sizeof(*layout.names));
    layout.oneofs = nnrpc_dynamic_allocate(dynamic, oneof_count, sizeof(*layout.oneofs));
    if (layout.fields == NULL || layout.names == NULL || layout.oneofs == NULL) {
        return false;
    }
    for (size_t i = 0; i < layout.count; i++) {
        if (!fill_field(&layout, i)) {
            return false;
        }
    }
    return check_map_entry(&layout) && fill_descriptor(&layout);
}
