/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints. There is no background thread, so an endpoint that is down is probed by whoever sends
 * the next frame that would rather go there, one step at a time.
 */
#include "endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "client_frame.h"
#include "client_state.h"
#include "clock.h"
#include "nnrpc/crypto.h"
#include "nnrpc/v1/health_service.nnrpc.h"
#include "retry.h"

#define PROBE_TIMEOUT_MS 2000
#define NS_PER_MS UINT64_C(1000000)

/* How long an endpoint is left alone. */
static const struct nnrpc_retry_policy pauses = {.first_backoff_ms = 100, .max_backoff_ms = 5000};

bool endpoint_init(struct endpoint *endpoint, const char *url) {
    *endpoint = (struct endpoint){.url = strdup(url)};
    atomic_init(&endpoint->failures, 0);
    atomic_init(&endpoint->has_control, false);
    endpoint->is_local = strncmp(url, "ipc:", 4) == 0 || strncmp(url, "inproc:", 7) == 0;
    (void)pthread_mutex_init(&endpoint->lock, NULL);
    (void)pthread_mutex_init(&endpoint->control_lock, NULL);
    return endpoint->url != NULL;
}

/* Locked. */
static void end_probe(struct endpoint *endpoint) {
    nnrpc_connection_close(endpoint->probe);
    endpoint->probe = NULL;
    nnrpc_body_free(endpoint->probe_body);
    endpoint->probe_body = NULL;
}

void endpoint_deinit(struct endpoint *endpoint) {
    end_probe(endpoint);
    nnrpc_connection_close(endpoint->control);
    free(endpoint->url);
    (void)pthread_mutex_destroy(&endpoint->lock);
    (void)pthread_mutex_destroy(&endpoint->control_lock);
}

/* --- What lanes tell ---------------------------------------------------------------------- */

/* Locked. */
static void count_failure(struct endpoint *endpoint) {
    static const struct nnrpc_status silent = NNRPC_STATUS_INIT;
    unsigned failures = atomic_fetch_add(&endpoint->failures, 1) + 1;
    endpoint->probe_due_ns =
        nnrpc_clock_ns() + retry_pause_ns(&pauses, failures, nnrpc_random_u64(), &silent);
}

void endpoint_fail(struct endpoint *endpoint) {
    pthread_mutex_lock(&endpoint->lock);
    if (atomic_load(&endpoint->failures) == 0 || nnrpc_clock_ns() >= endpoint->probe_due_ns) {
        count_failure(endpoint); /* lanes that fail together are one failure */
    }
    pthread_mutex_unlock(&endpoint->lock);
}

void endpoint_suspect(struct endpoint *endpoint) {
    pthread_mutex_lock(&endpoint->lock);
    if (atomic_load(&endpoint->failures) == 0) {
        atomic_store(&endpoint->failures, 1);
        endpoint->probe_due_ns = 0;
    }
    pthread_mutex_unlock(&endpoint->lock);
}

void endpoint_heard(struct endpoint *endpoint) {
    if (atomic_load_explicit(&endpoint->failures, memory_order_relaxed) != 0) {
        atomic_store(&endpoint->failures, 0);
    }
}

bool endpoint_is_up(const struct endpoint *endpoint) {
    return atomic_load_explicit(&endpoint->failures, memory_order_relaxed) == 0;
}

/* --- Asking ------------------------------------------------------------------------------- */

/* Whether an answer lets calls go there: it serves, or it has no health service to say otherwise.
 */
static bool is_good_answer(const struct nnrpc_response_view *response) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (response->status.size > 0) {
        return nnrpc_frame_read_status(response->status, &status) &&
               status.code != NNRPC_UNAVAILABLE;
    }
    Nnrpc__V1__CheckResponse *message =
        nnrpc__v1__check_response__unpack(NULL, response->message.size, response->message.data);
    bool is_good =
        message != NULL && message->status == NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
    nnrpc__v1__check_response__free_unpacked(message, NULL);
    return is_good;
}

static bool is_good_frame(const void *body, size_t size, uint64_t frame_id) {
    size_t count = 0;
    struct nnrpc_response_view response;
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(body, size);
    return nnrpc_response_frame_open(body, size, frame_id, &count) && count == 1 &&
           nnrpc_frame_next_response(&reader, &response) && is_good_answer(&response);
}

/* Locked. */
static enum nnrpc_progress begin_probe(
    const struct nnrpc_client *client, struct endpoint *endpoint) {
    struct nnrpc_buffer request NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    struct nnrpc_buffer requests NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    const char *method = health_service_service.methods[HEALTH_SERVICE_CHECK].name;
    nnrpc_frame_append_request(&request, method, PROBE_TIMEOUT_MS, NULL, 0, NULL, 0);
    nnrpc_wire_append_bytes(&requests, FRAME_REQUESTS, request.data, request.size);
    endpoint->probe_since_ns = nnrpc_clock_ns();
    endpoint->probe_frame_id = nnrpc_random_u64();
    endpoint->probe_body = client_frame_wrap(client, endpoint->probe_frame_id, &requests);
    if (endpoint->probe_body == NULL ||
        nnrpc_connection_open(endpoint->url, client->max_reply_bytes, &endpoint->probe, NULL) !=
            NNRPC_OK) {
        return NNRPC_PROGRESS_FAILED;
    }
    return NNRPC_PROGRESS_DONE;
}

/* Locked. DONE means that the endpoint serves. */
static enum nnrpc_progress step_probe(
    const struct nnrpc_client *client, struct endpoint *endpoint) {
    if (endpoint->probe == NULL && begin_probe(client, endpoint) != NNRPC_PROGRESS_DONE) {
        return NNRPC_PROGRESS_FAILED;
    }
    enum nnrpc_progress progress = NNRPC_PROGRESS_DONE;
    if (endpoint->probe_body != NULL) {
        progress = nnrpc_connection_try_send(endpoint->probe, &endpoint->probe_body, NULL);
        if (progress == NNRPC_PROGRESS_DONE) { /* who asks seldom must still hear the answer */
            endpoint->probe_since_ns = nnrpc_clock_ns();
        }
    }
    void *body = NULL;
    size_t size = 0;
    if (progress == NNRPC_PROGRESS_DONE) {
        progress = nnrpc_connection_try_receive(endpoint->probe, &body, &size, NULL);
    }
    if (progress == NNRPC_PROGRESS_DONE && !is_good_frame(body, size, endpoint->probe_frame_id)) {
        progress = NNRPC_PROGRESS_FAILED;
    }
    nnrpc_body_free(body);
    bool is_late = nnrpc_clock_ns() >= endpoint->probe_since_ns + PROBE_TIMEOUT_MS * NS_PER_MS;
    return progress == NNRPC_PROGRESS_WAITING && is_late ? NNRPC_PROGRESS_FAILED : progress;
}

/* Whether an endpoint that is down serves again. */
static bool ask(const struct nnrpc_client *client, struct endpoint *endpoint) {
    if (pthread_mutex_trylock(&endpoint->lock) != 0) {
        return false; /* another thread is asking */
    }
    if (endpoint->probe != NULL || nnrpc_clock_ns() >= endpoint->probe_due_ns) {
        switch (step_probe(client, endpoint)) {
        case NNRPC_PROGRESS_WAITING:
            break;
        case NNRPC_PROGRESS_DONE:
            end_probe(endpoint);
            atomic_store(&endpoint->failures, 0);
            break;
        case NNRPC_PROGRESS_FAILED:
            end_probe(endpoint);
            count_failure(endpoint);
            break;
        }
    }
    pthread_mutex_unlock(&endpoint->lock);
    return endpoint_is_up(endpoint);
}

size_t endpoint_choose(const struct nnrpc_client *client, size_t home, size_t current) {
    struct endpoint *endpoints = client->endpoints;
    if (client->endpoint_count == 1 || endpoint_is_up(&endpoints[home]) ||
        ask(client, &endpoints[home])) {
        return home;
    }
    for (size_t i = 0; i < client->endpoint_count; i++) {
        size_t index = (current + i) % client->endpoint_count;
        if (endpoint_is_up(&endpoints[index])) {
            return index;
        }
    }
    return current;
}
