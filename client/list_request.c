/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of list requests.
 */
#include "list_request.h"

#include <string.h>

#include "duration.h"

bool ctl_list_selections(
    const struct ctl_context *context, const struct nnrpc_message *type,
    const struct ctl_list_column *columns, size_t column_count, struct ctl_selection *out_selection,
    struct ctl_selection *out_mask) {
    const char *fields = ctl_value(context, "fields");
    if (fields != NULL && !ctl_selection_parse(type, "--fields", fields, false, out_selection)) {
        return false;
    }
    for (size_t i = 0; i < out_selection->count; i++) {
        ctl_selection_add(out_mask, out_selection->indexes[i]);
    }
    bool asks_for_columns = fields == NULL && context->output == CTL_OUTPUT_TABLE;
    for (size_t i = 0; asks_for_columns && i < column_count; i++) {
        if (columns[i].field != NULL) {
            ctl_selection_add(
                out_mask, (size_t)nnrpc_message_field_by_name(
                              type, columns[i].field, strlen(columns[i].field)));
        }
    }
    return true;
}

bool ctl_list_created_since(
    const struct ctl_context *context, Google__Protobuf__Timestamp **out_time) {
    const char *text = ctl_value(context, "created-since");
    int64_t seconds = 0;
    int32_t nanos = 0;
    if (text == NULL) {
        return true;
    }
    if (!ctl_time_parse(text, &seconds, &nanos)) {
        ctl_complain(
            "--created-since is \"%s\"; it must be a time like 2026-03-01 or "
            "2026-03-01T08:30:00Z",
            text);
        return false;
    }
    Google__Protobuf__Timestamp *time = ctl_message_new(&google__protobuf__timestamp__descriptor);
    time->seconds = seconds;
    time->nanos = nanos;
    *out_time = time;
    return true;
}
