/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages: their sizes, their tokens, and what a walk through them shows while others create and
 * delete. And the list of customers.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"

static Contacts__V1__ListContactsRequest list_of(const char *customer_id, int32_t page_size) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.customer_id = text(customer_id);
    request.page_size = page_size;
    return request;
}

static char *customer_with_contacts(struct peer *peer, size_t count, const char **out_ids) {
    char *customer = new_customer(peer);
    const Contact contact = contact_named("Page", customer);
    create_many_contacts(peer, &contact, count, out_ids);
    return customer;
}

/* --- Sizes ---------------------------------------------------------------------------------- */

static void a_page_has_50_items_unless_asked(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = list_of(customer_with_contacts(peer, 51, NULL), 0);
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 50);
    assert_true(response->next_page_token[0] != '\0');
    request.page_token = response->next_page_token;
    response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 1);
    assert_string_equal(response->next_page_token, "");
}

static void a_page_has_at_most_1000_items(void **state) {
    struct peer *peer = *state;
    static const int32_t sizes[] = {1000, 1001, INT32_MAX};
    Contacts__V1__ListContactsRequest request =
        list_of(customer_with_contacts(peer, 1003, NULL), 0);
    for (size_t i = 0; i < NNRPC_LENGTH(sizes); i++) {
        request.page_size = sizes[i];
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        assert_int_equal(response->n_contacts, 1000);
        assert_true(response->next_page_token[0] != '\0');
    }
}

static void a_last_page_that_is_full_may_be_the_last(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = list_of(customer_with_contacts(peer, 4, NULL), 2);
    size_t count = 0;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        assert_true(page < 4);
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        count += response->n_contacts;
        request.page_token = response->next_page_token;
    }
    assert_int_equal(count, 4);
}

static void an_empty_list_has_no_next_page(void **state) {
    struct peer *peer = *state;
    const Contacts__V1__ListContactsRequest request = list_of(new_customer(peer), 0);
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 0);
    assert_string_equal(response->next_page_token, "");
}

/* --- Tokens --------------------------------------------------------------------------------- */

static char *first_token(struct peer *peer, const Contacts__V1__ListContactsRequest *request) {
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, request);
    expect_ok(peer);
    assert_true(response->next_page_token[0] != '\0');
    return response->next_page_token;
}

static void a_token_belongs_to_the_parameters_that_it_came_with(void **state) {
    struct peer *peer = *state;
    const char *customer = customer_with_contacts(peer, 3, NULL);
    const char *other = customer_with_contacts(peer, 3, NULL);
    const Contacts__V1__ListContactsRequest first = list_of(customer, 1);
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Contacts__V1__ListContactsRequest changed[9];
    for (size_t i = 0; i < NNRPC_LENGTH(changed); i++) {
        changed[i] = first;
        changed[i].page_token = first_token(peer, &first);
    }
    changed[0].customer_id = text(other);
    changed[1].customer_id = text("");
    changed[2].dealer_code = text("D");
    changed[3].form = CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_DIRECT;
    changed[4].email = text("a@b");
    changed[5].number = text("1");
    changed[6].created_since = &time;
    changed[7].include_links = 1;
    changed[8].read_mask = MASK("id");
    for (size_t i = 0; i < NNRPC_LENGTH(changed); i++) {
        call_list_contacts(peer, &changed[i]);
        expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
    }
    Contacts__V1__ListContactsRequest after = first;
    after.page_token = first_token(peer, &first);
    after.id_after = text("1");
    call_list_contacts(peer, &after);
    expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
}

static void a_token_does_not_bind_the_page_size(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = list_of(customer_with_contacts(peer, 5, NULL), 1);
    request.page_token = first_token(peer, &request);
    request.page_size = 3;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 3);
}

static void what_is_no_token_is_refused(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = list_of(customer_with_contacts(peer, 3, NULL), 1);
    char *token = first_token(peer, &request);
    char *flipped = format_text("%s", token);
    flipped[5] = flipped[5] == '0' ? '1' : '0';
    const char *wrong[] = {
        "x",
        "00",
        "zz",
        "next",
        flipped,
        format_text("%s00", token),
        format_text("%sx", token),
        text_of('0', 10000)};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        request.page_token = text(wrong[i]);
        call_list_contacts(peer, &request);
        expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
    }
}

static void a_token_belongs_to_its_method(void **state) {
    struct peer *peer = *state;
    new_customer(peer);
    new_customer(peer);
    create_shared_contact(peer);
    Contacts__V1__ListCustomersRequest customers = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    customers.page_size = 1;
    const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, &customers);
    expect_ok(peer);
    assert_true(response->next_page_token[0] != '\0');
    Contacts__V1__ListContactsRequest contacts = list_of("", 1);
    contacts.page_token = response->next_page_token;
    call_list_contacts(peer, &contacts);
    expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
}

static void a_walk_goes_on_when_the_item_of_its_token_is_gone(void **state) {
    struct peer *peer = *state;
    const char *ids[6];
    Contacts__V1__ListContactsRequest request = list_of(customer_with_contacts(peer, 6, ids), 3);
    request.page_token = first_token(peer, &request);
    delete_contact(peer, ids[2]);
    delete_contact(peer, ids[3]);
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 2);
    assert_string_equal(response->contacts[0]->id, ids[4]);
    assert_string_equal(response->contacts[1]->id, ids[5]);
}

/* --- Walking while others write ------------------------------------------------------------- */

struct churn {
    struct peer *peer;
    const char *customer;
    atomic_bool stop;
    size_t rounds;
    bool failed;
};

/* Creates a contact of the customer and deletes it, again and again. */
static void *churn_contacts(void *argument) {
    struct churn *churn = argument;
    const Contact contact = contact_named("Passing", churn->customer);
    while (!atomic_load(&churn->stop)) {
        const Contact *created = try_create_contact(churn->peer, &contact);
        churn->failed = churn->failed || created == NULL;
        if (created != NULL) {
            try_delete_contact(churn->peer, created->id, "");
            churn->failed = churn->failed || !peer_succeeded(churn->peer);
        }
        churn->rounds++;
    }
    return NULL;
}

/* One walk; what stays must come exactly once and in order, whatever else comes. */
static void expect_walk_with(
    struct peer *peer, const char *customer, const char *const *ids, size_t count) {
    Contacts__V1__ListContactsRequest request = list_of(customer, 7);
    uint64_t last = 0;
    size_t found = 0;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        for (size_t i = 0; i < response->n_contacts; i++) {
            uint64_t id = strtoull(response->contacts[i]->id, NULL, 10);
            assert_true(id > last);
            last = id;
            found += found < count && strcmp(response->contacts[i]->id, ids[found]) == 0;
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(found, count);
}

static void what_stays_comes_exactly_once_while_others_come_and_go(void **state) {
    struct peer *peer = *state;
    enum { STAYING = 120, WALKS = 25 };
    const char *ids[STAYING];
    struct churn churn = {.customer = new_customer(peer), .peer = join(peer->server, NULL)};
    const Contact staying = contact_named("Staying", churn.customer);
    pthread_t thread;
    for (size_t i = 0; i < STAYING; i++) { /* with gaps between them, where others have been */
        delete_contact(peer, create_direct_contact(peer, churn.customer)->id);
        ids[i] = create_contact(peer, &staying)->id;
    }
    assert_int_equal(pthread_create(&thread, NULL, churn_contacts, &churn), 0);
    for (int walk = 0; walk < WALKS; walk++) {
        expect_walk_with(peer, churn.customer, ids, STAYING);
    }
    atomic_store(&churn.stop, true);
    pthread_join(thread, NULL);
    assert_false(churn.failed);
    assert_true(churn.rounds > 0);
}

/* --- Customers ------------------------------------------------------------------------------ */

static void customers_are_listed_by_the_bytes_of_their_ids(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    static const char *const ordered[] = {"-", "...", "10",  "2",  "A",  "Z", "_",
                                          "a", "a-",  "a.b", "a0", "aa", "z"};
    for (size_t i = NNRPC_LENGTH(ordered); i-- > 0;) {
        Customer customer = CUSTOMER_INIT;
        customer.id = text(ordered[i]);
        create_customer(peer, &customer);
    }
    Contacts__V1__ListCustomersRequest request = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    size_t next = 0;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        request.page_size = 1 + page % 4;
        const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, &request);
        expect_ok(peer);
        for (size_t i = 0; i < response->n_customers; i++, next++) {
            assert_true(next < NNRPC_LENGTH(ordered));
            assert_string_equal(response->customers[i]->id, ordered[next]);
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(next, NNRPC_LENGTH(ordered));
    request.page_size = 1;
    for (size_t i = 0; i < NNRPC_LENGTH(ordered); i++) {
        request.id_after = text(ordered[i]);
        const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, &request);
        expect_ok(peer);
        assert_int_equal(response->n_customers, i + 1 < NNRPC_LENGTH(ordered) ? 1 : 0);
        if (response->n_customers > 0) {
            assert_string_equal(response->customers[0]->id, ordered[i + 1]);
        }
    }
    contactd_stop(server);
}

/* Lists with a request and expects exactly one customer, or (NULL) none. */
static void expect_found(
    struct peer *peer, const Contacts__V1__ListCustomersRequest *request, const char *id) {
    const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, request);
    expect_ok(peer);
    assert_int_equal(response->n_customers, id != NULL ? 1 : 0);
    if (id != NULL) {
        assert_string_equal(response->customers[0]->id, id);
    }
}

static void customers_are_found_by_exact_numbers(void **state) {
    struct peer *peer = *state;
    Customer customer = CUSTOMER_INIT;
    customer.id = fresh("found");
    customer.account_number = fresh("AN");
    customer.crm_reference = fresh("CRM");
    const Customer *created = create_customer(peer, &customer);
    Contacts__V1__ListCustomersRequest request = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    request.account_number = customer.account_number;
    expect_found(peer, &request, customer.id);
    request.crm_reference = customer.crm_reference;
    expect_found(peer, &request, customer.id);
    request.account_number = text("");
    expect_found(peer, &request, customer.id);
    request.created_since = created->create_time;
    expect_found(peer, &request, customer.id);
    Google__Protobuf__Timestamp later = *created->create_time;
    later.seconds++;
    request.created_since = &later;
    expect_found(peer, &request, NULL);
    request.created_since = NULL;
    request.id_after = customer.id;
    expect_found(peer, &request, NULL);
    request.id_after = text("");
    request.account_number = text("another");
    expect_found(peer, &request, NULL);
    request.account_number = text("an-1");
    request.crm_reference = text("");
    expect_found(peer, &request, NULL);
}

static void customers_are_listed_from_a_time_on(void **state) {
    struct peer *peer = *state;
    new_customer(peer);
    sleep_ms(2);
    const Customer *middle = get_customer(peer, new_customer(peer));
    const char *last = new_customer(peer);
    Contacts__V1__ListCustomersRequest request = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    request.created_since = middle->create_time;
    request.page_size = 1000;
    const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_customers, 2);
    assert_true(
        strcmp(response->customers[0]->id, middle->id) == 0 ||
        strcmp(response->customers[0]->id, last) == 0);
    assert_true(strcmp(response->customers[0]->id, response->customers[1]->id) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_page_has_50_items_unless_asked),
        scenario_test(a_page_has_at_most_1000_items),
        scenario_test(a_last_page_that_is_full_may_be_the_last),
        scenario_test(an_empty_list_has_no_next_page),
        scenario_test(a_token_belongs_to_the_parameters_that_it_came_with),
        scenario_test(a_token_does_not_bind_the_page_size),
        scenario_test(what_is_no_token_is_refused),
        scenario_test(a_token_belongs_to_its_method),
        scenario_test(a_walk_goes_on_when_the_item_of_its_token_is_gone),
        scenario_test(what_stays_comes_exactly_once_while_others_come_and_go),
        scenario_test(customers_are_listed_by_the_bytes_of_their_ids),
        scenario_test(customers_are_found_by_exact_numbers),
        scenario_test(customers_are_listed_from_a_time_on),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("pages", tests, share_a_server, NULL);
}
