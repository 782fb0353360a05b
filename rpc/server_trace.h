/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans of served calls, for the serving side's own files.
 */
#ifndef NNRPC_SERVER_TRACE_H
#define NNRPC_SERVER_TRACE_H

#include "call.h"

/** As nnrpc_call_trace(), with the frame's lock held. */
const struct nnrpc_trace *nnrpc_call_trace_locked(struct nnrpc_call *call);

/** Tells the span hook, if there is one, of a call whose answer is decided. */
void nnrpc_call_end_span(struct nnrpc_call *call, const struct nnrpc_status *status);

/** CLOCK_REALTIME nanoseconds of the past moment that CLOCK_MONOTONIC counts as monotonic_ns. */
uint64_t nnrpc_unix_ns(uint64_t monotonic_ns);

#endif
