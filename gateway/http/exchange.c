/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange as its handler sees it, and what is told of it at its end.
 */
#include "exchange.h"

#include <string.h>

#include "connection.h"
#include "server_state.h"

#define REQUEST_ID_MOST 127         /* bytes of what a client calls its request */
#define KEPT_BODY_BYTES (64u << 10) /* a body's buffer above this is not kept */

const struct http_request *exchange_request(const struct exchange *exchange) {
    return &exchange->request;
}

struct gateway *exchange_gateway(struct exchange *exchange) {
    return exchange->connection->server->options.gateway;
}

struct nnrpc_client *exchange_client(struct exchange *exchange) {
    return exchange->connection->server->options.client;
}

void exchange_set_label(struct exchange *exchange, const char *label) {
    exchange->label = label;
}

void exchange_set_cancel(struct exchange *exchange, exchange_cancel *cancel, void *context) {
    exchange->cancel = cancel;
    exchange->cancel_context = context;
}

const char *exchange_request_id(const struct exchange *exchange) {
    const char *id = http_response_header(&exchange->response, "X-Request-Id");
    if (id == NULL) {
        id = http_request_header(&exchange->request, "X-Request-Id");
    }
    return id == NULL || strlen(id) > REQUEST_ID_MOST ? "" : id;
}

uint64_t exchange_sent_bytes(const struct exchange *exchange) {
    const struct http_response *response = &exchange->response;
    const char *method = exchange->request.method;
    bool is_told_only = response->status == 304 || (method != NULL && strcmp(method, "HEAD") == 0);
    return is_told_only ? 0 : response->body.size + response->constant_body_size;
}

void exchange_reset(struct exchange *exchange) {
    http_response_deinit(&exchange->response);
    nnrpc_buffer_clear(&exchange->target);
    if (exchange->body.capacity > KEPT_BODY_BYTES) {
        nnrpc_buffer_deinit(&exchange->body);
    }
    nnrpc_buffer_clear(&exchange->body);
    exchange->request = (struct http_request){0};
    exchange->received_bytes = 0;
    exchange->body_bytes = 0;
    exchange->label = NULL;
    exchange->cancel = NULL;
    exchange->is_begun = false;
    exchange->is_too_large = false;
    exchange->drops_body = false;
    exchange->is_answered = false;
}
