/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller in any language.
 */
#include "raw_peer.h"

#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/crypto.h"
#include "scenario.h"

#define PATIENCE_MS 60000
#define REPLY_BYTES_MOST (32 << 20)

struct raw_peer {
    int socket;
    size_t last_size;
};

/* --- Frames --------------------------------------------------------------------------------- */

static void *keep_zeroed(size_t size) {
    void *memory = scenario_keep(calloc(1, size));
    assert_non_null(memory);
    return memory;
}

struct raw_frame *raw_frame_new(void) {
    struct raw_frame *frame = keep_zeroed(sizeof(*frame));
    frame->frame = (Nnrpc__V1__RequestFrame)NNRPC__V1__REQUEST_FRAME__INIT;
    frame->frame.frame_id = nnrpc_random_u64();
    return frame;
}

Nnrpc__V1__Request *raw_frame_add_bytes(
    struct raw_frame *frame, const char *method, const void *bytes, size_t size) {
    if (frame->frame.n_requests == frame->capacity) {
        frame->capacity = frame->capacity == 0 ? 16 : 2 * frame->capacity;
        Nnrpc__V1__Request **grown = keep_zeroed(frame->capacity * sizeof(Nnrpc__V1__Request *));
        if (frame->frame.n_requests > 0) {
            memcpy(grown, frame->frame.requests, frame->frame.n_requests * sizeof(*grown));
        }
        frame->frame.requests = grown;
    }
    Nnrpc__V1__Request *request = keep_zeroed(sizeof(*request));
    *request = (Nnrpc__V1__Request)NNRPC__V1__REQUEST__INIT;
    request->method = text(method);
    request->message = (ProtobufCBinaryData){.data = (uint8_t *)bytes, .len = size};
    frame->frame.requests[frame->frame.n_requests++] = request;
    return request;
}

Nnrpc__V1__Request *raw_frame_add(
    struct raw_frame *frame, const char *method, const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = keep_zeroed(size + 1);
    protobuf_c_message_pack(message, packed);
    return raw_frame_add_bytes(frame, method, packed, size);
}

void raw_frame_say(
    struct raw_frame *frame, Nnrpc__V1__Request *request, const char *key, const void *value,
    size_t value_size) {
    size_t *count = request != NULL ? &request->n_metadata : &frame->frame.n_metadata;
    Nnrpc__V1__Metadata ***all = request != NULL ? &request->metadata : &frame->frame.metadata;
    Nnrpc__V1__Metadata **grown = keep_zeroed((*count + 1) * sizeof(*grown));
    Nnrpc__V1__Metadata *added = keep_zeroed(sizeof(*added));
    if (*count > 0) {
        memcpy(grown, *all, *count * sizeof(*grown));
    }
    *added = (Nnrpc__V1__Metadata)NNRPC__V1__METADATA__INIT;
    added->key = text(key);
    added->value = (ProtobufCBinaryData){.data = (uint8_t *)value, .len = value_size};
    grown[(*count)++] = added;
    *all = grown;
}

/* --- Talking -------------------------------------------------------------------------------- */

static void release_raw(void *thing) {
    struct raw_peer *raw = thing;
    nn_close(raw->socket);
    free(raw);
}

struct raw_peer *raw_join(const char *url) {
    struct raw_peer *raw = calloc(1, sizeof(*raw));
    const int most = REPLY_BYTES_MOST;
    assert_non_null(raw);
    raw->socket = nn_socket(AF_SP, NN_REQ);
    assert_true(raw->socket >= 0);
    scenario_keep_thing(raw, release_raw);
    assert_int_equal(
        nn_setsockopt(raw->socket, NN_SOL_SOCKET, NN_RCVMAXSIZE, &most, sizeof(most)), 0);
    assert_true(nn_connect(raw->socket, url) >= 0);
    return raw;
}

static void send_bytes(struct raw_peer *raw, const void *bytes, size_t size) {
    assert_int_equal(nn_send(raw->socket, bytes, size, 0), (int)size);
}

static Nnrpc__V1__ResponseFrame *receive_frame(struct raw_peer *raw, uint32_t timeout_ms) {
    const int timeout = (int)timeout_ms;
    void *reply = NULL;
    assert_int_equal(
        nn_setsockopt(raw->socket, NN_SOL_SOCKET, NN_RCVTIMEO, &timeout, sizeof(timeout)), 0);
    int got = nn_recv(raw->socket, &reply, NN_MSG, 0);
    if (got < 0) {
        return NULL;
    }
    Nnrpc__V1__ResponseFrame *frame = nnrpc__v1__response_frame__unpack(NULL, (size_t)got, reply);
    raw->last_size = (size_t)got;
    nn_freemsg(reply);
    assert_non_null(frame);
    scenario_keep_message(&frame->base);
    return frame;
}

Nnrpc__V1__ResponseFrame *raw_exchange_bytes(
    struct raw_peer *raw, const void *bytes, size_t size, uint32_t timeout_ms) {
    send_bytes(raw, bytes, size);
    return receive_frame(raw, timeout_ms);
}

void raw_send(struct raw_peer *raw, const struct raw_frame *frame) {
    size_t size = nnrpc__v1__request_frame__get_packed_size(&frame->frame);
    uint8_t *packed = keep_zeroed(size + 1);
    nnrpc__v1__request_frame__pack(&frame->frame, packed);
    send_bytes(raw, packed, size);
}

Nnrpc__V1__ResponseFrame *raw_receive(struct raw_peer *raw, const struct raw_frame *frame) {
    Nnrpc__V1__ResponseFrame *answer = receive_frame(raw, PATIENCE_MS);
    assert_non_null(answer);
    assert_int_equal(answer->frame_id, frame->frame.frame_id);
    assert_int_equal(answer->n_responses, frame->frame.n_requests);
    return answer;
}

Nnrpc__V1__ResponseFrame *raw_exchange(struct raw_peer *raw, const struct raw_frame *frame) {
    raw_send(raw, frame);
    return raw_receive(raw, frame);
}

Nnrpc__V1__Response *raw_call(
    struct raw_peer *raw, const char *method, const ProtobufCMessage *message) {
    struct raw_frame *frame = raw_frame_new();
    raw_frame_add(frame, method, message);
    return raw_exchange(raw, frame)->responses[0];
}

size_t raw_last_size(const struct raw_peer *raw) {
    return raw->last_size;
}

/* --- Answers -------------------------------------------------------------------------------- */

enum nnrpc_code raw_code(const Nnrpc__V1__Response *response) {
    return response->status != NULL ? (enum nnrpc_code)response->status->code : NNRPC_OK;
}

ProtobufCMessage *raw_message(
    const Nnrpc__V1__Response *response, const struct nnrpc_method *method) {
    expect_raw_ok(response);
    ProtobufCMessage *message = protobuf_c_message_unpack(
        method->response->descriptor, NULL, response->message.len, response->message.data);
    assert_non_null(message);
    scenario_keep_message(message);
    return message;
}

const char *raw_metadata(const Nnrpc__V1__Response *response, const char *key) {
    for (size_t i = 0; i < response->n_metadata; i++) {
        const Nnrpc__V1__Metadata *metadata = response->metadata[i];
        if (strcmp(metadata->key, key) == 0) {
            return format_text("%.*s", (int)metadata->value.len, (char *)metadata->value.data);
        }
    }
    return NULL;
}

const char *raw_info(const Nnrpc__V1__Response *response, const char *key) {
    const Nnrpc__V1__ErrorInfo *info =
        response->status != NULL ? response->status->error_info : NULL;
    for (size_t i = 0; info != NULL && i < info->n_metadata; i++) {
        if (strcmp(info->metadata[i]->key, key) == 0) {
            return info->metadata[i]->value;
        }
    }
    return NULL;
}

void expect_raw_at(
    const Nnrpc__V1__Response *response, enum nnrpc_code code, const char *domain,
    const char *reason, const char *file, int line) {
    const Nnrpc__V1__Status *status = response->status;
    const Nnrpc__V1__ErrorInfo *info = status != NULL ? status->error_info : NULL;
    const char *found_domain = info != NULL ? info->domain : "";
    const char *found_reason = info != NULL ? info->reason : "";
    bool same = raw_code(response) == code && strcmp(found_domain, domain) == 0 &&
                strcmp(found_reason, reason) == 0;
    bool empty = code == NNRPC_OK || response->message.len == 0;
    bool revision =
        raw_metadata(response, "x-revision") != NULL && raw_metadata(response, "x-epoch") != NULL;
    if (!same || !empty || !revision) {
        print_error(
            "expected %s %s/%s, got %s %s/%s: %s%s%s\n", nnrpc_code_name(code), domain, reason,
            nnrpc_code_name(raw_code(response)), found_domain, found_reason,
            status != NULL ? status->message : "", empty ? "" : " (with a message)",
            revision ? "" : " (without a revision)");
        _fail(file, line);
    }
}
