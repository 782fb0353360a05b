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
#include "nnrpc/crypto.h"
#include "pending.h"
#include "reply_metadata.h"
#include "scan.h"

/* --- Starting ----------------------------------------------------------------------------- */

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT", "out of memory");
}

/* Not locked: gives a call back that was never queued. */
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

/* Makes a call that is ready to be queued. */
static enum nnrpc_code prepare(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const struct pending_request *request,
    struct nnrpc_pending **out_pending, struct nnrpc_status *out_status) {
    struct nnrpc_pending *pending = pending_new(client);
    if (pending == NULL) {
        return fail_memory(out_status);
    }
    enum nnrpc_code code = pending_fill(pending, method, options, request, out_status);
    if (code != NNRPC_OK) {
        discard(pending);
        return code;
    }
    pending->lane_class = find_lane_class(method, request);
    pending->deadline_ns = nnrpc_clock_ns() + (uint64_t)pending->timeout_ms * 1000000u;
    *out_pending = pending;
    return NNRPC_OK;
}

static void enqueue(struct nnrpc_pending *pending) {
    pending->state = PENDING_QUEUED;
    pending_count(pending);
    pending_list_append(&pending->client->queues[pending->lane_class], pending);
}

/* --- Finishing ---------------------------------------------------------------------------- */

/* Locked. Waits; when the deadline passes first, the call is given up and gone. */
static enum nnrpc_code wait_for(struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    driver_wait(pending);
    if (pending->state == PENDING_DONE) {
        return NNRPC_OK;
    }
    bool was_sent = pending->state == PENDING_IN_FLIGHT && pending->lane->is_under_way;
    if (pending->reply_metadata != NULL) {
        reply_metadata_fill(pending->reply_metadata, (struct nnrpc_slice){NULL, 0});
    }
    enum nnrpc_code code = pending_fail_deadline(pending, was_sent, out_status);
    client_queue_abandon(pending->client, pending);
    driver_nudge(pending->client);
    return code;
}

/* Takes what every answer has: metadata and status. */
static enum nnrpc_code take_status(struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    if (pending->reply_metadata != NULL) {
        reply_metadata_fill(
            pending->reply_metadata,
            pending->reply == NULL ? (struct nnrpc_slice){NULL, 0} : pending->response.whole);
    }
    enum nnrpc_code code = pending->status.code;
    if (out_status != NULL) {
        nnrpc_status_move(out_status, &pending->status);
    }
    return code;
}

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

/* Not locked. Takes the answer of a call that is done, as a message, and releases the call. */
static enum nnrpc_code take(
    struct nnrpc_pending *pending, ProtobufCMessage **out_response,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = take_status(pending, out_status);
    if (code == NNRPC_OK) {
        code = take_message(pending, out_response, out_status);
    }
    discard(pending);
    return code;
}

/* --- Calls -------------------------------------------------------------------------------- */

/* Starts a call and waits for it; afterwards it is done, or gone. */
static enum nnrpc_code run(struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    enqueue(pending);
    enum nnrpc_code code = wait_for(pending, out_status);
    pthread_mutex_unlock(&client->mutex);
    return code;
}

enum nnrpc_code nnrpc_client_call(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const ProtobufCMessage *request,
    ProtobufCMessage **out_response, struct nnrpc_status *out_status) {
    struct pending_request asked = {.message = request};
    struct nnrpc_pending *pending = NULL;
    enum nnrpc_code code = prepare(client, method, options, &asked, &pending, out_status);
    if (pending == NULL) {
        return code;
    }
    code = run(pending, out_status);
    return code == NNRPC_OK ? take(pending, out_response, out_status) : code;
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
    pthread_mutex_unlock(&client->mutex);
    *out_pending = pending;
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_client_finish(
    struct nnrpc_pending *pending, ProtobufCMessage **out_response,
    struct nnrpc_status *out_status) {
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    enum nnrpc_code code = wait_for(pending, out_status);
    pthread_mutex_unlock(&client->mutex);
    return code == NNRPC_OK ? take(pending, out_response, out_status) : code;
}

enum nnrpc_code nnrpc_client_call_packed(
    struct nnrpc_client *client, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const void *request, size_t request_size,
    uint8_t **out_response, size_t *out_response_size, struct nnrpc_status *out_status) {
    struct pending_request asked = {.packed = request, .packed_size = request_size};
    struct nnrpc_pending *pending = NULL;
    enum nnrpc_code code = prepare(client, method, options, &asked, &pending, out_status);
    if (pending == NULL) {
        return code;
    }
    code = run(pending, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    code = take_status(pending, out_status);
    if (code == NNRPC_OK) {
        code = take_packed(pending, out_response, out_response_size, out_status);
    }
    discard(pending);
    return code;
}

bool nnrpc_pending_is_done(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    driver_look(pending);
    bool is_done = pending->state == PENDING_DONE || nnrpc_clock_ns() >= pending->deadline_ns;
    pthread_mutex_unlock(&client->mutex);
    return is_done;
}

void nnrpc_pending_cancel(struct nnrpc_pending *pending) {
    if (pending == NULL) {
        return;
    }
    struct nnrpc_client *client = pending->client;
    pthread_mutex_lock(&client->mutex);
    control_note(client, pending);
    client_queue_abandon(client, pending);
    driver_nudge(client);
    pthread_mutex_unlock(&client->mutex);
    control_flush(client);
}
