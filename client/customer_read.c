/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customer get, list.
 */
#include "contacts/v1/customer.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "customer_columns.h"
#include "list_request.h"
#include "output.h"
#include "pager.h"
#include "verbs.h"

enum ctl_exit ctl_customer_get(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    CTL_OWNED_MESSAGE Contacts__V1__GetCustomerRequest *request =
        ctl_message_new(&contacts__v1__get_customer_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__GetCustomerResponse *response = NULL;
    const char *fields = ctl_value(context, "fields");
    if (fields != NULL &&
        !ctl_selection_parse(
            &contacts_v1_customer_message, "--fields", fields, false, &selection)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    request->read_mask = ctl_selection_mask(&contacts_v1_customer_message, &selection);
    if (customer_service_get_customer(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_customer_message, (ProtobufCMessage *)response->customer, &selection);
}

static enum ctl_exit show_page(
    struct ctl_context *context, Contacts__V1__ListCustomersRequest *request,
    struct ctl_pager *pager, struct ctl_list *list, bool *out_goes_on) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersResponse *response = NULL;
    request->page_size = ctl_pager_next_size(pager);
    if (customer_service_list_customers(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    for (size_t i = 0; i < response->n_customers; i++) {
        ctl_list_add(list, &response->customers[i]->base, NULL);
    }
    *out_goes_on = ctl_pager_advance(pager, response->n_customers, response->next_page_token);
    ctl_text_set(&request->page_token, response->next_page_token);
    return ctl_list_flush(list);
}

enum ctl_exit ctl_customer_list(struct ctl_context *context) {
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection mask = {0};
    NNRPC_CLEANUP(ctl_pager_deinit) struct ctl_pager pager = {0};
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersRequest *request =
        ctl_message_new(&contacts__v1__list_customers_request__descriptor);
    ctl_text_set(&request->page_token, ctl_value(context, "page-token"));
    ctl_text_set(&request->id_after, ctl_value(context, "id-after"));
    ctl_text_set(&request->account_number, ctl_value(context, "account-number"));
    ctl_text_set(&request->crm_reference, ctl_value(context, "crm-reference"));
    if (!ctl_list_selections(
            context, &contacts_v1_customer_message, ctl_customer_columns, ctl_customer_column_count,
            &selection, &mask) ||
        !ctl_list_created_since(context, &request->created_since) ||
        !ctl_pager_init(context, &pager)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    request->read_mask = ctl_selection_mask(&contacts_v1_customer_message, &mask);
    struct ctl_list_shape shape = ctl_customer_shape;
    shape.selection = &selection;
    NNRPC_CLEANUP(ctl_list_freep) struct ctl_list *list = ctl_list_new(context, &shape);
    bool goes_on = true;
    while (result == CTL_OK && goes_on) {
        result = show_page(context, request, &pager, list, &goes_on);
    }
    if (result == CTL_OK) {
        result = ctl_list_end(list);
        ctl_pager_remark(context, &pager);
    }
    return result;
}
