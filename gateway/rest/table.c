/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All rules, made ready.
 */
#include "rest/table.h"

#include <stdlib.h>

static size_t count_rules(
    const struct nnrpc_service *const *services, size_t service_count, size_t *out_methods) {
    size_t rules = 0;
    *out_methods = 0;
    for (size_t index = 0; index < service_count; index++) {
        for (size_t method = 0; method < services[index]->method_count; method++) {
            rules += services[index]->methods[method].http_rule_count;
            *out_methods += services[index]->methods[method].http_rule_count != 0;
        }
    }
    return rules;
}

static enum nnrpc_code add_method(
    struct rest_table *table, const struct nnrpc_method *method, struct nnrpc_status *out_status) {
    if (method->http_rule_count == 0) {
        return NNRPC_OK;
    }
    struct rest_bound *bound = &table->bounds[table->bound_count++];
    for (size_t index = 0; index < method->http_rule_count; index++) {
        struct rest_rule *rule = &table->rules[table->rule_count];
        enum nnrpc_code code =
            rest_rule_read(method, &method->http_rules[index], bound, rule, out_status);
        if (code == NNRPC_OK) {
            table->rule_count++;
            code = rest_route_add(&table->root, rule, out_status);
        }
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

static enum nnrpc_code add_services(
    struct rest_table *table, const struct nnrpc_service *const *services, size_t service_count,
    struct nnrpc_status *out_status) {
    for (size_t index = 0; index < service_count; index++) {
        for (size_t method = 0; method < services[index]->method_count; method++) {
            enum nnrpc_code code = add_method(table, &services[index]->methods[method], out_status);
            if (code != NNRPC_OK) {
                return code;
            }
        }
    }
    return NNRPC_OK;
}

enum nnrpc_code rest_table_new(
    const struct nnrpc_service *const *services, size_t service_count,
    struct rest_table **out_table, struct nnrpc_status *out_status) {
    size_t methods = 0;
    size_t rules = count_rules(services, service_count, &methods);
    NNRPC_CLEANUP(rest_table_freep) struct rest_table *table = calloc(1, sizeof(*table));
    if (table != NULL) {
        table->rules = calloc(rules + 1, sizeof(*table->rules));
        table->bounds = calloc(methods + 1, sizeof(*table->bounds));
    }
    if (table == NULL || table->rules == NULL || table->bounds == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the table of paths");
    }
    enum nnrpc_code code = add_services(table, services, service_count, out_status);
    if (code == NNRPC_OK) {
        *out_table = table;
        table = NULL;
    }
    return code;
}

void rest_table_free(struct rest_table *table) {
    if (table != NULL) {
        rest_route_deinit(&table->root);
        free(table->rules);
        free(table->bounds);
        free(table);
    }
}

void rest_table_freep(struct rest_table **table) {
    rest_table_free(*table);
    *table = NULL;
}

bool rest_has_path(const struct rest_table *table, const char *path) {
    NNRPC_CLEANUP(rest_path_deinit) struct rest_path split = {0};
    return rest_path_read(path, &split) == REST_PATH_OK &&
           rest_route_verbs(&table->root, &split) != 0;
}

void rest_table_visit(
    const struct rest_table *table, void *context,
    void (*visit)(
        void *context, const struct nnrpc_method *method, const struct nnrpc_http_rule *rule)) {
    for (size_t index = 0; index < table->rule_count; index++) {
        visit(context, table->rules[index].method, table->rules[index].http);
    }
}
