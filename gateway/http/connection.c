/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, and their time limits. The library that reads requests knows inactivity only, which
 * a client that sends a byte a second never shows; and it does not tell of a request before its
 * first line is whole. So the kernel is asked how many bytes came and went.
 */
#include "connection.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "http_clock.h"
#include "server_state.h"

#define LOOK_AFTER_NS UINT64_C(200000000)

/* --- Opening and closing --------------------------------------------------------------------- */

static void write_client(struct connection *connection, const struct sockaddr *address) {
    char host[INET6_ADDRSTRLEN] = "";
    const void *bytes = NULL;
    unsigned port = 0;
    if (address->sa_family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
        port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    } else {
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
        port = ntohs(((const struct sockaddr_in *)address)->sin_port);
    }
    (void)inet_ntop(address->sa_family, bytes, host, sizeof(host));
    snprintf(
        connection->client, sizeof(connection->client),
        address->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
}

void connection_enter(struct connection *connection, enum connection_phase phase) {
    connection->phase = phase;
    connection->since_ns = http_clock_ns();
    connection->seen_ns = connection->since_ns;
    connection->is_counted = false;
    if (phase != CONNECTION_READING) {
        connection->part_ns = 0;
    }
}

struct connection *connection_open(
    struct http_server *server, struct MHD_Connection *carrier, int fd,
    const struct sockaddr *address) {
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) { /* nothing can be read on it then */
        (void)shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    connection->server = server;
    connection->carrier = carrier;
    connection->fd = fd;
    connection->exchange.connection = connection;
    write_client(connection, address);
    connection_enter(connection, CONNECTION_IDLE);
    connection->next = server->first;
    if (server->first != NULL) {
        server->first->previous = connection;
    }
    server->first = connection;
    server->connection_count++;
    return connection;
}

void connection_close(struct connection *connection) {
    struct http_server *server = connection->server;
    if (connection->previous == NULL) {
        server->first = connection->next;
    } else {
        connection->previous->next = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    if (!connection->is_cut) {
        linger_begin(&server->lingering, connection->fd, connection->is_lingering);
    }
    server->connection_count--;
    nnrpc_buffer_deinit(&connection->exchange.target);
    nnrpc_buffer_deinit(&connection->exchange.body);
    http_response_deinit(&connection->exchange.response);
    free(connection->exchange.headers);
    free(connection);
    server->options.hooks->connections_changed(server->options.gateway, -1);
}

/* --- Time ------------------------------------------------------------------------------------ */

void connection_cut(struct connection *connection) {
    if (!connection->is_cut) {
        connection->is_cut = true;
        (void)shutdown(connection->fd, SHUT_RDWR);
    }
}

/* Notes what came and went; that the client takes something is a sign of life.
 * @return whether anything came since the last look in this phase. */
static bool look(struct connection *connection, uint64_t now_ns) {
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return false;
    }
    bool has_come = info.tcpi_bytes_received != connection->bytes_in;
    bool has_gone = info.tcpi_bytes_acked != connection->bytes_out;
    bool is_counted = connection->is_counted;
    connection->is_counted = true;
    connection->bytes_in = info.tcpi_bytes_received;
    connection->bytes_out = info.tcpi_bytes_acked;
    if (is_counted && has_gone) {
        connection->seen_ns = now_ns;
    }
    return is_counted && has_come;
}

static bool is_over(uint64_t since_ns, uint64_t most_ns, uint64_t now_ns) {
    return now_ns > since_ns && now_ns - since_ns > most_ns;
}

/* Whether the client has sent its last and the library has not seen that: it waits for a change,
 * and where the end came together with bytes that it has read, there is none. */
static bool has_ended(const struct connection *connection) {
    char byte = 0;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Whatever comes without a request line being read is a part of one. */
static void sweep_idle(
    struct connection *connection, const struct http_limits *limits, uint64_t now_ns) {
    if (look(connection, now_ns) && connection->part_ns == 0) {
        connection->part_ns = now_ns;
    }
    bool is_late = connection->part_ns != 0
                       ? is_over(connection->part_ns, limits->request_ns, now_ns)
                       : is_over(connection->since_ns, limits->idle_ns, now_ns);
    if (is_late || has_ended(connection)) {
        connection_cut(connection);
    }
}

void connection_give_up(struct connection *connection) {
    struct exchange *exchange = &connection->exchange;
    exchange_cancel *cancel = exchange->cancel;
    if (exchange->is_waiting && cancel != NULL) {
        exchange->cancel = NULL;
        cancel(exchange->cancel_context);
    }
}

void connection_sweep(
    struct connection *connection, const struct http_limits *limits, uint64_t now_ns) {
    if (!is_over(connection->since_ns, LOOK_AFTER_NS, now_ns)) {
        return;
    }
    switch (connection->phase) {
    case CONNECTION_IDLE:
        sweep_idle(connection, limits, now_ns);
        break;
    case CONNECTION_READING:
        if (is_over(
                connection->part_ns != 0 ? connection->part_ns : connection->since_ns,
                limits->request_ns, now_ns) ||
            has_ended(connection)) {
            connection_cut(connection);
        }
        break;
    case CONNECTION_ANSWERING: /* has the time that a call has */
        break;
    case CONNECTION_WRITING:
        (void)look(connection, now_ns);
        if (is_over(connection->seen_ns, limits->idle_ns, now_ns)) {
            connection_cut(connection);
        }
        break;
    }
}
