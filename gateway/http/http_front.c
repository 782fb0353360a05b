/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking connections. The loop with the fewest gets the next one. Who comes when there are as many
 * as may be is told so, and waits for nothing.
 */
#include "http_front.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/log.h"
#include "http_clock.h"
#include "http_loop.h"
#include "linger.h"

#define NS_PER_MS UINT64_C(1000000)
#define ACCEPTS_MOST 64 /* at one socket before the next has its turn */
#define LOOK_MS 200
#define END_LOOK_MS 5
#define ABORT_MS 2000 /* for what cannot be given up at once */
#define QUIET_LOG_NS UINT64_C(1000000000)

struct http_front {
    struct http_front_options options;
    struct http_listener listener;
    struct http_loop *loops[HTTP_LOOPS_MOST];
    size_t loop_count;
    struct lingering lingering;
    uint64_t logged_ns;
};

/* --- Refusing -------------------------------------------------------------------------------- */

static void append_refusal(struct http_front *front, struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(http_response_deinit) struct http_response response = {0};
    (void)nnrpc_fail(
        &status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "OVERLOADED",
        "there are too many connections");
    front->options.server.hooks->write_error(&status, 503, false, &response);
    nnrpc_buffer_append_format(
        out,
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: %s\r\n"
        "Content-Length: %zu\r\n",
        response.content_type == NULL ? "application/json" : response.content_type,
        response.body.size);
    for (size_t i = 0; i < response.header_count; i++) {
        nnrpc_buffer_append_format(
            out, "%s: %s\r\n", response.headers[i].name, response.headers[i].value);
    }
    nnrpc_buffer_append_text(out, "\r\n");
    nnrpc_buffer_append(out, response.body.data, response.body.size);
}

/* Over TLS nothing can be said before a handshake. */
static void refuse(struct http_front *front, int fd, bool is_last_descriptor) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    uint64_t now_ns = http_clock_ns();
    if (!front->options.server.is_tls) {
        append_refusal(front, &text);
        if (!text.failed) {
            (void)!send(fd, text.data, text.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
    if (!is_last_descriptor) {
        linger_begin(&front->lingering, fd, true);
    }
    (void)close(fd);
    if (now_ns - front->logged_ns > QUIET_LOG_NS) {
        front->logged_ns = now_ns;
        daemon_log(
            DAEMON_LOG_WARNING, "connection_refused", "reason",
            is_last_descriptor ? "no descriptor is left" : "--max-connections is reached", NULL);
    }
}

/* --- Taking ---------------------------------------------------------------------------------- */

/* @return NULL when there are as many connections as may be. */
static struct http_loop *choose_loop(const struct http_front *front) {
    struct http_loop *best = NULL;
    size_t least = SIZE_MAX;
    size_t total = 0;
    for (size_t i = 0; i < front->loop_count; i++) {
        size_t load = http_loop_load(front->loops[i]);
        total += load;
        if (load < least) {
            least = load;
            best = front->loops[i];
        }
    }
    return total < front->options.server.limits.connections ? best : NULL;
}

/* @return whether there was one. */
static bool take_one(struct http_front *front, size_t index) {
    struct sockaddr_storage address = {0};
    socklen_t size = 0;
    bool is_last = false;
    int fd = http_listener_accept(&front->listener, index, &address, &size, &is_last);
    struct http_loop *loop = fd < 0 || is_last ? NULL : choose_loop(front);
    if (loop != NULL) {
        http_loop_hand_over(loop, fd, (const struct sockaddr *)&address, size);
    } else if (fd >= 0) {
        refuse(front, fd, is_last);
    }
    http_listener_refill(&front->listener);
    return fd >= 0;
}

static void take_waiting(struct http_front *front, size_t index, int most) {
    for (int i = 0; i < most && take_one(front, index); i++) {
    }
}

const struct http_listener *http_front_listener(const struct http_front *front) {
    return &front->listener;
}

void http_front_serve(struct http_front *front, int signal_fd) {
    struct pollfd polled[LISTENER_SOCKETS_MOST + 1];
    size_t count = front->listener.count;
    for (size_t i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = front->listener.sockets[i].fd, .events = POLLIN};
    }
    polled[count] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
    do {
        (void)poll(polled, count + 1, front->lingering.count > 0 ? LOOK_MS : -1);
        for (size_t i = 0; i < count; i++) {
            if ((polled[i].revents & POLLIN) != 0) {
                take_waiting(front, i, ACCEPTS_MOST);
            }
        }
        linger_sweep(&front->lingering, http_clock_ns());
    } while ((polled[count].revents & POLLIN) == 0);
}

/* --- Ending ---------------------------------------------------------------------------------- */

static bool have_ended(const struct http_front *front) {
    for (size_t i = 0; i < front->loop_count; i++) {
        if (!http_loop_has_ended(front->loops[i])) {
            return false;
        }
    }
    return true;
}

/* Settings are not read again by now, so that signal changes nothing. */
static bool is_told_to_end(int signal_fd) {
    struct signalfd_siginfo info = {0};
    return read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
           info.ssi_signo != SIGHUP;
}

enum end { END_ALL, END_LATE, END_TOLD };

/* Waits until all loops have ended, it is late, or another signal says so. */
static enum end await_end(const struct http_front *front, uint64_t most_ms, int signal_fd) {
    uint64_t until_ns = http_clock_ns() + most_ms * NS_PER_MS;
    struct pollfd polled = {.fd = signal_fd, .events = POLLIN};
    while (!have_ended(front)) {
        if (poll(&polled, 1, END_LOOK_MS) > 0 && is_told_to_end(signal_fd)) {
            return END_TOLD;
        }
        if (http_clock_ns() > until_ns) {
            return have_ended(front) ? END_ALL : END_LATE;
        }
    }
    return END_ALL;
}

bool http_front_stop(struct http_front *front, uint64_t drain_ms, int signal_fd) {
    for (size_t i = 0; i < front->listener.count; i++) {
        take_waiting(front, i, (int)front->options.server.limits.connections);
    }
    http_listener_close(&front->listener);
    linger_end(&front->lingering);
    for (size_t i = 0; i < front->loop_count; i++) {
        http_loop_drain(front->loops[i]);
    }
    enum end end = await_end(front, drain_ms, signal_fd);
    if (end != END_LATE) {
        return end == END_ALL;
    }
    daemon_log(DAEMON_LOG_WARNING, "drain_time_over", NULL);
    for (size_t i = 0; i < front->loop_count; i++) {
        http_loop_abort(front->loops[i]);
    }
    return await_end(front, ABORT_MS, signal_fd) == END_ALL;
}

/* --- Making ---------------------------------------------------------------------------------- */

static void stop_loops(struct http_front *front) {
    for (size_t i = 0; i < front->loop_count; i++) {
        http_loop_drain(front->loops[i]);
        http_loop_free(front->loops[i]);
    }
}

enum nnrpc_code http_front_new(
    const struct http_front_options *options, struct http_listener *listener,
    struct http_front **out_front, struct nnrpc_status *out_status) {
    struct http_front *front = calloc(1, sizeof(*front));
    enum nnrpc_code code = NNRPC_OK;
    if (front == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for connections");
    }
    front->options = *options;
    for (size_t i = 0; i < options->loop_count && code == NNRPC_OK; i++) {
        code = http_loop_new(&options->server, &options->client, &front->loops[i], out_status);
        front->loop_count += code == NNRPC_OK;
    }
    if (code != NNRPC_OK) {
        stop_loops(front);
        free(front);
        return code;
    }
    front->listener = *listener;
    *listener = (struct http_listener){0};
    *out_front = front;
    return NNRPC_OK;
}

void http_front_free(struct http_front *front) {
    if (front != NULL) {
        for (size_t i = 0; i < front->loop_count; i++) {
            http_loop_free(front->loops[i]);
        }
        free(front);
    }
}
