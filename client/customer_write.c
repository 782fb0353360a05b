/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customer create, update, delete, add-shared-contact, remove-shared-contact.
 */
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "output.h"
#include "resource.h"
#include "update_mask.h"
#include "verbs.h"

enum ctl_exit ctl_customer_create(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_resource_deinit) struct ctl_resource resource = {0};
    CTL_OWNED_MESSAGE Contacts__V1__CreateCustomerRequest *request =
        ctl_message_new(&contacts__v1__create_customer_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__CreateCustomerResponse *response = NULL;
    const char *id = ctl_argument(context, 0);
    enum ctl_exit result = ctl_resource_read(context, &contacts_v1_customer_message, &resource);
    if (result == CTL_OK && id != NULL && !ctl_resource_take_id(&resource, id)) {
        return CTL_USAGE;
    }
    result = result == CTL_OK ? ctl_connect(context, 0) : result;
    if (result != CTL_OK) {
        return result;
    }
    request->customer = (Contacts__V1__Customer *)resource.message;
    resource.message = NULL;
    ctl_fill_mutating(context, &request->base);
    if (customer_service_create_customer(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_customer_message, (ProtobufCMessage *)response->customer, NULL);
}

enum ctl_exit ctl_customer_update(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_resource_deinit) struct ctl_resource resource = {0};
    CTL_OWNED_MESSAGE Contacts__V1__UpdateCustomerRequest *request =
        ctl_message_new(&contacts__v1__update_customer_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__UpdateCustomerResponse *response = NULL;
    enum ctl_exit result = ctl_resource_read(context, &contacts_v1_customer_message, &resource);
    result =
        result == CTL_OK ? ctl_update_prepare(context, &resource, &request->update_mask) : result;
    result = result == CTL_OK ? ctl_connect(context, 0) : result;
    if (result != CTL_OK) {
        return result;
    }
    request->customer = (Contacts__V1__Customer *)resource.message;
    resource.message = NULL;
    ctl_fill_mutating(context, &request->base);
    if (customer_service_update_customer(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_customer_message, (ProtobufCMessage *)response->customer, NULL);
}

enum ctl_exit ctl_customer_delete(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__DeleteCustomerRequest *request =
        ctl_message_new(&contacts__v1__delete_customer_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__DeleteCustomerResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    ctl_text_set(&request->etag, ctl_value(context, "etag"));
    ctl_fill_mutating(context, &request->base);
    if (customer_service_delete_customer(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_outcome(
        context, &contacts_v1_delete_customer_response_message, &response->base,
        request->validate_only
            ? "customer %s would be deleted, with %u direct contacts and %u links"
            : "customer %s is deleted, with %u direct contacts and %u links",
        request->id, response->deleted_contact_count, response->removed_link_count);
}

enum ctl_exit ctl_customer_add_shared(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__AddSharedContactRequest *request =
        ctl_message_new(&contacts__v1__add_shared_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__AddSharedContactResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->customer_id, ctl_argument(context, 0));
    ctl_text_set(&request->contact_id, ctl_argument(context, 1));
    ctl_fill_mutating(context, &request->base);
    if (customer_service_add_shared_contact(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, NULL);
}

enum ctl_exit ctl_customer_remove_shared(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__RemoveSharedContactRequest *request =
        ctl_message_new(&contacts__v1__remove_shared_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__RemoveSharedContactResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->customer_id, ctl_argument(context, 0));
    ctl_text_set(&request->contact_id, ctl_argument(context, 1));
    ctl_fill_mutating(context, &request->base);
    if (customer_service_remove_shared_contact(
            context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, NULL);
}
