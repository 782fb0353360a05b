/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Importing contacts: with their links, atomically, under their own ids if wanted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"

static Contact *try_import(
    struct peer *peer, const Contact *contact, bool keep_id, char **linked, size_t linked_count) {
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    request.keep_id = keep_id;
    request.linked_customer_ids = linked;
    request.n_linked_customer_ids = linked_count;
    Contacts__V1__ImportContactResponse *response = call_import_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

static Contact *import_with_id(struct peer *peer, const char *id) {
    Contact contact = contact_named("Imported", "");
    contact.id = text(id);
    Contact *imported = try_import(peer, &contact, true, NULL, 0);
    expect_ok(peer);
    return imported;
}

static void a_shared_contact_comes_with_its_links_in_one_revision(void **state) {
    struct peer *peer = *state;
    char *customers[] = {text("import-b"), text("import-a"), text("import-c")};
    for (size_t i = 0; i < NNRPC_LENGTH(customers); i++) {
        Customer customer = CUSTOMER_INIT;
        customer.id = customers[i];
        create_customer(peer, &customer);
    }
    const Contact contact = contact_named("Linked", "");
    uint64_t revision = revision_now(peer);
    const Contact *imported = try_import(peer, &contact, false, customers, 3);
    expect_ok(peer);
    assert_int_equal(peer->revision, revision + 1);
    expect_revision(peer, revision + 1);
    expect_equal_messages(get_contact(peer, imported->id), imported);
    expect_customers_of(peer, imported->id, "import-a", "import-b", "import-c");
}

static void a_direct_contact_comes_without_links(void **state) {
    struct peer *peer = *state;
    char *customers[] = {new_customer(peer)};
    const Contact contact = contact_named("Direct", customers[0]);
    const Contact *imported = try_import(peer, &contact, false, NULL, 0);
    expect_ok(peer);
    expect_customers_of(peer, imported->id, customers[0]);
    uint64_t revision = revision_now(peer);
    try_import(peer, &contact, false, customers, 1);
    expect_reason(peer, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
    expect_revision(peer, revision);
}

static void one_link_to_nobody_refuses_the_whole(void **state) {
    struct peer *peer = *state;
    char *customers[] = {new_customer(peer), text("nobody")};
    const Contact contact = contact_named("Refused", "");
    uint64_t revision = revision_now(peer);
    try_import(peer, &contact, false, customers, 2);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(peer, "customer_id", "nobody");
    expect_revision(peer, revision);
    expect_no_contacts_of(peer, customers[0]);
}

static void a_contact_keeps_its_id_when_wanted(void **state) {
    struct peer *peer = *state;
    uint64_t next = strtoull(create_shared_contact(peer)->id, NULL, 10) + 1000;
    char *kept = format_text("%" PRIu64, next);
    assert_string_equal(import_with_id(peer, kept)->id, kept);
    get_contact(peer, kept);
    assert_true(strtoull(create_shared_contact(peer)->id, NULL, 10) > next);
    /* and one in the gap that this left */
    char *between = format_text("%" PRIu64, next - 1);
    assert_string_equal(import_with_id(peer, between)->id, between);
    assert_true(strtoull(create_shared_contact(peer)->id, NULL, 10) > next);
}

static void a_contact_gets_a_new_id_unless_it_is_to_keep_its_own(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("New", "");
    contact.id = text("987654321");
    const Contact *imported = try_import(peer, &contact, false, NULL, 0);
    expect_ok(peer);
    assert_string_not_equal(imported->id, "987654321");
    contact.id = text("not an id");
    assert_non_null(try_import(peer, &contact, false, NULL, 0));
}

static void a_taken_id_is_refused(void **state) {
    struct peer *peer = *state;
    const Contact *holder = create_shared_contact(peer);
    Contact contact = contact_named("Second", "");
    contact.id = holder->id;
    uint64_t revision = revision_now(peer);
    try_import(peer, &contact, true, NULL, 0);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "CONTACT_ID_TAKEN");
    expect_info(peer, "contact_id", holder->id);
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, holder->id), holder);
}

static void an_id_to_keep_is_a_canonical_number_that_leaves_room(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {
        "", "007", "0", "x", "18446744073709551615", "18446744073709551616"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        Contact contact = contact_named("Wrong", "");
        contact.id = text(wrong[i]);
        try_import(peer, &contact, true, NULL, 0);
        expect_only_violation(peer, "contact.id", "INVALID_ID");
    }
}

static void an_imported_contact_is_checked_like_any_other(void **state) {
    struct peer *peer = *state;
    Contact contact = CONTACT_INIT;
    contact.first_name = text_of('x', 1025);
    try_import(peer, &contact, false, NULL, 0);
    expect_only_violation(peer, "contact.first_name", "TOO_LONG");
    contact.first_name = text("");
    contact.title = text("Unknown");
    try_import(peer, &contact, false, NULL, 0);
    expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
    contact.title = text("");
    contact.customer_id = text("nobody");
    try_import(peer, &contact, false, NULL, 0);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    try_import(peer, NULL, false, NULL, 0);
    expect_only_violation(peer, "contact", "REQUIRED");
}

static void an_imported_contact_may_have_a_password(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("Secret", "");
    contact.account_password = text("imported");
    const Contact *imported = try_import(peer, &contact, false, NULL, 0);
    expect_ok(peer);
    assert_true(imported->has_account_password);
    assert_true(verifies(peer, imported->id, "imported"));
}

static void output_only_fields_of_an_import_are_ignored(void **state) {
    struct peer *peer = *state;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Contact contact = contact_named("Old", "");
    contact.create_time = &time;
    contact.update_time = &time;
    contact.etag = text("mine");
    contact.has_account_password = 1;
    const Contact *imported = try_import(peer, &contact, false, NULL, 0);
    expect_ok(peer);
    assert_true(imported->create_time->seconds > 0);
    assert_true(imported->update_time->seconds > 0);
    assert_string_not_equal(imported->etag, "mine");
    assert_false(imported->has_account_password);
}

static void creation_times_ascend_with_ids_whatever_is_imported(void **state) {
    struct peer *peer = *state;
    import_with_id(peer, "2000000");
    sleep_ms(2);
    import_with_id(peer, "1999990");
    import_with_id(peer, "1999999");
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.page_size = 1000;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    for (size_t i = 1; i < response->n_contacts; i++) {
        assert_true(
            compare_times(
                response->contacts[i]->create_time, response->contacts[i - 1]->create_time) >= 0);
    }
    for (size_t i = 0; i < response->n_contacts; i++) {
        request.created_since = response->contacts[i]->create_time;
        request.page_size = 1;
        const Contacts__V1__ListContactsResponse *since = call_list_contacts(peer, &request);
        expect_ok(peer);
        assert_int_equal(compare_times(since->contacts[0]->create_time, request.created_since), 0);
    }
}

static void an_id_can_be_kept_after_its_contact_is_gone(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    const char *customer = new_customer(peer);
    add_link(peer, customer, contact->id);
    delete_contact(peer, contact->id);
    import_with_id(peer, contact->id);
    expect_no_customers_of(peer, contact->id);
    expect_no_contacts_of(peer, customer);
}

static void validating_an_import_changes_nothing(void **state) {
    struct peer *peer = *state;
    char *customers[] = {new_customer(peer)};
    Contact contact = contact_named("Validated", "");
    contact.id = text("3000000");
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.keep_id = 1;
    request.linked_customer_ids = customers;
    request.n_linked_customer_ids = 1;
    request.validate_only = 1;
    uint64_t revision = revision_now(peer);
    assert_string_equal(call_import_contact(peer, &request)->contact->id, "3000000");
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    expect_no_contacts_of(peer, customers[0]);
    try_get_contact(peer, "3000000");
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    assert_true(strtoull(create_shared_contact(peer)->id, NULL, 10) < 3000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_shared_contact_comes_with_its_links_in_one_revision),
        scenario_test(a_direct_contact_comes_without_links),
        scenario_test(one_link_to_nobody_refuses_the_whole),
        scenario_test(a_contact_keeps_its_id_when_wanted),
        scenario_test(a_contact_gets_a_new_id_unless_it_is_to_keep_its_own),
        scenario_test(a_taken_id_is_refused),
        scenario_test(an_id_to_keep_is_a_canonical_number_that_leaves_room),
        scenario_test(an_imported_contact_is_checked_like_any_other),
        scenario_test(an_imported_contact_may_have_a_password),
        scenario_test(output_only_fields_of_an_import_are_ignored),
        scenario_test(creation_times_ascend_with_ids_whatever_is_imported),
        scenario_test(an_id_can_be_kept_after_its_contact_is_gone),
        scenario_test(validating_an_import_changes_nothing),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("import", tests, share_a_server, NULL);
}
