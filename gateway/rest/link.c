/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link and Location.
 */
#include "rest/link.h"

#include <string.h>

#include "rest/query.h"
#include "rest/url.h"

/* The text of a field at the top of a message. */
static const char *text_of(
    const struct nnrpc_message *type, int index, const ProtobufCMessage *message,
    struct nnrpc_buffer *out) {
    const struct nnrpc_field_path path = {
        .path = {{(int16_t)index, -1}},
        .field = &type->descriptor->fields[index],
        .names = &type->fields[index],
    };
    nnrpc_field_path_append_text(&path, message, out);
    return nnrpc_buffer_text(out);
}

/* Appends the parameters as they were sent, as far as an address may have them, but for the page's.
 */
static void append_others(
    const struct rest_rule *rule, const struct rest_query *query, struct nnrpc_buffer *out) {
    for (size_t index = 0; index < query->count; index++) {
        const struct rest_parameter *parameter = &query->parameters[index];
        struct nnrpc_field_path field;
        struct nnrpc_field_miss miss;
        bool is_page =
            nnrpc_field_path_find(
                rule->method->request, parameter->name, parameter->name_size, &field, &miss) &&
            rest_same_field(&field.path, &rule->page.path);
        if (!is_page) {
            rest_url_repeat(out, query->text + parameter->offset, parameter->size);
            nnrpc_buffer_append_text(out, "&");
        }
    }
}

void rest_add_next_link(
    const struct rest_call *call, const struct http_request *request,
    const ProtobufCMessage *message, struct http_response *response) {
    const struct rest_rule *rule = call->ready_rule;
    if (rule->next_index < 0) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer next = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer asked = {0};
    const char *page = text_of(rule->method->response, rule->next_index, message, &next);
    nnrpc_field_path_append_text(&rule->page, call->message, &asked);
    const char *last = nnrpc_buffer_text(&asked);
    if (page == NULL || last == NULL) {
        response->failed = true;
        return;
    }
    bool is_more = page[0] != '\0' && strcmp(page, "0") != 0 && strcmp(page, last) != 0;
    if (!is_more) {
        return;
    }
    NNRPC_CLEANUP(rest_query_deinit) struct rest_query query;
    rest_query_init(&query);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer target = {0};
    if (rest_query_read(request->query, &query, &status) != NNRPC_OK) {
        response->failed = true; /* it was read before, so memory is short */
        return;
    }
    rest_url_repeat(&target, request->path, strlen(request->path));
    nnrpc_buffer_append_text(&target, "?");
    append_others(rule, &query, &target);
    nnrpc_buffer_append_format(&target, "%s=", rule->page.names->json_name);
    rest_url_encode(&target, page, strlen(page));
    const char *text = nnrpc_buffer_text(&target);
    http_response_add_header(response, "Link", "<%s>; rel=\"next\"", text == NULL ? "" : text);
    response->failed = response->failed || text == NULL;
}

/* Appends the value of the field that a template names; false when it is empty. */
static bool append_value(
    const struct nnrpc_message *type, const char *name, size_t size,
    const ProtobufCMessage *message, struct nnrpc_buffer *out) {
    struct nnrpc_field_path field;
    struct nnrpc_field_miss miss;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer value = {0};
    if (nnrpc_field_path_find(type, name, size, &field, &miss)) {
        nnrpc_field_path_append_text(&field, message, &value);
    }
    rest_url_encode(out, (const char *)value.data, value.size);
    return value.size != 0;
}

void rest_add_location(
    const struct rest_rule *rule, const ProtobufCMessage *message, struct http_response *response) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer location = {0};
    const char *at = rule->http->location;
    while (*at != '\0') {
        size_t literal = strcspn(at, "{");
        nnrpc_buffer_append(&location, at, literal);
        at += literal;
        if (*at == '{') {
            size_t size = strcspn(at, "}");
            if (!append_value(rule->method->response, at + 1, size - 1, message, &location)) {
                return;
            }
            at += size + 1;
        }
    }
    if (location.size != 0) {
        http_response_add_header(
            response, "Location", "%.*s", (int)location.size, (const char *)location.data);
    }
}
