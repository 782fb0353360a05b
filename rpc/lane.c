/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes. After any failure, and when an answer is given up, the connection is closed: an endpoint
 * that goes on may hold stale bytes, and a late answer must not meet the next frame.
 */
#include "lane.h"

#include "client_frame.h"
#include "clock.h"
#include "keep_alive.h"

void lane_close(struct lane *lane) {
    keep_alive_end(lane);
    nnrpc_connection_close(lane->connection);
    lane->connection = NULL;
    nnrpc_body_free(lane->body);
    lane->body = NULL;
}

/* Makes the next connection one to another endpoint. */
static void turn_to(struct lane *lane, size_t endpoint) {
    if (lane->endpoint != endpoint) {
        nnrpc_connection_close(lane->connection);
        lane->connection = NULL;
        lane->endpoint = endpoint;
    }
}

static void fail(struct lane *lane) {
    lane_close(lane);
    lane->outcome = LANE_FAILED;
}

/* Nothing to do but wait, unless nobody waits any longer. */
static void check_deadline(const struct nnrpc_client *client, struct lane *lane) {
    if (nnrpc_clock_ns() >= lane->deadline_ns) {
        (void)nnrpc_fail(
            &lane->status, NNRPC_DEADLINE_EXCEEDED, NNRPC_DOMAIN, "DEADLINE_EXCEEDED",
            "no answer from \"%s\" before the deadline", client->endpoints[lane->endpoint].url);
        endpoint_suspect(&client->endpoints[lane->endpoint]);
        fail(lane);
    }
}

/* --- Sending ------------------------------------------------------------------------------ */

/* The last frame's answer is not wanted any more. If it is there the connection is as new. */
static void drop_stale_answer(struct lane *lane) {
    void *body = NULL;
    size_t size = 0;
    lane->is_stale = false;
    if (lane->connection == NULL) {
        return;
    }
    if (nnrpc_connection_try_receive(lane->connection, &body, &size, &lane->status) ==
        NNRPC_PROGRESS_DONE) {
        nnrpc_body_free(body);
        return;
    }
    nnrpc_connection_close(lane->connection);
    lane->connection = NULL;
}

static enum nnrpc_progress send_to_endpoint(const struct nnrpc_client *client, struct lane *lane) {
    if (lane->connection == NULL &&
        nnrpc_connection_open(
            client->endpoints[lane->endpoint].url, client->max_reply_bytes, &lane->connection,
            &lane->status) != NNRPC_OK) {
        return NNRPC_PROGRESS_FAILED;
    }
    return nnrpc_connection_try_send(lane->connection, &lane->body, &lane->status);
}

static void step_sending(const struct nnrpc_client *client, struct lane *lane) {
    while (lane->refusals < client->endpoint_count) {
        switch (send_to_endpoint(client, lane)) {
        case NNRPC_PROGRESS_DONE:
            lane->is_sent = true;
            lane->quiet_since_ns = nnrpc_clock_ns();
            return;
        case NNRPC_PROGRESS_WAITING:
            check_deadline(client, lane);
            return;
        case NNRPC_PROGRESS_FAILED:
            if (lane->status.code == NNRPC_RESOURCE_EXHAUSTED) {
                fail(lane); /* it is this process that is short of something */
                return;
            }
            lane->refusals++;
            endpoint_fail(&client->endpoints[lane->endpoint]);
            nnrpc_connection_close(lane->connection);
            lane->connection = NULL;
            lane->endpoint = (lane->endpoint + 1) % client->endpoint_count;
            break;
        }
    }
    fail(lane);
}

static void begin_sending(const struct nnrpc_client *client, struct lane *lane) {
    lane->refusals = 0;
    keep_alive_end(lane);   /* of a frame that was given up */
    if (lane->is_leaving) { /* a server that is stopping closes the connection soon */
        lane->is_leaving = false;
        endpoint_fail(&client->endpoints[lane->endpoint]);
        nnrpc_connection_close(lane->connection);
        lane->connection = NULL;
    }
    turn_to(lane, endpoint_choose(client, lane->home, lane->endpoint));
    lane->body = client_frame_build(client, lane);
    if (lane->body == NULL) {
        (void)nnrpc_fail(
            &lane->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for a frame of %zu calls", lane->call_count);
        fail(lane);
    }
}

/* --- Receiving ---------------------------------------------------------------------------- */

/* One answer for each call, or a single one for a frame that the server did not understand. */
static bool is_reply(const struct lane *lane) {
    size_t response_count = 0;
    if (!nnrpc_response_frame_open(
            lane->reply_body, lane->reply_size, lane->frame_id, &response_count)) {
        return false;
    }
    if (response_count == lane->call_count) {
        return true;
    }
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(lane->reply_body, lane->reply_size);
    struct nnrpc_response_view response;
    return response_count == 1 && nnrpc_frame_next_response(&reader, &response) &&
           response.status.size > 0;
}

static void take_reply(const struct nnrpc_client *client, struct lane *lane) {
    if (is_reply(lane)) {
        keep_alive_end(lane);
        endpoint_heard(&client->endpoints[lane->endpoint]);
        lane->outcome = LANE_ANSWERED;
        return;
    }
    nnrpc_body_free(lane->reply_body);
    lane->reply_body = NULL;
    (void)nnrpc_fail(
        &lane->status, NNRPC_INTERNAL, NNRPC_DOMAIN, "MALFORMED_REPLY",
        "the answer from \"%s\" does not fit the %zu calls that were sent",
        client->endpoints[lane->endpoint].url, lane->call_count);
    fail(lane);
}

static void step_receiving(const struct nnrpc_client *client, struct lane *lane) {
    switch (nnrpc_connection_try_receive(
        lane->connection, &lane->reply_body, &lane->reply_size, &lane->status)) {
    case NNRPC_PROGRESS_DONE:
        take_reply(client, lane);
        return;
    case NNRPC_PROGRESS_WAITING:
        check_deadline(client, lane);
        if (lane->outcome == LANE_UNCHANGED && !keep_alive_check(client, lane)) {
            endpoint_fail(&client->endpoints[lane->endpoint]);
            fail(lane);
        }
        return;
    case NNRPC_PROGRESS_FAILED:
        endpoint_fail(&client->endpoints[lane->endpoint]);
        fail(lane);
        return;
    }
}

void lane_step(const struct nnrpc_client *client, struct lane *lane) {
    lane->outcome = LANE_UNCHANGED;
    if (lane->is_stale) {
        drop_stale_answer(lane);
    }
    if (!lane->is_sent && lane->body == NULL) {
        begin_sending(client, lane);
    }
    if (lane->outcome == LANE_UNCHANGED && !lane->is_sent) {
        step_sending(client, lane);
    } else if (lane->outcome == LANE_UNCHANGED) {
        step_receiving(client, lane);
    }
}
