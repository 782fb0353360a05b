/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating and deleting customers, and what of them must be unique.
 */
#include <inttypes.h>
#include <stdio.h>

#include "act.h"
#include "apply.h"
#include "contacts/v1/customer_service.pb-c.h"
#include "faults.h"
#include "keys.h"

static const Contacts__V1__Customer empty_customer = CONTACTS__V1__CUSTOMER__INIT;

/* A value that only one customer may have. */
struct unique_value {
    enum engine_table table;
    const char *value;
    const char *what;
    const char *reason;
};

static enum nnrpc_code check_unique_value(
    struct act *act, const struct unique_value *unique, const char *customer_id,
    struct nnrpc_status *out_status) {
    struct key key = key_of_text(slice_of_text(unique->value));
    struct nnrpc_slice holder;
    if (!engine_get(act->transaction, unique->table, key_slice(&key), &holder) ||
        slice_equals(holder, slice_of_text(customer_id))) {
        return NNRPC_OK;
    }
    nnrpc_fail(
        out_status, NNRPC_ALREADY_EXISTS, STORE_DOMAIN, unique->reason,
        "customer \"%.*s\" has the %s \"%.64s\" already", (int)holder.size,
        (const char *)holder.data, unique->what, unique->value);
    nnrpc_status_add_info(
        out_status, "customer_id", "%.*s", (int)holder.size, (const char *)holder.data);
    return NNRPC_ALREADY_EXISTS;
}

enum nnrpc_code act_check_unique(
    struct act *act, const Contacts__V1__Customer *customer, struct nnrpc_status *out_status) {
    const struct unique_value account_number = {
        .table = ENGINE_ACCOUNT_NUMBERS,
        .value = customer->account_number,
        .what = "account number",
        .reason = STORE_REASON(ACCOUNT_NUMBER_TAKEN),
    };
    const struct unique_value crm_reference = {
        .table = ENGINE_CRM_REFERENCES,
        .value = customer->crm_reference,
        .what = "CRM reference",
        .reason = STORE_REASON(CRM_REFERENCE_TAKEN),
    };
    enum nnrpc_code code = check_unique_value(act, &account_number, customer->id, out_status);
    return code == NNRPC_OK ? check_unique_value(act, &crm_reference, customer->id, out_status)
                            : code;
}

/* Finds the next decimal number that is no customer's id. Numbers passed over are taken, so each is
 * tried once in the life of the store. */
static void assign_id(struct act *act, char out_id[ACT_ID_BYTES]) {
    uint64_t number = act->state->next_customer_number;
    struct nnrpc_slice unused;
    snprintf(out_id, ACT_ID_BYTES, "%" PRIu64, number);
    while (customer_find(act->transaction, slice_of_text(out_id), &unused)) {
        number++;
        snprintf(out_id, ACT_ID_BYTES, "%" PRIu64, number);
    }
    act->next_customer_number = number + 1;
}

static enum nnrpc_code check_id_is_free(
    struct act *act, const char *id, struct nnrpc_status *out_status) {
    struct nnrpc_slice unused;
    if (!customer_find(act->transaction, slice_of_text(id), &unused)) {
        return NNRPC_OK;
    }
    nnrpc_fail(
        out_status, NNRPC_ALREADY_EXISTS, STORE_DOMAIN, STORE_REASON(CUSTOMER_ID_TAKEN),
        "there is a customer \"%.64s\" already", id);
    nnrpc_status_add_info(out_status, "customer_id", "%s", id);
    return NNRPC_ALREADY_EXISTS;
}

enum nnrpc_code act_create_customer(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__CreateCustomerRequest *request =
        (const Contacts__V1__CreateCustomerRequest *)act->write->request;
    Contacts__V1__Customer stored = request->customer != NULL ? *request->customer : empty_customer;
    Google__Protobuf__Timestamp now = act_timestamp(act->now);
    struct nnrpc_slice record;
    char id[ACT_ID_BYTES];
    char etag[ACT_ETAG_BYTES];
    enum nnrpc_code code = NNRPC_OK;
    if (stored.id[0] != '\0') {
        code = check_id_is_free(act, stored.id, out_status);
    } else {
        assign_id(act, id);
        stored.id = id;
    }
    if (code == NNRPC_OK) {
        code = act_check_unique(act, &stored, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    act_etag(act, etag);
    stored.base.n_unknown_fields = 0;
    stored.create_time = &now;
    stored.update_time = &now;
    stored.etag = etag;
    code = act_pack(act, &stored.base, &record, out_status);
    if (code == NNRPC_OK) {
        struct change change = {.kind = CHANGE_CUSTOMER_CREATED, .customer = record};
        act_change(act, &change);
        act_answer(act, record);
    }
    return code;
}

static enum nnrpc_code change_deleted(
    struct act *act, const char *id, struct nnrpc_status *out_status) {
    struct customer_holdings holdings =
        customer_count_holdings(act->transaction, slice_of_text(id), UINT64_MAX);
    Contacts__V1__Customer named = CONTACTS__V1__CUSTOMER__INIT;
    Contacts__V1__DeleteCustomerResponse response = CONTACTS__V1__DELETE_CUSTOMER_RESPONSE__INIT;
    struct nnrpc_slice packed;
    struct nnrpc_slice packed_response;
    named.id = (char *)id;
    response.deleted_contact_count = (uint32_t)holdings.direct_contacts;
    response.removed_link_count = (uint32_t)holdings.links;
    enum nnrpc_code code = act_pack(act, &named.base, &packed, out_status);
    if (code == NNRPC_OK) {
        code = act_pack(act, &response.base, &packed_response, out_status);
    }
    if (code == NNRPC_OK) {
        /* Each direct contact's deletion has a revision of its own, before this one. */
        struct change change = {
            .revision = act->state->revision + holdings.direct_contacts + 1,
            .kind = CHANGE_CUSTOMER_DELETED,
            .customer = packed,
        };
        act_change(act, &change);
        nnrpc_buffer_append(act->response, packed_response.data, packed_response.size);
    }
    return code;
}

enum nnrpc_code act_delete_customer(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__DeleteCustomerRequest *request =
        (const Contacts__V1__DeleteCustomerRequest *)act->write->request;
    struct nnrpc_slice record;
    struct customer_view view;
    enum nnrpc_code code = act_find_customer(act, request->id, &record, out_status);
    if (code == NNRPC_OK && !customer_view_read(record, &view)) {
        engine_fail(act->transaction);
        code = engine_check(act->transaction, out_status);
    }
    if (code == NNRPC_OK) {
        code = act_check_etag(request->etag, view.etag, out_status);
    }
    return code == NNRPC_OK ? change_deleted(act, request->id, out_status) : code;
}
