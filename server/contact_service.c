/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contacts.v1.ContactService: its table of handlers, and the reads of single contacts. Lists are in
 * contact_lists.c, changes in contact_writes.c.
 */
#include "contact_service.h"

#include <string.h>

#include "mask.h"
#include "reason.h"
#include "validate.h"

static struct nnrpc_answer get_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__GetContactRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct nnrpc_slice record;
    uint64_t id = 0;
    uint64_t fields = 0;
    contactd_check_contact_id(&status, "id", request->id, &id);
    contactd_check_mask(
        &status, "read_mask", request->read_mask, &contacts_v1_contact_message, &fields);
    if (contactd_check_done(&status) != NNRPC_OK ||
        contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        store_get_contact(snapshot, id, &record, &status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_reply_record(call, record, fields);
}

/* Outside of any snapshot, since it takes long. A contact without a password costs as much as one
 * with: the password is hashed to no use. */
static enum nnrpc_code verify_password(
    struct contactd *contactd, const char *hash, const char *password, bool *out_verified,
    struct nnrpc_status *out_status) {
    size_t size = strlen(password);
    if (hash[0] != '\0') {
        *out_verified = nnrpc_password_verify(hash, password, size);
        return NNRPC_OK;
    }
    char unused[NNRPC_PASSWORD_HASH_BYTES];
    *out_verified = false;
    return nnrpc_password_hash(password, size, &contactd->password_cost, unused, out_status);
}

static enum nnrpc_code read_password_hash(
    struct contactd *contactd, struct nnrpc_call *call, uint64_t id,
    char out_hash[NNRPC_PASSWORD_HASH_BYTES], struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    enum nnrpc_code code = contactd_snapshot_begin(contactd, call, &snapshot, out_status);
    return code != NNRPC_OK ? code : store_get_password_hash(snapshot, id, out_hash, out_status);
}

static struct nnrpc_answer verify_account_password(
    void *self, struct nnrpc_call *call,
    const Contacts__V1__VerifyAccountPasswordRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__VerifyAccountPasswordResponse response =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_RESPONSE__INIT;
    char hash[NNRPC_PASSWORD_HASH_BYTES] = "";
    bool verified = false;
    uint64_t id = 0;
    contactd_check_contact_id(&status, "id", request->id, &id);
    contactd_check_length(&status, "password", request->password, CONTACTD_TEXT_BYTES);
    bool failed =
        contactd_check_done(&status) != NNRPC_OK ||
        read_password_hash(contactd, call, id, hash, &status) != NNRPC_OK ||
        verify_password(contactd, hash, request->password, &verified, &status) != NNRPC_OK;
    nnrpc_wipe(hash, sizeof(hash));
    nnrpc_wipe(request->password, strlen(request->password));
    if (failed) {
        return nnrpc_call_fail(call, &status);
    }
    response.verified = verified;
    return contact_service_verify_account_password_reply(call, &response);
}

static const struct contact_service_handlers handlers = {
    .get_contact = get_contact,
    .list_contacts = contactd_list_contacts,
    .create_contact = contactd_create_contact,
    .update_contact = contactd_update_contact,
    .delete_contact = contactd_delete_contact,
    .convert_to_shared_contact = contactd_convert_to_shared_contact,
    .batch_get_contacts = contactd_batch_get_contacts,
    .list_contact_customers = contactd_list_contact_customers,
    .verify_account_password = verify_account_password,
};

enum nnrpc_code contactd_register_contact_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    return contact_service_register(server, &handlers, contactd, out_status);
}
