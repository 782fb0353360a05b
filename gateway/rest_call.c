/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A REST request on its way to contactd and back. It starts its call and ends in a callback of the
 * loop's client; nothing waits.
 */
#include <stdlib.h>

#include "gateway.h"

struct rest_exchange {
    struct exchange *exchange;
    struct rest_call call;
    struct nnrpc_reply_metadata *metadata;
    struct nnrpc_pending *pending;
};

static void rest_exchange_free(struct rest_exchange *rest) {
    rest_call_deinit(&rest->call);
    nnrpc_reply_metadata_free(rest->metadata);
    free(rest);
}

static void message_freep(ProtobufCMessage **message) {
    if (*message != NULL) {
        protobuf_c_message_free_unpacked(*message, NULL);
    }
}

static void answer(
    struct rest_exchange *rest, enum nnrpc_code code, const ProtobufCMessage *message,
    const struct nnrpc_status *status) {
    struct http_response response = {0};
    struct exchange *exchange = rest->exchange;
    rest_write_answer(
        &rest->call, exchange_request(exchange), code, message, status, rest->metadata, &response);
    rest_exchange_free(rest);
    exchange_answer(exchange, &response);
}

static void finish(void *context, struct nnrpc_pending *pending) {
    struct rest_exchange *rest = context;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(message_freep) ProtobufCMessage *message = NULL;
    enum nnrpc_code code = nnrpc_client_finish(pending, &message, &status);
    answer(rest, code, message, &status);
}

/* The client is gone, or the gateway ends: contactd need not go on. */
static void cancel(void *context) {
    struct rest_exchange *rest = context;
    nnrpc_pending_cancel(rest->pending);
    rest_exchange_free(rest);
}

static enum nnrpc_code start(struct rest_exchange *rest, struct nnrpc_status *out_status) {
    const struct nnrpc_call_options options = {
        .metadata = rest->call.metadata,
        .metadata_count = rest->call.metadata_count,
        .reply_metadata = rest->metadata,
        .token = rest->call.token,
        .trace = nnrpc_trace_is_set(&rest->call.trace) ? &rest->call.trace : NULL,
        .on_done = finish,
        .on_done_context = rest,
    };
    return nnrpc_client_start(
        exchange_client(rest->exchange), rest->call.method, &options, rest->call.message,
        &rest->pending, out_status);
}

void gateway_handle_rest(struct gateway *gateway, struct exchange *exchange) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct http_response response = {0};
    struct rest_exchange *rest = calloc(1, sizeof(*rest));
    struct nnrpc_reply_metadata *metadata = nnrpc_reply_metadata_new();
    if (rest == NULL || metadata == NULL) {
        free(rest);
        nnrpc_reply_metadata_free(metadata);
        gateway_refuse(
            exchange, NNRPC_RESOURCE_EXHAUSTED, 503, "MEMORY_LIMIT", "not enough memory");
        return;
    }
    rest->exchange = exchange;
    rest->metadata = metadata;
    if (!rest_read_request(gateway->rest, exchange_request(exchange), &rest->call, &response)) {
        exchange_set_label(
            exchange, rest->call.method == NULL ? "unknown" : rest->call.method->name);
        rest_exchange_free(rest);
        exchange_answer(exchange, &response);
        return;
    }
    exchange_set_label(exchange, rest->call.method->name);
    enum nnrpc_code code = start(rest, &status);
    if (code != NNRPC_OK) {
        answer(rest, code, NULL, &status);
        return;
    }
    exchange_set_cancel(exchange, cancel, rest);
}
