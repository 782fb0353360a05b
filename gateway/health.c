/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervisors and load balancers ask. Neither needs a token: contactd's health is public.
 */
#include <stdlib.h>

#include "gateway.h"
#include "nnrpc/v1/health_service.nnrpc.h"

/* Who asks for readiness asks again soon. */
#define CHECK_TIMEOUT_MS 1000

static void answer_text(struct exchange *exchange, const char *json) {
    struct http_response response = {.status = 200, .content_type = "application/json"};
    nnrpc_buffer_append_text(&response.body, json);
    http_response_add_header(&response, "Cache-Control", "no-store");
    http_response_add_header(&response, "X-Content-Type-Options", "nosniff");
    response.failed = response.failed || response.body.failed;
    exchange_answer(exchange, &response);
}

void gateway_handle_health(struct exchange *exchange) {
    answer_text(exchange, "{\"status\":\"ok\"}");
}

static void finish_check(void *context, struct nnrpc_pending *pending) {
    struct exchange *exchange = context;
    Nnrpc__V1__CheckResponse *response = NULL;
    enum nnrpc_code code = health_service_check_finish(pending, &response, NULL);
    bool is_serving =
        response != NULL && response->status == NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
    if (response != NULL) {
        nnrpc__v1__check_response__free_unpacked(response, NULL);
    }
    if (is_serving) {
        answer_text(exchange, "{\"status\":\"ready\"}");
    } else if (code == NNRPC_OK) {
        gateway_refuse(
            exchange, NNRPC_UNAVAILABLE, 503, "SHUTTING_DOWN", "contactd takes no calls");
    } else {
        gateway_refuse(exchange, NNRPC_UNAVAILABLE, 503, "UNREACHABLE", "contactd does not answer");
    }
}

static void cancel_check(void *context) {
    nnrpc_pending_cancel(context);
}

void gateway_handle_readiness(const struct gateway *gateway, struct exchange *exchange) {
    static const struct nnrpc_retry_policy once = {.max_attempts = 1};
    const Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    const struct nnrpc_call_options options = {
        .timeout_ms = CHECK_TIMEOUT_MS,
        .retry = &once,
        .on_done = finish_check,
        .on_done_context = exchange,
    };
    struct nnrpc_pending *pending = NULL;
    if (atomic_load(&gateway->is_draining)) {
        gateway_refuse(
            exchange, NNRPC_UNAVAILABLE, 503, "SHUTTING_DOWN", "the gateway is stopping");
        return;
    }
    enum nnrpc_code code =
        health_service_check_start(exchange_client(exchange), &options, &request, &pending, NULL);
    if (code != NNRPC_OK) {
        gateway_refuse(exchange, NNRPC_UNAVAILABLE, 503, "UNREACHABLE", "contactd cannot be asked");
        return;
    }
    exchange_set_cancel(exchange, cancel_check, pending);
}
