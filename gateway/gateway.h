/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all loops share: constant once it is open, but for counters and what a reload sets.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>

#include "config.h"
#include "http/http_server.h"
#include "metrics/metrics.h"
#include "nnrpc/client.h"
#include "rest/rest.h"

#define GATEWAY_ETAG_BYTES 40

struct gateway {
    struct rest_table *rest;
    struct metrics *metrics;
    const char **labels; /* owned; texts are constant */
    struct nnrpc_buffer openapi;
    char openapi_etag[GATEWAY_ETAG_BYTES];
    char stats_token[NNRPC_TOKEN_MAX_BYTES]; /* "" when there is none */
    atomic_bool is_draining;
    atomic_uint_fast64_t slow_request_ns; /* 0: no request is slow */
};

/**
 * Makes everything that answers need.
 *
 * @param gateway  All zero; to be closed in any case.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (a token file that is none); what rest_table_new(),
 *         openapi_write() and metrics_new() return.
 */
NNRPC_NODISCARD enum nnrpc_code gateway_open(
    struct gateway *gateway, const struct gateway_config *config, struct nnrpc_status *out_status);
void gateway_close(struct gateway *gateway);

/** What HTTP needs of the gateway. */
extern const struct http_hooks gateway_hooks;

/** What is done with a body that a request announces; see http_server.h. */
enum http_body_use gateway_use_body(
    const struct gateway *gateway, const struct http_request *request);

/** Answers a request of any kind. */
void gateway_handle(struct exchange *exchange);

/** Answers with an error. */
void gateway_refuse(
    struct exchange *exchange, enum nnrpc_code code, unsigned http_status, const char *reason,
    const char *message);

/** Answers a request for the REST interface. */
void gateway_handle_rest(struct gateway *gateway, struct exchange *exchange);

/** Answers /healthz: the process lives. */
void gateway_handle_health(struct exchange *exchange);

/** Answers /readyz: contactd takes calls, and so does the gateway. */
void gateway_handle_readiness(const struct gateway *gateway, struct exchange *exchange);

/** Tells log and metrics of an exchange that is over. */
void gateway_note_access(struct gateway *gateway, const struct http_access *access);

#endif
