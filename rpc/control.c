/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cancellations. Each is a request of its own, since it must carry the credentials of the call that
 * it is about. Several frames may be under way on this connection: an answer that nanomsg drops is
 * one that nobody reads.
 */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "client_frame.h"
#include "clock.h"
#include "nnrpc/crypto.h"
#include "nnrpc/v1/control_service.nnrpc.h"

#define NOTES_MAX 1024
#define FRAME_NOTES 64
#define PATIENCE_NS UINT64_C(250000000)
#define IMPATIENCE_NS UINT64_C(5000000000)
#define TIMEOUT_MS 1000
#define MESSAGE_BYTES 32

/* --- Noting ------------------------------------------------------------------------------- */

static bool find_index(const struct nnrpc_pending *pending, uint32_t *out_index) {
    const struct lane *lane = pending->lane;
    for (size_t i = 0; i < lane->call_count; i++) {
        if (lane->calls[i] == pending) {
            *out_index = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static void release_note(struct cancellation *note) {
    if (note->authorization != NULL) {
        nnrpc_wipe(note->authorization, note->authorization_size);
        free(note->authorization);
    }
    *note = (struct cancellation){0};
}

/* The call's own credentials, if it has any; else the frame's do. */
static bool copy_authorization(const struct nnrpc_pending *pending, struct cancellation *note) {
    struct nnrpc_slice packed = {pending->encoded.data, pending->encoded.size};
    struct nnrpc_slice value;
    if (!nnrpc_frame_find_metadata(packed, REQUEST_METADATA, "authorization", &value)) {
        return true;
    }
    note->authorization = malloc(value.size + 1);
    if (note->authorization == NULL) {
        return false;
    }
    memcpy(note->authorization, value.data, value.size);
    note->authorization_size = value.size;
    return true;
}

void control_note(struct nnrpc_client *client, const struct nnrpc_pending *pending) {
    struct cancellation note = {0};
    if (pending->state != PENDING_IN_FLIGHT || !pending->lane->is_under_way ||
        client->cancellation_count == NOTES_MAX || !find_index(pending, &note.index)) {
        return;
    }
    if (client->cancellations == NULL) {
        client->cancellations = calloc(NOTES_MAX, sizeof(*client->cancellations));
    }
    if (client->cancellations == NULL || !copy_authorization(pending, &note)) {
        return;
    }
    note.endpoint = pending->lane->sent_to;
    note.frame_id = pending->lane->frame_id;
    client->cancellations[client->cancellation_count++] = note;
}

void control_deinit(struct nnrpc_client *client) {
    for (size_t i = 0; i < client->cancellation_count; i++) {
        release_note(&client->cancellations[i]);
    }
    free(client->cancellations);
}

/* --- Sending ------------------------------------------------------------------------------ */

/* Locked. Takes notes for one endpoint. */
static size_t take_notes(struct nnrpc_client *client, struct cancellation out_notes[FRAME_NOTES]) {
    size_t taken = 0;
    size_t kept = 0;
    for (size_t i = 0; i < client->cancellation_count; i++) {
        const struct cancellation *note = &client->cancellations[i];
        if (taken < FRAME_NOTES && (taken == 0 || note->endpoint == out_notes[0].endpoint)) {
            out_notes[taken++] = *note;
        } else {
            client->cancellations[kept++] = *note;
        }
    }
    client->cancellation_count = kept;
    return taken;
}

static void append_request(struct nnrpc_buffer *requests, const struct cancellation *note) {
    Nnrpc__V1__CallId id = NNRPC__V1__CALL_ID__INIT;
    Nnrpc__V1__CallId *ids[] = {&id};
    Nnrpc__V1__CancelCallsRequest message = NNRPC__V1__CANCEL_CALLS_REQUEST__INIT;
    id.frame_id = note->frame_id;
    id.index = note->index;
    message.calls = ids;
    message.n_calls = 1;
    uint8_t packed[MESSAGE_BYTES];
    size_t size = nnrpc__v1__cancel_calls_request__pack(&message, packed);
    const struct nnrpc_metadata authorization = {
        .key = "authorization",
        .value = note->authorization,
        .value_size = note->authorization_size,
    };
    struct nnrpc_buffer request NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    const char *method = control_service_service.methods[CONTROL_SERVICE_CANCEL_CALLS].name;
    nnrpc_frame_append_request(
        &request, method, TIMEOUT_MS, &authorization, note->authorization == NULL ? 0 : 1, packed,
        size);
    nnrpc_wire_append_bytes(requests, FRAME_REQUESTS, request.data, request.size);
    requests->failed |= request.failed;
    nnrpc_wipe(request.data, request.size);
}

/* Answers that have come are dropped, so that they do not fill the socket. */
static void drain(struct nnrpc_connection *connection) {
    void *body = NULL;
    size_t size = 0;
    while (nnrpc_connection_try_receive(connection, &body, &size, NULL) == NNRPC_PROGRESS_DONE) {
        nnrpc_body_free(body);
    }
}

/* Under the endpoint's control lock. */
static bool connect_control(const struct nnrpc_client *client, struct endpoint *endpoint) {
    if (endpoint->control == NULL &&
        nnrpc_connection_open(endpoint->url, client->max_reply_bytes, &endpoint->control, NULL) !=
            NNRPC_OK) {
        return false;
    }
    atomic_store(&endpoint->has_control, true);
    return true;
}

void control_prepare(const struct nnrpc_client *client, size_t index) {
    struct endpoint *endpoint = &client->endpoints[index];
    if (!atomic_load_explicit(&endpoint->has_control, memory_order_relaxed) &&
        pthread_mutex_trylock(&endpoint->control_lock) == 0) {
        (void)connect_control(client, endpoint);
        pthread_mutex_unlock(&endpoint->control_lock);
    }
}

/* Under the endpoint's control lock. A connection that is still being made is kept. */
static void send_body(
    const struct nnrpc_client *client, struct endpoint *endpoint, void *body, bool may_wait) {
    if (!connect_control(client, endpoint)) {
        nnrpc_body_free(body);
        return;
    }
    drain(endpoint->control);
    uint64_t now = nnrpc_clock_ns();
    bool waits = may_wait && now >= endpoint->control_patient_ns;
    uint64_t until_ns = now + PATIENCE_NS;
    enum nnrpc_progress progress = nnrpc_connection_try_send(endpoint->control, &body, NULL);
    while (waits && progress == NNRPC_PROGRESS_WAITING && nnrpc_clock_ns() < until_ns) {
        nnrpc_connections_wait(&endpoint->control, 1, -1, until_ns);
        progress = nnrpc_connection_try_send(endpoint->control, &body, NULL);
    }
    nnrpc_body_free(body);
    if (waits && progress == NNRPC_PROGRESS_WAITING) {
        endpoint->control_patient_ns = nnrpc_clock_ns() + IMPATIENCE_NS;
    }
    if (progress == NNRPC_PROGRESS_FAILED) {
        nnrpc_connection_close(endpoint->control);
        endpoint->control = NULL;
        atomic_store(&endpoint->has_control, false);
    }
}

static bool take_control(struct endpoint *endpoint, bool may_wait) {
    return may_wait ? pthread_mutex_lock(&endpoint->control_lock) == 0
                    : pthread_mutex_trylock(&endpoint->control_lock) == 0;
}

static void send_notes(
    struct nnrpc_client *client, struct cancellation *notes, size_t count, bool may_wait) {
    struct nnrpc_buffer requests NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    struct endpoint *endpoint = &client->endpoints[notes[0].endpoint];
    for (size_t i = 0; i < count; i++) {
        append_request(&requests, &notes[i]);
        release_note(&notes[i]);
    }
    void *body = client_frame_wrap(client, nnrpc_random_u64(), &requests);
    nnrpc_wipe(requests.data, requests.size);
    if (body != NULL && take_control(endpoint, may_wait)) {
        send_body(client, endpoint, body, may_wait);
        body = NULL;
        pthread_mutex_unlock(&endpoint->control_lock);
    }
    nnrpc_body_free(body);
}

void control_flush(struct nnrpc_client *client, bool may_wait) {
    for (;;) {
        struct cancellation notes[FRAME_NOTES];
        pthread_mutex_lock(&client->mutex);
        size_t count = take_notes(client, notes);
        pthread_mutex_unlock(&client->mutex);
        if (count == 0) {
            return;
        }
        send_notes(client, notes, count, may_wait);
    }
}
