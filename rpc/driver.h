/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait for calls and, since there is no other, move lanes meanwhile.
 */
#ifndef NNRPC_DRIVER_H
#define NNRPC_DRIVER_H

#include "client_state.h"

/** Sends what can be sent now. Locked; unlocks while it works. */
void driver_send_queued(struct nnrpc_client *client, struct nnrpc_pending *claimant);

/** Waits until a call is done or its deadline is over. Locked; unlocks while it waits. */
void driver_wait(struct nnrpc_pending *pending);

/** Looks once for the answer of a call in flight, without waiting. Locked; unlocks meanwhile. */
void driver_look(struct nnrpc_pending *pending);

/** Gives up what a claimant has claimed, and sees to it that others go on. Locked. */
void driver_leave(struct nnrpc_client *client, const struct nnrpc_pending *claimant);

/** Makes sure that whoever waits is helped by someone: wakes a thread for what nobody drives.
 *  Locked. */
void driver_nudge(struct nnrpc_client *client);

#endif
