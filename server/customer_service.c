/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contacts.v1.CustomerService.
 */
#include <string.h>

#include "contacts/v1/customer.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "list.h"
#include "mask.h"
#include "reason.h"
#include "validate.h"

/* --- Reads -------------------------------------------------------------------------------- */

static struct nnrpc_answer get_customer(
    void *self, struct nnrpc_call *call, const Contacts__V1__GetCustomerRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct nnrpc_slice record;
    uint64_t fields = 0;
    contactd_check_customer_id(&status, "id", request->id);
    contactd_check_mask(
        &status, "read_mask", request->read_mask, &contacts_v1_customer_message, &fields);
    if (contactd_check_done(&status) != NNRPC_OK ||
        contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        store_get_customer(snapshot, request->id, &record, &status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_reply_record(call, record, fields);
}

static void check_list_customers(
    struct nnrpc_status *status, const Contacts__V1__ListCustomersRequest *request,
    struct store_customer_query *out_query) {
    struct store_customer_query query = {
        .after_id = request->id_after,
        .account_number = request->account_number,
        .crm_reference = request->crm_reference,
    };
    contactd_check_page_size(status, request->page_size, &query.page_size);
    if (request->id_after[0] != '\0') {
        contactd_check_customer_id(status, "id_after", request->id_after);
    }
    contactd_check_time(status, "created_since", request->created_since);
    if (request->created_since != NULL) {
        query.has_created_since = true;
        query.created_since_s = request->created_since->seconds;
        query.created_since_ns = request->created_since->nanos;
    }
    contactd_check_text(status, "account_number", request->account_number, CONTACTD_TEXT_BYTES);
    contactd_check_text(status, "crm_reference", request->crm_reference, CONTACTD_TEXT_BYTES);
    *out_query = query;
}

static enum nnrpc_code fill_customers_page(
    struct contactd *contactd, struct contactd_page *page, const struct store_customer_query *query,
    const struct contactd_page_digest *digest, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct store_customer_page end = {0};
    enum nnrpc_code code = contactd_snapshot_begin(contactd, page->call, &snapshot, out_status);
    if (code == NNRPC_OK) {
        code = store_list_customers(snapshot, query, contactd_page_add, page, &end, out_status);
    }
    if (code == NNRPC_OK) {
        contactd_page_end(page, end.more ? end.last_id : NULL, digest);
    }
    return code;
}

static struct nnrpc_answer list_customers(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListCustomersRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_page page = {
        .call = call, .field_number = 1, .reserved_bytes = CONTACTD_CUSTOMER_TOKEN_BYTES};
    struct store_customer_query query;
    struct contactd_page_digest digest;
    char after[CONTACTD_PAGE_KEY_BYTES + 1] = "";
    Contacts__V1__ListCustomersRequest parameters = *request;
    parameters.page_size = 0;
    parameters.page_token = (char *)protobuf_c_empty_string;
    if (!contactd_page_digest("ListCustomers", &parameters.base, &digest)) {
        return contactd_answer_memory(call);
    }
    check_list_customers(&status, request, &query);
    contactd_check_mask(
        &status, "read_mask", request->read_mask, &contacts_v1_customer_message, &page.fields);
    if (request->page_token[0] != '\0') {
        contactd_check_page_token(&status, request->page_token, &digest, after);
    }
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    if (strcmp(after, query.after_id) > 0) {
        query.after_id = after;
    }
    if (query.page_size > CONTACTD_INLINE_ITEMS && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    if (fill_customers_page(self, &page, &query, &digest, &status) != NNRPC_OK) {
        nnrpc_buffer_deinit(&page.bytes);
        return nnrpc_call_fail(call, &status);
    }
    return contactd_page_reply(&page);
}

/* --- Writes ------------------------------------------------------------------------------- */

static struct nnrpc_answer create_customer(
    void *self, struct nnrpc_call *call, const Contacts__V1__CreateCustomerRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_write write = {.act = STORE_CREATE_CUSTOMER, .request = &request->base};
    contactd_check_customer(&status, request->customer, CONTACTD_ALL_FIELDS);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(self, call, &write);
}

static struct nnrpc_answer update_customer(
    void *self, struct nnrpc_call *call, const Contacts__V1__UpdateCustomerRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_write write = {.act = STORE_UPDATE_CUSTOMER, .request = &request->base};
    uint64_t fields = 0;
    contactd_check_mask(
        &status, "update_mask", request->update_mask, &contacts_v1_customer_message, &fields);
    contactd_check_customer(&status, request->customer, fields & ~UINT64_C(2));
    if (request->customer != NULL) {
        contactd_check_customer_id(&status, "customer.id", request->customer->id);
    }
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(self, call, &write);
}

static struct nnrpc_answer delete_customer(
    void *self, struct nnrpc_call *call, const Contacts__V1__DeleteCustomerRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_write write = {.act = STORE_DELETE_CUSTOMER, .request = &request->base};
    contactd_check_customer_id(&status, "id", request->id);
    contactd_check_request_id(&status, request->request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(self, call, &write);
}

/* AddSharedContact and RemoveSharedContact differ in the act alone. */
static struct nnrpc_answer write_link(
    struct contactd *contactd, struct nnrpc_call *call, const struct contactd_write *write,
    const char *customer_id, const char *contact_id, const char *request_id) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    uint64_t id = 0;
    contactd_check_customer_id(&status, "customer_id", customer_id);
    contactd_check_contact_id(&status, "contact_id", contact_id, &id);
    contactd_check_request_id(&status, request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(contactd, call, write);
}

static struct nnrpc_answer add_shared_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__AddSharedContactRequest *request) {
    struct contactd_write write = {.act = STORE_ADD_SHARED_CONTACT, .request = &request->base};
    return write_link(
        self, call, &write, request->customer_id, request->contact_id, request->request_id);
}

static struct nnrpc_answer remove_shared_contact(
    void *self, struct nnrpc_call *call, const Contacts__V1__RemoveSharedContactRequest *request) {
    struct contactd_write write = {.act = STORE_REMOVE_SHARED_CONTACT, .request = &request->base};
    return write_link(
        self, call, &write, request->customer_id, request->contact_id, request->request_id);
}

static const struct customer_service_handlers handlers = {
    .get_customer = get_customer,
    .list_customers = list_customers,
    .create_customer = create_customer,
    .update_customer = update_customer,
    .delete_customer = delete_customer,
    .add_shared_contact = add_shared_contact,
    .remove_shared_contact = remove_shared_contact,
};

enum nnrpc_code contactd_register_customer_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    return customer_service_register(server, &handlers, contactd, out_status);
}
