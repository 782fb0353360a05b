/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request frames of the calling side.
 */
#include "client_frame.h"

#include <string.h>

#include "clock.h"

#define VARINT64_MAX_BYTES 10
#define NS_PER_MS 1000000u

/* What is left of the budget, rounded up: 0 would mean that there is no limit. */
static uint32_t remaining_ms(const struct nnrpc_pending *pending, uint64_t now) {
    uint64_t left_ns = pending->deadline_ns > now ? pending->deadline_ns - now : 1;
    uint64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX;
}

static size_t request_size(const struct nnrpc_pending *pending, uint32_t timeout_ms) {
    return nnrpc_wire_tag_size(REQUEST_TIMEOUT_MS) + nnrpc_wire_varint_size(timeout_ms) +
           pending->encoded.size;
}

size_t client_frame_call_size(const struct nnrpc_pending *pending) {
    return nnrpc_wire_bytes_field_size(FRAME_REQUESTS, request_size(pending, UINT32_MAX));
}

size_t client_frame_overhead(const struct nnrpc_client *client) {
    return client->frame_prefix.size + nnrpc_wire_tag_size(FRAME_ID) + VARINT64_MAX_BYTES;
}

static uint8_t *put_varint_field(uint8_t *at, uint32_t number, uint64_t value) {
    at = nnrpc_wire_put_varint(at, (uint64_t)number << 3 | NNRPC_WIRE_VARINT);
    return nnrpc_wire_put_varint(at, value);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size) {
    return size == 0 ? at : (uint8_t *)memcpy(at, bytes, size) + size;
}

void *client_frame_build(const struct nnrpc_client *client, const struct lane *lane) {
    uint64_t now = nnrpc_clock_ns();
    size_t size = client->frame_prefix.size + nnrpc_wire_tag_size(FRAME_ID) +
                  nnrpc_wire_varint_size(lane->frame_id);
    for (size_t i = 0; i < lane->call_count; i++) {
        const struct nnrpc_pending *call = lane->calls[i];
        size += nnrpc_wire_bytes_field_size(
            FRAME_REQUESTS, request_size(call, remaining_ms(call, now)));
    }
    uint8_t *body = nnrpc_body_new(size);
    if (body == NULL) {
        return NULL;
    }
    uint8_t *at = put_bytes(body, client->frame_prefix.data, client->frame_prefix.size);
    at = put_varint_field(at, FRAME_ID, lane->frame_id);
    for (size_t i = 0; i < lane->call_count; i++) {
        const struct nnrpc_pending *call = lane->calls[i];
        uint32_t timeout_ms = remaining_ms(call, now);
        at = nnrpc_wire_put_bytes_header(at, FRAME_REQUESTS, request_size(call, timeout_ms));
        at = put_varint_field(at, REQUEST_TIMEOUT_MS, timeout_ms);
        at = put_bytes(at, call->encoded.data, call->encoded.size);
    }
    return body;
}

void *client_frame_wrap(
    const struct nnrpc_client *client, uint64_t frame_id, const struct nnrpc_buffer *requests) {
    size_t size = client->frame_prefix.size + nnrpc_wire_tag_size(FRAME_ID) +
                  nnrpc_wire_varint_size(frame_id) + requests->size;
    uint8_t *body = requests->failed ? NULL : nnrpc_body_new(size);
    if (body != NULL) {
        uint8_t *at = put_bytes(body, client->frame_prefix.data, client->frame_prefix.size);
        at = put_varint_field(at, FRAME_ID, frame_id);
        (void)put_bytes(at, requests->data, requests->size);
    }
    return body;
}
