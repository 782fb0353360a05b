/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types that are not compiled in: the server's own, by reflection, or those of a file.
 */
#ifndef CTL_TYPES_H
#define CTL_TYPES_H

#include "context.h"
#include "nnrpc/dynamic.h"

/**
 * Gets the types: of the file that --proto-set names, else of the server, with which the context
 * must be connected.
 *
 * @param out_types  On CTL_OK release with nnrpc_dynamic_free(); else untouched.
 * @return CTL_OK or, after a complaint, another code.
 */
NNRPC_NODISCARD enum ctl_exit ctl_types_get(
    const struct ctl_context *context, struct nnrpc_dynamic **out_types);

/** As ctl_types_get(), and connects first where the server is asked. */
NNRPC_NODISCARD enum ctl_exit ctl_types_open(
    struct ctl_context *context, struct nnrpc_dynamic **out_types);

/** Which kinds of things a name may mean, as bits. */
#define CTL_KIND(kind) (1u << (kind))
#define CTL_KIND_ANY                                                                               \
    (CTL_KIND(NNRPC_DYNAMIC_MESSAGE) | CTL_KIND(NNRPC_DYNAMIC_ENUM) |                              \
     CTL_KIND(NNRPC_DYNAMIC_SERVICE) | CTL_KIND(NNRPC_DYNAMIC_METHOD))

/**
 * Finds a thing by its full name, or by the end of it from a dot or slash on ("GetContact",
 * "ContactService/GetContact", "ContactService.GetContact") where that fits one thing only.
 *
 * @param what  "method": what the name should be of, for complaints.
 * @return NULL after a complaint: no such thing, with the nearest one; or several.
 */
const struct nnrpc_dynamic_item *ctl_types_find(
    const struct nnrpc_dynamic *types, unsigned int kinds, const char *what, const char *name);

/** Appends the first sentence of an item's comment, on one line. */
void ctl_append_summary(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out);

#endif
