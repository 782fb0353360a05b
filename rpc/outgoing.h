/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels with a call beside its message, and who is told of its beginning and end: metadata,
 * credentials, trace, the budget of the call on whose behalf it is made, interceptors, span hook.
 */
#ifndef NNRPC_OUTGOING_H
#define NNRPC_OUTGOING_H

#include "client_state.h"

/**
 * Begins a call: appends its metadata to pending->encoded, runs the interceptors, and takes over
 * what its parent call bounds. Not locked.
 *
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (MALFORMED_FRAME, for metadata that cannot be sent);
 *         NNRPC_DEADLINE_EXCEEDED, NNRPC_CANCELLED, NNRPC_UNAVAILABLE when the parent is not wanted
 *         any more; or what an interceptor or the credentials say.
 */
NNRPC_NODISCARD enum nnrpc_code outgoing_begin(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    struct nnrpc_status *out_status);

/** Tells of a call's end. Once, and not locked; also for one that could not begin. */
void outgoing_end(struct nnrpc_pending *pending, const struct nnrpc_status *status);

#endif
