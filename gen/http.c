/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP rules: what a gateway is driven by must be sound before anything is built with it.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "text.h"

/* Numbers of fields in nnrpc.v1.HttpRule. */
#define RULE_VERB 1
#define RULE_PATH 2
#define RULE_ACTION 3
#define RULE_BODY 4
#define RULE_RESPONSE_BODY 5
#define RULE_SUCCESS_STATUS 6
#define RULE_LOCATION 7
#define RULE_BINDINGS 8

/* The method whose rule is checked, and where the rule stands. */
struct gen_http_check {
    struct gen_run *run;
    const struct gen_file *file;
    const struct gen_service *service;
    const struct gen_method *method;
    struct gen_path path;
};

static bool gen_http_refuse(
    const struct gen_http_check *check, int32_t number, const char *what, const char *value,
    const char *reason) {
    return gen_refuse(
        check->run, check->file, gen_path_with(check->run, check->path, number),
        "rpc %s/%s: HTTP %s \"%s\": %s", check->service->full_name, check->method->proto->name,
        what, value, reason);
}

static bool gen_is_verb(const char *verb) {
    static const char *const verbs[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Says why a path of fields cannot fill one path segment, or NULL. */
static const char *gen_variable_problem(
    struct gen_run *run, const struct gen_message *message, const char *path, size_t size) {
    while (true) {
        const char *dot = memchr(path, '.', size);
        size_t part = dot == NULL ? size : (size_t)(dot - path);
        int index = gen_field_index(message, path, part);
        if (index < 0) {
            return gen_format(
                &run->memory, "%s has no field \"%.*s\"", message->full_name, (int)part, path);
        }
        const struct gen_field *field = &message->fields[index];
        bool is_message = field->message != NULL;
        if (gen_field_is_repeated(field) || is_message != (dot != NULL)) {
            return gen_format(
                &run->memory, "%s.%s is not a singular %s", message->full_name, field->proto->name,
                dot != NULL ? "message" : "value");
        }
        if (dot == NULL) {
            return NULL;
        }
        message = field->message;
        path += part + 1;
        size -= part + 1;
    }
}

/* Says what is wrong with one segment of a template, or NULL. */
static const char *gen_segment_problem(
    struct gen_run *run, const struct gen_message *message, const char *segment, size_t size) {
    if (size >= 2 && segment[0] == '{' && segment[size - 1] == '}') {
        return gen_variable_problem(run, message, segment + 1, size - 2);
    }
    for (size_t i = 0; i < size; i++) {
        char c = segment[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("-._~", c) != NULL;
        if (!plain) {
            return "a segment is a {field} or letters, digits and -._~";
        }
    }
    bool dots = (size == 1 || size == 2) && strncmp(segment, "..", size) == 0;
    return dots ? "a segment cannot be . or .." : NULL;
}

/* Says whether a variable of a template stands in it twice. */
static bool gen_template_repeats(const char *path) {
    for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{')) {
        size_t size = strcspn(open, "}");
        for (const char *next = strchr(open + 1, '{'); next != NULL; next = strchr(next + 1, '{')) {
            if (strcspn(next, "}") == size && strncmp(open, next, size) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Says what is wrong with a path template, or NULL. An empty last segment is fine: "/things/". */
static const char *gen_template_problem(
    struct gen_run *run, const struct gen_message *message, const char *path) {
    if (path[0] != '/') {
        return "it does not start with /";
    }
    while (path[0] == '/') {
        path++;
        size_t size = strcspn(path, "/");
        if (size == 0 && path[0] == '/') {
            return "a segment is empty";
        }
        const char *problem = gen_segment_problem(run, message, path, size);
        if (problem != NULL) {
            return problem;
        }
        path += size;
    }
    return NULL;
}

static bool gen_http_check_path(
    const struct gen_http_check *check, const Nnrpc__V1__HttpRule *rule) {
    const char *problem = gen_template_problem(check->run, check->method->request, rule->path);
    if (problem == NULL && gen_template_repeats(rule->path)) {
        problem = "a field stands in it twice";
    }
    return problem == NULL || gen_http_refuse(check, RULE_PATH, "path", rule->path, problem);
}

static bool gen_http_check_action(
    const struct gen_http_check *check, const Nnrpc__V1__HttpRule *rule) {
    for (const char *at = rule->action; *at != '\0'; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || strchr("-._~", *at) != NULL;
        if (!plain) {
            return gen_http_refuse(
                check, RULE_ACTION, "action", rule->action, "letters, digits and -._~ only");
        }
    }
    return true;
}

static bool gen_http_check_bodies(
    const struct gen_http_check *check, const Nnrpc__V1__HttpRule *rule) {
    struct gen_run *run = check->run;
    const struct gen_message *request = check->method->request;
    const struct gen_message *response = check->method->response;
    if (rule->body[0] != '\0' && strcmp(rule->verb, "GET") == 0) {
        return gen_http_refuse(check, RULE_BODY, "body", rule->body, "GET has no body");
    }
    if (rule->body[0] != '\0' && strcmp(rule->body, "*") != 0 &&
        gen_field_index(request, rule->body, strlen(rule->body)) < 0) {
        return gen_http_refuse(
            check, RULE_BODY, "body", rule->body,
            gen_format(&run->memory, "%s has no such field", request->full_name));
    }
    if (rule->response_body[0] != '\0' &&
        gen_field_index(response, rule->response_body, strlen(rule->response_body)) < 0) {
        return gen_http_refuse(
            check, RULE_RESPONSE_BODY, "response_body", rule->response_body,
            gen_format(&run->memory, "%s has no such field", response->full_name));
    }
    return true;
}

static bool gen_http_check_rule(
    const struct gen_http_check *check, const Nnrpc__V1__HttpRule *rule) {
    struct gen_run *run = check->run;
    if (!gen_is_verb(rule->verb)) {
        return gen_http_refuse(
            check, RULE_VERB, "verb", rule->verb, "must be GET, POST, PUT, PATCH or DELETE");
    }
    if (!gen_http_check_path(check, rule) || !gen_http_check_action(check, rule) ||
        !gen_http_check_bodies(check, rule)) {
        return false;
    }
    if (rule->success_status != 0 && (rule->success_status < 200 || rule->success_status > 299)) {
        return gen_http_refuse(
            check, RULE_SUCCESS_STATUS, "success_status",
            gen_format(&run->memory, "%u", rule->success_status), "must be from 200 to 299");
    }
    if (rule->location[0] != '\0') {
        const char *problem = gen_template_problem(run, check->method->response, rule->location);
        if (problem != NULL) {
            return gen_http_refuse(check, RULE_LOCATION, "location", rule->location, problem);
        }
    }
    return true;
}

bool gen_http_read(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    struct gen_http_check check = {.run = run, .file = file, .service = service, .method = method};
    check.path = gen_path_with(run, method->path, GEN_METHOD_OPTIONS);
    check.path = gen_path_with(run, check.path, GEN_OPTION_HTTP);
    const ProtobufCMessage *unpacked = NULL;
    if (!gen_option_unpack(
            run, &method->proto->options->base, GEN_OPTION_HTTP, &nnrpc__v1__http_rule__descriptor,
            &unpacked)) {
        return gen_refuse(
            run, file, check.path, "rpc %s/%s: nnrpc.v1.http is malformed", service->full_name,
            method->proto->name);
    }
    const Nnrpc__V1__HttpRule *rule = (const Nnrpc__V1__HttpRule *)unpacked;
    if (rule == NULL) {
        return true;
    }
    size_t count = 1 + rule->n_additional_bindings;
    method->http_rules = gen_allocate_array(&run->memory, count, sizeof(*method->http_rules));
    method->http_rules[method->http_rule_count++] = rule;
    if (!gen_http_check_rule(&check, rule)) {
        return false;
    }
    struct gen_path path = check.path;
    for (size_t i = 0; i < rule->n_additional_bindings; i++) {
        const Nnrpc__V1__HttpRule *binding = rule->additional_bindings[i];
        check.path = gen_path_of(run, path, RULE_BINDINGS, i);
        if (binding->n_additional_bindings > 0) {
            return gen_http_refuse(
                &check, RULE_BINDINGS, "path", binding->path,
                "an additional binding has additional bindings");
        }
        method->http_rules[method->http_rule_count++] = binding;
        if (!gen_http_check_rule(&check, binding)) {
            return false;
        }
    }
    return true;
}

/* One rule as requests see it. */
struct gen_route {
    const char *key; /* verb, path with nameless variables, action */
    const struct gen_file *file;
    const struct gen_service *service;
    const struct gen_method *method;
    const Nnrpc__V1__HttpRule *rule;
    size_t order;
};

static const char *gen_route_key(struct gen_run *run, const Nnrpc__V1__HttpRule *rule) {
    struct gen_text key GEN_CLEANUP(gen_text_deinit) = {0};
    gen_text_printf(&key, "%s ", rule->verb);
    for (const char *at = rule->path; *at != '\0'; at++) {
        gen_text_append(&key, at, 1);
        if (*at == '{') {
            at += strcspn(at, "}") - 1;
        }
    }
    gen_text_printf(&key, "?%s", rule->action);
    return gen_copy(&run->memory, key.data, key.size);
}

static int gen_route_compare(const void *left, const void *right) {
    const struct gen_route *a = left;
    const struct gen_route *b = right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* Adds the routes of a service to those of the services before it. */
static void gen_routes_add(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_route *routes, size_t *count) {
    for (size_t i = 0; i < service->method_count; i++) {
        const struct gen_method *method = &service->methods[i];
        for (size_t k = 0; k < method->http_rule_count; k++) {
            const Nnrpc__V1__HttpRule *rule = method->http_rules[k];
            routes[*count] = (struct gen_route){
                .key = gen_route_key(run, rule),
                .file = file,
                .service = service,
                .method = method,
                .rule = rule,
                .order = *count};
            ++*count;
        }
    }
}

static size_t gen_routes_count(const struct gen_file *file) {
    size_t count = 0;
    for (size_t i = 0; i < file->service_count; i++) {
        for (size_t k = 0; k < file->services[i].method_count; k++) {
            count += file->services[i].methods[k].http_rule_count;
        }
    }
    return count;
}

/* The routes of all files, ordered by key. */
static struct gen_route *gen_routes_list(struct gen_run *run, size_t *out_count) {
    size_t capacity = 0;
    for (size_t i = 0; i < run->file_count; i++) {
        capacity += gen_routes_count(&run->files[i]);
    }
    struct gen_route *routes = gen_allocate_array(&run->memory, capacity, sizeof(*routes));
    size_t count = 0;
    for (size_t i = 0; i < run->file_count; i++) {
        const struct gen_file *file = &run->files[i];
        for (size_t k = 0; k < file->service_count; k++) {
            gen_routes_add(run, file, &file->services[k], routes, &count);
        }
    }
    qsort(routes, count, sizeof(*routes), gen_route_compare);
    *out_count = count;
    return routes;
}

bool gen_http_check_unique(struct gen_run *run) {
    size_t count = 0;
    const struct gen_route *routes = gen_routes_list(run, &count);
    for (size_t i = 1; i < count; i++) {
        const struct gen_route *other = &routes[i - 1];
        const struct gen_route *route = &routes[i];
        if (strcmp(other->key, route->key) == 0) {
            struct gen_path path = gen_path_with(run, route->method->path, GEN_METHOD_OPTIONS);
            const char *mark = route->rule->action[0] == '\0' ? "" : "?action=";
            return gen_refuse(
                run, route->file, gen_path_with(run, path, GEN_OPTION_HTTP),
                "rpc %s/%s: HTTP %s %s%s%s is taken by rpc %s/%s", route->service->full_name,
                route->method->proto->name, route->rule->verb, route->rule->path, mark,
                route->rule->action, other->service->full_name, other->method->proto->name);
        }
    }
    return true;
}
