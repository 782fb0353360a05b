/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths.
 *
 * Two templates that differ by the names of variables alone are one path for OpenAPI, so the first
 * rule on a path names them for all.
 */
#include "openapi/paths.h"

#include <string.h>

#include "openapi/operation.h"
#include "openapi/parameters.h"

void openapi_collect_routes(
    const struct openapi_document *document, struct nnrpc_buffer *out_routes) {
    for (size_t i = 0; i < document->service_count; i++) {
        const struct nnrpc_service *service = document->services[i];
        for (size_t k = 0; k < service->method_count; k++) {
            for (size_t n = 0; n < service->methods[k].http_rule_count; n++) {
                const struct openapi_route route = {
                    .service = service,
                    .method = &service->methods[k],
                    .rule = &service->methods[k].http_rules[n],
                    .binding = n,
                };
                nnrpc_buffer_append(out_routes, &route, sizeof(route));
            }
        }
    }
}

/* Whether two templates match the same paths. */
static bool is_same_path(const struct openapi_route *a, const struct openapi_route *b) {
    const char *left = a->rule->path;
    const char *right = b->rule->path;
    while (*left != '\0' && *left == *right) {
        if (*left == '{') {
            left += strcspn(left, "}");
            right += strcspn(right, "}");
        } else {
            left++;
            right++;
        }
    }
    return *left == *right;
}

static bool is_same_verb(const struct openapi_route *a, const struct openapi_route *b) {
    return strcmp(a->rule->verb, b->rule->verb) == 0;
}

/* Whether an earlier route has the same path, and, where asked for, the same verb. */
static bool is_first(const struct openapi_route *routes, size_t index, bool with_verb) {
    for (size_t i = 0; i < index; i++) {
        if (is_same_path(&routes[i], &routes[index]) &&
            (!with_verb || is_same_verb(&routes[i], &routes[index]))) {
            return false;
        }
    }
    return true;
}

static void write_operation(
    struct openapi_document *document, const struct openapi_route *routes, size_t count,
    size_t index, const struct openapi_route *named) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer same = {0};
    for (size_t i = index; i < count; i++) {
        const struct openapi_route *route = &routes[i];
        if (is_same_path(route, &routes[index]) && is_same_verb(route, &routes[index])) {
            nnrpc_buffer_append(&same, &route, sizeof(route));
        }
    }
    if (same.failed) {
        document->writer.out->failed = true;
        return;
    }
    const struct openapi_routes operation = {
        .items = (const struct openapi_route *const *)(const void *)same.data,
        .count = same.size / sizeof(const struct openapi_route *),
    };
    openapi_write_operation(document, &operation, named);
}

void openapi_write_paths(
    struct openapi_document *document, const struct openapi_route *routes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer path = {0};
        openapi_append_path(&routes[i], &path);
        const char *key = nnrpc_buffer_text(&path);
        if (!is_first(routes, i, false) || key == NULL) {
            continue;
        }
        openapi_begin_object(&document->writer, key);
        for (size_t k = i; k < count; k++) {
            if (is_same_path(&routes[i], &routes[k]) && is_first(routes, k, true)) {
                write_operation(document, routes, count, k, &routes[i]);
            }
        }
        openapi_end_object(&document->writer);
    }
}
