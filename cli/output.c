/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing results. JSON is the contract's own, made by the generated tables.
 */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/json.h"
#include "terminal.h"

#define RESOURCE_INDENT 2

struct ctl_list {
    const struct ctl_context *context;
    const struct ctl_list_shape *shape;
    struct nnrpc_message item_type; /* narrowed to the selection */
    struct nnrpc_field *fields;     /* owned by item_type */
    struct ctl_table *table;        /* NULL for JSON */
    struct ctl_list_column *columns;
    char **titles;
    size_t column_count;
    struct nnrpc_buffer pending;
    bool has_items;
};

enum ctl_exit ctl_output_bytes(const struct nnrpc_buffer *bytes) {
    if (bytes->failed) {
        ctl_complain("out of memory");
        return CTL_FAILED;
    }
    bool is_written =
        bytes->size == 0 || fwrite(bytes->data, 1, bytes->size, stdout) == bytes->size;
    if (!is_written || fflush(stdout) != 0) {
        return ctl_fail_errno("cannot write the output");
    }
    return CTL_OK;
}

static void append_json(
    const struct nnrpc_message *type, const ProtobufCMessage *message,
    const struct nnrpc_json_format *format, struct nnrpc_buffer *out) {
    if (nnrpc_json_write(type, message, format, out) != NNRPC_OK) {
        out->failed = true;
    }
}

/* One column for each selected field, or those of the shape. */
static void choose_columns(struct ctl_list *list) {
    const struct ctl_list_shape *shape = list->shape;
    const struct ctl_selection *selection = shape->selection;
    bool is_selected = selection != NULL && selection->count > 0;
    size_t chosen = is_selected ? selection->count : 0;
    list->columns = ctl_allocate(chosen + shape->column_count, sizeof(*list->columns));
    list->titles = ctl_allocate(chosen + shape->column_count, sizeof(*list->titles));
    for (size_t i = 0; i < chosen; i++) {
        const char *field = shape->type->descriptor->fields[selection->indexes[i]].name;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer title = {0};
        ctl_title_append(&title, field);
        list->titles[i] = ctl_copy_text(ctl_buffer_text(&title));
        list->columns[i] = (struct ctl_list_column){
            .column = {.title = list->titles[i], .is_whole = strcmp(field, "id") == 0},
            .field = field};
    }
    list->column_count = chosen;
    for (size_t i = 0; i < shape->column_count; i++) {
        /* A selection replaces fields; what is made from beside the item stays. */
        if (!is_selected || shape->columns[i].field == NULL) {
            list->columns[list->column_count++] = shape->columns[i];
        }
    }
}

static void make_table(struct ctl_list *list) {
    choose_columns(list);
    NNRPC_CLEANUP(ctl_release)
    struct ctl_column *columns = ctl_allocate(list->column_count, sizeof(*columns));
    for (size_t i = 0; i < list->column_count; i++) {
        columns[i] = list->columns[i].column;
    }
    list->table = ctl_table_new(columns, list->column_count, ctl_terminal_width(stdout));
}

struct ctl_list *ctl_list_new(
    const struct ctl_context *context, const struct ctl_list_shape *shape) {
    struct ctl_list *list = ctl_allocate(1, sizeof(*list));
    list->context = context;
    list->shape = shape;
    if (context->output == CTL_OUTPUT_TABLE) {
        make_table(list);
        return list;
    }
    static const struct ctl_selection all = {0};
    list->item_type = ctl_selection_narrow(
        shape->type, shape->selection != NULL ? shape->selection : &all, &list->fields);
    return list;
}

void ctl_list_freep(struct ctl_list **pointer) {
    struct ctl_list *list = *pointer;
    if (list == NULL) {
        return;
    }
    for (size_t i = 0; list->titles != NULL && i < list->column_count; i++) {
        free(list->titles[i]);
    }
    ctl_table_free(list->table);
    free(list->titles);
    free(list->columns);
    free(list->fields);
    nnrpc_buffer_deinit(&list->pending);
    free(list);
    *pointer = NULL;
}

static void add_row(
    struct ctl_list *list, const ProtobufCMessage *item, const ProtobufCMessage *beside) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer cell = {0};
    for (size_t i = 0; i < list->column_count; i++) {
        const struct ctl_list_column *column = &list->columns[i];
        nnrpc_buffer_clear(&cell);
        if (column->field == NULL) {
            column->derive(item, beside, &cell);
        } else {
            int index = nnrpc_message_field_by_name(
                list->shape->type, column->field, strlen(column->field));
            ctl_cell_append(list->shape->type, item, (size_t)index, &cell);
        }
        ctl_table_add(list->table, ctl_buffer_text(&cell));
    }
}

static void add_element(
    struct ctl_list *list, const ProtobufCMessage *item, const ProtobufCMessage *beside) {
    const struct ctl_list_shape *shape = list->shape;
    struct nnrpc_buffer *out = &list->pending;
    if (list->context->output == CTL_OUTPUT_JSON) {
        nnrpc_buffer_append_text(out, list->has_items ? ",\n  " : "[\n  ");
    }
    if (shape->beside_name != NULL) {
        nnrpc_buffer_append_format(out, "{\"%s\":", shape->item_name);
    }
    append_json(&list->item_type, item, NULL, out);
    if (shape->beside_name != NULL) {
        nnrpc_buffer_append_format(out, ",\"%s\":", shape->beside_name);
        if (beside != NULL) {
            append_json(shape->beside_type, beside, NULL, out);
        } else {
            nnrpc_buffer_append_text(out, "null");
        }
        nnrpc_buffer_append_text(out, "}");
    }
    if (list->context->output == CTL_OUTPUT_NDJSON) {
        nnrpc_buffer_append_text(out, "\n");
    }
    list->has_items = true;
}

void ctl_list_add(
    struct ctl_list *list, const ProtobufCMessage *item, const ProtobufCMessage *beside) {
    if (list->table != NULL) {
        add_row(list, item, beside);
    } else {
        add_element(list, item, beside);
    }
}

enum ctl_exit ctl_list_flush(struct ctl_list *list) {
    if (list->table != NULL) {
        ctl_table_flush(list->table, &list->pending);
    }
    enum ctl_exit result = ctl_output_bytes(&list->pending);
    nnrpc_buffer_clear(&list->pending);
    return result;
}

enum ctl_exit ctl_list_end(struct ctl_list *list) {
    if (list->context->output == CTL_OUTPUT_JSON) {
        nnrpc_buffer_append_text(&list->pending, list->has_items ? "\n]\n" : "[]\n");
    }
    return ctl_list_flush(list);
}

/* Whether a field stands in a resource's table without being asked for. */
static bool is_worth_a_row(
    const struct nnrpc_message *type, size_t index, const struct ctl_selection *selection,
    const char *text) {
    if ((type->fields[index].flags & NNRPC_FIELD_INPUT_ONLY) != 0) {
        return false;
    }
    return selection != NULL && selection->count > 0 ? ctl_selection_has(selection, index)
                                                     : text[0] != '\0';
}

static void append_field_table(
    const struct nnrpc_message *type, const ProtobufCMessage *resource,
    const struct ctl_selection *selection, struct nnrpc_buffer *out) {
    static const struct ctl_column COLUMNS[] = {
        {.title = "FIELD", .is_whole = true}, {.title = "VALUE", .is_whole = true}};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table = ctl_table_new(COLUMNS, NNRPC_LENGTH(COLUMNS), 0);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer value = {0};
    for (size_t i = 0; i < type->descriptor->n_fields; i++) {
        nnrpc_buffer_clear(&value);
        ctl_cell_append(type, resource, i, &value);
        if (is_worth_a_row(type, i, selection, ctl_buffer_text(&value))) {
            ctl_table_add(table, type->fields[i].json_name);
            ctl_table_add(table, ctl_buffer_text(&value));
        }
    }
    ctl_table_flush(table, out);
}

enum ctl_exit ctl_output_resource(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const ProtobufCMessage *resource, const struct ctl_selection *selection) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    if (resource == NULL) {
        ctl_complain(
            "the server answered without the %s that it owes", type->descriptor->short_name);
        return CTL_FAILED;
    }
    if (context->output == CTL_OUTPUT_TABLE) {
        append_field_table(type, resource, selection, &out);
        return ctl_output_bytes(&out);
    }
    static const struct ctl_selection all = {0};
    NNRPC_CLEANUP(ctl_release) struct nnrpc_field *fields = NULL;
    struct nnrpc_message narrowed =
        ctl_selection_narrow(type, selection != NULL ? selection : &all, &fields);
    struct nnrpc_json_format format = {
        .indent = context->output == CTL_OUTPUT_JSON ? RESOURCE_INDENT : 0};
    append_json(&narrowed, resource, &format, &out);
    nnrpc_buffer_append_text(&out, "\n");
    return ctl_output_bytes(&out);
}

enum ctl_exit ctl_output_outcome(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const ProtobufCMessage *response, const char *format, ...) {
    if (context->output != CTL_OUTPUT_TABLE) {
        return ctl_output_resource(context, type, response, NULL);
    }
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    return fflush(stdout) == 0 ? CTL_OK : ctl_fail_errno("cannot write the output");
}
