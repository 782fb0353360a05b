/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contact create, update, delete, convert-to-shared.
 */
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "output.h"
#include "resource.h"
#include "update_mask.h"
#include "verbs.h"

enum ctl_exit ctl_contact_create(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_resource_deinit) struct ctl_resource resource = {0};
    CTL_OWNED_MESSAGE Contacts__V1__CreateContactRequest *request =
        ctl_message_new(&contacts__v1__create_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__CreateContactResponse *response = NULL;
    enum ctl_exit result = ctl_resource_read(context, &contacts_v1_contact_message, &resource);
    result = result == CTL_OK ? ctl_connect(context, 0) : result;
    if (result != CTL_OK) {
        return result;
    }
    request->contact = (Contacts__V1__Contact *)resource.message;
    resource.message = NULL;
    ctl_fill_mutating(context, &request->base);
    if (contact_service_create_contact(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, NULL);
}

enum ctl_exit ctl_contact_update(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(ctl_resource_deinit) struct ctl_resource resource = {0};
    CTL_OWNED_MESSAGE Contacts__V1__UpdateContactRequest *request =
        ctl_message_new(&contacts__v1__update_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__UpdateContactResponse *response = NULL;
    enum ctl_exit result = ctl_resource_read(context, &contacts_v1_contact_message, &resource);
    result =
        result == CTL_OK ? ctl_update_prepare(context, &resource, &request->update_mask) : result;
    result = result == CTL_OK ? ctl_connect(context, 0) : result;
    if (result != CTL_OK) {
        return result;
    }
    request->contact = (Contacts__V1__Contact *)resource.message;
    resource.message = NULL;
    ctl_fill_mutating(context, &request->base);
    if (contact_service_update_contact(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, NULL);
}

enum ctl_exit ctl_contact_delete(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__DeleteContactRequest *request =
        ctl_message_new(&contacts__v1__delete_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__DeleteContactResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    ctl_text_set(&request->etag, ctl_value(context, "etag"));
    ctl_fill_mutating(context, &request->base);
    if (contact_service_delete_contact(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_outcome(
        context, &contacts_v1_delete_contact_response_message, &response->base,
        request->validate_only ? "contact %s would be deleted" : "contact %s is deleted",
        request->id);
}

enum ctl_exit ctl_contact_convert(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ConvertToSharedContactRequest *request =
        ctl_message_new(&contacts__v1__convert_to_shared_contact_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__ConvertToSharedContactResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->id, ctl_argument(context, 0));
    ctl_text_set(&request->etag, ctl_value(context, "etag"));
    ctl_fill_mutating(context, &request->base);
    if (contact_service_convert_to_shared_contact(
            context->client, NULL, request, &response, &status) != NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_contact_message, (ProtobufCMessage *)response->contact, NULL);
}
