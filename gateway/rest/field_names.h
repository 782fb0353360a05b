/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields as the caller of HTTP sees them: by JSON names, and what the body fills without the name
 * of the request's field around it.
 */
#ifndef GATEWAY_REST_FIELD_NAMES_H
#define GATEWAY_REST_FIELD_NAMES_H

#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

/**
 * Appends the path of a violation by JSON names: "contact.contact_regarding[2]" as
 * "contactRegarding[2]". What the type does not have stays as it is.
 *
 * @param hidden  Proto name of the field around, which is left out; "" or "*": none.
 */
void rest_append_field_name(
    struct nnrpc_buffer *out, const struct nnrpc_message *type, const char *hidden,
    const char *path);

/** Renames the fields of all violations, and of the message where it begins with the first one. */
void rest_rename_violations(
    const struct nnrpc_message *type, const char *hidden, struct nnrpc_status *status);

#endif
