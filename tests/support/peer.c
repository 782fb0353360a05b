/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers of contactd.
 */
#include "peer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contactd_process.h"
#include "expect.h"
#include "scenario.h"

#define PATIENCE_MS 60000

/* What a response must still be after a failed call. */
static ProtobufCMessage untouched;

struct peer *peer_new(struct contactd_process *server, const struct peer_options *options) {
    static const struct peer_options usual = {0};
    const struct peer_options *chosen = options != NULL ? options : &usual;
    const char *endpoints[] = {chosen->url != NULL ? chosen->url : server->url};
    const struct nnrpc_client_options client_options = {
        .endpoints = endpoints,
        .endpoint_count = 1,
        .token = chosen->token,
        .timeout_ms = chosen->timeout_ms != 0 ? chosen->timeout_ms : PATIENCE_MS,
        .max_reply_bytes = chosen->max_reply_bytes,
        .max_frame_calls = chosen->max_frame_calls,
        .retry = {.max_attempts = chosen->max_attempts},
    };
    struct peer *peer = calloc(1, sizeof(*peer));
    assert_non_null(peer);
    peer->server = server;
    peer->reply_metadata = nnrpc_reply_metadata_new();
    assert_non_null(peer->reply_metadata);
    assert_int_equal(nnrpc_client_new(&client_options, &peer->client, &peer->status), NNRPC_OK);
    return peer;
}

void peer_free(struct peer *peer) {
    if (peer == NULL) {
        return;
    }
    nnrpc_client_free(peer->client);
    nnrpc_reply_metadata_free(peer->reply_metadata);
    nnrpc_status_deinit(&peer->status);
    free(peer);
}

void peer_say(struct peer *peer, const char *key, const char *value) {
    assert_true(peer->metadata_count < PEER_METADATA_MOST);
    peer->metadata[peer->metadata_count++] =
        (struct nnrpc_metadata){.key = key, .value = value, .value_size = strlen(value)};
}

void peer_say_nothing(struct peer *peer) {
    peer->metadata_count = 0;
}

bool peer_succeeded(const struct peer *peer) {
    return peer->status.code == NNRPC_OK && peer->fault == NULL;
}

static struct nnrpc_call_options begin_call(struct peer *peer) {
    nnrpc_status_reset(&peer->status);
    peer->fault = NULL;
    return (struct nnrpc_call_options){
        .timeout_ms = peer->timeout_ms,
        .metadata = peer->metadata,
        .metadata_count = peer->metadata_count,
        .reply_metadata = peer->reply_metadata,
    };
}

/* Whether the client said it, not the server. */
static bool is_the_clients_own(const struct nnrpc_status *status) {
    static const char *const reasons[] = {
        "UNREACHABLE", "DEADLINE_EXCEEDED", "REQUEST_TOO_LARGE", "CANCELLED", "MALFORMED_REPLY"};
    for (size_t i = 0; i < NNRPC_LENGTH(reasons); i++) {
        if (strcmp(status->reason, reasons[i]) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t read_number(const struct peer *peer, const char *key) {
    const char *text = nnrpc_reply_metadata_get(peer->reply_metadata, key);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static ProtobufCMessage *end_call(
    struct peer *peer, enum nnrpc_code code, ProtobufCMessage *response) {
    bool answered = code == NNRPC_OK || !is_the_clients_own(&peer->status);
    peer->revision = answered ? read_number(peer, "x-revision") : 0;
    peer->epoch = answered ? read_number(peer, "x-epoch") : 0;
    if (code != peer->status.code) {
        peer->fault = "the code returned is not the status' code";
    } else if (code != NNRPC_OK && response != &untouched) {
        peer->fault = "a failed call wrote its response";
    } else if (answered && nnrpc_reply_metadata_get(peer->reply_metadata, "x-revision") == NULL) {
        peer->fault = "the reply carries no x-revision";
    } else if (answered && peer->epoch == 0) {
        peer->fault = "the reply carries no x-epoch";
    }
    if (code != NNRPC_OK) {
        return NULL;
    }
    scenario_keep_message(response);
    return response;
}

#define DEFINE_CALL(service, method, Package, Method)                                              \
    Package##__##Method##Response *call_##method(                                                  \
        struct peer *peer, const Package##__##Method##Request *request) {                          \
        const struct nnrpc_call_options options = begin_call(peer);                                \
        Package##__##Method##Response *response = (Package##__##Method##Response *)&untouched;     \
        enum nnrpc_code code =                                                                     \
            service##_##method(peer->client, &options, request, &response, &peer->status);         \
        return (Package##__##Method##Response *)end_call(                                          \
            peer, code, (ProtobufCMessage *)response);                                             \
    }
EVERY_CALL(DEFINE_CALL)
#undef DEFINE_CALL

ProtobufCMessage *call_method(
    struct peer *peer, const struct nnrpc_method *method, const ProtobufCMessage *request) {
    const struct nnrpc_call_options options = begin_call(peer);
    ProtobufCMessage *response = &untouched;
    enum nnrpc_code code =
        nnrpc_client_call(peer->client, method, &options, request, &response, &peer->status);
    return end_call(peer, code, response);
}
