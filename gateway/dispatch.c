/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of the gateway answers a request: what stands at a path of its own, else REST.
 */
#include <string.h>

#include "gateway.h"
#include "page/page.h"

static bool is_read(const struct http_request *request) {
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

void gateway_refuse(
    struct exchange *exchange, enum nnrpc_code code, unsigned http_status, const char *reason,
    const char *message) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct http_response response = {0};
    (void)nnrpc_fail(&status, code, NNRPC_DOMAIN, reason, "%s", message);
    rest_write_error(&status, http_status, false, &response);
    exchange_answer(exchange, &response);
}

/* Answers what is no GET and no HEAD of a standing path. */
static void answer_other_method(struct exchange *exchange) {
    const struct http_request *request = exchange_request(exchange);
    struct http_response response = {.status = 204};
    if (strcmp(request->method, "OPTIONS") != 0) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, "METHOD_NOT_ALLOWED",
            "%s is no method of %s: expected GET, HEAD, OPTIONS", request->method, request->path);
        rest_write_error(&status, 405, false, &response);
    }
    http_response_add_header(&response, "Allow", "GET, HEAD, OPTIONS");
    exchange_answer(exchange, &response);
}

static void answer_description(const struct gateway *gateway, struct exchange *exchange) {
    const char *known = http_request_header(exchange_request(exchange), "If-None-Match");
    struct http_response response = {.status = 200};
    http_response_add_header(&response, "ETag", "%s", gateway->openapi_etag);
    http_response_add_header(&response, "Cache-Control", "no-cache");
    http_response_add_header(&response, "X-Content-Type-Options", "nosniff");
    if (known != NULL && http_etag_is_listed(known, gateway->openapi_etag)) {
        response.status = 304; /* whose length is that of the body that it stands for */
    }
    response.content_type = "application/json";
    response.constant_body = gateway->openapi.data;
    response.constant_body_size = gateway->openapi.size;
    exchange_answer(exchange, &response);
}

/* In the order in which handle_standing() knows them. */
static const struct {
    const char *path;
    const char *label;
} standing[] = {
    {"/healthz", "healthz"},
    {"/readyz", "readyz"},
    {"/metrics", "metrics"},
    {"/openapi.json", "openapi"},
};

static size_t find_standing(const char *path) {
    size_t i = 0;
    while (i < NNRPC_LENGTH(standing) && strcmp(standing[i].path, path) != 0) {
        i++;
    }
    return i;
}

/* @return whether the path is a standing one. */
static bool handle_standing(struct gateway *gateway, struct exchange *exchange, const char *path) {
    size_t i = find_standing(path);
    if (i == NNRPC_LENGTH(standing)) {
        return false;
    }
    exchange_set_label(exchange, standing[i].label);
    if (!is_read(exchange_request(exchange))) {
        answer_other_method(exchange);
    } else if (i == 0) {
        gateway_handle_health(exchange);
    } else if (i == 1) {
        gateway_handle_readiness(gateway, exchange);
    } else if (i == 2) {
        metrics_handle(gateway->metrics, exchange);
    } else {
        answer_description(gateway, exchange);
    }
    return true;
}

void gateway_handle(struct exchange *exchange) {
    struct gateway *gateway = exchange_gateway(exchange);
    const char *path = exchange_request(exchange)->path;
    if (rest_has_path(gateway->rest, path) ||
        (!handle_standing(gateway, exchange, path) && !page_handle(exchange))) {
        gateway_handle_rest(gateway, exchange);
    }
}

/* A path that nothing has, and a request without a token, are refused whatever the body says; at a
 * standing path, and for the page, it says nothing. */
enum http_body_use gateway_use_body(
    const struct gateway *gateway, const struct http_request *request) {
    if (rest_has_path(gateway->rest, request->path)) {
        const char *token = http_request_header(request, "Authorization");
        return token == NULL || *token == '\0' ? HTTP_BODY_UNREAD : HTTP_BODY_KEPT;
    }
    return find_standing(request->path) < NNRPC_LENGTH(standing) ? HTTP_BODY_DROPPED
                                                                 : HTTP_BODY_UNREAD;
}
