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

static enum daemon_log_level level_of(const struct http_access *access, bool is_slow) {
    if (access->status >= 500 || access->status == 0) {
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

void gateway_note_access(struct gateway *gateway, const struct http_access *access) {
    uint64_t slow_ns = atomic_load_explicit(&gateway->slow_request_ns, memory_order_relaxed);
    bool is_slow = slow_ns != 0 && access->duration_ns >= slow_ns;
    enum daemon_log_level level = level_of(access, is_slow);
    metrics_observe(
        gateway->metrics, access->label == NULL ? "unknown" : access->label, access->status,
        access->duration_ns, access->received_bytes, access->sent_bytes);
    if (daemon_log_enabled(level)) {
        write_line(level, is_slow ? "slow_request" : "request", access);
    }
}

static void count_connections(struct gateway *gateway, int change) {
    metrics_add_connections(gateway->metrics, change);
}

static void count_requests(struct gateway *gateway, int change) {
    metrics_add_requests(gateway->metrics, change);
}

const struct http_hooks gateway_hooks = {
    .handle = gateway_handle,
    .write_error = rest_write_error,
    .connections_changed = count_connections,
    .requests_changed = count_requests,
    .finished = gateway_note_access,
};
