/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait for calls and, since there is no other, move lanes meanwhile.
 */
#ifndef NNRPC_DRIVER_H
#define NNRPC_DRIVER_H

#include "client_state.h"

/** Sends a call that was queued, if a lane is free. Locked; unlocks while it works. */
void driver_start(struct nnrpc_pending *pending);

/** Waits until a call is done or its deadline is over. Locked; unlocks while it waits. */
void driver_wait(struct nnrpc_pending *pending);

/** Goes as far with a call as is possible without waiting. Locked; unlocks meanwhile. */
void driver_look(struct nnrpc_pending *pending);

/** Makes sure that whoever waits is helped by someone: wakes a thread for what nobody drives.
 *  Locked. */
void driver_nudge(struct nnrpc_client *client);

#endif
