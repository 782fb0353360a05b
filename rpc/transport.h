/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending and receiving whole messages: the only room that knows nanomsg.
 *
 * Message bodies are nanomsg's memory: made by nnrpc_body_new() or received, handed over by sending
 * (whether sending succeeds or not), released by nnrpc_body_free().
 */
#ifndef NNRPC_TRANSPORT_H
#define NNRPC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** Longest backtrace of a request that is answered: the peer's own and seven devices' hops. */
#define NNRPC_ROUTE_BYTES 64

/** Where a reply goes: opaque, copied from the request. */
struct nnrpc_route {
    uint8_t bytes[NNRPC_ROUTE_BYTES];
    size_t size;
};

/** Makes a message body; NULL without memory. */
void *nnrpc_body_new(size_t size);
void nnrpc_body_free(void *body);

/** Serving side: one raw REP socket bound to one address. Send from any thread. */
struct nnrpc_listener;

/** See nnrpc_server_listen(). @param max_bytes  Largest message taken; a larger one is dropped. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_listener_open(
    const char *url, size_t max_bytes, struct nnrpc_listener **out_listener,
    struct nnrpc_status *out_status);
void nnrpc_listener_close(struct nnrpc_listener *listener);

/**
 * Whether somebody in this process is connected to an inproc address: what the kernel cannot tell.
 * What was sent to such a peer has arrived, but is lost if it is not fetched before the listener is
 * closed. False for other addresses.
 */
bool nnrpc_listener_has_inproc_peers(const struct nnrpc_listener *listener);

/**
 * Receives one message. One thread.
 *
 * @param timeout_ms  How long to wait.
 * @return NNRPC_OK with *out_body owned by the caller; NNRPC_DEADLINE_EXCEEDED when nothing came;
 *         NNRPC_RESOURCE_EXHAUSTED when descriptors or memory are short (try again later);
 *         NNRPC_INTERNAL when the socket is broken.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_listener_receive(
    struct nnrpc_listener *listener, uint32_t timeout_ms, void **out_body, size_t *out_size,
    struct nnrpc_route *out_route);

/** Sends a reply; never blocks. Dropped by nanomsg when the peer is gone or its pipe is busy. */
void nnrpc_listener_send(
    struct nnrpc_listener *listener, void *body, const struct nnrpc_route *route);

/**
 * Calling side: one raw REQ socket connected to one address, with at most one request outstanding.
 * Nothing here blocks but nnrpc_connections_wait(). One thread at a time.
 */
struct nnrpc_connection;

/** How far a step got. */
enum nnrpc_progress {
    NNRPC_PROGRESS_DONE,
    NNRPC_PROGRESS_WAITING, /* wait, then try again */
    NNRPC_PROGRESS_FAILED,  /* close the connection */
};

/** Most connections that one thread waits for. */
#define NNRPC_WAIT_MAX_CONNECTIONS 128

/** Whether an address can be connected to: NNRPC_OK or NNRPC_INVALID_ARGUMENT. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_connection_check_url(
    const char *url, struct nnrpc_status *out_status);

/** Makes a connection; does not wait for it to be made. @return as nnrpc_client_new(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_connection_open(
    const char *url, size_t max_bytes, struct nnrpc_connection **out_connection,
    struct nnrpc_status *out_status);

/** Closes a connection; an answer that is outstanding will be dropped. NULL is fine. */
void nnrpc_connection_close(struct nnrpc_connection *connection);

/**
 * Sends one message once the connection is made. A connection that was lost while nothing was
 * outstanding is made anew first.
 *
 * @param body  *body becomes NULL on NNRPC_PROGRESS_DONE; else it stays the caller's.
 * @return NNRPC_PROGRESS_FAILED with NNRPC_UNAVAILABLE in *out_status when connecting was refused
 *         or failed (at once) or did not come about in 2 s: nothing was sent then.
 */
NNRPC_NODISCARD enum nnrpc_progress nnrpc_connection_try_send(
    struct nnrpc_connection *connection, void **body, struct nnrpc_status *out_status);

/**
 * Whether the connection is made: the peer's own nanomsg has greeted.
 *
 * @return NNRPC_PROGRESS_FAILED with NNRPC_UNAVAILABLE in *out_status when it was refused.
 */
NNRPC_NODISCARD enum nnrpc_progress nnrpc_connection_await(
    const struct nnrpc_connection *connection, struct nnrpc_status *out_status);

/**
 * Receives the answer to what was sent last; anything else that comes is dropped.
 *
 * @return NNRPC_PROGRESS_FAILED with NNRPC_UNAVAILABLE in *out_status when the connection was lost.
 */
NNRPC_NODISCARD enum nnrpc_progress nnrpc_connection_try_receive(
    struct nnrpc_connection *connection, void **out_body, size_t *out_size,
    struct nnrpc_status *out_status);

/** A descriptor that is readable when the next step of a connection may get further. Lost
 *  connections do not show in it. */
int nnrpc_connection_wait_fd(const struct nnrpc_connection *connection);

/**
 * Waits until a step of one of the connections may get further, wake_fd is readable, or the time
 * has come; at most 50 ms, so that whoever tries again then notices lost connections.
 *
 * @param count        At most NNRPC_WAIT_MAX_CONNECTIONS.
 * @param wake_fd      Negative: none.
 * @param deadline_ns  CLOCK_MONOTONIC.
 */
void nnrpc_connections_wait(
    struct nnrpc_connection *const *connections, size_t count, int wake_fd, uint64_t deadline_ns);

#endif
