/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of messages and enums: JSON names, rules and links, parallel to protobuf-c's descriptors.
 */
#include <string.h>

#include "emit.h"
#include "names.h"
#include "protobuf_c.h"
#include "source.h"

#define ENUM_VALUE 2

/* Adds a member of a list: its name in one line, its comment indented below. */
static void gen_emit_item(
    struct gen_text *text, const struct gen_file *file, struct gen_path path, const char *name,
    int number) {
    gen_text_printf(text, " * - %s = %d", name, number);
    if (!gen_source_has_comment(file, path)) {
        gen_text_printf(text, "\n");
        return;
    }
    gen_text_printf(text, ":\n");
    gen_source_comment(text, " *  ", file, path);
}

static void gen_emit_enum_declaration(
    struct gen_run *run, const struct gen_enum *enumeration, struct gen_text *text) {
    gen_text_printf(text, "\n/**\n * %s\n *\n", enumeration->full_name);
    if (gen_source_has_comment(enumeration->file, enumeration->path)) {
        gen_source_comment(text, " *", enumeration->file, enumeration->path);
        gen_text_printf(text, " *\n");
    }
    for (size_t i = 0; i < enumeration->value_count; i++) {
        struct gen_path path =
            gen_path_of(run, enumeration->path, ENUM_VALUE, enumeration->orders[i]);
        gen_emit_item(
            text, enumeration->file, path, enumeration->values[i]->name,
            enumeration->values[i]->number);
    }
    gen_text_printf(text, " */\nextern const struct nnrpc_enum %s;\n", enumeration->table);
}

static void gen_emit_message_declaration(const struct gen_message *message, struct gen_text *text) {
    if (message->is_map_entry) {
        gen_text_printf(text, "\n/** %s, the entry of a map. */\n", message->full_name);
    } else {
        bool comment = gen_source_has_comment(message->file, message->path);
        gen_text_printf(text, "\n/**\n * %s\n", message->full_name);
        gen_text_printf(text, "%s", comment ? " *\n" : "");
        gen_source_comment(text, " *", message->file, message->path);
        gen_text_printf(text, "%s", message->field_count > 0 ? " *\n" : "");
        for (size_t i = 0; i < message->field_count; i++) {
            const struct gen_field *field = &message->fields[i];
            gen_emit_item(
                text, message->file, field->path, field->proto->name, field->proto->number);
        }
        gen_text_printf(text, " */\n");
    }
    gen_text_printf(text, "extern const struct nnrpc_message %s;\n", message->table);
}

void gen_emit_table_declarations(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text) {
    for (size_t i = 0; i < file->enum_count; i++) {
        gen_emit_enum_declaration(run, file->enums[i], text);
    }
    for (size_t i = 0; i < file->message_count; i++) {
        gen_emit_message_declaration(file->messages[i], text);
    }
}

static void gen_emit_enum_table(
    struct gen_run *run, const struct gen_enum *enumeration, struct gen_text *text) {
    gen_text_printf(
        text,
        "\nconst struct nnrpc_enum %s = {\n"
        "    .descriptor = &%s__descriptor,\n"
        "    .json_names =\n"
        "        (const char *const[]){\n",
        enumeration->table, gen_c_lower(run, enumeration->file, enumeration->full_name));
    for (size_t i = 0; i < enumeration->value_count; i++) {
        gen_text_printf(text, "            ");
        gen_text_literal(text, enumeration->json_names[i]);
        gen_text_printf(text, ", /* %d */\n", enumeration->values[i]->number);
    }
    gen_text_printf(
        text, "        },\n%s};\n", enumeration->file->is_proto3 ? "" : "    .is_closed = true,\n");
}

static void gen_emit_flags(const struct gen_field *field, struct gen_text *text) {
    const Nnrpc__V1__FieldRule *rule = field->rule;
    const struct {
        bool set;
        const char *name;
    } flags[] = {
        {rule != NULL && rule->input_only, "NNRPC_FIELD_INPUT_ONLY"},
        {rule != NULL && rule->output_only, "NNRPC_FIELD_OUTPUT_ONLY"},
        {rule != NULL && rule->sensitive, "NNRPC_FIELD_SENSITIVE"},
        {rule != NULL && rule->empty_is_null, "NNRPC_FIELD_EMPTY_IS_NULL"},
        {field->message != NULL && field->message->is_map_entry, "NNRPC_FIELD_MAP"},
    };
    const char *lead = "                .flags = ";
    const char *end = "";
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (flags[i].set) {
            gen_text_printf(text, "%s%s", lead, flags[i].name);
            lead = " | ";
            end = ",\n";
        }
    }
    gen_text_printf(text, "%s", end);
}

static void gen_emit_link(struct gen_text *text, const char *member, const char *table) {
    gen_text_printf(text, "                .%s = &%s,\n", member, table);
}

static void gen_emit_field(const struct gen_field *field, struct gen_text *text) {
    gen_text_printf(
        text,
        "            /* %d %s */\n"
        "            {\n"
        "                .json_name = ",
        field->proto->number, field->proto->name);
    gen_text_literal(text, field->json_name);
    gen_text_printf(text, ",\n");
    gen_emit_flags(field, text);
    if (field->message != NULL) {
        gen_emit_link(text, "message", field->message->table);
    }
    if (field->enumeration != NULL) {
        gen_emit_link(text, "enumeration", field->enumeration->table);
    }
    if (field->mask_of != NULL) {
        gen_emit_link(text, "mask_of", field->mask_of->table);
    }
    gen_text_printf(text, "            },\n");
}

/* The messages that have a JSON mapping of their own. */
static const char *gen_well_known(const char *full_name) {
    static const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"google.protobuf.Any", "NNRPC_WELL_KNOWN_ANY"},
        {"google.protobuf.BoolValue", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.BytesValue", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.DoubleValue", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.Duration", "NNRPC_WELL_KNOWN_DURATION"},
        {"google.protobuf.Empty", "NNRPC_WELL_KNOWN_EMPTY"},
        {"google.protobuf.FieldMask", "NNRPC_WELL_KNOWN_FIELD_MASK"},
        {"google.protobuf.FloatValue", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.Int32Value", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.Int64Value", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.ListValue", "NNRPC_WELL_KNOWN_LIST_VALUE"},
        {"google.protobuf.StringValue", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.Struct", "NNRPC_WELL_KNOWN_STRUCT"},
        {"google.protobuf.Timestamp", "NNRPC_WELL_KNOWN_TIMESTAMP"},
        {"google.protobuf.UInt32Value", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.UInt64Value", "NNRPC_WELL_KNOWN_WRAPPER"},
        {"google.protobuf.Value", "NNRPC_WELL_KNOWN_VALUE"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(full_name, known[i].name) == 0) {
            return known[i].value;
        }
    }
    return NULL;
}

static void gen_emit_message_table(
    struct gen_run *run, const struct gen_message *message, struct gen_text *text) {
    gen_text_printf(
        text, "\nconst struct nnrpc_message %s = {\n    .descriptor = &%s__descriptor,\n",
        message->table, gen_c_lower(run, message->file, message->full_name));
    if (message->field_count > 0) {
        gen_text_printf(text, "    .fields =\n        (const struct nnrpc_field[]){\n");
        for (size_t i = 0; i < message->field_count; i++) {
            gen_emit_field(&message->fields[i], text);
        }
        gen_text_printf(text, "        },\n");
    }
    const char *well_known = gen_well_known(message->full_name);
    if (well_known != NULL) {
        gen_text_printf(text, "    .well_known = %s,\n", well_known);
    }
    gen_text_printf(text, "};\n");
}

void gen_emit_tables(struct gen_run *run, const struct gen_file *file, struct gen_text *text) {
    for (size_t i = 0; i < file->enum_count; i++) {
        gen_emit_enum_table(run, file->enums[i], text);
    }
    for (size_t i = 0; i < file->message_count; i++) {
        gen_emit_message_table(run, file->messages[i], text);
    }
}
