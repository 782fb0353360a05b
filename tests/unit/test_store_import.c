/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deleting, converting and importing contacts.
 */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

typedef Contacts__V1__Contact Contact;

static const Contact no_contact = CONTACTS__V1__CONTACT__INIT;

static void free_contact(Contact **contact) {
    contacts__v1__contact__free_unpacked(*contact, NULL);
}

#define CONTACT NNRPC_CLEANUP(free_contact) Contact

static int setup(void **state) {
    static struct fixture fixture;
    fixture_open(&fixture, NULL);
    put_customer(&fixture, "C1");
    put_customer(&fixture, "C2");
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

static struct answer create(struct fixture *fixture, const Contact *contact) {
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    return act_now(fixture, STORE_CREATE_CONTACT, &request);
}

static struct answer import(
    struct fixture *fixture, const Contact *contact, char **links, size_t link_count,
    bool keep_id) {
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    request.linked_customer_ids = links;
    request.n_linked_customer_ids = link_count;
    request.keep_id = keep_id;
    return act_now(fixture, STORE_IMPORT_CONTACT, &request);
}

static int compare_times(
    const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b) {
    if (a->seconds != b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    return a->nanos == b->nanos ? 0 : a->nanos < b->nanos ? -1 : 1;
}

static void expect_violation(const struct answer *answer, size_t index, const char *field) {
    assert_non_null(answer->status.details);
    assert_true(index < answer->status.details->violation_count);
    assert_string_equal(answer->status.details->violations[index].field, field);
}

/* --- Delete and convert ------------------------------------------------------------------- */

static void deleting_a_shared_contact_deletes_its_links(void **state) {
    struct fixture *fixture = *state;
    uint64_t id = put_plain_contact(fixture, "");
    put_link(fixture, id, "C1");
    put_link(fixture, id, "C2");
    ANSWER answer = delete_contact(fixture, "1", "");
    expect_ok(&answer);
    assert_int_equal(answer.response.size, 0);
    assert_null(read_contact(fixture, 1));
    struct store_contact_query query = {.customer_id = "C1"};
    struct id_list list = list_contacts(fixture, &query, 10);
    assert_int_equal(list.count, 0);
    ANSWER again = delete_contact(fixture, "1", "");
    expect_refused(fixture, &again, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    struct store_check_report report;
    fixture_stop(fixture, &report);
    assert_int_equal(report.links, 0);
    assert_int_equal(report.contacts, 0);
}

static void converting_makes_a_shared_contact_linked_to_its_old_customer(void **state) {
    struct fixture *fixture = *state;
    char links[64];
    put_plain_contact(fixture, "C1");
    CONTACT *before = read_contact(fixture, 1);
    uint64_t revision = store_revision(fixture->store);
    ANSWER answer = convert_contact(fixture, "1", before->etag);
    CONTACT *converted = answer_contact(&answer);
    assert_string_equal(converted->customer_id, "");
    assert_string_equal(converted->last_name, "Plain");
    assert_string_not_equal(converted->etag, before->etag);
    assert_int_equal(answer.revision, revision + 1);
    read_links(fixture, 1, links, sizeof(links));
    assert_string_equal(links, "C1");
    struct store_contact_query query = {.customer_id = "C1", .form = STORE_FORM_SHARED};
    struct id_list list = list_contacts(fixture, &query, 10);
    assert_int_equal(list.count, 1);
    free(list.ids);
    ANSWER again = convert_contact(fixture, "1", "");
    expect_refused(fixture, &again, NNRPC_FAILED_PRECONDITION, "CONTACT_ALREADY_SHARED");
    expect_info(&again, "contact_id", "1");
}

/* --- Import ------------------------------------------------------------------------------- */

static void an_import_brings_contact_and_links_at_once(void **state) {
    struct fixture *fixture = *state;
    char *links[] = {"C2", "C1"};
    char text[64];
    uint64_t revision = store_revision(fixture->store);
    ANSWER answer = import(fixture, &no_contact, links, 2, false);
    expect_ok(&answer);
    assert_int_equal(answer.revision, revision + 1);
    read_links(fixture, 1, text, sizeof(text));
    assert_string_equal(text, "C1,C2");
    char *missing[] = {"C1", "nobody"};
    ANSWER refused = import(fixture, &no_contact, missing, 2, false);
    expect_refused(fixture, &refused, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(&refused, "customer_id", "nobody");
    Contact direct = no_contact;
    direct.customer_id = "C1";
    ANSWER both = import(fixture, &direct, links, 2, false);
    expect_refused(fixture, &both, NNRPC_FAILED_PRECONDITION, "CONTACT_NOT_SHARED");
}

static void an_imported_contact_keeps_its_id_and_later_ids_are_greater(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.id = "500";
    ANSWER answer = import(fixture, &given, NULL, 0, true);
    CONTACT *imported = answer_contact(&answer);
    assert_string_equal(imported->id, "500");
    ANSWER taken = import(fixture, &given, NULL, 0, true);
    expect_refused(fixture, &taken, NNRPC_ALREADY_EXISTS, "CONTACT_ID_TAKEN");
    expect_info(&taken, "contact_id", "500");
    assert_int_equal(put_plain_contact(fixture, ""), 501);
    ANSWER without = import(fixture, &given, NULL, 0, false);
    CONTACT *assigned = answer_contact(&without);
    assert_string_equal(assigned->id, "502");
}

static void an_id_that_leaves_none_behind_it_is_refused(void **state) {
    struct fixture *fixture = *state;
    static const char *const ids[] = {"18446744073709551615", "0", "", "007", "1x"};
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        Contact given = no_contact;
        given.id = (char *)ids[i];
        ANSWER answer = import(fixture, &given, NULL, 0, true);
        expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "INVALID_ID");
        expect_violation(&answer, 0, "contact.id");
    }
    Contact last = no_contact;
    last.id = "18446744073709551614";
    ANSWER answer = import(fixture, &last, NULL, 0, true);
    expect_ok(&answer);
    ANSWER refused = create(fixture, &no_contact);
    expect_refused(fixture, &refused, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
}

static void creation_times_do_not_fall_from_one_id_to_the_next(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.id = "100";
    ANSWER first = import(fixture, &given, NULL, 0, true);
    CONTACT *upper = answer_contact(&first);
    given.id = "50";
    ANSWER second = import(fixture, &given, NULL, 0, true);
    CONTACT *lower = answer_contact(&second);
    assert_int_equal(compare_times(lower->create_time, upper->create_time), 0);
    assert_true(compare_times(lower->update_time, upper->update_time) >= 0);
    given.id = "150";
    ANSWER third = import(fixture, &given, NULL, 0, true);
    CONTACT *top = answer_contact(&third);
    assert_true(compare_times(top->create_time, lower->update_time) >= 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(deleting_a_shared_contact_deletes_its_links),
        TEST(converting_makes_a_shared_contact_linked_to_its_old_customer),
        TEST(an_import_brings_contact_and_links_at_once),
        TEST(an_imported_contact_keeps_its_id_and_later_ids_are_greater),
        TEST(an_id_that_leaves_none_behind_it_is_refused),
        TEST(creation_times_do_not_fall_from_one_id_to_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
