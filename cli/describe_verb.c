/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe: services, methods, messages and enums as their .proto has them, and the JSON to fill
 * in.
 */
#include <string.h>

#include "nnrpc/json.h"
#include "output.h"
#include "types.h"

#define TEMPLATE_INDENT 2

const char ctl_describe_details[] =
    "NAME is a full name or the end of one: \"shop.v1.OrderService/GetOrder\", "
    "\"GetOrder\", \"Order\"; without it, every service is shown. A method comes with its "
    "request and the JSON of it to be filled in, which `PROGRAM call` takes; a message with its "
    "JSON. The types are asked of the server (nnrpc.v1.ReflectionService), or come from "
    "--proto-set.";

static const char *kind_name(enum nnrpc_dynamic_kind kind) {
    static const char *const NAMES[] = {"message", "enum", "service", "method"};
    return NAMES[kind];
}

/* Comments may hold any text: what could move the cursor of a terminal is replaced. */
static void append_safe(struct nnrpc_buffer *out, const struct nnrpc_buffer *text) {
    for (size_t i = 0; i < text->size; i++) {
        uint8_t byte = text->data[i];
        bool is_control = (byte < ' ' && byte != '\n' && byte != '\t') || byte == 127;
        nnrpc_buffer_append(out, is_control ? (const uint8_t *)"?" : &byte, 1);
    }
    out->failed = out->failed || text->failed;
}

static void append_definition(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    if (nnrpc_dynamic_describe(types, item, &text) != NNRPC_OK) {
        out->failed = true;
    }
    append_safe(out, &text);
}

static void append_template(const struct nnrpc_message *type, struct nnrpc_buffer *out) {
    static const struct nnrpc_json_template_format FORMAT = {.indent = TEMPLATE_INDENT};
    nnrpc_json_write_template(type, &FORMAT, out);
}

/* A method's request: its own definition, unless it is a well-known type that the set lacks. */
static void append_request(
    const struct nnrpc_dynamic *types, const struct nnrpc_message *request,
    struct nnrpc_buffer *out) {
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(types, request->descriptor->name);
    if (item != NULL) {
        nnrpc_buffer_append_text(out, "\n");
        append_definition(types, item, out);
    }
    nnrpc_buffer_append_text(out, "\nThe request as JSON:\n");
    append_template(request, out);
    nnrpc_buffer_append_text(out, "\n");
}

static void append_text(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out) {
    nnrpc_buffer_append_format(
        out, "%s is %s %s:\n\n", item->name, item->kind == NNRPC_DYNAMIC_ENUM ? "an" : "a",
        kind_name(item->kind));
    append_definition(types, item, out);
    if (item->method != NULL) {
        append_request(types, item->method->request, out);
    } else if (item->message != NULL) {
        nnrpc_buffer_append_text(out, "\nAs JSON:\n");
        append_template(item->message, out);
        nnrpc_buffer_append_text(out, "\n");
    }
}

static void append_member(
    struct nnrpc_buffer *out, const char *name, const struct nnrpc_buffer *value) {
    nnrpc_buffer_append_format(out, ",\"%s\":", name);
    nnrpc_json_write_string(out, (const char *)value->data, value->size);
}

static void append_json(
    const struct nnrpc_dynamic *types, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer definition = {0};
    append_definition(types, item, &definition);
    nnrpc_buffer_append_format(
        out, "{\"name\":\"%s\",\"kind\":\"%s\"", item->name, kind_name(item->kind));
    append_member(out, "definition", &definition);
    const struct nnrpc_message *message = item->message;
    if (item->method != NULL) {
        message = item->method->request;
        nnrpc_buffer_append_format(
            out, ",\"request\":\"%s\",\"response\":\"%s\"", message->descriptor->name,
            item->method->response->descriptor->name);
    }
    if (message != NULL) {
        nnrpc_buffer_append_text(out, ",\"template\":");
        nnrpc_json_write_template(message, NULL, out);
    }
    nnrpc_buffer_append_text(out, "}\n");
    out->failed = out->failed || definition.failed;
}

static void append_item(
    const struct ctl_context *context, const struct nnrpc_dynamic *types,
    const struct nnrpc_dynamic_item *item, struct nnrpc_buffer *out) {
    if (context->output == CTL_OUTPUT_TABLE) {
        nnrpc_buffer_append_text(out, out->size == 0 ? "" : "\n");
        append_text(types, item, out);
    } else {
        append_json(types, item, out);
    }
}

enum ctl_exit ctl_describe(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *types = NULL;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const char *name = ctl_argument(context, 0);
    enum ctl_exit result = ctl_types_open(context, &types);
    if (result != CTL_OK) {
        return result;
    }
    if (name != NULL) {
        const struct nnrpc_dynamic_item *item =
            ctl_types_find(types, CTL_KIND_ANY, "service, method, message or enum", name);
        if (item == NULL) {
            return CTL_NOT_FOUND;
        }
        append_item(context, types, item, &out);
        return ctl_output_bytes(&out);
    }
    for (size_t i = 0; i < nnrpc_dynamic_item_count(types); i++) {
        const struct nnrpc_dynamic_item *item = nnrpc_dynamic_item_at(types, i);
        if (item->kind == NNRPC_DYNAMIC_SERVICE) {
            append_item(context, types, item, &out);
        }
    }
    return ctl_output_bytes(&out);
}
