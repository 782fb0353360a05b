/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's event loop. One epoll descriptor stands for everything that may need a step: the
 * connections of the lanes that nobody else drives, a timer for what comes with time (deadlines,
 * delayed tries, hedges, lost connections, which nanomsg does not announce), and an event by which
 * other threads say that there is something to do.
 */
#include "event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client_queue.h"
#include "clock.h"
#include "driver.h"
#include "fork.h"
#include "hedge.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* How soon a lane that waits is looked at again: as nnrpc_connections_wait() does. */
#define LOOK_AGAIN_NS UINT64_C(50000000)
#define CONNECTING_AGAIN_NS UINT64_C(2000000)
#define MOST_ROUNDS 16

/* --- Which calls -------------------------------------------------------------------------- */

void event_loop_add(struct nnrpc_pending *pending) {
    struct event_loop *loop = &pending->client->loop;
    if (pending->on_done == NULL) {
        return;
    }
    pending->is_notified = true;
    pending->previous_notified = loop->last;
    pending->next_notified = NULL;
    if (loop->last == NULL) {
        loop->first = pending;
    } else {
        loop->last->next_notified = pending;
    }
    loop->last = pending;
    event_loop_wake(pending->client);
}

void event_loop_forget(struct nnrpc_pending *pending) {
    struct event_loop *loop = &pending->client->loop;
    if (!pending->is_notified) {
        return;
    }
    pending->is_notified = false;
    if (pending->previous_notified == NULL) {
        loop->first = pending->next_notified;
    } else {
        pending->previous_notified->next_notified = pending->next_notified;
    }
    if (pending->next_notified == NULL) {
        loop->last = pending->previous_notified;
    } else {
        pending->next_notified->previous_notified = pending->previous_notified;
    }
}

/* --- The descriptor ----------------------------------------------------------------------- */

void event_loop_wake(struct nnrpc_client *client) {
    struct event_loop *loop = &client->loop;
    if (loop->is_open && loop->first != NULL && !loop->is_woken) {
        loop->is_woken = true;
        (void)eventfd_write(loop->wake_fd, 1);
    }
}

static bool watch(const struct event_loop *loop, int fd) {
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void close_all(const struct event_loop *loop) {
    const int fds[] = {loop->epoll_fd, loop->timer_fd, loop->wake_fd};
    for (size_t i = 0; i < NNRPC_LENGTH(fds); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

static bool open_all(struct event_loop *loop) {
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd >= 0 && loop->timer_fd >= 0 && loop->wake_fd >= 0 &&
        watch(loop, loop->timer_fd) && watch(loop, loop->wake_fd)) {
        loop->is_open = true;
        return true;
    }
    close_all(loop);
    return false;
}

void event_loop_deinit(struct nnrpc_client *client) {
    if (client->loop.is_open) {
        close_all(&client->loop);
    }
}

enum nnrpc_code nnrpc_client_event_fd(
    struct nnrpc_client *client, int *out_fd, struct nnrpc_status *out_status) {
    if (fork_happened(client->generation)) {
        return fork_fail(out_status, "client");
    }
    struct event_loop *loop = &client->loop;
    pthread_mutex_lock(&client->mutex);
    enum nnrpc_code code = NNRPC_OK;
    if (!loop->is_open && !open_all(loop)) {
        code = nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no descriptors for an event loop: %s", strerror(errno));
    } else {
        event_loop_wake(client);
        *out_fd = loop->epoll_fd;
    }
    pthread_mutex_unlock(&client->mutex);
    return code;
}

/* --- What to wait for --------------------------------------------------------------------- */

/* nanomsg's descriptors stay readable while there is something to receive, and, in a set of epoll,
 * after they are closed if a child has them too: so a lane is watched only while nobody works on
 * it, and whoever claims it takes it out. */
void event_loop_unwatch(struct nnrpc_client *client, struct lane *lane) {
    struct epoll_event event = {0};
    if (lane->watched_fd >= 0) {
        (void)epoll_ctl(client->loop.epoll_fd, EPOLL_CTL_DEL, lane->watched_fd, &event);
        lane->watched_fd = -1;
    }
}

static void watch_lane(const struct event_loop *loop, struct lane *lane) {
    lane->watched_fd = nnrpc_connection_wait_fd(lane->connection);
    (void)watch(loop, lane->watched_fd);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* When time alone will give the loop something to do. */
static uint64_t next_time(const struct nnrpc_client *client, uint64_t now) {
    uint64_t next_ns = client->delayed.first == NULL ? UINT64_MAX : client->next_due_ns;
    for (const struct nnrpc_pending *pending = client->loop.first; pending != NULL;
         pending = pending->next_notified) {
        next_ns = earlier(next_ns, earlier(pending->deadline_ns, hedge_due_ns(pending)));
        if (pending->parent != NULL) { /* which is not told to this client when it is cancelled */
            next_ns = earlier(next_ns, now + DRIVER_PARENT_STEP_NS);
        }
    }
    for (size_t i = 0; i < client->lane_count; i++) {
        const struct lane *lane = &client->lanes[i];
        if (lane->is_busy && lane->driver == &client->loop.driver) {
            next_ns = earlier(next_ns, now + (lane->is_sent ? LOOK_AGAIN_NS : CONNECTING_AGAIN_NS));
        }
    }
    return next_ns;
}

static void set_timer(const struct event_loop *loop, uint64_t at_ns) {
    const struct itimerspec when = {
        .it_value = {
            .tv_sec = at_ns == UINT64_MAX ? 0 : (time_t)(at_ns / NS_PER_SECOND),
            .tv_nsec = at_ns == UINT64_MAX ? 0 : (long)(at_ns % NS_PER_SECOND),
        }};
    (void)timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Lanes that the loop has claimed are watched, the others are somebody else's or idle. */
static void watch_lanes(struct nnrpc_client *client) {
    struct event_loop *loop = &client->loop;
    for (size_t i = 0; i < client->lane_count; i++) {
        struct lane *lane = &client->lanes[i];
        if (lane->is_busy && lane->driver == &loop->driver && lane->connection != NULL) {
            watch_lane(loop, lane);
        }
    }
    set_timer(loop, next_time(client, nnrpc_clock_ns()));
}

/* --- Processing --------------------------------------------------------------------------- */

static void drain_events(struct event_loop *loop) {
    uint64_t ignored = 0;
    loop->is_woken = false;
    if (loop->is_open) {
        (void)!read(loop->wake_fd, &ignored, sizeof(ignored));
        (void)!read(loop->timer_fd, &ignored, sizeof(ignored));
    }
}

static void begin_hedges(struct nnrpc_client *client) {
    uint64_t now = nnrpc_clock_ns();
    for (struct nnrpc_pending *pending = client->loop.first; pending != NULL;
         pending = pending->next_notified) {
        hedge_begin_due(pending, now);
    }
}

/* Takes the first call that is over off the list. */
static struct nnrpc_pending *take_over(struct nnrpc_client *client, uint64_t now) {
    struct nnrpc_pending *pending = client->loop.first;
    while (pending != NULL && !driver_is_over(pending, now)) {
        pending = pending->next_notified;
    }
    if (pending != NULL) {
        event_loop_forget(pending);
    }
    return pending;
}

/* Locked; unlocks meanwhile. One callback may start calls, finish others, or cancel them. */
static size_t notify(struct nnrpc_client *client) {
    size_t count = 0;
    uint64_t now = nnrpc_clock_ns();
    struct nnrpc_pending *pending = take_over(client, now);
    while (pending != NULL) {
        pthread_mutex_unlock(&client->mutex);
        pending->on_done(pending->on_done_context, pending);
        count++;
        pthread_mutex_lock(&client->mutex);
        pending = take_over(client, now);
    }
    return count;
}

size_t nnrpc_client_process(struct nnrpc_client *client) {
    if (fork_happened(client->generation)) {
        return 0;
    }
    struct event_loop *loop = &client->loop;
    pthread_mutex_lock(&client->mutex);
    if (loop->is_processing) { /* by another thread, or from a callback */
        pthread_mutex_unlock(&client->mutex);
        return 0;
    }
    loop->is_processing = true;
    drain_events(loop);
    size_t count = 0;
    size_t notified = 0;
    for (size_t i = 0; i < client->lane_count; i++) {
        event_loop_unwatch(client, &client->lanes[i]);
    }
    int rounds = 0;
    do { /* callbacks may have started calls, which are sent before anything is waited for */
        begin_hedges(client);
        driver_move_all(client, &loop->driver);
        if (loop->is_open) {
            watch_lanes(client);
        }
        driver_leave(client, &loop->driver);
        notified = notify(client);
        count += notified;
        rounds++;
    } while (notified > 0 && rounds < MOST_ROUNDS);
    if (notified > 0) {
        event_loop_wake(client); /* the caller's other descriptors have their turn first */
    }
    loop->is_processing = false;
    pthread_mutex_unlock(&client->mutex);
    return count;
}
