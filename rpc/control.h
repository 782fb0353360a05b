/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling servers that calls are given up: ControlService/CancelCalls, on a connection of its own,
 * since the lane that carried the call waits for its answer.
 */
#ifndef NNRPC_CONTROL_H
#define NNRPC_CONTROL_H

#include "client_state.h"

/** Notes that a call in flight is to be cancelled, if its server may have it. Locked. */
void control_note(struct nnrpc_client *client, const struct nnrpc_pending *pending);

/** Begins the connection to an endpoint for cancellations that may come. Never waits. */
void control_prepare(const struct nnrpc_client *client, size_t endpoint);

/**
 * Sends what was noted, and does not wait for an answer. What cannot be sent is dropped: to cancel
 * is to ask. Not locked.
 *
 * @param may_wait  For a connection that is just being made, up to a quarter of a second; not again
 *                  for an endpoint where that was in vain within the last seconds.
 */
void control_flush(struct nnrpc_client *client, bool may_wait);

/** Forgets what was noted. */
void control_deinit(struct nnrpc_client *client);

#endif
