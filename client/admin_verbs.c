/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.
 */
#include "contacts/v1/admin_service.nnrpc.h"
#include "output.h"
#include "ticker.h"
#include "verbs.h"

#define BACKUP_TIMEOUT_MS (60u * 60 * 1000)

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
