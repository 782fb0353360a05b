/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of a set's descriptors as text. Options that are not descriptor.proto's own are
 * extensions, which protobuf-c keeps as unknown fields; their names and types are in the set. What
 * is not in the set, or not of the type that is said there, is left out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"
#include "field.h"
#include "nnrpc/json.h"
#include "scan.h"

typedef Google__Protobuf__FieldDescriptorProto field_proto;

/* How a message is laid out: one field a line, or all on one. */
struct layout {
    struct nnrpc_buffer *out;
    const char *indent; /* NULL: one line */
    size_t depth;
};

static void write_message(
    struct layout *layout, const struct nnrpc_message *type, const ProtobufCMessage *message);

static void write_enum(
    struct nnrpc_buffer *out, const ProtobufCEnumDescriptor *descriptor, int32_t number) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value != NULL) {
        nnrpc_buffer_append_text(out, value->name);
    } else {
        nnrpc_buffer_append_format(out, "%" PRId32, number);
    }
}

static void write_bytes(struct nnrpc_buffer *out, const ProtobufCBinaryData *bytes) {
    nnrpc_buffer_append_text(out, "\"");
    for (size_t i = 0; i < bytes->len; i++) {
        nnrpc_buffer_append_format(out, "\\%03o", bytes->data[i]);
    }
    nnrpc_buffer_append_text(out, "\"");
}

static void write_value(
    struct layout *layout, const ProtobufCFieldDescriptor *field, const struct nnrpc_field *names,
    const void *value) {
    struct nnrpc_buffer *out = layout->out;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        nnrpc_buffer_append_format(out, "%" PRId32, *(const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        nnrpc_buffer_append_format(out, "%" PRIu32, *(const uint32_t *)value);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        nnrpc_buffer_append_format(out, "%" PRId64, *(const int64_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        nnrpc_buffer_append_format(out, "%" PRIu64, *(const uint64_t *)value);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        nnrpc_buffer_append_format(out, "%.9g", (double)*(const float *)value);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        nnrpc_buffer_append_format(out, "%.17g", *(const double *)value);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        nnrpc_buffer_append_text(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, field->descriptor, *(const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)value;
        nnrpc_json_write_string(out, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
        return;
    }
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(out, value);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(const ProtobufCMessage *const *)value != NULL) {
            write_message(layout, names->message, *(const ProtobufCMessage *const *)value);
        }
        return;
    }
}

static void write_separator(struct layout *layout, bool is_first) {
    if (layout->indent == NULL) {
        nnrpc_buffer_append_text(layout->out, is_first ? " " : ", ");
        return;
    }
    nnrpc_buffer_append_format(
        layout->out, "\n%s%*s", layout->indent, (int)(2 * layout->depth), "");
}

/* As a .proto has the value of an option: "{ name: value, ... }" with the fields that are set. */
static void write_message(
    struct layout *layout, const struct nnrpc_message *type, const ProtobufCMessage *message) {
    bool is_first = true;
    nnrpc_buffer_append_text(layout->out, "{");
    layout->depth++;
    for (unsigned int i = 0; i < type->descriptor->n_fields && !layout->out->failed; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t count = is_list ? nnrpc_field_count(field, message)
                               : (nnrpc_field_is_set(field, message) ? 1 : 0);
        const char *values = nnrpc_field_at(field, message);
        values = is_list ? *(const char *const *)(const void *)values : values;
        for (size_t k = 0; k < count; k++) {
            write_separator(layout, is_first);
            nnrpc_buffer_append_format(layout->out, "%s: ", field->name);
            write_value(
                layout, field, &type->fields[i], values + k * nnrpc_field_value_size(field->type));
            is_first = false;
        }
    }
    layout->depth--;
    if (!is_first) {
        write_separator(layout, true);
    }
    nnrpc_buffer_append_text(layout->out, "}");
}

static bool is_repeated(const field_proto *proto) {
    return proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

/* --- Extensions --------------------------------------------------------------------------- */

static const struct nnrpc_dynamic_extension *find_extension(
    const struct nnrpc_dynamic *dynamic, const char *extendee, uint32_t number) {
    size_t low = 0;
    size_t high = dynamic->extension_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const field_proto *found = dynamic->extensions[middle].proto;
        int order = strcmp(extendee, found->extendee);
        if (order == 0) {
            order = (number > (uint32_t)found->number) - (number < (uint32_t)found->number);
        }
        if (order == 0) {
            return &dynamic->extensions[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* An option is read as the only field of a message that is made for it. */
struct holder {
    ProtobufCMessage base;
    union {
        uint64_t number;
        char *text;
        ProtobufCBinaryData bytes;
        ProtobufCMessage *message;
    } value;
};

/* The types of extensions, as protobuf-c's; false for a type that is left out. */
static bool extension_type(const field_proto *proto, ProtobufCType *out_type) {
    static const int TYPES[] = {
        -1,
        PROTOBUF_C_TYPE_DOUBLE,
        PROTOBUF_C_TYPE_FLOAT,
        PROTOBUF_C_TYPE_INT64,
        PROTOBUF_C_TYPE_UINT64,
        PROTOBUF_C_TYPE_INT32,
        PROTOBUF_C_TYPE_FIXED64,
        PROTOBUF_C_TYPE_FIXED32,
        PROTOBUF_C_TYPE_BOOL,
        PROTOBUF_C_TYPE_STRING,
        -1, /* a group */
        PROTOBUF_C_TYPE_MESSAGE,
        PROTOBUF_C_TYPE_BYTES,
        PROTOBUF_C_TYPE_UINT32,
        PROTOBUF_C_TYPE_ENUM,
        PROTOBUF_C_TYPE_SFIXED32,
        PROTOBUF_C_TYPE_SFIXED64,
        PROTOBUF_C_TYPE_SINT32,
        PROTOBUF_C_TYPE_SINT64,
    };
    bool is_known = proto->type > 0 && (size_t)proto->type < NNRPC_LENGTH(TYPES);
    int type = is_known ? TYPES[proto->type] : -1;
    if (type >= 0) {
        *out_type = (ProtobufCType)type;
    }
    return type >= 0;
}

/* An option among the unknown fields of its message. */
struct option {
    const struct nnrpc_dynamic_extension *extension;
    const ProtobufCMessage *options;
    unsigned int index;
};

/* Finds the option at an index. One that is not repeated may stand in several pieces, of which only
 * the first counts: the others are read with it. */
static bool find_option(
    const struct nnrpc_dynamic *dynamic, const char *extendee, const ProtobufCMessage *options,
    unsigned int index, struct option *out_option) {
    uint32_t tag = options->unknown_fields[index].tag;
    const struct nnrpc_dynamic_extension *extension = find_extension(dynamic, extendee, tag);
    *out_option = (struct option){extension, options, index};
    if (extension == NULL) {
        return false;
    }
    for (unsigned int i = 0; !is_repeated(extension->proto) && i < index; i++) {
        if (options->unknown_fields[i].tag == tag) {
            return false;
        }
    }
    return true;
}

static bool is_message(const struct option *option) {
    return option->extension->proto->type ==
           GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
}

/* Packs an option again. The pieces of a message are joined: protobuf-c 1.4.1 loses what proto3
 * messages had when it merges them. */
static void repack(const struct option *option, struct nnrpc_buffer *out) {
    const ProtobufCMessageUnknownField *first = &option->options->unknown_fields[option->index];
    bool is_joined = is_message(option) && !is_repeated(option->extension->proto);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer joined = {0};
    for (unsigned int i = option->index; is_joined && i < option->options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *piece = &option->options->unknown_fields[i];
        if (piece->tag == first->tag && piece->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            struct nnrpc_slice content = nnrpc_dynamic_option_content(piece);
            nnrpc_buffer_append(&joined, content.data, content.size);
        }
    }
    if (is_joined) {
        nnrpc_wire_append_bytes(out, first->tag, joined.data, joined.size);
        out->failed = out->failed || joined.failed;
        return;
    }
    uint8_t tag[10];
    const uint8_t *end =
        nnrpc_wire_put_varint(tag, (uint64_t)first->tag << 3 | (uint64_t)first->wire_type);
    nnrpc_buffer_append(out, tag, (size_t)(end - tag));
    nnrpc_buffer_append(out, first->data, first->len);
}

/* Memory for one message; notes in a buffer when it was short. */
static void *allocate(void *buffer, size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        ((struct nnrpc_buffer *)buffer)->failed = true;
    }
    return memory;
}

static void release(void *buffer, void *memory) {
    (void)buffer;
    free(memory);
}

/* Unpacks an option as the only field of a type; NULL when it is none, or without memory, which is
 * a failure of the text that is written. */
static ProtobufCMessage *unpack_option(
    const struct option *option, const ProtobufCMessageDescriptor *type, struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer packed = {0};
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = out};
    repack(option, &packed);
    out->failed = out->failed || packed.failed;
    if (packed.failed ||
        nnrpc_scan_message(type, packed.data, packed.size, NULL, NULL) != NNRPC_OK) {
        return NULL;
    }
    return protobuf_c_message_unpack(type, &allocator, packed.size, packed.data);
}

/* Writes the value of an option; false, with nothing written, when it is left out. */
static bool write_option(
    const struct nnrpc_dynamic *dynamic, const struct option *option, struct layout *layout) {
    const struct nnrpc_dynamic_extension *extension = option->extension;
    uint32_t number = option->options->unknown_fields[option->index].tag;
    const struct nnrpc_dynamic_symbol *type =
        nnrpc_dynamic_resolve(dynamic, extension->proto->type_name);
    ProtobufCFieldDescriptor field = {
        .name = extension->name,
        .id = number,
        .label = PROTOBUF_C_LABEL_NONE,
        .offset = offsetof(struct holder, value),
    };
    struct nnrpc_field names = {0};
    if (!extension_type(extension->proto, &field.type)) {
        return false;
    }
    if (field.type == PROTOBUF_C_TYPE_MESSAGE && type != NULL) {
        names.message = type->item.message;
        field.descriptor = names.message == NULL ? NULL : names.message->descriptor;
    } else if (field.type == PROTOBUF_C_TYPE_ENUM && type != NULL) {
        names.enumeration = type->item.enumeration;
        field.descriptor = names.enumeration == NULL ? NULL : names.enumeration->descriptor;
    }
    bool needs_type = field.type == PROTOBUF_C_TYPE_MESSAGE || field.type == PROTOBUF_C_TYPE_ENUM;
    if (needs_type && field.descriptor == NULL) {
        return false;
    }
    static const unsigned int first = 0;
    const ProtobufCIntRange ranges[] = {{.start_value = (int)number}, {.orig_index = 1}};
    const ProtobufCMessageDescriptor descriptor = {
        .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
        .name = extension->name,
        .sizeof_message = sizeof(struct holder),
        .n_fields = 1,
        .fields = &field,
        .fields_sorted_by_name = &first,
        .n_field_ranges = 1,
        .field_ranges = ranges,
    };
    ProtobufCMessage *message = unpack_option(option, &descriptor, layout->out);
    if (message == NULL) {
        return false;
    }
    write_value(layout, &field, &names, nnrpc_field_at(&field, message));
    protobuf_c_message_free_unpacked(message, NULL);
    return true;
}

void nnrpc_dynamic_write_options(
    const struct nnrpc_dynamic *dynamic, const char *extendee, const ProtobufCMessage *options,
    const char *indent, struct nnrpc_buffer *out) {
    for (unsigned int i = 0; i < options->n_unknown_fields && !out->failed; i++) {
        struct option option;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer value = {0};
        struct layout layout = {.out = &value, .indent = indent};
        if (find_option(dynamic, extendee, options, i, &option) &&
            write_option(dynamic, &option, &layout)) {
            nnrpc_buffer_append_format(out, "%soption (%s) = ", indent, option.extension->name);
            nnrpc_buffer_append(out, value.data, value.size);
            nnrpc_buffer_append_text(out, ";\n");
        }
        out->failed = out->failed || value.failed;
    }
}

bool nnrpc_dynamic_write_option_list(
    const struct nnrpc_dynamic *dynamic, const char *extendee, const ProtobufCMessage *options,
    bool is_first, struct nnrpc_buffer *out) {
    for (unsigned int i = 0; i < options->n_unknown_fields && !out->failed; i++) {
        struct option option;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer value = {0};
        struct layout layout = {.out = &value};
        if (find_option(dynamic, extendee, options, i, &option) &&
            write_option(dynamic, &option, &layout)) {
            nnrpc_buffer_append_format(
                out, "%s(%s) = ", is_first ? " [" : ", ", option.extension->name);
            nnrpc_buffer_append(out, value.data, value.size);
            is_first = false;
        }
        out->failed = out->failed || value.failed;
    }
    return is_first;
}
