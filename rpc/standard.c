/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The failures that the standard services share.
 */
#include "server_state.h"

struct nnrpc_answer nnrpc_fail_unknown_service(struct nnrpc_call *call, const char *name) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, "SERVICE_NOT_FOUND",
        "there is no service \"%.100s\" here", name);
    return nnrpc_call_fail(call, &status);
}

struct nnrpc_answer nnrpc_fail_reply_memory(struct nnrpc_call *call) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "not enough memory for the reply");
    return nnrpc_call_fail(call, &status);
}
