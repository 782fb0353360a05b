/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spans of served calls, for the serving side's own files.
 */
#ifndef NNRPC_SERVER_TRACE_H
#define NNRPC_SERVER_TRACE_H

#include "call.h"

/** As nnrpc_call_trace(), with the frame's lock held. */
const struct nnrpc_trace *nnrpc_call_trace_locked(struct nnrpc_call *call);

#endif
