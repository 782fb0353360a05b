/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two callers at once: whatever the order turns out to be, the outcome is that of one of the two
 * orders. Each race is run many times.
 */
#include <stdlib.h>
#include <string.h>

#include "acts.h"

#define ROUNDS 25
#define CREATORS 4
#define CREATES_EACH 40

/* One side of a race, on a thread and with a peer of its own. */
struct contender {
    struct peer *peer;
    void (*act)(struct contender *contender);
    const char *customer_id;
    const char *contact_id;
    const char *etag;
    const char *value;
    const char *name;       /* of what is created; NULL: any */
    const char *created_id; /* out: what an act created */
};

static void act(void *argument) {
    struct contender *contender = argument;
    contender->act(contender);
}

/* Runs both sides at the same time. */
static void race(struct contender contenders[2]) {
    run_together(act, contenders, sizeof(contenders[0]), 2);
}

static struct contender contender_of(
    struct peer *peer, void (*its_act)(struct contender *contender)) {
    return (struct contender){.peer = join(peer->server, NULL), .act = its_act};
}

/* Index of the only side that succeeded. */
static size_t only_winner(const struct contender contenders[2]) {
    size_t winner = peer_succeeded(contenders[0].peer) ? 0 : 1;
    expect_ok(contenders[winner].peer);
    assert_false(peer_succeeded(contenders[1 - winner].peer));
    return winner;
}

/* --- The acts ------------------------------------------------------------------------------- */

static void update_it(struct contender *self) {
    Contact change = CONTACT_INIT;
    change.id = text(self->contact_id);
    change.etag = text(self->etag != NULL ? self->etag : "");
    change.last_name = text(self->value);
    try_update_contact(self->peer, &change, MASK("last_name"));
}

static void delete_it(struct contender *self) {
    try_delete_contact(self->peer, self->contact_id, "");
}

static void convert_it(struct contender *self) {
    try_convert_contact(self->peer, self->contact_id, "");
}

static void add_it(struct contender *self) {
    try_add_link(self->peer, self->customer_id, self->contact_id);
}

static void remove_it(struct contender *self) {
    try_remove_link(self->peer, self->customer_id, self->contact_id);
}

static void delete_the_customer(struct contender *self) {
    try_delete_customer(self->peer, self->customer_id, "");
}

static void create_for_the_customer(struct contender *self) {
    const Contact contact = contact_named("Late", self->customer_id);
    const Contact *created = try_create_contact(self->peer, &contact);
    self->created_id = created != NULL ? created->id : NULL;
}

static void create_with_the_account_number(struct contender *self) {
    Customer customer = CUSTOMER_INIT;
    customer.account_number = text(self->value);
    const Customer *created = try_create_customer(self->peer, &customer);
    self->created_id = created != NULL ? created->id : NULL;
}

static void create_with_the_request_id(struct contender *self) {
    Contact contact = contact_named(self->name != NULL ? self->name : "Twin", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = text(self->value);
    const Contacts__V1__CreateContactResponse *response = call_create_contact(self->peer, &request);
    self->created_id = response != NULL ? response->contact->id : NULL;
}

static void create_with_the_title(struct contender *self) {
    Contact contact = contact_named("Titled", "");
    contact.title = text(self->value);
    try_create_contact(self->peer, &contact);
}

static void retire_the_title(struct contender *self) {
    try_retire_preset(self->peer, "title", self->value);
}

/* --- The races ------------------------------------------------------------------------------ */

static void of_two_updates_with_one_etag_exactly_one_wins(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, update_it), contender_of(peer, update_it)};
    both[0].value = "First";
    both[1].value = "Second";
    for (int round = 0; round < ROUNDS; round++) {
        const Contact *contact = create_shared_contact(peer);
        both[0].contact_id = both[1].contact_id = contact->id;
        both[0].etag = both[1].etag = contact->etag;
        race(both);
        size_t winner = only_winner(both);
        expect_reason(both[1 - winner].peer, NNRPC_ABORTED, "ETAG_MISMATCH");
        const Contact *stored = get_contact(peer, contact->id);
        assert_string_equal(stored->last_name, both[winner].value);
        expect_info(both[1 - winner].peer, "etag", stored->etag);
    }
}

static void two_clients_with_one_request_id_create_one_contact(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, create_with_the_request_id),
        contender_of(peer, create_with_the_request_id)};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t revision = revision_now(peer);
        both[0].value = both[1].value = fresh("race");
        race(both);
        expect_ok(both[0].peer);
        expect_ok(both[1].peer);
        assert_string_equal(both[0].created_id, both[1].created_id);
        assert_int_equal(both[0].peer->revision, both[1].peer->revision);
        expect_revision(peer, revision + 1);
    }
}

static void of_two_requests_with_one_request_id_exactly_one_is_taken(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, create_with_the_request_id),
        contender_of(peer, create_with_the_request_id)};
    both[0].name = "First";
    both[1].name = "Second";
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t revision = revision_now(peer);
        both[0].value = both[1].value = fresh("contested");
        race(both);
        size_t winner = only_winner(both);
        expect_reason(both[1 - winner].peer, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
        assert_string_equal(
            get_contact(peer, both[winner].created_id)->first_name, both[winner].name);
        expect_revision(peer, revision + 1);
    }
}

static void an_update_comes_before_a_delete_or_not_at_all(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, update_it), contender_of(peer, delete_it)};
    both[0].value = "Updated";
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t revision = revision_now(peer);
        both[0].contact_id = both[1].contact_id = create_shared_contact(peer)->id;
        race(both);
        expect_ok(both[1].peer);
        bool updated = peer_succeeded(both[0].peer);
        if (updated) {
            assert_true(both[0].peer->revision < both[1].peer->revision);
        } else {
            expect_reason(both[0].peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        }
        try_get_contact(peer, both[0].contact_id);
        expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        expect_revision(peer, revision + 2 + updated);
    }
}

static void of_two_customers_with_one_account_number_exactly_one_is_created(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, create_with_the_account_number),
        contender_of(peer, create_with_the_account_number)};
    for (int round = 0; round < ROUNDS; round++) {
        both[0].value = both[1].value = fresh("AN");
        race(both);
        size_t winner = only_winner(both);
        expect_reason(both[1 - winner].peer, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
        expect_info(both[1 - winner].peer, "customer_id", both[winner].created_id);
    }
}

static void a_link_never_outlives_its_contact(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, add_it), contender_of(peer, delete_it)};
    const char *customer = new_customer(peer);
    both[0].customer_id = customer;
    for (int round = 0; round < ROUNDS; round++) {
        both[0].contact_id = both[1].contact_id = create_shared_contact(peer)->id;
        race(both);
        expect_ok(both[1].peer);
        if (peer_succeeded(both[0].peer)) {
            assert_true(both[0].peer->revision < both[1].peer->revision);
        } else {
            expect_reason(both[0].peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        }
        expect_no_contacts_of(peer, customer);
    }
    delete_customer(peer, customer, 0, 0);
}

static void a_link_never_outlives_its_customer(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, add_it), contender_of(peer, delete_the_customer)};
    for (int round = 0; round < ROUNDS; round++) {
        both[0].contact_id = create_shared_contact(peer)->id;
        both[0].customer_id = both[1].customer_id = new_customer(peer);
        race(both);
        expect_ok(both[1].peer);
        if (!peer_succeeded(both[0].peer)) {
            expect_reason(both[0].peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
        }
        expect_no_customers_of(peer, both[0].contact_id);
    }
}

static void a_contact_is_converted_once(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, convert_it), contender_of(peer, convert_it)};
    for (int round = 0; round < ROUNDS; round++) {
        const char *customer = new_customer(peer);
        both[0].contact_id = both[1].contact_id = create_direct_contact(peer, customer)->id;
        race(both);
        size_t winner = only_winner(both);
        expect_reason(both[1 - winner].peer, NNRPC_FAILED_PRECONDITION, "CONTACT_ALREADY_SHARED");
        expect_customers_of(peer, both[0].contact_id, customer);
    }
}

static void a_link_is_added_once(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, add_it), contender_of(peer, add_it)};
    const char *customer = new_customer(peer);
    both[0].customer_id = both[1].customer_id = customer;
    for (int round = 0; round < ROUNDS; round++) {
        both[0].contact_id = both[1].contact_id = create_shared_contact(peer)->id;
        uint64_t revision = revision_now(peer);
        race(both);
        expect_ok(both[0].peer);
        expect_ok(both[1].peer);
        expect_revision(peer, revision + 1);
        expect_customers_of(peer, both[0].contact_id, customer);
    }
    delete_customer(peer, customer, 0, ROUNDS);
}

static void a_link_is_removed_once(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {contender_of(peer, remove_it), contender_of(peer, remove_it)};
    both[0].customer_id = both[1].customer_id = new_customer(peer);
    for (int round = 0; round < ROUNDS; round++) {
        both[0].contact_id = both[1].contact_id = create_shared_contact(peer)->id;
        add_link(peer, both[0].customer_id, both[0].contact_id);
        race(both);
        size_t winner = only_winner(both);
        expect_reason(both[1 - winner].peer, NNRPC_NOT_FOUND, "LINK_NOT_FOUND");
        expect_no_customers_of(peer, both[0].contact_id);
    }
}

static void no_direct_contact_outlives_its_customer(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, create_for_the_customer), contender_of(peer, delete_the_customer)};
    for (int round = 0; round < ROUNDS; round++) {
        both[0].customer_id = both[1].customer_id = new_customer(peer);
        race(both);
        expect_ok(both[1].peer);
        if (peer_succeeded(both[0].peer)) {
            assert_true(both[0].peer->revision < both[1].peer->revision);
            try_get_contact(peer, both[0].created_id);
            expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        } else {
            expect_reason(both[0].peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
        }
    }
}

static void a_contact_is_saved_by_a_conversion_or_goes_with_its_customer(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, convert_it), contender_of(peer, delete_the_customer)};
    for (int round = 0; round < ROUNDS; round++) {
        both[1].customer_id = new_customer(peer);
        both[0].contact_id = create_direct_contact(peer, both[1].customer_id)->id;
        race(both);
        expect_ok(both[1].peer);
        if (peer_succeeded(both[0].peer)) {
            assert_string_equal(get_contact(peer, both[0].contact_id)->customer_id, "");
            expect_no_customers_of(peer, both[0].contact_id);
        } else {
            expect_reason(both[0].peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
            try_get_contact(peer, both[0].contact_id);
            expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        }
    }
}

static void a_preset_is_used_before_it_is_retired_or_not_at_all(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, create_with_the_title), contender_of(peer, retire_the_title)};
    for (int round = 0; round < ROUNDS; round++) {
        both[0].value = both[1].value = fresh("Title");
        put_preset(peer, "title", both[0].value);
        race(both);
        expect_ok(both[1].peer);
        if (peer_succeeded(both[0].peer)) {
            assert_true(both[0].peer->revision < both[1].peer->revision);
        } else {
            expect_reason(both[0].peer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
        }
    }
}

/* Somebody who lists a customer's contacts while they are converted and unlinked. */
static void list_the_customer(struct contender *self) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.customer_id = text(self->customer_id);
    request.include_links = 1;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(self->peer, &request);
    bool whole = response != NULL && response->n_contacts == 1 &&
                 response->links[0]->n_customer_ids == 1 &&
                 strcmp(response->links[0]->customer_ids[0], self->customer_id) == 0;
    self->value = whole ? "whole" : "not whole";
}

static void a_contact_is_listed_exactly_once_while_it_is_converted(void **state) {
    struct peer *peer = *state;
    struct contender both[2] = {
        contender_of(peer, list_the_customer), contender_of(peer, convert_it)};
    for (int round = 0; round < ROUNDS; round++) {
        both[0].customer_id = new_customer(peer);
        both[1].contact_id = create_direct_contact(peer, both[0].customer_id)->id;
        race(both);
        expect_ok(both[0].peer);
        expect_ok(both[1].peer);
        assert_string_equal(both[0].value, "whole");
    }
}

/* --- Many writers --------------------------------------------------------------------------- */

struct creator {
    struct peer *peer;
    uint64_t ids[CREATES_EACH];
    uint64_t revisions[CREATES_EACH];
    size_t created;
};

static void create_many(void *argument) {
    struct creator *creator = argument;
    const Contact contact = contact_named("Many", "");
    for (size_t i = 0; i < CREATES_EACH; i++) {
        const Contact *created = try_create_contact(creator->peer, &contact);
        if (created == NULL || creator->peer->fault != NULL) {
            return;
        }
        creator->ids[i] = strtoull(created->id, NULL, 10);
        creator->revisions[i] = creator->peer->revision;
        creator->created++;
    }
}

static int compare_numbers(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void revisions_of_many_writers_have_no_gap_and_ids_no_double(void **state) {
    struct peer *peer = *state;
    struct creator creators[CREATORS] = {0};
    uint64_t ids[CREATORS * CREATES_EACH];
    uint64_t revisions[CREATORS * CREATES_EACH];
    uint64_t revision = revision_now(peer);
    for (size_t i = 0; i < CREATORS; i++) {
        creators[i].peer = join(peer->server, NULL);
    }
    run_together(create_many, creators, sizeof(creators[0]), CREATORS);
    for (size_t i = 0; i < CREATORS; i++) {
        expect_ok(creators[i].peer);
        assert_int_equal(creators[i].created, CREATES_EACH);
        memcpy(ids + i * CREATES_EACH, creators[i].ids, sizeof(creators[i].ids));
        memcpy(revisions + i * CREATES_EACH, creators[i].revisions, sizeof(creators[i].revisions));
    }
    qsort(ids, NNRPC_LENGTH(ids), sizeof(ids[0]), compare_numbers);
    qsort(revisions, NNRPC_LENGTH(revisions), sizeof(revisions[0]), compare_numbers);
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        assert_int_equal(revisions[i], revision + 1 + i);
        assert_true(i == 0 || ids[i] > ids[i - 1]);
    }
    expect_revision(peer, revision + NNRPC_LENGTH(ids));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(of_two_updates_with_one_etag_exactly_one_wins),
        scenario_test(two_clients_with_one_request_id_create_one_contact),
        scenario_test(of_two_requests_with_one_request_id_exactly_one_is_taken),
        scenario_test(an_update_comes_before_a_delete_or_not_at_all),
        scenario_test(of_two_customers_with_one_account_number_exactly_one_is_created),
        scenario_test(a_link_never_outlives_its_contact),
        scenario_test(a_link_never_outlives_its_customer),
        scenario_test(a_contact_is_converted_once),
        scenario_test(a_link_is_added_once),
        scenario_test(a_link_is_removed_once),
        scenario_test(no_direct_contact_outlives_its_customer),
        scenario_test(a_contact_is_saved_by_a_conversion_or_goes_with_its_customer),
        scenario_test(a_preset_is_used_before_it_is_retired_or_not_at_all),
        scenario_test(a_contact_is_listed_exactly_once_while_it_is_converted),
        scenario_test(revisions_of_many_writers_have_no_gap_and_ids_no_double),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("races", tests, share_a_server, NULL);
}
