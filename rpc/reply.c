/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of a frame's reply. Responses are encoded one after the other, as they are given,
 * under the frame's lock; whoever ends the last call copies them in request order into the message
 * that is sent.
 */
#include "reply.h"

#include <string.h>

#include "call_ring.h"
#include "clock.h"
#include "open_frames.h"
#include "server_state.h"
#include "server_trace.h"

#define FRAME_ID_FIELD_BYTES 11 /* tag and the longest varint */
#define FIELD_HEADER_BYTES 6    /* tag and the length of anything below 2^35 */

/* Metadata that interceptors may still add to a response that fills its room. */
#define METADATA_RESERVE_BYTES 128

/* The whole response of a call for whose answer there was no memory: RESOURCE_EXHAUSTED, reason
 * MEMORY_LIMIT, domain nnrpc. */
static const uint8_t response_without_memory[] = {
    0x0a, 27, /* ResponseFrame.responses */
    0x0a, 25, /* Response.status */
    0x08, 8,  /* Status.code */
    0x1a, 21, /* Status.error_info */
    0x0a, 12, 'M', 'E', 'M', 'O', 'R', 'Y', '_', 'L', 'I', 'M', 'I', 'T', /* reason */
    0x12, 5,  'n', 'n', 'r', 'p', 'c',                                    /* domain */
};
_Static_assert(sizeof(response_without_memory) == 29, "the lengths above are written by hand");
_Static_assert(
    sizeof(response_without_memory) <= NNRPC_RESPONSE_FLOOR_BYTES, "it stands in for any response");

/* --- Room --------------------------------------------------------------------------------- */

static size_t effective_limit(const struct nnrpc_served_frame *frame, size_t call_count) {
    size_t most = frame->server->options.max_reply_bytes;
    size_t limit = frame->request.max_reply_bytes == 0 ? NNRPC_DEFAULT_REPLY_BYTES
                                                       : frame->request.max_reply_bytes;
    if (limit > most) {
        limit = most;
    }
    size_t least = FRAME_ID_FIELD_BYTES + call_count * NNRPC_RESPONSE_FLOOR_BYTES;
    return limit < least ? least : limit;
}

/* Bytes for one whole response now. Called with the frame's lock held. */
static size_t room_in_frame(const struct nnrpc_served_frame *frame) {
    return frame->limit_bytes - FRAME_ID_FIELD_BYTES - frame->replies.size - frame->reserved_bytes -
           frame->unanswered * NNRPC_RESPONSE_FLOOR_BYTES;
}

/* Bytes for one whole response that has a frame to itself. */
static size_t room_alone(const struct nnrpc_served_frame *frame) {
    return effective_limit(frame, 1) - FRAME_ID_FIELD_BYTES;
}

static size_t response_content_size(
    const struct nnrpc_call *call, const struct nnrpc_outcome *out) {
    size_t size = call->metadata_size;
    if (out->size > 0) {
        size += nnrpc_wire_bytes_field_size(RESPONSE_MESSAGE, out->size);
    }
    return size;
}

static size_t response_field_size(const struct nnrpc_call *call, const struct nnrpc_outcome *out) {
    return nnrpc_wire_bytes_field_size(RESPONSE_FRAME_RESPONSES, response_content_size(call, out));
}

size_t nnrpc_reply_room(const struct nnrpc_call *call, bool alone) {
    struct nnrpc_served_frame *frame = call->frame;
    size_t room = room_alone(frame);
    if (!alone) {
        pthread_mutex_lock(&frame->lock);
        room = room_in_frame(frame) + (call->answered ? 0 : NNRPC_RESPONSE_FLOOR_BYTES);
        pthread_mutex_unlock(&frame->lock);
    }
    size_t taken = 2 * FIELD_HEADER_BYTES + call->metadata_size + METADATA_RESERVE_BYTES;
    size_t left = room > taken ? room - taken : 0;
    size_t most = nnrpc_limits_max_reply(call);
    return left < most ? left : most;
}

static void fail_reply_too_large(
    size_t reply_bytes, size_t max_bytes, const char *where, struct nnrpc_status *out_status) {
    nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "REPLY_TOO_LARGE",
        "the reply has %zu bytes, which do not fit in %s of at most %zu bytes", reply_bytes, where,
        max_bytes);
    nnrpc_status_add_info(out_status, "reply_bytes", "%zu", reply_bytes);
    nnrpc_status_add_info(out_status, "max_reply_bytes", "%zu", max_bytes);
}

void nnrpc_reply_refuse_size(
    const struct nnrpc_call *call, size_t reply_bytes, struct nnrpc_status *out_status) {
    const struct nnrpc_served_frame *frame = call->frame;
    struct nnrpc_outcome outcome = {.size = reply_bytes};
    size_t alone = room_alone(frame);
    size_t most = nnrpc_limits_max_reply(call);
    if (reply_bytes > most) {
        fail_reply_too_large(reply_bytes, most, call->name, out_status);
        return;
    }
    if (frame->call_count > 1 && response_field_size(call, &outcome) <= alone) {
        nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "FRAME_FULL",
            "the reply has %zu bytes, which do not fit in what is left of its frame", reply_bytes);
        nnrpc_status_add_info(out_status, "reply_bytes", "%zu", reply_bytes);
        nnrpc_status_add_info(out_status, "frame_bytes", "%zu", frame->limit_bytes);
        return;
    }
    fail_reply_too_large(reply_bytes, alone + FRAME_ID_FIELD_BYTES, "a frame", out_status);
}

void nnrpc_reply_begin(struct nnrpc_served_frame *frame) {
    frame->limit_bytes = effective_limit(frame, frame->call_count);
    frame->unanswered = frame->call_count;
    frame->reserved_bytes = 0;
    frame->open = frame->call_count + 1; /* the receiver's own hold */
}

/* --- Encoding ----------------------------------------------------------------------------- */

static uint8_t *put_metadata(uint8_t *at, const struct nnrpc_call *call) {
    struct nnrpc_slice metadata = nnrpc_call_packed_metadata(call);
    memcpy(at, metadata.data, metadata.size);
    return at + metadata.size;
}

static bool encode_response(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    struct nnrpc_buffer *replies = &call->frame->replies;
    size_t content_size = response_content_size(call, outcome);
    size_t size = nnrpc_wire_bytes_field_size(RESPONSE_FRAME_RESPONSES, content_size);
    uint8_t *at = nnrpc_buffer_reserve(replies, size);
    if (at == NULL) {
        return false;
    }
    at = nnrpc_wire_put_bytes_header(at, RESPONSE_FRAME_RESPONSES, content_size);
    at = put_metadata(at, call);
    if (outcome->size > 0) {
        at = nnrpc_wire_put_bytes_header(at, RESPONSE_MESSAGE, outcome->size);
        if (outcome->message != NULL) {
            protobuf_c_message_pack(outcome->message, at);
        } else {
            memcpy(at, outcome->bytes, outcome->size);
        }
    }
    replies->size += size;
    return true;
}

static size_t error_content_size(const struct nnrpc_status *status, size_t metadata_size) {
    return nnrpc_wire_bytes_field_size(RESPONSE_STATUS, nnrpc_frame_status_size(status)) +
           metadata_size;
}

static bool append_error(
    struct nnrpc_call *call, const struct nnrpc_status *status, size_t metadata_size) {
    struct nnrpc_buffer *replies = &call->frame->replies;
    size_t status_size = nnrpc_frame_status_size(status);
    uint8_t *at = nnrpc_buffer_reserve(replies, 2 * FIELD_HEADER_BYTES);
    if (at == NULL) {
        return false;
    }
    uint8_t *start = at;
    at = nnrpc_wire_put_bytes_header(
        at, RESPONSE_FRAME_RESPONSES, error_content_size(status, metadata_size));
    at = nnrpc_wire_put_bytes_header(at, RESPONSE_STATUS, status_size);
    replies->size += (size_t)(at - start);
    nnrpc_frame_append_status(replies, status);
    if (metadata_size > 0) {
        nnrpc_buffer_append(replies, nnrpc_call_packed_metadata(call).data, metadata_size);
    }
    return !replies->failed;
}

static bool error_fits(const struct nnrpc_status *status, size_t metadata_size, size_t room) {
    size_t content_size = error_content_size(status, metadata_size);
    return nnrpc_wire_bytes_field_size(RESPONSE_FRAME_RESPONSES, content_size) <= room;
}

/* Encodes a status, cut down as far as the room asks: first details go, then the message, then the
 * metadata; code, reason and domain always fit. */
static bool encode_error(struct nnrpc_call *call, const struct nnrpc_status *status) {
    size_t room = room_in_frame(call->frame);
    size_t metadata_size = call->metadata_size;
    if (error_fits(status, metadata_size, room)) {
        return append_error(call, status, metadata_size);
    }
    struct nnrpc_status brief = *status; /* borrows nothing: the details are left behind */
    brief.details = NULL;
    if (!error_fits(&brief, metadata_size, room)) {
        brief.message[0] = '\0';
    }
    if (!error_fits(&brief, metadata_size, room)) {
        metadata_size = 0;
    }
    return append_error(call, &brief, metadata_size);
}

/* A response whose metadata grew past what was kept for it. */
static bool encode_frame_full(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_reply_refuse_size(call, outcome->size, &status);
    return encode_error(call, &status);
}

/* Called with the lock held, the call's room no longer reserved. */
static void encode(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    struct nnrpc_served_frame *frame = call->frame;
    size_t offset = frame->replies.size;
    bool encoded = false;
    if (outcome->status != NULL) {
        encoded = encode_error(call, outcome->status);
    } else if (response_field_size(call, outcome) <= room_in_frame(frame)) {
        encoded = encode_response(call, outcome);
    } else {
        encoded = encode_frame_full(call, outcome);
    }
    if (!encoded) {
        /* Its floor stays reserved for response_without_memory. */
        frame->replies.size = offset;
        frame->replies.failed = false;
        frame->reserved_bytes += NNRPC_RESPONSE_FLOOR_BYTES;
    }
    call->reply_offset = offset;
    call->reply_size = frame->replies.size - offset;
    nnrpc_buffer_deinit(&call->more);
}

/* --- Sending ------------------------------------------------------------------------------ */

static size_t frame_id_size(uint64_t frame_id) {
    return frame_id == 0
               ? 0
               : nnrpc_wire_tag_size(RESPONSE_FRAME_ID) + nnrpc_wire_varint_size(frame_id);
}

static void put_frame_id(uint8_t *at, uint64_t frame_id) {
    if (frame_id != 0) {
        at = nnrpc_wire_put_varint(at, RESPONSE_FRAME_ID << 3 | NNRPC_WIRE_VARINT);
        nnrpc_wire_put_varint(at, frame_id);
    }
}

/* The calls count as answered before their caller can know and call again. */
static void send_body(struct nnrpc_served_frame *frame, void *body, size_t size) {
    struct nnrpc_server *server = frame->server;
    nnrpc_stats_add(&server->stats.sent_bytes, size);
    nnrpc_served_frame_end_calls(frame);
    nnrpc_listener_send(frame->receiver->listener, body, &frame->route);
}

static size_t encoded_size(const struct nnrpc_call *call) {
    return call->reply_size == 0 ? sizeof(response_without_memory) : call->reply_size;
}

/* Copies the responses in request order into one message and sends it. Without memory the frame is
 * dropped, and its caller's deadline tells. */
static void send_reply(struct nnrpc_served_frame *frame) {
    size_t size = frame_id_size(frame->request.frame_id);
    for (size_t index = 0; index < frame->call_count; index++) {
        size += encoded_size(&frame->calls[index]);
    }
    uint8_t *body = nnrpc_body_new(size);
    if (body == NULL) {
        return;
    }
    uint8_t *at = body;
    for (size_t index = 0; index < frame->call_count; index++) {
        const struct nnrpc_call *call = &frame->calls[index];
        const uint8_t *response = call->reply_size == 0 ? response_without_memory
                                                        : frame->replies.data + call->reply_offset;
        memcpy(at, response, encoded_size(call));
        at += encoded_size(call);
    }
    put_frame_id(at, frame->request.frame_id);
    send_body(frame, body, size);
}

void nnrpc_reply_without_memory(struct nnrpc_served_frame *frame) {
    size_t responses_size = frame->call_count * sizeof(response_without_memory);
    size_t size = responses_size + frame_id_size(frame->request.frame_id);
    uint8_t *body = nnrpc_body_new(size);
    if (body != NULL) {
        for (size_t offset = 0; offset < responses_size;
             offset += sizeof(response_without_memory)) {
            memcpy(body + offset, response_without_memory, sizeof(response_without_memory));
        }
        put_frame_id(body + responses_size, frame->request.frame_id);
        send_body(frame, body, size);
    }
    nnrpc_served_frame_give_back(frame);
}

void nnrpc_reply_hold(struct nnrpc_served_frame *frame) {
    pthread_mutex_lock(&frame->lock);
    frame->open++;
    pthread_mutex_unlock(&frame->lock);
}

/* Called with the lock held, which it gives up. The frame is gone afterwards. */
static void close_one(struct nnrpc_served_frame *frame) {
    bool is_last = --frame->open == 0;
    pthread_mutex_unlock(&frame->lock);
    if (is_last) {
        nnrpc_open_frames_remove(frame);
        send_reply(frame);
        nnrpc_served_frame_give_back(frame);
    }
}

void nnrpc_reply_release(struct nnrpc_served_frame *frame) {
    pthread_mutex_lock(&frame->lock);
    close_one(frame);
}

/* --- Ending a call ------------------------------------------------------------------------ */

static void run_after(struct nnrpc_call *call, const struct nnrpc_status *outcome) {
    static const struct nnrpc_status ok = NNRPC_STATUS_INIT;
    const struct nnrpc_status *status = outcome == NULL ? &ok : outcome;
    const struct nnrpc_server *server = call->frame->server;
    if (atomic_load(&server->abandoned)) {
        return;
    }
    for (size_t index = server->interceptor_count; index > 0; index--) {
        const struct nnrpc_interceptor *interceptor = &server->interceptors[index - 1];
        if (interceptor->after != NULL) {
            interceptor->after(interceptor->self, call, status);
        }
    }
    nnrpc_call_end_span(call, status);
}

static void count_call(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    struct nnrpc_stats *stats = &call->frame->server->stats;
    size_t method = call->target == NULL ? stats->method_count - 1 : call->target->index;
    enum nnrpc_code code = outcome->status == NULL ? NNRPC_OK : outcome->status->code;
    struct nnrpc_call_figures figures;
    nnrpc_call_measure(call, &figures);
    const struct nnrpc_stat_times times = {
        .latency_ns = figures.duration_ns,
        .queue_ns = figures.queue_ns,
    };
    nnrpc_stats_count_call(stats, method, code, times);
    nnrpc_call_ring_note(&call->frame->server->recent_calls, call, outcome->status);
    atomic_store_explicit(&call->frame->ended_ns, call->ended_ns, memory_order_relaxed);
}

/* Replies wait in memory for the other calls of their frame. */
static void count_memory(struct nnrpc_served_frame *frame, size_t size) {
    frame->memory_bytes += size;
    atomic_fetch_add_explicit(&frame->server->memory_bytes, size, memory_order_relaxed);
}

/* Called with the lock held, which it gives up; the call counts as answered. */
static void finish(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    struct nnrpc_served_frame *frame = call->frame;
    call->ended_ns = nnrpc_clock_ns();
    call->reply_bytes = outcome->size;
    if (frame->server->is_observed) {
        size_t reserved = outcome->status == NULL ? response_field_size(call, outcome)
                                                  : NNRPC_RESPONSE_FLOOR_BYTES;
        frame->reserved_bytes += reserved;
        pthread_mutex_unlock(&frame->lock);
        run_after(call, outcome->status);
        pthread_mutex_lock(&frame->lock);
        frame->reserved_bytes -= reserved;
    }
    count_call(call, outcome);
    encode(call, outcome);
    count_memory(frame, call->reply_size);
    close_one(frame);
}

static __attribute__((noinline)) void finish_too_large(
    struct nnrpc_call *call, size_t reply_bytes) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_reply_refuse_size(call, reply_bytes, &status);
    finish(call, &(struct nnrpc_outcome){.status = &status});
}

/* Called with the lock held. */
static bool fits(const struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    return response_field_size(call, outcome) <= room_in_frame(call->frame) &&
           outcome->size <= nnrpc_limits_max_reply(call);
}

void nnrpc_reply_complete(struct nnrpc_call *call, const struct nnrpc_outcome *outcome) {
    struct nnrpc_served_frame *frame = call->frame;
    pthread_mutex_lock(&frame->lock);
    if (call->answered) {
        pthread_mutex_unlock(&frame->lock);
        return;
    }
    call->answered = true;
    frame->unanswered--;
    nnrpc_limits_end(call);
    if (outcome->status == NULL && !fits(call, outcome)) {
        finish_too_large(call, outcome->size);
    } else {
        finish(call, outcome);
    }
}
