/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating, importing, deleting and converting contacts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "contacts/v1/admin_service.pb-c.h"
#include "contacts/v1/contact_service.pb-c.h"
#include "faults.h"
#include "keys.h"

/* How a new contact comes to be. */
struct creation {
    const Contacts__V1__Contact *contact;
    uint64_t id;
    struct record_time create_time;
    const char *const *linked_customer_ids;
    size_t link_count;
};

static const Contacts__V1__Contact empty_contact = CONTACTS__V1__CONTACT__INIT;

/* Packs the contact as it is stored: the fields given, and those that only the store gives. */
static enum nnrpc_code pack_created(
    struct act *act, const struct creation *creation, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status) {
    char id[ACT_ID_BYTES];
    char etag[ACT_ETAG_BYTES];
    Google__Protobuf__Timestamp create_time = act_timestamp(creation->create_time);
    Google__Protobuf__Timestamp update_time = act_timestamp(act->now);
    Contacts__V1__Contact stored = *creation->contact;
    snprintf(id, sizeof(id), "%" PRIu64, creation->id);
    act_etag(act, etag);
    stored.base.n_unknown_fields = 0;
    stored.id = id;
    stored.account_password = (char *)protobuf_c_empty_string;
    stored.has_account_password = act->write->password_hash != NULL;
    stored.create_time = &create_time;
    stored.update_time = &update_time;
    stored.etag = etag;
    return act_pack(act, &stored.base, out_record, out_status);
}

static void change_created(
    struct act *act, const struct creation *creation, struct nnrpc_slice record,
    struct nnrpc_buffer *links) {
    for (size_t i = 0; i < creation->link_count; i++) {
        change_pack_link(creation->linked_customer_ids[i], links);
    }
    struct change change = {
        .kind = CHANGE_CONTACT_CREATED,
        .contact = record,
        .links = {.data = links->data, .size = links->size},
    };
    act_change(act, &change);
    act_answer(act, record);
    if (act->write->password_hash != NULL) {
        act->secret = ACT_SECRET_SET;
        act->secret_contact_id = creation->id;
    }
}

static enum nnrpc_code check_customers(
    struct act *act, const struct creation *creation, struct nnrpc_status *out_status) {
    enum nnrpc_code code = NNRPC_OK;
    if (creation->contact->customer_id[0] != '\0') {
        code = act_find_customer(act, creation->contact->customer_id, NULL, out_status);
    }
    for (size_t i = 0; code == NNRPC_OK && i < creation->link_count; i++) {
        code = act_find_customer(act, creation->linked_customer_ids[i], NULL, out_status);
    }
    return code;
}

static enum nnrpc_code create(
    struct act *act, const struct creation *creation, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer links = {0};
    struct nnrpc_slice record;
    enum nnrpc_code code = pack_created(act, creation, &record, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    act_check_presets(act->transaction, creation->contact, &empty_contact, out_status);
    act_check_contact_size(record, out_status);
    code = nnrpc_status_fail_violations(out_status, STORE_DOMAIN, STORE_REASON(INVALID_FIELDS));
    if (code == NNRPC_OK) {
        code = check_customers(act, creation, out_status);
    }
    if (code == NNRPC_OK) {
        change_created(act, creation, record, &links);
    }
    return links.failed ? fault_out_of_memory(out_status) : code;
}

/* Gives the next id, and now as the time. */
static enum nnrpc_code assign_id(
    struct act *act, struct creation *creation, struct nnrpc_status *out_status) {
    if (act->state->next_contact_id == UINT64_MAX) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORAGE_FULL),
            "every contact id was given: no contact can be created any more");
    }
    creation->id = act->state->next_contact_id;
    creation->create_time = act->now;
    return NNRPC_OK;
}

enum nnrpc_code act_create_contact(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__CreateContactRequest *request =
        (const Contacts__V1__CreateContactRequest *)act->write->request;
    struct creation creation = {
        .contact = request->contact != NULL ? request->contact : &empty_contact,
    };
    enum nnrpc_code code = assign_id(act, &creation, out_status);
    return code == NNRPC_OK ? create(act, &creation, out_status) : code;
}

/* Creation times do not fall from one id to the next, so that "created since" is "from an id on".
 * A contact that is put below others therefore counts as created when the next one was. */
static enum nnrpc_code find_create_time(
    struct act *act, struct creation *creation, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(act->transaction, ENGINE_CONTACTS);
    struct key key = key_of_number(creation->id);
    struct contact_view next;
    creation->create_time = act->now;
    if (!engine_cursor_seek(&cursor, key_slice(&key))) {
        return NNRPC_OK;
    }
    if (!contact_view_read(cursor.value, &next)) {
        engine_fail(act->transaction);
        return engine_check(act->transaction, out_status);
    }
    if (next.id == creation->id) {
        nnrpc_fail(
            out_status, NNRPC_ALREADY_EXISTS, STORE_DOMAIN, STORE_REASON(CONTACT_ID_TAKEN),
            "there is a contact %" PRIu64 " already", creation->id);
        nnrpc_status_add_info(out_status, "contact_id", "%" PRIu64, creation->id);
        return NNRPC_ALREADY_EXISTS;
    }
    if (record_time_compare(next.create_time, act->now) < 0) {
        creation->create_time = next.create_time;
    }
    return NNRPC_OK;
}

static enum nnrpc_code keep_id(
    struct act *act, struct creation *creation, struct nnrpc_status *out_status) {
    if (!decimal_read(slice_of_text(creation->contact->id), &creation->id) || creation->id == 0 ||
        creation->id == UINT64_MAX) {
        nnrpc_status_add_violation(
            out_status, "contact.id", STORE_REASON(INVALID_ID),
            "is \"%.64s\": expected a decimal number from 1 to %" PRIu64, creation->contact->id,
            UINT64_MAX - 1);
        return nnrpc_status_fail_violations(out_status, STORE_DOMAIN, STORE_REASON(INVALID_FIELDS));
    }
    return find_create_time(act, creation, out_status);
}

enum nnrpc_code act_import_contact(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__ImportContactRequest *request =
        (const Contacts__V1__ImportContactRequest *)act->write->request;
    struct creation creation = {
        .contact = request->contact != NULL ? request->contact : &empty_contact,
        .linked_customer_ids = (const char *const *)request->linked_customer_ids,
        .link_count = request->n_linked_customer_ids,
    };
    if (creation.link_count > 0 && creation.contact->customer_id[0] != '\0') {
        nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(CONTACT_NOT_SHARED),
            "the contact has links beside its customer_id \"%.64s\": only shared contacts have "
            "links",
            creation.contact->customer_id);
        nnrpc_status_add_info(out_status, "contact_id", "%s", creation.contact->id);
        return NNRPC_FAILED_PRECONDITION;
    }
    enum nnrpc_code code = request->keep_id ? keep_id(act, &creation, out_status)
                                            : assign_id(act, &creation, out_status);
    return code == NNRPC_OK ? create(act, &creation, out_status) : code;
}

enum nnrpc_code act_delete_contact(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__DeleteContactRequest *request =
        (const Contacts__V1__DeleteContactRequest *)act->write->request;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer named = {0};
    struct act_contact contact;
    enum nnrpc_code code = act_find_contact(act, request->id, &contact, out_status);
    if (code == NNRPC_OK) {
        code = act_check_etag(request->etag, contact.view.etag, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    change_pack_contact_name(contact.id, contact.view.customer_id, &named);
    struct change change = {
        .kind = CHANGE_CONTACT_DELETED,
        .contact = {.data = named.data, .size = named.size},
    };
    act_change(act, &change);
    return named.failed ? fault_out_of_memory(out_status) : NNRPC_OK;
}

/* The contact without its customer, and the link that it has instead. */
static enum nnrpc_code convert(
    struct act *act, const struct act_contact *contact, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer link = {0};
    ProtobufCMessage *message = NULL;
    struct nnrpc_slice record;
    char etag[ACT_ETAG_BYTES];
    Google__Protobuf__Timestamp update_time = act_timestamp(act->now);
    enum nnrpc_code code =
        act_unpack(act, &contacts__v1__contact__descriptor, contact->record, &message, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    Contacts__V1__Contact *converted = (Contacts__V1__Contact *)message;
    change_pack_link(converted->customer_id, &link);
    act_etag(act, etag);
    converted->customer_id = (char *)protobuf_c_empty_string;
    converted->update_time = &update_time;
    converted->etag = etag;
    code = act_pack(act, message, &record, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    struct change change = {
        .kind = CHANGE_CONTACT_CONVERTED,
        .contact = record,
        .links = {.data = link.data, .size = link.size},
    };
    act_change(act, &change);
    act_answer(act, record);
    return link.failed ? fault_out_of_memory(out_status) : NNRPC_OK;
}

enum nnrpc_code act_convert_contact(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__ConvertToSharedContactRequest *request =
        (const Contacts__V1__ConvertToSharedContactRequest *)act->write->request;
    struct act_contact contact;
    enum nnrpc_code code = act_find_contact(act, request->id, &contact, out_status);
    if (code == NNRPC_OK) {
        code = act_check_etag(request->etag, contact.view.etag, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    if (contact.view.customer_id.size == 0) {
        nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN,
            STORE_REASON(CONTACT_ALREADY_SHARED), "contact %" PRIu64 " is shared already",
            contact.id);
        nnrpc_status_add_info(out_status, "contact_id", "%" PRIu64, contact.id);
        return NNRPC_FAILED_PRECONDITION;
    }
    return convert(act, &contact, out_status);
}
