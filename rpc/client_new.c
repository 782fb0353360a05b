/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and freeing a client.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_frame.h"
#include "client_state.h"
#include "clock.h"
#include "control.h"
#include "event_loop.h"
#include "fork.h"
#include "lane.h"
#include "nnrpc/crypto.h"
#include "pending.h"

/* Two of each class: while the server works on one frame, the other is on its way. */
#define DEFAULT_LANES 2
#define DEFAULT_FRAME_CALLS 64
#define DEFAULT_KEEP_ALIVE_MS 5000
#define MAX_REPLY_LIMIT (1u << 30)

/* SplitMix64: a bijection of a counter, so it does not repeat. */
uint64_t client_next_random(struct nnrpc_client *client) {
    client->random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = client->random_state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* --- Checking ----------------------------------------------------------------------------- */

static enum nnrpc_code fail_option(struct nnrpc_status *out_status, const char *problem) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS", "%s", problem);
}

static enum nnrpc_code check_options(
    const struct nnrpc_client_options *options, struct nnrpc_status *out_status) {
    if (options->endpoint_count == 0) {
        return fail_option(out_status, "a client needs at least one endpoint");
    }
    if (options->endpoint_count > CLIENT_MAX_LANES) {
        return fail_option(out_status, "a client has at most 32 endpoints");
    }
    for (size_t i = 0; i < options->endpoint_count; i++) {
        enum nnrpc_code code = nnrpc_connection_check_url(options->endpoints[i], out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

/* --- Making ------------------------------------------------------------------------------- */

static uint32_t choose(uint32_t value, uint32_t usual, uint32_t most) {
    uint32_t chosen = value == 0 ? usual : value;
    return chosen < most ? chosen : most;
}

static bool copy_endpoints(
    struct nnrpc_client *client, const struct nnrpc_client_options *options) {
    client->endpoints = calloc(options->endpoint_count, sizeof(*client->endpoints));
    bool is_whole = client->endpoints != NULL;
    for (size_t i = 0; is_whole && i < options->endpoint_count; i++) {
        is_whole = endpoint_init(&client->endpoints[i], options->endpoints[i]);
        client->endpoint_count++;
    }
    return is_whole;
}

/* What every frame begins with. */
static bool make_prefix(struct nnrpc_client *client, const char *token) {
    struct nnrpc_buffer bearer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    if (token != NULL) {
        nnrpc_buffer_append_format(&bearer, "Bearer %s", token);
        struct nnrpc_metadata authorization = {
            .key = "authorization",
            .value = bearer.data,
            .value_size = bearer.size,
        };
        nnrpc_frame_append_metadata(&client->frame_prefix, FRAME_METADATA, &authorization);
        nnrpc_wipe(bearer.data, bearer.size);
    }
    nnrpc_wire_append_varint(&client->frame_prefix, FRAME_MAX_REPLY_BYTES, client->max_reply_bytes);
    return !bearer.failed && !client->frame_prefix.failed;
}

static bool add_lanes(
    struct nnrpc_client *client, enum nnrpc_lane_class lane_class, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct lane *lane = &client->lanes[client->lane_count++];
        lane->lane_class = lane_class;
        lane->watched_fd = -1;
        lane->home = i % client->endpoint_count;
        lane->endpoint = lane->home;
        lane->calls = calloc(client->max_frame_calls, sizeof(struct nnrpc_pending *));
        if (lane->calls == NULL) {
            return false;
        }
    }
    return true;
}

/* Unless told otherwise, every endpoint has a lane of each class. */
static bool make_lanes(struct nnrpc_client *client, const struct nnrpc_client_options *options) {
    uint32_t usual =
        client->endpoint_count > DEFAULT_LANES ? (uint32_t)client->endpoint_count : DEFAULT_LANES;
    client->lanes =
        calloc((size_t)CLIENT_MAX_LANES * NNRPC_LANE_CLASS_COUNT, sizeof(*client->lanes));
    if (client->lanes == NULL) {
        return false;
    }
    for (int lane_class = 0; lane_class < NNRPC_LANE_CLASS_COUNT; lane_class++) {
        uint32_t count = choose(options->lanes[lane_class], usual, CLIENT_MAX_LANES);
        if (!add_lanes(client, (enum nnrpc_lane_class)lane_class, count)) {
            return false;
        }
    }
    client->wake_fds = calloc(client->lane_count, sizeof(*client->wake_fds));
    return client->wake_fds != NULL;
}

static bool copy_interceptors(
    struct nnrpc_client *client, const struct nnrpc_client_options *options) {
    size_t size = options->interceptor_count * sizeof(*client->interceptors);
    if (size == 0) {
        return true;
    }
    client->interceptors = malloc(size);
    if (client->interceptors != NULL) {
        memcpy(client->interceptors, options->interceptors, size);
        client->interceptor_count = options->interceptor_count;
    }
    return client->interceptors != NULL;
}

static bool fill_client(struct nnrpc_client *client, const struct nnrpc_client_options *options) {
    client->timeout_ms = choose(options->timeout_ms, NNRPC_DEFAULT_TIMEOUT_MS, UINT32_MAX);
    client->max_reply_bytes =
        choose(options->max_reply_bytes, NNRPC_CLIENT_MAX_REPLY_BYTES, MAX_REPLY_LIMIT);
    client->max_frame_calls =
        choose(options->max_frame_calls, DEFAULT_FRAME_CALLS, NNRPC_FRAME_MAX_CALLS);
    client->keep_alive_ns =
        options->keep_alive_ms == UINT32_MAX
            ? UINT64_MAX
            : choose(options->keep_alive_ms, DEFAULT_KEEP_ALIVE_MS, UINT32_MAX) * UINT64_C(1000000);
    client->retry = retry_policy_resolve(&options->retry);
    retry_budget_init(&client->retry_budget, &options->retry_budget, nnrpc_clock_ns());
    client->random_state = nnrpc_random_u64();
    client->loop.driver.client = client;
    client->credentials = options->credentials;
    client->span_hook = options->span_hook;
    client->hedge_after_ms = options->hedge_after_ms;
    return copy_endpoints(client, options) && copy_interceptors(client, options) &&
           make_prefix(client, options->token) && make_lanes(client, options);
}

enum nnrpc_code nnrpc_client_new(
    const struct nnrpc_client_options *options, struct nnrpc_client **out_client,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = check_options(options, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    unsigned generation = fork_generation();
    struct nnrpc_client *client = calloc(1, sizeof(*client));
    if (client != NULL && pthread_mutex_init(&client->mutex, NULL) != 0) {
        free(client);
        client = NULL;
    }
    if (client != NULL) {
        client->generation = generation;
    }
    if (client == NULL || !fill_client(client, options)) {
        nnrpc_client_free(client);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for a client");
    }
    *out_client = client;
    return NNRPC_OK;
}

/* --- Freeing ------------------------------------------------------------------------------ */

/* Calls that were given up may still be in a lane. */
static void free_lanes(struct nnrpc_client *client) {
    for (size_t i = 0; i < client->lane_count; i++) {
        struct lane *lane = &client->lanes[i];
        lane_close(lane);
        nnrpc_status_deinit(&lane->status);
        for (size_t call = 0; call < lane->call_count; call++) {
            pending_free(lane->calls[call]);
        }
        free(lane->calls);
    }
    free(client->lanes);
}

static void free_pools(struct nnrpc_client *client) {
    while (client->pool != NULL) {
        struct nnrpc_pending *pending = client->pool;
        client->pool = pending->next;
        pending_free(pending);
    }
    while (client->reply_pool != NULL) {
        struct reply *reply = client->reply_pool;
        client->reply_pool = reply->next;
        free(reply);
    }
    for (size_t i = 0; i < client->wake_fd_count; i++) {
        (void)close(client->wake_fds[i]);
    }
    free(client->wake_fds);
}

void nnrpc_client_free(struct nnrpc_client *client) {
    if (client == NULL || fork_happened(client->generation)) {
        return; /* in a child nothing of it can be closed: the threads that would are not there */
    }
    control_deinit(client);
    event_loop_deinit(client);
    free_lanes(client);
    free_pools(client);
    for (size_t i = 0; i < client->endpoint_count; i++) {
        endpoint_deinit(&client->endpoints[i]);
    }
    free(client->endpoints);
    free(client->interceptors);
    nnrpc_wipe(client->frame_prefix.data, client->frame_prefix.size);
    nnrpc_buffer_deinit(&client->frame_prefix);
    (void)pthread_mutex_destroy(&client->mutex);
    free(client);
}

void nnrpc_client_freep(struct nnrpc_client **client) {
    nnrpc_client_free(*client);
}
