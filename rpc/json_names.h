/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in JSON: finding a field by what a person wrote, saying what they may have meant, and the
 * paths of field masks.
 */
#ifndef NNRPC_JSON_NAMES_H
#define NNRPC_JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"

/**
 * Index of the field with a JSON name or proto name, or -1.
 *
 * @param hint  Index at which the search starts: keys tend to stand in the order of the fields. Any
 *              number is fine.
 */
int nnrpc_json_find_field(
    const struct nnrpc_message *message, const char *name, size_t size, unsigned int hint);

/** The JSON name that is nearest to a wrong name, or NULL when none is near. */
const char *nnrpc_json_nearest_name(
    const struct nnrpc_message *message, const char *name, size_t size);

/**
 * Appends a mask path (proto names) by its JSON names.
 *
 * @param mask_of  What the path refers to; NULL: each name becomes lowerCamelCase.
 */
void nnrpc_json_write_mask_path(
    struct nnrpc_buffer *out, const struct nnrpc_message *mask_of, const char *path);

/** Where a mask path leaves the message's fields. */
struct nnrpc_json_mask_error {
    const struct nnrpc_message *message; /* where the name was looked up; NULL: it has no fields */
    const char *name;                    /* in the path that was read */
    size_t name_size;
};

/**
 * Appends a mask path (JSON or proto names) by its proto names. "*" stays as it is.
 *
 * @param mask_of    As above; NULL: lowerCamelCase becomes lower_snake_case.
 * @param out_error  Filled when false is returned.
 * @return false for an empty name or, with mask_of, an unknown one; `out` may then hold a part.
 */
bool nnrpc_json_read_mask_path(
    struct nnrpc_buffer *out, const struct nnrpc_message *mask_of, const char *path, size_t size,
    struct nnrpc_json_mask_error *out_error);

#endif
