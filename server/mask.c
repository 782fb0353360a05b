/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field masks. Cutting a packed message down needs no unpacking: its top-level fields are copied as
 * they stand.
 */
#include "mask.h"

#include <string.h>

#include "reason.h"
#include "validate.h"

bool contactd_mask_is_empty(const Google__Protobuf__FieldMask *mask) {
    return mask == NULL || mask->n_paths == 0;
}

bool contactd_mask_names(const Google__Protobuf__FieldMask *mask, const char *path) {
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

void contactd_check_mask(
    struct nnrpc_status *status, const char *field, const Google__Protobuf__FieldMask *mask,
    const struct nnrpc_message *type, uint64_t *out_fields) {
    uint64_t fields = 0;
    if (contactd_mask_is_empty(mask)) {
        *out_fields = CONTACTD_ALL_FIELDS;
        return;
    }
    for (size_t i = 0; i < mask->n_paths; i++) {
        const char *path = mask->paths[i];
        int index = nnrpc_message_field_by_name(type, path, strlen(path));
        if (strcmp(path, "*") == 0) {
            fields = CONTACTD_ALL_FIELDS;
        } else if (index < 0) {
            nnrpc_status_add_violation(
                status, field, CONTACTD_REASON(INVALID_MASK),
                "has \"%.64s\": expected \"*\" or field names of %s, such as \"%s\"", path,
                type->descriptor->name, type->descriptor->fields[1].name);
        } else {
            fields |= UINT64_C(1) << type->descriptor->fields[index].id;
        }
    }
    *out_fields = fields;
}

size_t contactd_masked_size(struct nnrpc_slice packed, uint64_t fields) {
    if (fields == CONTACTD_ALL_FIELDS) {
        return packed.size;
    }
    size_t size = 0;
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number < 64 && (fields >> field.number & 1) != 0) {
            size += field.whole.size;
        }
    }
    return size;
}

uint8_t *contactd_masked_copy(uint8_t *at, struct nnrpc_slice packed, uint64_t fields) {
    if (fields == CONTACTD_ALL_FIELDS) {
        memcpy(at, packed.data, packed.size);
        return at + packed.size;
    }
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number < 64 && (fields >> field.number & 1) != 0) {
            memcpy(at, field.whole.data, field.whole.size);
            at += field.whole.size;
        }
    }
    return at;
}
