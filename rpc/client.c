/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's public functions: calls go in, answers come out. What happens between is in the
 * files that client_state.h lists.
 */
#include "nnrpc/client.h"

#include <stdlib.h>
#include <string.h>

#include "client_queue.h"
#include "client_state.h"
#include "clock.h"
#include "control.h"
#include "driver.h"
#include "event_loop.h"
#include "fork.h"
#include "hedge.h"
#include "nnrpc/server.h"
#include "outgoing.h"
#include "pending.h"
#include "reply_metadata.h"
#include "scan.h"

/* --- Starting ----------------------------------------------------------------------------- */

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT", "out of memory");
}

/* Not locked: gives a call back that is in no list and no lane. */
static void discard(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    void *body = pending_release(pending);
    pthread_mutex_unlock(&client->mutex);
    nnrpc_body_free(body);
}

/* A packed request says by its fields, too, whether it is slow. */
static enum nnrpc_lane_class find_lane_class(
    const struct nnrpc_method *method, const struct pending_request *request) {
    if (request->message != NULL || method->slow_when_set_count == 0 ||
        nnrpc_scan_message(
            method->request->descriptor, request->packed, request->packed_size, NULL, NULL) !=
            NNRPC_OK) {
        return nnrpc_method_lane(method, request->message);
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(
        method->request->descriptor, NULL, request->packed_size, request->packed);
    enum nnrpc_lane_class lane_class = nnrpc_method_lane(method, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return lane_class;
}

/* Not locked. Tells of a call's end and hands its status over. */
static enum nnrpc_code tell_end(
    struct nnrpc_pending *pending, struct nnrpc_status *status, struct nnrpc_status *out_status) {
    enum nnrpc_code code = status->code;
    outgoing_end(pending, status);
    if (out_status != NULL) {
        nnrpc_status_move(out_status, status);
    }
    return code;
}

/* Makes a call that is ready to be queued. */
static enum nnrpc_code prepare(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const struct pending_request *request,
    struct nnrpc_pending **out_pending, struct nnrpc_status *out_status) {
    if (fork_happened(client->generation)) {
        return fork_fail(out_status, "client");
    }
    struct nnrpc_pending *pending = pending_new(client);
    if (pending == NULL) {
        return fail_memory(out_status);
    }
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (pending_fill(pending, method, options, request, &status) != NNRPC_OK) {
        enum nnrpc_code code = tell_end(pending, &status, out_status);
        discard(pending);
        return code;
    }
    pending->lane_class = find_lane_class(method, request);
    *out_pending = pending;
    return NNRPC_OK;
}

static void enqueue(struct nnrpc_pending *pending) {
    pending->state = PENDING_QUEUED;
    pending_count(pending);
    pending_list_append(&pending->client->queues[pending->lane_class], pending);
}

/* --- Taking answers ----------------------------------------------------------------------- */

/* Where an answer goes: to a message, or to packed bytes. */
struct answer {
    ProtobufCMessage **message; /* NULL: packed */
    uint8_t **packed;
    size_t *packed_size;
};

static enum nnrpc_code fail_reply(
    const struct nnrpc_pending *pending, const char *problem, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_INTERNAL, NNRPC_DOMAIN, "MALFORMED_REPLY",
        "the answer to %s cannot be read: %.120s", pending->method->name, problem);
}

static enum nnrpc_code take_message(
    const struct nnrpc_pending *pending, ProtobufCMessage **out_response,
    struct nnrpc_status *out_status) {
    const ProtobufCMessageDescriptor *type = pending->method->response->descriptor;
    struct nnrpc_slice packed = pending->response.message;
    struct nnrpc_status problem NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (nnrpc_scan_reply(type, packed.data, packed.size, &problem) != NNRPC_OK) {
        return fail_reply(pending, problem.message, out_status);
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, packed.size, packed.data);
    if (message == NULL) {
        enum nnrpc_code code = nnrpc_scan_required(type, packed.data, packed.size, &problem);
        return code != NNRPC_OK ? fail_reply(pending, problem.message, out_status)
                                : fail_memory(out_status);
    }
    *out_response = message;
    return NNRPC_OK;
}

static enum nnrpc_code take_packed(
    const struct nnrpc_pending *pending, uint8_t **out_response, size_t *out_size,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice packed = pending->response.message;
    uint8_t *copy = malloc(packed.size + 1);
    if (copy == NULL) {
        return fail_memory(out_status);
    }
    if (packed.size > 0) {
        memcpy(copy, packed.data, packed.size);
    }
    *out_response = copy;
    *out_size = packed.size;
    return NNRPC_OK;
}

static void take(struct nnrpc_pending *answered, const struct answer *out) {
    if (answered->status.code != NNRPC_OK) {
        return;
    }
    if (out->message != NULL) {
        (void)take_message(answered, out->message, &answered->status);
    } else {
        (void)take_packed(answered, out->packed, out->packed_size, &answered->status);
    }
}

/* --- Finishing ---------------------------------------------------------------------------- */

/* Locked. Says why there is no answer. Its server knows the deadline; of another end it is told. */
static void fail_unanswered(struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    bool was_sent = pending->state == PENDING_IN_FLIGHT && pending->lane->is_under_way;
    if (nnrpc_clock_ns() >= pending->deadline_ns) {
        (void)pending_fail_deadline(pending, was_sent, out_status);
        return;
    }
    pending->is_unwanted = true;
    if (nnrpc_call_check_wanted(pending->parent, out_status) == NNRPC_OK) {
        (void)nnrpc_fail(
            out_status, NNRPC_CANCELLED, NNRPC_DOMAIN, "CANCELLED", "the call was given up");
    }
}

/* Locked. Gives up a call, or the hedge of one, that may be anywhere. */
static void abandon(struct nnrpc_pending *pending, bool tell_server) {
    if (tell_server) {
        control_note(pending->client, pending);
    }
    client_queue_abandon(pending->client, pending);
}

/* Not locked. Releases a call, wherever it is. */
static void dispose(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    event_loop_forget(pending);
    bool was_done = pending->state == PENDING_DONE && pending->hedge == NULL;
    bool may_wait = pending->is_unwanted && pending->on_done == NULL;
    if (pending->hedge != NULL) {
        abandon(pending->hedge, true);
        pending->hedge = NULL;
        pending->is_unwanted = true; /* the other one has won, or both are given up */
    }
    void *body = NULL;
    if (was_done) {
        body = pending_release(pending);
    } else {
        abandon(pending, pending->is_unwanted);
        driver_nudge(client);
    }
    bool has_notes = client->cancellation_count > 0;
    pthread_mutex_unlock(&client->mutex);
    nnrpc_body_free(body);
    if (has_notes) {
        control_flush(client, may_wait);
    }
}

/* Locked. What is told of the call must not change any more. */
static void fix_attempts(struct nnrpc_pending *pending) {
    pending->told_attempts =
        pending->attempts + (pending->hedge == NULL ? 0 : pending->hedge->attempts);
}

/* Not locked. Hands over how a call ended, with `status`, and releases it. */
static enum nnrpc_code conclude(
    struct nnrpc_pending *pending, struct nnrpc_status *status, struct nnrpc_status *out_status) {
    if (pending->reply_metadata != NULL) {
        const struct nnrpc_pending *answer = pending->answer;
        reply_metadata_fill(
            pending->reply_metadata, answer == NULL || answer->reply == NULL
                                         ? (struct nnrpc_slice){NULL, 0}
                                         : answer->response.whole);
    }
    enum nnrpc_code code = tell_end(pending, status, out_status);
    dispose(pending);
    return code;
}

/* Locked, and unlocks. Waits for a call and takes its answer. */
static enum nnrpc_code finish(
    struct nnrpc_pending *pending, const struct answer *out, struct nnrpc_status *out_status) {
    struct nnrpc_client *client = pending->client;
    driver_wait(pending);
    fix_attempts(pending);
    pending->answer = hedge_find_answer(pending);
    if (pending->answer != NULL) {
        pthread_mutex_unlock(&client->mutex);
        take(pending->answer, out);
        return conclude(pending, &pending->answer->status, out_status);
    }
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    fail_unanswered(pending, &status);
    pthread_mutex_unlock(&client->mutex);
    return conclude(pending, &status, out_status);
}

/* --- Calls -------------------------------------------------------------------------------- */

static enum nnrpc_code call(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const struct pending_request *request,
    const struct answer *out, struct nnrpc_status *out_status) {
    struct nnrpc_pending *pending = NULL;
    enum nnrpc_code code = prepare(client, method, options, request, &pending, out_status);
    if (pending == NULL) {
        return code;
    }
    pthread_mutex_lock(&client->mutex);
    enqueue(pending);
    return finish(pending, out, out_status);
}

enum nnrpc_code nnrpc_client_call(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const ProtobufCMessage *request,
    ProtobufCMessage **out_response, struct nnrpc_status *out_status) {
    return call(
        client, method, options, &(struct pending_request){.message = request},
        &(struct answer){.message = out_response}, out_status);
}

enum nnrpc_code nnrpc_client_call_packed(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const void *request, size_t request_size,
    uint8_t **out_response, size_t *out_response_size, struct nnrpc_status *out_status) {
    return call(
        client, method, options,
        &(struct pending_request){.packed = request, .packed_size = request_size},
        &(struct answer){.packed = out_response, .packed_size = out_response_size}, out_status);
}

enum nnrpc_code nnrpc_client_start(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const ProtobufCMessage *request,
    struct nnrpc_pending **out_pending, struct nnrpc_status *out_status) {
    struct pending_request asked = {.message = request};
    struct nnrpc_pending *pending = NULL;
    enum nnrpc_code code = prepare(client, method, options, &asked, &pending, out_status);
    if (pending == NULL) {
        return code;
    }
    pthread_mutex_lock(&client->mutex);
    enqueue(pending);
    driver_start(pending);
    *out_pending = pending;
    event_loop_add(pending); /* from here on a callback may end it, once this unlocks */
    bool is_sent = pending->state == PENDING_IN_FLIGHT && pending->lane->is_under_way;
    size_t endpoint = is_sent ? pending->lane->sent_to : 0;
    pthread_mutex_unlock(&client->mutex);
    if (is_sent) {
        control_prepare(client, endpoint);
    }
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_client_finish(
    struct nnrpc_pending *pending, ProtobufCMessage **out_response,
    struct nnrpc_status *out_status) {
    if (fork_happened(pending->client->generation)) {
        return fork_fail(out_status, "call");
    }
    pthread_mutex_lock(&pending->client->mutex);
    return finish(pending, &(struct answer){.message = out_response}, out_status);
}

bool nnrpc_pending_is_done(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    if (fork_happened(client->generation)) {
        return true; /* finishing it says so */
    }
    pthread_mutex_lock(&client->mutex);
    driver_look(pending);
    bool is_done = driver_is_over(pending, nnrpc_clock_ns());
    pthread_mutex_unlock(&client->mutex);
    return is_done;
}

void nnrpc_pending_cancel(struct nnrpc_pending *pending) {
    if (pending == NULL || fork_happened(pending->client->generation)) {
        return;
    }
    pthread_mutex_lock(&pending->client->mutex);
    fix_attempts(pending);
    pthread_mutex_unlock(&pending->client->mutex);
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(
        &status, NNRPC_CANCELLED, NNRPC_DOMAIN, "CANCELLED", "the caller gave the call up");
    pending->is_unwanted = true;
    pending->reply_metadata = NULL;
    (void)conclude(pending, &status, NULL);
}
