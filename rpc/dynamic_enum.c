/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of run-time enums: as protobuf-c has them (ascending by number, of several names of one
 * number the first, all names in an index) and with JSON names as the generator makes them.
 */
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"

/* A value and where the .proto has it. */
struct ordered_value {
    const Google__Protobuf__EnumValueDescriptorProto *proto;
    size_t order;
    unsigned int index; /* of its number among the distinct ones */
};

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether a word starts at an upper-case letter: "aB", "9B", and the last of "ABc". */
static bool starts_word(const char *name, size_t i) {
    if (i == 0 || !is_upper(name[i])) {
        return false;
    }
    char before = name[i - 1];
    return is_lower(before) || is_digit(before) || (is_upper(before) && is_lower(name[i + 1]));
}

/* Size of the enum's own name in upper snake case at the front of a value's name, with the
 * underscore after it; 0: the value does not start so. "ContactForm" and "CONTACT_FORM_DIRECT". */
static size_t prefix_size(const char *enum_name, const char *value_name) {
    size_t size = 0;
    for (size_t i = 0; enum_name[i] != '\0'; i++) {
        char c = enum_name[i];
        bool is_underscore = c == '_';
        bool is_doubled = size > 0 && value_name[size - 1] == '_';
        if ((is_underscore || starts_word(enum_name, i)) && !is_doubled) {
            if (value_name[size++] != '_') {
                return 0;
            }
        }
        c = is_lower(c) ? (char)(c - 'a' + 'A') : c;
        if (!is_underscore && value_name[size++] != c) {
            return 0;
        }
    }
    return value_name[size] == '_' && value_name[size + 1] != '\0' ? size + 1 : 0;
}

/* Size of the prefix that every value has; 0: none. */
static size_t common_prefix_size(const Google__Protobuf__EnumDescriptorProto *proto) {
    size_t size = 0;
    for (size_t i = 0; i < proto->n_value; i++) {
        size = prefix_size(proto->name, proto->value[i]->name);
        if (size == 0) {
            return 0;
        }
    }
    return size;
}

static int compare_values(const void *a, const void *b) {
    const struct ordered_value *left = a;
    const struct ordered_value *right = b;
    if (left->proto->number != right->proto->number) {
        return left->proto->number < right->proto->number ? -1 : 1;
    }
    return (left->order > right->order) - (left->order < right->order);
}

static int compare_names(const void *a, const void *b) {
    const ProtobufCEnumValueIndex *left = a;
    const ProtobufCEnumValueIndex *right = b;
    return strcmp(left->name, right->name);
}

static bool check_values(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol) {
    const Google__Protobuf__EnumDescriptorProto *proto = symbol->proto.enumeration;
    if (proto->n_value == 0) {
        return nnrpc_dynamic_refuse(build, symbol->file, "%.120s has no values", symbol->item.name);
    }
    for (size_t i = 0; i < proto->n_value; i++) {
        const char *name = proto->value[i]->name;
        if (name == NULL || name[0] == '\0') {
            return nnrpc_dynamic_refuse(
                build, symbol->file, "a value of %.120s has no name", symbol->item.name);
        }
    }
    return true;
}

/* The values ascending by number; NULL without memory. */
static struct ordered_value *sort_values(
    struct nnrpc_dynamic *dynamic, const Google__Protobuf__EnumDescriptorProto *proto,
    unsigned int *out_distinct) {
    struct ordered_value *ordered =
        nnrpc_dynamic_allocate(dynamic, proto->n_value, sizeof(*ordered));
    if (ordered == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < proto->n_value; i++) {
        ordered[i] = (struct ordered_value){.proto = proto->value[i], .order = i};
    }
    qsort(ordered, proto->n_value, sizeof(*ordered), compare_values);
    unsigned int distinct = 0;
    for (size_t i = 0; i < proto->n_value; i++) {
        bool is_alias = i > 0 && ordered[i - 1].proto->number == ordered[i].proto->number;
        distinct += is_alias ? 0 : 1;
        ordered[i].index = distinct - 1;
    }
    *out_distinct = distinct;
    return ordered;
}

/* The value's name without the prefix, in lower case; NULL without memory. */
static const char *json_name(struct nnrpc_dynamic *dynamic, const char *name) {
    size_t size = strlen(name);
    char *lower = nnrpc_dynamic_allocate(dynamic, size + 1, 1);
    for (size_t i = 0; lower != NULL && i < size; i++) {
        lower[i] = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    return lower;
}

/* Runs of numbers that follow one another, and the end. */
static const ProtobufCIntRange *make_ranges(
    struct nnrpc_dynamic *dynamic, const ProtobufCEnumValue *values, unsigned int count,
    unsigned int *out_count) {
    ProtobufCIntRange *ranges = nnrpc_dynamic_allocate(dynamic, (size_t)count + 1, sizeof(*ranges));
    unsigned int range_count = 0;
    for (unsigned int i = 0; ranges != NULL && i < count; i++) {
        if (i == 0 || (int64_t)values[i - 1].value + 1 != values[i].value) {
            ranges[range_count++] =
                (ProtobufCIntRange){.start_value = values[i].value, .orig_index = i};
        }
    }
    if (ranges != NULL) {
        ranges[range_count] = (ProtobufCIntRange){.orig_index = count};
    }
    *out_count = range_count;
    return ranges;
}

bool nnrpc_dynamic_build_enum(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    const Google__Protobuf__EnumDescriptorProto *proto = symbol->proto.enumeration;
    if (!check_values(build, symbol)) {
        return false;
    }
    unsigned int count = 0;
    struct ordered_value *ordered = sort_values(dynamic, proto, &count);
    ProtobufCEnumDescriptor *descriptor = nnrpc_dynamic_allocate(dynamic, 1, sizeof(*descriptor));
    ProtobufCEnumValue *values = nnrpc_dynamic_allocate(dynamic, count, sizeof(*values));
    ProtobufCEnumValueIndex *names =
        nnrpc_dynamic_allocate(dynamic, proto->n_value, sizeof(*names));
    const char **json_names = nnrpc_dynamic_allocate(dynamic, count, sizeof(*json_names));
    if (ordered == NULL || descriptor == NULL || values == NULL || names == NULL ||
        json_names == NULL) {
        return false;
    }
    size_t prefix = common_prefix_size(proto);
    for (size_t i = proto->n_value; i-- > 0;) { /* backwards: the first of one number stays */
        const char *name = ordered[i].proto->name;
        unsigned int index = ordered[i].index;
        names[i] = (ProtobufCEnumValueIndex){.name = name, .index = index};
        values[index] =
            (ProtobufCEnumValue){.name = name, .c_name = name, .value = ordered[i].proto->number};
        json_names[index] = json_name(dynamic, name + prefix);
        if (json_names[index] == NULL) {
            return false;
        }
    }
    qsort(names, proto->n_value, sizeof(*names), compare_names);
    *descriptor = (ProtobufCEnumDescriptor){
        .magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
        .name = symbol->item.name,
        .short_name = proto->name,
        .c_name = symbol->item.name,
        .package_name = symbol->file->package,
        .n_values = count,
        .values = values,
        .n_value_names = (unsigned int)proto->n_value,
        .values_by_name = names,
    };
    descriptor->value_ranges = make_ranges(dynamic, values, count, &descriptor->n_value_ranges);
    /* Collected as constant for everybody else. */
    *(struct nnrpc_enum *)symbol->item.enumeration = (struct nnrpc_enum){
        .descriptor = descriptor,
        .json_names = json_names,
        .is_closed = symbol->file->is_proto2,
    };
    return descriptor->value_ranges != NULL;
}
