/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of contacts, of many contacts by id, and of a contact's customers.
 *
 * A small list runs on the receiver; one that may take long is run again on a read worker.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contact_service.h"
#include "list.h"
#include "mask.h"
#include "reason.h"
#include "validate.h"

#define BATCH_IDS_MOST 1000
/* Power of two, at least twice the ids. */
#define BATCH_SEEN_SLOTS 2048

/* --- ListContacts ------------------------------------------------------------------------- */

#define LIST_CONTACTS_FIELD_CONTACTS 1
#define LIST_CONTACTS_FIELD_LINKS 3
#define CONTACT_LINKS_FIELD_CONTACT_ID 1
#define CONTACT_LINKS_FIELD_CUSTOMER_IDS 2
#define CONTACT_FIELD_ID 1

/* Only the digits count; at least one is needed. */
static void check_number(struct nnrpc_status *status, const char *number, char *out_digits) {
    size_t count = 0;
    contactd_check_text(status, "number", number, CONTACTD_TEXT_BYTES);
    for (const char *at = number; *at != '\0' && count < CONTACTD_TEXT_BYTES; at++) {
        if (*at >= '0' && *at <= '9') {
            out_digits[count++] = *at;
        }
    }
    out_digits[count] = '\0';
    if (number[0] != '\0' && count == 0) {
        nnrpc_status_add_violation(
            status, "number", CONTACTD_REASON(INVALID_TEXT),
            "\"%.64s\" has no digit: expected at least one", number);
    }
}

static void check_form(struct nnrpc_status *status, int form) {
    if (form < STORE_FORM_ANY || form > STORE_FORM_SHARED) {
        nnrpc_status_add_violation(
            status, "form", CONTACTD_REASON(UNKNOWN_ENUM_VALUE),
            "is %d: expected 0 (any), 1 (direct) or 2 (shared)", form);
    }
}

_Static_assert(
    (int)STORE_FORM_DIRECT == (int)CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_DIRECT &&
        (int)STORE_FORM_SHARED == (int)CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_SHARED,
    "the store's forms are the contract's");

static void check_list_contacts(
    struct nnrpc_status *status, const Contacts__V1__ListContactsRequest *request,
    struct store_contact_query *out_query, char *out_digits) {
    struct store_contact_query query = {
        .customer_id = request->customer_id,
        .dealer_code = request->dealer_code,
        .form = (enum store_form)request->form,
        .email = request->email,
        .number = out_digits,
    };
    contactd_check_page_size(status, request->page_size, &query.page_size);
    if (request->id_after[0] != '\0') {
        contactd_check_contact_id(status, "id_after", request->id_after, &query.after_id);
    }
    contactd_check_time(status, "created_since", request->created_since);
    if (request->created_since != NULL) {
        query.has_created_since = true;
        query.created_since_s = request->created_since->seconds;
        query.created_since_ns = request->created_since->nanos;
    }
    if (request->customer_id[0] != '\0') {
        contactd_check_customer_id(status, "customer_id", request->customer_id);
    }
    contactd_check_text(status, "dealer_code", request->dealer_code, CONTACTD_TEXT_BYTES);
    check_form(status, (int)request->form);
    contactd_check_text(status, "email", request->email, CONTACTD_EMAIL_BYTES);
    check_number(status, request->number, out_digits);
    *out_query = query;
}

/* Continues a query after the position of its page token. */
static void check_contacts_token(
    struct nnrpc_status *status, const char *token, const struct contactd_page_digest *digest,
    struct store_contact_query *query) {
    char key[CONTACTD_PAGE_KEY_BYTES + 1] = "";
    uint64_t last_id = 0;
    if (token[0] == '\0') {
        return;
    }
    contactd_check_page_token(status, token, digest, key);
    if (key[0] != '\0') {
        contactd_check_contact_id(status, "page_token", key, &last_id);
    }
    if (last_id > query->after_id) {
        query->after_id = last_id;
    }
}

struct contacts_page {
    struct contactd_page page; /* first: a store_visit_record's self */
    struct store_snapshot *snapshot;
    bool include_links;
    struct nnrpc_buffer links; /* the packed ContactLinks of one contact, reused */
    struct nnrpc_status *status;
    bool failed;
};

static bool add_link(void *self, const char *customer_id) {
    struct nnrpc_buffer *links = self;
    nnrpc_wire_append_bytes(
        links, CONTACT_LINKS_FIELD_CUSTOMER_IDS, customer_id, strlen(customer_id));
    return true;
}

/* Packs the ContactLinks of a record into page->links. */
static bool pack_links(struct contacts_page *page, struct nnrpc_slice record) {
    struct nnrpc_slice id_text = {0};
    uint64_t id = 0;
    if (!contactd_record_text(record, CONTACT_FIELD_ID, &id_text)) {
        return false;
    }
    char text[32];
    snprintf(text, sizeof(text), "%.*s", (int)id_text.size, id_text.data);
    id = strtoull(text, NULL, 10);
    nnrpc_buffer_clear(&page->links);
    nnrpc_wire_append_bytes(
        &page->links, CONTACT_LINKS_FIELD_CONTACT_ID, id_text.data, id_text.size);
    enum nnrpc_code code =
        store_visit_links(page->snapshot, id, add_link, &page->links, page->status);
    return code == NNRPC_OK && !page->links.failed;
}

/* A contact and its links go into the page together or not at all. */
static bool add_contact(void *self, struct nnrpc_slice record) {
    struct contacts_page *page = self;
    if (!page->include_links) {
        return contactd_page_add(&page->page, record);
    }
    if (!pack_links(page, record)) {
        page->failed = true;
        return false;
    }
    size_t size = nnrpc_wire_bytes_field_size(
                      page->page.field_number, contactd_masked_size(record, page->page.fields)) +
                  nnrpc_wire_bytes_field_size(LIST_CONTACTS_FIELD_LINKS, page->links.size);
    if (!contactd_page_has_room(&page->page, size)) {
        return false;
    }
    contactd_page_append(&page->page, record);
    nnrpc_wire_append_bytes(
        &page->page.bytes, LIST_CONTACTS_FIELD_LINKS, page->links.data, page->links.size);
    return true;
}

static bool is_unwanted(void *self) {
    return nnrpc_call_is_cancelled(self);
}

static enum nnrpc_code fill_contacts_page(
    struct contacts_page *page, const struct store_contact_query *query,
    const struct contactd_page_digest *digest, struct nnrpc_status *out_status) {
    struct store_contact_page end = {0};
    page->status = out_status;
    enum nnrpc_code code =
        store_list_contacts(page->snapshot, query, add_contact, page, &end, out_status);
    nnrpc_buffer_deinit(&page->links);
    if (code == NNRPC_OK) {
        code = nnrpc_call_check_wanted(page->page.call, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    if (page->failed) {
        return out_status->code != NNRPC_OK ? out_status->code : contactd_fail_memory(out_status);
    }
    char key[24];
    snprintf(key, sizeof(key), "%" PRIu64, end.last_id);
    contactd_page_end(&page->page, end.more ? key : NULL, digest);
    return NNRPC_OK;
}

struct nnrpc_answer contactd_list_contacts(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListContactsRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct contacts_page page = {
        .page = {.call = call, .field_number = LIST_CONTACTS_FIELD_CONTACTS},
        .include_links = request->include_links,
    };
    struct store_contact_query query;
    struct contactd_page_digest digest;
    char digits[CONTACTD_TEXT_BYTES + 1];
    Contacts__V1__ListContactsRequest parameters = *request;
    parameters.page_size = 0;
    parameters.page_token = (char *)protobuf_c_empty_string;
    if (!contactd_page_digest("ListContacts", &parameters.base, &digest)) {
        return contactd_answer_memory(call);
    }
    check_list_contacts(&status, request, &query, digits);
    check_contacts_token(&status, request->page_token, &digest, &query);
    contactd_check_mask(
        &status, "read_mask", request->read_mask, &contacts_v1_contact_message, &page.page.fields);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    bool long_work = query.page_size > CONTACTD_INLINE_ITEMS || store_contact_query_scans(&query);
    if (long_work && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    if (contactd_snapshot_begin(contactd, call, &snapshot, &status) == NNRPC_OK) {
        page.snapshot = snapshot;
        query.is_unwanted = is_unwanted;
        query.unwanted_self = call;
        if (fill_contacts_page(&page, &query, &digest, &status) == NNRPC_OK) {
            return contactd_page_reply(&page.page);
        }
    }
    nnrpc_buffer_deinit(&page.page.bytes);
    return nnrpc_call_fail(call, &status);
}

/* --- BatchGetContacts --------------------------------------------------------------------- */

#define BATCH_FIELD_CONTACTS 1
#define BATCH_FIELD_MISSING_IDS 2
#define BATCH_FIELD_REMAINING_IDS 3

struct batch {
    size_t count;
    uint64_t ids[BATCH_IDS_MOST]; /* without duplicates, in the order of the request */
    uint64_t seen[BATCH_SEEN_SLOTS];
    bool used[BATCH_SEEN_SLOTS];
};

static bool batch_remember(struct batch *batch, uint64_t id) {
    size_t slot = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 53);
    while (batch->used[slot]) {
        if (batch->seen[slot] == id) {
            return false;
        }
        slot = (slot + 1) % BATCH_SEEN_SLOTS;
    }
    batch->used[slot] = true;
    batch->seen[slot] = id;
    return true;
}

static void check_batch(
    struct nnrpc_status *status, const Contacts__V1__BatchGetContactsRequest *request,
    struct batch *batch) {
    if (request->n_ids > BATCH_IDS_MOST) {
        nnrpc_status_add_violation(
            status, "ids", CONTACTD_REASON(TOO_LONG), "%zu ids: expected at most %d",
            request->n_ids, BATCH_IDS_MOST);
        return;
    }
    for (size_t i = 0; i < request->n_ids; i++) {
        char field[32];
        uint64_t id = UINT64_MAX;
        snprintf(field, sizeof(field), "ids[%zu]", i);
        contactd_check_contact_id(status, field, request->ids[i], &id);
        if (batch_remember(batch, id)) {
            batch->ids[batch->count++] = id;
        }
    }
}

static size_t id_text(uint64_t id, char out_text[24]) {
    return (size_t)snprintf(out_text, 24, "%" PRIu64, id);
}

static void append_id(struct contactd_page *page, uint32_t field_number, uint64_t id) {
    char text[24];
    size_t size = id_text(id, text);
    nnrpc_wire_append_bytes(&page->bytes, field_number, text, size);
}

/* The page keeps room for the ids that are still to come, so that whatever does not fit is named.
 */
static enum nnrpc_code fill_batch(
    struct contactd_page *page, struct store_snapshot *snapshot, const struct batch *batch,
    struct nnrpc_status *out_status) {
    char text[24];
    for (size_t i = 0; i < batch->count; i++) {
        page->reserved_bytes += 2 + id_text(batch->ids[i], text);
    }
    size_t next = 0;
    for (; next < batch->count; next++) {
        struct nnrpc_slice record;
        enum nnrpc_code code = store_get_contact(snapshot, batch->ids[next], &record, out_status);
        if (code != NNRPC_OK && code != NNRPC_NOT_FOUND) {
            return code;
        }
        page->reserved_bytes -= 2 + id_text(batch->ids[next], text);
        if (code == NNRPC_NOT_FOUND) {
            nnrpc_status_reset(out_status);
            append_id(page, BATCH_FIELD_MISSING_IDS, batch->ids[next]);
        } else if (!contactd_page_add(page, record)) {
            break;
        }
    }
    for (; next < batch->count; next++) {
        append_id(page, BATCH_FIELD_REMAINING_IDS, batch->ids[next]);
    }
    return NNRPC_OK;
}

struct nnrpc_answer contactd_batch_get_contacts(
    void *self, struct nnrpc_call *call, const Contacts__V1__BatchGetContactsRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct contactd_page page = {.call = call, .field_number = BATCH_FIELD_CONTACTS};
    if (request->n_ids > CONTACTD_INLINE_ITEMS && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    struct batch *batch = nnrpc_call_allocate(call, sizeof(*batch));
    if (batch == NULL) {
        return contactd_answer_memory(call);
    }
    memset(batch, 0, sizeof(*batch));
    check_batch(&status, request, batch);
    contactd_check_mask(
        &status, "read_mask", request->read_mask, &contacts_v1_contact_message, &page.fields);
    if (contactd_check_done(&status) != NNRPC_OK ||
        contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        fill_batch(&page, snapshot, batch, &status) != NNRPC_OK) {
        nnrpc_buffer_deinit(&page.bytes);
        return nnrpc_call_fail(call, &status);
    }
    return contactd_page_reply(&page);
}

/* --- ListContactCustomers ----------------------------------------------------------------- */

struct nnrpc_answer contactd_list_contact_customers(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListContactCustomersRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct contactd_page page = {
        .call = call,
        .field_number = 1,
        .fields = CONTACTD_ALL_FIELDS,
        .reserved_bytes = CONTACTD_CUSTOMER_TOKEN_BYTES,
    };
    struct store_customer_page end = {0};
    struct contactd_page_digest digest;
    char after[CONTACTD_PAGE_KEY_BYTES + 1] = "";
    uint32_t page_size = 0;
    uint64_t id = 0;
    Contacts__V1__ListContactCustomersRequest parameters = *request;
    parameters.page_size = 0;
    parameters.page_token = (char *)protobuf_c_empty_string;
    if (!contactd_page_digest("ListContactCustomers", &parameters.base, &digest)) {
        return contactd_answer_memory(call);
    }
    contactd_check_contact_id(&status, "contact_id", request->contact_id, &id);
    contactd_check_page_size(&status, request->page_size, &page_size);
    if (request->page_token[0] != '\0') {
        contactd_check_page_token(&status, request->page_token, &digest, after);
    }
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    if (page_size > CONTACTD_INLINE_ITEMS && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    if (contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        store_list_contact_customers(
            snapshot, id, after, page_size, contactd_page_add, &page, &end, &status) != NNRPC_OK) {
        nnrpc_buffer_deinit(&page.bytes);
        return nnrpc_call_fail(call, &status);
    }
    contactd_page_end(&page, end.more ? end.last_id : NULL, &digest);
    return contactd_page_reply(&page);
}
