/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of requests: a count for each, a line where the log's level asks for one. Query,
 * headers and bodies are never in a line; they may hold tokens and passwords.
 */
#include <stdio.h>

#include "daemon/log.h"
#include "gateway.h"
#include "nnrpc/log_text.h"

#define NS_PER_US 1000

#define NOT_AWAITED 499 /* the client did not wait for an answer; there was none */

/* What a client can bring about by itself, and needs no token for, is not worth more than debug:
 * it could fill the log. */
static bool is_by_client(unsigned status) {
    return status < 500 || status == 501 || status == 505;
}

static enum daemon_log_level level_of(const struct http_access *access, bool is_slow) {
    if (!is_by_client(access->status)) {
        return DAEMON_LOG_WARNING;
    }
    return is_slow ? DAEMON_LOG_INFO : DAEMON_LOG_DEBUG;
}

static void write_line(
    enum daemon_log_level level, const char *event, const struct http_access *access) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    nnrpc_log_append_text(&line, "method", access->method);
    nnrpc_log_append_text(&line, "path", access->path);
    nnrpc_log_append_text(&line, "label", access->label);
    nnrpc_log_append_number(&line, "status", access->status);
    nnrpc_log_append_number(&line, "duration_us", access->duration_ns / NS_PER_US);
    nnrpc_log_append_number(&line, "received_bytes", access->received_bytes);
    nnrpc_log_append_number(&line, "sent_bytes", access->sent_bytes);
    nnrpc_log_append_text(&line, "client", access->client);
    nnrpc_log_append_text(&line, "request_id", access->request_id);
    nnrpc_log_append_text(&line, "ended", access->was_sent ? NULL : "early");
    daemon_log_pairs(level, event, (const char *)line.data, line.size);
}

void gateway_note_access(struct gateway *gateway, const struct http_access *seen) {
    uint64_t slow_ns = atomic_load_explicit(&gateway->slow_request_ns, memory_order_relaxed);
    struct http_access access = *seen;
    access.status = seen->status == 0 ? NOT_AWAITED : seen->status;
    bool is_slow = seen->status != 0 && slow_ns != 0 && access.duration_ns >= slow_ns;
    enum daemon_log_level level = level_of(&access, is_slow);
    metrics_observe(
        gateway->metrics, access.label == NULL ? "unknown" : access.label, access.status,
        access.duration_ns, access.received_bytes, access.sent_bytes);
    if (daemon_log_enabled(level)) {
        write_line(level, is_slow ? "slow_request" : "request", &access);
    }
}

static void count_connections(struct gateway *gateway, int change) {
    metrics_add_connections(gateway->metrics, change);
}

static void count_requests(struct gateway *gateway, int change) {
    metrics_add_requests(gateway->metrics, change);
}

const struct http_hooks gateway_hooks = {
    .use_body = gateway_use_body,
    .handle = gateway_handle,
    .write_error = rest_write_error,
    .connections_changed = count_connections,
    .requests_changed = count_requests,
    .finished = gateway_note_access,
};
