/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls a lane takes, and what becomes of calls when their frame is answered or fails.
 * Everything here wants the client's mutex and does no input or output.
 */
#ifndef NNRPC_CLIENT_QUEUE_H
#define NNRPC_CLIENT_QUEUE_H

#include "client_state.h"

/**
 * Claims a free lane for which calls are queued and gives it as many of them as make a frame.
 *
 * @return The lane, to be stepped by its new claimant; NULL when there is nothing to send or no
 *         lane to send it on.
 */
struct lane *client_queue_take(struct nnrpc_client *client, struct nnrpc_pending *claimant);

/**
 * Whether a call that was just queued should wait for company though a lane may be free: when one
 * thread keeps many calls going. What has gathered is sent when it is half a frame, and as soon as
 * a thread has to wait. Otherwise each answered frame would be followed by a frame of one call.
 */
bool client_queue_gathers(const struct nnrpc_client *client, enum nnrpc_lane_class lane_class);

/**
 * Acts on a lane's outcome: completes its calls or queues them again. The lane is free, and no
 * longer claimed, unless its outcome was LANE_UNCHANGED.
 */
void client_queue_settle(struct nnrpc_client *client, struct lane *lane);

/** Frees a lane on which no call is alive, if calls are queued for it. By its claimant. */
void client_queue_reclaim(struct nnrpc_client *client, struct lane *lane);

/** Queues delayed calls that are due. */
void client_queue_release_due(struct nnrpc_client *client, uint64_t now);

/**
 * Gives a call up that is not done: it is pooled at once, or later by its lane.
 */
void client_queue_abandon(struct nnrpc_client *client, struct nnrpc_pending *pending);

/** Wakes the thread that waits for a call. */
void client_queue_wake(struct nnrpc_pending *pending);

#endif
