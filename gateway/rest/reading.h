/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request while it is read: one function for each concern, in the order in which
 * rest_read_request() goes through them. Each returns NNRPC_OK or fills reading->status.
 */
#ifndef GATEWAY_REST_READING_H
#define GATEWAY_REST_READING_H

#include "rest/headers.h"
#include "rest/query.h"
#include "rest/request_path.h"
#include "rest/rest.h"
#include "rest/table.h"

struct rest_reading {
    const struct http_request *request;
    struct rest_headers headers;
    struct rest_path path;
    struct rest_query query;
    const struct rest_rule *rule; /* once it is known */
    struct rest_call *call;
    struct nnrpc_status status;
    struct nnrpc_buffer body_paths; /* what a PATCH's body says, by proto names and commas */
    struct http_response *response; /* takes the headers that go with an error */
};

/* --- What the headers say (call_metadata.c, authorization.c, negotiation.c) --- */

/** Takes X-Request-Id or makes one; never fails. */
void rest_read_request_id(struct rest_reading *reading);

/** Trace, revision and request id, as metadata of the call. */
NNRPC_NODISCARD enum nnrpc_code rest_read_metadata(struct rest_reading *reading);

/** Idempotency-Key, as the message's request id; after everything else was read into it. */
NNRPC_NODISCARD enum nnrpc_code rest_read_idempotency_key(struct rest_reading *reading);

/** The bearer token; without one there is no call. */
NNRPC_NODISCARD enum nnrpc_code rest_read_token(struct rest_reading *reading);

/** Whether the client takes JSON. */
NNRPC_NODISCARD enum nnrpc_code rest_check_accept(struct rest_reading *reading);

/** Whether the body is JSON, and as it is. */
NNRPC_NODISCARD enum nnrpc_code rest_check_content(struct rest_reading *reading);

/* --- What becomes the message (request_body.c, path_fields.c, query_fields.c, update_mask.c,
 * conditions.c) --- */

/** Makes the message of the body, or an empty one. */
NNRPC_NODISCARD enum nnrpc_code rest_read_body(struct rest_reading *reading);

/** Sets what the path binds, and refuses a body that says otherwise. */
NNRPC_NODISCARD enum nnrpc_code rest_read_path_fields(struct rest_reading *reading);

/** Sets what the query says; all that is wrong with it is told at once. */
NNRPC_NODISCARD enum nnrpc_code rest_read_query_fields(struct rest_reading *reading);

/** Sets a PATCH's mask from the keys of its body. */
NNRPC_NODISCARD enum nnrpc_code rest_read_mask(struct rest_reading *reading);

/** Sets the etag that If-Match demands, and refuses conditions that cannot be kept. */
NNRPC_NODISCARD enum nnrpc_code rest_read_conditions(struct rest_reading *reading);

/** Sets a field of the message from text; problems name it as the caller sees it. */
NNRPC_NODISCARD enum nnrpc_code rest_set_field(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *text,
    size_t size);

/** Whether a field is not set, or set to this text; else fails with CONFLICTING_VALUES. */
NNRPC_NODISCARD enum nnrpc_code rest_check_agreement(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *text,
    const char *description);

/** Fails with one violation of a field, by its JSON name as the caller sees it. */
enum nnrpc_code rest_fail_field(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *reason,
    const char *format, ...) NNRPC_PRINTF(4, 5);

#endif
