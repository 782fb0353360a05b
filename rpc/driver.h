/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait for calls and, since there is no other, move lanes meanwhile.
 */
#ifndef NNRPC_DRIVER_H
#define NNRPC_DRIVER_H

#include "client_state.h"

/** How soon a call learns that the one it is part of was cancelled. */
#define DRIVER_PARENT_STEP_NS UINT64_C(20000000)

/** Sends a call that was queued, if a lane is free. Locked; unlocks while it works. */
void driver_start(struct nnrpc_pending *pending);

/** Waits until a call is done or its deadline is over. Locked; unlocks while it waits. */
void driver_wait(struct nnrpc_pending *pending);

/** Goes as far with a call as is possible without waiting. Locked; unlocks meanwhile. */
void driver_look(struct nnrpc_pending *pending);

/** Whether there is nothing to wait for: the call is answered, its deadline is over, or the call on
 *  whose behalf it is made was cancelled. Locked. */
bool driver_is_over(const struct nnrpc_pending *pending, uint64_t now_ns);

/** Goes as far with every lane as is possible without waiting; what is still busy then, and driven
 *  by nobody else, stays claimed. Locked; unlocks meanwhile. */
void driver_move_all(struct nnrpc_client *client, struct nnrpc_pending *claimant);

/** Gives up what a claimant has claimed, and sees to it that others go on. Locked. */
void driver_leave(struct nnrpc_client *client, const struct nnrpc_pending *claimant);

/** Makes sure that whoever waits is helped by someone: wakes a thread for what nobody drives.
 *  Locked. */
void driver_nudge(struct nnrpc_client *client);

#endif
