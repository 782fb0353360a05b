/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that connections come to. One thread at a time.
 */
#ifndef GATEWAY_HTTP_LISTENER_H
#define GATEWAY_HTTP_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "nnrpc/status.h"

#define LISTENER_SOCKETS_MOST 16
#define LISTENER_NAME_BYTES 80

/** One socket. */
struct listener_socket {
    int fd;
    bool is_loopback;
    char name[LISTENER_NAME_BYTES]; /* "127.0.0.1:8080", with the port that it really has */
};

/** All zero is none. */
struct http_listener {
    struct listener_socket sockets[LISTENER_SOCKETS_MOST];
    size_t count;
    int spare_fd; /* given up for a moment when there is no descriptor left; 0: none */
};

/**
 * Listens on one more address.
 *
 * @param address  "HOST:PORT", "[ADDRESS]:PORT"; port 0: one that is free. Of a host with several
 *                 addresses, the first one.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (no such address); NNRPC_UNAVAILABLE (it is taken, or
 *         not allowed); NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code http_listener_add(
    struct http_listener *listener, const char *address, struct nnrpc_status *out_status);

/**
 * Takes a connection that waits at a socket.
 *
 * @param out_is_last  Whether it took the last descriptor: it can be told so and closed.
 * @return the connected socket, non-blocking and without delays; -1 when none waits or none can be
 *         taken just now.
 */
int http_listener_accept(
    struct http_listener *listener, size_t index, struct sockaddr_storage *out_address,
    socklen_t *out_size, bool *out_is_last);

/** Has the spare descriptor again, after the last one was closed. */
void http_listener_refill(struct http_listener *listener);

/** Closes all sockets. */
void http_listener_close(struct http_listener *listener);

#endif
