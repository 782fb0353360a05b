/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line for each served call, as an interceptor. The library writes nowhere by itself: a line goes
 * to a callback, without time and level, which are the program's.
 *
 * A line is pairs in logfmt (nnrpc/log_text.h): method, code, reason, caller, address, duration_us,
 * queue_us (of the duration, until the handler began), request_bytes, reply_bytes, request_id (the
 * caller's x-request-id), trace_id, span_id, and parent_span_id when the caller sent one. Pairs
 * without a value are left out. Neither requests nor replies are in it, and of errors only code and
 * reason are, but for the message of a fault, which is the server's own.
 */
#ifndef NNRPC_ACCESS_LOG_H
#define NNRPC_ACCESS_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/server.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

/** What sort of a call it was, the least remarkable first. */
enum nnrpc_access_kind {
    NNRPC_ACCESS_ORDINARY,
    NNRPC_ACCESS_ERROR, /* failed */
    NNRPC_ACCESS_SLOW,  /* took slow_us or longer, however it ended */
    NNRPC_ACCESS_FAULT, /* failed by the server's fault: UNKNOWN, INTERNAL, DATA_LOSS */
};

struct nnrpc_access_log;

struct nnrpc_access_log_options {
    enum nnrpc_access_kind least; /* calls below this kind have no line */
    uint64_t slow_us;             /* 0: no call is slow */
    void *self;
    /** Takes a line: terminated, without a line end, borrowed. Any thread, several at once. */
    void (*write)(void *self, enum nnrpc_access_kind kind, const char *line, size_t size);
};

/**
 * Makes a log. It must live as long as the server it is added to.
 *
 * @param out_log  On NNRPC_OK release with nnrpc_access_log_free(); else untouched.
 * @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_access_log_new(
    const struct nnrpc_access_log_options *options, struct nnrpc_access_log **out_log,
    struct nnrpc_status *out_status);

/** NULL is fine. */
void nnrpc_access_log_free(struct nnrpc_access_log *log);

/** Changes what has a line, also while calls are served. */
void nnrpc_access_log_set(
    struct nnrpc_access_log *log, enum nnrpc_access_kind least, uint64_t slow_us);

/**
 * The interceptor. Added first, it sees each call last, with everything that others said of it. A
 * call without a line costs a few nanoseconds.
 */
struct nnrpc_interceptor nnrpc_access_log_interceptor(struct nnrpc_access_log *log);

NNRPC_END_DECLARATIONS

#endif
