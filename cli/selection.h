/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a message by name: --fields and --mask, read masks, and JSON of only those fields.
 */
#ifndef CTL_SELECTION_H
#define CTL_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "nnrpc/schema.h"

/** Fields by index into the type's descriptor, in the order named. Count 0: all fields. */
struct ctl_selection {
    size_t *indexes; /* owned */
    size_t count;
};

void ctl_selection_deinit(struct ctl_selection *selection);

void ctl_selection_add(struct ctl_selection *selection, size_t index);
bool ctl_selection_has(const struct ctl_selection *selection, size_t index);

/** Finds a field by JSON name, proto name or the latter with dashes; -1 when there is none. */
int ctl_field_find(const struct nnrpc_message *type, const char *name, size_t size);

/** Complains that a type has no such field, with the nearest one it has. `what` names the place. */
void ctl_field_complain(const struct nnrpc_message *type, const char *what, const char *name);

/**
 * Reads names separated by commas; "*" alone and "" are all fields. Input-only fields are refused
 * unless `with_input_only`.
 *
 * @param what  The flag, "--fields", for complaints.
 * @return false after a complaint.
 */
NNRPC_NODISCARD bool ctl_selection_parse(
    const struct nnrpc_message *type, const char *what, const char *text, bool with_input_only,
    struct ctl_selection *out_selection);

/** Makes the mask of a selection; NULL for all fields. Owned by the caller. */
Google__Protobuf__FieldMask *ctl_selection_mask(
    const struct nnrpc_message *type, const struct ctl_selection *selection);

/**
 * Makes a type whose JSON has only the selected fields. The type borrows from `type`.
 *
 * @param out_fields  Owned by the caller, release with free() after the type's last use.
 */
struct nnrpc_message ctl_selection_narrow(
    const struct nnrpc_message *type, const struct ctl_selection *selection,
    struct nnrpc_field **out_fields);

#endif
