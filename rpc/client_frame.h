/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to the bytes of a request frame. The frame is built in the message that is sent: one copy.
 */
#ifndef NNRPC_CLIENT_FRAME_H
#define NNRPC_CLIENT_FRAME_H

#include "client_state.h"

/** Most bytes that a call takes in a frame: its field with the longest timeout. */
size_t client_frame_call_size(const struct nnrpc_pending *pending);

/** Most bytes of a frame that are not calls. */
size_t client_frame_overhead(const struct nnrpc_client *client);

/** Builds the frame of a lane's calls; NULL without memory. By the lane's claimant. */
void *client_frame_build(const struct nnrpc_client *client, const struct lane *lane);

/** Builds a frame of requests that are packed already, each as the frame's field; NULL without
 *  memory, also where there was none for the requests. */
void *client_frame_wrap(
    const struct nnrpc_client *client, uint64_t frame_id, const struct nnrpc_buffer *requests);

#endif
