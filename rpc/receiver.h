/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that receives on one address.
 */
#ifndef NNRPC_RECEIVER_H
#define NNRPC_RECEIVER_H

#include "server_state.h"

/** Starts receiving. @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_receiver_start(
    struct nnrpc_receiver *receiver, struct nnrpc_status *out_status);

/** Waits for the thread, which ends once server->stopping is set. Fine when it never ran. */
void nnrpc_receiver_join(struct nnrpc_receiver *receiver);

#endif
