/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether anybody still waits for a call's answer.
 */
#include "clock.h"
#include "server_state.h"

static bool was_given_up(const struct nnrpc_call *call) {
    return atomic_load_explicit(&call->cancelled, memory_order_relaxed);
}

static bool is_late(const struct nnrpc_call *call) {
    return call->deadline_ns != 0 && nnrpc_clock_ns() >= call->deadline_ns;
}

static bool is_cut(const struct nnrpc_call *call) {
    return atomic_load_explicit(&call->frame->server->cutting, memory_order_relaxed);
}

bool nnrpc_call_is_cancelled(const struct nnrpc_call *call) {
    return was_given_up(call) || is_cut(call) || is_late(call);
}

enum nnrpc_code nnrpc_call_check_wanted(
    const struct nnrpc_call *call, struct nnrpc_status *out_status) {
    if (was_given_up(call)) {
        return nnrpc_fail(
            out_status, NNRPC_CANCELLED, NNRPC_DOMAIN, "CANCELLED",
            "the caller gave the call up before it was done");
    }
    if (is_late(call)) {
        return nnrpc_fail(
            out_status, NNRPC_DEADLINE_EXCEEDED, NNRPC_DOMAIN, "DEADLINE_EXCEEDED",
            "the call's budget of %u ms was spent before it was done", call->request.timeout_ms);
    }
    if (is_cut(call)) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "SHUTTING_DOWN",
            "the server is stopping and finishes no more calls");
    }
    return NNRPC_OK;
}

bool nnrpc_call_on_cancel(
    struct nnrpc_call *call, void (*callback)(void *context, struct nnrpc_call *call),
    void *context) {
    struct nnrpc_served_frame *frame = call->frame;
    pthread_mutex_lock(&frame->lock);
    bool is_early = !was_given_up(call);
    if (is_early) {
        call->on_cancel = callback;
        call->cancel_context = context;
    }
    pthread_mutex_unlock(&frame->lock);
    return is_early;
}

void nnrpc_call_tell_cancelled(struct nnrpc_call *call) {
    struct nnrpc_served_frame *frame = call->frame;
    pthread_mutex_lock(&frame->lock);
    void (*callback)(void *context, struct nnrpc_call *call) = call->on_cancel;
    void *context = call->cancel_context;
    pthread_mutex_unlock(&frame->lock);
    if (callback != NULL) {
        callback(context, call);
    }
}
