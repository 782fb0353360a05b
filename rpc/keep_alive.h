/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether anybody is there: a connection whose other end is gone without a word, with its machine
 * or its network, stays open and silent. For the claimant of a lane, without the lock.
 */
#ifndef NNRPC_KEEP_ALIVE_H
#define NNRPC_KEEP_ALIVE_H

#include "client_state.h"

/**
 * Looks after a lane whose frame is not answered yet.
 *
 * @return false when its endpoint shows no sign of life; lane->status says so.
 */
NNRPC_NODISCARD bool keep_alive_check(const struct nnrpc_client *client, struct lane *lane);

/** The lane's frame is answered or has failed. */
void keep_alive_end(struct lane *lane);

#endif
