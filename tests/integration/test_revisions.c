/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revisions: every reply carries one, writes make one each without a gap, and a read may ask for
 * one. And deadlines: when a call is not started, and that a write is never half told.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "raw_peer.h"

static char *decimal(uint64_t number) {
    return format_text("%" PRIu64, number);
}

/* Says x-min-revision with the next calls. */
static void ask_for(struct peer *peer, const char *revision) {
    peer_say_nothing(peer);
    peer_say(peer, "x-min-revision", revision);
}

/* --- Revisions ------------------------------------------------------------------------------ */

static void every_write_makes_the_next_revision(void **state) {
    struct peer *peer = *state;
    uint64_t revision = revision_now(peer);
    const char *customer = new_customer(peer);
    assert_int_equal(peer->revision, ++revision);
    const Contact *direct = create_direct_contact(peer, customer);
    assert_int_equal(peer->revision, ++revision);
    const Contact *shared = create_shared_contact(peer);
    assert_int_equal(peer->revision, ++revision);
    add_link(peer, customer, shared->id);
    assert_int_equal(peer->revision, ++revision);
    remove_link(peer, customer, shared->id);
    assert_int_equal(peer->revision, ++revision);
    rename_contact(peer, direct->id, "Renamed");
    assert_int_equal(peer->revision, ++revision);
    convert_contact(peer, direct->id);
    assert_int_equal(peer->revision, ++revision);
    delete_contact(peer, shared->id);
    assert_int_equal(peer->revision, ++revision);
    put_preset(peer, "title", "Revision");
    assert_int_equal(peer->revision, ++revision);
    retire_preset(peer, "title", "Revision");
    assert_int_equal(peer->revision, ++revision);
    delete_customer(peer, customer, 0, 1);
    assert_int_equal(peer->revision, ++revision);
    expect_revision(peer, revision);
}

static void reads_errors_and_refusals_carry_the_revision_that_they_saw(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = peer->revision;
    get_contact(peer, contact->id);
    assert_int_equal(peer->revision, revision);
    try_get_contact(peer, "987654321");
    assert_int_equal(peer->revision, revision);
    try_get_contact(peer, "007");
    assert_int_equal(peer->revision, revision);
    try_delete_contact(peer, contact->id, "another");
    assert_int_equal(peer->revision, revision);
    try_convert_contact(peer, contact->id, "");
    assert_int_equal(peer->revision, revision);
    assert_int_equal(peer->epoch, 1);
}

static void even_what_is_no_frame_is_told_the_revision(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_join(peer->server->url);
    const char *revision = decimal(revision_now(peer));
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange_bytes(raw, "no frame", 8, 30000);
    assert_non_null(answer);
    assert_string_equal(raw_metadata(answer->responses[0], "x-revision"), revision);
    assert_string_equal(raw_metadata(answer->responses[0], "x-epoch"), "1");
    const Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    const Nnrpc__V1__Response *response = raw_call(raw, "no.such/Method", &request.base);
    assert_string_equal(raw_metadata(response, "x-revision"), revision);
}

static void a_revision_outlives_a_restart(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    create_shared_contact(peer);
    uint64_t revision = peer->revision;
    contactd_stop(server);
    contactd_restart(server);
    expect_revision(peer, revision);
    create_shared_contact(peer);
    assert_int_equal(peer->revision, revision + 1);
    contactd_stop(server);
}

/* --- x-min-revision ------------------------------------------------------------------------- */

/* Every read that looks at the store, by a contact and a customer that are there. */
static void make_every_read(
    struct peer *peer, const char *contact_id, const char *customer_id,
    void (*expect)(struct peer *peer)) {
    Contacts__V1__ListContactsRequest contacts = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    Contacts__V1__ListCustomersRequest customers = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    Contacts__V1__ListContactCustomersRequest of_contact =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    Contacts__V1__ListPresetValuesRequest presets = CONTACTS__V1__LIST_PRESET_VALUES_REQUEST__INIT;
    Contacts__V1__ListChangesRequest changes = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    Contacts__V1__BatchGetContactsRequest batch = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    Contacts__V1__VerifyAccountPasswordRequest verify =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_REQUEST__INIT;
    of_contact.contact_id = verify.id = text(contact_id);
    presets.field = text("title");
    try_get_contact(peer, contact_id);
    expect(peer);
    try_get_customer(peer, customer_id);
    expect(peer);
    call_list_contacts(peer, &contacts);
    expect(peer);
    call_list_customers(peer, &customers);
    expect(peer);
    call_list_contact_customers(peer, &of_contact);
    expect(peer);
    call_list_preset_values(peer, &presets);
    expect(peer);
    call_list_changes(peer, &changes);
    expect(peer);
    call_batch_get_contacts(peer, &batch);
    expect(peer);
    call_verify_account_password(peer, &verify);
    expect(peer);
    contacts.page_size = customers.page_size = presets.page_size = changes.page_size = 1000;
    call_list_contacts(peer, &contacts);
    expect(peer);
    call_list_customers(peer, &customers);
    expect(peer);
    call_list_preset_values(peer, &presets);
    expect(peer);
    call_list_changes(peer, &changes);
    expect(peer);
}

static void expect_success(struct peer *peer) {
    expect_ok(peer);
}

static void expect_not_reached(struct peer *peer) {
    expect_reason(peer, NNRPC_FAILED_PRECONDITION, "REVISION_NOT_REACHED");
    expect_info(peer, "revision", decimal(peer->revision));
    expect_info(peer, "min_revision", decimal(peer->revision + 1));
}

static void a_read_may_ask_for_a_revision(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    const char *customer = new_customer(peer);
    struct peer *reader = join(peer->server, NULL);
    uint64_t revision = revision_now(peer);
    const uint64_t reached[] = {0, 1, revision - 1, revision};
    for (size_t i = 0; i < NNRPC_LENGTH(reached); i++) {
        ask_for(reader, decimal(reached[i]));
        make_every_read(reader, contact->id, customer, expect_success);
        assert_int_equal(reader->revision, revision);
    }
    ask_for(reader, decimal(revision + 1));
    make_every_read(reader, contact->id, customer, expect_not_reached);
    assert_int_equal(reader->revision, revision);
    create_shared_contact(peer);
    make_every_read(reader, contact->id, customer, expect_success);
}

static void a_read_sees_the_write_that_it_asks_for(void **state) {
    struct peer *peer = *state;
    struct peer *reader = join(peer->server, NULL);
    for (int i = 0; i < 100; i++) {
        const Contact *contact = create_shared_contact(peer);
        ask_for(reader, decimal(peer->revision));
        expect_equal_messages(get_contact(reader, contact->id), contact);
    }
}

static void what_is_no_revision_cannot_be_asked_for(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {
        "", "x", "-1", "+1", " 1", "1 ", "1.0", "18446744073709551616", "99999999999999999999999"};
    const Contact *contact = create_shared_contact(peer);
    struct peer *reader = join(peer->server, NULL);
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        ask_for(reader, wrong[i]);
        try_get_contact(reader, contact->id);
        expect_reason(reader, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    }
}

/* --- Deadlines ------------------------------------------------------------------------------ */

#define SLOW_CALLS 8

/* A server on which one password takes some milliseconds, and one thread for them. */
static struct contactd_process *start_slow_server(void) {
    static const char *const flags[] = {
        "--slow-workers", "1", "--password-operations", "4", "--password-memory", "16MiB", NULL};
    return start_server(flags);
}

static void a_call_whose_budget_is_spent_is_not_started(void **state) {
    (void)state;
    struct contactd_process *server = start_slow_server();
    struct peer *peer = join(server, NULL);
    struct raw_peer *raw = raw_join(server->url);
    struct raw_frame *frame = raw_frame_new();
    Contact contact = contact_named("Slow", "");
    contact.account_password = text("slow");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    uint64_t revision = revision_now(peer);
    for (int i = 0; i < SLOW_CALLS; i++) {
        raw_frame_add(frame, "contacts.v1.ContactService/CreateContact", &request.base);
    }
    raw_frame_add(frame, "contacts.v1.ContactService/CreateContact", &request.base)->timeout_ms = 1;
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
    for (int i = 0; i < SLOW_CALLS; i++) {
        expect_raw_ok(answer->responses[i]); /* a budget of 0 is none */
    }
    /* Too late already, or sure to be by the time its turn comes. */
    if (raw_code(answer->responses[SLOW_CALLS]) == NNRPC_RESOURCE_EXHAUSTED) {
        expect_raw(answer->responses[SLOW_CALLS], NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "OVERLOADED");
    } else {
        expect_raw(
            answer->responses[SLOW_CALLS], NNRPC_DEADLINE_EXCEEDED, "nnrpc", "DEADLINE_EXCEEDED");
    }
    expect_revision(peer, revision + SLOW_CALLS);
    contactd_stop(server);
}

static void the_client_gives_a_call_up_at_its_deadline(void **state) {
    (void)state;
    struct contactd_process *server = start_slow_server();
    struct peer *peer = join(server, NULL);
    Contact contact = contact_named("Slow", "");
    contact.account_password = text("slow");
    peer->timeout_ms = 1;
    uint64_t start_ms = now_ms();
    try_create_contact(peer, &contact);
    expect_nnrpc_reason(peer, NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    assert_true(now_ms() - start_ms < 20000);
    peer->timeout_ms = 0;
    create_shared_contact(peer);
    contactd_stop(server);
}

/* Whatever the deadline: a write that was told is there, one that was not may be; with its request
 * id it can be asked for until it is. */
static void a_write_at_its_deadline_takes_effect_at_most_once(void **state) {
    struct peer *peer = *state;
    struct peer *hasty = join(peer->server, NULL);
    const char *customer = new_customer(peer);
    enum { WRITES = 60 };
    Contact contact = contact_named("Hasty", customer);
    for (int i = 0; i < WRITES; i++) {
        Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
        request.contact = &contact;
        request.request_id = fresh("hasty");
        hasty->timeout_ms = 1 + (uint32_t)i % 4;
        call_create_contact(hasty, &request);
        if (!peer_succeeded(hasty)) {
            expect_nnrpc_reason(hasty, NNRPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
        }
        call_create_contact(peer, &request);
        expect_ok(peer);
    }
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.customer_id = text(customer);
    request.page_size = 1000;
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, WRITES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(every_write_makes_the_next_revision),
        scenario_test(reads_errors_and_refusals_carry_the_revision_that_they_saw),
        scenario_test(even_what_is_no_frame_is_told_the_revision),
        scenario_test(a_revision_outlives_a_restart),
        scenario_test(a_read_may_ask_for_a_revision),
        scenario_test(a_read_sees_the_write_that_it_asks_for),
        scenario_test(what_is_no_revision_cannot_be_asked_for),
        scenario_test(a_call_whose_budget_is_spent_is_not_started),
        scenario_test(the_client_gives_a_call_up_at_its_deadline),
        scenario_test(a_write_at_its_deadline_takes_effect_at_most_once),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("revisions", tests, share_a_server, NULL);
}
