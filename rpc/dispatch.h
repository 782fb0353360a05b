/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a received message to its calls' handlers.
 */
#ifndef NNRPC_DISPATCH_H
#define NNRPC_DISPATCH_H

#include "call.h"

/**
 * Serves a message that was received: body, route and arrival are set. Takes the frame over; it is
 * answered, or will be by whoever ends its last call. On the receiver's thread.
 */
void nnrpc_dispatch_frame(struct nnrpc_served_frame *frame);

#endif
