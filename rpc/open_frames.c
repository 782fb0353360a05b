/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of open frames, and cancelling calls in it. A bucket's lock keeps its frames from being
 * given back; the frame's own lock and a hold keep one alive while a handler is told.
 */
#include "open_frames.h"

#include <string.h>

#include "nnrpc/crypto.h"
#include "reply.h"

void nnrpc_open_frames_init(struct nnrpc_open_frames *frames) {
    frames->seed = nnrpc_random_u64();
    for (size_t index = 0; index < NNRPC_OPEN_BUCKETS; index++) {
        pthread_mutex_init(&frames->buckets[index].lock, NULL);
        frames->buckets[index].first = NULL;
    }
}

void nnrpc_open_frames_deinit(struct nnrpc_open_frames *frames) {
    for (size_t index = 0; index < NNRPC_OPEN_BUCKETS; index++) {
        pthread_mutex_destroy(&frames->buckets[index].lock);
    }
}

static struct nnrpc_open_bucket *bucket_of(struct nnrpc_open_frames *frames, uint64_t frame_id) {
    uint64_t hash = (frame_id ^ frames->seed) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return &frames->buckets[(hash >> 32) % NNRPC_OPEN_BUCKETS];
}

void nnrpc_open_frames_add(struct nnrpc_open_frames *frames, struct nnrpc_served_frame *frame) {
    struct nnrpc_open_bucket *bucket = bucket_of(frames, frame->request.frame_id);
    frame->bucket = bucket;
    pthread_mutex_lock(&bucket->lock);
    frame->next_open = bucket->first;
    frame->open_link = &bucket->first;
    if (bucket->first != NULL) {
        bucket->first->open_link = &frame->next_open;
    }
    bucket->first = frame;
    pthread_mutex_unlock(&bucket->lock);
}

void nnrpc_open_frames_remove(struct nnrpc_served_frame *frame) {
    struct nnrpc_open_bucket *bucket = frame->bucket;
    if (bucket == NULL) {
        return;
    }
    pthread_mutex_lock(&bucket->lock);
    *frame->open_link = frame->next_open;
    if (frame->next_open != NULL) {
        frame->next_open->open_link = frame->open_link;
    }
    pthread_mutex_unlock(&bucket->lock);
    frame->bucket = NULL;
}

/* --- Cancelling --------------------------------------------------------------------------- */

/* The part before "://". */
static size_t kind_size(const char *address) {
    const char *end = strstr(address, "://");
    return end == NULL ? strlen(address) : (size_t)(end - address);
}

static bool is_same_kind(const char *left, const char *right) {
    size_t size = kind_size(left);
    return size == kind_size(right) && memcmp(left, right, size) == 0;
}

static bool may_cancel(const struct nnrpc_canceller *canceller, const struct nnrpc_call *call) {
    return strcmp(canceller->caller, call->caller) == 0 &&
           is_same_kind(canceller->address, nnrpc_call_address(call));
}

/* The call, in a frame of that id. Called with the bucket's lock held. */
static struct nnrpc_call *find_call(
    const struct nnrpc_open_bucket *bucket, uint64_t frame_id, size_t index,
    const struct nnrpc_canceller *canceller) {
    for (struct nnrpc_served_frame *frame = bucket->first; frame != NULL;
         frame = frame->next_open) {
        if (frame->request.frame_id == frame_id && index < frame->call_count &&
            may_cancel(canceller, &frame->calls[index])) {
            return &frame->calls[index];
        }
    }
    return NULL;
}

/* Marks the call and keeps its frame alive, if it is not answered. Called with the bucket's lock
 * held: the frame may have ended, but has not been given back. */
static bool mark(struct nnrpc_call *call) {
    struct nnrpc_served_frame *frame = call->frame;
    pthread_mutex_lock(&frame->lock);
    bool marks =
        !call->answered && !atomic_exchange_explicit(&call->cancelled, true, memory_order_relaxed);
    frame->open += marks;
    pthread_mutex_unlock(&frame->lock);
    return marks;
}

bool nnrpc_open_frames_cancel(
    struct nnrpc_open_frames *frames, uint64_t frame_id, size_t index,
    const struct nnrpc_canceller *canceller) {
    struct nnrpc_open_bucket *bucket = bucket_of(frames, frame_id);
    pthread_mutex_lock(&bucket->lock);
    struct nnrpc_call *call = find_call(bucket, frame_id, index, canceller);
    bool marked = call != NULL && mark(call);
    pthread_mutex_unlock(&bucket->lock);
    if (marked) {
        nnrpc_call_tell_cancelled(call);
        nnrpc_reply_release(call->frame);
    }
    return marked;
}

/* --- Looking ------------------------------------------------------------------------------ */

void nnrpc_open_frames_visit(
    struct nnrpc_open_frames *frames, void (*visit)(void *self, struct nnrpc_served_frame *frame),
    void *self) {
    for (size_t index = 0; index < NNRPC_OPEN_BUCKETS; index++) {
        struct nnrpc_open_bucket *bucket = &frames->buckets[index];
        pthread_mutex_lock(&bucket->lock);
        for (struct nnrpc_served_frame *frame = bucket->first; frame != NULL;
             frame = frame->next_open) {
            pthread_mutex_lock(&frame->lock);
            visit(self, frame);
            pthread_mutex_unlock(&frame->lock);
        }
        pthread_mutex_unlock(&bucket->lock);
    }
}
