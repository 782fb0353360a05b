/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller in any language: a nanomsg REQ socket and the messages of nnrpc/v1/frame.proto, nothing
 * of the framework's client. For frames that the client would never send, and to show that a frame
 * of one is all that it takes.
 */
#ifndef SUPPORT_RAW_PEER_H
#define SUPPORT_RAW_PEER_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "contactd_process.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "nnrpc/v1/frame.pb-c.h"

struct raw_peer;

/** A frame that is being put together; lives until the end of the test. */
struct raw_frame {
    Nnrpc__V1__RequestFrame frame;
    size_t capacity;
};

/** Connects; disconnected at the end of the test. */
struct raw_peer *raw_join(const char *url);

/** An empty frame with a frame_id of its own. */
struct raw_frame *raw_frame_new(void);

/** Adds a call; the message is packed. Returns the request, to say more about it. */
Nnrpc__V1__Request *raw_frame_add(
    struct raw_frame *frame, const char *method, const ProtobufCMessage *message);

/** Adds a call whose message is any bytes (borrowed). */
Nnrpc__V1__Request *raw_frame_add_bytes(
    struct raw_frame *frame, const char *method, const void *bytes, size_t size);

/** Adds metadata to one request, or (NULL) to the whole frame. The value is borrowed. */
void raw_frame_say(
    struct raw_frame *frame, Nnrpc__V1__Request *request, const char *key, const void *value,
    size_t value_size);

/** Sends any bytes and returns the answer, or NULL when none came within timeout_ms. */
Nnrpc__V1__ResponseFrame *raw_exchange_bytes(
    struct raw_peer *raw, const void *bytes, size_t size, uint32_t timeout_ms);

/** Sends a frame and returns its answer. Expects frame_id and as many responses as requests. */
Nnrpc__V1__ResponseFrame *raw_exchange(struct raw_peer *raw, const struct raw_frame *frame);

/** Sends a frame without waiting for its answer, and later waits for it. */
void raw_send(struct raw_peer *raw, const struct raw_frame *frame);
Nnrpc__V1__ResponseFrame *raw_receive(struct raw_peer *raw, const struct raw_frame *frame);

/** A frame of one call. */
Nnrpc__V1__Response *raw_call(
    struct raw_peer *raw, const char *method, const ProtobufCMessage *message);

/** Packed size of the last answer of raw_exchange(). */
size_t raw_last_size(const struct raw_peer *raw);

/** The message of a successful response, kept until the end of the test. */
ProtobufCMessage *raw_message(
    const Nnrpc__V1__Response *response, const struct nnrpc_method *method);

/** The value of a response's metadata, terminated, or NULL. */
const char *raw_metadata(const Nnrpc__V1__Response *response, const char *key);

/** The value of an error's info, or NULL. */
const char *raw_info(const Nnrpc__V1__Response *response, const char *key);

enum nnrpc_code raw_code(const Nnrpc__V1__Response *response);

#define expect_raw_ok(response) expect_raw_at((response), NNRPC_OK, "", "", __FILE__, __LINE__)
#define expect_raw(response, code, domain, reason)                                                 \
    expect_raw_at((response), (code), (domain), (reason), __FILE__, __LINE__)
void expect_raw_at(
    const Nnrpc__V1__Response *response, enum nnrpc_code code, const char *domain,
    const char *reason, const char *file, int line);

#endif
