/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging an update into a stored message by its field mask.
 */
#ifndef CONTACTS_STORE_MERGE_H
#define CONTACTS_STORE_MERGE_H

#include <google/protobuf/field_mask.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "nnrpc/status.h"

/** Bit n stands for field number n. */
#define MERGE_FIELD(number) (UINT64_C(1) << (number))

/** What an update is made of. The messages are of one type, with field numbers below 64. */
struct merge {
    const ProtobufCMessage *given;
    const Google__Protobuf__FieldMask *mask; /* NULL or empty: every field that is populated */
    uint64_t immutable; /* fields that cannot change; giving the standing value is fine */
    uint64_t ignored;   /* fields that are no part of the merge */
    const char *path;   /* of the resource in the request, for violations: "contact" */
};

/**
 * Sets the fields of `standing` that the mask selects to those of `given`, which they then share.
 * Adds a violation for each field that cannot change and would (IMMUTABLE_FIELD), and for each
 * path that names no field (INVALID_MASK).
 */
void merge_apply(
    const struct merge *merge, ProtobufCMessage *standing, struct nnrpc_status *status);

#endif
