/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REST on rpc: which call an HTTP request is, and which HTTP answer a call's answer is. Driven by
 * the HTTP rules of generated tables alone: it knows no method and no message by name.
 *
 * Works on messages in memory; connections and calls are for others. A table is constant once made:
 * any thread.
 */
#ifndef GATEWAY_REST_H
#define GATEWAY_REST_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/http_message.h"
#include "nnrpc/client.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

#define REST_METADATA 8
#define REST_REQUEST_ID_BYTES 128 /* of X-Request-Id, with its terminator */
#define REST_TRACE_STATE_BYTES 513

struct rest_table;
struct rest_rule;

/**
 * Makes the table of all methods that have HTTP rules.
 *
 * @param services   Borrowed: outlive the table.
 * @param out_table  On NNRPC_OK release with rest_table_free(); else untouched.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (a rule that cannot be: it names rule and method; two
 *         rules for the same requests); NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code rest_table_new(
    const struct nnrpc_service *const *services, size_t service_count,
    struct rest_table **out_table, struct nnrpc_status *out_status);
void rest_table_free(struct rest_table *table);
void rest_table_freep(struct rest_table **table);

/** A call that a request asks for. All zero is none. Release with rest_call_deinit(). */
struct rest_call {
    const struct nnrpc_method *method;
    const struct nnrpc_http_rule *rule;
    ProtobufCMessage *message; /* owned */
    const char *token;         /* of the Authorization header, in the request's memory */
    struct nnrpc_metadata metadata[REST_METADATA]; /* values in the request's memory or in here */
    size_t metadata_count;
    struct nnrpc_trace trace;               /* the caller's span, or none */
    char request_id[REST_REQUEST_ID_BYTES]; /* X-Request-Id: the caller's, or a new one */
    bool is_head;
    bool is_pretty;
    bool is_envelope;                         /* ?envelope: the whole response message is wanted */
    bool has_if_match;                        /* so a mismatch is 412 */
    char trace_state[REST_TRACE_STATE_BYTES]; /* the value of metadata, if it has one */
    const struct rest_rule *ready_rule;       /* of the table; for this folder alone */
};
void rest_call_deinit(struct rest_call *call);

/**
 * Reads a request.
 *
 * @param out_call      All zero; on true filled. Must not be moved.
 * @param out_response  All zero; on false the answer: an error, or to OPTIONS. request_id of
 *                      out_call is always filled, and X-Request-Id is in every answer.
 * @return whether there is a call to make.
 */
bool rest_read_request(
    const struct rest_table *table, const struct http_request *request, struct rest_call *out_call,
    struct http_response *out_response);

/** Whether the path belongs to a rule of the table, whatever the method. */
bool rest_has_path(const struct rest_table *table, const char *path);

/**
 * Writes the answer of a call that was made.
 *
 * @param code      How the call ended; with NNRPC_OK `message` is its response, else `status` says
 *                  why.
 * @param metadata  The call's reply metadata.
 */
void rest_write_answer(
    const struct rest_call *call, const struct http_request *request, enum nnrpc_code code,
    const ProtobufCMessage *message, const struct nnrpc_status *status,
    const struct nnrpc_reply_metadata *metadata, struct http_response *out_response);

/**
 * Writes an error's answer: HTTP status by code and reason, body {"error": {...}}, Retry-After
 * where it helps. For whatever else refuses requests (limits, missing pages, a server that stops).
 *
 * @param http_status  0: by the code and reason.
 */
void rest_write_error(
    const struct nnrpc_status *status, unsigned http_status, bool is_pretty,
    struct http_response *out_response);

/** What the table holds, for whoever describes it: calls visit for each rule, in the order of the
 *  services. */
void rest_table_visit(
    const struct rest_table *table, void *context,
    void (*visit)(
        void *context, const struct nnrpc_method *method, const struct nnrpc_http_rule *rule));

#endif
