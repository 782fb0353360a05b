/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contact list: every filter, page by page.
 */
#include <string.h>

#include "contact_columns.h"
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "list_request.h"
#include "output.h"
#include "pager.h"
#include "verbs.h"

/* Sets the filters from the flags. */
static bool fill_request(
    const struct ctl_context *context, Contacts__V1__ListContactsRequest *request) {
    const char *form = ctl_value(context, "form");
    ctl_text_set(&request->page_token, ctl_value(context, "page-token"));
    ctl_text_set(&request->id_after, ctl_value(context, "id-after"));
    ctl_text_set(&request->customer_id, ctl_value(context, "customer-id"));
    ctl_text_set(&request->dealer_code, ctl_value(context, "dealer-code"));
    ctl_text_set(&request->email, ctl_value(context, "email"));
    ctl_text_set(&request->number, ctl_value(context, "number"));
    request->include_links = ctl_given(context, "links");
    if (form != NULL) {
        request->form = strcmp(form, "direct") == 0
                            ? CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_DIRECT
                            : CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_SHARED;
    }
    return ctl_list_created_since(context, &request->created_since);
}

static enum ctl_exit show_page(
    struct ctl_context *context, Contacts__V1__ListContactsRequest *request,
    struct ctl_pager *pager, struct ctl_list *list, bool *out_goes_on) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsResponse *response = NULL;
    request->page_size = ctl_pager_next_size(pager);
    if (contact_service_list_contacts(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    for (size_t i = 0; i < response->n_contacts; i++) {
        const ProtobufCMessage *links = i < response->n_links ? &response->links[i]->base : NULL;
        ctl_list_add(list, &response->contacts[i]->base, links);
    }
    *out_goes_on = ctl_pager_advance(pager, response->n_contacts, response->next_page_token);
    ctl_text_set(&request->page_token, response->next_page_token);
    return ctl_list_flush(list);
}

static enum ctl_exit show_pages(
    struct ctl_context *context, Contacts__V1__ListContactsRequest *request,
    struct ctl_pager *pager, const struct ctl_selection *selection) {
    bool has_links = request->include_links;
    struct ctl_list_shape shape = {
        .type = &contacts_v1_contact_message,
        .columns = has_links ? ctl_contact_link_columns : ctl_contact_columns,
        .column_count = has_links ? ctl_contact_link_column_count : ctl_contact_column_count,
        .selection = selection,
        .item_name = "contact",
        .beside_name = has_links ? "links" : NULL,
        .beside_type = &contacts_v1_contact_links_message};
    NNRPC_CLEANUP(ctl_list_freep) struct ctl_list *list = ctl_list_new(context, &shape);
    enum ctl_exit result = CTL_OK;
    bool goes_on = true;
    while (result == CTL_OK && goes_on) {
        result = show_page(context, request, pager, list, &goes_on);
    }
    if (result == CTL_OK) {
        result = ctl_list_end(list);
        ctl_pager_remark(context, pager);
    }
    return result;
}

enum ctl_exit ctl_contact_list(struct ctl_context *context) {
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection mask = {0};
    NNRPC_CLEANUP(ctl_pager_deinit) struct ctl_pager pager = {0};
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsRequest *request =
        ctl_message_new(&contacts__v1__list_contacts_request__descriptor);
    if (!ctl_list_selections(
            context, &contacts_v1_contact_message, ctl_contact_columns, ctl_contact_column_count,
            &selection, &mask) ||
        !fill_request(context, request) || !ctl_pager_init(context, &pager)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    request->read_mask = ctl_selection_mask(&contacts_v1_contact_message, &mask);
    return show_pages(context, request, &pager, &selection);
}
