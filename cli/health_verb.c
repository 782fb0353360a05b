/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.
 */
#include "nnrpc/v1/health_service.nnrpc.h"
#include "output.h"

const char ctl_health_details[] =
    "The exit code is 0 when it does, 9 when it refuses calls, 5 without an answer.";

enum ctl_exit ctl_health(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Nnrpc__V1__CheckRequest *request =
        ctl_message_new(&nnrpc__v1__check_request__descriptor);
    CTL_OWNED_MESSAGE Nnrpc__V1__CheckResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->service, ctl_argument(context, 0));
    if (health_service_check(context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    bool serves = response->status == NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
    result = ctl_output_outcome(
        context, &nnrpc_v1_check_response_message, &response->base, "%s %s",
        request->service[0] != '\0' ? request->service : "the server",
        serves ? "takes calls" : "takes no calls");
    return result == CTL_OK && !serves ? CTL_ANSWER_NO : result;
}
