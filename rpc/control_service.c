/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpc.v1.ControlService. A standing service: a server that has too much to do, or that waits for
 * calls to end, is the one that most wants to hear which of them nobody waits for.
 */
#include "nnrpc/v1/control_service.nnrpc.h"
#include "open_frames.h"
#include "server_state.h"

/* As the contract says: as many as a frame has. */
#define CALLS_MOST 1024

static struct nnrpc_answer cancel_calls(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__CancelCallsRequest *request) {
    struct nnrpc_server *server = self;
    const struct nnrpc_canceller canceller = {
        .caller = nnrpc_call_caller(call),
        .address = nnrpc_call_address(call),
    };
    size_t count = request->n_calls < CALLS_MOST ? request->n_calls : CALLS_MOST;
    Nnrpc__V1__CancelCallsResponse response = NNRPC__V1__CANCEL_CALLS_RESPONSE__INIT;
    for (size_t index = 0; index < count; index++) {
        const Nnrpc__V1__CallId *id = request->calls[index];
        response.cancelled_count +=
            nnrpc_open_frames_cancel(&server->open_frames, id->frame_id, id->index, &canceller);
    }
    return control_service_cancel_calls_reply(call, &response);
}

enum nnrpc_code nnrpc_control_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    static const struct control_service_handlers handlers = {.cancel_calls = cancel_calls};
    return control_service_register(server, &handlers, server, out_status);
}
