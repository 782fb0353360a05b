/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masks of updates, always explicit: an empty one would mean "every populated field", and an update
 * that clears a field has none.
 */
#include "update_mask.h"

#include <string.h>

enum ctl_exit ctl_update_prepare(
    const struct ctl_context *context, struct ctl_resource *resource,
    Google__Protobuf__FieldMask **out_mask) {
    const char *names = ctl_value(context, "mask");
    const char *etag = ctl_value(context, "etag");
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    if (!ctl_resource_take_id(resource, ctl_argument(context, 0))) {
        return CTL_USAGE;
    }
    if (etag != NULL) {
        ctl_resource_set(resource, "etag", etag);
    }
    ctl_resource_forget(resource, "etag");
    if (names != NULL && strcmp(names, "*") == 0) {
        *out_mask = ctl_message_new(&google__protobuf__field_mask__descriptor);
        ctl_text_append(&(*out_mask)->paths, &(*out_mask)->n_paths, "*");
        return CTL_OK;
    }
    if (names != NULL && !ctl_selection_parse(resource->type, "--mask", names, true, &selection)) {
        return CTL_USAGE;
    }
    const struct ctl_selection *chosen = names != NULL ? &selection : &resource->given;
    if (chosen->count == 0) {
        return ctl_usage_error("nothing to change; give fields, see --help");
    }
    *out_mask = ctl_selection_mask(resource->type, chosen);
    return CTL_OK;
}
