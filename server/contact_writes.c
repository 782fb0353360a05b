/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes of single contacts: the shape is checked here; everything that depends on state is
 * decided by the store's writer.
 *
 * A call with a password is here on the slow pool, so that hashing holds up nobody else.
 */
#include <assert.h>
#include <string.h>

#include "contact_service.h"
#include "mask.h"
#include "reason.h"
#include "validate.h"

enum nnrpc_code contactd_take_password(
    struct nnrpc_call *call, const Contacts__V1__Contact *contact, struct contactd_write *write,
    Contacts__V1__Contact **out_contact, struct nnrpc_status *out_status) {
    assert(contact != NULL);
    Contacts__V1__Contact *copy = nnrpc_call_allocate(call, sizeof(*copy));
    if (copy == NULL) {
        return contactd_fail_memory(out_status);
    }
    *copy = *contact;
    copy->account_password = (char *)protobuf_c_empty_string;
    write->password = contact->account_password[0] != '\0' ? contact->account_password : NULL;
    *out_contact = copy;
    return NNRPC_OK;
}

/* Lists beyond their bounds are told by these alone: looking up every value of a request that may
 * have a hundred thousand would hold up the receiver. */
static bool has_lists_within_bounds(const Contacts__V1__Contact *contact) {
    return contact->n_contact_regarding <= CONTACTD_REPEATED_VALUES &&
           contact->n_copy_correspondence_type_ids <= CONTACTD_REPEATED_VALUES &&
           contact->n_copy_ticket_type_ids <= CONTACTD_REPEATED_VALUES;
}

void contactd_check_new_contact(
    struct contactd *contactd, struct nnrpc_status *status, const Contacts__V1__Contact *contact) {
    contactd_check_contact(status, contact, CONTACTD_ALL_FIELDS);
    if (contact == NULL || status->details == NULL || !has_lists_within_bounds(contact)) {
        return;
    }
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    if (store_snapshot_begin(contactd->store, 0, &snapshot, NULL) == NNRPC_OK) {
        store_check_presets(snapshot, &contact->base, status);
    }
}

struct nnrpc_answer contactd_create_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__CreateContactRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__CreateContactRequest copy = *request;
    struct contactd_write write = {.act = STORE_CREATE_CONTACT, .request = &copy.base};
    contactd_check_new_contact(contactd, &status, request->contact);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK ||
        contactd_take_password(call, request->contact, &write, &copy.contact, &status) !=
            NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(contactd, call, &write);
}

/* An update sets the password when its mask names or covers the field and there is one; only naming
 * it with an empty value removes the one that stands. A password outside the mask does not count.
 */
static enum nnrpc_code take_update_password(
    struct nnrpc_call *call, const Contacts__V1__UpdateContactRequest *request,
    struct contactd_write *write, Contacts__V1__Contact **out_contact,
    struct nnrpc_status *out_status) {
    assert(request->contact != NULL);
    const Google__Protobuf__FieldMask *mask = request->update_mask;
    bool named = contactd_mask_names(mask, "account_password");
    bool covered = named || contactd_mask_is_empty(mask) || contactd_mask_names(mask, "*");
    if (!covered) {
        nnrpc_wipe(request->contact->account_password, strlen(request->contact->account_password));
    }
    write->password_clear = named && request->contact->account_password[0] == '\0';
    return contactd_take_password(call, request->contact, write, out_contact, out_status);
}

struct nnrpc_answer contactd_update_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__UpdateContactRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__UpdateContactRequest copy = *request;
    struct contactd_write write = {.act = STORE_UPDATE_CONTACT, .request = &copy.base};
    uint64_t fields = 0;
    uint64_t id = 0;
    contactd_check_mask(
        &status, "update_mask", request->update_mask, &contacts_v1_contact_message, &fields);
    contactd_check_contact(&status, request->contact, fields);
    if (request->contact != NULL) {
        contactd_check_contact_id(&status, "contact.id", request->contact->id, &id);
    }
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK ||
        take_update_password(call, request, &write, &copy.contact, &status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(contactd, call, &write);
}

struct nnrpc_answer contactd_delete_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__DeleteContactRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_write write = {.act = STORE_DELETE_CONTACT, .request = &request->base};
    uint64_t id = 0;
    contactd_check_contact_id(&status, "id", request->id, &id);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(self, call, &write);
}

struct nnrpc_answer contactd_convert_to_shared_contact(
    void *self, struct nnrpc_call *call,
    const Contacts__V1__ConvertToSharedContactRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_write write = {
        .act = STORE_CONVERT_TO_SHARED_CONTACT, .request = &request->base};
    uint64_t id = 0;
    contactd_check_contact_id(&status, "id", request->id, &id);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(self, call, &write);
}
