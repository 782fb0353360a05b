/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of an import: one kind of line, one method.
 */
#include "contacts/v1/admin_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "import.h"

/* No contact has this id: it leaves no room for another one, so the server gives and keeps none. */
#define NOBODYS_ID "18446744073709551615"
#define NOBODYS_ETAG "none"

static ProtobufCMessage *make_put(
    const struct ctl_import *import, const struct ctl_import_entry *entry) {
    Contacts__V1__PutPresetValueRequest *request =
        ctl_message_new(&contacts__v1__put_preset_value_request__descriptor);
    ctl_text_set(&request->field, entry->line->preset->field);
    ctl_text_set(&request->name, entry->line->preset->name);
    ctl_text_set(&request->request_id, entry->request_id);
    request->validate_only = import->is_dry_run;
    return &request->base;
}

static ProtobufCMessage *make_retire(const struct ctl_import_entry *entry) {
    Contacts__V1__RetirePresetValueRequest *request =
        ctl_message_new(&contacts__v1__retire_preset_value_request__descriptor);
    ctl_text_set(&request->field, entry->line->preset->field);
    ctl_text_set(&request->name, entry->line->preset->name);
    ctl_text_set(&request->request_id, entry->request_id);
    return &request->base;
}

static ProtobufCMessage *make_customer(
    const struct ctl_import *import, const struct ctl_import_entry *entry) {
    Contacts__V1__CreateCustomerRequest *request =
        ctl_message_new(&contacts__v1__create_customer_request__descriptor);
    request->customer = (Contacts__V1__Customer *)ctl_message_copy(&entry->line->customer->base);
    ctl_text_set(&request->request_id, entry->request_id);
    request->validate_only = import->is_dry_run;
    return &request->base;
}

static ProtobufCMessage *make_contact(
    const struct ctl_import *import, const struct ctl_import_entry *entry) {
    Contacts__V1__ImportContactRequest *request =
        ctl_message_new(&contacts__v1__import_contact_request__descriptor);
    const Contacts__V1__ImportLine *line = entry->line;
    request->contact = (Contacts__V1__Contact *)ctl_message_copy(&line->contact->base);
    for (size_t i = 0; i < line->n_linked_customer_ids; i++) {
        ctl_text_append(
            &request->linked_customer_ids, &request->n_linked_customer_ids,
            line->linked_customer_ids[i]);
    }
    request->keep_id = import->keeps_ids;
    ctl_text_set(&request->request_id, entry->request_id);
    request->validate_only = import->is_dry_run;
    return &request->base;
}

/* A call that cannot succeed, under the line's request id: when the id was used, the server says
 * that it came before with another request; otherwise that there is no such contact. */
static ProtobufCMessage *make_probe(const struct ctl_import_entry *entry) {
    Contacts__V1__DeleteContactRequest *request =
        ctl_message_new(&contacts__v1__delete_contact_request__descriptor);
    ctl_text_set(&request->id, NOBODYS_ID);
    ctl_text_set(&request->etag, NOBODYS_ETAG);
    ctl_text_set(&request->request_id, entry->request_id);
    return &request->base;
}

static ProtobufCMessage *make_request(
    const struct ctl_import *import, const struct ctl_import_entry *entry) {
    if (entry->stage == CTL_IMPORT_PROBE) {
        return make_probe(entry);
    }
    switch (entry->kind) {
    case CTL_IMPORT_PRESET:
        return make_put(import, entry);
    case CTL_IMPORT_RETIRED_PRESET:
        return make_retire(entry);
    case CTL_IMPORT_CUSTOMER:
        return make_customer(import, entry);
    case CTL_IMPORT_CONTACT:
        return make_contact(import, entry);
    }
    return NULL;
}

void ctl_import_make_request(const struct ctl_import *import, struct ctl_import_entry *entry) {
    if (entry->request != NULL) {
        protobuf_c_message_free_unpacked(entry->request, NULL);
    }
    entry->request = make_request(import, entry);
    entry->is_slow = entry->stage != CTL_IMPORT_PROBE && entry->kind == CTL_IMPORT_CONTACT &&
                     entry->line->contact->account_password[0] != '\0';
}

enum nnrpc_code ctl_import_start_call(
    const struct ctl_import *import, struct ctl_import_entry *entry,
    struct nnrpc_status *out_status) {
    struct nnrpc_client *client = import->context->client;
    struct nnrpc_call_options options = {.reply_metadata = entry->metadata};
    const void *request = entry->request;
    if (entry->stage == CTL_IMPORT_PROBE) {
        return contact_service_delete_contact_start(
            client, &options, request, &entry->pending, out_status);
    }
    switch (entry->kind) {
    case CTL_IMPORT_PRESET:
        return preset_service_put_preset_value_start(
            client, &options, request, &entry->pending, out_status);
    case CTL_IMPORT_RETIRED_PRESET:
        return preset_service_retire_preset_value_start(
            client, &options, request, &entry->pending, out_status);
    case CTL_IMPORT_CUSTOMER:
        return customer_service_create_customer_start(
            client, &options, request, &entry->pending, out_status);
    case CTL_IMPORT_CONTACT:
        return admin_service_import_contact_start(
            client, &options, request, &entry->pending, out_status);
    }
    return NNRPC_INTERNAL;
}

enum nnrpc_code ctl_import_finish_call(
    struct ctl_import_entry *entry, struct nnrpc_status *out_status) {
    struct nnrpc_pending *pending = entry->pending;
    CTL_OWNED_MESSAGE Contacts__V1__DeleteContactResponse *probed = NULL;
    CTL_OWNED_MESSAGE Contacts__V1__PutPresetValueResponse *put = NULL;
    CTL_OWNED_MESSAGE Contacts__V1__RetirePresetValueResponse *retired = NULL;
    CTL_OWNED_MESSAGE Contacts__V1__CreateCustomerResponse *created = NULL;
    CTL_OWNED_MESSAGE Contacts__V1__ImportContactResponse *imported = NULL;
    entry->pending = NULL;
    if (entry->stage == CTL_IMPORT_PROBE) {
        return contact_service_delete_contact_finish(pending, &probed, out_status);
    }
    switch (entry->kind) {
    case CTL_IMPORT_PRESET:
        return preset_service_put_preset_value_finish(pending, &put, out_status);
    case CTL_IMPORT_RETIRED_PRESET:
        return preset_service_retire_preset_value_finish(pending, &retired, out_status);
    case CTL_IMPORT_CUSTOMER:
        return customer_service_create_customer_finish(pending, &created, out_status);
    case CTL_IMPORT_CONTACT:
        return admin_service_import_contact_finish(pending, &imported, out_status);
    }
    return NNRPC_INTERNAL;
}
