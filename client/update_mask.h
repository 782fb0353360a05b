/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an update changes.
 */
#ifndef CTL_UPDATE_MASK_H
#define CTL_UPDATE_MASK_H

#include "context.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "resource.h"

/**
 * Puts id and etag into the resource and makes the mask: --mask, else the fields that were given
 * (but id and etag, which say which resource and in which state).
 *
 * @return CTL_OK, or CTL_USAGE after a complaint: nothing is given, ids that differ.
 */
NNRPC_NODISCARD enum ctl_exit ctl_update_prepare(
    const struct ctl_context *context, struct ctl_resource *resource,
    Google__Protobuf__FieldMask **out_mask);

#endif
