/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: what every kind of change carries, pages, and compaction.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

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

#define KIND(name) CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_##name

/* The last change, which is to be of a kind; what it does not carry is absent. */
static Contacts__V1__Change *expect_last(struct fixture *fixture, Contacts__V1__ChangeKind kind) {
    struct change_list list = list_changes(fixture, store_revision(fixture->store) - 1);
    assert_int_equal(list.count, 1);
    Contacts__V1__Change *change = list.changes[0];
    free(list.changes);
    assert_int_equal(change->kind, kind);
    assert_int_equal(change->revision, store_revision(fixture->store));
    assert_non_null(change->time);
    bool of_contact = kind <= KIND(LINK_REMOVED);
    bool of_customer = !of_contact && kind <= KIND(CUSTOMER_DELETED);
    assert_int_equal(change->contact != NULL, of_contact);
    assert_int_equal(change->customer != NULL, of_customer);
    assert_int_equal(change->preset_value != NULL, !of_contact && !of_customer);
    return change;
}

static void free_change(Contacts__V1__Change **change) {
    contacts__v1__change__free_unpacked(*change, NULL);
}

#define CHANGE NNRPC_CLEANUP(free_change) Contacts__V1__Change

static void a_contact_that_came_to_be_is_in_the_feed_with_its_links(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__ImportContactRequest import = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    char *links[] = {"C2", "C1"};
    put_customer(fixture, "C1");
    put_customer(fixture, "C2");
    contact.last_name = "King";
    import.contact = &contact;
    import.linked_customer_ids = links;
    import.n_linked_customer_ids = 2;
    struct store_write write = write_of(STORE_IMPORT_CONTACT, &import);
    write.caller = "loader";
    write.request_id = "r-1";
    write.password_hash = "$secret";
    ANSWER answer = write_now(fixture->store, &write);
    expect_ok(&answer);
    CHANGE *change = expect_last(fixture, KIND(CONTACT_CREATED));
    assert_string_equal(change->caller, "loader");
    assert_string_equal(change->request_id, "r-1");
    assert_string_equal(change->contact->id, "1");
    assert_string_equal(change->contact->last_name, "King");
    assert_string_equal(change->contact->account_password, "");
    assert_true(change->contact->has_account_password);
    assert_int_equal(change->n_linked_customer_ids, 2);
    assert_string_equal(change->linked_customer_ids[0], "C2");
    assert_string_equal(change->linked_customer_ids[1], "C1");
}

static void the_other_changes_of_a_contact_carry_what_they_left(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "C1");
    Contacts__V1__UpdateContactRequest update = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    contact.id = "1";
    contact.first_name = "Ada";
    update.contact = &contact;
    ANSWER updated = act_now(fixture, STORE_UPDATE_CONTACT, &update);
    expect_ok(&updated);
    CHANGE *update_change = expect_last(fixture, KIND(CONTACT_UPDATED));
    assert_string_equal(update_change->contact->first_name, "Ada");
    assert_string_equal(update_change->contact->last_name, "Plain");
    assert_int_equal(update_change->n_linked_customer_ids, 0);
    Contacts__V1__ConvertToSharedContactRequest convert =
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT;
    convert.id = "1";
    ANSWER converted = act_now(fixture, STORE_CONVERT_TO_SHARED_CONTACT, &convert);
    expect_ok(&converted);
    CHANGE *conversion = expect_last(fixture, KIND(CONTACT_CONVERTED));
    assert_string_equal(conversion->contact->customer_id, "");
    assert_string_equal(conversion->contact->first_name, "Ada");
    assert_int_equal(conversion->n_linked_customer_ids, 1);
    assert_string_equal(conversion->linked_customer_ids[0], "C1");
    Contacts__V1__RemoveSharedContactRequest take_away =
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT;
    take_away.contact_id = "1";
    take_away.customer_id = "C1";
    ANSWER removed = act_now(fixture, STORE_REMOVE_SHARED_CONTACT, &take_away);
    expect_ok(&removed);
    CHANGE *removal = expect_last(fixture, KIND(LINK_REMOVED));
    assert_string_equal(removal->contact->id, "1");
    assert_string_equal(removal->contact->first_name, "");
    assert_string_equal(removal->linked_customer_ids[0], "C1");
    Contacts__V1__DeleteContactRequest delete_contact = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    delete_contact.id = "1";
    ANSWER deleted = act_now(fixture, STORE_DELETE_CONTACT, &delete_contact);
    expect_ok(&deleted);
    CHANGE *deletion = expect_last(fixture, KIND(CONTACT_DELETED));
    assert_string_equal(deletion->contact->id, "1");
    assert_string_equal(deletion->contact->customer_id, "");
    assert_string_equal(deletion->contact->etag, "");
}

static void the_changes_of_a_customer_carry_what_they_left(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__UpdateCustomerRequest update = CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT;
    Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
    put_customer(fixture, "C1");
    CHANGE *creation = expect_last(fixture, KIND(CUSTOMER_CREATED));
    assert_string_equal(creation->customer->id, "C1");
    assert_string_equal(creation->caller, "");
    customer.id = "C1";
    customer.name = "Acme";
    update.customer = &customer;
    ANSWER updated = act_now(fixture, STORE_UPDATE_CUSTOMER, &update);
    expect_ok(&updated);
    CHANGE *change = expect_last(fixture, KIND(CUSTOMER_UPDATED));
    assert_string_equal(change->customer->name, "Acme");
    Contacts__V1__DeleteCustomerRequest delete_customer =
        CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    delete_customer.id = "C1";
    ANSWER deleted = act_now(fixture, STORE_DELETE_CUSTOMER, &delete_customer);
    expect_ok(&deleted);
    CHANGE *deletion = expect_last(fixture, KIND(CUSTOMER_DELETED));
    assert_string_equal(deletion->customer->id, "C1");
    assert_string_equal(deletion->customer->name, "");
}

/* Takes a number of changes and notes their revisions. */
struct feed {
    uint32_t limit;
    uint32_t count;
    uint64_t last;
};

static bool take_change(void *self, struct nnrpc_slice record) {
    struct feed *feed = self;
    if (feed->count == feed->limit) {
        return false;
    }
    Contacts__V1__Change *change = contacts__v1__change__unpack(NULL, record.size, record.data);
    assert_non_null(change);
    feed->last = change->revision;
    feed->count++;
    contacts__v1__change__free_unpacked(change, NULL);
    return true;
}

static void a_page_of_changes_says_where_the_next_one_begins(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    for (int i = 0; i < 10; i++) {
        put_plain_contact(fixture, "");
    }
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    const struct {
        uint64_t after;
        uint32_t page_size;
        uint32_t limit;
        uint64_t next;
    } cases[] = {
        {0, 4, 100, 4}, {4, 4, 100, 8}, {8, 4, 100, 10},  {10, 4, 100, 10},
        {0, 100, 3, 3}, {5, 100, 0, 5}, {99, 4, 100, 99}, {UINT64_MAX, 4, 100, UINT64_MAX},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        struct feed feed = {.limit = cases[i].limit};
        uint64_t next = 4711;
        assert_int_equal(
            store_list_changes(
                snapshot, cases[i].after, cases[i].page_size, take_change, &feed, &next, &status),
            NNRPC_OK);
        assert_int_equal(next, cases[i].next);
        assert_true(feed.count == 0 || feed.last == next);
    }
}

/* --- Compaction --------------------------------------------------------------------------- */

static enum nnrpc_code try_list(
    struct fixture *fixture, uint64_t after, struct feed *feed, struct nnrpc_status *out_status) {
    struct store_snapshot *snapshot = NULL;
    uint64_t next = 0;
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, out_status), NNRPC_OK);
    enum nnrpc_code code =
        store_list_changes(snapshot, after, 1000, take_change, feed, &next, out_status);
    store_snapshot_end(snapshot);
    return code;
}

/* Waits until the first change is gone. */
static void await_compaction(struct fixture *fixture, struct nnrpc_status *status) {
    struct feed feed = {.limit = 1000};
    for (int i = 0; i < 100 && try_list(fixture, 0, &feed, status) == NNRPC_OK; i++) {
        usleep(100000);
    }
    assert_int_equal(status->code, NNRPC_OUT_OF_RANGE);
}

static void old_changes_are_compacted_and_asking_for_them_says_so(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.change_retention_s = 1, .request_retention_s = 1};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)unused;
    fixture_open(&fixture, &options);
    for (int i = 0; i < 5; i++) {
        put_plain_contact(&fixture, "");
    }
    await_compaction(&fixture, &status);
    assert_string_equal(status.reason, "CHANGES_COMPACTED");
    assert_string_equal(status.domain, STORE_DOMAIN);
    uint64_t oldest = strtoull(nnrpc_status_get_info(&status, "oldest_revision"), NULL, 10);
    assert_true(oldest > 0 && oldest <= 5);
    put_plain_contact(&fixture, "");
    struct feed feed = {.limit = 1000};
    assert_int_equal(try_list(&fixture, 5, &feed, &status), NNRPC_OK);
    assert_true(feed.count <= 1);
    fixture_reopen(&fixture);
    put_plain_contact(&fixture, "");
    assert_int_equal(store_revision(fixture.store), 7);
    assert_int_equal(try_list(&fixture, 7, &feed, &status), NNRPC_OK);
    fixture_close(&fixture);
}

static void changes_are_kept_as_long_as_the_request_ids_whose_answers_they_are(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.change_retention_s = 1, .request_retention_s = 100};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    (void)unused;
    create.contact = &contact;
    fixture_open(&fixture, &options);
    struct store_write write = write_of(STORE_CREATE_CONTACT, &create);
    write.request_id = "a";
    ANSWER first = write_now(fixture.store, &write);
    expect_ok(&first);
    usleep(3200000);
    struct feed feed = {.limit = 10};
    assert_int_equal(try_list(&fixture, 0, &feed, &status), NNRPC_OK);
    ANSWER again = write_now(fixture.store, &write);
    expect_ok(&again);
    assert_int_equal(again.revision, 1);
    assert_int_equal(again.response.size, first.response.size);
    fixture_close(&fixture);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_contact_that_came_to_be_is_in_the_feed_with_its_links),
        TEST(the_other_changes_of_a_contact_carry_what_they_left),
        TEST(the_changes_of_a_customer_carry_what_they_left),
        TEST(a_page_of_changes_says_where_the_next_one_begins),
        cmocka_unit_test(old_changes_are_compacted_and_asking_for_them_says_so),
        cmocka_unit_test(changes_are_kept_as_long_as_the_request_ids_whose_answers_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
