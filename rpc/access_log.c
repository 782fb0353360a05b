/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls have a line, and what stands in it.
 */
#include "nnrpc/access_log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/buffer.h"
#include "nnrpc/log_text.h"
#include "nnrpc/trace.h"

#define REQUEST_ID_KEY "x-request-id"
#define REQUEST_ID_MOST 128 /* bytes of it that stand in a line */

struct nnrpc_access_log {
    atomic_int least;
    atomic_uint_least64_t slow_ns;
    void *self;
    void (*write)(void *self, enum nnrpc_access_kind kind, const char *line, size_t size);
};

enum nnrpc_code nnrpc_access_log_new(
    const struct nnrpc_access_log_options *options, struct nnrpc_access_log **out_log,
    struct nnrpc_status *out_status) {
    struct nnrpc_access_log *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for an access log");
    }
    log->self = options->self;
    log->write = options->write;
    nnrpc_access_log_set(log, options->least, options->slow_us);
    *out_log = log;
    return NNRPC_OK;
}

void nnrpc_access_log_free(struct nnrpc_access_log *log) {
    free(log);
}

void nnrpc_access_log_set(
    struct nnrpc_access_log *log, enum nnrpc_access_kind least, uint64_t slow_us) {
    atomic_store_explicit(&log->least, (int)least, memory_order_relaxed);
    uint64_t slow_ns = slow_us == 0 || slow_us > UINT64_MAX / 1000 ? UINT64_MAX : slow_us * 1000;
    atomic_store_explicit(&log->slow_ns, slow_ns, memory_order_relaxed);
}

static enum nnrpc_access_kind kind_of(
    const struct nnrpc_access_log *log, enum nnrpc_code code, uint64_t duration_ns) {
    if (code == NNRPC_UNKNOWN || code == NNRPC_INTERNAL || code == NNRPC_DATA_LOSS) {
        return NNRPC_ACCESS_FAULT;
    }
    if (duration_ns >= atomic_load_explicit(&log->slow_ns, memory_order_relaxed)) {
        return NNRPC_ACCESS_SLOW;
    }
    return code == NNRPC_OK ? NNRPC_ACCESS_ORDINARY : NNRPC_ACCESS_ERROR;
}

static void append_trace(struct nnrpc_buffer *line, const struct nnrpc_trace *trace) {
    static const uint8_t none[NNRPC_SPAN_ID_BYTES];
    char trace_id[NNRPC_TRACE_ID_TEXT_BYTES];
    char span_id[NNRPC_SPAN_ID_TEXT_BYTES];
    nnrpc_trace_id_text(trace, trace_id);
    nnrpc_log_append_text(line, "trace_id", trace_id);
    nnrpc_span_id_text(trace->span_id, span_id);
    nnrpc_log_append_text(line, "span_id", span_id);
    if (memcmp(trace->parent_span_id, none, sizeof(none)) != 0) {
        nnrpc_span_id_text(trace->parent_span_id, span_id);
        nnrpc_log_append_text(line, "parent_span_id", span_id);
    }
}

static void append_call(
    struct nnrpc_buffer *line, struct nnrpc_call *call, const struct nnrpc_status *status,
    const struct nnrpc_call_figures *figures) {
    struct nnrpc_slice request_id = {0};
    nnrpc_log_append_text(line, "method", nnrpc_call_method_name(call));
    nnrpc_log_append_text(line, "code", nnrpc_code_name(status->code));
    nnrpc_log_append_text(line, "reason", status->reason);
    nnrpc_log_append_text(line, "caller", nnrpc_call_caller(call));
    nnrpc_log_append_text(line, "address", nnrpc_call_address(call));
    nnrpc_log_append_number(line, "duration_us", figures->duration_ns / 1000);
    nnrpc_log_append_number(line, "queue_us", figures->queue_ns / 1000);
    nnrpc_log_append_number(line, "request_bytes", figures->request_bytes);
    nnrpc_log_append_number(line, "reply_bytes", figures->reply_bytes);
    if (nnrpc_call_get_metadata(call, REQUEST_ID_KEY, &request_id)) {
        size_t size = request_id.size < REQUEST_ID_MOST ? request_id.size : REQUEST_ID_MOST;
        nnrpc_log_append_pair(line, "request_id", request_id.data, size);
    }
    append_trace(line, nnrpc_call_trace(call));
}

static void log_call(void *self, struct nnrpc_call *call, const struct nnrpc_status *status) {
    struct nnrpc_access_log *log = self;
    struct nnrpc_call_figures figures;
    nnrpc_call_measure(call, &figures);
    enum nnrpc_access_kind kind = kind_of(log, status->code, figures.duration_ns);
    if ((int)kind < atomic_load_explicit(&log->least, memory_order_relaxed)) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    append_call(&line, call, status, &figures);
    if (kind == NNRPC_ACCESS_FAULT) {
        nnrpc_log_append_text(&line, "message", status->message);
    }
    const char *text = nnrpc_buffer_text(&line);
    if (text != NULL) {
        log->write(log->self, kind, text, line.size);
    }
}

struct nnrpc_interceptor nnrpc_access_log_interceptor(struct nnrpc_access_log *log) {
    return (struct nnrpc_interceptor){.self = log, .after = log_call};
}
