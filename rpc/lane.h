/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes: a frame on a connection, step by step. For the claimant of the lane, without the lock.
 */
#ifndef NNRPC_LANE_H
#define NNRPC_LANE_H

#include "client_state.h"

/**
 * Goes as far as it can without waiting: builds and sends the lane's frame, trying each endpoint
 * once, or receives its answer. Sets lane->outcome, and with LANE_FAILED lane->status:
 * NNRPC_UNAVAILABLE (lane->is_sent says whether the server may have seen the frame),
 * NNRPC_DEADLINE_EXCEEDED (the deadline of all calls is over), NNRPC_RESOURCE_EXHAUSTED,
 * NNRPC_INTERNAL (a reply that is none).
 */
void lane_step(const struct nnrpc_client *client, struct lane *lane);

/** Closes the connection and drops what the claimant had. */
void lane_close(struct lane *lane);

#endif
