/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The acts on customers and on the links of shared contacts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/crypto.h"
#include "store_fixture.h"

typedef Contacts__V1__Customer Customer;

static const Customer no_customer = CONTACTS__V1__CUSTOMER__INIT;

static void free_customer(Customer **customer) {
    contacts__v1__customer__free_unpacked(*customer, NULL);
}

static void free_contact(Contacts__V1__Contact **contact) {
    contacts__v1__contact__free_unpacked(*contact, NULL);
}

#define CUSTOMER NNRPC_CLEANUP(free_customer) Customer
#define CONTACT NNRPC_CLEANUP(free_contact) Contacts__V1__Contact

static int setup(void **state) {
    static struct fixture fixture;
    fixture_open(&fixture, NULL);
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

/* --- Shorthands --------------------------------------------------------------------------- */

static struct answer create(
    struct fixture *fixture, const char *id, const char *account_number,
    const char *crm_reference) {
    Contacts__V1__CreateCustomerRequest request = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    Customer customer = no_customer;
    customer.id = (char *)id;
    customer.account_number = (char *)account_number;
    customer.crm_reference = (char *)crm_reference;
    request.customer = &customer;
    return act_now(fixture, STORE_CREATE_CUSTOMER, &request);
}

static void expect_next_id(struct fixture *fixture, const char *id) {
    ANSWER answer = create(fixture, "", "", "");
    CUSTOMER *created = answer_customer(&answer);
    assert_string_equal(created->id, id);
}

static struct answer update(struct fixture *fixture, const Customer *given, const char *path) {
    Contacts__V1__UpdateCustomerRequest request = CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)path};
    mask.n_paths = 1;
    mask.paths = paths;
    request.customer = (Customer *)given;
    request.update_mask = path == NULL ? NULL : &mask;
    return act_now(fixture, STORE_UPDATE_CUSTOMER, &request);
}

static struct answer delete_customer(struct fixture *fixture, const char *id, const char *etag) {
    Contacts__V1__DeleteCustomerRequest request = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    request.id = (char *)id;
    request.etag = (char *)etag;
    return act_now(fixture, STORE_DELETE_CUSTOMER, &request);
}

static void expect_counts(const struct answer *answer, uint32_t contacts, uint32_t links) {
    expect_ok(answer);
    Contacts__V1__DeleteCustomerResponse *response = contacts__v1__delete_customer_response__unpack(
        NULL, answer->response.size, answer->response.data);
    assert_non_null(response);
    assert_int_equal(response->deleted_contact_count, contacts);
    assert_int_equal(response->removed_link_count, links);
    contacts__v1__delete_customer_response__free_unpacked(response, NULL);
}

static struct answer add(struct fixture *fixture, const char *customer_id, const char *contact_id) {
    Contacts__V1__AddSharedContactRequest request = CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT;
    request.customer_id = (char *)customer_id;
    request.contact_id = (char *)contact_id;
    return act_now(fixture, STORE_ADD_SHARED_CONTACT, &request);
}

static struct answer take_away(
    struct fixture *fixture, const char *customer_id, const char *contact_id) {
    Contacts__V1__RemoveSharedContactRequest request =
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT;
    request.customer_id = (char *)customer_id;
    request.contact_id = (char *)contact_id;
    return act_now(fixture, STORE_REMOVE_SHARED_CONTACT, &request);
}

/* --- Create and update -------------------------------------------------------------------- */

static void a_created_customer_has_what_was_given_and_what_only_the_store_gives(void **state) {
    struct fixture *fixture = *state;
    ANSWER answer = create(fixture, "C-1.a", "A1", "R1");
    CUSTOMER *created = answer_customer(&answer);
    assert_string_equal(created->id, "C-1.a");
    assert_string_equal(created->account_number, "A1");
    assert_string_equal(created->crm_reference, "R1");
    assert_true(created->create_time->seconds > 0);
    assert_string_not_equal(created->etag, "");
    assert_int_equal(answer.revision, 1);
    CUSTOMER *stored = read_customer(fixture, "C-1.a");
    assert_string_equal(stored->etag, created->etag);
    assert_null(read_customer(fixture, "C-1"));
    assert_null(read_customer(fixture, ""));
}

static void without_an_id_the_next_free_decimal_is_given(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "2");
    put_customer(fixture, "3");
    expect_next_id(fixture, "1");
    expect_next_id(fixture, "4");
    ANSWER deleted = delete_customer(fixture, "4", "");
    expect_ok(&deleted);
    fixture_reopen(fixture);
    expect_next_id(fixture, "5");
    put_customer(fixture, "6");
    expect_next_id(fixture, "7");
}

static void a_taken_id_says_whose_it_is(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    ANSWER answer = create(fixture, "C1", "", "");
    expect_refused(fixture, &answer, NNRPC_ALREADY_EXISTS, "CUSTOMER_ID_TAKEN");
    expect_info(&answer, "customer_id", "C1");
}

static void account_number_and_crm_reference_belong_to_one_customer(void **state) {
    struct fixture *fixture = *state;
    ANSWER first = create(fixture, "C1", "A1", "R1");
    expect_ok(&first);
    ANSWER account = create(fixture, "C2", "A1", "R2");
    expect_refused(fixture, &account, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    expect_info(&account, "customer_id", "C1");
    ANSWER reference = create(fixture, "C2", "A2", "R1");
    expect_refused(fixture, &reference, NNRPC_ALREADY_EXISTS, "CRM_REFERENCE_TAKEN");
    expect_info(&reference, "customer_id", "C1");
    ANSWER second = create(fixture, "C2", "A2", "R2");
    expect_ok(&second);
    Customer given = no_customer;
    given.id = "C2";
    given.account_number = "A1";
    ANSWER taken = update(fixture, &given, "account_number");
    expect_refused(fixture, &taken, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    expect_info(&taken, "customer_id", "C1");
    given.account_number = "";
    given.crm_reference = "R1";
    ANSWER taken_too = update(fixture, &given, "crm_reference");
    expect_refused(fixture, &taken_too, NNRPC_ALREADY_EXISTS, "CRM_REFERENCE_TAKEN");
}

static void a_value_that_is_given_up_can_be_taken_by_another(void **state) {
    struct fixture *fixture = *state;
    ANSWER first = create(fixture, "C1", "A1", "R1");
    expect_ok(&first);
    Customer given = no_customer;
    given.id = "C1";
    ANSWER cleared = update(fixture, &given, "account_number");
    expect_ok(&cleared);
    ANSWER second = create(fixture, "C2", "A1", "");
    expect_ok(&second);
    ANSWER deleted = delete_customer(fixture, "C1", "");
    expect_ok(&deleted);
    ANSWER third = create(fixture, "C1", "", "R1");
    expect_ok(&third);
}

static void values_longer_than_a_key_are_told_apart(void **state) {
    struct fixture *fixture = *state;
    char one[1025];
    char other[1025];
    memset(one, 'x', sizeof(one));
    one[1024] = '\0';
    memcpy(other, one, sizeof(one));
    other[1023] = 'y';
    ANSWER first = create(fixture, "C1", one, "");
    expect_ok(&first);
    ANSWER second = create(fixture, "C2", other, "");
    expect_ok(&second);
    ANSWER third = create(fixture, "C3", one, "");
    expect_refused(fixture, &third, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    /* A text that looks like the beginning of the long one and its digest is another. */
    char cut[256];
    uint8_t digest[NNRPC_DIGEST_BYTES];
    nnrpc_digest(one, strlen(one), digest);
    snprintf(cut, sizeof(cut), "%.191s", one);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(cut + 191 + 2 * i, sizeof(cut) - 191 - 2 * i, "%02x", digest[i]);
    }
    ANSWER fourth = create(fixture, "C4", cut, "");
    expect_ok(&fourth);
}

static void an_update_follows_the_rules_of_contacts(void **state) {
    struct fixture *fixture = *state;
    ANSWER first = create(fixture, "C1", "A1", "");
    CUSTOMER *created = answer_customer(&first);
    Customer given = no_customer;
    given.id = "C1";
    given.name = "Acme";
    ANSWER named = update(fixture, &given, NULL);
    CUSTOMER *updated = answer_customer(&named);
    assert_string_equal(updated->name, "Acme");
    assert_string_equal(updated->account_number, "A1");
    assert_string_not_equal(updated->etag, created->etag);
    uint64_t revision = store_revision(fixture->store);
    ANSWER same = update(fixture, &given, "name");
    CUSTOMER *unchanged = answer_customer(&same);
    assert_string_equal(unchanged->etag, updated->etag);
    assert_int_equal(store_revision(fixture->store), revision);
    given.etag = created->etag;
    ANSWER stale = update(fixture, &given, "name");
    expect_refused(fixture, &stale, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(&stale, "etag", updated->etag);
    given.etag = "";
    given.create_time = &(Google__Protobuf__Timestamp)GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    ANSWER immutable = update(fixture, &given, NULL);
    expect_refused(fixture, &immutable, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    given.id = "nobody";
    ANSWER missing = update(fixture, &given, NULL);
    expect_refused(fixture, &missing, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    ANSWER unknown = update(fixture, &given, "nope");
    expect_refused(fixture, &unknown, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    given.id = "C1";
    given.create_time = NULL;
    ANSWER path = update(fixture, &given, "nope");
    expect_refused(fixture, &path, NNRPC_INVALID_ARGUMENT, "INVALID_MASK");
}

/* --- Delete ------------------------------------------------------------------------------- */

static void deleting_a_customer_takes_direct_contacts_and_links_and_leaves_shared_ones(
    void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    put_customer(fixture, "C10");
    for (int i = 0; i < 300; i++) {
        put_plain_contact(fixture, "C1");
    }
    uint64_t other = put_plain_contact(fixture, "C10");
    uint64_t shared = put_plain_contact(fixture, "");
    uint64_t lonely = put_plain_contact(fixture, "");
    put_link(fixture, shared, "C1");
    put_link(fixture, shared, "C10");
    put_link(fixture, lonely, "C1");
    uint64_t revision = store_revision(fixture->store);
    ANSWER answer = delete_customer(fixture, "C1", "");
    expect_counts(&answer, 300, 2);
    assert_int_equal(answer.revision, revision + 301);
    char links[64];
    read_links(fixture, shared, links, sizeof(links));
    assert_string_equal(links, "C10");
    read_links(fixture, lonely, links, sizeof(links));
    assert_string_equal(links, "");
    CONTACT *kept = read_contact(fixture, other);
    assert_non_null(kept);
    assert_null(read_contact(fixture, 1));
    assert_null(read_customer(fixture, "C1"));
    ANSWER again = delete_customer(fixture, "C1", "");
    expect_refused(fixture, &again, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
}

static void deleting_a_customer_makes_a_change_for_each_contact_and_then_its_own(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "C1");
    uint64_t shared = put_plain_contact(fixture, "");
    put_plain_contact(fixture, "C1");
    put_link(fixture, shared, "C1");
    uint64_t revision = store_revision(fixture->store);
    ANSWER answer = delete_customer(fixture, "C1", "");
    expect_counts(&answer, 2, 1);
    struct change_list list = list_changes(fixture, revision);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.changes[0]->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_DELETED);
    assert_string_equal(list.changes[0]->contact->id, "1");
    assert_string_equal(list.changes[0]->contact->customer_id, "C1");
    assert_string_equal(list.changes[0]->contact->last_name, "");
    assert_int_equal(list.changes[0]->revision, revision + 1);
    assert_string_equal(list.changes[1]->contact->id, "3");
    assert_int_equal(
        list.changes[2]->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_DELETED);
    assert_string_equal(list.changes[2]->customer->id, "C1");
    assert_int_equal(list.changes[2]->revision, answer.revision);
    change_list_free(&list);
}

static void a_deletion_compares_the_etag(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    CUSTOMER *stored = read_customer(fixture, "C1");
    ANSWER refused = delete_customer(fixture, "C1", "1-99");
    expect_refused(fixture, &refused, NNRPC_ABORTED, "ETAG_MISMATCH");
    ANSWER answer = delete_customer(fixture, "C1", stored->etag);
    expect_counts(&answer, 0, 0);
}

/* --- Links -------------------------------------------------------------------------------- */

static void a_link_is_added_once_and_leaves_the_etag(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "");
    CONTACT *before = read_contact(fixture, 1);
    uint64_t revision = store_revision(fixture->store);
    ANSWER first = add(fixture, "C1", "1");
    CONTACT *linked = answer_contact(&first);
    assert_string_equal(linked->etag, before->etag);
    assert_int_equal(first.revision, revision + 1);
    ANSWER second = add(fixture, "C1", "1");
    CONTACT *same = answer_contact(&second);
    assert_string_equal(same->id, "1");
    assert_int_equal(second.revision, revision + 1);
    assert_int_equal(store_revision(fixture->store), revision + 1);
    struct change_list list = list_changes(fixture, revision);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.changes[0]->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_ADDED);
    assert_string_equal(list.changes[0]->contact->id, "1");
    assert_int_equal(list.changes[0]->n_linked_customer_ids, 1);
    assert_string_equal(list.changes[0]->linked_customer_ids[0], "C1");
    change_list_free(&list);
}

static void a_link_that_is_taken_away_is_gone(void **state) {
    struct fixture *fixture = *state;
    char links[64];
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "");
    put_link(fixture, 1, "C1");
    ANSWER answer = take_away(fixture, "C1", "1");
    CONTACT *unlinked = answer_contact(&answer);
    assert_string_equal(unlinked->id, "1");
    read_links(fixture, 1, links, sizeof(links));
    assert_string_equal(links, "");
    ANSWER again = take_away(fixture, "C1", "1");
    expect_refused(fixture, &again, NNRPC_NOT_FOUND, "LINK_NOT_FOUND");
    expect_info(&again, "contact_id", "1");
    expect_info(&again, "customer_id", "C1");
}

static void only_shared_contacts_that_are_there_are_linked_to_customers_that_are_there(
    void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "C1");
    ANSWER direct = add(fixture, "C1", "1");
    expect_refused(fixture, &direct, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
    expect_info(&direct, "contact_id", "1");
    ANSWER removed = take_away(fixture, "C1", "1");
    expect_refused(fixture, &removed, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
    ANSWER contact = add(fixture, "C1", "2");
    expect_refused(fixture, &contact, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    put_plain_contact(fixture, "");
    ANSWER customer = add(fixture, "C2", "2");
    expect_refused(fixture, &customer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
}

/* --- The customers of a contact ----------------------------------------------------------- */

/* Ids of customer records, with commas between; full at `limit` of them. */
struct id_text_list {
    char text[4096];
    uint32_t limit;
    uint32_t count;
};

static bool add_customer(void *self, struct nnrpc_slice record) {
    struct id_text_list *list = self;
    if (list->count == list->limit) {
        return false;
    }
    Customer *customer = contacts__v1__customer__unpack(NULL, record.size, record.data);
    assert_non_null(customer);
    size_t used = strlen(list->text);
    snprintf(
        list->text + used, sizeof(list->text) - used, "%s%s", used == 0 ? "" : ",", customer->id);
    contacts__v1__customer__free_unpacked(customer, NULL);
    list->count++;
    return true;
}

static void the_customers_of_a_contact_are_listed_page_by_page(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    uint64_t shared = put_plain_contact(fixture, "");
    for (int i = 0; i < 7; i++) {
        char id[16];
        snprintf(id, sizeof(id), "K%d", i);
        put_customer(fixture, id);
        put_link(fixture, shared, id);
    }
    uint64_t direct = put_plain_contact(fixture, "K3");
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    struct id_text_list list = {.limit = 100};
    struct store_customer_page page = {.more = true};
    int pages = 0;
    for (; page.more; pages++) {
        assert_int_equal(
            store_list_contact_customers(
                snapshot, shared, page.last_id, 3, add_customer, &list, &page, &status),
            NNRPC_OK);
    }
    assert_string_equal(list.text, "K0,K1,K2,K3,K4,K5,K6");
    assert_int_equal(pages, 3);
    struct id_text_list full = {.limit = 2};
    assert_int_equal(
        store_list_contact_customers(
            snapshot, shared, "K1", 5, add_customer, &full, &page, &status),
        NNRPC_OK);
    assert_string_equal(full.text, "K2,K3");
    assert_true(page.more);
    assert_string_equal(page.last_id, "K3");
    struct id_text_list one = {.limit = 100};
    assert_int_equal(
        store_list_contact_customers(snapshot, direct, "", 5, add_customer, &one, &page, &status),
        NNRPC_OK);
    assert_string_equal(one.text, "K3");
    assert_false(page.more);
    assert_int_equal(
        store_list_contact_customers(
            snapshot, direct, page.last_id, 5, add_customer, &one, &page, &status),
        NNRPC_OK);
    assert_string_equal(one.text, "K3");
    assert_int_equal(
        store_list_contact_customers(snapshot, 999, "", 5, add_customer, &one, &page, &status),
        NNRPC_NOT_FOUND);
    assert_string_equal(status.reason, "CONTACT_NOT_FOUND");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_created_customer_has_what_was_given_and_what_only_the_store_gives),
        TEST(without_an_id_the_next_free_decimal_is_given),
        TEST(a_taken_id_says_whose_it_is),
        TEST(account_number_and_crm_reference_belong_to_one_customer),
        TEST(a_value_that_is_given_up_can_be_taken_by_another),
        TEST(values_longer_than_a_key_are_told_apart),
        TEST(an_update_follows_the_rules_of_contacts),
        TEST(deleting_a_customer_takes_direct_contacts_and_links_and_leaves_shared_ones),
        TEST(deleting_a_customer_makes_a_change_for_each_contact_and_then_its_own),
        TEST(a_deletion_compares_the_etag),
        TEST(a_link_is_added_once_and_leaves_the_etag),
        TEST(a_link_that_is_taken_away_is_gone),
        TEST(only_shared_contacts_that_are_there_are_linked_to_customers_that_are_there),
        TEST(the_customers_of_a_contact_are_listed_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
