/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait. A waiting thread claims every lane of its call's class that is busy and that
 * nobody drives, and waits for the connections of all of them at once; if others drive all of
 * them, it sleeps. The invariant that rules out lost wake-ups: whenever the mutex is free, a busy
 * lane with a waiting thread's call in it, and a queue with a waiting thread's call and a free
 * lane, has a claimant or a thread that was woken for it, and a thread whose call is delayed knows
 * when it is due. So whoever gives a claim up, or stops waiting, nudges, and whoever delays a call
 * wakes its thread.
 */
#include "driver.h"

#include <sys/eventfd.h>
#include <time.h>

#include "client_queue.h"
#include "clock.h"
#include "event_loop.h"
#include "hedge.h"
#include "lane.h"
#include "nnrpc/server.h"

/* How soon a driver that cannot be woken looks again. */
#define BLIND_STEP_NS 5000000
/* How long the start of a call waits for a connection that is just being made. */
#define START_PATIENCE_NS 10000000
/* Others, too, keep lanes going; who moves all comes back to them. */
#define MOST_ROUNDS 16

_Static_assert(
    CLIENT_MAX_LANES *NNRPC_LANE_CLASS_COUNT <= NNRPC_WAIT_MAX_CONNECTIONS,
    "a thread must be able to wait for every lane");

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* --- Who waits ---------------------------------------------------------------------------- */

static void start_waiting(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pending->is_polling = false;
    pending->is_woken = false;
    pending->previous_waiting = NULL;
    pending->next_waiting = client->first_waiting;
    if (client->first_waiting != NULL) {
        client->first_waiting->previous_waiting = pending;
    }
    client->first_waiting = pending;
}

static void stop_waiting(struct nnrpc_pending *pending) {
    if (pending->previous_waiting == NULL) {
        pending->client->first_waiting = pending->next_waiting;
    } else {
        pending->previous_waiting->next_waiting = pending->next_waiting;
    }
    if (pending->next_waiting != NULL) {
        pending->next_waiting->previous_waiting = pending->previous_waiting;
    }
}

bool driver_is_over(const struct nnrpc_pending *pending, uint64_t now_ns) {
    return hedge_is_settled(pending) || now_ns >= pending->deadline_ns ||
           (pending->parent != NULL && nnrpc_call_is_cancelled(pending->parent));
}

/* Whether a waiting thread's call needs a lane to move. */
static bool call_needs(const struct nnrpc_pending *pending, const struct lane *lane) {
    switch (pending->state) {
    case PENDING_IN_FLIGHT:
        return pending->lane == lane;
    case PENDING_QUEUED:
        return pending->lane_class == lane->lane_class;
    case PENDING_DELAYED:
    case PENDING_DONE:
        return false;
    }
    return false;
}

static bool needs(const struct nnrpc_pending *pending, const struct lane *lane) {
    return call_needs(pending, lane) ||
           (pending->hedge != NULL && call_needs(pending->hedge, lane));
}

/* The thread to wake for a lane: one that sleeps, before one that drives other lanes. */
static struct nnrpc_pending *find_waiting(
    const struct nnrpc_client *client, const struct lane *lane) {
    struct nnrpc_pending *found = NULL;
    for (struct nnrpc_pending *pending = client->first_waiting; pending != NULL;
         pending = pending->next_waiting) {
        if (needs(pending, lane)) {
            found = pending;
            if (!pending->is_polling) {
                break;
            }
        }
    }
    return found;
}

void driver_nudge(struct nnrpc_client *client) {
    if (client->first_waiting == NULL && client->loop.first == NULL) {
        return;
    }
    for (size_t i = 0; i < client->lane_count; i++) {
        const struct lane *lane = &client->lanes[i];
        bool is_awaited = lane->is_busy && lane->live_count > 0;
        if (lane->driver == NULL &&
            (is_awaited || client->queues[lane->lane_class].first != NULL)) {
            struct nnrpc_pending *pending = find_waiting(client, lane);
            if (pending != NULL) {
                client_queue_wake(pending);
            } else if (lane->watched_fd < 0) {
                event_loop_wake(client);
            }
        }
    }
}

void driver_leave(struct nnrpc_client *client, const struct nnrpc_pending *claimant) {
    for (size_t i = 0; i < client->lane_count; i++) {
        if (client->lanes[i].driver == claimant) {
            client->lanes[i].driver = NULL;
        }
    }
    driver_nudge(client);
}

/* --- Driving ------------------------------------------------------------------------------ */

static void step_unlocked(
    struct nnrpc_client *client, struct lane *const *lanes, size_t lane_count) {
    for (size_t i = 0; i < lane_count; i++) {
        lane_step(client, lanes[i]);
    }
}

/* Sends what can be sent now; what it claims stays claimed. */
static void send_queued(struct nnrpc_client *client, struct nnrpc_pending *claimant) {
    for (;;) {
        struct lane *lane = client_queue_take(client, claimant);
        if (lane == NULL) {
            return;
        }
        pthread_mutex_unlock(&client->mutex);
        step_unlocked(client, &lane, 1);
        pthread_mutex_lock(&client->mutex);
        client_queue_settle(client, lane);
    }
}

/* Whether a lane of its class may carry the call, or is about to. */
static bool needs_lanes(const struct nnrpc_pending *pending) {
    return pending->state != PENDING_DELAYED ||
           (pending->hedge != NULL && pending->hedge->state != PENDING_DELAYED);
}

/* Claims what nobody drives and lists what is claimed. */
static size_t claim_lanes(
    struct nnrpc_pending *pending, struct lane *out_lanes[NNRPC_WAIT_MAX_CONNECTIONS]) {
    struct nnrpc_client *client = pending->client;
    size_t count = 0;
    for (size_t i = 0; i < client->lane_count; i++) {
        struct lane *lane = &client->lanes[i];
        if (lane->is_busy && lane->driver == NULL && lane->lane_class == pending->lane_class &&
            needs_lanes(pending)) {
            event_loop_unwatch(client, lane);
            lane->driver = pending;
        }
        if (lane->driver == pending) {
            out_lanes[count++] = lane;
        }
    }
    return count;
}

/* A polling thread drives at least one lane, so there are never more of these than lanes. */
static void start_polling(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pending->wake_fd = client->wake_fd_count > 0 ? client->wake_fds[--client->wake_fd_count]
                                                 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pending->is_polling = true;
}

static void stop_polling(struct nnrpc_pending *pending) {
    pending->is_polling = false;
    if (pending->wake_fd >= 0) {
        eventfd_t ignored = 0;
        if (pending->is_woken) {
            (void)eventfd_read(pending->wake_fd, &ignored);
        }
        pending->client->wake_fds[pending->client->wake_fd_count++] = pending->wake_fd;
        pending->wake_fd = -1;
    }
    pending->is_woken = false;
}

static void drive(
    struct nnrpc_pending *pending, struct lane *const *lanes, size_t lane_count,
    uint64_t until_ns) {
    struct nnrpc_client *client = pending->client;
    struct nnrpc_connection *connections[NNRPC_WAIT_MAX_CONNECTIONS];
    for (size_t i = 0; i < lane_count; i++) {
        connections[i] = lanes[i]->connection;
        until_ns = earlier(until_ns, lanes[i]->deadline_ns);
    }
    start_polling(pending);
    if (pending->wake_fd < 0) {
        until_ns = earlier(until_ns, nnrpc_clock_ns() + BLIND_STEP_NS);
    }
    pthread_mutex_unlock(&client->mutex);
    nnrpc_connections_wait(connections, lane_count, pending->wake_fd, until_ns);
    step_unlocked(client, lanes, lane_count);
    pthread_mutex_lock(&client->mutex);
    stop_polling(pending);
    for (size_t i = 0; i < lane_count; i++) {
        client_queue_settle(client, lanes[i]);
    }
}

void driver_start(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    if (client_queue_gathers(client, pending->lane_class)) {
        return;
    }
    send_queued(client, pending);
    struct lane *lane = pending->lane;
    uint64_t until_ns = 0;
    while (pending->state == PENDING_IN_FLIGHT && lane->driver == pending && !lane->is_sent) {
        uint64_t now = nnrpc_clock_ns();
        until_ns = until_ns == 0 ? now + START_PATIENCE_NS : until_ns;
        if (now >= until_ns) {
            break;
        }
        drive(pending, &lane, 1, until_ns);
    }
    driver_leave(client, pending);
}

static void sleep_until(struct nnrpc_pending *pending, uint64_t until_ns) {
    struct timespec until = {
        .tv_sec = (time_t)(until_ns / 1000000000u),
        .tv_nsec = (long)(until_ns % 1000000000u),
    };
    (void)pthread_cond_timedwait(&pending->wake, &pending->client->mutex, &until);
}

/* One round of waiting. */
static void wait_once(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    struct lane *lanes[NNRPC_WAIT_MAX_CONNECTIONS];
    size_t lane_count = claim_lanes(pending, lanes);
    uint64_t until_ns = earlier(pending->deadline_ns, hedge_due_ns(pending));
    if (client->delayed.first != NULL) {
        until_ns = earlier(until_ns, client->next_due_ns);
    }
    if (pending->parent != NULL) { /* which is not told to this client when it is cancelled */
        until_ns = earlier(until_ns, nnrpc_clock_ns() + DRIVER_PARENT_STEP_NS);
    }
    if (lane_count > 0) {
        drive(pending, lanes, lane_count, until_ns);
    } else {
        sleep_until(pending, until_ns);
    }
}

void driver_wait(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    if (hedge_is_settled(pending)) {
        return;
    }
    start_waiting(pending);
    for (;;) {
        uint64_t now = nnrpc_clock_ns();
        client_queue_release_due(client, now);
        hedge_begin_due(pending, now);
        send_queued(client, pending); /* also once the own call is done: others may wait */
        if (driver_is_over(pending, now)) {
            break;
        }
        wait_once(pending);
    }
    stop_waiting(pending);
    driver_leave(client, pending);
}

void driver_look(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    uint64_t now = nnrpc_clock_ns();
    client_queue_release_due(client, now);
    hedge_begin_due(pending, now);
    send_queued(client, pending);
    struct lane *lanes[NNRPC_WAIT_MAX_CONNECTIONS];
    size_t lane_count = hedge_is_settled(pending) ? 0 : claim_lanes(pending, lanes);
    pthread_mutex_unlock(&client->mutex);
    step_unlocked(client, lanes, lane_count);
    pthread_mutex_lock(&client->mutex);
    for (size_t i = 0; i < lane_count; i++) {
        client_queue_settle(client, lanes[i]);
    }
    send_queued(client, pending);
    driver_leave(client, pending);
}

/* Claims every lane that nobody drives and that calls wait for. */
static size_t claim_all(
    struct nnrpc_client *client, struct nnrpc_pending *claimant,
    struct lane *out_lanes[NNRPC_WAIT_MAX_CONNECTIONS]) {
    size_t count = 0;
    for (size_t i = 0; i < client->lane_count; i++) {
        struct lane *lane = &client->lanes[i];
        if (lane->is_busy && lane->driver == NULL && lane->live_count > 0) {
            event_loop_unwatch(client, lane);
            lane->driver = claimant;
        }
        if (lane->driver == claimant) {
            out_lanes[count++] = lane;
        }
    }
    return count;
}

void driver_move_all(struct nnrpc_client *client, struct nnrpc_pending *claimant) {
    bool has_moved = true;
    for (int round = 0; has_moved && round < MOST_ROUNDS; round++) {
        struct lane *lanes[NNRPC_WAIT_MAX_CONNECTIONS];
        client_queue_release_due(client, nnrpc_clock_ns());
        send_queued(client, claimant);
        size_t lane_count = claim_all(client, claimant, lanes);
        pthread_mutex_unlock(&client->mutex);
        step_unlocked(client, lanes, lane_count);
        pthread_mutex_lock(&client->mutex);
        has_moved = false;
        for (size_t i = 0; i < lane_count; i++) {
            has_moved |= lanes[i]->outcome != LANE_UNCHANGED;
            client_queue_settle(client, lanes[i]);
        }
    }
}
