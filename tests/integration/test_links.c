/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links between shared contacts and customers: the contract's act 5, and the customers of a
 * contact.
 */
#include <string.h>

#include "acts.h"

/* Both directions of one act, so that a test may make it either way. */
typedef Contact *(*link_act)(struct peer *peer, const char *customer_id, const char *contact_id);
static const link_act both_acts[] = {try_add_link, try_remove_link};

static void an_added_contact_is_listed_with_its_customer(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *direct = create_direct_contact(peer, customer);
    const Contact *shared = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    expect_equal_messages(add_link(peer, customer, shared->id), shared);
    assert_int_equal(peer->revision, revision + 1);
    expect_contacts_of(peer, customer, direct->id, shared->id);
    expect_customers_of(peer, shared->id, customer);
}

static void adding_twice_is_fine_and_changes_nothing(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *shared = create_shared_contact(peer);
    add_link(peer, customer, shared->id);
    uint64_t revision = revision_now(peer);
    expect_equal_messages(add_link(peer, customer, shared->id), shared);
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    expect_customers_of(peer, shared->id, customer);
    delete_customer(peer, customer, 0, 1);
}

static void a_contact_may_be_shared_by_many_customers(void **state) {
    struct peer *peer = *state;
    static const char *const ids[] = {"many-b", "many-a", "many-C", "many-10", "many-9"};
    const Contact *shared = create_shared_contact(peer);
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        Customer customer = CUSTOMER_INIT;
        customer.id = text(ids[i]);
        create_customer(peer, &customer);
        add_link(peer, ids[i], shared->id);
    }
    expect_customers_of(peer, shared->id, "many-10", "many-9", "many-C", "many-a", "many-b");
}

static void a_removed_contact_stays_without_the_link(void **state) {
    struct peer *peer = *state;
    const char *first = new_customer(peer);
    const char *second = new_customer(peer);
    const Contact *shared = create_shared_contact(peer);
    add_link(peer, first, shared->id);
    add_link(peer, second, shared->id);
    uint64_t revision = revision_now(peer);
    expect_equal_messages(remove_link(peer, first, shared->id), shared);
    assert_int_equal(peer->revision, revision + 1);
    expect_customers_of(peer, shared->id, second);
    expect_no_contacts_of(peer, first);
    remove_link(peer, second, shared->id);
    expect_no_customers_of(peer, shared->id);
    get_contact(peer, shared->id);
}

static void removing_a_link_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *shared = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    try_remove_link(peer, customer, shared->id);
    expect_reason(peer, NNRPC_NOT_FOUND, "LINK_NOT_FOUND");
    expect_info(peer, "contact_id", shared->id);
    expect_info(peer, "customer_id", customer);
    expect_revision(peer, revision);
}

static void a_direct_contact_has_no_links(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const char *owner = new_customer(peer);
    const Contact *direct = create_direct_contact(peer, owner);
    uint64_t revision = revision_now(peer);
    for (size_t i = 0; i < NNRPC_LENGTH(both_acts); i++) {
        both_acts[i](peer, customer, direct->id);
        expect_reason(peer, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
        expect_info(peer, "contact_id", direct->id);
        both_acts[i](peer, owner, direct->id);
        expect_reason(peer, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
    }
    expect_revision(peer, revision);
    expect_customers_of(peer, direct->id, owner);
}

static void links_need_both_ends(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *shared = create_shared_contact(peer);
    for (size_t i = 0; i < NNRPC_LENGTH(both_acts); i++) {
        both_acts[i](peer, "nobody", shared->id);
        expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
        expect_info(peer, "customer_id", "nobody");
        both_acts[i](peer, customer, "987654321");
        expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        expect_info(peer, "contact_id", "987654321");
    }
}

static void links_name_both_ends_by_canonical_ids(void **state) {
    struct peer *peer = *state;
    for (size_t i = 0; i < NNRPC_LENGTH(both_acts); i++) {
        both_acts[i](peer, "..", "007");
        expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_ID");
        expect_violation_count(peer, 2);
        expect_violation(peer, "customer_id", "INVALID_ID");
        expect_violation(peer, "contact_id", "INVALID_ID");
        both_acts[i](peer, "", "1");
        expect_only_violation(peer, "customer_id", "INVALID_ID");
    }
}

static void a_converted_contact_can_be_unlinked_and_linked_again(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    convert_contact(peer, contact->id);
    remove_link(peer, customer, contact->id);
    expect_no_contacts_of(peer, customer);
    add_link(peer, customer, contact->id);
    expect_contacts_of(peer, customer, contact->id);
}

static void validating_links_changes_nothing(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *shared = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    Contacts__V1__AddSharedContactRequest add = CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT;
    add.customer_id = text(customer);
    add.contact_id = shared->id;
    add.validate_only = 1;
    expect_equal_messages(call_add_shared_contact(peer, &add)->contact, shared);
    assert_int_equal(peer->revision, revision);
    expect_no_customers_of(peer, shared->id);
    add_link(peer, customer, shared->id);
    Contacts__V1__RemoveSharedContactRequest remove =
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT;
    remove.customer_id = text(customer);
    remove.contact_id = shared->id;
    remove.validate_only = 1;
    expect_equal_messages(call_remove_shared_contact(peer, &remove)->contact, shared);
    expect_customers_of(peer, shared->id, customer);
    expect_revision(peer, revision + 1);
}

/* --- The customers of a contact ------------------------------------------------------------- */

static void the_customers_of_no_contact_are_not_found(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactCustomersRequest request =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    request.contact_id = text("987654321");
    call_list_contact_customers(peer, &request);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(peer, "contact_id", "987654321");
    request.contact_id = text("007");
    call_list_contact_customers(peer, &request);
    expect_only_violation(peer, "contact_id", "INVALID_ID");
}

static void the_customers_of_a_contact_come_whole(void **state) {
    struct peer *peer = *state;
    Customer given = CUSTOMER_INIT;
    given.id = fresh("whole");
    given.name = text("Whole");
    const Customer *customer = create_customer(peer, &given);
    const Contact *direct = create_direct_contact(peer, customer->id);
    Contacts__V1__ListContactCustomersRequest request =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    request.contact_id = direct->id;
    const Contacts__V1__ListContactCustomersResponse *response =
        call_list_contact_customers(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_customers, 1);
    expect_equal_messages(response->customers[0], customer);
}

static void the_customers_of_a_contact_come_in_pages(void **state) {
    struct peer *peer = *state;
    enum { CUSTOMERS = 23 };
    const Contact *shared = create_shared_contact(peer);
    for (int i = 0; i < CUSTOMERS; i++) {
        add_link(peer, new_customer(peer), shared->id);
    }
    Contacts__V1__ListContactCustomersRequest request =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    request.contact_id = shared->id;
    const char *last = "";
    size_t count = 0;
    for (int page = 1; page == 1 || request.page_token[0] != '\0'; page++) {
        assert_true(page <= CUSTOMERS);
        request.page_size = 1 + page % 5; /* page_size may change from page to page */
        const Contacts__V1__ListContactCustomersResponse *response =
            call_list_contact_customers(peer, &request);
        expect_ok(peer);
        assert_true(response->n_customers <= (size_t)request.page_size);
        for (size_t i = 0; i < response->n_customers; i++) {
            assert_true(strcmp(response->customers[i]->id, last) > 0);
            last = response->customers[i]->id;
            count++;
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(count, CUSTOMERS);
}

static void a_page_of_customers_belongs_to_its_contact(void **state) {
    struct peer *peer = *state;
    const Contact *first = create_shared_contact(peer);
    const Contact *second = create_shared_contact(peer);
    for (int i = 0; i < 2; i++) {
        const char *customer = new_customer(peer);
        add_link(peer, customer, first->id);
        add_link(peer, customer, second->id);
    }
    Contacts__V1__ListContactCustomersRequest request =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    request.contact_id = first->id;
    request.page_size = 1;
    const Contacts__V1__ListContactCustomersResponse *response =
        call_list_contact_customers(peer, &request);
    expect_ok(peer);
    assert_true(response->next_page_token[0] != '\0');
    request.page_token = response->next_page_token;
    request.contact_id = second->id;
    call_list_contact_customers(peer, &request);
    expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(an_added_contact_is_listed_with_its_customer),
        scenario_test(adding_twice_is_fine_and_changes_nothing),
        scenario_test(a_contact_may_be_shared_by_many_customers),
        scenario_test(a_removed_contact_stays_without_the_link),
        scenario_test(removing_a_link_that_is_not_there_is_not_found),
        scenario_test(a_direct_contact_has_no_links),
        scenario_test(links_need_both_ends),
        scenario_test(links_name_both_ends_by_canonical_ids),
        scenario_test(a_converted_contact_can_be_unlinked_and_linked_again),
        scenario_test(validating_links_changes_nothing),
        scenario_test(the_customers_of_no_contact_are_not_found),
        scenario_test(the_customers_of_a_contact_come_whole),
        scenario_test(the_customers_of_a_contact_come_in_pages),
        scenario_test(a_page_of_customers_belongs_to_its_contact),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("links", tests, share_a_server, NULL);
}
