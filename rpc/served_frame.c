/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frame objects: taken for a message that came, given back when its reply was sent. Given back
 * ones are kept, up to a number, with their memory, so that a server under steady load allocates
 * nothing but what nanomsg does.
 */
#include <stdlib.h>

#include "clock.h"
#include "nnrpc/crypto.h"
#include "server_state.h"

#define FREE_FRAMES_KEPT 64
#define REPLY_BYTES_KEPT ((size_t)256 << 10)

static struct nnrpc_served_frame *new_frame(struct nnrpc_server *server) {
    struct nnrpc_served_frame *frame = calloc(1, sizeof(*frame));
    if (frame == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&frame->lock, NULL) != 0) {
        free(frame);
        return NULL;
    }
    frame->server = server;
    nnrpc_arena_init(&frame->arena, server->options.arena_limit_bytes);
    return frame;
}

struct nnrpc_served_frame *nnrpc_served_frame_take(struct nnrpc_server *server) {
    pthread_mutex_lock(&server->frames_lock);
    struct nnrpc_served_frame *frame = server->free_frames;
    if (frame != NULL) {
        server->free_frames = frame->next;
        server->free_frame_count--;
    }
    pthread_mutex_unlock(&server->frames_lock);
    if (frame == NULL) {
        frame = new_frame(server);
    }
    if (frame != NULL) {
        atomic_fetch_add(&server->references, 1);
    }
    return frame;
}

void nnrpc_served_frame_free(struct nnrpc_served_frame *frame) {
    nnrpc_buffer_deinit(&frame->replies);
    nnrpc_arena_deinit(&frame->arena);
    pthread_mutex_destroy(&frame->lock);
    free(frame);
}

/* What was received may hold tokens and passwords. */
static void empty(struct nnrpc_served_frame *frame) {
    nnrpc_wipe(frame->body, frame->body_size);
    nnrpc_body_free(frame->body);
    if (frame->has_secrets) {
        nnrpc_arena_wipe(&frame->arena);
    }
    frame->has_secrets = false;
    frame->body = NULL;
    frame->body_size = 0;
    frame->calls = NULL;
    frame->call_count = 0;
    frame->was_accepted = false;
    frame->memory_bytes = 0;
    nnrpc_arena_reset(&frame->arena);
    if (frame->replies.capacity > REPLY_BYTES_KEPT) {
        nnrpc_buffer_deinit(&frame->replies);
    } else {
        nnrpc_buffer_clear(&frame->replies);
    }
}

void nnrpc_served_frame_end_calls(struct nnrpc_served_frame *frame) {
    atomic_fetch_sub(&frame->server->calls_in_flight, frame->admitted_count);
    frame->admitted_count = 0;
}

void nnrpc_served_frame_give_back(struct nnrpc_served_frame *frame) {
    struct nnrpc_server *server = frame->server;
    bool was_accepted = frame->was_accepted;
    nnrpc_served_frame_end_calls(frame);
    if (was_accepted) {
        atomic_store_explicit(&server->last_reply_ns, nnrpc_clock_ns(), memory_order_relaxed);
    }
    atomic_fetch_sub(&server->memory_bytes, frame->memory_bytes);
    empty(frame);
    pthread_mutex_lock(&server->frames_lock);
    bool is_kept = server->free_frame_count < FREE_FRAMES_KEPT;
    if (is_kept) {
        frame->next = server->free_frames;
        server->free_frames = frame;
        server->free_frame_count++;
    }
    pthread_mutex_unlock(&server->frames_lock);
    if (!is_kept) {
        nnrpc_served_frame_free(frame);
    }
    if (was_accepted) {
        /* A server that drains takes zero to mean that nanomsg has every reply. */
        atomic_fetch_sub(&server->frames_in_flight, 1);
    }
    nnrpc_server_unreference(server);
}
