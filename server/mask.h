/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field masks as sets of field numbers, and packed messages cut down to them.
 */
#ifndef CONTACTD_MASK_H
#define CONTACTD_MASK_H

#include <google/protobuf/field_mask.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "nnrpc/wire.h"

/**
 * Reads a mask over the top-level fields of a message with field numbers below 64.
 *
 * @param field       Name of the mask in its request, for violations (INVALID_MASK).
 * @param out_fields  Bit n stands for field n; every bit for "*" and for no path at all.
 */
void contactd_check_mask(
    struct nnrpc_status *status, const char *field, const Google__Protobuf__FieldMask *mask,
    const struct nnrpc_message *type, uint64_t *out_fields);

/** Whether a mask has a path exactly. */
bool contactd_mask_names(const Google__Protobuf__FieldMask *mask, const char *path);

/** Whether a mask is absent or has no path. */
bool contactd_mask_is_empty(const Google__Protobuf__FieldMask *mask);

/** Size of the fields of a packed message that a set selects. */
size_t contactd_masked_size(struct nnrpc_slice packed, uint64_t fields);

/** Copies those fields and returns the first byte after them. The caller has the room. */
uint8_t *contactd_masked_copy(uint8_t *at, struct nnrpc_slice packed, uint64_t fields);

#endif
