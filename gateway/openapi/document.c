/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document while it is written, and what rules say.
 */
#include "openapi/document.h"

#include <stdio.h>
#include <string.h>

void openapi_document_deinit(struct openapi_document *document) {
    openapi_comments_freep(&document->comments);
    nnrpc_buffer_deinit(&document->uses);
}

void openapi_check(struct openapi_document *document, bool is_there, const char *name) {
    if (!is_there && document->missing[0] == '\0') {
        snprintf(document->missing, sizeof(document->missing), "%s", name);
    }
}

struct openapi_field openapi_find_field(
    const struct nnrpc_message *message, const char *path, size_t size) {
    const char *dot = memchr(path, '.', size);
    size_t name = dot == NULL ? size : (size_t)(dot - path);
    int index = message == NULL ? -1 : nnrpc_message_field_by_name(message, path, name);
    if (dot == NULL || index < 0) {
        return (struct openapi_field){message, index};
    }
    return openapi_find_field(message->fields[index].message, dot + 1, size - name - 1);
}

size_t openapi_next_variable(const char **template, const char **out_path) {
    const char *open = strchr(*template, '{');
    const char *end = open == NULL ? NULL : strchr(open, '}');
    if (end == NULL) {
        return 0;
    }
    *out_path = open + 1;
    *template = end + 1;
    return (size_t)(end - open - 1);
}

bool openapi_rule_binds(const struct nnrpc_http_rule *rule, const char *path) {
    const char *rest = rule->path;
    const char *bound = NULL;
    for (size_t size; (size = openapi_next_variable(&rest, &bound)) != 0;) {
        if (size == strlen(path) && memcmp(bound, path, size) == 0) {
            return true;
        }
    }
    return false;
}

bool openapi_method_binds(const struct nnrpc_method *method, const char *path) {
    for (size_t i = 0; i < method->http_rule_count; i++) {
        if (openapi_rule_binds(&method->http_rules[i], path)) {
            return true;
        }
    }
    return false;
}

bool openapi_is_mutating(const struct nnrpc_method *method) {
    return method->idempotency != NNRPC_NO_SIDE_EFFECTS;
}

static const struct nnrpc_message *field_message(
    const struct nnrpc_message *message, const char *name) {
    int index = nnrpc_message_field_by_name(message, name, strlen(name));
    bool is_repeated =
        index >= 0 && message->descriptor->fields[index].label == PROTOBUF_C_LABEL_REPEATED;
    return index < 0 || is_repeated ? NULL : message->fields[index].message;
}

const struct nnrpc_message *openapi_body_message(const struct openapi_route *route) {
    const char *body = route->rule->body;
    bool is_whole = strcmp(body, "*") == 0;
    return is_whole ? route->method->request : field_message(route->method->request, body);
}

const struct nnrpc_message *openapi_answer_message(const struct openapi_route *route) {
    const char *body = route->rule->response_body;
    bool is_whole = body[0] == '\0';
    return is_whole ? route->method->response : field_message(route->method->response, body);
}

void openapi_append_action(const struct openapi_route *route, struct nnrpc_buffer *out) {
    const char *action = route->rule->action;
    nnrpc_buffer_append_text(out, action[0] == '\0' ? "without an action" : "`");
    nnrpc_buffer_append_text(out, action);
    nnrpc_buffer_append_text(out, action[0] == '\0' ? "" : "`");
}

int openapi_etag_index(const struct nnrpc_message *message) {
    int index = message == NULL ? -1 : nnrpc_message_field_by_name(message, "etag", strlen("etag"));
    bool is_text = index >= 0 && message->descriptor->fields[index].type == PROTOBUF_C_TYPE_STRING;
    return is_text ? index : -1;
}

bool openapi_has_etag(const struct openapi_route *route) {
    return openapi_etag_index(openapi_answer_message(route)) >= 0;
}

bool openapi_has_if_match(const struct openapi_route *route) {
    if (openapi_etag_index(route->method->request) >= 0) {
        return true;
    }
    if (!openapi_is_mutating(route->method)) {
        return openapi_has_etag(route) && strcmp(route->rule->verb, "GET") == 0;
    }
    /* What a POST makes has no earlier state. */
    return strcmp(route->rule->verb, "POST") != 0 &&
           openapi_etag_index(openapi_body_message(route)) >= 0;
}
