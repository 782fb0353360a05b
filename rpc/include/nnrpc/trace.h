/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which call belongs to which: the trace context of the W3C recommendation "Trace Context"
 * (https://www.w3.org/TR/trace-context/), carried as metadata `traceparent` and `tracestate`, and
 * the span that tells of a finished call.
 *
 * Any thread.
 */
#ifndef NNRPC_TRACE_H
#define NNRPC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

#define NNRPC_TRACEPARENT_KEY "traceparent"
#define NNRPC_TRACESTATE_KEY "tracestate"
#define NNRPC_TRACE_ID_BYTES 16
#define NNRPC_SPAN_ID_BYTES 8
#define NNRPC_TRACE_SAMPLED 1u /* of flags: the caller records this trace */

/** Texts with their terminator. */
#define NNRPC_TRACEPARENT_TEXT_BYTES 56
#define NNRPC_TRACE_ID_TEXT_BYTES 33
#define NNRPC_SPAN_ID_TEXT_BYTES 17

/** One span of a trace. All zero: none. */
struct nnrpc_trace {
    uint8_t trace_id[NNRPC_TRACE_ID_BYTES];
    uint8_t span_id[NNRPC_SPAN_ID_BYTES];
    uint8_t parent_span_id[NNRPC_SPAN_ID_BYTES]; /* all zero: the trace begins here */
    uint8_t flags;
};

/**
 * Reads the value of `traceparent`: the sender's span, without a parent. Versions above 00 are read
 * as the recommendation says, by what they share with 00.
 *
 * @return false when it is not a traceparent, all-zero ids included; *out_trace is untouched then.
 */
bool nnrpc_trace_parse(const void *text, size_t size, struct nnrpc_trace *out_trace);

/** Writes the value of `traceparent` that makes `trace` the receiver's parent. */
void nnrpc_trace_format(
    const struct nnrpc_trace *trace, char out_text[NNRPC_TRACEPARENT_TEXT_BYTES]);

/** Begins a span: below `parent`, or, when that is NULL or none, a trace of its own, sampled. */
void nnrpc_trace_begin(const struct nnrpc_trace *parent, struct nnrpc_trace *out_trace);

/** Whether there is a trace at all. */
bool nnrpc_trace_is_set(const struct nnrpc_trace *trace);

/** Ids in lower-case hexadecimal, as they stand in logs. */
void nnrpc_trace_id_text(const struct nnrpc_trace *trace, char out_text[NNRPC_TRACE_ID_TEXT_BYTES]);
void nnrpc_span_id_text(
    const uint8_t span_id[NNRPC_SPAN_ID_BYTES], char out_text[NNRPC_SPAN_ID_TEXT_BYTES]);

enum nnrpc_span_kind {
    NNRPC_SPAN_SERVER, /* from the frame's arrival to the call's answer */
    NNRPC_SPAN_CLIENT, /* from start to finish of a call, all of its tries */
};

/** A finished call. Everything is borrowed until the hook returns. */
struct nnrpc_span {
    enum nnrpc_span_kind kind;
    const char *method;  /* "package.Service/Method" */
    const char *address; /* server: where the call came; client: the endpoint that answered last,
                            "" when none did */
    const char *caller;  /* server: the authenticated caller's name, "" for none; client: "" */
    struct nnrpc_trace trace;
    uint64_t start_unix_ns; /* CLOCK_REALTIME */
    uint64_t duration_ns;
    uint32_t attempts; /* client: tries made; server: 1 */
    const struct nnrpc_status *status;
};

/** Told of every finished call; `end` must not block. Any thread, several at once. */
struct nnrpc_span_hook {
    void *self;
    void (*end)(void *self, const struct nnrpc_span *span); /* NULL: no hook */
};

NNRPC_END_DECLARATIONS

#endif
