/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers with thousands of contacts: their lists, and their deletion, which every reader sees
 * whole or not at all. And lists that examine more records than one page may.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"

#define READERS 2
#define SMALL 900      /* deleted together with other writes */
#define LARGE 2500     /* deleted by a group of its own */
#define EXAMINED 10000 /* records that one page examines at most */

static char *customer_with_contacts(struct peer *peer, size_t count, const char **out_ids) {
    char *customer = new_customer(peer);
    Contact contact = contact_named("Many", customer);
    contact.email = text("many@example.org");
    create_many_contacts(peer, &contact, count, out_ids);
    return customer;
}

/* Walks a list to its end and counts its items. */
static size_t count_contacts(struct peer *peer, Contacts__V1__ListContactsRequest request) {
    size_t count = 0;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        assert_true(page < 1000);
        count += response->n_contacts;
        request.page_token = response->next_page_token;
    }
    return count;
}

/* --- Deleting ------------------------------------------------------------------------------- */

/* Somebody who looks at a customer all the time, and must never see a part of it. */
struct reader {
    struct peer *peer;
    const char *customer;
    char *ids[2]; /* the first and the last contact */
    size_t expected;
    atomic_bool *stop;
    size_t looks;
    const char *saw; /* what must not be; NULL: nothing */
};

/* A page of up to 1,000, and the two contacts: one snapshot each. */
static void look(struct reader *reader) {
    Contacts__V1__ListContactsRequest list = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    list.customer_id = text(reader->customer);
    list.page_size = 1000;
    list.read_mask = MASK("id");
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(reader->peer, &list);
    size_t full = reader->expected < 1000 ? reader->expected : 1000;
    if (response != NULL && response->n_contacts != full) {
        reader->saw = "a part of the customer's contacts";
    } else if (response == NULL && reader->peer->status.code != NNRPC_NOT_FOUND) {
        reader->saw = "an error";
    }
    Contacts__V1__BatchGetContactsRequest batch = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    batch.ids = reader->ids;
    batch.n_ids = 2;
    const Contacts__V1__BatchGetContactsResponse *both =
        call_batch_get_contacts(reader->peer, &batch);
    if (both == NULL || both->n_contacts == 1) {
        reader->saw = "one contact of two";
    }
    reader->looks++;
}

static void *look_all_the_time(void *argument) {
    struct reader *reader = argument;
    while (!atomic_load(reader->stop) && reader->saw == NULL) {
        look(reader);
    }
    look(reader);
    return NULL;
}

static void delete_before_readers(struct peer *peer, size_t contacts) {
    atomic_bool stop = false;
    struct reader readers[READERS] = {0};
    pthread_t threads[READERS];
    const char **ids = scenario_keep(calloc(contacts, sizeof(*ids)));
    const char *customer = customer_with_contacts(peer, contacts, ids);
    const Contact *shared = create_shared_contact(peer);
    add_link(peer, customer, shared->id);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){
            .peer = join(peer->server, NULL),
            .customer = customer,
            .ids = {text(ids[0]), text(ids[contacts - 1])},
            .expected = contacts + 1,
            .stop = &stop,
        };
        assert_int_equal(pthread_create(&threads[i], NULL, look_all_the_time, &readers[i]), 0);
    }
    sleep_ms(50);
    uint64_t revision = revision_now(peer);
    delete_customer(peer, customer, (uint32_t)contacts, 1);
    uint64_t deleted_at = peer->revision;
    sleep_ms(20);
    atomic_store(&stop, true);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < READERS; i++) {
        if (readers[i].saw != NULL) {
            fail_msg("a reader saw %s", readers[i].saw);
        }
        assert_true(readers[i].looks > 1);
    }
    assert_int_equal(deleted_at, revision + contacts + 1);
    expect_revision(peer, deleted_at);
    try_get_contact(peer, ids[contacts / 2]);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_equal_messages(get_contact(peer, shared->id), shared);
    expect_no_customers_of(peer, shared->id);
}

static void readers_never_see_a_part_of_a_deletion(void **state) {
    delete_before_readers(*state, SMALL);
}

static void readers_never_see_a_part_of_a_large_deletion(void **state) {
    delete_before_readers(*state, LARGE);
}

static void a_large_deletion_is_told_contact_by_contact(void **state) {
    struct peer *peer = *state;
    const char **ids = scenario_keep(calloc(LARGE, sizeof(*ids)));
    const char *customer = customer_with_contacts(peer, LARGE, ids);
    Contacts__V1__ListChangesRequest request = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    request.after_revision = revision_now(peer);
    request.page_size = 1000;
    delete_customer(peer, customer, LARGE, 0);
    size_t told = 0;
    while (told <= LARGE) {
        const Contacts__V1__ListChangesResponse *response = call_list_changes(peer, &request);
        expect_ok(peer);
        assert_true(response->n_changes > 0);
        for (size_t i = 0; i < response->n_changes; i++, told++) {
            const Contacts__V1__Change *change = response->changes[i];
            assert_int_equal(change->revision, request.after_revision + i + 1);
            if (told < LARGE) {
                assert_int_equal(
                    change->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_DELETED);
                assert_string_equal(change->contact->id, ids[told]);
            } else {
                assert_int_equal(
                    change->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_DELETED);
                assert_string_equal(change->customer->id, customer);
            }
        }
        request.after_revision = response->next_revision;
    }
    assert_int_equal(told, LARGE + 1);
}

static void a_large_deletion_is_answered_again_for_its_request_id(void **state) {
    struct peer *peer = *state;
    const char *customer = customer_with_contacts(peer, LARGE, NULL);
    Contacts__V1__DeleteCustomerRequest request = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    request.id = text(customer);
    request.request_id = fresh("large");
    const Contacts__V1__DeleteCustomerResponse *first = call_delete_customer(peer, &request);
    expect_ok(peer);
    assert_int_equal(first->deleted_contact_count, LARGE);
    uint64_t revision = peer->revision;
    expect_equal_messages(call_delete_customer(peer, &request), first);
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
}

static void writes_go_on_around_a_large_deletion(void **state) {
    struct peer *peer = *state;
    enum { WRITES = 200 };
    struct nnrpc_pending *pending[WRITES];
    const char *customer = customer_with_contacts(peer, LARGE, NULL);
    struct peer *deleter = join(peer->server, NULL);
    Contacts__V1__DeleteCustomerRequest delete = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    delete.id = text(customer);
    Contact contact = contact_named("Meanwhile", "");
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    create.contact = &contact;
    struct nnrpc_pending *deletion = NULL;
    uint64_t revision = revision_now(peer);
    for (int i = 0; i < WRITES; i++) {
        if (i == WRITES / 2) {
            assert_int_equal(
                customer_service_delete_customer_start(
                    deleter->client, NULL, &delete, &deletion, NULL),
                NNRPC_OK);
        }
        assert_int_equal(
            contact_service_create_contact_start(peer->client, NULL, &create, &pending[i], NULL),
            NNRPC_OK);
    }
    uint64_t created = 0;
    for (int i = 0; i < WRITES; i++) {
        Contacts__V1__CreateContactResponse *response = NULL;
        enum nnrpc_code code =
            contact_service_create_contact_finish(pending[i], &response, &peer->status);
        if (code == NNRPC_OK) {
            scenario_keep_message(&response->base);
            created++;
        } else {
            expect_nnrpc_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "OVERLOADED");
            assert_non_null(nnrpc_status_get_info(&peer->status, "retry_after_ms"));
        }
    }
    Contacts__V1__DeleteCustomerResponse *response = NULL;
    assert_int_equal(customer_service_delete_customer_finish(deletion, &response, NULL), NNRPC_OK);
    scenario_keep_message(&response->base);
    assert_int_equal(response->deleted_contact_count, LARGE);
    expect_revision(peer, revision + created + LARGE + 1);
}

/* --- Lists that examine much ---------------------------------------------------------------- */

static void a_list_goes_on_past_what_one_page_examines(void **state) {
    struct peer *peer = *state;
    const char *customer = customer_with_contacts(peer, EXAMINED + 500, NULL);
    put_preset(peer, "dealerCode", "Late");
    Contact given = contact_named("Late", "");
    given.email = text("late@example.org");
    given.dealer_code = text("Late");
    given.number1 = text("0 1 2");
    const Contact *late = create_contact(peer, &given);
    add_link(peer, customer, late->id);
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.customer_id = text(customer);
    request.page_size = 1000;
    request.read_mask = MASK("id");
    assert_int_equal(count_contacts(peer, request), EXAMINED + 501);
    request.form = CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_SHARED;
    assert_int_equal(count_contacts(peer, request), 1);
    request.form = CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_UNSPECIFIED;
    request.email = text("LATE@example.org");
    assert_int_equal(count_contacts(peer, request), 1);
    request.number = text("012");
    assert_int_equal(count_contacts(peer, request), 1);
    request.email = text("many@example.org");
    assert_int_equal(count_contacts(peer, request), 0);
    request.number = text("");
    request.created_since = late->create_time;
    assert_true(count_contacts(peer, request) <= 1);
    request.created_since = NULL;
    request.dealer_code = text("Late");
    assert_int_equal(count_contacts(peer, request), EXAMINED + 500);
    request.customer_id = text("");
    request.form = CONTACTS__V1__CONTACT_FORM__CONTACT_FORM_SHARED;
    assert_int_equal(count_contacts(peer, request), 0);
    request.email = text("");
    assert_int_equal(count_contacts(peer, request), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(readers_never_see_a_part_of_a_deletion),
        scenario_test(readers_never_see_a_part_of_a_large_deletion),
        scenario_test(a_large_deletion_is_told_contact_by_contact),
        scenario_test(a_large_deletion_is_answered_again_for_its_request_id),
        scenario_test(writes_go_on_around_a_large_deletion),
        scenario_test(a_list_goes_on_past_what_one_page_examines),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("large customers", tests, share_a_server, NULL);
}
