/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updating contacts and customers: merged by their masks, and nothing at all when nothing differs.
 */
#include <string.h>

#include "act.h"
#include "contacts/v1/contact_service.pb-c.h"
#include "contacts/v1/customer_service.pb-c.h"
#include "faults.h"
#include "keys.h"
#include "merge.h"

/* Field numbers of Contact and, from 40 on, of Customer too. */
enum {
    FIELD_ID = 1,
    FIELD_CUSTOMER_ID = 2,
    FIELD_ACCOUNT_PASSWORD = 25,
    FIELD_HAS_ACCOUNT_PASSWORD = 33,
    FIELD_CREATE_TIME = 40,
    FIELD_UPDATE_TIME = 41,
    FIELD_ETAG = 42,
};

#define STORE_GIVEN                                                                                \
    (MERGE_FIELD(FIELD_ID) | MERGE_FIELD(FIELD_CREATE_TIME) | MERGE_FIELD(FIELD_UPDATE_TIME) |     \
     MERGE_FIELD(FIELD_ETAG))

/* --- Contacts ----------------------------------------------------------------------------- */

/* Decides what becomes of the account password. @return whether that is a change. */
static bool merge_password(struct act *act, uint64_t id, Contacts__V1__Contact *contact) {
    if (act->write->password_hash != NULL) {
        act->secret = ACT_SECRET_SET;
    } else if (act->write->password_clear && contact->has_account_password) {
        act->secret = ACT_SECRET_CLEAR;
    } else {
        return false;
    }
    act->secret_contact_id = id;
    contact->has_account_password = act->secret == ACT_SECRET_SET;
    return true;
}

/* Packs a contact that differs from the stored one, with the marks of this write. */
static enum nnrpc_code pack_contact_update(
    struct act *act, const Contacts__V1__Contact *contact, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status) {
    char etag[ACT_ETAG_BYTES];
    Google__Protobuf__Timestamp update_time = act_timestamp(act->now);
    Contacts__V1__Contact marked = *contact;
    act_etag(act, etag);
    marked.update_time = &update_time;
    marked.etag = etag;
    return act_pack(act, &marked.base, out_record, out_status);
}

static enum nnrpc_code finish_contact_update(
    struct act *act, const struct act_contact *stored, Contacts__V1__Contact *merged,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice record;
    bool changed = merge_password(act, stored->id, merged);
    enum nnrpc_code code = act_pack(act, &merged->base, &record, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (!changed && slice_equals(record, stored->record)) {
        act_answer(act, stored->record);
        return NNRPC_OK;
    }
    code = pack_contact_update(act, merged, &record, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    act_check_contact_size(record, out_status);
    code = nnrpc_status_fail_violations(out_status, STORE_DOMAIN, STORE_REASON(INVALID_FIELDS));
    if (code == NNRPC_OK) {
        struct change change = {.kind = CHANGE_CONTACT_UPDATED, .contact = record};
        act_change(act, &change);
        act_answer(act, record);
    }
    return code;
}

static enum nnrpc_code merge_contact(
    struct act *act, const Contacts__V1__UpdateContactRequest *request,
    const struct act_contact *stored, struct nnrpc_status *out_status) {
    const struct merge merge = {
        .given = &request->contact->base,
        .mask = request->update_mask,
        .immutable =
            STORE_GIVEN | MERGE_FIELD(FIELD_CUSTOMER_ID) | MERGE_FIELD(FIELD_HAS_ACCOUNT_PASSWORD),
        .ignored = MERGE_FIELD(FIELD_ACCOUNT_PASSWORD),
        .path = "contact",
    };
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code =
        act_unpack(act, &contacts__v1__contact__descriptor, stored->record, &message, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    /* A shallow copy is enough: merging replaces pointers. */
    Contacts__V1__Contact merged = *(Contacts__V1__Contact *)message;
    merge_apply(&merge, &merged.base, out_status);
    act_check_presets(act->transaction, &merged, (Contacts__V1__Contact *)message, out_status);
    code = nnrpc_status_fail_violations(out_status, STORE_DOMAIN, STORE_REASON(INVALID_FIELDS));
    return code == NNRPC_OK ? finish_contact_update(act, stored, &merged, out_status) : code;
}

enum nnrpc_code act_update_contact(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__UpdateContactRequest *request =
        (const Contacts__V1__UpdateContactRequest *)act->write->request;
    struct act_contact stored;
    if (request->contact == NULL) {
        return fault_contact_not_found(out_status, "");
    }
    enum nnrpc_code code = act_find_contact(act, request->contact->id, &stored, out_status);
    if (code == NNRPC_OK) {
        code = act_check_etag(request->contact->etag, stored.view.etag, out_status);
    }
    return code == NNRPC_OK ? merge_contact(act, request, &stored, out_status) : code;
}

/* --- Customers ---------------------------------------------------------------------------- */

static enum nnrpc_code finish_customer_update(
    struct act *act, struct nnrpc_slice stored, Contacts__V1__Customer *merged,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice record;
    char etag[ACT_ETAG_BYTES];
    Google__Protobuf__Timestamp update_time = act_timestamp(act->now);
    enum nnrpc_code code = act_pack(act, &merged->base, &record, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (slice_equals(record, stored)) {
        act_answer(act, stored);
        return NNRPC_OK;
    }
    act_etag(act, etag);
    merged->update_time = &update_time;
    merged->etag = etag;
    code = act_pack(act, &merged->base, &record, out_status);
    if (code == NNRPC_OK) {
        struct change change = {.kind = CHANGE_CUSTOMER_UPDATED, .customer = record};
        act_change(act, &change);
        act_answer(act, record);
    }
    return code;
}

static enum nnrpc_code merge_customer(
    struct act *act, const Contacts__V1__UpdateCustomerRequest *request, struct nnrpc_slice stored,
    struct nnrpc_status *out_status) {
    const struct merge merge = {
        .given = &request->customer->base,
        .mask = request->update_mask,
        .immutable = STORE_GIVEN,
        .path = "customer",
    };
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code =
        act_unpack(act, &contacts__v1__customer__descriptor, stored, &message, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    Contacts__V1__Customer *merged = (Contacts__V1__Customer *)message;
    merge_apply(&merge, message, out_status);
    code = nnrpc_status_fail_violations(out_status, STORE_DOMAIN, STORE_REASON(INVALID_FIELDS));
    if (code == NNRPC_OK) {
        code = act_check_unique(act, merged, out_status);
    }
    return code == NNRPC_OK ? finish_customer_update(act, stored, merged, out_status) : code;
}

enum nnrpc_code act_update_customer(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__UpdateCustomerRequest *request =
        (const Contacts__V1__UpdateCustomerRequest *)act->write->request;
    struct nnrpc_slice stored;
    struct customer_view view;
    if (request->customer == NULL) {
        return fault_customer_not_found(out_status, "");
    }
    enum nnrpc_code code = act_find_customer(act, request->customer->id, &stored, out_status);
    if (code == NNRPC_OK && !customer_view_read(stored, &view)) {
        engine_fail(act->transaction);
        code = engine_check(act->transaction, out_status);
    }
    if (code == NNRPC_OK) {
        code = act_check_etag(request->customer->etag, view.etag, out_status);
    }
    return code == NNRPC_OK ? merge_customer(act, request, stored, out_status) : code;
}
