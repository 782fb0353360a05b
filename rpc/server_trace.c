/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans of served calls. A call that nobody asks for its trace has none: reading the caller's
 * and making ids waits until then.
 */
#include "server_trace.h"

#include "reply.h"
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
