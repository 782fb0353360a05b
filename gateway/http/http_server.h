/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of one loop, and the exchanges on them: HTTP/1.1 and 1.0 by libmicrohttpd, which
 * is known to the .c alone. Everything is called in the loop's thread.
 *
 * A request is read whole, within the limits, before anybody is asked to answer it, but for a body
 * that nobody wants. While its answer is under way its connection rests; if the client resets it
 * meanwhile, the answer is given up. A client that only closes its side may still read, and is
 * answered.
 */
#ifndef GATEWAY_HTTP_SERVER_H
#define GATEWAY_HTTP_SERVER_H

#include <sys/socket.h>

#include "exchange.h"
#include "nnrpc/status.h"

struct http_server;

struct http_limits {
    size_t header_bytes; /* of a request's line and headers */
    size_t body_bytes;
    uint32_t connections;
    uint64_t idle_ns;    /* between requests, and between signs of life while an answer is read */
    uint64_t request_ns; /* from a request's first byte to its last */
};

/** An exchange that is over. Borrowed until the hook returns. */
struct http_access {
    const char *method; /* "" where the request had none that could be read */
    const char *path;
    const char *label; /* as exchange_set_label() said; NULL: nobody did */
    const char *request_id;
    const char *client; /* address */
    unsigned status;    /* 0: it was not answered, since the client or the time was gone */
    bool was_sent;      /* whole, as far as the kernel took it */
    uint64_t duration_ns;
    uint64_t received_bytes;
    uint64_t sent_bytes; /* of the body; 0 where its length alone is told */
};

/** What becomes of a body that is announced. */
enum http_body_use {
    HTTP_BODY_KEPT,    /* the handler gets it */
    HTTP_BODY_DROPPED, /* it is read, within the limits, and the handler gets none */
    HTTP_BODY_UNREAD   /* the handler answers at once, without it, and the connection ends */
};

/** What a server needs of the program. Every one may be called by several loops at once. */
struct http_hooks {
    /** Asked when a head announces a body, before the client is told to send it. */
    enum http_body_use (*use_body)(
        const struct gateway *gateway, const struct http_request *request);
    exchange_handler *handle;
    /** As rest_write_error(). */
    void (*write_error)(
        const struct nnrpc_status *status, unsigned http_status, bool is_pretty,
        struct http_response *out_response);
    void (*connections_changed)(struct gateway *gateway, int change);
    void (*requests_changed)(struct gateway *gateway, int change);
    void (*finished)(struct gateway *gateway, const struct http_access *access);
};

struct http_server_options {
    struct http_limits limits;
    const struct http_hooks *hooks; /* borrowed */
    struct gateway *gateway;        /* borrowed */
    struct nnrpc_client *client;    /* borrowed */
    bool is_tls;                    /* with what tls_load() loaded */
};

/**
 * Makes a server without connections.
 *
 * @return NNRPC_OK; NNRPC_RESOURCE_EXHAUSTED (memory, descriptors).
 */
NNRPC_NODISCARD enum nnrpc_code http_server_new(
    const struct http_server_options *options, struct http_server **out_server,
    struct nnrpc_status *out_status);

/** Closes every connection. No exchange may be unanswered. NULL is fine. */
void http_server_free(struct http_server *server);

/** A descriptor that is readable when http_server_run() has something to do. */
int http_server_event_fd(const struct http_server *server);

/** Takes a connected socket, which is closed in any case. */
void http_server_add(
    struct http_server *server, int fd, const struct sockaddr *address, socklen_t size);

enum http_work {
    HTTP_WORK_NONE,  /* nothing until the descriptor is readable or an exchange is answered */
    HTTP_WORK_MORE,  /* there is more to do at once */
    HTTP_WORK_UNSURE /* hardly anything; but look again soon, also if nothing happens */
};

/** Moves all connections on; never waits. */
enum http_work http_server_run(struct http_server *server);

/** Whether, since it was asked last, a handler has begun what it has not answered yet. */
bool http_server_take_begun(struct http_server *server);

/** Ends what has taken too long; to be called several times a second. */
void http_server_sweep(struct http_server *server, uint64_t now_ns);

/** From now on every answer is the last one of its connection, and what is idle for a moment, so
 *  that nothing is on its way any more, is closed. */
void http_server_drain(struct http_server *server);

/** Gives up what is under way, as far as it can be given up; after http_server_drain(). */
void http_server_abort(struct http_server *server);

/** How many connections are open, those included that linger. */
size_t http_server_connections(const struct http_server *server);

/** Whether an answer is awaited. */
bool http_server_is_waiting(const struct http_server *server);

#endif
