/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server is made of; private to this folder.
 */
#ifndef GATEWAY_SERVER_STATE_H
#define GATEWAY_SERVER_STATE_H

#include "http_server.h"
#include "linger.h"

struct MHD_Daemon;
struct connection;

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    int event_fd;
    struct connection *first;
    struct lingering lingering;
    size_t connection_count;
    size_t waiting_count; /* exchanges whose answer is awaited */
    bool has_moved;       /* in the present run */
    bool has_begun;
    bool is_draining;
};

#endif
