/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PATCH changes: the keys that its body has. What the path says cannot change, and the etag
 * is a condition, so neither is part of the mask.
 */
#include <string.h>

#include "rest/reading.h"

/* Whether a path of the body is a field of the request that is no part of the resource to change.
 */
static bool is_aside(const struct rest_reading *reading, const char *path, size_t size) {
    const struct rest_rule *rule = reading->rule;
    const struct nnrpc_message *body = rule->method->request->fields[rule->body_index].message;
    struct nnrpc_field_path found;
    struct nnrpc_field_miss miss;
    if (!nnrpc_field_path_find(body, path, size, &found, &miss)) {
        return false;
    }
    struct nnrpc_path whole = {{(int16_t)rule->body_index}};
    memcpy(&whole.indexes[1], found.path.indexes, sizeof(whole.indexes) - sizeof(whole.indexes[0]));
    return rest_rule_binds(rule, &whole) ||
           (rule->has_precondition && rest_same_field(&rule->precondition.path, &whole));
}

enum nnrpc_code rest_read_mask(struct rest_reading *reading) {
    const struct rest_rule *rule = reading->rule;
    if (!rule->has_mask || nnrpc_field_path_is_set(&rule->mask, reading->call->message)) {
        return NNRPC_OK;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer mask = {0};
    const char *at = nnrpc_buffer_text(&reading->body_paths);
    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, ",");
        if (!is_aside(reading, at, size)) {
            nnrpc_buffer_append_text(&mask, mask.size == 0 ? "" : ",");
            nnrpc_buffer_append(&mask, at, size);
        }
        at += size + (at[size] == ',');
    }
    const char *text = nnrpc_buffer_text(&mask);
    if (at == NULL || text == NULL) {
        return nnrpc_fail(
            &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the mask");
    }
    return mask.size == 0 ? NNRPC_OK : rest_set_field(reading, &rule->mask, text, mask.size);
}
