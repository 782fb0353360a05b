/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating, reading, deleting and converting contacts: the contract's acts 3 and 4.
 */
#include <stdlib.h>
#include <string.h>

#include "acts.h"

/* --- Creating ------------------------------------------------------------------------------- */

static void a_direct_contact_belongs_to_its_customer(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    assert_string_equal(contact->customer_id, customer);
    expect_customers_of(peer, contact->id, customer);
    expect_contacts_of(peer, customer, contact->id);
}

static void a_shared_contact_belongs_to_no_customer_at_first(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    assert_string_equal(contact->customer_id, "");
    expect_no_customers_of(peer, contact->id);
}

static void a_new_contact_has_an_id_two_equal_times_and_an_etag(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    assert_int_equal(strspn(contact->id, "0123456789"), strlen(contact->id));
    assert_true(contact->id[0] != '0' && contact->id[0] != '\0');
    assert_true(contact->etag[0] != '\0');
    assert_non_null(contact->create_time);
    assert_non_null(contact->update_time);
    assert_int_equal(compare_times(contact->create_time, contact->update_time), 0);
    assert_true(contact->create_time->seconds > 1500000000);
}

static void ids_and_times_of_contacts_ascend(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_shared_contact(peer);
    for (int i = 0; i < 20; i++) {
        const Contact *after = create_shared_contact(peer);
        assert_true(strtoull(after->id, NULL, 10) > strtoull(before->id, NULL, 10));
        assert_true(compare_times(after->create_time, before->create_time) >= 0);
        before = after;
    }
}

static void output_only_fields_are_ignored_on_create(void **state) {
    struct peer *peer = *state;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Contact contact = contact_named("Olga", "");
    time.seconds = 86400;
    contact.id = text("not an id at all");
    contact.etag = text("mine");
    contact.has_account_password = 1;
    contact.create_time = &time;
    contact.update_time = &time;
    const Contact *created = create_contact(peer, &contact);
    assert_int_equal(strspn(created->id, "0123456789"), strlen(created->id));
    assert_string_not_equal(created->etag, "mine");
    assert_false(created->has_account_password);
    assert_true(created->create_time->seconds > 86400);
    assert_true(created->update_time->seconds > 86400);
}

static void fill_every_field(struct peer *peer, Contact *contact) {
    static char *regarding[] = {(char *)"Zeta", (char *)"Alpha"};
    static char *letters[] = {(char *)"Letter B", (char *)"Letter A"};
    static char *tickets[] = {(char *)"Ticket"};
    put_preset(peer, "contactType", "Kind");
    put_preset(peer, "title", "Dame");
    put_preset(peer, "country", "GB");
    put_preset(peer, "numberType", "Ship");
    put_preset(peer, "dealerCode", "D1");
    put_preset(peer, "emailBillType", "Bill");
    put_preset(peer, "invoiceUsageReportCustomerProfile", "Profile");
    put_preset(peer, "contactRegarding", regarding[0]);
    put_preset(peer, "contactRegarding", regarding[1]);
    put_preset(peer, "copyCorrespondenceTypeIDs", letters[0]);
    put_preset(peer, "copyCorrespondenceTypeIDs", letters[1]);
    put_preset(peer, "copyTicketTypeIDs", tickets[0]);
    *contact = (Contact)CONTACT_INIT;
    contact->contact_type = text("Kind");
    contact->title = text("Dame");
    contact->first_name = text("Zoë");
    contact->last_name = text("O'Neill");
    contact->company_name = text("Ship & Shore");
    contact->address1 = text("1 Quay");
    contact->address2 = text("Dock 2");
    contact->address3 = text("Harbour");
    contact->address4 = text("Hull");
    contact->address5 = text("East Riding");
    contact->postcode = text("HU1 1AA");
    contact->country = text("GB");
    contact->number1 = text("+44 1482 1");
    contact->number1_type = text("Ship");
    contact->number2 = text("+44 1482 2");
    contact->number2_type = text("Ship");
    contact->number3 = text("+44 1482 3");
    contact->number3_type = text("Ship");
    contact->number4 = text("+44 1482 4");
    contact->number4_type = text("Ship");
    contact->email = text("Zoe@Example.org");
    contact->website = text("https://example.org/");
    contact->contact_position = text("Captain");
    contact->dealer_code = text("D1");
    contact->n_contact_regarding = NNRPC_LENGTH(regarding);
    contact->contact_regarding = regarding;
    contact->email_bill_type = text("Bill");
    contact->invoice_usage_report_customer_profile = text("Profile");
    contact->n_copy_correspondence_type_ids = NNRPC_LENGTH(letters);
    contact->copy_correspondence_type_ids = letters;
    contact->n_copy_ticket_type_ids = NNRPC_LENGTH(tickets);
    contact->copy_ticket_type_ids = tickets;
}

static void a_contact_is_stored_field_for_field_as_it_was_given(void **state) {
    struct peer *peer = *state;
    Contact given;
    fill_every_field(peer, &given);
    const Contact *created = create_contact(peer, &given);
    Contact expected = given;
    expected.id = created->id;
    expected.etag = created->etag;
    expected.create_time = created->create_time;
    expected.update_time = created->update_time;
    expect_equal_messages(created, &expected);
    expect_equal_messages(get_contact(peer, created->id), created);
}

static void creating_for_a_customer_that_is_not_there_is_refused(void **state) {
    struct peer *peer = *state;
    const Contact contact = contact_named("Nora", "no-such-customer");
    uint64_t revision = revision_now(peer);
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(peer, "customer_id", "no-such-customer");
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
}

static void creating_nothing_is_refused(void **state) {
    struct peer *peer = *state;
    try_create_contact(peer, NULL);
    expect_only_violation(peer, "contact", "REQUIRED");
}

static void validating_a_create_changes_nothing(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    Contact contact = contact_named("Vera", customer);
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.validate_only = 1;
    uint64_t revision = revision_now(peer);
    const Contacts__V1__CreateContactResponse *response = call_create_contact(peer, &request);
    expect_ok(peer);
    assert_string_equal(response->contact->first_name, "Vera");
    assert_string_equal(response->contact->customer_id, customer);
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    expect_no_contacts_of(peer, customer);
}

static void validating_a_create_makes_every_check(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("Vera", "no-such-customer");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.validate_only = 1;
    call_create_contact(peer, &request);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
}

/* --- Reading -------------------------------------------------------------------------------- */

static void reading_a_contact_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    static const char *const ids[] = {"0", "987654321", "18446744073709551615"};
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        try_get_contact(peer, ids[i]);
        expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        expect_info(peer, "contact_id", ids[i]);
    }
}

static void a_contact_id_is_canonical_decimal(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {
        "",
        "007",
        "00",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "1e3",
        "one",
        "18446744073709551616",
        "99999999999999999999",
        "100000000000000000000",
        "\xef\xbc\x91"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        try_get_contact(peer, wrong[i]);
        expect_only_violation(peer, "id", "INVALID_ID");
        try_delete_contact(peer, wrong[i], "");
        expect_only_violation(peer, "id", "INVALID_ID");
        try_convert_contact(peer, wrong[i], "");
        expect_only_violation(peer, "id", "INVALID_ID");
    }
}

static void a_read_mask_selects_the_fields_of_a_contact(void **state) {
    struct peer *peer = *state;
    Contact given;
    fill_every_field(peer, &given);
    const Contact *created = create_contact(peer, &given);
    Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    request.id = created->id;
    request.read_mask = MASK("etag", "contact_regarding", "number4_type");
    const Contacts__V1__GetContactResponse *response = call_get_contact(peer, &request);
    expect_ok(peer);
    Contact expected = CONTACT_INIT;
    expected.etag = created->etag;
    expected.n_contact_regarding = given.n_contact_regarding;
    expected.contact_regarding = given.contact_regarding;
    expected.number4_type = given.number4_type;
    expect_equal_messages(response->contact, &expected);
}

static void a_star_among_the_paths_of_a_read_mask_selects_everything(void **state) {
    struct peer *peer = *state;
    const Contact *created = create_shared_contact(peer);
    Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    request.id = created->id;
    request.read_mask = MASK("id", "*");
    const Contacts__V1__GetContactResponse *response = call_get_contact(peer, &request);
    expect_ok(peer);
    expect_equal_messages(response->contact, created);
}

static void a_read_mask_with_an_unknown_path_is_refused(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {
        "firstName", "name", "create_time.seconds", "", "FIRST_NAME"};
    const Contact *created = create_shared_contact(peer);
    Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    request.id = created->id;
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        request.read_mask = MASK("id", wrong[i]);
        call_get_contact(peer, &request);
        expect_only_violation(peer, "read_mask", "INVALID_MASK");
    }
}

/* --- Deleting ------------------------------------------------------------------------------- */

static void a_deleted_contact_is_gone(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    delete_contact(peer, contact->id);
    try_get_contact(peer, contact->id);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_no_contacts_of(peer, customer);
}

static void deleting_what_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    delete_contact(peer, contact->id);
    uint64_t revision = revision_now(peer);
    try_delete_contact(peer, contact->id, "");
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(peer, "contact_id", contact->id);
    expect_revision(peer, revision);
}

static void deleting_a_shared_contact_deletes_its_links(void **state) {
    struct peer *peer = *state;
    const char *first = new_customer(peer);
    const char *second = new_customer(peer);
    const Contact *contact = create_shared_contact(peer);
    const Contact *other = create_shared_contact(peer);
    add_link(peer, first, contact->id);
    add_link(peer, second, contact->id);
    add_link(peer, second, other->id);
    delete_contact(peer, contact->id);
    expect_no_contacts_of(peer, first);
    expect_contacts_of(peer, second, other->id);
    delete_customer(peer, first, 0, 0);
    delete_customer(peer, second, 0, 1);
}

static void deleting_holds_an_etag_against_the_stored_one(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    try_delete_contact(peer, contact->id, "another");
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(peer, "etag", contact->etag);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    try_delete_contact(peer, contact->id, contact->etag);
    expect_ok(peer);
    try_get_contact(peer, contact->id);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
}

static void validating_a_delete_changes_nothing(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    Contacts__V1__DeleteContactRequest request = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    request.id = contact->id;
    request.validate_only = 1;
    uint64_t revision = revision_now(peer);
    call_delete_contact(peer, &request);
    expect_ok(peer);
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    request.etag = text("another");
    call_delete_contact(peer, &request);
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
}

/* --- Converting ----------------------------------------------------------------------------- */

static void a_converted_contact_is_shared_and_linked_to_its_old_customer(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *direct = create_direct_contact(peer, customer);
    const Contact *shared = convert_contact(peer, direct->id);
    assert_string_equal(shared->customer_id, "");
    assert_string_equal(shared->id, direct->id);
    assert_string_equal(shared->first_name, direct->first_name);
    expect_equal_messages(get_contact(peer, direct->id), shared);
    expect_customers_of(peer, direct->id, customer);
    expect_contacts_of(peer, customer, direct->id);
}

static void converting_changes_etag_and_update_time_and_makes_one_revision(void **state) {
    struct peer *peer = *state;
    const Contact *direct = create_direct_contact(peer, new_customer(peer));
    uint64_t revision = revision_now(peer);
    const Contact *shared = convert_contact(peer, direct->id);
    assert_int_equal(peer->revision, revision + 1);
    expect_revision(peer, revision + 1);
    assert_string_not_equal(shared->etag, direct->etag);
    assert_int_equal(compare_times(shared->create_time, direct->create_time), 0);
    assert_true(compare_times(shared->update_time, direct->update_time) >= 0);
}

static void a_converted_contact_stays_when_its_old_customer_goes(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    convert_contact(peer, contact->id);
    delete_customer(peer, customer, 0, 1);
    get_contact(peer, contact->id);
    expect_no_customers_of(peer, contact->id);
}

static void a_shared_contact_cannot_be_converted(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    try_convert_contact(peer, contact->id, "");
    expect_reason(peer, NNRPC_FAILED_PRECONDITION, "CONTACT_ALREADY_SHARED");
    expect_info(peer, "contact_id", contact->id);
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, contact->id), contact);
}

static void converting_what_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    try_convert_contact(peer, "987654321", "");
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(peer, "contact_id", "987654321");
}

static void converting_holds_an_etag_against_the_stored_one(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    try_convert_contact(peer, contact->id, "another");
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(peer, "etag", contact->etag);
    assert_string_equal(get_contact(peer, contact->id)->customer_id, customer);
    try_convert_contact(peer, contact->id, contact->etag);
    expect_ok(peer);
}

static void validating_a_conversion_changes_nothing(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_direct_contact(peer, new_customer(peer));
    Contacts__V1__ConvertToSharedContactRequest request =
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT;
    request.id = contact->id;
    request.validate_only = 1;
    uint64_t revision = revision_now(peer);
    const Contacts__V1__ConvertToSharedContactResponse *response =
        call_convert_to_shared_contact(peer, &request);
    expect_ok(peer);
    assert_string_equal(response->contact->customer_id, "");
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, contact->id), contact);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_direct_contact_belongs_to_its_customer),
        scenario_test(a_shared_contact_belongs_to_no_customer_at_first),
        scenario_test(a_new_contact_has_an_id_two_equal_times_and_an_etag),
        scenario_test(ids_and_times_of_contacts_ascend),
        scenario_test(output_only_fields_are_ignored_on_create),
        scenario_test(a_contact_is_stored_field_for_field_as_it_was_given),
        scenario_test(creating_for_a_customer_that_is_not_there_is_refused),
        scenario_test(creating_nothing_is_refused),
        scenario_test(validating_a_create_changes_nothing),
        scenario_test(validating_a_create_makes_every_check),
        scenario_test(reading_a_contact_that_is_not_there_is_not_found),
        scenario_test(a_contact_id_is_canonical_decimal),
        scenario_test(a_read_mask_selects_the_fields_of_a_contact),
        scenario_test(a_star_among_the_paths_of_a_read_mask_selects_everything),
        scenario_test(a_read_mask_with_an_unknown_path_is_refused),
        scenario_test(a_deleted_contact_is_gone),
        scenario_test(deleting_what_is_not_there_is_not_found),
        scenario_test(deleting_a_shared_contact_deletes_its_links),
        scenario_test(deleting_holds_an_etag_against_the_stored_one),
        scenario_test(validating_a_delete_changes_nothing),
        scenario_test(a_converted_contact_is_shared_and_linked_to_its_old_customer),
        scenario_test(converting_changes_etag_and_update_time_and_makes_one_revision),
        scenario_test(a_converted_contact_stays_when_its_old_customer_goes),
        scenario_test(a_shared_contact_cannot_be_converted),
        scenario_test(converting_what_is_not_there_is_not_found),
        scenario_test(converting_holds_an_etag_against_the_stored_one),
        scenario_test(validating_a_conversion_changes_nothing),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("contacts", tests, share_a_server, NULL);
}
