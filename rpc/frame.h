/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire frame of nnrpc.v1: walking a received frame in place, and encoding one. The messages are
 * those of nnrpc/v1/frame.proto; nothing here allocates but the status details of a response.
 */
#ifndef NNRPC_FRAME_H
#define NNRPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/client.h"
#include "nnrpc/metadata.h"
#include "nnrpc/status.h"
#include "nnrpc/wire.h"

/** Most metadata of a frame, of a request and of a response: a search walks all of them. */
#define NNRPC_FRAME_MAX_METADATA 64

/* Field numbers of nnrpc/v1/frame.proto, for those who read and write its messages in place. */
enum {
    FRAME_METADATA = 1,
    FRAME_REQUESTS = 2,
    FRAME_MAX_REPLY_BYTES = 3,
    FRAME_ID = 4,
    REQUEST_METHOD = 1,
    REQUEST_TIMEOUT_MS = 2,
    REQUEST_METADATA = 3,
    REQUEST_MESSAGE = 4,
    RESPONSE_FRAME_RESPONSES = 1,
    RESPONSE_FRAME_ID = 2,
    RESPONSE_STATUS = 1,
    RESPONSE_METADATA = 2,
    RESPONSE_MESSAGE = 3,
    METADATA_KEY = 1,
    METADATA_VALUE = 2,
};

/* --- Requests ----------------------------------------------------------------------------- */

/** The frame's own fields; the requests follow by nnrpc_frame_next_request(). */
struct nnrpc_request_frame {
    struct nnrpc_slice bytes;    /* the whole frame, borrowed */
    struct nnrpc_slice metadata; /* the shortest beginning of it that holds all of its metadata:
                                    what to search, so that a search does not walk the requests */
    size_t request_count;        /* 1 to NNRPC_FRAME_MAX_CALLS */
    uint32_t max_reply_bytes;    /* as sent */
    uint64_t frame_id;
};

/** One request, borrowed from the frame. Unset fields are empty. */
struct nnrpc_request_view {
    struct nnrpc_slice method;
    uint32_t timeout_ms;
    struct nnrpc_slice whole; /* the packed Request, for its metadata */
    struct nnrpc_slice message;
};

/**
 * Checks a frame down to the fields of its requests and metadata, and reads its own fields: one
 * pass, so that what follows cannot meet malformed bytes. Request messages are not looked into.
 *
 * @return NNRPC_OK, or NNRPC_INVALID_ARGUMENT with reason MALFORMED_FRAME and a message that says
 *         what is wrong (and out_frame->frame_id set when it was readable).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_request_frame_open(
    const void *bytes, size_t size, struct nnrpc_request_frame *out_frame,
    struct nnrpc_status *out_status);

/** Reads the next request; the reader starts as nnrpc_wire_reader(frame bytes). False at the end.
 */
bool nnrpc_frame_next_request(
    struct nnrpc_wire_reader *reader, struct nnrpc_request_view *out_request);

/**
 * Finds the first value of a metadata key (not empty) in a packed Request (field 3), RequestFrame
 * (field 1) or Response (field 2).
 */
bool nnrpc_frame_find_metadata(
    struct nnrpc_slice packed, uint32_t field_number, const char *key,
    struct nnrpc_slice *out_value);

/** Appends a whole Metadata field to a packed message. */
void nnrpc_frame_append_metadata(
    struct nnrpc_buffer *buffer, uint32_t field_number, const struct nnrpc_metadata *metadata);

/** Appends a packed Request (not yet the field that holds it). */
void nnrpc_frame_append_request(
    struct nnrpc_buffer *buffer, const char *method, uint32_t timeout_ms,
    const struct nnrpc_metadata *metadata, size_t metadata_count, const void *message,
    size_t message_size);

/* --- Responses ---------------------------------------------------------------------------- */

/** Size of an encoded Status, 0 for OK. */
size_t nnrpc_frame_status_size(const struct nnrpc_status *status);

/** Appends a packed Status. */
void nnrpc_frame_append_status(struct nnrpc_buffer *buffer, const struct nnrpc_status *status);

/** Reads a packed Status. False when it is malformed. */
NNRPC_NODISCARD bool nnrpc_frame_read_status(
    struct nnrpc_slice packed, struct nnrpc_status *out_status);

/** One response, borrowed from its frame. */
struct nnrpc_response_view {
    struct nnrpc_slice status; /* packed Status, empty for OK */
    struct nnrpc_slice whole;  /* the packed Response, for its metadata */
    struct nnrpc_slice message;
};

/** Checks a response frame; false when it is malformed or its frame_id is another. */
NNRPC_NODISCARD bool nnrpc_response_frame_open(
    const void *bytes, size_t size, uint64_t frame_id, size_t *out_response_count);

/** Reads the next response. False at the end. */
bool nnrpc_frame_next_response(
    struct nnrpc_wire_reader *reader, struct nnrpc_response_view *out_response);

#endif
