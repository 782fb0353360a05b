/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results on standard output: one resource or a list, as a table, as JSON or as NDJSON.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "context.h"
#include "selection.h"
#include "table.h"

/** A column of a list's table: a field, or text made from the item. */
struct ctl_list_column {
    struct ctl_column column;
    const char *field; /* proto name; NULL with derive */
    void (*derive)(
        const ProtobufCMessage *item, const ProtobufCMessage *beside, struct nnrpc_buffer *out);
};

/** What a list shows. */
struct ctl_list_shape {
    const struct nnrpc_message *type; /* of the items */
    const struct ctl_list_column *columns;
    size_t column_count;
    /** Replaces the columns and narrows the JSON; NULL or all fields: nothing of that. */
    const struct ctl_selection *selection;
    /** With these, an element of JSON is {"item_name": item, "beside_name": beside}. */
    const char *item_name;
    const char *beside_name;
    const struct nnrpc_message *beside_type;
};

struct ctl_list;

/** Starts a list on standard output. The shape and what it points to must outlive the list. */
struct ctl_list *ctl_list_new(
    const struct ctl_context *context, const struct ctl_list_shape *shape);
void ctl_list_freep(struct ctl_list **list);

/** Adds an item. @param beside  Of beside_type, or NULL. */
void ctl_list_add(
    struct ctl_list *list, const ProtobufCMessage *item, const ProtobufCMessage *beside);

/** Writes what was added; after each page. @return CTL_OK, or CTL_FAILED after a complaint. */
NNRPC_NODISCARD enum ctl_exit ctl_list_flush(struct ctl_list *list);

/** Writes the rest and what closes the list. */
NNRPC_NODISCARD enum ctl_exit ctl_list_end(struct ctl_list *list);

/**
 * Writes one resource: a table of its fields (without the unset ones, unless selected), or JSON.
 *
 * @param selection  Narrows; NULL: all fields.
 */
NNRPC_NODISCARD enum ctl_exit ctl_output_resource(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const ProtobufCMessage *resource, const struct ctl_selection *selection);

/**
 * Writes the outcome of an act that returns no resource: the sentence in a table's place, else the
 * response as JSON.
 */
NNRPC_NODISCARD enum ctl_exit ctl_output_outcome(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const ProtobufCMessage *response, const char *format, ...) NNRPC_PRINTF(4, 5);

/** Appends one field as text of a table: lists with commas, times in UTC; "" when unset. */
void ctl_cell_append(
    const struct nnrpc_message *type, const ProtobufCMessage *message, size_t index,
    struct nnrpc_buffer *out);

/** Appends a field's title, "FIRST NAME", by its proto name. */
void ctl_title_append(struct nnrpc_buffer *out, const char *proto_name);

/** Writes bytes to standard output. @return CTL_OK, or CTL_FAILED after a complaint. */
NNRPC_NODISCARD enum ctl_exit ctl_output_bytes(const struct nnrpc_buffer *bytes);

#endif
