/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans of served calls. A call that nobody asks for its trace has none: reading the caller's
 * and making ids waits until then.
 */
#include "server_trace.h"

#include <time.h>

#include "clock.h"
#include "server_state.h"

/* Below the caller's span when it sent one, else a trace of its own. */
static void begin_trace(struct nnrpc_call *call) {
    struct nnrpc_slice value;
    struct nnrpc_trace parent = {0};
    if (nnrpc_call_get_metadata(call, NNRPC_TRACEPARENT_KEY, &value)) {
        (void)nnrpc_trace_parse(value.data, value.size, &parent);
    }
    nnrpc_trace_source_begin(&call->frame->server->trace_source, &parent, &call->trace);
    atomic_store_explicit(&call->is_traced, true, memory_order_release);
}

const struct nnrpc_trace *nnrpc_call_trace_locked(struct nnrpc_call *call) {
    if (!atomic_load_explicit(&call->is_traced, memory_order_relaxed)) {
        begin_trace(call);
    }
    return &call->trace;
}

const struct nnrpc_trace *nnrpc_call_trace(struct nnrpc_call *call) {
    if (!atomic_load_explicit(&call->is_traced, memory_order_acquire)) {
        pthread_mutex_lock(&call->frame->lock);
        (void)nnrpc_call_trace_locked(call);
        pthread_mutex_unlock(&call->frame->lock);
    }
    return &call->trace;
}

void nnrpc_call_measure(const struct nnrpc_call *call, struct nnrpc_call_figures *out_figures) {
    uint64_t arrival_ns = call->frame->arrival_ns;
    uint64_t ended_ns = call->ended_ns != 0 ? call->ended_ns : nnrpc_clock_ns();
    uint64_t started_ns = atomic_load_explicit(&call->started_ns, memory_order_relaxed);
    *out_figures = (struct nnrpc_call_figures){
        .duration_ns = ended_ns - arrival_ns,
        .queue_ns = (started_ns != 0 ? started_ns : ended_ns) - arrival_ns,
        .request_bytes = call->request.message.size,
        .reply_bytes = call->reply_bytes,
    };
}

uint64_t nnrpc_unix_ns(uint64_t monotonic_ns) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return now_ns - (nnrpc_clock_ns() - monotonic_ns);
}

void nnrpc_call_end_span(struct nnrpc_call *call, const struct nnrpc_status *status) {
    const struct nnrpc_span_hook *hook = &call->frame->server->span_hook;
    if (hook->end == NULL) {
        return;
    }
    const struct nnrpc_span span = {
        .kind = NNRPC_SPAN_SERVER,
        .method = nnrpc_call_method_name(call),
        .address = nnrpc_call_address(call),
        .caller = nnrpc_call_caller(call),
        .trace = *nnrpc_call_trace(call),
        .start_unix_ns = nnrpc_unix_ns(call->frame->arrival_ns),
        .duration_ns = call->ended_ns - call->frame->arrival_ns,
        .attempts = 1,
        .status = status,
    };
    hook->end(hook->self, &span);
}
