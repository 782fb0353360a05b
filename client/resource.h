/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contact or customer as the command line gives it: --json, then --set and the flags by name.
 */
#ifndef CTL_RESOURCE_H
#define CTL_RESOURCE_H

#include "context.h"
#include "selection.h"

/** What was given. */
struct ctl_resource {
    ProtobufCMessage *message;  /* owned until taken */
    struct ctl_selection given; /* the fields that were named, null and empty ones too */
    const struct nnrpc_message *type;
};

void ctl_resource_deinit(struct ctl_resource *resource);

/**
 * Reads the resource from the flags of the context's verb.
 *
 * @return CTL_OK, or CTL_USAGE after a complaint: a name that is no field or cannot be set, JSON
 *         that does not fit, a password on the command line.
 */
NNRPC_NODISCARD enum ctl_exit ctl_resource_read(
    const struct ctl_context *context, const struct nnrpc_message *type,
    struct ctl_resource *out_resource);

/** Sets a text field by proto name and counts it as given. */
void ctl_resource_set(struct ctl_resource *resource, const char *proto_name, const char *value);

/** The text of a field by proto name. */
const char *ctl_resource_text(const struct ctl_resource *resource, const char *proto_name);

/** Takes a field out of what counts as given. */
void ctl_resource_forget(struct ctl_resource *resource, const char *proto_name);

/**
 * The id that the resource has, when it must be the argument's: false after a complaint when both
 * are there and differ. Sets the id to the argument.
 */
NNRPC_NODISCARD bool ctl_resource_take_id(struct ctl_resource *resource, const char *id);

#endif
