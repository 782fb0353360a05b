/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server takes of each method: how many calls at once, how many a second, how large.
 *
 * Limits are looked at when a call would start, after interceptors have let it pass, so that what
 * authentication refuses costs nobody anything. A call beyond one is refused at once, with
 * RESOURCE_EXHAUSTED: METHOD_LIMITED with `limit` ("concurrency" or "rate"), `max` and
 * retry_after_ms, or REQUEST_TOO_LARGE or REPLY_TOO_LARGE with both sizes.
 */
#ifndef NNRPC_LIMITS_H
#define NNRPC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

struct nnrpc_server;

/** A member that is 0 limits nothing. */
struct nnrpc_method_limit {
    /**
     * "package.Service/Method", "package.Service/" followed by a star for each method of a service,
     * or a star alone for each method of the server. The closest one counts, whole: a method that
     * is named has nothing of what is said of its service. Each method is limited by itself.
     */
    const char *methods;
    /**
     * Calls that were started and are not answered: those that wait for a worker or are deferred
     * too. What a receiver runs at once, it runs one after the other, whatever a frame holds.
     */
    uint32_t max_concurrent_calls;
    double calls_per_second; /* 0.001 to 1e9 */
    /** Calls that may start at once after a pause; 0: those of one second, at least one. Needs
     *  calls_per_second. */
    uint32_t burst_calls;
    size_t max_request_bytes; /* packed request message */
    size_t max_reply_bytes;   /* packed response message; lists end their page there */
};

/**
 * Replaces all limits of methods. Before nnrpc_server_start(), or while the server runs, at any
 * time and from any thread: calls that come meanwhile may meet some old and some new ones. Calls
 * that were started without a limit of concurrency do not count once there is one.
 *
 * Standing services (health and cancellation) are never limited: stars pass them over.
 *
 * @param limits  Copied.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT, with nothing changed (a number out of bounds, one name
 *         twice; a method or service that the server does not have, or a standing one: known, and
 *         told, only once the server is started, by nnrpc_server_start() where limits were set
 *         before); NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_set_method_limits(
    struct nnrpc_server *server, const struct nnrpc_method_limit *limits, size_t count,
    struct nnrpc_status *out_status);

NNRPC_END_DECLARATIONS

#endif
