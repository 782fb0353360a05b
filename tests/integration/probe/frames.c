/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building, sending and reading frames, failing the test where that does not work.
 */
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

#define ANSWER_LIMIT_MS 20000
#define MAX_ANSWER_BYTES (64u << 20)

/* --- Peers -------------------------------------------------------------------------------- */

void peer_open(struct peer *peer, const char *url) {
    assert_int_equal(
        nnrpc_connection_open(url, MAX_ANSWER_BYTES, &peer->connection, NULL), NNRPC_OK);
}

void peer_close(struct peer *peer) {
    nnrpc_connection_close(peer->connection);
    peer->connection = NULL;
}

static void wait_a_moment(struct peer *peer) {
    nnrpc_connections_wait(&peer->connection, 1, -1, nnrpc_clock_ns() + 50000000);
}

void peer_send_bytes(struct peer *peer, const void *bytes, size_t size) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    void *body = nnrpc_body_new(size);
    assert_non_null(body);
    if (size > 0) {
        memcpy(body, bytes, size);
    }
    enum nnrpc_progress progress = NNRPC_PROGRESS_WAITING;
    while (progress == NNRPC_PROGRESS_WAITING) {
        progress = nnrpc_connection_try_send(peer->connection, &body, &status);
        if (progress == NNRPC_PROGRESS_WAITING) {
            wait_a_moment(peer);
        }
    }
    if (progress != NNRPC_PROGRESS_DONE) {
        fail_msg("%s", status.message);
    }
}

void peer_send(struct peer *peer, Nnrpc__V1__RequestFrame *frame) {
    size_t size = nnrpc__v1__request_frame__get_packed_size(frame);
    uint8_t *bytes = malloc(size + 1);
    assert_non_null(bytes);
    nnrpc__v1__request_frame__pack(frame, bytes);
    nnrpc__v1__request_frame__free_unpacked(frame, NULL);
    peer_send_bytes(peer, bytes, size);
    free(bytes);
}

Nnrpc__V1__ResponseFrame *peer_receive(struct peer *peer, uint32_t timeout_ms) {
    uint64_t end_ns = nnrpc_clock_ns() + (uint64_t)timeout_ms * 1000000;
    void *body = NULL;
    size_t size = 0;
    while (nnrpc_clock_ns() < end_ns) {
        switch (nnrpc_connection_try_receive(peer->connection, &body, &size, NULL)) {
        case NNRPC_PROGRESS_DONE: {
            Nnrpc__V1__ResponseFrame *answer = nnrpc__v1__response_frame__unpack(NULL, size, body);
            nnrpc_body_free(body);
            peer->last_size = size;
            assert_non_null(answer);
            return answer;
        }
        case NNRPC_PROGRESS_WAITING:
            wait_a_moment(peer);
            break;
        case NNRPC_PROGRESS_FAILED:
            return NULL;
        }
    }
    return NULL;
}

Nnrpc__V1__ResponseFrame *peer_exchange(struct peer *peer, Nnrpc__V1__RequestFrame *frame) {
    size_t count = frame->n_requests;
    uint64_t frame_id = frame->frame_id;
    peer_send(peer, frame);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(peer, ANSWER_LIMIT_MS);
    assert_non_null(answer);
    assert_int_equal(answer->n_responses, count);
    assert_int_equal(answer->frame_id, frame_id);
    return answer;
}

void frame_free_answer(Nnrpc__V1__ResponseFrame *answer) {
    nnrpc__v1__response_frame__free_unpacked(answer, NULL);
}

/* --- Requests ----------------------------------------------------------------------------- */

Nnrpc__V1__RequestFrame *frame_new(void) {
    static atomic_uint_least64_t last_id = 0x1234567800000000;
    Nnrpc__V1__RequestFrame *frame = malloc(sizeof(*frame));
    assert_non_null(frame);
    nnrpc__v1__request_frame__init(frame);
    frame->frame_id = ++last_id;
    return frame;
}

Nnrpc__V1__Request *frame_add_bytes(
    Nnrpc__V1__RequestFrame *frame, const char *method, const void *bytes, size_t size) {
    Nnrpc__V1__Request *request = malloc(sizeof(*request));
    frame->requests =
        realloc(frame->requests, (frame->n_requests + 1) * sizeof(frame->requests[0]));
    assert_non_null(request);
    assert_non_null(frame->requests);
    nnrpc__v1__request__init(request);
    request->method = strdup(method);
    if (size > 0) {
        request->message.data = malloc(size);
        memcpy(request->message.data, bytes, size);
        request->message.len = size;
    }
    frame->requests[frame->n_requests++] = request;
    return request;
}

Nnrpc__V1__Request *frame_add(
    Nnrpc__V1__RequestFrame *frame, const char *method, const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size + 1);
    protobuf_c_message_pack(message, bytes);
    Nnrpc__V1__Request *request = frame_add_bytes(frame, method, bytes, size);
    free(bytes);
    return request;
}

static Nnrpc__V1__Metadata *metadata_new(const char *key, const char *value) {
    Nnrpc__V1__Metadata *metadata = malloc(sizeof(*metadata));
    assert_non_null(metadata);
    nnrpc__v1__metadata__init(metadata);
    metadata->key = strdup(key);
    metadata->value.data = (uint8_t *)strdup(value);
    metadata->value.len = strlen(value);
    return metadata;
}

void frame_say(Nnrpc__V1__RequestFrame *frame, const char *key, const char *value) {
    frame->metadata =
        realloc(frame->metadata, (frame->n_metadata + 1) * sizeof(frame->metadata[0]));
    assert_non_null(frame->metadata);
    frame->metadata[frame->n_metadata++] = metadata_new(key, value);
}

void request_say(Nnrpc__V1__Request *request, const char *key, const char *value) {
    request->metadata =
        realloc(request->metadata, (request->n_metadata + 1) * sizeof(request->metadata[0]));
    assert_non_null(request->metadata);
    request->metadata[request->n_metadata++] = metadata_new(key, value);
}

Nnrpc__V1__RequestFrame *frame_of(const char *method, const ProtobufCMessage *message) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add(frame, method, message);
    return frame;
}

/* --- Responses ---------------------------------------------------------------------------- */

enum nnrpc_code response_code(const Nnrpc__V1__Response *response) {
    return response->status == NULL ? NNRPC_OK : (enum nnrpc_code)response->status->code;
}

const char *response_reason(const Nnrpc__V1__Response *response) {
    bool has_info = response->status != NULL && response->status->error_info != NULL;
    return has_info ? response->status->error_info->reason : "";
}

const char *response_info(const Nnrpc__V1__Response *response, const char *key) {
    assert_non_null(response->status);
    assert_non_null(response->status->error_info);
    const Nnrpc__V1__ErrorInfo *info = response->status->error_info;
    for (size_t index = 0; index < info->n_metadata; index++) {
        if (strcmp(info->metadata[index]->key, key) == 0) {
            return info->metadata[index]->value;
        }
    }
    return NULL;
}

const Nnrpc__V1__Metadata *response_metadata(const Nnrpc__V1__Response *response, const char *key) {
    for (size_t index = 0; index < response->n_metadata; index++) {
        if (strcmp(response->metadata[index]->key, key) == 0) {
            return response->metadata[index];
        }
    }
    return NULL;
}

ProtobufCMessage *response_message(
    const Nnrpc__V1__Response *response, const ProtobufCMessageDescriptor *type) {
    if (response_code(response) != NNRPC_OK) {
        fail_msg(
            "%d %s: %s", response->status->code, response_reason(response),
            response->status->message);
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, NULL, response->message.len, response->message.data);
    assert_non_null(message);
    return message;
}
