/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: every kind of change with what it says, reading on from anywhere, and the end
 * of what is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "nnrpc/tokens.h"
#include "store/store.h"

#define KIND(name) CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_##name

typedef Contacts__V1__Change Change;

static Contacts__V1__ListChangesResponse *list_changes(
    struct peer *peer, uint64_t after_revision, int32_t page_size) {
    Contacts__V1__ListChangesRequest request = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    request.after_revision = after_revision;
    request.page_size = page_size;
    return call_list_changes(peer, &request);
}

/* The one change after a revision, of a kind; what every change has is checked here. */
static Change *expect_change(
    struct peer *peer, uint64_t after_revision, Contacts__V1__ChangeKind kind) {
    const Contacts__V1__ListChangesResponse *response = list_changes(peer, after_revision, 0);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 1);
    assert_int_equal(response->next_revision, after_revision + 1);
    Change *change = response->changes[0];
    assert_int_equal(change->kind, kind);
    assert_int_equal(change->revision, after_revision + 1);
    assert_non_null(change->time);
    assert_true(change->time->seconds > 1500000000);
    assert_int_equal(strlen(change->request_id), 36);
    assert_string_equal(change->caller, "");
    return change;
}

static void expect_contact_named_only(const Change *change, const char *id, const char *customer) {
    Contact expected = CONTACT_INIT;
    expected.id = text(id);
    expected.customer_id = text(customer);
    expect_equal_messages(change->contact, &expected);
}

static void expect_link(const Change *change, const char *customer_id) {
    assert_int_equal(change->n_linked_customer_ids, 1);
    assert_string_equal(change->linked_customer_ids[0], customer_id);
}

/* --- Kinds ---------------------------------------------------------------------------------- */

static void creating_a_contact_is_told_with_the_contact(void **state) {
    struct peer *peer = *state;
    uint64_t revision = revision_now(peer);
    const Contact *contact = create_shared_contact(peer);
    const Change *change = expect_change(peer, revision, KIND(CONTACT_CREATED));
    expect_equal_messages(change->contact, contact);
    assert_int_equal(compare_times(change->time, contact->create_time), 0);
    assert_int_equal(change->n_linked_customer_ids, 0);
    assert_null(change->customer);
    assert_null(change->preset_value);
}

static void importing_a_contact_is_told_with_its_links(void **state) {
    struct peer *peer = *state;
    char *customers[] = {new_customer(peer), new_customer(peer)};
    uint64_t revision = revision_now(peer);
    Contact contact = contact_named("Imported", "");
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.linked_customer_ids = customers;
    request.n_linked_customer_ids = 2;
    const Contact *imported = call_import_contact(peer, &request)->contact;
    const Change *change = expect_change(peer, revision, KIND(CONTACT_CREATED));
    expect_equal_messages(change->contact, imported);
    assert_int_equal(change->n_linked_customer_ids, 2);
    assert_string_equal(change->linked_customer_ids[0], customers[0]);
    assert_string_equal(change->linked_customer_ids[1], customers[1]);
}

static void updating_a_contact_is_told_with_the_contact(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_direct_contact(peer, new_customer(peer));
    uint64_t revision = revision_now(peer);
    contact = rename_contact(peer, contact->id, "Renamed");
    const Change *change = expect_change(peer, revision, KIND(CONTACT_UPDATED));
    expect_equal_messages(change->contact, contact);
    assert_int_equal(compare_times(change->time, contact->update_time), 0);
}

static void converting_a_contact_is_told_with_contact_and_link(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_direct_contact(peer, customer);
    uint64_t revision = revision_now(peer);
    contact = convert_contact(peer, contact->id);
    const Change *change = expect_change(peer, revision, KIND(CONTACT_CONVERTED));
    expect_equal_messages(change->contact, contact);
    expect_link(change, customer);
}

static void deleting_a_contact_is_told_with_its_name(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *direct = create_direct_contact(peer, customer);
    const Contact *shared = create_shared_contact(peer);
    add_link(peer, customer, shared->id);
    uint64_t revision = revision_now(peer);
    delete_contact(peer, direct->id);
    const Change *change = expect_change(peer, revision, KIND(CONTACT_DELETED));
    expect_contact_named_only(change, direct->id, customer);
    delete_contact(peer, shared->id);
    change = expect_change(peer, revision + 1, KIND(CONTACT_DELETED));
    expect_contact_named_only(change, shared->id, "");
}

static void linking_and_unlinking_are_told_with_both_ends(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    add_link(peer, customer, contact->id);
    const Change *change = expect_change(peer, revision, KIND(LINK_ADDED));
    expect_contact_named_only(change, contact->id, "");
    expect_link(change, customer);
    remove_link(peer, customer, contact->id);
    change = expect_change(peer, revision + 1, KIND(LINK_REMOVED));
    expect_contact_named_only(change, contact->id, "");
    expect_link(change, customer);
}

static void creating_and_updating_a_customer_are_told_with_the_customer(void **state) {
    struct peer *peer = *state;
    uint64_t revision = revision_now(peer);
    Customer customer = CUSTOMER_INIT;
    customer.id = fresh("told");
    const Customer *created = create_customer(peer, &customer);
    const Change *change = expect_change(peer, revision, KIND(CUSTOMER_CREATED));
    expect_equal_messages(change->customer, created);
    assert_null(change->contact);
    customer.name = text("Renamed");
    const Customer *updated = update_customer(peer, &customer, MASK("name"));
    change = expect_change(peer, revision + 1, KIND(CUSTOMER_UPDATED));
    expect_equal_messages(change->customer, updated);
}

static void deleting_a_customer_is_told_after_its_direct_contacts(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contacts[] = {
        create_direct_contact(peer, customer), create_direct_contact(peer, customer),
        create_direct_contact(peer, customer)};
    add_link(peer, customer, create_shared_contact(peer)->id);
    uint64_t revision = revision_now(peer);
    delete_customer(peer, customer, 3, 1);
    assert_int_equal(peer->revision, revision + 4);
    const Contacts__V1__ListChangesResponse *response = list_changes(peer, revision, 0);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 4);
    for (size_t i = 0; i < 3; i++) {
        const Change *change = response->changes[i];
        assert_int_equal(change->kind, KIND(CONTACT_DELETED));
        assert_int_equal(change->revision, revision + 1 + i);
        expect_contact_named_only(change, contacts[i]->id, customer);
        assert_string_equal(change->request_id, response->changes[3]->request_id);
        assert_int_equal(compare_times(change->time, response->changes[3]->time), 0);
    }
    Customer expected = CUSTOMER_INIT;
    expected.id = text(customer);
    assert_int_equal(response->changes[3]->kind, KIND(CUSTOMER_DELETED));
    assert_int_equal(response->changes[3]->revision, revision + 4);
    expect_equal_messages(response->changes[3]->customer, &expected);
}

static void putting_and_retiring_presets_are_told_with_the_value(void **state) {
    struct peer *peer = *state;
    uint64_t revision = revision_now(peer);
    const Contacts__V1__PresetValue *put = put_preset(peer, "title", "Told");
    expect_equal_messages(expect_change(peer, revision, KIND(PRESET_PUT))->preset_value, put);
    const Contacts__V1__PresetValue *retired = retire_preset(peer, "title", "Told");
    expect_equal_messages(
        expect_change(peer, revision + 1, KIND(PRESET_RETIRED))->preset_value, retired);
    put_preset(peer, "title", "Told");
    expect_equal_messages(expect_change(peer, revision + 2, KIND(PRESET_PUT))->preset_value, put);
}

static void what_changes_nothing_is_not_told(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_shared_contact(peer);
    add_link(peer, customer, contact->id);
    put_preset(peer, "title", "Quiet");
    uint64_t revision = revision_now(peer);
    rename_contact(peer, contact->id, contact->first_name);
    add_link(peer, customer, contact->id);
    put_preset(peer, "title", "Quiet");
    try_delete_contact(peer, "987654321", "");
    const Contacts__V1__ListChangesResponse *response = list_changes(peer, revision, 0);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 0);
    assert_int_equal(response->next_revision, revision);
}

static void a_password_is_told_by_whether_there_is_one(void **state) {
    struct peer *peer = *state;
    uint64_t revision = revision_now(peer);
    Contact contact = contact_named("Secret", "");
    contact.account_password = text("never told");
    create_contact(peer, &contact);
    const Change *change = expect_change(peer, revision, KIND(CONTACT_CREATED));
    assert_true(change->contact->has_account_password);
    assert_string_equal(change->contact->account_password, "");
}

static void a_change_names_its_caller_and_its_request(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    char token[NNRPC_TOKEN_TEXT_BYTES];
    assert_int_equal(
        nnrpc_tokens_create(server->tokens, "alice", NNRPC_ROLE_WRITER, token, NULL), NNRPC_OK);
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    const struct peer_options options = {.token = token};
    struct peer *alice = join(server, &options);
    Contact contact = contact_named("Told", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = text("the request of alice");
    call_create_contact(alice, &request);
    expect_ok(alice);
    const Contacts__V1__ListChangesResponse *response = list_changes(alice, alice->revision - 1, 0);
    expect_ok(alice);
    assert_int_equal(response->n_changes, 1);
    assert_string_equal(response->changes[0]->caller, "alice");
    assert_string_equal(response->changes[0]->request_id, "the request of alice");
    contactd_stop(server);
}

/* --- Reading on ----------------------------------------------------------------------------- */

static void the_feed_is_read_in_pages_without_gap_or_double(void **state) {
    struct peer *peer = *state;
    uint64_t end = revision_now(peer);
    uint64_t revision = 0;
    const Google__Protobuf__Timestamp *last = NULL;
    for (int page = 0; revision < end; page++) {
        int32_t page_size = 1 + page % 9;
        const Contacts__V1__ListChangesResponse *response = list_changes(peer, revision, page_size);
        expect_ok(peer);
        assert_true(response->n_changes > 0 && response->n_changes <= (size_t)page_size);
        for (size_t i = 0; i < response->n_changes; i++) {
            assert_int_equal(response->changes[i]->revision, ++revision);
            assert_true(last == NULL || compare_times(response->changes[i]->time, last) >= 0);
            last = response->changes[i]->time;
        }
        assert_int_equal(response->next_revision, revision);
    }
    assert_int_equal(revision, end);
}

static void a_page_of_changes_has_50_unless_asked_and_1000_at_most(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    for (int i = 0; i < 505; i++) {
        add_link(peer, customer, contact->id);
        remove_link(peer, customer, contact->id);
    }
    const Contacts__V1__ListChangesResponse *response = list_changes(peer, revision, 0);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 50);
    assert_int_equal(response->next_revision, revision + 50);
    response = list_changes(peer, revision, INT32_MAX);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 1000);
    assert_int_equal(response->next_revision, revision + 1000);
}

static void reading_past_the_end_waits_where_it_is(void **state) {
    struct peer *peer = *state;
    const uint64_t ahead[] = {revision_now(peer), revision_now(peer) + 1000, UINT64_MAX};
    for (size_t i = 0; i < NNRPC_LENGTH(ahead); i++) {
        const Contacts__V1__ListChangesResponse *response = list_changes(peer, ahead[i], 0);
        expect_ok(peer);
        assert_int_equal(response->n_changes, 0);
        assert_int_equal(response->next_revision, ahead[i]);
    }
}

/* --- What is no longer kept ----------------------------------------------------------------- */

static bool take_nothing(void *self, struct nnrpc_slice record) {
    (void)self;
    (void)record;
    return false;
}

static enum nnrpc_code read_first_change(struct store *store, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    uint64_t next_revision = 0;
    enum nnrpc_code code = store_snapshot_begin(store, 0, &snapshot, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    return store_list_changes(snapshot, 0, 1, take_nothing, NULL, &next_revision, out_status);
}

/* Lets the store of a stopped server forget everything that is older than a second. The program
 * itself keeps changes at least as long as request ids, so a day. Returns the smallest revision to
 * read on from. */
static uint64_t compact_store(const char *folder) {
    const struct store_options options = {
        .folder = folder, .change_retention_s = 1, .request_retention_s = 1};
    struct store *store = NULL;
    assert_int_equal(store_open(&options, &store, NULL), NNRPC_OK);
    uint64_t revision = store_revision(store);
    uint64_t end_ms = now_ms() + 60000;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    while (read_first_change(store, &status) == NNRPC_OK) {
        assert_true(now_ms() < end_ms);
        sleep_ms(50);
    }
    assert_int_equal(status.code, NNRPC_OUT_OF_RANGE);
    assert_true(revision == store_revision(store));
    uint64_t oldest = strtoull(nnrpc_status_get_info(&status, "oldest_revision"), NULL, 10);
    store_close(store);
    return oldest;
}

static void changes_older_than_kept_are_out_of_range(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Contact *contact = create_shared_contact(peer);
    contactd_stop(server);
    uint64_t oldest = compact_store(server->data);
    contactd_restart(server);
    uint64_t revision = revision_now(peer);
    assert_in_range(oldest, 1, revision);
    list_changes(peer, oldest - 1, 0);
    expect_reason(peer, NNRPC_OUT_OF_RANGE, "CHANGES_COMPACTED");
    expect_info(peer, "oldest_revision", format_text("%llu", (unsigned long long)oldest));
    list_changes(peer, 0, 0);
    expect_reason(peer, NNRPC_OUT_OF_RANGE, "CHANGES_COMPACTED");
    expect_equal_messages(get_contact(peer, contact->id), contact);
    create_shared_contact(peer);
    const Contacts__V1__ListChangesResponse *response = list_changes(peer, oldest, 1000);
    expect_ok(peer);
    assert_int_equal(response->n_changes, revision + 1 - oldest);
    for (size_t i = 0; i < response->n_changes; i++) {
        assert_int_equal(response->changes[i]->revision, oldest + 1 + i);
    }
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(creating_a_contact_is_told_with_the_contact),
        scenario_test(importing_a_contact_is_told_with_its_links),
        scenario_test(updating_a_contact_is_told_with_the_contact),
        scenario_test(converting_a_contact_is_told_with_contact_and_link),
        scenario_test(deleting_a_contact_is_told_with_its_name),
        scenario_test(linking_and_unlinking_are_told_with_both_ends),
        scenario_test(creating_and_updating_a_customer_are_told_with_the_customer),
        scenario_test(deleting_a_customer_is_told_after_its_direct_contacts),
        scenario_test(putting_and_retiring_presets_are_told_with_the_value),
        scenario_test(what_changes_nothing_is_not_told),
        scenario_test(a_password_is_told_by_whether_there_is_one),
        scenario_test(a_change_names_its_caller_and_its_request),
        scenario_test(the_feed_is_read_in_pages_without_gap_or_double),
        scenario_test(a_page_of_changes_has_50_unless_asked_and_1000_at_most),
        scenario_test(reading_past_the_end_waits_where_it_is),
        scenario_test(changes_older_than_kept_are_out_of_range),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("changes", tests, share_a_server, NULL);
}
