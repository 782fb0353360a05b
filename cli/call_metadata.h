/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata of a call from --metadata and --header, and that of an answer as text.
 */
#ifndef CTL_CALL_METADATA_H
#define CTL_CALL_METADATA_H

#include "context.h"
#include "nnrpc/metadata.h"

struct ctl_call_metadata {
    struct nnrpc_metadata *entries; /* owned, with their keys; the values are the command line's */
    size_t count;
};

void ctl_call_metadata_deinit(struct ctl_call_metadata *metadata);

/** Reads the flags. @return false after a complaint. */
NNRPC_NODISCARD bool ctl_call_metadata_read(
    const struct ctl_context *context, struct ctl_call_metadata *out_metadata);

/** Writes an answer's metadata to standard error, "key: value" a line; no text as hexadecimal. */
void ctl_reply_metadata_print(const char *place, const struct nnrpc_reply_metadata *metadata);

#endif
