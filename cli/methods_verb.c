/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods: what a server offers, one method a line.
 */
#include <string.h>

#include "nnrpc/json.h"
#include "output.h"
#include "table.h"
#include "terminal.h"
#include "types.h"

const struct ctl_flag ctl_methods_flags[] = {
    {.name = "long",
     .letter = 'l',
     .help = "With the types of request and response, and how repeating a call is"},
    {0}};

const char ctl_methods_details[] =
    "The types are asked of the server (nnrpc.v1.ReflectionService), or come from --proto-set. "
    "SERVICE is a full name or the end of one, \"OrderService\"; without it, all are listed. "
    "--output json and ndjson say of each method all that is known.";

static const char *role_name(const struct nnrpc_method *method) {
    static const char *const NAMES[] = {"", "public", "reader", "writer", "admin"};
    return method == NULL ? "" : NAMES[method->role];
}

static const char *idempotency_name(const struct nnrpc_method *method) {
    static const char *const NAMES[] = {"", "no side effects", "idempotent"};
    return method == NULL ? "" : NAMES[method->idempotency];
}

/* A method as the table has it; the ones that stream are only named. */
static void add_row(
    struct ctl_table *table, const struct nnrpc_dynamic *types,
    const struct nnrpc_dynamic_item *item, bool is_long) {
    const struct nnrpc_method *method = item->method;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer summary = {0};
    ctl_append_summary(types, item, &summary);
    ctl_table_add(table, item->name);
    ctl_table_add(table, method == NULL ? "(streams)" : role_name(method));
    if (is_long) {
        ctl_table_add(table, idempotency_name(method));
        ctl_table_add(table, method == NULL ? "" : method->request->descriptor->name);
        ctl_table_add(table, method == NULL ? "" : method->response->descriptor->name);
    }
    ctl_table_add(table, ctl_buffer_text(&summary));
}

static void append_member(
    struct nnrpc_buffer *out, const char *lead, const char *name, const char *value) {
    nnrpc_buffer_append_format(out, "%s\"%s\":", lead, name);
    nnrpc_json_write_string(out, value, strlen(value));
}

static void append_http_rules(struct nnrpc_buffer *out, const struct nnrpc_method *method) {
    nnrpc_buffer_append_text(out, ",\"http\":[");
    for (size_t i = 0; i < method->http_rule_count; i++) {
        const struct nnrpc_http_rule *rule = &method->http_rules[i];
        append_member(out, i == 0 ? "{" : ",{", "verb", rule->verb);
        append_member(out, ",", "path", rule->path);
        append_member(out, ",", "action", rule->action);
        nnrpc_buffer_append_text(out, "}");
    }
    nnrpc_buffer_append_text(out, "]");
}

static void append_json(
    struct nnrpc_buffer *out, const struct nnrpc_dynamic *types,
    const struct nnrpc_dynamic_item *item) {
    const struct nnrpc_method *method = item->method;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer summary = {0};
    ctl_append_summary(types, item, &summary);
    append_member(out, "{", "method", item->name);
    append_member(out, ",", "service", item->service->name);
    append_member(out, ",", "summary", ctl_buffer_text(&summary));
    nnrpc_buffer_append_format(out, ",\"streams\":%s", method == NULL ? "true" : "false");
    if (method != NULL) {
        append_member(out, ",", "request", method->request->descriptor->name);
        append_member(out, ",", "response", method->response->descriptor->name);
        append_member(out, ",", "role", role_name(method));
        append_member(out, ",", "idempotency", idempotency_name(method));
        append_http_rules(out, method);
    }
    nnrpc_buffer_append_text(out, "}");
}

/* Whether a method is listed: it is of the service, if there is one. */
static bool is_listed(
    const struct nnrpc_dynamic_item *item, const struct nnrpc_dynamic_item *service) {
    return item->kind == NNRPC_DYNAMIC_METHOD &&
           (service == NULL || item->service == service->service);
}

static enum ctl_exit write_json(
    const struct ctl_context *context, const struct nnrpc_dynamic *types,
    const struct nnrpc_dynamic_item *service) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    bool is_array = context->output == CTL_OUTPUT_JSON;
    bool is_first = true;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (is_listed(item, service)) {
            nnrpc_buffer_append_text(&out, !is_array ? "" : is_first ? "[\n  " : ",\n  ");
            append_json(&out, types, item);
            nnrpc_buffer_append_text(&out, is_array ? "" : "\n");
            is_first = false;
        }
    }
    if (is_array) {
        nnrpc_buffer_append_text(&out, is_first ? "[]\n" : "\n]\n");
    }
    return ctl_output_bytes(&out);
}

static enum ctl_exit write_table(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *service, bool is_long) {
    static const struct ctl_column SHORT[] = {
        {.title = "METHOD", .is_whole = true},
        {.title = "ROLE", .is_whole = true},
        {.title = "WHAT", .rank = 1}};
    static const struct ctl_column LONG[] = {
        {.title = "METHOD", .is_whole = true},
        {.title = "ROLE", .is_whole = true},
        {.title = "REPEATING"},
        {.title = "REQUEST", .is_whole = true},
        {.title = "RESPONSE", .is_whole = true},
        {.title = "WHAT", .rank = 1}};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(ctl_table_freep)
    struct ctl_table *table = ctl_table_new(
        is_long ? LONG : SHORT, is_long ? NNRPC_LENGTH(LONG) : NNRPC_LENGTH(SHORT),
        ctl_terminal_width(stdout));
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (is_listed(item, service)) {
            add_row(table, types, item, is_long);
        }
    }
    ctl_table_flush(table, &out);
    return ctl_output_bytes(&out);
}

enum ctl_exit ctl_methods(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *types = NULL;
    const struct nnrpc_dynamic_item *service = NULL;
    const char *name = ctl_argument(context, 0);
    enum ctl_exit result = ctl_types_open(context, &types);
    if (result != CTL_OK) {
        return result;
    }
    if (name != NULL) {
        service = ctl_types_find(types, CTL_KIND(NNRPC_DYNAMIC_SERVICE), "service", name);
        if (service == NULL) {
            return CTL_NOT_FOUND;
        }
    }
    return context->output == CTL_OUTPUT_TABLE
               ? write_table(types, service, ctl_given(context, "long"))
               : write_json(context, types, service);
}
