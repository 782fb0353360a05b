/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that nobody waits for in a thread: they are moved by nnrpc_client_process(), which the
 * caller's own event loop runs when a descriptor is readable. Locked, unless said otherwise.
 */
#ifndef NNRPC_EVENT_LOOP_H
#define NNRPC_EVENT_LOOP_H

#include "client_state.h"

/** Has a queued call notified, if its caller wants that. */
void event_loop_add(struct nnrpc_pending *pending);

/** The call is not to be notified any more. */
void event_loop_forget(struct nnrpc_pending *pending);

/** Makes the descriptor readable, if there are calls to be notified. */
void event_loop_wake(struct nnrpc_client *client);

/** Somebody claims a lane: its connection is not to be watched meanwhile. */
void event_loop_unwatch(struct nnrpc_client *client, struct lane *lane);

/** Closes what the loop has. Not locked. */
void event_loop_deinit(struct nnrpc_client *client);

#endif
