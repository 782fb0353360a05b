/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contact get, batch-get, customers, verify-password: reading without filters.
 */
#include <stdlib.h>
#include <string.h>

#include "contact_columns.h"
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "customer_columns.h"
#include "input.h"
#include "output.h"
#include "pager.h"
#include "verbs.h"

#define BATCH_IDS 1000

enum ctl_exit ctl_contact_get(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    CTL_OWNED_MESSAGE Contacts__V1__GetContactRequest *request =
        ctl_message_new(&contacts__v1__get_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__GetContactResponse *response = NULL;
    const char *fields = ctl_value(context, "fields");
    if (fields != NULL &&
        !ctl_selection_parse(&contacts_v1_contact_message, "--fields", fields, false, &selection)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    request->read_mask = ctl_selection_mask(&contacts_v1_contact_message, &selection);
    if (contact_service_get_contact(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, &selection);
}

/* Asks for a batch and shows it; what did not fit stays in the request for the next round. */
static enum ctl_exit get_batch(
    struct ctl_context *context, Contacts__V1__BatchGetContactsRequest *request,
    struct ctl_list *list, size_t *missing_count) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__BatchGetContactsResponse *response = NULL;
    if (contact_service_batch_get_contacts(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    for (size_t i = 0; i < response->n_contacts; i++) {
        ctl_list_add(list, &response->contacts[i]->base, NULL);
    }
    for (size_t i = 0; i < response->n_missing_ids; i++) {
        ctl_complain("NOT_FOUND CONTACT_NOT_FOUND: no contact %s", response->missing_ids[i]);
    }
    *missing_count += response->n_missing_ids;
    for (size_t i = 0; i < request->n_ids; i++) {
        free(request->ids[i]);
    }
    request->n_ids = 0;
    for (size_t i = 0; i < response->n_remaining_ids; i++) {
        ctl_text_append(&request->ids, &request->n_ids, response->remaining_ids[i]);
    }
    return ctl_list_flush(list);
}

static enum ctl_exit get_batches(
    struct ctl_context *context, const struct ctl_selection *selection, struct ctl_list *list) {
    CTL_OWNED_MESSAGE Contacts__V1__BatchGetContactsRequest *request =
        ctl_message_new(&contacts__v1__batch_get_contacts_request__descriptor);
    request->read_mask = ctl_selection_mask(&contacts_v1_contact_message, selection);
    size_t missing_count = 0;
    size_t taken = 0;
    enum ctl_exit result = CTL_OK;
    while (result == CTL_OK && (request->n_ids > 0 || taken < context->invocation.argument_count)) {
        while (request->n_ids < BATCH_IDS && taken < context->invocation.argument_count) {
            ctl_text_append(&request->ids, &request->n_ids, context->invocation.arguments[taken++]);
        }
        result = get_batch(context, request, list, &missing_count);
    }
    return result == CTL_OK && missing_count > 0 ? CTL_NOT_FOUND : result;
}

enum ctl_exit ctl_contact_batch_get(struct ctl_context *context) {
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    const char *fields = ctl_value(context, "fields");
    if (fields != NULL &&
        !ctl_selection_parse(&contacts_v1_contact_message, "--fields", fields, false, &selection)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    struct ctl_list_shape shape = {
        .type = &contacts_v1_contact_message,
        .columns = ctl_contact_columns,
        .column_count = ctl_contact_column_count,
        .selection = &selection};
    NNRPC_CLEANUP(ctl_list_freep) struct ctl_list *list = ctl_list_new(context, &shape);
    result = get_batches(context, &selection, list);
    enum ctl_exit ended = ctl_list_end(list);
    return ended != CTL_OK ? ended : result;
}

/* One page of a contact's customers. */
static enum ctl_exit show_customers_page(
    struct ctl_context *context, Contacts__V1__ListContactCustomersRequest *request,
    struct ctl_pager *pager, struct ctl_list *list, bool *out_goes_on) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListContactCustomersResponse *response = NULL;
    request->page_size = ctl_pager_next_size(pager);
    if (contact_service_list_contact_customers(
            context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    for (size_t i = 0; i < response->n_customers; i++) {
        ctl_list_add(list, &response->customers[i]->base, NULL);
    }
    *out_goes_on = ctl_pager_advance(pager, response->n_customers, response->next_page_token);
    ctl_text_set(&request->page_token, response->next_page_token);
    return ctl_list_flush(list);
}

enum ctl_exit ctl_contact_customers(struct ctl_context *context) {
    NNRPC_CLEANUP(ctl_pager_deinit) struct ctl_pager pager = {0};
    CTL_OWNED_MESSAGE Contacts__V1__ListContactCustomersRequest *request =
        ctl_message_new(&contacts__v1__list_contact_customers_request__descriptor);
    if (!ctl_pager_init(context, &pager)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->contact_id, ctl_argument(context, 0));
    ctl_text_set(&request->page_token, ctl_value(context, "page-token"));
    NNRPC_CLEANUP(ctl_list_freep)
    struct ctl_list *list = ctl_list_new(context, &ctl_customer_shape);
    bool goes_on = true;
    while (result == CTL_OK && goes_on) {
        result = show_customers_page(context, request, &pager, list, &goes_on);
    }
    if (result == CTL_OK) {
        result = ctl_list_end(list);
        ctl_pager_remark(context, &pager);
    }
    return result;
}

enum ctl_exit ctl_contact_verify_password(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_password_release) char *password = NULL;
    CTL_OWNED_MESSAGE Contacts__V1__VerifyAccountPasswordRequest *request =
        ctl_message_new(&contacts__v1__verify_account_password_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__VerifyAccountPasswordResponse *response = NULL;
    const char *path = ctl_value(context, "password-file");
    if (path != NULL ? !ctl_password_read(path, &password)
                     : !ctl_password_ask("Account password", false, &password)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    ctl_text_set(&request->password, password);
    if (contact_service_verify_account_password(
            context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    result = ctl_output_outcome(
        context, &contacts_v1_verify_account_password_response_message, &response->base,
        response->verified ? "%s: the password is right" : "%s: the password is not right",
        request->id);
    return result == CTL_OK && !response->verified ? CTL_ANSWER_NO : result;
}
