/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole messages over nanomsg 1.1.5. What that version does and this file therefore does:
 *
 * - Raw sockets on both sides: a cooked REQ sends again on its own. The request id is ours, four
 *   bytes with the top bit set, and travels as SP_HDR control data from a stack buffer (a control
 *   chunk would be freed by nanomsg when a send fails).
 * - No message wakes a sender whose connection was refused, nor a receiver whose connection was
 *   lost; both wait in short steps and look at the socket's counters.
 * - A lost connection is made again by nanomsg behind our back. A connection here is one
 *   connection: after the first loss the socket is replaced before anything is sent on it.
 * - NN_RCVMAXSIZE counts the backtrace too, is 1 MiB unless set, and -1 lets a peer abort us.
 * - nn_bind() that fails leaves a worker with freed memory, so address.c tries first. Over inproc
 *   there is no worker.
 * - An inproc connection that is lost counts as being made, not as broken; and a name that nobody
 *   has bound is waited for, not refused. Its pipe takes another reply only once nn_sendmsg() of
 *   the last one has returned, though its peer can have read that and called again before: replies
 *   are sent one after the other, or the next one would be dropped.
 * - Over ws the peer's pings and text messages arrive like any message; TCP_NODELAY cannot be set.
 * - In a child that was forked while sockets were open it has no threads and waits for them for
 *   ever: no socket is opened there.
 * - nn_term() would break every socket of the process; sockets are closed one by one.
 */
#include "transport.h"

#include <errno.h>
#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <nanomsg/tcp.h>
#include <nanomsg/ws.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "address.h"
#include "clock.h"
#include "fork.h"
#include "nnrpc/crypto.h"

#define CONNECT_LIMIT_NS 2000000000
/* Steps of waiting: the first ones are short, because a refusal comes within a millisecond. */
#define CONNECT_STEP_NS 500000
#define CONNECT_STEP_MAX_NS 10000000
#define LOSS_STEP_NS 50000000
#define RECONNECT_MS 10
#define KERNEL_BUFFER_BYTES (1 << 20)
#define REQUEST_ID_BYTES 4
#define REQUEST_ID_BIT 0x80000000u

/* Control data as nanomsg lays it out: header, size, that many bytes. */
struct control {
    struct nn_cmsghdr header;
    size_t size;
    uint8_t bytes[NNRPC_ROUTE_BYTES];
};
_Static_assert(
    sizeof(struct control) == NN_CMSG_SPACE(sizeof(size_t) + NNRPC_ROUTE_BYTES),
    "nanomsg lays control data out differently");

struct nnrpc_listener {
    int socket;
    int receive_fd;
    bool is_inproc;
    pthread_mutex_t inproc_sending;
};

struct nnrpc_connection {
    struct nnrpc_address address;
    size_t max_bytes;
    int socket; /* -1: none */
    int send_fd;
    int receive_fd;
    uint32_t request_id; /* of what was sent last, with REQUEST_ID_BIT */
    bool sending;        /* a message waits for the connection to be made */
    uint64_t limit_ns;   /* when waiting for that ends */
    uint64_t step_ns;    /* how long to wait before looking again */
};

/* --- Both sides --------------------------------------------------------------------------- */

void *nnrpc_body_new(size_t size) {
    return nn_allocmsg(size, 0);
}

void nnrpc_body_free(void *body) {
    if (body != NULL) {
        (void)nn_freemsg(body);
    }
}

/* Returns when a descriptor is readable, after the time, or after a signal. */
static void wait_readable(struct pollfd *waited, size_t count, uint64_t wait_ns) {
    struct timespec timeout = {
        .tv_sec = (time_t)(wait_ns / 1000000000u),
        .tv_nsec = (long)(wait_ns % 1000000000u),
    };
    (void)ppoll(waited, count, &timeout, NULL);
}

static bool set_option(int socket, int level, int option, int value) {
    return nn_setsockopt(socket, level, option, &value, sizeof(value)) == 0;
}

static bool get_fd(int socket, int option, int *out_fd) {
    size_t size = sizeof(*out_fd);
    return nn_getsockopt(socket, NN_SOL_SOCKET, option, out_fd, &size) == 0;
}

static bool set_options(int socket, const struct nnrpc_address *address, size_t max_bytes) {
    return set_option(socket, NN_SOL_SOCKET, NN_RCVMAXSIZE, (int)(max_bytes + NNRPC_ROUTE_BYTES)) &&
           set_option(socket, NN_SOL_SOCKET, NN_SNDBUF, KERNEL_BUFFER_BYTES) &&
           set_option(socket, NN_SOL_SOCKET, NN_RCVBUF, KERNEL_BUFFER_BYTES) &&
           set_option(socket, NN_SOL_SOCKET, NN_RECONNECT_IVL, RECONNECT_MS) &&
           set_option(socket, NN_SOL_SOCKET, NN_IPV4ONLY, address->is_ipv6 ? 0 : 1) &&
           (address->kind != NNRPC_ADDRESS_TCP || set_option(socket, NN_TCP, NN_TCP_NODELAY, 1)) &&
           (address->kind != NNRPC_ADDRESS_WS ||
            set_option(socket, NN_WS, NN_WS_MSG_TYPE, NN_WS_MSG_TYPE_BINARY));
}

static enum nnrpc_code fail_socket(struct nnrpc_status *out_status) {
    if (nn_errno() == EPERM) {
        return fork_fail(out_status, "transport");
    }
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "cannot make another socket: %s", nn_strerror(nn_errno()));
}

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT", "out of memory");
}

/* Sockets that are open, and in which process. */
static atomic_uint open_count;
static atomic_uint open_generation;

/* A socket, or -1. In a child that was forked while sockets were open nanomsg has no threads, and
 * would never connect: -1 there too, with EPERM. */
static int open_raw(int protocol) {
    unsigned generation = fork_generation();
    if (atomic_load(&open_count) > 0 && atomic_load(&open_generation) != generation) {
        errno = EPERM;
        return -1;
    }
    atomic_store(&open_generation, generation);
    atomic_fetch_add(&open_count, 1);
    int socket = nn_socket(AF_SP_RAW, protocol);
    if (socket < 0) {
        atomic_fetch_sub(&open_count, 1);
    }
    return socket;
}

static void closep(int *socket) {
    if (*socket >= 0) {
        (void)nn_close(*socket);
        atomic_fetch_sub(&open_count, 1);
    }
}

/* Sends body and control data; never blocks. On success the body is nanomsg's. */
static bool send_message(int socket, void **body, const uint8_t *bytes, size_t size) {
    struct control control = {
        .header =
            {
                .cmsg_len = NN_CMSG_SPACE(sizeof(size_t) + size),
                .cmsg_level = PROTO_SP,
                .cmsg_type = SP_HDR,
            },
        .size = size,
    };
    memcpy(control.bytes, bytes, size);
    struct nn_iovec part = {.iov_base = body, .iov_len = NN_MSG};
    struct nn_msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = control.header.cmsg_len,
    };
    return nn_sendmsg(socket, &message, NN_DONTWAIT) >= 0;
}

/* Receives one message if there is one. False with errno set otherwise. */
static bool receive_message(
    int socket, void **out_body, size_t *out_size, struct control *out_control) {
    void *body = NULL;
    memset(out_control, 0, sizeof(*out_control)); /* stays so if it is too small for nanomsg */
    struct nn_iovec part = {.iov_base = &body, .iov_len = NN_MSG};
    struct nn_msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = out_control,
        .msg_controllen = sizeof(*out_control),
    };
    int size = nn_recvmsg(socket, &message, NN_DONTWAIT);
    if (size < 0) {
        return false;
    }
    *out_body = body;
    *out_size = (size_t)size;
    return true;
}

/* --- Serving side ------------------------------------------------------------------------- */

/* The folder is closed to others, so nobody comes between binding and this. */
static bool close_to_others(const struct nnrpc_address *address) {
    return address->kind != NNRPC_ADDRESS_IPC ||
           chmod(nnrpc_address_path(address), S_IRUSR | S_IWUSR) == 0;
}

static enum nnrpc_code bind_socket(
    int *socket, const struct nnrpc_address *address, struct nnrpc_status *out_status) {
    if (nn_bind(*socket, address->url) < 0) {
        int problem = nn_errno();
        if (address->kind != NNRPC_ADDRESS_INPROC) {
            *socket = -1; /* left open: closing it now would race with nanomsg's own clean-up */
        }
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE",
            "cannot listen on \"%s\": %s", address->url, nn_strerror(problem));
    }
    if (!close_to_others(address)) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE",
            "cannot close the socket \"%s\" to others: %s", address->url, strerror(errno));
    }
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_listener_open(
    const char *url, size_t max_bytes, struct nnrpc_listener **out_listener,
    struct nnrpc_status *out_status) {
    struct nnrpc_address address;
    enum nnrpc_code code = nnrpc_address_parse(url, true, &address, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    int socket NNRPC_CLEANUP(closep) = open_raw(NN_REP);
    struct nnrpc_listener prepared = {
        .socket = socket,
        .is_inproc = address.kind == NNRPC_ADDRESS_INPROC,
    };
    if (socket < 0 || !set_options(socket, &address, max_bytes) ||
        !get_fd(socket, NN_RCVFD, &prepared.receive_fd)) {
        return fail_socket(out_status);
    }
    int guard NNRPC_CLEANUP(nnrpc_descriptor_closep) = -1;
    code = nnrpc_address_prepare_bind(&address, &guard, out_status);
    if (code == NNRPC_OK) {
        code = bind_socket(&socket, &address, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    struct nnrpc_listener *listener = malloc(sizeof(*listener));
    if (listener == NULL) {
        return fail_memory(out_status);
    }
    *listener = prepared;
    pthread_mutex_init(&listener->inproc_sending, NULL);
    *out_listener = listener;
    socket = -1;
    return NNRPC_OK;
}

void nnrpc_listener_close(struct nnrpc_listener *listener) {
    if (listener != NULL) {
        closep(&listener->socket);
        pthread_mutex_destroy(&listener->inproc_sending);
        free(listener);
    }
}

bool nnrpc_listener_has_inproc_peers(const struct nnrpc_listener *listener) {
    return listener->is_inproc &&
           nn_get_statistic(listener->socket, NN_STAT_CURRENT_CONNECTIONS) > 0;
}

enum nnrpc_code nnrpc_listener_receive(
    struct nnrpc_listener *listener, uint32_t timeout_ms, void **out_body, size_t *out_size,
    struct nnrpc_route *out_route) {
    struct control control;
    struct pollfd waited = {.fd = listener->receive_fd, .events = POLLIN};
    wait_readable(&waited, 1, (uint64_t)timeout_ms * 1000000u);
    if (!receive_message(listener->socket, out_body, out_size, &control)) {
        switch (nn_errno()) {
        case EAGAIN:
        case EINTR:
        case ETIMEDOUT:
            return NNRPC_DEADLINE_EXCEEDED;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return NNRPC_RESOURCE_EXHAUSTED;
        default:
            return NNRPC_INTERNAL;
        }
    }
    out_route->size = control.size <= sizeof(out_route->bytes) ? control.size : 0;
    memcpy(out_route->bytes, control.bytes, out_route->size);
    return NNRPC_OK;
}

void nnrpc_listener_send(
    struct nnrpc_listener *listener, void *body, const struct nnrpc_route *route) {
    if (listener->is_inproc) {
        pthread_mutex_lock(&listener->inproc_sending);
    }
    bool is_sent = send_message(listener->socket, &body, route->bytes, route->size);
    if (listener->is_inproc) {
        pthread_mutex_unlock(&listener->inproc_sending);
    }
    if (!is_sent) {
        nnrpc_body_free(body);
    }
}

/* --- Calling side ------------------------------------------------------------------------- */

static enum nnrpc_code fail_unreachable(
    struct nnrpc_status *out_status, const char *url, const char *problem) {
    return nnrpc_fail(
        out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "UNREACHABLE", "server \"%s\": %s", url,
        problem);
}

/* Makes the socket of a connection that has none. */
static enum nnrpc_code open_socket(
    struct nnrpc_connection *connection, struct nnrpc_status *out_status) {
    int socket NNRPC_CLEANUP(closep) = open_raw(NN_REQ);
    if (socket < 0 || !set_options(socket, &connection->address, connection->max_bytes) ||
        !get_fd(socket, NN_SNDFD, &connection->send_fd) ||
        !get_fd(socket, NN_RCVFD, &connection->receive_fd)) {
        return fail_socket(out_status);
    }
    if (nn_connect(socket, connection->address.url) < 0) {
        return fail_unreachable(out_status, connection->address.url, nn_strerror(nn_errno()));
    }
    connection->socket = socket;
    socket = -1;
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_connection_check_url(const char *url, struct nnrpc_status *out_status) {
    struct nnrpc_address address;
    return nnrpc_address_parse(url, false, &address, out_status);
}

enum nnrpc_code nnrpc_connection_open(
    const char *url, size_t max_bytes, struct nnrpc_connection **out_connection,
    struct nnrpc_status *out_status) {
    struct nnrpc_connection prepared = {.max_bytes = max_bytes, .socket = -1};
    enum nnrpc_code code = nnrpc_address_parse(url, false, &prepared.address, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    struct nnrpc_connection *connection = malloc(sizeof(*connection));
    if (connection == NULL) {
        return fail_memory(out_status);
    }
    nnrpc_random(&prepared.request_id, sizeof(prepared.request_id));
    *connection = prepared;
    code = open_socket(connection, out_status);
    if (code != NNRPC_OK) {
        free(connection);
        return code;
    }
    *out_connection = connection;
    return NNRPC_OK;
}

void nnrpc_connection_close(struct nnrpc_connection *connection) {
    if (connection != NULL) {
        closep(&connection->socket);
        free(connection);
    }
}

static bool was_lost(const struct nnrpc_connection *connection) {
    int socket = connection->socket;
    if (connection->address.kind != NNRPC_ADDRESS_INPROC) {
        return nn_get_statistic(socket, NN_STAT_BROKEN_CONNECTIONS) != 0;
    }
    uint64_t made = nn_get_statistic(socket, NN_STAT_ESTABLISHED_CONNECTIONS);
    return made > 1 || (made == 1 && nn_get_statistic(socket, NN_STAT_INPROGRESS_CONNECTIONS) != 0);
}

/* nanomsg makes an inproc connection before nn_connect() returns, or once somebody binds. */
static const char *inproc_problem(const struct nnrpc_connection *connection) {
    return nn_get_statistic(connection->socket, NN_STAT_CURRENT_CONNECTIONS) > 0
               ? NULL
               : "nobody in this process listens there";
}

/*
 * Whether connecting has failed for good; NULL while it may still come about. A full backlog (10
 * on ipc) is reported like a refusal and is none.
 */
static const char *connect_problem(const struct nnrpc_connection *connection) {
    if (was_lost(connection)) {
        return "the connection was closed while it was being made";
    }
    if (connection->address.kind == NNRPC_ADDRESS_INPROC) {
        return inproc_problem(connection);
    }
    if (nn_get_statistic(connection->socket, NN_STAT_CONNECT_ERRORS) == 0) {
        return NULL;
    }
    if (connection->address.kind != NNRPC_ADDRESS_IPC) {
        return "connection refused";
    }
    int problem = nnrpc_address_probe(&connection->address);
    return problem == 0 ? NULL : strerror(problem);
}

/* Begins a message: a fresh id, and a fresh socket if the last one has lost its connection. */
static enum nnrpc_code begin_sending(
    struct nnrpc_connection *connection, struct nnrpc_status *out_status) {
    if (connection->socket < 0 || was_lost(connection)) {
        closep(&connection->socket);
        connection->socket = -1;
        enum nnrpc_code code = open_socket(connection, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    connection->request_id = (connection->request_id + 1) | REQUEST_ID_BIT;
    connection->sending = true;
    connection->limit_ns = 0;
    connection->step_ns = CONNECT_STEP_NS;
    return NNRPC_OK;
}

/* There is no connection yet: will there be one? */
static enum nnrpc_progress await_connection(
    struct nnrpc_connection *connection, struct nnrpc_status *out_status) {
    const char *problem = connect_problem(connection);
    uint64_t now = nnrpc_clock_ns();
    if (connection->limit_ns == 0) {
        connection->limit_ns = now + CONNECT_LIMIT_NS;
    } else if (problem == NULL && now >= connection->limit_ns) {
        problem = "no connection within 2 seconds";
    }
    if (problem != NULL) {
        (void)fail_unreachable(out_status, connection->address.url, problem);
        return NNRPC_PROGRESS_FAILED;
    }
    return NNRPC_PROGRESS_WAITING;
}

enum nnrpc_progress nnrpc_connection_try_send(
    struct nnrpc_connection *connection, void **body, struct nnrpc_status *out_status) {
    if (!connection->sending && begin_sending(connection, out_status) != NNRPC_OK) {
        return NNRPC_PROGRESS_FAILED;
    }
    const uint32_t id = connection->request_id;
    const uint8_t id_bytes[REQUEST_ID_BYTES] = {
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    if (send_message(connection->socket, body, id_bytes, sizeof(id_bytes))) {
        *body = NULL;
        connection->sending = false;
        connection->step_ns = LOSS_STEP_NS;
        return NNRPC_PROGRESS_DONE;
    }
    if (nn_errno() != EAGAIN) {
        (void)fail_unreachable(out_status, connection->address.url, nn_strerror(nn_errno()));
        return NNRPC_PROGRESS_FAILED;
    }
    return await_connection(connection, out_status);
}

enum nnrpc_progress nnrpc_connection_await(
    const struct nnrpc_connection *connection, struct nnrpc_status *out_status) {
    if (nn_get_statistic(connection->socket, NN_STAT_CURRENT_CONNECTIONS) != 0) {
        return NNRPC_PROGRESS_DONE;
    }
    const char *problem = connect_problem(connection);
    if (problem == NULL) {
        return NNRPC_PROGRESS_WAITING;
    }
    (void)fail_unreachable(out_status, connection->address.url, problem);
    return NNRPC_PROGRESS_FAILED;
}

/* Whether control data are those of the answer to what was sent last. */
static bool is_answer(const struct nnrpc_connection *connection, const struct control *control) {
    const uint8_t *bytes = control->bytes;
    return control->size == REQUEST_ID_BYTES &&
           ((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
            (uint32_t)bytes[3]) == connection->request_id;
}

enum nnrpc_progress nnrpc_connection_try_receive(
    struct nnrpc_connection *connection, void **out_body, size_t *out_size,
    struct nnrpc_status *out_status) {
    const char *url = connection->address.url;
    struct control control;
    void *body = NULL;
    size_t size = 0;
    while (receive_message(connection->socket, &body, &size, &control)) {
        if (is_answer(connection, &control)) {
            *out_body = body;
            *out_size = size;
            return NNRPC_PROGRESS_DONE;
        }
        nnrpc_body_free(body);
    }
    if (nn_errno() != EAGAIN) {
        (void)fail_unreachable(out_status, url, nn_strerror(nn_errno()));
        return NNRPC_PROGRESS_FAILED;
    }
    if (was_lost(connection)) { /* and with it whatever had come */
        (void)fail_unreachable(out_status, url, "the connection was lost");
        return NNRPC_PROGRESS_FAILED;
    }
    return NNRPC_PROGRESS_WAITING;
}

int nnrpc_connection_wait_fd(const struct nnrpc_connection *connection) {
    return connection->sending ? connection->send_fd : connection->receive_fd;
}

void nnrpc_connections_wait(
    struct nnrpc_connection *const *connections, size_t count, int wake_fd, uint64_t deadline_ns) {
    struct pollfd waited[NNRPC_WAIT_MAX_CONNECTIONS + 1];
    uint64_t now = nnrpc_clock_ns();
    uint64_t wait_ns = deadline_ns > now ? deadline_ns - now : 0;
    wait_ns = wait_ns < LOSS_STEP_NS ? wait_ns : LOSS_STEP_NS;
    for (size_t i = 0; i < count; i++) {
        struct nnrpc_connection *connection = connections[i];
        waited[i] = (struct pollfd){
            .fd = nnrpc_connection_wait_fd(connection),
            .events = POLLIN,
        };
        wait_ns = wait_ns < connection->step_ns ? wait_ns : connection->step_ns;
        if (connection->sending && connection->step_ns < CONNECT_STEP_MAX_NS) {
            connection->step_ns *= 2;
        }
    }
    waited[count] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
    wait_readable(waited, count + 1, wait_ns);
}
