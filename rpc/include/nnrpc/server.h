/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side: addresses, services, interceptors, and the calls that handlers answer.
 *
 * One receiver thread an address decodes frames and runs handlers inline. A handler answers at
 * once, or defers and answers later from any thread, or asks to be run again on a worker. Calls
 * whose method is slow (nnrpc.v1.slow) run on the slow pool from the start. Reads (methods without
 * side effects) that come after their frame's budget is spent run on a read worker.
 *
 * Writes (all other methods) reach their handlers in frame order: one that is slow takes those
 * after it along to its worker, where they run one after the other. Only a write whose handler
 * asks for a worker leaves that order.
 *
 * A reply frame has at most what its caller takes (max_reply_bytes), 16 MiB (or less, see
 * nnrpc_server_options), and never less than
 * it takes to answer every call with its code and reason. What does not fit is refused as
 * FRAME_FULL or REPLY_TOO_LARGE; errors are cut down to fit: first their details go, then the
 * message, then the reply metadata.
 *
 * Calls that wait for a worker are refused early: a call that could not be answered by its deadline
 * behind those that wait is OVERLOADED at once, as is any call while the queue's delay stands above
 * a target (see nnrpc/queue_delay.h). One whose time runs out while it waits is not started.
 *
 * What was received is wiped once it is answered, and so is what was unpacked of requests that
 * have sensitive fields.
 */
#ifndef NNRPC_SERVER_H
#define NNRPC_SERVER_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/arena.h"
#include "nnrpc/base.h"
#include "nnrpc/limits.h"
#include "nnrpc/metadata.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "nnrpc/trace.h"
#include "nnrpc/wire.h"

NNRPC_BEGIN_DECLARATIONS

struct nnrpc_server;
struct nnrpc_call;

/**
 * Says that a handler answered, deferred or moved its call. Only the functions below make one, so
 * a handler that forgets to answer does not compile.
 */
struct nnrpc_answer {
    int opaque;
};

/** For queue_target_ms: only deadlines decide what waits for a worker. */
#define NNRPC_NO_QUEUE_TARGET UINT32_MAX

/** All zero takes the defaults. Everything is copied. */
struct nnrpc_server_options {
    const char *program;          /* "contactd 1.0.0", for GetStats; NULL: "nnrpc" */
    uint32_t max_calls_in_flight; /* above: OVERLOADED; 0: 16,384 */
    uint32_t read_workers;        /* threads for calls that leave the receiver; 0: 1 */
    uint32_t slow_workers;        /* threads for slow calls; 0: 2 */
    uint32_t worker_queue_calls;  /* calls waiting for each pool; above: OVERLOADED; 0: 1,024 */
    uint32_t frame_budget_us;     /* inline handler time of one frame, the rest moves to a read
                                     worker; 0: 1,000 */
    size_t arena_limit_bytes;     /* memory for decoding one frame; 0: 8 MiB */
    uint32_t drain_ms;            /* longest wait for calls in flight when stopping; 0: 30 s */
    size_t memory_limit_bytes;    /* requests of all frames in flight, received and decoded, and
                                     replies that wait for others; above: OVERLOADED; 0: 256 MiB */
    uint32_t queue_target_ms;     /* delay of each pool's queue that may stand; above it for half a
                                     second: OVERLOADED; 0: 1,000, NNRPC_NO_QUEUE_TARGET: any */
    size_t max_request_bytes;     /* packed request message of a call; above: REQUEST_TOO_LARGE;
                                     0: what a frame holds */
    size_t max_reply_bytes;       /* reply frame, whatever its caller takes; 0: 16 MiB, the most */
    uint32_t recent_calls;        /* slowest calls of about a minute that StatsService.ListCalls
                                     tells of; 0: 128; at most 65,536 */
};

/** A service's method as the runtime calls it: unpacked request in, answer out. */
typedef struct nnrpc_answer (*nnrpc_thunk)(
    const void *handlers, void *self, struct nnrpc_call *call, const ProtobufCMessage *request);

/** Runs around every call, in the order added; `after` in reverse. Any thread, several at once. */
struct nnrpc_interceptor {
    void *self;
    /**
     * Before the request is unpacked, for calls that may start: not for those of no known method,
     * too late, refused for overload, or after the server began to stop. A code other than OK ends
     * the call with that status.
     */
    enum nnrpc_code (*before)(void *self, struct nnrpc_call *call, struct nnrpc_status *out_status);
    /**
     * Once, when the call is answered and before its reply is encoded, also for calls that never
     * reached a handler (unknown method, malformed frame: nnrpc_call_method() is NULL then). May
     * set reply metadata.
     */
    void (*after)(void *self, struct nnrpc_call *call, const struct nnrpc_status *status);
};

/** Adds the application's gauges to GetStats: call add(context, name, value) for each. */
typedef void (*nnrpc_gauge_source)(
    void *self, void (*add)(void *context, const char *name, double value), void *context);

/** Makes a server. @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_new(
    const struct nnrpc_server_options *options, struct nnrpc_server **out_server,
    struct nnrpc_status *out_status);

/**
 * Stops if it runs, then releases everything. A call that is deferred still may be answered later:
 * interceptors are not called for it any more, and what the server holds for it is released then.
 * NULL is fine. In a child that was forked since the server was made, this and nnrpc_server_stop()
 * do nothing: the server is the parent's.
 */
void nnrpc_server_free(struct nnrpc_server *server);

/** For NNRPC_CLEANUP. */
void nnrpc_server_freep(struct nnrpc_server **server);

/**
 * Adds a service; generated code wraps this. Before nnrpc_server_start().
 *
 * @param thunks    One for each method of the service, same order; kept, must stay valid.
 * @param handlers  Passed to the thunks; kept, must stay valid.
 * @return NNRPC_OK, NNRPC_ALREADY_EXISTS (a service of that name is there),
 *         NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_register(
    struct nnrpc_server *server, const struct nnrpc_service *service, const nnrpc_thunk *thunks,
    const void *handlers, void *self, struct nnrpc_status *out_status);

/** Adds an interceptor; copied. Before nnrpc_server_start(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_add_interceptor(
    struct nnrpc_server *server, const struct nnrpc_interceptor *interceptor,
    struct nnrpc_status *out_status);

/**
 * Sets who is told of every call that was answered, as a span of kind NNRPC_SPAN_SERVER: after the
 * interceptors, before the reply is sent. Copied. Before nnrpc_server_start().
 */
void nnrpc_server_set_span_hook(struct nnrpc_server *server, const struct nnrpc_span_hook *hook);

/** Adds a source of gauges. Before nnrpc_server_start(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_add_gauges(
    struct nnrpc_server *server, nnrpc_gauge_source source, void *self,
    struct nnrpc_status *out_status);

/**
 * Binds an address. Before nnrpc_server_start(). As many as 16, of all kinds:
 *
 * - ipc, within the machine: the fastest between processes, and the file system says who may
 *   connect. The socket's folder must be owned by the caller and closed to others (0700): whoever
 *   can open the socket can abort the process. The socket itself is made 0600; a socket file that
 *   no process serves is replaced.
 * - tcp, between machines: who may call is for tokens to say, and encryption for a tunnel.
 * - ws, where only HTTP passes: as tcp, with WebSocket's framing around each message. Slower with
 *   large messages, which are masked byte by byte.
 * - inproc, within the process: for tests, and for a service that is called by its own program.
 *
 * @param url     "ipc:///absolute/path", "tcp://127.0.0.1:4000", "tcp://[::1]:4000" (port 0 is
 *                refused), "ws://127.0.0.1:4000", "inproc://name".
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (not an address; an ipc folder that is open to others),
 *         NNRPC_UNAVAILABLE (in use, no permission, ...; the message says).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_listen(
    struct nnrpc_server *server, const char *url, struct nnrpc_status *out_status);

/**
 * Which services an address serves. Standing ones (health, cancellation) are served on all. What
 * is not served on an address is answered UNIMPLEMENTED there, reason NOT_SERVED_HERE.
 */
enum nnrpc_listen_services {
    /** All, but the administrative ones only if no other address is for administration. */
    NNRPC_LISTEN_DEFAULT = 0,
    NNRPC_LISTEN_APPLICATION,    /* all but the administrative ones */
    NNRPC_LISTEN_ADMINISTRATION, /* the administrative ones alone */
    NNRPC_LISTEN_ALL,            /* all: for administration and more */
};

/** All zero takes the defaults. */
struct nnrpc_listen_options {
    enum nnrpc_listen_services services;
};

/**
 * Binds an address as nnrpc_server_listen() does, with options (NULL: defaults).
 *
 * Where an address is for administration (NNRPC_LISTEN_ADMINISTRATION or NNRPC_LISTEN_ALL), calls
 * of administrative services that come there do not suffer from load: they do not count among the
 * calls in flight nor against the limit of memory, and have a worker of their own.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_listen_with(
    struct nnrpc_server *server, const char *url, const struct nnrpc_listen_options *options,
    struct nnrpc_status *out_status);

/**
 * Says that a service is for administration; statistics and reflection are without being told.
 * After its registration, before nnrpc_server_start().
 *
 * @return NNRPC_OK or NNRPC_NOT_FOUND (no service of that name is registered).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_set_administrative(
    struct nnrpc_server *server, const char *service, struct nnrpc_status *out_status);

/**
 * Whether an address can be one to listen on, before anything is made for it; says nothing about
 * whether it is free.
 *
 * @return NNRPC_OK or NNRPC_INVALID_ARGUMENT (INVALID_ADDRESS; the message says what is wrong).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_check_address(
    const char *url, struct nnrpc_status *out_status);

/**
 * Starts receivers and workers. Health, control (cancellation), stats and reflection are registered
 * by this.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_server_start(
    struct nnrpc_server *server, struct nnrpc_status *out_status);

/**
 * Sets the delay that may stand in each pool's queue, as queue_target_ms of the options does
 * (0: the default). Before nnrpc_server_start(), or while the server runs, at any time and from any
 * thread.
 */
void nnrpc_server_set_queue_target_ms(struct nnrpc_server *server, uint32_t target_ms);

/**
 * Drains: new calls are refused with SHUTTING_DOWN (health is answered, as NOT_SERVING), calls in
 * flight are finished, and their replies given time to reach the peers; then receivers and workers
 * end and the sockets are closed.
 *
 * A reply has reached its peer, as far as can be seen from here, when neither nanomsg nor the
 * kernel has held any of it for 30 ms; and while anybody is connected, the last reply is left a
 * quarter of a second, since the peer's own library drops what nobody fetched from it when the
 * connection ends. Peers that take nothing for two seconds are not waited for.
 *
 * Blocks up to drain_ms, half a second for replies, and what a running handler takes. Calls that
 * wait for a worker after drain_ms are refused; deferred ones may still be answered.
 */
void nnrpc_server_stop(struct nnrpc_server *server);

/* --- In a handler ------------------------------------------------------------------------- */

/** Answers with a message. Packed before return. */
struct nnrpc_answer nnrpc_call_reply(struct nnrpc_call *call, const ProtobufCMessage *response);

/** Answers with a message that is packed already. Copied before return. */
struct nnrpc_answer nnrpc_call_reply_packed(
    struct nnrpc_call *call, const void *bytes, size_t size);

/** Answers with an error. Copied before return. An OK status is answered as INTERNAL. */
struct nnrpc_answer nnrpc_call_fail(struct nnrpc_call *call, const struct nnrpc_status *status);

/**
 * Says that the answer comes later: exactly one of the functions above must be called, from any
 * thread, also before the handler has returned; call and request stay valid until then.
 */
struct nnrpc_answer nnrpc_call_defer(struct nnrpc_call *call);

/** Runs the handler again on a read worker, where nnrpc_call_is_offloaded() is true. */
struct nnrpc_answer nnrpc_call_offload(struct nnrpc_call *call);
bool nnrpc_call_is_offloaded(const struct nnrpc_call *call);

/** The method, or NULL for a call of no known method. */
const struct nnrpc_method *nnrpc_call_method(const struct nnrpc_call *call);

/** The method name as it was sent; terminated; "" when the frame was malformed. */
const char *nnrpc_call_method_name(const struct nnrpc_call *call);

/** The packed request as it came, for example to digest it. */
struct nnrpc_slice nnrpc_call_request_bytes(const struct nnrpc_call *call);

/** Request metadata of a key, the call's own before the frame's; false when there is none. */
bool nnrpc_call_get_metadata(
    const struct nnrpc_call *call, const char *key, struct nnrpc_slice *out_value);

/** Adds reply metadata, replacing the key's value. Key and value are copied. */
void nnrpc_call_set_reply_metadata(
    struct nnrpc_call *call, const char *key, const void *value, size_t value_size);
bool nnrpc_call_has_reply_metadata(const struct nnrpc_call *call, const char *key);

/** CLOCK_MONOTONIC nanoseconds at which the caller's budget is spent; 0: it has none. */
uint64_t nnrpc_call_deadline_ns(const struct nnrpc_call *call);

/** CLOCK_MONOTONIC nanoseconds at which the frame came. */
uint64_t nnrpc_call_arrival_ns(const struct nnrpc_call *call);

/**
 * The most bytes that the response message may have now: what is left of the caller's
 * max_reply_bytes in this frame, or (alone = true) what it would be if the call were alone.
 */
size_t nnrpc_call_reply_budget(const struct nnrpc_call *call, bool alone);

/**
 * Answers that the reply does not fit: FRAME_FULL when it would fit alone, else REPLY_TOO_LARGE.
 * nnrpc_call_reply() does so by itself.
 */
struct nnrpc_answer nnrpc_call_fail_too_large(struct nnrpc_call *call, size_t reply_bytes);

/** Memory until the call is answered. Only from the handler, before it defers. */
void *nnrpc_call_allocate(struct nnrpc_call *call, size_t size);

/** Who calls: set by the authentication interceptor; name "" and ROLE_PUBLIC until then. */
void nnrpc_call_set_caller(struct nnrpc_call *call, const char *name, enum nnrpc_role role);
const char *nnrpc_call_caller(const struct nnrpc_call *call);
enum nnrpc_role nnrpc_call_role(const struct nnrpc_call *call);

/** The address on which the call came, as given to nnrpc_server_listen(). */
const char *nnrpc_call_address(const struct nnrpc_call *call);

/**
 * The call's own span: below the caller's when it sent a valid traceparent, else the beginning of
 * a trace. Handed on with the calls that the handler makes, it ties them to this one. Made when
 * first asked for; never NULL; valid while the call is. Any thread.
 */
const struct nnrpc_trace *nnrpc_call_trace(struct nnrpc_call *call);

/** What a call took. */
struct nnrpc_call_figures {
    uint64_t duration_ns; /* since its frame came, until its answer was decided, or now */
    uint64_t queue_ns;    /* of it, until its handler was started last; all when it never was */
    size_t request_bytes; /* of the request message */
    size_t reply_bytes;   /* of the response message; 0 for an error */
};

/** Measures a call: for an interceptor's `after`, and for handlers. */
void nnrpc_call_measure(const struct nnrpc_call *call, struct nnrpc_call_figures *out_figures);

/* --- Whether anybody still waits ---------------------------------------------------------- */

/**
 * Whether the answer is of no use any more: the caller gave the call up (nnrpc.v1.ControlService),
 * its budget is spent, or the server stops and its drain time is over. A handler that works for
 * long asks now and then, stops where that leaves nothing half done, and answers all the same, with
 * nnrpc_call_check_wanted(). Once true it stays true. Costs a look at the clock. Any thread.
 */
bool nnrpc_call_is_cancelled(const struct nnrpc_call *call);

/**
 * The same, as what to fail with.
 *
 * @return NNRPC_OK: it is wanted; NNRPC_CANCELLED, NNRPC_DEADLINE_EXCEEDED or NNRPC_UNAVAILABLE
 *         (SHUTTING_DOWN), in that order.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_call_check_wanted(
    const struct nnrpc_call *call, struct nnrpc_status *out_status);

/**
 * Asks to be told once when the caller gives the call up, for handlers that defer; a second one
 * replaces the first. Spent budgets and the end of the server are not told.
 *
 * The callback runs on a receiver's thread and must not block. It may answer the call: only the
 * first answer of a call counts, so no harm is done when another thread answers it at that very
 * time, or has just answered it. What it touches must live until the call's frame is gone, which
 * is what nnrpc_call_allocate() gives; the call itself does.
 *
 * @return false when the caller has given the call up already: the callback will not be called.
 */
NNRPC_NODISCARD bool nnrpc_call_on_cancel(
    struct nnrpc_call *call, void (*callback)(void *context, struct nnrpc_call *call),
    void *context);

NNRPC_END_DECLARATIONS

#endif
