/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of contacts, held against a model: some hundred contacts of every kind are kept here too,
 * and each filter, alone and with each other one, must bring exactly those that a plain search of
 * the model finds, in order, page by page.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acts.h"

#define CONTACTS 360
#define CUSTOMERS 5
#define LINKS_MOST CUSTOMERS

struct known {
    const Contact *contact;
    const char *linked[LINKS_MOST]; /* ascending */
    size_t link_count;
};

/* The model: what was created, in the order of ids. */
static struct known model[CONTACTS];
static const char *const customers[CUSTOMERS] = {"list-A", "list-b", "list-c", "list-d", "list-e"};
static const char *const dealer_codes[] = {"", "", "Dealer", "Dealer 2"};
static const char *const emails[] = {
    "", "", "ann@example.org", "Ann@Example.ORG", "bob@example.org", "ann@example.org.uk"};
static const char *const numbers[] = {
    "", "", "", "020 7946 0001", "+44 (20) 7946-0002", "02079460001", "no digits", "0001"};

/* --- The model ------------------------------------------------------------------------------ */

/* A small generator of its own, so that every run tries the same. */
static unsigned next_random(void) {
    static uint32_t seed = 20240229;
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

#define PICK(choices) (choices)[next_random() % NNRPC_LENGTH(choices)]

static void create_known(struct peer *peer, struct known *known) {
    Contact contact = contact_named(fresh("Known"), next_random() % 2 ? "" : PICK(customers));
    contact.dealer_code = text(PICK(dealer_codes));
    contact.email = text(PICK(emails));
    contact.number1 = text(PICK(numbers));
    contact.number2 = text(PICK(numbers));
    contact.number4 = text(PICK(numbers));
    known->contact = create_contact(peer, &contact);
    for (size_t i = 0; i < CUSTOMERS; i++) {
        if (contact.customer_id[0] == '\0' && next_random() % 3 == 0) {
            add_link(peer, customers[i], known->contact->id);
            known->linked[known->link_count++] = customers[i];
        }
    }
}

static int fill_model(void **state) {
    share_a_server(state);
    struct peer *peer = *state;
    put_preset(peer, "dealerCode", "Dealer");
    put_preset(peer, "dealerCode", "Dealer 2");
    for (size_t i = 0; i < CUSTOMERS; i++) {
        Customer customer = CUSTOMER_INIT;
        customer.id = text(customers[i]);
        create_customer(peer, &customer);
    }
    for (size_t i = 0; i < CONTACTS; i++) {
        create_known(peer, &model[i]);
    }
    return 0;
}

static bool belongs_to(const struct known *known, const char *customer_id) {
    if (strcmp(known->contact->customer_id, customer_id) == 0) {
        return true;
    }
    for (size_t i = 0; i < known->link_count; i++) {
        if (strcmp(known->linked[i], customer_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_digits(const char *left, const char *right) {
    size_t digits = 0;
    for (;;) {
        while (*left != '\0' && !isdigit((unsigned char)*left)) {
            left++;
        }
        while (*right != '\0' && !isdigit((unsigned char)*right)) {
            right++;
        }
        if (*left == '\0' || *left != *right) {
            return *left == *right && digits > 0;
        }
        digits++;
        left++;
        right++;
    }
}

static bool has_number(const Contact *contact, const char *number) {
    return same_digits(contact->number1, number) || same_digits(contact->number2, number) ||
           same_digits(contact->number3, number) || same_digits(contact->number4, number);
}

/* What the contract says of each filter, word by word. */
static bool passes(const struct known *known, const Contacts__V1__ListContactsRequest *request) {
    const Contact *contact = known->contact;
    bool is_shared = contact->customer_id[0] == '\0';
    if (request->id_after[0] != '\0' &&
        strtoull(contact->id, NULL, 10) <= strtoull(request->id_after, NULL, 10)) {
        return false;
    }
    if (request->created_since != NULL &&
        compare_times(contact->create_time, request->created_since) < 0) {
        return false;
    }
    if (request->customer_id[0] != '\0' && !belongs_to(known, request->customer_id)) {
        return false;
    }
    if (request->dealer_code[0] != '\0' && is_shared &&
        strcmp(contact->dealer_code, request->dealer_code) != 0) {
        return false;
    }
    if (request->form != CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_UNSPECIFIED &&
        (request->form == CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_SHARED) != is_shared) {
        return false;
    }
    if (request->email[0] != '\0' && strcasecmp(contact->email, request->email) != 0) {
        return false;
    }
    return request->number[0] == '\0' || has_number(contact, request->number);
}

/* --- Asking --------------------------------------------------------------------------------- */

/* Walks a list page by page, holding each item against the model's next one. */
static size_t expect_list_of_model(
    struct peer *peer, Contacts__V1__ListContactsRequest request, int32_t page_size) {
    size_t next = 0;
    size_t count = 0;
    request.page_size = page_size;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        assert_true(page <= 2 * CONTACTS);
        assert_true(response->n_contacts <= (size_t)(page_size == 0 ? 50 : page_size));
        for (size_t i = 0; i < response->n_contacts; i++, next++) {
            while (next < CONTACTS && !passes(&model[next], &request)) {
                next++;
            }
            assert_true(next < CONTACTS);
            expect_equal_messages(response->contacts[i], model[next].contact);
            count++;
        }
        request.page_token = response->next_page_token;
    }
    for (; next < CONTACTS; next++) {
        assert_false(passes(&model[next], &request));
    }
    return count;
}

static Google__Protobuf__Timestamp *time_of(size_t index) {
    return model[index].contact->create_time;
}

/* Every filter with some values each; the first value of each is "all". */
enum { FILTERS = 7, VALUES = 4 };

static void set_filter(Contacts__V1__ListContactsRequest *request, int filter, int value) {
    static const char *const customer_values[VALUES] = {"", "list-A", "list-c", "list-e"};
    static const char *const dealer_values[VALUES] = {"", "Dealer", "Dealer 2", "No dealer"};
    static const char *const email_values[VALUES] = {
        "", "ANN@EXAMPLE.ORG", "bob@example.org", "nobody@example.org"};
    static const char *const number_values[VALUES] = {"", "(020) 7946 0001", "442079460002", "1"};
    switch (filter) {
    case 0:
        request->customer_id = text(customer_values[value]);
        break;
    case 1:
        request->dealer_code = text(dealer_values[value]);
        break;
    case 2:
        request->form = (Contacts__V1__ContactForm)(value % 3);
        break;
    case 3:
        request->email = text(email_values[value]);
        break;
    case 4:
        request->number = text(number_values[value]);
        break;
    case 5:
        request->created_since = value == 0 ? NULL : time_of((size_t)value * CONTACTS / VALUES);
        break;
    default:
        request->id_after =
            value == 0 ? text("") : model[(size_t)value * CONTACTS / VALUES - 1].contact->id;
        break;
    }
}

static void a_list_without_filters_has_every_contact(void **state) {
    struct peer *peer = *state;
    const Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    static const int32_t page_sizes[] = {0, 1, 7, CONTACTS - 1, CONTACTS, CONTACTS + 1, 1000};
    for (size_t i = 0; i < NNRPC_LENGTH(page_sizes); i++) {
        assert_int_equal(expect_list_of_model(peer, request, page_sizes[i]), CONTACTS);
    }
}

static void each_filter_alone_brings_what_the_model_finds(void **state) {
    struct peer *peer = *state;
    size_t found[FILTERS] = {0};
    for (int filter = 0; filter < FILTERS; filter++) {
        for (int value = 1; value < VALUES; value++) {
            Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
            set_filter(&request, filter, value);
            found[filter] += expect_list_of_model(peer, request, 10);
            expect_list_of_model(peer, request, 1000);
        }
        assert_true(found[filter] > 0);
    }
}

static void each_pair_of_filters_brings_what_the_model_finds(void **state) {
    struct peer *peer = *state;
    for (int first = 0; first < FILTERS; first++) {
        for (int second = first + 1; second < FILTERS; second++) {
            size_t found = 0;
            for (int values = 0; values < (VALUES - 1) * (VALUES - 1); values++) {
                Contacts__V1__ListContactsRequest request =
                    CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
                set_filter(&request, first, 1 + values % (VALUES - 1));
                set_filter(&request, second, 1 + values / (VALUES - 1));
                found += expect_list_of_model(peer, request, 20);
            }
            assert_true(found > 0);
        }
    }
}

static void all_filters_together_bring_what_the_model_finds(void **state) {
    struct peer *peer = *state;
    size_t found = 0;
    for (int round = 0; round < 400; round++) {
        Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
        for (int filter = 0; filter < FILTERS; filter++) {
            set_filter(&request, filter, next_random() % 2 ? 0 : (int)(next_random() % VALUES));
        }
        found += expect_list_of_model(peer, request, 25);
    }
    assert_true(found > 0);
}

static void created_since_is_inclusive(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    Google__Protobuf__Timestamp since = *time_of(CONTACTS / 2);
    request.created_since = &since;
    request.page_size = 1;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 1);
    assert_int_equal(compare_times(response->contacts[0]->create_time, &since), 0);
    since = *time_of(CONTACTS - 1);
    assert_true(expect_list_of_model(peer, request, 10) >= 1);
    since.nanos++;
    assert_int_equal(expect_list_of_model(peer, request, 10), 0);
}

static void a_list_for_a_customer_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    for (int filter = 0; filter < FILTERS; filter++) {
        set_filter(&request, filter, 1);
        request.customer_id = text("nobody");
        call_list_contacts(peer, &request);
        expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
        expect_info(peer, "customer_id", "nobody");
    }
}

/* --- Links and masks ------------------------------------------------------------------------ */

static void expect_links(const Contacts__V1__ContactLinks *links, const struct known *known) {
    assert_string_equal(links->contact_id, known->contact->id);
    if (known->contact->customer_id[0] != '\0') {
        assert_int_equal(links->n_customer_ids, 1);
        assert_string_equal(links->customer_ids[0], known->contact->customer_id);
        return;
    }
    assert_int_equal(links->n_customer_ids, known->link_count);
    for (size_t i = 0; i < known->link_count; i++) {
        assert_string_equal(links->customer_ids[i], known->linked[i]);
    }
}

static void links_come_beside_the_contacts_when_asked_for(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.page_size = 1000;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_links, 0);
    request.include_links = 1;
    response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, CONTACTS);
    assert_int_equal(response->n_links, CONTACTS);
    for (size_t i = 0; i < CONTACTS; i++) {
        expect_equal_messages(response->contacts[i], model[i].contact);
        expect_links(response->links[i], &model[i]);
    }
}

static void links_name_their_contact_whatever_the_mask(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.include_links = 1;
    request.read_mask = MASK("email");
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_links, 50);
    for (size_t i = 0; i < response->n_links; i++) {
        expect_links(response->links[i], &model[i]);
    }
}

static void a_read_mask_selects_the_fields_of_every_item(void **state) {
    struct peer *peer = *state;
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.read_mask = MASK("id", "email");
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 50);
    for (size_t i = 0; i < response->n_contacts; i++) {
        Contact expected = CONTACT_INIT;
        expected.id = model[i].contact->id;
        expected.email = model[i].contact->email;
        expect_equal_messages(response->contacts[i], &expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_list_without_filters_has_every_contact),
        scenario_test(each_filter_alone_brings_what_the_model_finds),
        scenario_test(each_pair_of_filters_brings_what_the_model_finds),
        scenario_test(all_filters_together_bring_what_the_model_finds),
        scenario_test(created_since_is_inclusive),
        scenario_test(a_list_for_a_customer_that_is_not_there_is_not_found),
        scenario_test(links_come_beside_the_contacts_when_asked_for),
        scenario_test(links_name_their_contact_whatever_the_mask),
        scenario_test(a_read_mask_selects_the_fields_of_every_item),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("lists", tests, fill_model, NULL);
}
