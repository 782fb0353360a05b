/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpc.v1.HealthService. It is a standing service: answered while the server drains and when it
 * is overloaded, which is when its answer matters.
 */
#include "nnrpc/v1/health_service.nnrpc.h"
#include "server_state.h"

static struct nnrpc_answer check(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__CheckRequest *request) {
    const struct nnrpc_server *server = self;
    if (request->service[0] != '\0' &&
        nnrpc_server_find_service(server, request->service) == NULL) {
        return nnrpc_fail_unknown_service(call, request->service);
    }
    bool is_serving = !atomic_load(&server->draining) && !atomic_load(&server->broken);
    Nnrpc__V1__CheckResponse response = NNRPC__V1__CHECK_RESPONSE__INIT;
    response.status = is_serving ? NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING
                                 : NNRPC__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
    return health_service_check_reply(call, &response);
}

enum nnrpc_code nnrpc_health_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    static const struct health_service_handlers handlers = {.check = check};
    return health_service_register(server, &handlers, server, out_status);
}
