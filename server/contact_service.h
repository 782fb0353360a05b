/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the contact service, and the import, share.
 */
#ifndef CONTACTD_CONTACT_SERVICE_H
#define CONTACTD_CONTACT_SERVICE_H

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "service.h"

/* Handlers of contact_lists.c. */
struct nnrpc_answer contactd_list_contacts(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListContactsRequest *request);
struct nnrpc_answer contactd_batch_get_contacts(
    void *self, struct nnrpc_call *call, const Contacts__V1__BatchGetContactsRequest *request);
struct nnrpc_answer contactd_list_contact_customers(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListContactCustomersRequest *request);

/* Handlers of contact_writes.c. */
struct nnrpc_answer contactd_create_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__CreateContactRequest *request);
struct nnrpc_answer contactd_update_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__UpdateContactRequest *request);
struct nnrpc_answer contactd_delete_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__DeleteContactRequest *request);
struct nnrpc_answer contactd_convert_to_shared_contact(
    void *self, struct nnrpc_call *call,
    const Contacts__V1__ConvertToSharedContactRequest *request);

/**
 * Checks the bounds of a new contact. When something is wrong, its preset values are held against
 * the store too, although the writer would: then all faults are said at once.
 */
void contactd_check_new_contact(
    struct contactd *contactd, struct nnrpc_status *status, const Contacts__V1__Contact *contact);

/**
 * Takes the password out of a contact that is to be written: into the write, to be hashed, and not
 * into the copy of the contact that the store gets.
 *
 * @param out_contact  On NNRPC_OK a shallow copy that lives until the call is answered.
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code contactd_take_password(
    struct nnrpc_call *call, const Contacts__V1__Contact *contact, struct contactd_write *write,
    Contacts__V1__Contact **out_contact, struct nnrpc_status *out_status);

#endif
