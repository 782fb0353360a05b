/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection, and the one exchange that may be under way on it; private to this folder. Its
 * buffers are used again by the next request, so that a request costs no memory of its own.
 */
#ifndef GATEWAY_CONNECTION_H
#define GATEWAY_CONNECTION_H

#include "http_server.h"

#define CLIENT_ADDRESS_BYTES 64

struct MHD_Connection;

enum connection_phase {
    CONNECTION_IDLE,      /* no request line was read; a part of one may have come */
    CONNECTION_READING,   /* there is a request line, and not yet the whole request */
    CONNECTION_ANSWERING, /* the handler has the request */
    CONNECTION_WRITING    /* the answer is on its way */
};

struct exchange {
    struct connection *connection;
    struct http_request request;
    struct http_header *headers; /* owned; what request.headers points to */
    size_t header_capacity;
    struct nnrpc_buffer target; /* terminated; path and query point into it */
    struct nnrpc_buffer body;
    uint64_t begun_ns;
    uint64_t received_bytes;
    const char *label;
    struct http_response response; /* while it is sent */
    exchange_cancel *cancel;
    void *cancel_context;
    bool is_begun;     /* its head was read */
    bool is_too_large; /* and answered so once it was read */
    bool drops_body;
    uint64_t body_bytes; /* that came, kept or not */
    bool is_waiting;     /* it was handed on, and is neither answered nor given up */
    bool is_answered;
};

struct connection {
    struct connection *previous;
    struct connection *next;
    struct http_server *server;
    struct MHD_Connection *carrier;
    int fd;
    enum connection_phase phase;
    bool is_cut;       /* its socket was shut down */
    bool is_lingering; /* what still comes is read and dropped after the answer */
    uint64_t since_ns; /* when the phase began */
    uint64_t part_ns;  /* when a part of the next request was seen; 0: none was */
    uint64_t seen_ns;  /* when there was a sign of life */
    bool is_counted;   /* the two below are of this phase */
    uint64_t bytes_in; /* of the socket, as last seen */
    uint64_t bytes_out;
    char client[CLIENT_ADDRESS_BYTES];
    struct exchange exchange;
};

/** What the log calls the request: as its answer does, else as the client did; "": nobody did. */
const char *exchange_request_id(const struct exchange *exchange);

/** Bytes of the answer's body; 0 where its length alone is told, in answers to HEAD and in 304. */
uint64_t exchange_sent_bytes(const struct exchange *exchange);

/** Forgets a request and its answer, and keeps the memory for the next one. */
void exchange_reset(struct exchange *exchange);

/** Makes the connection of a socket; NULL without memory: then the socket is shut down. */
struct connection *connection_open(
    struct http_server *server, struct MHD_Connection *carrier, int fd,
    const struct sockaddr *address);

/** Forgets a connection, just before its socket is closed. */
void connection_close(struct connection *connection);

/** Begins a phase. */
void connection_enter(struct connection *connection, enum connection_phase phase);

/** Ends a connection that has taken too long, or whose client has sent its last without there being
 *  a whole request; see http_server_sweep(). */
void connection_sweep(
    struct connection *connection, const struct http_limits *limits, uint64_t now_ns);

/** Gives up the answer that is awaited, if it can be. */
void connection_give_up(struct connection *connection);

/** Shuts the socket down, so that the library closes the connection. */
void connection_cut(struct connection *connection);

#endif
