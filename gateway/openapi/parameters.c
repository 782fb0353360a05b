/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of operations.
 */
#include "openapi/parameters.h"

#include <stdio.h>
#include <string.h>

#include "openapi/schemas.h"

#define NAME_BYTES 256

/* How deep a query reaches into messages inside of messages. */
#define QUERY_DEPTH 3

/* --- Paths -------------------------------------------------------------------------------- */

/* Appends a path of fields by its JSON names. */
static void append_json_path(
    const struct nnrpc_message *message, const char *path, size_t size, struct nnrpc_buffer *out) {
    for (const char *end = path + size; path < end;) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        struct openapi_field field =
            openapi_find_field(message, path, (size_t)((dot == NULL ? end : dot) - path));
        if (field.index < 0) {
            return;
        }
        nnrpc_buffer_append_text(out, field.message->fields[field.index].json_name);
        nnrpc_buffer_append_text(out, dot == NULL ? "" : ".");
        message = field.message->fields[field.index].message;
        path = dot == NULL ? end : dot + 1;
    }
}

/* The variable at a place in a rule's path. */
static struct openapi_field variable_field(
    const struct openapi_route *route, size_t place, const char **out_path, size_t *out_size) {
    const char *rest = route->rule->path;
    for (size_t i = 0; i <= place; i++) {
        *out_size = openapi_next_variable(&rest, out_path);
        if (*out_size == 0) {
            return (struct openapi_field){.index = -1};
        }
    }
    return openapi_find_field(route->method->request, *out_path, *out_size);
}

/* Appends the name of a variable: the last field's, or the whole path where that stands twice. */
static void append_variable_name(
    const struct openapi_route *route, size_t place, struct nnrpc_buffer *out) {
    const char *path = NULL;
    size_t size = 0;
    struct openapi_field field = variable_field(route, place, &path, &size);
    if (field.index < 0) {
        return;
    }
    const char *name = field.message->fields[field.index].json_name;
    const char *rest = route->rule->path;
    size_t same = 0;
    const char *other_path = NULL;
    for (size_t other; (other = openapi_next_variable(&rest, &other_path)) != 0;) {
        struct openapi_field found = openapi_find_field(route->method->request, other_path, other);
        same += found.index >= 0 && strcmp(found.message->fields[found.index].json_name, name) == 0;
    }
    if (same == 1) {
        nnrpc_buffer_append_text(out, name);
    } else {
        append_json_path(route->method->request, path, size, out);
    }
}

void openapi_append_path(const struct openapi_route *route, struct nnrpc_buffer *out) {
    const char *rest = route->rule->path;
    const char *path = NULL;
    const char *from = rest;
    size_t place = 0;
    for (size_t size; (size = openapi_next_variable(&rest, &path)) != 0; place++) {
        nnrpc_buffer_append(out, from, (size_t)(path - from));
        append_variable_name(route, place, out);
        from = path + size;
    }
    nnrpc_buffer_append_text(out, from);
}

static void write_path_parameters(
    struct openapi_document *document, const struct openapi_route *route,
    const struct openapi_route *named) {
    struct openapi_writer *writer = &document->writer;
    const char *path = NULL;
    size_t size = 0;
    struct openapi_field field;
    for (size_t i = 0; (field = variable_field(route, i, &path, &size), size != 0); i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
        openapi_check(document, field.index >= 0, route->rule->path);
        if (field.index < 0) {
            return;
        }
        append_variable_name(named, i, &name);
        openapi_begin_object(writer, NULL);
        openapi_write_buffer(writer, "name", &name);
        openapi_write_text(writer, "in", "path");
        openapi_write_flag(writer, "required", true);
        openapi_write_field_description(document, field.message, (size_t)field.index, "");
        openapi_begin_object(writer, "schema");
        openapi_write_field_keywords(document, field.message, (size_t)field.index, OPENAPI_QUERY);
        openapi_end_object(writer);
        openapi_end_object(writer);
    }
}

/* --- Queries ------------------------------------------------------------------------------ */

/* One field that a query may set. */
struct query_field {
    char path[NAME_BYTES]; /* proto names */
    char name[NAME_BYTES]; /* JSON names */
    struct openapi_field field;
};

static bool is_in_query(const struct openapi_route *route, const char *path, uint32_t flags) {
    uint32_t hidden = NNRPC_FIELD_INPUT_ONLY | NNRPC_FIELD_SENSITIVE | NNRPC_FIELD_OUTPUT_ONLY;
    return (flags & hidden) == 0 && !openapi_method_binds(route->method, path) &&
           strcmp(route->rule->body, path) != 0;
}

static bool has_query_form(const struct nnrpc_message *message) {
    switch (message->well_known) {
    case NNRPC_WELL_KNOWN_TIMESTAMP:
    case NNRPC_WELL_KNOWN_DURATION:
    case NNRPC_WELL_KNOWN_FIELD_MASK:
    case NNRPC_WELL_KNOWN_WRAPPER:
        return true;
    case NNRPC_WELL_KNOWN_NONE:
    case NNRPC_WELL_KNOWN_EMPTY:
    case NNRPC_WELL_KNOWN_STRUCT:
    case NNRPC_WELL_KNOWN_VALUE:
    case NNRPC_WELL_KNOWN_LIST_VALUE:
    case NNRPC_WELL_KNOWN_ANY:
        break;
    }
    return false;
}

/* Collects the fields of a message; messages inside of it by dotted paths. */
// NOLINTNEXTLINE(misc-no-recursion): bounded by QUERY_DEPTH.
static void collect_fields(
    const struct openapi_route *route, const struct nnrpc_message *message,
    const struct query_field *around, int depth, struct nnrpc_buffer *out) {
    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &message->descriptor->fields[i];
        const struct nnrpc_field *field = &message->fields[i];
        const char *dot = around->path[0] == '\0' ? "" : ".";
        struct query_field found = {.field = {message, (int)i}};
        int path = snprintf(found.path, NAME_BYTES, "%s%s%s", around->path, dot, descriptor->name);
        int name = snprintf(found.name, NAME_BYTES, "%s%s%s", around->name, dot, field->json_name);
        if (path >= NAME_BYTES || name >= NAME_BYTES ||
            !is_in_query(route, found.path, field->flags)) {
            continue;
        }
        bool is_list = descriptor->label == PROTOBUF_C_LABEL_REPEATED;
        if (field->message == NULL || has_query_form(field->message)) {
            nnrpc_buffer_append(out, &found, sizeof(found));
        } else if (
            !is_list && field->message->well_known == NNRPC_WELL_KNOWN_NONE &&
            depth < QUERY_DEPTH) {
            collect_fields(route, field->message, &found, depth + 1, out);
        }
    }
}

static void collect_query(const struct openapi_route *route, struct nnrpc_buffer *out) {
    /* What a body may hold whole is not spread out again. */
    bool is_flat = strcmp(route->rule->body, "*") == 0;
    const struct query_field nothing = {0};
    collect_fields(route, route->method->request, &nothing, is_flat ? QUERY_DEPTH : 1, out);
}

static const struct query_field *find_name(const struct nnrpc_buffer *fields, const char *name) {
    const struct query_field *all = (const struct query_field *)(const void *)fields->data;
    for (size_t i = 0; i < fields->size / sizeof(*all); i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

/* Says with which actions a parameter may stand, where it may not with all; writes whether the
 * route is the first one that has it. */
static bool describe_actions(
    const struct openapi_routes *routes, size_t index, const char *name,
    struct nnrpc_buffer *out_text) {
    size_t found = 0;
    bool is_first = true;
    for (size_t i = 0; i < routes->count; i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer fields = {0};
        collect_query(routes->items[i], &fields);
        if (find_name(&fields, name) != NULL) {
            is_first = is_first && (found != 0 || i == index);
            nnrpc_buffer_append_text(out_text, found == 0 ? "\n\nOnly " : " or ");
            nnrpc_buffer_append_text(
                out_text, routes->items[i]->rule->action[0] == '\0' ? "" : "with the action ");
            openapi_append_action(routes->items[i], out_text);
            found++;
        }
    }
    nnrpc_buffer_append_text(out_text, ".");
    if (found == routes->count) {
        out_text->size = 0;
    }
    return is_first;
}

static void write_query_field(
    struct openapi_document *document, const struct query_field *found, const char *appendix) {
    struct openapi_writer *writer = &document->writer;
    const struct nnrpc_message *message = found->field.message;
    size_t index = (size_t)found->field.index;
    const struct nnrpc_message *type = message->fields[index].message;
    openapi_begin_object(writer, NULL);
    openapi_write_text(writer, "name", found->name);
    openapi_write_text(writer, "in", "query");
    openapi_write_field_description(document, message, index, appendix);
    if (type != NULL && type->well_known == NNRPC_WELL_KNOWN_FIELD_MASK) {
        openapi_write_text(writer, "style", "form");
        openapi_write_flag(writer, "explode", false);
    }
    openapi_begin_object(writer, "schema");
    openapi_write_field_keywords(document, message, index, OPENAPI_QUERY);
    openapi_end_object(writer);
    openapi_end_object(writer);
}

static void write_query(struct openapi_document *document, const struct openapi_routes *routes) {
    for (size_t i = 0; i < routes->count; i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer fields = {0};
        collect_query(routes->items[i], &fields);
        document->writer.out->failed = document->writer.out->failed || fields.failed;
        const struct query_field *all = (const struct query_field *)(const void *)fields.data;
        for (size_t k = 0; k < fields.size / sizeof(*all); k++) {
            NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer appendix = {0};
            if (describe_actions(routes, i, all[k].name, &appendix)) {
                const char *text = nnrpc_buffer_text(&appendix);
                write_query_field(document, &all[k], text == NULL ? "" : text);
            }
        }
    }
}

/* --- Actions ------------------------------------------------------------------------------ */

static void append_action(
    struct openapi_document *document, const struct openapi_route *route,
    struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(openapi_method_comment_deinit) struct openapi_method_comment comment = {0};
    openapi_check(
        document, openapi_describe_method(document->comments, route->method, &comment),
        route->method->name);
    nnrpc_buffer_append_text(out, "\n* ");
    openapi_append_action(route, out);
    nnrpc_buffer_append_text(out, ": ");
    nnrpc_buffer_append(out, comment.summary.data, comment.summary.size);
    nnrpc_buffer_append_text(out, ".");
}

/* Rules that differ by the value of one parameter are one operation: OpenAPI tells operations apart
 * by path and verb alone. */
static void write_action(struct openapi_document *document, const struct openapi_routes *routes) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct openapi_writer *writer = &document->writer;
    bool has_action = false;
    bool is_required = true;
    nnrpc_buffer_append_text(&text, "What to do.\n");
    for (size_t i = 0; i < routes->count; i++) {
        bool is_action = routes->items[i]->rule->action[0] != '\0';
        has_action = has_action || is_action;
        is_required = is_required && is_action;
        append_action(document, routes->items[i], &text);
    }
    if (!has_action) {
        return;
    }
    openapi_begin_object(writer, NULL);
    openapi_write_text(writer, "name", "action");
    openapi_write_text(writer, "in", "query");
    openapi_write_flag(writer, "required", is_required);
    openapi_write_buffer(writer, "description", &text);
    openapi_begin_object(writer, "schema");
    openapi_write_text(writer, "type", "string");
    openapi_begin_list(writer, "enum");
    for (size_t i = 0; i < routes->count; i++) {
        if (routes->items[i]->rule->action[0] != '\0') {
            openapi_write_text(writer, NULL, routes->items[i]->rule->action);
        }
    }
    openapi_end_list(writer);
    openapi_end_object(writer);
    openapi_end_object(writer);
}

/* --- Headers ------------------------------------------------------------------------------ */

static bool has_envelope(const struct openapi_route *route) {
    return route->rule->response_body[0] != '\0';
}

static bool is_reading(const struct openapi_route *route) {
    return !openapi_is_mutating(route->method);
}

static bool has_if_none_match(const struct openapi_route *route) {
    return strcmp(route->rule->verb, "GET") == 0 && openapi_has_etag(route);
}

static bool is_any(
    const struct openapi_routes *routes, bool (*is_one)(const struct openapi_route *route)) {
    for (size_t i = 0; i < routes->count; i++) {
        if (is_one(routes->items[i])) {
            return true;
        }
    }
    return false;
}

/* The method's request_id, by the header that HTTP has for it. */
static void write_idempotency_key(
    struct openapi_document *document, const struct openapi_routes *routes) {
    struct openapi_writer *writer = &document->writer;
    for (size_t i = 0; i < routes->count; i++) {
        const struct nnrpc_method *method = routes->items[i]->method;
        if (method->request_id_index < 0) {
            continue;
        }
        openapi_begin_object(writer, NULL);
        openapi_write_text(writer, "name", "Idempotency-Key");
        openapi_write_text(writer, "in", "header");
        openapi_write_field_description(
            document, method->request, (size_t)method->request_id_index,
            "\n\nThe same as `requestId`; where both are given they must be equal. May stand in "
            "quotes.");
        openapi_begin_object(writer, "schema");
        openapi_write_field_keywords(
            document, method->request, (size_t)method->request_id_index, OPENAPI_QUERY);
        openapi_end_object(writer);
        openapi_end_object(writer);
        return;
    }
}

static void write_headers(struct openapi_document *document, const struct openapi_routes *routes) {
    const struct {
        const char *name;
        bool is_there;
    } PARAMETERS[] = {
        {"Envelope", is_any(routes, has_envelope)},
        {"Pretty", true},
        {"IfMatch", is_any(routes, openapi_has_if_match)},
        {"IfNoneMatch", is_any(routes, has_if_none_match)},
        {"XMinRevision", is_any(routes, is_reading)},
        {"XRequestId", true},
        {"Traceparent", true},
        {"Tracestate", true},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(PARAMETERS); i++) {
        if (PARAMETERS[i].is_there) {
            openapi_write_reference(&document->writer, NULL, "parameters", PARAMETERS[i].name);
        }
    }
}

void openapi_write_parameters(
    struct openapi_document *document, const struct openapi_routes *routes,
    const struct openapi_route *named) {
    openapi_begin_list(&document->writer, "parameters");
    write_path_parameters(document, routes->items[0], named);
    write_action(document, routes);
    write_query(document, routes);
    write_idempotency_key(document, routes);
    write_headers(document, routes);
    openapi_end_list(&document->writer);
}
