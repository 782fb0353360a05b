/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling side. A client keeps a few lanes to its endpoints; a lane is one connection with at
 * most one frame outstanding. Calls that are made while all lanes of their class are busy travel
 * together in the next frame.
 *
 * There is no background thread: nnrpc_client_start() queues a call (and sends it when a lane is
 * free), nnrpc_client_finish() drives lanes until that call is answered. Who has an event loop of
 * its own polls nnrpc_client_event_fd() instead, and is told by a callback. A client may be used
 * from any number of threads at once, and belongs to the process that made it: in a child that was
 * forked since, calls fail as FAILED_PRECONDITION, reason FORKED. So do those of a client that the
 * child makes, if the parent had connections or was listening when it forked: nanomsg's threads are
 * the parent's. Fork before the first call, or run another program in the child.
 *
 * Every call has a deadline. A call that failed with UNAVAILABLE is tried again, with backoff and
 * jitter, until its deadline, if that is harmless: the method has no side effects, is idempotent or
 * carries a request id (every try has the same one), or nothing was sent. So a server that restarts
 * costs its callers time, not errors. Whoever needs one answer at once sets retry.max_attempts to
 * 1; reaching for the other endpoints is still part of one attempt. An error of a call with side
 * effects of which a try may have been heard says so: info may_have_taken_effect is "true".
 *
 * Lanes spread over the endpoints. An endpoint that cannot be reached, says that it is stopping or
 * shows no sign of life is left alone; its lanes go to the others, and come back once its health
 * service says that it serves.
 */
#ifndef NNRPC_CLIENT_H
#define NNRPC_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/metadata.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "nnrpc/trace.h"
#include "nnrpc/wire.h"

NNRPC_BEGIN_DECLARATIONS

#define NNRPC_DEFAULT_TIMEOUT_MS 10000
#define NNRPC_CLIENT_MAX_REPLY_BYTES (16u << 20)
#define NNRPC_FRAME_MAX_BYTES (1u << 20)
#define NNRPC_FRAME_MAX_CALLS 1024

struct nnrpc_client;
struct nnrpc_pending;
struct nnrpc_reply_metadata;

/** A code as a bit of nnrpc_retry_policy.codes. */
#define NNRPC_RETRY_ON(code) (1u << (code))

/**
 * When a call that failed is tried again. All zero takes the defaults.
 *
 * A try that the server may have had is repeated only where that is harmless, whatever the codes
 * say. A server that says when to come back (retry_after_ms in the error's info) is taken at its
 * word, up to a minute.
 */
struct nnrpc_retry_policy {
    uint32_t max_attempts;     /* tries in all; 0: as many as the deadline allows */
    uint32_t codes;            /* NNRPC_RETRY_ON(code) | ...; 0: UNAVAILABLE alone */
    uint32_t first_backoff_ms; /* doubled by each try, up to half taken off by chance; 0: 10 */
    uint32_t max_backoff_ms;   /* 0: 1,000 */
};

/**
 * How many calls of a client may be repeated, so that repeating never becomes a server's main work:
 * a store of allowances that repeated tries and hedges draw on. Without one the call fails with
 * what its last try said, and `retry_budget` "spent" in the error's info. A try that no server had
 * costs nothing, and neither does one that was refused because the server is stopping.
 */
struct nnrpc_retry_budget {
    uint32_t capacity;   /* most allowances, and as many there are at first; 0: 1,000 */
    uint32_t percent;    /* of calls that succeed, added; 0: 10 */
    uint32_t per_second; /* added as time goes by; 0: 10 */
};

/** Longest token, with its terminator. */
#define NNRPC_TOKEN_MAX_BYTES 4096

/** Where the token of each call comes from, for tokens that change. */
struct nnrpc_credentials {
    void *self;
    /**
     * Gives the bearer token of a call; any thread, several at once; must not block for long.
     *
     * @param out_token  Of `size` bytes; left "" when the call needs none.
     * @return NNRPC_OK; anything else ends the call with that status.
     */
    enum nnrpc_code (*get_token)(
        void *self, const struct nnrpc_method *method, char *out_token, size_t size,
        struct nnrpc_status *out_status); /* NULL: no credentials */
};

/**
 * Runs around every call of a client, in the order given; `after` in reverse. Either may be NULL.
 * Any thread, several at once; must not call the client with the same call.
 */
struct nnrpc_client_interceptor {
    void *self;
    /** Before the call is queued. A code other than OK ends it with that status. */
    enum nnrpc_code (*before)(
        void *self, struct nnrpc_pending *pending, struct nnrpc_status *out_status);
    /** Once, when the call's owner takes its answer, cancels it, or learns that it could not begin;
     *  for each interceptor whose `before` had passed. */
    void (*after)(
        void *self, const struct nnrpc_pending *pending, const struct nnrpc_status *status);
};

/** All zero but the endpoints is a good choice. Everything is copied. */
struct nnrpc_client_options {
    const char *const *endpoints; /* "ipc:///path", "tcp://127.0.0.1:4000", ...; 1 to 32 */
    size_t endpoint_count;
    const char *token;                      /* sent as "authorization: Bearer TOKEN"; NULL: none */
    uint32_t timeout_ms;                    /* default whole-call budget; 0: 10 s */
    uint32_t max_reply_bytes;               /* largest reply frame; 0: 16 MiB */
    uint32_t lanes[NNRPC_LANE_CLASS_COUNT]; /* connections by class, at most 32; 0: one for
                                               each endpoint, and at least 2 */
    uint32_t max_frame_calls;               /* most calls in a frame; 0: 64 */
    struct nnrpc_retry_policy retry;
    struct nnrpc_retry_budget retry_budget;
    /** How long a frame may be unanswered over tcp or ws before its endpoint has to show, within
     * the same time, that it is there (it takes a connection); else the frame's calls fail as
     *  UNAVAILABLE, and are repeated where that is harmless. 0: 5 s; UINT32_MAX: never. */
    uint32_t keep_alive_ms;
    /** A call without side effects that is not answered for so long is sent once more, to another
     *  endpoint if there is one; the first good answer counts. Drawn on the retry budget. 0: never
     */
    uint32_t hedge_after_ms;
    struct nnrpc_credentials credentials; /* instead of `token` */
    const struct nnrpc_client_interceptor *interceptors;
    size_t interceptor_count;
    struct nnrpc_span_hook span_hook; /* told of every finished call; then every call is traced */
};

/** What one call may say; NULL or all zero: nothing. Borrowed until the call was started. */
struct nnrpc_call_options {
    uint32_t timeout_ms; /* 0: the client's */
    const struct nnrpc_metadata *metadata;
    size_t metadata_count;
    /** Filled when the call is answered, errors too; NULL: not wanted. Must outlive the call. */
    struct nnrpc_reply_metadata *reply_metadata;
    const struct nnrpc_retry_policy *retry; /* NULL: the client's; copied */
    /** Wait for a server until the deadline, also where retry.max_attempts ends the call sooner:
     *  tries that reach no server are not counted. */
    bool wait_for_ready;
    uint32_t hedge_after_ms; /* 0: the client's; UINT32_MAX: never */
    const char *token;       /* instead of the client's; NULL: the client's */
    /**
     * The call that is being served and of which this one is a part; must stay unanswered until
     * this one is finished. What is left of its budget bounds this one, its trace goes on, and when
     * its caller gives it up, this one ends as CANCELLED and its server is told.
     */
    struct nnrpc_call *parent;
    const struct nnrpc_trace *trace; /* the span above this call, where there is no parent */
    /**
     * For started calls: called by nnrpc_client_process() once the call is over, in the thread that
     * calls that; then nnrpc_client_finish(), in the callback or later, does not wait. Before the
     * callback the call may be cancelled, in the thread that processes, and must not be finished.
     * NULL: nobody is told.
     */
    void (*on_done)(void *context, struct nnrpc_pending *pending);
    void *on_done_context;
};

/**
 * Makes a client. Connects nothing yet: a server that is not there is found by the first call.
 *
 * @param out_client  On NNRPC_OK owned by the caller, release with nnrpc_client_free().
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (an endpoint that is none), NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_new(
    const struct nnrpc_client_options *options, struct nnrpc_client **out_client,
    struct nnrpc_status *out_status);

/** Closes every lane. No call may be pending. NULL is fine. */
void nnrpc_client_free(struct nnrpc_client *client);

/** For NNRPC_CLEANUP. */
void nnrpc_client_freep(struct nnrpc_client **client);

/**
 * Sends one request and waits for its answer. Blocks until the answer or the deadline; any thread.
 *
 * An empty request_id of a method that has one is filled with a UUIDv7 on the wire; `request`
 * itself is not changed.
 *
 * @param options       NULL for defaults.
 * @param request       Of the method's request type; borrowed until return.
 * @param out_response  Of the method's response type. On NNRPC_OK owned by the caller, release with
 *                      protobuf_c_message_free_unpacked(response, NULL); else untouched.
 * @param out_status    Initialised; overwritten. NULL is fine.
 * @return NNRPC_OK, NNRPC_DEADLINE_EXCEEDED, NNRPC_UNAVAILABLE, NNRPC_RESOURCE_EXHAUSTED, or the
 *         code that the server chose.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_call(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const ProtobufCMessage *request,
    ProtobufCMessage **out_response, struct nnrpc_status *out_status);

/**
 * Starts a call and returns at once (a connection that is only just being made is awaited for up to
 * 10 ms); nnrpc_client_finish() brings its answer. While eight or more calls of its class are not
 * finished, a started one waits for company: until there is half a frame, or somebody finishes a
 * call, asks whether one is done, or processes. The request is packed before this returns, so it
 * may be released.
 *
 * @param out_pending  On NNRPC_OK finish it exactly once, or cancel it; else untouched.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_start(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const ProtobufCMessage *request,
    struct nnrpc_pending **out_pending, struct nnrpc_status *out_status);

/** Waits for the answer of a started call and releases it. As nnrpc_client_call(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_finish(
    struct nnrpc_pending *pending, ProtobufCMessage **out_response,
    struct nnrpc_status *out_status);

/**
 * As nnrpc_client_start() and nnrpc_client_finish(), for messages that are packed already: for
 * gateways and tools. The request-id field is filled as usual.
 *
 * @param out_response  On NNRPC_OK malloc'd bytes owned by the caller (never NULL); else untouched.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_call_packed(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const void *request, size_t request_size,
    uint8_t **out_response, size_t *out_response_size, struct nnrpc_status *out_status);

/** Whether finish would return without waiting. Never blocks, but moves the call on: who does not
 *  want to wait in finish asks this from time to time. */
bool nnrpc_pending_is_done(struct nnrpc_pending *pending);

/**
 * Gives a started call up and releases it; its answer, if it comes, is dropped. The server is told,
 * where it may have the call (ControlService/CancelCalls), on a connection that was begun when the
 * first call was started; if that is not there yet, this waits for it, up to a quarter of a second,
 * unless the call has an on_done. Not while another thread finishes the call. NULL is fine.
 */
void nnrpc_pending_cancel(struct nnrpc_pending *pending);

/* --- For event loops ---------------------------------------------------------------------- */

/**
 * A descriptor that is readable when nnrpc_client_process() has something to do: for poll() or an
 * event loop. Of the client; made by the first call, closed with the client.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (no descriptors), NNRPC_FAILED_PRECONDITION (FORKED).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_client_event_fd(
    struct nnrpc_client *client, int *out_fd, struct nnrpc_status *out_status);

/**
 * Moves calls on and never waits for an answer; runs the on_done of those that are over. They may
 * start, finish and cancel calls. One thread at a time; for another one, and from a callback, it
 * does nothing.
 *
 * @return How many callbacks it ran.
 */
size_t nnrpc_client_process(struct nnrpc_client *client);

/* --- For interceptors, and owners of a call ----------------------------------------------- */

const struct nnrpc_method *nnrpc_pending_method(const struct nnrpc_pending *pending);

/**
 * Adds metadata; only from `before`. Where a key is given twice the first one counts, the caller's
 * own before those of interceptors.
 *
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (more than 64, or a key that is not UTF-8).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_pending_add_metadata(
    struct nnrpc_pending *pending, const struct nnrpc_metadata *metadata,
    struct nnrpc_status *out_status);

/** The value of a key that travels with the call, valid until the interceptor returns. */
bool nnrpc_pending_get_metadata(
    const struct nnrpc_pending *pending, const char *key, struct nnrpc_slice *out_value);

/** The same for reply metadata, from `after`. */
bool nnrpc_pending_get_reply_metadata(
    const struct nnrpc_pending *pending, const char *key, struct nnrpc_slice *out_value);

/** Tries so far, hedges counted; the endpoint that answered, "" when none did; both from `after`.
 */
uint32_t nnrpc_pending_attempts(const struct nnrpc_pending *pending);
const char *nnrpc_pending_endpoint(const struct nnrpc_pending *pending);

/** The call's span, none unless it is traced; from `after`. */
const struct nnrpc_trace *nnrpc_pending_trace(const struct nnrpc_pending *pending);

/** Makes an empty set of reply metadata; NULL without memory. One call at a time may fill it. */
struct nnrpc_reply_metadata *nnrpc_reply_metadata_new(void);
void nnrpc_reply_metadata_free(struct nnrpc_reply_metadata *metadata);

/** For NNRPC_CLEANUP. */
void nnrpc_reply_metadata_freep(struct nnrpc_reply_metadata **metadata);

/** The value of a key, terminated, or NULL. Valid until the set is filled again or freed. */
const char *nnrpc_reply_metadata_get(const struct nnrpc_reply_metadata *metadata, const char *key);

/** The entry at an index, in the order that the server gave them; its key is NULL past the last
 * one. Key and value are terminated, and valid until the set is filled again or freed. */
struct nnrpc_metadata nnrpc_reply_metadata_at(
    const struct nnrpc_reply_metadata *metadata, size_t index);

NNRPC_END_DECLARATIONS

#endif
