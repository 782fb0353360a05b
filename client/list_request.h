/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lists of contacts and customers share: --fields, --created-since.
 */
#ifndef CTL_LIST_REQUEST_H
#define CTL_LIST_REQUEST_H

#include "context.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "output.h"
#include "selection.h"

/**
 * What to show (--fields) and what to ask for: the same, or for a table without --fields only what
 * its columns need.
 *
 * @return false after a complaint.
 */
NNRPC_NODISCARD bool ctl_list_selections(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const struct ctl_list_column *columns, size_t column_count, struct ctl_selection *out_selection,
    struct ctl_selection *out_mask);

/** Reads --created-since; NULL when it was not given. @return false after a complaint. */
NNRPC_NODISCARD bool ctl_list_created_since(
    const struct ctl_context *context, Google__Protobuf__Timestamp **out_time);

#endif
