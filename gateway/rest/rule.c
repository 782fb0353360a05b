/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP rules made ready. The conventions stand here, each in one function: which field is a
 * precondition, which one a PATCH's mask, which one leads to the next page.
 */
#include "rest/rule.h"

#include <string.h>

#define ETAG "etag"

static enum nnrpc_code fail_rule(
    struct nnrpc_status *out_status, const struct nnrpc_method *method,
    const struct nnrpc_http_rule *http, const char *what, const char *text, size_t size) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_DESCRIPTORS",
        "%s: %s %s: %s \"%.*s\"", method->name, http->verb, http->path, what, (int)size, text);
}

bool rest_same_field(const struct nnrpc_path *a, const struct nnrpc_path *b) {
    for (size_t depth = 0; depth < NNRPC_PATH_DEPTH; depth++) {
        if (a->indexes[depth] != b->indexes[depth]) {
            return false;
        }
        if (a->indexes[depth] < 0) {
            return true;
        }
    }
    return true;
}

bool rest_rule_binds(const struct rest_rule *rule, const struct nnrpc_path *path) {
    for (size_t index = 0; index < rule->variable_count; index++) {
        if (rest_same_field(&rule->variables[index].field.path, path)) {
            return true;
        }
    }
    return false;
}

/* --- Paths -------------------------------------------------------------------------------- */

/* A field that one path segment can say. */
static bool find_single(
    const struct nnrpc_message *type, const char *name, size_t size,
    struct nnrpc_field_path *out_field) {
    struct nnrpc_field_miss miss;
    return nnrpc_field_path_find(type, name, size, out_field, &miss) && out_field->key == NULL &&
           out_field->field->label != PROTOBUF_C_LABEL_REPEATED &&
           out_field->field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static bool add_bound(
    struct rest_bound *bound, const struct nnrpc_field_path *field,
    const struct nnrpc_http_rule *http) {
    for (size_t index = 0; index < bound->count; index++) {
        if (rest_same_field(&bound->fields[index].field.path, &field->path)) {
            return true;
        }
    }
    if (bound->count == REST_VARIABLES_MOST) {
        return false;
    }
    bound->fields[bound->count].field = *field;
    bound->fields[bound->count].rule = http;
    bound->count++;
    return true;
}

static enum nnrpc_code read_variable(
    struct rest_rule *rule, struct rest_bound *bound, const char *segment, size_t size,
    size_t number, struct nnrpc_status *out_status) {
    struct nnrpc_field_path field;
    if (segment[size - 1] != '}' ||
        !find_single(rule->method->request, segment + 1, size - 2, &field)) {
        return fail_rule(
            out_status, rule->method, rule->http, "no single value of the request is", segment,
            size);
    }
    if (rest_rule_binds(rule, &field.path) || rule->variable_count == REST_VARIABLES_MOST ||
        !add_bound(bound, &field, rule->http)) {
        return fail_rule(
            out_status, rule->method, rule->http, "bound twice, or too many are bound:", segment,
            size);
    }
    rule->variables[rule->variable_count++] =
        (struct rest_variable){.segment = number, .field = field};
    return NNRPC_OK;
}

static enum nnrpc_code read_path(
    struct rest_rule *rule, struct rest_bound *bound, struct nnrpc_status *out_status) {
    const char *at = rule->http->path;
    if (*at != '/') {
        return fail_rule(
            out_status, rule->method, rule->http, "a path begins with /:", at, strlen(at));
    }
    for (size_t number = 0; *at != '\0'; number++) {
        const char *segment = at + 1;
        size_t size = strcspn(segment, "/");
        at = segment + size;
        bool is_last = *at == '\0';
        if ((size == 0 && !is_last) || number == REST_SEGMENTS_MOST) {
            return fail_rule(
                out_status, rule->method, rule->http, "an empty segment, or too many, before",
                segment, strlen(segment));
        }
        bool is_variable = size != 0 && segment[0] == '{';
        enum nnrpc_code code =
            is_variable ? read_variable(rule, bound, segment, size, number, out_status) : NNRPC_OK;
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

/* A template of fields of the response, whose literal parts are taken as they stand. */
static enum nnrpc_code check_location(
    const struct rest_rule *rule, struct nnrpc_status *out_status) {
    const char *location = rule->http->location;
    for (const char *at = strchr(location, '{'); at != NULL; at = strchr(at, '{')) {
        size_t size = strcspn(at, "}");
        struct nnrpc_field_path field;
        if (at[size] == '\0' || !find_single(rule->method->response, at + 1, size - 1, &field)) {
            return fail_rule(
                out_status, rule->method, rule->http, "no single value of the response is", at,
                size);
        }
        at += size;
    }
    return NNRPC_OK;
}

/* --- Bodies ------------------------------------------------------------------------------- */

static enum nnrpc_code read_bodies(struct rest_rule *rule, struct nnrpc_status *out_status) {
    const char *body = rule->http->body;
    const char *response_body = rule->http->response_body;
    rule->has_body = body[0] != '\0';
    rule->body_is_request = strcmp(body, "*") == 0;
    if (rule->has_body && !rule->body_is_request) {
        rule->body_index = nnrpc_message_field_by_name(rule->method->request, body, strlen(body));
        if (rule->body_index < 0) {
            return fail_rule(
                out_status, rule->method, rule->http, "no field of the request is", body,
                strlen(body));
        }
    }
    if (response_body[0] != '\0') {
        rule->response_index = nnrpc_message_field_by_name(
            rule->method->response, response_body, strlen(response_body));
        if (rule->response_index < 0) {
            return fail_rule(
                out_status, rule->method, rule->http, "no field of the response is", response_body,
                strlen(response_body));
        }
    }
    return NNRPC_OK;
}

/* --- Conventions -------------------------------------------------------------------------- */

static bool is_text(const struct nnrpc_message *type, int index) {
    return index >= 0 && type->descriptor->fields[index].type == PROTOBUF_C_TYPE_STRING &&
           type->descriptor->fields[index].label != PROTOBUF_C_LABEL_REPEATED;
}

static int find_etag(const struct nnrpc_message *type) {
    int index = nnrpc_message_field_by_name(type, ETAG, strlen(ETAG));
    return is_text(type, index) ? index : -1;
}

/* The type of a singular message field, or NULL. */
static const struct nnrpc_message *message_of(const struct nnrpc_message *type, int index) {
    bool is_single =
        index >= 0 && type->descriptor->fields[index].label != PROTOBUF_C_LABEL_REPEATED;
    return is_single ? type->fields[index].message : NULL;
}

static struct nnrpc_field_path field_at(const struct nnrpc_message *type, int outer, int inner) {
    struct nnrpc_field_path path = {.path = {{-1}}};
    size_t depth = 0;
    if (outer >= 0) {
        path.path.indexes[depth++] = (int16_t)outer;
        type = type->fields[outer].message;
    }
    path.path.indexes[depth++] = (int16_t)inner;
    path.path.indexes[depth] = -1;
    path.field = &type->descriptor->fields[inner];
    path.names = &type->fields[inner];
    return path;
}

/* If-Match is the etag of the request, or that of the resource in it, but not of one that a POST
 * makes: it has no earlier state. A call without side effects has none: there the answer's is
 * compared. */
static void find_precondition(struct rest_rule *rule) {
    const struct nnrpc_message *request = rule->method->request;
    const struct nnrpc_message *body = message_of(request, rule->body_index);
    if (rule->method->idempotency == NNRPC_NO_SIDE_EFFECTS) {
        return;
    }
    int index = find_etag(request);
    bool is_there = body != NULL && strcmp(rule->http->verb, "POST") != 0;
    int inner = is_there ? find_etag(body) : -1;
    rule->has_precondition = index >= 0 || inner >= 0;
    if (index >= 0) {
        rule->precondition = field_at(request, -1, index);
    } else if (inner >= 0) {
        rule->precondition = field_at(request, rule->body_index, inner);
    }
}

static void find_answer_etag(struct rest_rule *rule) {
    const struct nnrpc_message *response = rule->method->response;
    const struct nnrpc_message *resource =
        rule->response_index < 0 ? response : message_of(response, rule->response_index);
    rule->etag_index = resource == NULL ? -1 : find_etag(resource);
}

/* A PATCH says what it changes by a FieldMask that refers to what its body fills. */
static void find_mask(struct rest_rule *rule) {
    const struct nnrpc_message *request = rule->method->request;
    const struct nnrpc_message *body = message_of(request, rule->body_index);
    if (body == NULL || strcmp(rule->http->verb, "PATCH") != 0) {
        return;
    }
    for (unsigned int index = 0; index < request->descriptor->n_fields; index++) {
        bool is_single = request->descriptor->fields[index].label != PROTOBUF_C_LABEL_REPEATED;
        if (is_single && request->fields[index].mask_of == body) {
            rule->has_mask = true;
            rule->mask = field_at(request, -1, (int)index);
            return;
        }
    }
}

/* The request's field that asks for what comes after: of next_X it is X, or after_X. */
static int find_page_field(const struct nnrpc_message *request, const char *next) {
    char after[64] = "after_";
    size_t size = strlen(next);
    int index = nnrpc_message_field_by_name(request, next, size);
    if (index < 0 && size < sizeof(after) - strlen(after)) {
        strcat(after, next);
        index = nnrpc_message_field_by_name(request, after, strlen(after));
    }
    return index;
}

static bool is_single_value(const struct nnrpc_message *type, int index) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    return field->label != PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static void find_page(struct rest_rule *rule) {
    static const char NEXT[] = "next_";
    const struct nnrpc_message *request = rule->method->request;
    const struct nnrpc_message *response = rule->method->response;
    if (rule->method->idempotency != NNRPC_NO_SIDE_EFFECTS) {
        return;
    }
    for (unsigned int index = 0; index < response->descriptor->n_fields; index++) {
        const char *name = response->descriptor->fields[index].name;
        if (strncmp(name, NEXT, strlen(NEXT)) != 0) {
            continue;
        }
        int field = find_page_field(request, name + strlen(NEXT));
        if (field >= 0 && is_single_value(request, field) &&
            is_single_value(response, (int)index)) {
            rule->next_index = (int)index;
            rule->page = field_at(request, -1, field);
            return;
        }
    }
}

enum nnrpc_code rest_rule_read(
    const struct nnrpc_method *method, const struct nnrpc_http_rule *http, struct rest_bound *bound,
    struct rest_rule *out_rule, struct nnrpc_status *out_status) {
    struct rest_rule rule = {
        .method = method,
        .http = http,
        .bound = bound,
        .body_index = -1,
        .response_index = -1,
        .etag_index = -1,
        .next_index = -1,
    };
    enum nnrpc_code code = read_path(&rule, bound, out_status);
    if (code == NNRPC_OK) {
        code = read_bodies(&rule, out_status);
    }
    if (code == NNRPC_OK) {
        code = check_location(&rule, out_status);
    }
    if (code == NNRPC_OK) {
        find_precondition(&rule);
        find_answer_etag(&rule);
        find_mask(&rule);
        find_page(&rule);
        *out_rule = rule;
    }
    return code;
}

const ProtobufCMessage *rest_rule_resource(
    const struct rest_rule *rule, const ProtobufCMessage *response) {
    if (rule->response_index < 0) {
        return response;
    }
    const ProtobufCFieldDescriptor *field = &response->descriptor->fields[rule->response_index];
    if (message_of(rule->method->response, rule->response_index) == NULL) {
        return NULL;
    }
    const struct nnrpc_field_path path = field_at(rule->method->response, -1, rule->response_index);
    return nnrpc_field_path_is_set(&path, response)
               ? *(const ProtobufCMessage *const *)((const char *)response + field->offset)
               : NULL;
}
