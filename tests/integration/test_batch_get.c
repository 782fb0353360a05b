/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading many contacts by id, and replies that do not hold all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "bulk.h"

static Contacts__V1__BatchGetContactsResponse *batch_get(
    struct peer *peer, char **ids, size_t count) {
    Contacts__V1__BatchGetContactsRequest request = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    request.ids = ids;
    request.n_ids = count;
    return call_batch_get_contacts(peer, &request);
}

static void contacts_come_in_the_order_of_the_request(void **state) {
    struct peer *peer = *state;
    const Contact *created[] = {
        create_shared_contact(peer), create_shared_contact(peer), create_shared_contact(peer)};
    char *ids[] = {created[2]->id, created[0]->id, created[1]->id};
    const Contacts__V1__BatchGetContactsResponse *response =
        batch_get(peer, ids, NNRPC_LENGTH(ids));
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 3);
    expect_equal_messages(response->contacts[0], created[2]);
    expect_equal_messages(response->contacts[1], created[0]);
    expect_equal_messages(response->contacts[2], created[1]);
    assert_int_equal(response->n_missing_ids, 0);
    assert_int_equal(response->n_remaining_ids, 0);
}

static void duplicates_count_once_where_they_stand_first(void **state) {
    struct peer *peer = *state;
    char *first = create_shared_contact(peer)->id;
    char *second = create_shared_contact(peer)->id;
    char *missing = text("987654321");
    char *ids[] = {second, missing, first, second, missing, first, first};
    const Contacts__V1__BatchGetContactsResponse *response =
        batch_get(peer, ids, NNRPC_LENGTH(ids));
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 2);
    assert_string_equal(response->contacts[0]->id, second);
    assert_string_equal(response->contacts[1]->id, first);
    assert_int_equal(response->n_missing_ids, 1);
    assert_string_equal(response->missing_ids[0], missing);
}

static void missing_ids_are_named_in_the_order_of_the_request(void **state) {
    struct peer *peer = *state;
    char *deleted = create_shared_contact(peer)->id;
    char *kept = create_shared_contact(peer)->id;
    delete_contact(peer, deleted);
    char *ids[] = {text("18446744073709551615"), kept, deleted, text("0"), text("987654321")};
    const Contacts__V1__BatchGetContactsResponse *response =
        batch_get(peer, ids, NNRPC_LENGTH(ids));
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 1);
    assert_string_equal(response->contacts[0]->id, kept);
    assert_int_equal(response->n_missing_ids, 4);
    assert_string_equal(response->missing_ids[0], "18446744073709551615");
    assert_string_equal(response->missing_ids[1], deleted);
    assert_string_equal(response->missing_ids[2], "0");
    assert_string_equal(response->missing_ids[3], "987654321");
}

static void a_batch_of_nothing_finds_nothing(void **state) {
    struct peer *peer = *state;
    const Contacts__V1__BatchGetContactsResponse *response = batch_get(peer, NULL, 0);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, 0);
    assert_int_equal(response->n_missing_ids, 0);
    assert_int_equal(response->n_remaining_ids, 0);
}

static void a_batch_takes_a_read_mask(void **state) {
    struct peer *peer = *state;
    const Contact *created = create_shared_contact(peer);
    char *ids[] = {created->id};
    Contacts__V1__BatchGetContactsRequest request = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    request.ids = ids;
    request.n_ids = 1;
    request.read_mask = MASK("first_name");
    const Contacts__V1__BatchGetContactsResponse *response =
        call_batch_get_contacts(peer, &request);
    expect_ok(peer);
    Contact expected = CONTACT_INIT;
    expected.first_name = created->first_name;
    expect_equal_messages(response->contacts[0], &expected);
    request.read_mask = MASK("nothing");
    call_batch_get_contacts(peer, &request);
    expect_only_violation(peer, "read_mask", "INVALID_MASK");
}

static void a_thousand_contacts_come_at_once(void **state) {
    struct peer *peer = *state;
    enum { COUNT = 1000 };
    static const char *ids[COUNT];
    const Contact contact = contact_named("Thousand", "");
    create_many_contacts(peer, &contact, COUNT, ids);
    const Contacts__V1__BatchGetContactsResponse *response = batch_get(peer, (char **)ids, COUNT);
    expect_ok(peer);
    assert_int_equal(response->n_contacts, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_string_equal(response->contacts[i]->id, ids[i]);
    }
}

/* --- What does not fit ---------------------------------------------------------------------- */

/* Creates contacts of somewhat more than 4 KiB each. */
static void create_large_contacts(struct peer *peer, size_t count, const char **out_ids) {
    Contact contact = contact_named(text_of('f', 1024), "");
    contact.last_name = text_of('l', 1024);
    contact.company_name = text_of('c', 1024);
    contact.website = text_of('w', 1024);
    create_many_contacts(peer, &contact, count, out_ids);
}

static void ids_that_do_not_fit_are_named_and_can_be_asked_for_again(void **state) {
    struct peer *peer = *state;
    enum { COUNT = 40 };
    const char *ids[COUNT];
    const struct peer_options options = {.max_reply_bytes = 64 << 10};
    struct peer *small = join(peer->server, &options);
    create_large_contacts(peer, COUNT, ids);
    char **wanted = (char **)ids;
    size_t count = COUNT;
    size_t found = 0;
    for (int round = 0; count > 0; round++) {
        const Contacts__V1__BatchGetContactsResponse *response = batch_get(small, wanted, count);
        expect_ok(small);
        assert_true(response->n_contacts > 0 && round < COUNT);
        assert_int_equal(response->n_contacts + response->n_remaining_ids, count);
        for (size_t i = 0; i < response->n_contacts; i++) {
            assert_string_equal(response->contacts[i]->id, ids[found++]);
        }
        for (size_t i = 0; i < response->n_remaining_ids; i++) {
            assert_string_equal(response->remaining_ids[i], ids[found + i]);
        }
        wanted = response->remaining_ids;
        count = response->n_remaining_ids;
    }
    assert_int_equal(found, COUNT);
}

static void a_list_ends_early_at_what_does_not_fit(void **state) {
    struct peer *peer = *state;
    enum { COUNT = 40 };
    const char *ids[COUNT];
    const struct peer_options options = {.max_reply_bytes = 64 << 10};
    struct peer *small = join(peer->server, &options);
    create_large_contacts(peer, COUNT, ids);
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.id_after = format_text("%llu", strtoull(ids[0], NULL, 10) - 1);
    request.include_links = 1;
    request.page_size = 1000;
    size_t found = 0;
    int pages = 0;
    for (; pages == 0 || request.page_token[0] != '\0'; pages++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(small, &request);
        expect_ok(small);
        assert_true(response->n_contacts > 0);
        assert_int_equal(response->n_links, response->n_contacts);
        for (size_t i = 0; i < response->n_contacts; i++) {
            assert_string_equal(response->contacts[i]->id, ids[found++]);
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(found, COUNT);
    assert_true(pages > 2);
}

static void one_item_that_does_not_fit_alone_is_too_large(void **state) {
    struct peer *peer = *state;
    const char *ids[1];
    const struct peer_options options = {.max_reply_bytes = 4096};
    struct peer *small = join(peer->server, &options);
    create_large_contacts(peer, 1, ids);
    try_get_contact(small, ids[0]);
    expect_nnrpc_reason(small, NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    expect_info(small, "max_reply_bytes", "4096");
    const char *reply_bytes = nnrpc_status_get_info(&small->status, "reply_bytes");
    assert_non_null(reply_bytes);
    assert_true(strtoul(reply_bytes, NULL, 10) > 4096);
    batch_get(small, (char **)ids, 1);
    expect_nnrpc_reason(small, NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.id_after = format_text("%llu", strtoull(ids[0], NULL, 10) - 1);
    call_list_contacts(small, &request);
    expect_nnrpc_reason(small, NNRPC_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE");
    request.read_mask = MASK("id");
    call_list_contacts(small, &request);
    expect_ok(small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(contacts_come_in_the_order_of_the_request),
        scenario_test(duplicates_count_once_where_they_stand_first),
        scenario_test(missing_ids_are_named_in_the_order_of_the_request),
        scenario_test(a_batch_of_nothing_finds_nothing),
        scenario_test(a_batch_takes_a_read_mask),
        scenario_test(a_thousand_contacts_come_at_once),
        scenario_test(ids_that_do_not_fit_are_named_and_can_be_asked_for_again),
        scenario_test(a_list_ends_early_at_what_does_not_fit),
        scenario_test(one_item_that_does_not_fit_alone_is_too_large),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("batches", tests, share_a_server, NULL);
}
