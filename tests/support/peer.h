/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who calls contactd through the generated stubs, and how the last call ended.
 *
 * Every call checks what must hold of every reply: the response is written on success only, and
 * the reply carries a revision and an epoch. What does not hold is a fault, which the next
 * expectation reports; so a call may be made on any thread. A peer belongs to one thread at a time.
 */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <stdint.h>

#include "calls.h"
#include "nnrpc/client.h"
#include "nnrpc/status.h"

#define PEER_METADATA_MOST 4

struct peer {
    struct contactd_process *server;
    struct nnrpc_client *client;
    struct nnrpc_reply_metadata *reply_metadata;
    struct nnrpc_metadata metadata[PEER_METADATA_MOST]; /* said with every call */
    size_t metadata_count;
    uint32_t timeout_ms; /* of every call; 0: the client's */
    /* Of the last call: */
    struct nnrpc_status status;
    uint64_t revision; /* 0: the reply carried none */
    uint64_t epoch;
    const char *fault; /* what must never be; NULL: nothing */
};

/** How a peer differs from the usual one; all zero: a patient operator on the ipc address. */
struct peer_options {
    const char *url;   /* NULL: the server's ipc address */
    const char *token; /* NULL: none */
    uint32_t max_reply_bytes;
    uint32_t max_frame_calls;
    uint32_t max_attempts; /* 0: as many as the deadline allows */
    uint32_t timeout_ms;   /* 0: a minute, for slow builds */
};

/** Makes a peer of a server. NULL options: the usual one. */
struct peer *peer_new(struct contactd_process *server, const struct peer_options *options);
void peer_free(struct peer *peer);

/** Says one more thing with every call from now on. Key and value are kept by the caller. */
void peer_say(struct peer *peer, const char *key, const char *value);

/** Says nothing any more. */
void peer_say_nothing(struct peer *peer);

/** Whether the last call succeeded; for threads, which must not use expectations. */
bool peer_succeeded(const struct peer *peer);

/* One function for each rpc: call_get_contact(peer, &request). The response lives until the end of
 * the test; NULL when the call failed. */
#define DECLARE_CALL(service, method, Package, Method)                                             \
    Package##__##Method##Response *call_##method(                                                  \
        struct peer *peer, const Package##__##Method##Request *request);
EVERY_CALL(DECLARE_CALL)
#undef DECLARE_CALL

/** Calls any method by its table. */
ProtobufCMessage *call_method(
    struct peer *peer, const struct nnrpc_method *method, const ProtobufCMessage *request);

#endif
