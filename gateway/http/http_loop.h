/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread with its connections and its own client. In a round it reads all requests that are
 * there, and what calls they need travel together; when calls end, their answers are written in the
 * same round. Nothing is shared with other loops.
 */
#ifndef GATEWAY_HTTP_LOOP_H
#define GATEWAY_HTTP_LOOP_H

#include "http_server.h"
#include "nnrpc/client.h"

struct http_loop;

/**
 * Makes a loop, and starts its thread.
 *
 * @param server  `client` is left out.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (an endpoint); NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code http_loop_new(
    const struct http_server_options *server, const struct nnrpc_client_options *client,
    struct http_loop **out_loop, struct nnrpc_status *out_status);

/** Gives it a connected socket, which it closes in any case. From one thread. */
void http_loop_hand_over(
    struct http_loop *loop, int fd, const struct sockaddr *address, socklen_t size);

/** How many connections it has, those included that were handed over only just now. Any thread. */
size_t http_loop_load(const struct http_loop *loop);

/** As http_server_drain(); the thread ends with the last connection. */
void http_loop_drain(struct http_loop *loop);

/** As http_server_abort(), after http_loop_drain(). */
void http_loop_abort(struct http_loop *loop);

/** Whether the thread has ended. */
bool http_loop_has_ended(const struct http_loop *loop);

/** Waits for the end of the thread, after http_loop_drain(). NULL is fine. */
void http_loop_free(struct http_loop *loop);

#endif
