/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls between queue and lanes. A call is in exactly one place: its class's queue, the delayed
 * list, a lane's frame, or done.
 */
#include "client_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "client_frame.h"
#include "clock.h"
#include "event_loop.h"
#include "lane.h"
#include "pending.h"

/* A frame of this many calls hardly takes longer than a frame of one. */
#define SMALL_FRAME_CALLS 32
/* With as many calls that are not finished, a started one waits for company. */
#define GATHER_FROM_CALLS 8
/* Nearer to the deadline a call that waits for a server is not tried again. */
#define LAST_CHANCE_NS UINT64_C(20000000)

/* --- Ending ------------------------------------------------------------------------------- */

void client_queue_wake(struct nnrpc_pending *pending) {
    if (pending == &pending->client->loop.driver || pending->is_notified) {
        event_loop_wake(pending->client);
    }
    if (pending == &pending->client->loop.driver) {
        return;
    }
    if (!pending->is_polling) {
        (void)pthread_cond_signal(&pending->wake);
    } else if (!pending->is_woken) {
        pending->is_woken = true;
        if (pending->wake_fd >= 0) { /* without one it looks again soon by itself */
            (void)eventfd_write(pending->wake_fd, 1);
        }
    }
}

static void complete(struct nnrpc_pending *pending) {
    pending->state = PENDING_DONE;
    pending->lane = NULL;
    if (pending->status.code == NNRPC_UNAVAILABLE && pending->attempts > 1) {
        nnrpc_status_add_info(&pending->status, "attempts", "%u", pending->attempts);
    }
    pending_tell_effect(pending, &pending->status);
    client_queue_wake(pending->first != NULL ? pending->first : pending);
}

static void release(struct nnrpc_pending *pending) {
    nnrpc_body_free(pending_release(pending));
}

/* --- Replies ------------------------------------------------------------------------------ */

static struct reply *new_reply(struct nnrpc_client *client, void *body) {
    struct reply *reply = client->reply_pool;
    if (reply != NULL) {
        client->reply_pool = reply->next;
    } else {
        reply = malloc(sizeof(*reply));
    }
    if (reply != NULL) {
        *reply = (struct reply){.body = body, .reference_count = 1};
    }
    return reply;
}

static void drop_reply(struct nnrpc_client *client, struct reply *reply) {
    if (--reply->reference_count == 0) {
        nnrpc_body_free(reply->body);
        reply->next = client->reply_pool;
        client->reply_pool = reply;
    }
}

static void drop_answer(struct nnrpc_pending *pending) {
    if (pending->reply != NULL) {
        drop_reply(pending->client, pending->reply);
        pending->reply = NULL;
    }
}

/* --- Trying again ------------------------------------------------------------------------- */

static void delay(struct nnrpc_pending *pending, uint64_t due_ns) {
    struct nnrpc_client *client = pending->client;
    drop_answer(pending);
    if (client->delayed.first == NULL || due_ns < client->next_due_ns) {
        client->next_due_ns = due_ns;
    }
    pending->state = PENDING_DELAYED;
    pending->due_ns = due_ns;
    pending->lane = NULL;
    pending_list_append(&client->delayed, pending);
    client_queue_wake(pending); /* it has a new time at which to act */
}

static bool has_reason(const struct nnrpc_status *status, const char *reason) {
    return strcmp(status->reason, reason) == 0 && strcmp(status->domain, NNRPC_DOMAIN) == 0;
}

/* How a try ended that failed. */
struct failed_try {
    bool was_sent;     /* the server may have had the call */
    bool was_answered; /* by the server, with an error */
    bool is_refusal;   /* by a server that is stopping: it did nothing */
    uint64_t random;   /* one for all calls that failed together, so that they come back together */
};

/* Whether the try does not count, since it reached no server. */
static bool waits_for_ready(const struct nnrpc_pending *pending, const struct failed_try *failed) {
    return pending->waits_for_ready && !failed->was_sent &&
           pending->status.code == NNRPC_UNAVAILABLE;
}

static bool may_repeat(struct nnrpc_pending *pending, const struct failed_try *failed) {
    const struct nnrpc_retry_policy *policy = &pending->retry;
    if (waits_for_ready(pending, failed)) {
        pending->uncounted_attempts++;
        return true;
    }
    if (!retry_policy_covers(policy, pending->status.code) ||
        (failed->was_sent && !failed->is_refusal && !pending->is_repeatable)) {
        return false;
    }
    return policy->max_attempts == 0 ||
           pending->attempts - pending->uncounted_attempts < policy->max_attempts;
}

/* A try that the server had is paid for. */
static bool can_afford(struct nnrpc_pending *pending, const struct failed_try *failed) {
    if (!failed->was_sent || failed->is_refusal ||
        retry_budget_spend(&pending->client->retry_budget, nnrpc_clock_ns())) {
        return true;
    }
    nnrpc_status_add_info(&pending->status, "retry_budget", "spent");
    return false;
}

/* A time before the deadline, rather than the end of a pause that is longer. */
static uint64_t last_chance_ns(uint64_t deadline_ns) {
    uint64_t now = nnrpc_clock_ns();
    uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;
    return left_ns > LAST_CHANCE_NS ? deadline_ns - left_ns / 2 : deadline_ns - 1;
}

/*
 * Whether a later error must not hide that this try may have taken effect. An error that the server
 * answered last is its own word on that.
 */
static bool leaves_open(
    const struct nnrpc_pending *pending, const struct failed_try *failed, bool is_last) {
    if (!failed->was_answered) {
        return failed->was_sent;
    }
    bool is_proof = failed->is_refusal || pending_is_judged(pending->status.code) ||
                    has_reason(&pending->status, "OVERLOADED") ||
                    has_reason(&pending->status, "METHOD_LIMITED");
    return !is_last && !is_proof;
}

/* Ends a try that failed with pending->status. */
static void end_failed_try(struct nnrpc_pending *pending, const struct failed_try *failed) {
    uint64_t due_ns =
        nnrpc_clock_ns() +
        retry_pause_ns(&pending->retry, pending->attempts, failed->random, &pending->status);
    if (due_ns >= pending->deadline_ns && waits_for_ready(pending, failed)) {
        due_ns = last_chance_ns(pending->deadline_ns);
    }
    bool is_last = due_ns >= pending->deadline_ns || !may_repeat(pending, failed) ||
                   !can_afford(pending, failed);
    pending->may_have_arrived |= leaves_open(pending, failed, is_last);
    if (is_last) {
        complete(pending);
    } else {
        delay(pending, due_ns);
    }
}

void client_queue_release_due(struct nnrpc_client *client, uint64_t now) {
    if (client->delayed.first == NULL || now < client->next_due_ns) {
        return;
    }
    client->next_due_ns = UINT64_MAX;
    struct nnrpc_pending *next = NULL;
    for (struct nnrpc_pending *pending = client->delayed.first; pending != NULL; pending = next) {
        next = pending->next;
        if (pending->due_ns <= now) {
            pending_list_remove(&client->delayed, pending);
            pending->state = PENDING_QUEUED;
            pending_list_append(&client->queues[pending->lane_class], pending);
        } else if (pending->due_ns < client->next_due_ns) {
            client->next_due_ns = pending->due_ns;
        }
    }
}

/* --- Answers ------------------------------------------------------------------------------ */

/* Its answer did not fit beside the others: once more, alone, and soon. */
static bool send_alone(struct nnrpc_pending *pending) {
    if (pending->status.code != NNRPC_RESOURCE_EXHAUSTED ||
        !has_reason(&pending->status, "FRAME_FULL") || pending->is_alone ||
        !pending->is_repeatable) {
        return false;
    }
    pending->is_alone = true;
    pending->may_have_arrived = true; /* there was an answer */
    pending->attempts--;              /* this one does not count */
    pending->lane = NULL;
    pending->state = PENDING_QUEUED;
    pending_list_prepend(&pending->client->queues[pending->lane_class], pending);
    return true;
}

static void read_status(struct nnrpc_pending *pending, struct nnrpc_slice packed) {
    if (!nnrpc_frame_read_status(packed, &pending->status)) {
        (void)nnrpc_fail(
            &pending->status, NNRPC_INTERNAL, NNRPC_DOMAIN, "MALFORMED_REPLY",
            "the status of the answer is not one");
    }
}

static void take_answer(
    struct nnrpc_pending *pending, struct reply *reply, const struct nnrpc_response_view *response,
    uint64_t random) {
    if (pending->is_abandoned) {
        release(pending);
        return;
    }
    nnrpc_status_reset(&pending->status);
    if (response->status.size > 0) {
        read_status(pending, response->status);
        if (send_alone(pending)) {
            return;
        }
    }
    pending->answering_endpoint = pending->lane->endpoint + 1;
    pending->reply = reply;
    pending->response = *response;
    reply->reference_count++;
    if (pending->status.code == NNRPC_OK) {
        retry_budget_earn(&pending->client->retry_budget);
        complete(pending);
        return;
    }
    /* Other servers' refusals may be handed on in a status, the mark is this one's own. */
    struct nnrpc_slice mark;
    bool is_stopping =
        pending->status.code == NNRPC_UNAVAILABLE &&
        has_reason(&pending->status, "SHUTTING_DOWN") &&
        nnrpc_frame_find_metadata(response->whole, RESPONSE_METADATA, NNRPC_NOT_STARTED_KEY, &mark);
    pending->lane->is_leaving |= is_stopping;
    end_failed_try(
        pending,
        &(struct failed_try){
            .was_sent = true, .was_answered = true, .is_refusal = is_stopping, .random = random});
}

/* --- Lanes -------------------------------------------------------------------------------- */

static void free_lane(struct lane *lane) {
    lane->is_busy = false;
    lane->driver = NULL;
    lane->call_count = 0;
    lane->live_count = 0;
}

static void settle_failed(struct nnrpc_client *client, struct lane *lane) {
    uint64_t random = client_next_random(client);
    for (size_t i = 0; i < lane->call_count; i++) {
        struct nnrpc_pending *pending = lane->calls[i];
        if (pending->is_abandoned) {
            release(pending);
        } else if (lane->status.code == NNRPC_DEADLINE_EXCEEDED) {
            pending_fail_deadline(pending, lane->is_sent, &pending->status);
            complete(pending);
        } else {
            nnrpc_status_copy(&pending->status, &lane->status);
            end_failed_try(
                pending, &(struct failed_try){.was_sent = lane->is_sent, .random = random});
        }
    }
    nnrpc_status_reset(&lane->status);
    free_lane(lane);
}

static void settle_answered(struct nnrpc_client *client, struct lane *lane) {
    struct reply *reply = new_reply(client, lane->reply_body);
    if (reply == NULL) {
        nnrpc_body_free(lane->reply_body);
        lane->reply_body = NULL;
        (void)nnrpc_fail(
            &lane->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for an answer");
        settle_failed(client, lane);
        return;
    }
    uint64_t random = client_next_random(client);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(lane->reply_body, lane->reply_size);
    struct nnrpc_response_view response = {0};
    for (size_t i = 0; i < lane->call_count; i++) {
        (void)nnrpc_frame_next_response(&reader, &response); /* the last one stands for the rest */
        take_answer(lane->calls[i], reply, &response, random);
    }
    lane->reply_body = NULL;
    drop_reply(client, reply);
    free_lane(lane);
}

void client_queue_settle(struct nnrpc_client *client, struct lane *lane) {
    switch (lane->outcome) {
    case LANE_UNCHANGED:
        lane->is_under_way = lane->is_sent;
        lane->sent_to = lane->endpoint;
        client_queue_reclaim(client, lane);
        return;
    case LANE_ANSWERED:
        settle_answered(client, lane);
        return;
    case LANE_FAILED:
        settle_failed(client, lane);
        return;
    }
}

void client_queue_reclaim(struct nnrpc_client *client, struct lane *lane) {
    if (!lane->is_busy || lane->live_count > 0 || client->queues[lane->lane_class].first == NULL) {
        return;
    }
    for (size_t i = 0; i < lane->call_count; i++) {
        release(lane->calls[i]);
    }
    lane->is_stale = true; /* an answer may come, or the connection may be half made */
    nnrpc_body_free(lane->body);
    lane->body = NULL;
    free_lane(lane);
}

/* --- Taking ------------------------------------------------------------------------------- */

/* How many calls and lanes of a class there are. */
struct load {
    size_t in_flight;
    size_t lane_count;
};

static struct load measure(const struct nnrpc_client *client, enum nnrpc_lane_class lane_class) {
    struct load load = {0, 0};
    for (size_t i = 0; i < client->lane_count; i++) {
        if (client->lanes[i].lane_class == lane_class) {
            load.in_flight += client->lanes[i].live_count;
            load.lane_count++;
        }
    }
    return load;
}

/*
 * Most calls of the next frame: an even share of all that are on their way, so that one frame is
 * served while the answers of another are read; but not less than what hardly costs more than one.
 */
static size_t choose_frame_calls(
    const struct nnrpc_client *client, enum nnrpc_lane_class lane_class) {
    struct load load = measure(client, lane_class);
    size_t total = load.in_flight + client->queues[lane_class].count;
    size_t share = (total + load.lane_count - 1) / load.lane_count;
    share = share > SMALL_FRAME_CALLS ? share : SMALL_FRAME_CALLS;
    return share < client->max_frame_calls ? share : client->max_frame_calls;
}

bool client_queue_gathers(const struct nnrpc_client *client, enum nnrpc_lane_class lane_class) {
    const struct pending_list *queue = &client->queues[lane_class];
    return client->unfinished[lane_class] >= GATHER_FROM_CALLS &&
           queue->count < client->max_frame_calls / 2 && queue->bytes < CLIENT_BATCH_BYTES / 2;
}

static bool fits(
    const struct lane *lane, size_t max_calls, size_t frame_size,
    const struct nnrpc_pending *pending) {
    if (lane->call_count == 0) {
        return true;
    }
    return lane->call_count < max_calls && !pending->is_alone && !lane->calls[0]->is_alone &&
           frame_size + client_frame_call_size(pending) <= CLIENT_BATCH_BYTES;
}

static void add_call(struct lane *lane, struct nnrpc_pending *pending) {
    pending->state = PENDING_IN_FLIGHT;
    pending->lane = lane;
    pending->attempts++;
    lane->calls[lane->call_count++] = pending;
    lane->live_count++;
    if (pending->deadline_ns > lane->deadline_ns) {
        lane->deadline_ns = pending->deadline_ns;
    }
}

/* Moves what makes a frame from the queue to the lane; calls that are too late are done. */
static void fill_lane(struct nnrpc_client *client, struct lane *lane) {
    struct pending_list *queue = &client->queues[lane->lane_class];
    uint64_t now = nnrpc_clock_ns();
    size_t frame_size = client_frame_overhead(client);
    size_t max_calls = choose_frame_calls(client, lane->lane_class);
    lane->deadline_ns = 0;
    while (queue->first != NULL) {
        struct nnrpc_pending *pending = queue->first;
        if (now >= pending->deadline_ns) {
            pending_list_remove(queue, pending);
            pending_fail_deadline(pending, false, &pending->status);
            complete(pending);
        } else if (fits(lane, max_calls, frame_size, pending)) {
            pending_list_remove(queue, pending);
            frame_size += client_frame_call_size(pending);
            add_call(lane, pending);
        } else {
            break;
        }
    }
}

/* A lane that may be used now. One that waits for an answer that nobody wants will do. */
static bool is_free(struct nnrpc_client *client, struct lane *lane) {
    if (lane->is_busy && lane->live_count == 0) {
        if (lane->driver != NULL) {
            client_queue_wake(lane->driver); /* which gives it up */
            return false;
        }
        client_queue_reclaim(client, lane);
    }
    return !lane->is_busy;
}

/* Whether a call, a hedge, would rather be sent elsewhere. */
static bool avoids(const struct nnrpc_pending *pending, const struct lane *lane) {
    return pending->avoided_endpoint == lane->endpoint + 1;
}

static struct lane *take_lane(
    struct nnrpc_client *client, struct nnrpc_pending *claimant, bool is_choosy) {
    for (size_t i = 0; i < client->lane_count; i++) {
        struct lane *lane = &client->lanes[(client->next_lane + i) % client->lane_count];
        const struct nnrpc_pending *next = client->queues[lane->lane_class].first;
        if (next == NULL || !is_free(client, lane) || (is_choosy && avoids(next, lane))) {
            continue;
        }
        fill_lane(client, lane);
        if (lane->call_count > 0) {
            lane->is_busy = true;
            lane->is_sent = false;
            lane->is_under_way = false;
            event_loop_unwatch(client, lane);
            lane->driver = claimant;
            lane->frame_id = client_next_random(client);
            if (client->endpoint_count > 1) { /* the next frame goes elsewhere; else stay warm */
                client->next_lane = (client->next_lane + i + 1) % client->lane_count;
            }
            return lane;
        }
    }
    return NULL;
}

struct lane *client_queue_take(struct nnrpc_client *client, struct nnrpc_pending *claimant) {
    struct lane *lane = take_lane(client, claimant, true);
    return lane != NULL || client->endpoint_count == 1 ? lane : take_lane(client, claimant, false);
}

void client_queue_abandon(struct nnrpc_client *client, struct nnrpc_pending *pending) {
    struct lane *lane = pending->lane;
    switch (pending->state) {
    case PENDING_QUEUED:
        pending_list_remove(&client->queues[pending->lane_class], pending);
        release(pending);
        return;
    case PENDING_DELAYED:
        pending_list_remove(&client->delayed, pending);
        release(pending);
        return;
    case PENDING_DONE:
        release(pending);
        return;
    case PENDING_IN_FLIGHT:
        pending->is_abandoned = true;
        pending_uncount(pending);
        lane->live_count--;
        if (lane->live_count == 0 && lane->driver != NULL &&
            client->queues[lane->lane_class].first != NULL) {
            client_queue_wake(lane->driver);
        }
        return;
    }
}
