/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health, backup.
 */
#include "contacts/v1/admin_service.nnrpc.h"
#include "nnrpc/v1/health_service.nnrpc.h"
#include "output.h"
#include "ticker.h"
#include "verbs.h"

#define BACKUP_TIMEOUT_MS (60u * 60 * 1000)

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

enum ctl_exit ctl_backup(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__BackupRequest *request =
        ctl_message_new(&contacts__v1__backup_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__BackupResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, BACKUP_TIMEOUT_MS);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->name, ctl_argument(context, 0));
    struct ctl_ticker *ticker = ctl_ticker_start(context, "backup");
    enum nnrpc_code code = admin_service_backup(context->client, NULL, request, &response, &status);
    ctl_ticker_stop(ticker);
    if (code != NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_backup_response_message, &response->base, NULL);
}
