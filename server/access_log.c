/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lines about calls go: ordinary ones and callers' errors to debug, slow calls to info,
 * the server's own faults to error.
 */
#include "access_log.h"

static enum daemon_log_level level_of(enum nnrpc_access_kind kind) {
    switch (kind) {
    case NNRPC_ACCESS_ORDINARY:
    case NNRPC_ACCESS_ERROR:
        return DAEMON_LOG_DEBUG;
    case NNRPC_ACCESS_SLOW:
        return DAEMON_LOG_INFO;
    case NNRPC_ACCESS_FAULT:
        return DAEMON_LOG_ERROR;
    }
    return DAEMON_LOG_ERROR;
}

static void write_line(void *self, enum nnrpc_access_kind kind, const char *line, size_t size) {
    (void)self;
    daemon_log_pairs(level_of(kind), kind == NNRPC_ACCESS_SLOW ? "slow_call" : "call", line, size);
}

/* No line is made only to be thrown away. */
static enum nnrpc_access_kind least_kind(void) {
    if (daemon_log_enabled(DAEMON_LOG_DEBUG)) {
        return NNRPC_ACCESS_ORDINARY;
    }
    return daemon_log_enabled(DAEMON_LOG_INFO) ? NNRPC_ACCESS_SLOW : NNRPC_ACCESS_FAULT;
}

enum nnrpc_code contactd_access_log_new(
    uint64_t slow_ms, struct nnrpc_access_log **out_log, struct nnrpc_status *out_status) {
    const struct nnrpc_access_log_options options = {
        .least = least_kind(),
        .slow_us = slow_ms * 1000,
        .write = write_line,
    };
    return nnrpc_access_log_new(&options, out_log, out_status);
}

void contactd_access_log_set(struct nnrpc_access_log *log, uint64_t slow_ms) {
    nnrpc_access_log_set(log, least_kind(), slow_ms * 1000);
}
