/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linking shared contacts to customers and taking the links away.
 */
#include <inttypes.h>

#include "act.h"
#include "contacts/v1/customer_service.pb-c.h"
#include "faults.h"
#include "keys.h"

/* Finds both ends of a link; the contact must be shared. */
static enum nnrpc_code find_ends(
    struct act *act, const char *customer_id, const char *contact_id,
    struct act_contact *out_contact, struct nnrpc_status *out_status) {
    enum nnrpc_code code = act_find_customer(act, customer_id, NULL, out_status);
    if (code == NNRPC_OK) {
        code = act_find_contact(act, contact_id, out_contact, out_status);
    }
    if (code == NNRPC_OK && out_contact->view.customer_id.size > 0) {
        code = nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(CONTACT_NOT_SHARED),
            "contact %" PRIu64 " is direct: only shared contacts have links", out_contact->id);
        nnrpc_status_add_info(out_status, "contact_id", "%" PRIu64, out_contact->id);
    }
    return code;
}

static bool is_linked(struct act *act, uint64_t contact_id, const char *customer_id) {
    struct key key = key_of_link(contact_id, slice_of_text(customer_id));
    return engine_has(act->transaction, ENGINE_CONTACT_CUSTOMERS, key_slice(&key));
}

static enum nnrpc_code change_link(
    struct act *act, enum change_kind kind, const struct act_contact *contact,
    const char *customer_id, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer named = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer link = {0};
    change_pack_contact_name(contact->id, contact->view.customer_id, &named);
    change_pack_link(customer_id, &link);
    struct change change = {
        .kind = kind,
        .contact = {.data = named.data, .size = named.size},
        .links = {.data = link.data, .size = link.size},
    };
    act_change(act, &change);
    return named.failed || link.failed ? fault_out_of_memory(out_status) : NNRPC_OK;
}

enum nnrpc_code act_add_link(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__AddSharedContactRequest *request =
        (const Contacts__V1__AddSharedContactRequest *)act->write->request;
    struct act_contact contact;
    enum nnrpc_code code =
        find_ends(act, request->customer_id, request->contact_id, &contact, out_status);
    if (code == NNRPC_OK && !is_linked(act, contact.id, request->customer_id)) {
        code = change_link(act, CHANGE_LINK_ADDED, &contact, request->customer_id, out_status);
    }
    if (code == NNRPC_OK) {
        act_answer(act, contact.record);
    }
    return code;
}

enum nnrpc_code act_remove_link(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__RemoveSharedContactRequest *request =
        (const Contacts__V1__RemoveSharedContactRequest *)act->write->request;
    struct act_contact contact;
    enum nnrpc_code code =
        find_ends(act, request->customer_id, request->contact_id, &contact, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (!is_linked(act, contact.id, request->customer_id)) {
        nnrpc_fail(
            out_status, NNRPC_NOT_FOUND, STORE_DOMAIN, STORE_REASON(LINK_NOT_FOUND),
            "contact %" PRIu64 " is not linked to customer \"%s\"", contact.id,
            request->customer_id);
        nnrpc_status_add_info(out_status, "contact_id", "%" PRIu64, contact.id);
        nnrpc_status_add_info(out_status, "customer_id", "%s", request->customer_id);
        return NNRPC_NOT_FOUND;
    }
    code = change_link(act, CHANGE_LINK_REMOVED, &contact, request->customer_id, out_status);
    if (code == NNRPC_OK) {
        act_answer(act, contact.record);
    }
    return code;
}
