/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames that are being served, found by the id that their sender gave them: for whoever
 * gives a call up, and for whoever wants to see what is going on.
 *
 * A frame is in here from before its first handler runs until its last call is answered. Locks are
 * taken in the order bucket, frame.
 */
#ifndef NNRPC_OPEN_FRAMES_H
#define NNRPC_OPEN_FRAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"

#define NNRPC_OPEN_BUCKETS 256

struct nnrpc_open_bucket {
    pthread_mutex_t lock;
    struct nnrpc_served_frame *first;
};

struct nnrpc_open_frames {
    uint64_t seed; /* a peer that chooses ids does not choose buckets */
    struct nnrpc_open_bucket buckets[NNRPC_OPEN_BUCKETS];
};

/** Initialises in place. */
void nnrpc_open_frames_init(struct nnrpc_open_frames *frames);
void nnrpc_open_frames_deinit(struct nnrpc_open_frames *frames);

/** Adds a frame whose calls have their callers; removes one whose calls are all answered. */
void nnrpc_open_frames_add(struct nnrpc_open_frames *frames, struct nnrpc_served_frame *frame);
void nnrpc_open_frames_remove(struct nnrpc_served_frame *frame);

/** Who gives a call up. */
struct nnrpc_canceller {
    const char *caller;  /* its authenticated name */
    const char *address; /* where it came */
};

/**
 * Marks a call as cancelled and tells its handler, if that asked for it.
 *
 * @return whether there is such a call of the same caller on the same kind of address, not answered
 *         and not cancelled before.
 */
bool nnrpc_open_frames_cancel(
    struct nnrpc_open_frames *frames, uint64_t frame_id, size_t index,
    const struct nnrpc_canceller *canceller);

/** Visits every frame that is open, with its lock held. */
void nnrpc_open_frames_visit(
    struct nnrpc_open_frames *frames, void (*visit)(void *self, struct nnrpc_served_frame *frame),
    void *self);

#endif
