/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames by hand over the framework's transport, packed and unpacked by protobuf-c: what a caller
 * in another language would do.
 */
#ifndef PROBE_FRAMES_H
#define PROBE_FRAMES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/status.h"
#include "nnrpc/v1/frame.pb-c.h"
#include "transport.h"

#define READ "probe.v1.ProbeService/Read"
#define WRITE "probe.v1.ProbeService/Write"
#define SLOW_READ "probe.v1.ProbeService/SlowRead"
#define SLOW_WRITE "probe.v1.ProbeService/SlowWrite"

struct peer {
    struct nnrpc_connection *connection;
    size_t last_size; /* of the last answer, packed */
};

void peer_open(struct peer *peer, const char *url);
void peer_close(struct peer *peer);

/** Sends any bytes. */
void peer_send_bytes(struct peer *peer, const void *bytes, size_t size);

/** Packs and sends a frame, and releases it. */
void peer_send(struct peer *peer, Nnrpc__V1__RequestFrame *frame);

/** Receives an answer, to be released with frame_free_answer(); NULL when none came in time. */
Nnrpc__V1__ResponseFrame *peer_receive(struct peer *peer, uint32_t timeout_ms);

/** Sends a frame, releases it and returns its answer, which must come and be as long. */
Nnrpc__V1__ResponseFrame *peer_exchange(struct peer *peer, Nnrpc__V1__RequestFrame *frame);

void frame_free_answer(Nnrpc__V1__ResponseFrame *answer);

/** An empty frame with an id of its own. Everything in it is malloc'd. */
Nnrpc__V1__RequestFrame *frame_new(void);

/** Adds a request whose message is any bytes. */
Nnrpc__V1__Request *frame_add_bytes(
    Nnrpc__V1__RequestFrame *frame, const char *method, const void *bytes, size_t size);

/** Adds a request. */
Nnrpc__V1__Request *frame_add(
    Nnrpc__V1__RequestFrame *frame, const char *method, const ProtobufCMessage *message);

/** Adds metadata to the frame. */
void frame_say(Nnrpc__V1__RequestFrame *frame, const char *key, const char *value);

/** Adds metadata to a request. */
void request_say(Nnrpc__V1__Request *request, const char *key, const char *value);

/** A frame of one. */
Nnrpc__V1__RequestFrame *frame_of(const char *method, const ProtobufCMessage *message);

enum nnrpc_code response_code(const Nnrpc__V1__Response *response);

/** The reason, "" when there is none. */
const char *response_reason(const Nnrpc__V1__Response *response);

/** The value of an info, or NULL. */
const char *response_info(const Nnrpc__V1__Response *response, const char *key);

/** The metadata of a key, or NULL. */
const Nnrpc__V1__Metadata *response_metadata(const Nnrpc__V1__Response *response, const char *key);

/** Unpacks a response's message, which must be OK. */
ProtobufCMessage *response_message(
    const Nnrpc__V1__Response *response, const ProtobufCMessageDescriptor *type);

#define assert_response(response, code, reason)                                                    \
    do {                                                                                           \
        assert_string_equal(response_reason(response), reason);                                    \
        assert_int_equal(response_code(response), code);                                           \
    } while (0)

#endif
