/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of HTTP: listens, spreads connections over the loops, and ends well. Used by one thread.
 */
#ifndef GATEWAY_HTTP_FRONT_H
#define GATEWAY_HTTP_FRONT_H

#include "http_listener.h"
#include "http_server.h"
#include "nnrpc/client.h"

#define HTTP_LOOPS_MOST 64

struct http_front;

struct http_front_options {
    struct http_server_options server;  /* `client` is left out */
    struct nnrpc_client_options client; /* each loop makes one of its own */
    size_t loop_count;                  /* 1 to HTTP_LOOPS_MOST */
};

/**
 * Starts the loops.
 *
 * @param listener  Moved.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (an endpoint of the client); NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code http_front_new(
    const struct http_front_options *options, struct http_listener *listener,
    struct http_front **out_front, struct nnrpc_status *out_status);

/** The sockets that it listens on. */
const struct http_listener *http_front_listener(const struct http_front *front);

/** Takes connections until the descriptor of signals is readable; nothing is read from it. */
void http_front_serve(struct http_front *front, int signal_fd);

/**
 * Takes what still waits, stops listening, answers what is under way, and waits for the end of all
 * connections; after `drain_ms` gives up what is left. Ends early when another signal comes, but
 * for SIGHUP, which is dropped.
 *
 * @return whether everything has ended, so that http_front_free() does not wait.
 */
NNRPC_NODISCARD bool http_front_stop(struct http_front *front, uint64_t drain_ms, int signal_fd);

/** After http_front_stop(). NULL is fine. */
void http_front_free(struct http_front *front);

#endif
