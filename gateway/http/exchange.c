/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange as its handler sees it.
 */
#include "exchange.h"

#include "connection.h"
#include "server_state.h"

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
