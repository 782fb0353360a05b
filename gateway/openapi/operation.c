/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations.
 */
#include "openapi/operation.h"

#include <stdio.h>
#include <string.h>

#include "openapi/parameters.h"
#include "openapi/responses.h"
#include "openapi/types.h"

static const char *short_service(const struct openapi_route *route) {
    const char *dot = strrchr(route->service->name, '.');
    return dot == NULL ? route->service->name : dot + 1;
}

/* --- Names and texts ---------------------------------------------------------------------- */

static void write_identity(struct openapi_document *document, const struct openapi_routes *routes) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
    struct openapi_writer *writer = &document->writer;
    nnrpc_buffer_append_text(&name, short_service(routes->items[0]));
    for (size_t i = 0; i < routes->count; i++) {
        nnrpc_buffer_append_format(
            &name, "%s%s", i == 0 ? "_" : "_or_", routes->items[i]->method->method_name);
        if (routes->items[i]->binding != 0) {
            nnrpc_buffer_append_format(&name, "_%zu", routes->items[i]->binding + 1);
        }
    }
    openapi_write_buffer(writer, "operationId", &name);
    openapi_begin_list(writer, "tags");
    for (size_t i = 0; i < routes->count; i++) {
        if (i == 0 || routes->items[i]->service != routes->items[i - 1]->service) {
            openapi_write_text(writer, NULL, short_service(routes->items[i]));
        }
    }
    openapi_end_list(writer);
}

static const char *role_name(enum nnrpc_role role) {
    switch (role) {
    case NNRPC_ROLE_READER:
        return "reader";
    case NNRPC_ROLE_WRITER:
        return "writer";
    case NNRPC_ROLE_ADMIN:
        return "admin";
    case NNRPC_ROLE_UNSPECIFIED:
    case NNRPC_ROLE_PUBLIC:
        break;
    }
    return NULL;
}

static void append_role(const struct openapi_route *route, struct nnrpc_buffer *out) {
    const char *role = role_name(route->method->role);
    if (role != NULL) {
        nnrpc_buffer_append_format(out, "\n\nNeeds a token of the role `%s`.", role);
    }
}

/* Begins what is said of one of several routes. */
static void append_heading(
    const struct openapi_routes *routes, size_t index, struct nnrpc_buffer *out) {
    nnrpc_buffer_append_text(out, index == 0 ? "**" : "\n\n**");
    openapi_append_action(routes->items[index], out);
    nnrpc_buffer_append_text(out, "**: ");
}

static void write_texts(struct openapi_document *document, const struct openapi_routes *routes) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer summary = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    for (size_t i = 0; i < routes->count; i++) {
        NNRPC_CLEANUP(openapi_method_comment_deinit) struct openapi_method_comment comment = {0};
        const struct openapi_route *route = routes->items[i];
        openapi_check(
            document, openapi_describe_method(document->comments, route->method, &comment),
            route->method->name);
        if (routes->count == 1) {
            nnrpc_buffer_append(&summary, comment.summary.data, comment.summary.size);
        } else {
            nnrpc_buffer_append_text(&summary, i == 0 ? "Actions: " : ", ");
            openapi_append_action(route, &summary);
            append_heading(routes, i, &text);
        }
        nnrpc_buffer_append(&text, comment.description.data, comment.description.size);
        append_role(route, &text);
    }
    openapi_write_buffer(&document->writer, "summary", &summary);
    openapi_write_buffer(&document->writer, "description", &text);
}

static void write_security(struct openapi_document *document, const struct openapi_routes *routes) {
    struct openapi_writer *writer = &document->writer;
    bool is_public = false;
    for (size_t i = 0; i < routes->count; i++) {
        is_public = is_public || role_name(routes->items[i]->method->role) == NULL;
    }
    openapi_begin_list(writer, "security");
    openapi_write_members(writer, is_public ? "" : "{\"bearer\":[]}");
    openapi_end_list(writer);
}

/* --- Bodies ------------------------------------------------------------------------------- */

/* A path of the request, seen from its body; NULL when the body does not have it. */
static const char *path_in_body(const struct nnrpc_http_rule *rule, const char *path) {
    size_t size = strlen(rule->body);
    if (strcmp(rule->body, "*") == 0) {
        return path;
    }
    return strncmp(path, rule->body, size) == 0 && path[size] == '.' ? path + size + 1 : NULL;
}

/* One field of the body that some path of the method binds. */
struct bound_field {
    const char *json_name;
    bool is_here; /* this route's path binds it */
};

/* Calls visit for each field of the body that a path of the method binds, once. */
static void visit_bound(
    const struct openapi_route *route, void *context,
    void (*visit)(void *context, const struct bound_field *field)) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer seen = {0};
    for (size_t i = 0; i < route->method->http_rule_count; i++) {
        const char *rest = route->method->http_rules[i].path;
        const char *variable = NULL;
        for (size_t size; (size = openapi_next_variable(&rest, &variable)) != 0;) {
            char path[256];
            snprintf(path, sizeof(path), "%.*s", (int)size, variable);
            const char *inside = path_in_body(route->rule, path);
            const char *all = nnrpc_buffer_text(&seen);
            if (inside == NULL || all == NULL || strstr(all, path) != NULL) {
                continue;
            }
            struct openapi_field found =
                openapi_find_field(openapi_body_message(route), inside, strlen(inside));
            if (found.index >= 0) {
                struct bound_field field = {
                    .json_name = found.message->fields[found.index].json_name,
                    .is_here = openapi_rule_binds(route->rule, path),
                };
                visit(context, &field);
            }
            nnrpc_buffer_append_format(&seen, "%s\n", path);
        }
    }
}

static void append_bound(void *context, const struct bound_field *field) {
    struct nnrpc_buffer *out = context;
    nnrpc_buffer_append_format(
        out,
        field->is_here ? "\n\n`%s` is given by the path: here it is left out, null or the same."
                       : "\n\n`%s` is left out or null: another path is for it.",
        field->json_name);
}

static void count_elsewhere(void *context, const struct bound_field *field) {
    *(size_t *)context += !field->is_here;
}

static void write_elsewhere(void *context, const struct bound_field *field) {
    struct openapi_writer *writer = context;
    if (!field->is_here) {
        openapi_begin_object(writer, field->json_name);
        openapi_write_text(writer, "type", "null");
        openapi_write_text(writer, "description", "Not on this path: another one is for it.");
        openapi_end_object(writer);
    }
}

/* The schema of a route's body; fields that only another path binds are held to null. */
static void write_body_schema(
    struct openapi_document *document, const char *key, const struct openapi_route *route) {
    struct openapi_writer *writer = &document->writer;
    const struct nnrpc_message *message = openapi_body_message(route);
    size_t elsewhere = 0;
    openapi_check(document, message != NULL, route->rule->body);
    if (message == NULL) {
        return;
    }
    visit_bound(route, &elsewhere, count_elsewhere);
    if (elsewhere == 0) {
        openapi_write_message_reference(document, key, message, OPENAPI_INPUT);
        return;
    }
    openapi_begin_object(writer, key);
    openapi_begin_list(writer, "allOf");
    openapi_write_message_reference(document, NULL, message, OPENAPI_INPUT);
    openapi_begin_object(writer, NULL);
    openapi_begin_object(writer, "properties");
    visit_bound(route, writer, write_elsewhere);
    openapi_end_object(writer);
    openapi_end_object(writer);
    openapi_end_list(writer);
    openapi_end_object(writer);
}

static void write_body_media(
    struct openapi_document *document, const char *type, const struct openapi_routes *routes) {
    struct openapi_writer *writer = &document->writer;
    openapi_begin_object(writer, type);
    if (routes->count == 1) {
        write_body_schema(document, "schema", routes->items[0]);
    } else {
        openapi_begin_object(writer, "schema");
        openapi_begin_list(writer, "anyOf");
        for (size_t i = 0; i < routes->count; i++) {
            if (routes->items[i]->rule->body[0] != '\0') {
                write_body_schema(document, NULL, routes->items[i]);
            }
        }
        openapi_end_list(writer);
        openapi_end_object(writer);
    }
    openapi_end_object(writer);
}

/* Appends what a body is; a body of a whole request may be left out. @return whether it may. */
static bool append_body(
    struct openapi_document *document, const struct openapi_route *route,
    struct nnrpc_buffer *out) {
    const char *body = route->rule->body;
    int index = nnrpc_message_field_by_name(route->method->request, body, strlen(body));
    if (body[0] == '\0') {
        return true;
    }
    bool is_there =
        index >= 0
            ? openapi_describe_field(document->comments, route->method->request, (size_t)index, out)
            : openapi_describe_message(document->comments, route->method->request, out);
    openapi_check(document, is_there, route->method->request->descriptor->name);
    visit_bound(route, out, append_bound);
    return index < 0;
}

/* Says how a body that holds some fields changes those alone, where the request has a mask of it.
 */
static void append_mask(const struct openapi_route *route, struct nnrpc_buffer *out) {
    const struct nnrpc_message *request = route->method->request;
    const struct nnrpc_message *body = openapi_body_message(route);
    for (size_t i = 0; i < request->descriptor->n_fields; i++) {
        if (request->fields[i].mask_of != NULL && request->fields[i].mask_of == body) {
            nnrpc_buffer_append_format(
                out,
                "\n\nOnly the keys that are there are changed; null clears. `%s` in the query says "
                "otherwise.",
                request->fields[i].json_name);
            return;
        }
    }
}

static void write_body(struct openapi_document *document, const struct openapi_routes *routes) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct openapi_writer *writer = &document->writer;
    bool is_optional = false;
    bool has_body = false;
    bool is_patch = strcmp(routes->items[0]->rule->verb, "PATCH") == 0;
    for (size_t i = 0; i < routes->count; i++) {
        has_body = has_body || routes->items[i]->rule->body[0] != '\0';
        if (routes->count > 1) {
            append_heading(routes, i, &text);
        }
        is_optional = append_body(document, routes->items[i], &text) || is_optional;
    }
    if (!has_body) {
        return;
    }
    if (is_patch) {
        append_mask(routes->items[0], &text);
    }
    openapi_begin_object(writer, "requestBody");
    openapi_write_buffer(writer, "description", &text);
    openapi_write_flag(writer, "required", !is_optional);
    openapi_begin_object(writer, "content");
    if (is_patch) {
        write_body_media(document, "application/merge-patch+json", routes);
    }
    write_body_media(document, "application/json", routes);
    openapi_end_object(writer);
    openapi_end_object(writer);
}

/* --- Operations --------------------------------------------------------------------------- */

static void write_members(
    struct openapi_document *document, const struct openapi_routes *routes,
    const struct openapi_route *named) {
    write_identity(document, routes);
    write_texts(document, routes);
    openapi_write_parameters(document, routes, named);
    write_body(document, routes);
    openapi_write_responses(document, routes);
    write_security(document, routes);
}

static void write_lower_verb(struct openapi_writer *writer, const char *verb) {
    char lower[16] = {0};
    for (size_t i = 0; verb[i] != '\0' && i + 1 < sizeof(lower); i++) {
        bool is_capital = verb[i] >= 'A' && verb[i] <= 'Z';
        lower[i] = (char)(is_capital ? verb[i] - 'A' + 'a' : verb[i]);
    }
    openapi_begin_object(writer, lower);
}

void openapi_write_operation(
    struct openapi_document *document, const struct openapi_routes *routes,
    const struct openapi_route *named) {
    struct openapi_writer *writer = &document->writer;
    write_lower_verb(writer, routes->items[0]->rule->verb);
    write_members(document, routes, named);
    if (routes->count > 1) {
        openapi_begin_object(writer, "x-actions");
        for (size_t i = 0; i < routes->count; i++) {
            const struct openapi_routes one = {.items = &routes->items[i], .count = 1};
            openapi_begin_object(writer, routes->items[i]->rule->action);
            write_members(document, &one, named);
            openapi_end_object(writer);
        }
        openapi_end_object(writer);
    }
    openapi_end_object(writer);
}
