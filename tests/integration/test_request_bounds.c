/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of requests: page sizes, request ids, filters, times, lists of ids, names.
 */
#include <string.h>

#include "acts.h"

/* --- Page sizes ----------------------------------------------------------------------------- */

static void no_list_takes_a_negative_page_size(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest contacts = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    contacts.page_size = -1;
    call_list_contacts(peer, &contacts);
    expect_only_violation(peer, "page_size", "INVALID_PAGE_SIZE");
    Contacts__V1__ListCustomersRequest customers = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    customers.page_size = INT32_MIN;
    call_list_customers(peer, &customers);
    expect_only_violation(peer, "page_size", "INVALID_PAGE_SIZE");
    Contacts__V1__ListContactCustomersRequest of_contact =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    of_contact.contact_id = text("1");
    of_contact.page_size = -1;
    call_list_contact_customers(peer, &of_contact);
    expect_only_violation(peer, "page_size", "INVALID_PAGE_SIZE");
    Contacts__V1__ListPresetValuesRequest presets = CONTACTS__V1__LIST_PRESET_VALUES_REQUEST__INIT;
    presets.field = text("title");
    presets.page_size = -1;
    call_list_preset_values(peer, &presets);
    expect_only_violation(peer, "page_size", "INVALID_PAGE_SIZE");
    Contacts__V1__ListChangesRequest changes = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    changes.page_size = -1;
    call_list_changes(peer, &changes);
    expect_only_violation(peer, "page_size", "INVALID_PAGE_SIZE");
}

/* --- Request ids ---------------------------------------------------------------------------- */

/* Calls every method that has a request id with one alone; what else is missing is told beside. */
static void try_request_id(struct peer *peer, const struct nnrpc_method *method, char *request_id) {
    char request[512] __attribute__((aligned(16)));
    const ProtobufCMessageDescriptor *type = method->request->descriptor;
    assert_true(type->sizeof_message <= sizeof(request));
    type->message_init((ProtobufCMessage *)request);
    memcpy(
        request + type->fields[method->request_id_index].offset, &request_id, sizeof(request_id));
    call_method(peer, method, (ProtobufCMessage *)request);
}

static bool has_violation(const struct peer *peer, const char *field) {
    const struct nnrpc_status_details *details = peer->status.details;
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        if (strcmp(details->violations[i].field, field) == 0) {
            return true;
        }
    }
    return false;
}

static void every_request_id_has_at_most_64_bytes(void **state) {
    struct peer *peer = *state;
    const struct nnrpc_service *const services[] = {
        &contact_service_service, &customer_service_service, &preset_service_service,
        &admin_service_service};
    size_t methods = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        for (size_t k = 0; k < services[i]->method_count; k++) {
            const struct nnrpc_method *method = &services[i]->methods[k];
            if (method->request_id_index < 0) {
                continue;
            }
            methods++;
            try_request_id(peer, method, text_of('r', 65));
            expect_violation(peer, "request_id", "TOO_LONG");
            try_request_id(peer, method, text("a\nb"));
            expect_violation(peer, "request_id", "INVALID_TEXT");
            try_request_id(peer, method, text_of('r', 64));
            assert_false(has_violation(peer, "request_id"));
        }
    }
    assert_int_equal(methods, 12);
}

/* --- Lists ---------------------------------------------------------------------------------- */

static void filters_of_contacts_have_bounds(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.dealer_code = text_of('d', 1024);
    request.email = text_of('e', 254);
    request.number = text_of('1', 1024);
    call_list_contacts(peer, &request);
    expect_ok(peer);
    request.customer_id = text("a b");
    request.id_after = text("007");
    request.dealer_code = text_of('d', 1025);
    request.email = text_of('e', 255);
    request.number = text_of('1', 1025);
    request.form = (Contacts__V1__ContactForm)3;
    request.page_size = -1;
    request.read_mask = MASK("nothing");
    request.page_token = text("x");
    call_list_contacts(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    expect_violation_count(peer, 9);
    expect_violation(peer, "customer_id", "INVALID_ID");
    expect_violation(peer, "id_after", "INVALID_ID");
    expect_violation(peer, "dealer_code", "TOO_LONG");
    expect_violation(peer, "email", "TOO_LONG");
    expect_violation(peer, "number", "TOO_LONG");
    expect_violation(peer, "form", "UNKNOWN_ENUM_VALUE");
    expect_violation(peer, "page_size", "INVALID_PAGE_SIZE");
    expect_violation(peer, "read_mask", "INVALID_MASK");
    expect_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
}

static void a_number_to_look_for_has_a_digit(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"+", " ", "call me", "()-"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
        request.number = text(wrong[i]);
        call_list_contacts(peer, &request);
        expect_only_violation(peer, "number", "INVALID_TEXT");
    }
}

static void filters_of_contacts_have_no_control_characters(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.dealer_code = text("a\nb");
    request.email = text("a\nb");
    request.number = text("1\n2");
    call_list_contacts(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_TEXT");
    expect_violation_count(peer, 3);
}

static void filters_of_customers_have_bounds(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListCustomersRequest request = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    request.account_number = text_of('a', 1024);
    request.crm_reference = text_of('c', 1024);
    request.id_after = text_of('i', 64);
    call_list_customers(peer, &request);
    expect_ok(peer);
    request.account_number = text_of('a', 1025);
    request.crm_reference = text("a\nb");
    request.id_after = text_of('i', 65);
    call_list_customers(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    expect_violation_count(peer, 3);
    expect_violation(peer, "account_number", "TOO_LONG");
    expect_violation(peer, "crm_reference", "INVALID_TEXT");
    expect_violation(peer, "id_after", "INVALID_ID");
}

static void a_time_is_in_the_years_1_to_9999(void **state) {
    struct peer *peer = *state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        bool right;
    } times[] = {
        {-62135596800, 0, true},
        {253402300799, 999999999, true},
        {-62135596801, 999999999, false},
        {253402300800, 0, false},
        {0, -1, false},
        {0, 1000000000, false},
        {INT64_MIN, 0, false},
        {INT64_MAX, 0, false},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(times); i++) {
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = times[i].seconds;
        time.nanos = times[i].nanos;
        Contacts__V1__ListContactsRequest contacts = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
        contacts.created_since = &time;
        Contacts__V1__ListCustomersRequest customers = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
        customers.created_since = &time;
        call_list_contacts(peer, &contacts);
        if (times[i].right) {
            expect_ok(peer);
        } else {
            expect_only_violation(peer, "created_since", "INVALID_TIME");
        }
        call_list_customers(peer, &customers);
        if (times[i].right) {
            expect_ok(peer);
        } else {
            expect_only_violation(peer, "created_since", "INVALID_TIME");
        }
    }
}

/* --- Lists of ids --------------------------------------------------------------------------- */

static void a_batch_has_at_most_1000_ids(void **state) {
    struct peer *peer = *state;
    char *ids[1001];
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        ids[i] = format_text("%zu", 1000000 + i);
    }
    Contacts__V1__BatchGetContactsRequest request = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    request.ids = ids;
    request.n_ids = 1000;
    const Contacts__V1__BatchGetContactsResponse *response =
        call_batch_get_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_missing_ids, 1000);
    request.n_ids = 1001;
    call_batch_get_contacts(peer, &request);
    expect_only_violation(peer, "ids", "TOO_LONG");
}

static void every_id_of_a_batch_is_canonical(void **state) {
    struct peer *peer = *state;
    char *ids[] = {text("1"), text("007"), text("2"), text("")};
    Contacts__V1__BatchGetContactsRequest request = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    request.ids = ids;
    request.n_ids = NNRPC_LENGTH(ids);
    call_batch_get_contacts(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_ID");
    expect_violation_count(peer, 2);
    expect_violation(peer, "ids[1]", "INVALID_ID");
    expect_violation(peer, "ids[3]", "INVALID_ID");
}

static void an_import_has_at_most_10000_links(void **state) {
    struct peer *peer = *state;
    static char *ids[10001];
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        ids[i] = format_text("nobody-%zu", i);
    }
    Contact contact = CONTACT_INIT;
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.linked_customer_ids = ids;
    request.n_linked_customer_ids = 10000;
    call_import_contact(peer, &request);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    request.n_linked_customer_ids = 10001;
    call_import_contact(peer, &request);
    expect_only_violation(peer, "linked_customer_ids", "TOO_LONG");
    request.n_linked_customer_ids = 3;
    ids[1] = text("..");
    ids[2] = ids[0];
    call_import_contact(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    expect_violation_count(peer, 2);
    expect_violation(peer, "linked_customer_ids[1]", "INVALID_ID");
    expect_violation(peer, "linked_customer_ids", "DUPLICATE_VALUE");
}

/* --- Passwords, presets, backups ------------------------------------------------------------ */

static void a_password_to_verify_has_at_most_1024_bytes(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("Penny", "");
    contact.account_password = text_of('p', 1024);
    const Contact *created = create_contact(peer, &contact);
    assert_true(verifies(peer, created->id, contact.account_password));
    Contacts__V1__VerifyAccountPasswordRequest request =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_REQUEST__INIT;
    request.id = text("007");
    request.password = text_of('p', 1025);
    call_verify_account_password(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    expect_violation_count(peer, 2);
    expect_violation(peer, "id", "INVALID_ID");
    expect_violation(peer, "password", "TOO_LONG");
}

static void a_preset_name_has_1_to_1024_bytes(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", text_of('t', 1024));
    put_preset(peer, "title", "t");
    static Contacts__V1__PresetValue *(*const acts[])(struct peer *, const char *, const char *) = {
        try_put_preset, try_retire_preset};
    for (size_t i = 0; i < NNRPC_LENGTH(acts); i++) {
        acts[i](peer, "title", text_of('t', 1025));
        expect_only_violation(peer, "name", "TOO_LONG");
        acts[i](peer, "title", "");
        expect_only_violation(peer, "name", "REQUIRED");
        acts[i](peer, "title", "a\nb");
        expect_only_violation(peer, "name", "INVALID_TEXT");
    }
}

static void a_preset_field_is_one_of_ten(void **state) {
    struct peer *peer = *state;
    static const char allowed[] =
        "contactType,title,country,numberType,dealerCode,contactRegarding,emailBillType,"
        "invoiceUsageReportCustomerProfile,copyCorrespondenceTypeIDs,copyTicketTypeIDs";
    static const char *const wrong[] = {"", "Title", "contact_type", "number1Type"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        Contacts__V1__ListPresetValuesRequest request =
            CONTACTS__V1__LIST_PRESET_VALUES_REQUEST__INIT;
        request.field = text(wrong[i]);
        call_list_preset_values(peer, &request);
        expect_only_violation(peer, "field", "UNKNOWN_PRESET_FIELD");
        expect_info(peer, "allowed", allowed);
        try_put_preset(peer, wrong[i], "Name");
        expect_only_violation(peer, "field", "UNKNOWN_PRESET_FIELD");
        expect_info(peer, "allowed", allowed);
        try_retire_preset(peer, wrong[i], "Name");
        expect_only_violation(peer, "field", "UNKNOWN_PRESET_FIELD");
        expect_info(peer, "allowed", allowed);
    }
}

static void a_backup_name_is_a_plain_file_name(void **state) {
    struct peer *peer = *state;
    const char *wrong[] = {".", "..", ".x", "a/b", "../a", "a b", "\xc3\xa9"};
    Contacts__V1__BackupRequest request = CONTACTS__V1__BACKUP_REQUEST__INIT;
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        request.name = text(wrong[i]);
        call_backup(peer, &request);
        expect_only_violation(peer, "name", "INVALID_ID");
    }
    request.name = text("");
    call_backup(peer, &request);
    expect_only_violation(peer, "name", "REQUIRED");
    request.name = text_of('b', 65);
    call_backup(peer, &request);
    expect_only_violation(peer, "name", "TOO_LONG");
    request.name = text_of('b', 64);
    call_backup(peer, &request);
    expect_ok(peer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(no_list_takes_a_negative_page_size),
        scenario_test(every_request_id_has_at_most_64_bytes),
        scenario_test(filters_of_contacts_have_bounds),
        scenario_test(a_number_to_look_for_has_a_digit),
        scenario_test(filters_of_contacts_have_no_control_characters),
        scenario_test(filters_of_customers_have_bounds),
        scenario_test(a_time_is_in_the_years_1_to_9999),
        scenario_test(a_batch_has_at_most_1000_ids),
        scenario_test(every_id_of_a_batch_is_canonical),
        scenario_test(an_import_has_at_most_10000_links),
        scenario_test(a_password_to_verify_has_at_most_1024_bytes),
        scenario_test(a_preset_name_has_1_to_1024_bytes),
        scenario_test(a_preset_field_is_one_of_ten),
        scenario_test(a_backup_name_is_a_plain_file_name),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("request bounds", tests, share_a_server, NULL);
}
