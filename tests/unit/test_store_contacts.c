/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The acts on single contacts: create, update, delete, convert, import.
 */
#include <inttypes.h>
#include <stdio.h>
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
    put_preset(&fixture, "title", "Mr");
    put_preset(&fixture, "title", "Mrs");
    put_preset(&fixture, "country", "GB");
    put_preset(&fixture, "numberType", "Mobile");
    put_preset(&fixture, "dealerCode", "D1");
    put_preset(&fixture, "contactRegarding", "Bills");
    put_preset(&fixture, "contactRegarding", "Faults");
    put_customer(&fixture, "C1");
    put_customer(&fixture, "C2");
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

/* --- Shorthands --------------------------------------------------------------------------- */

static struct answer create(struct fixture *fixture, const Contact *contact) {
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    return act_now(fixture, STORE_CREATE_CONTACT, &request);
}

/* An update with a mask of up to three paths. */
static struct answer update(
    struct fixture *fixture, uint64_t id, Contact *given, const char *path1, const char *path2,
    const char *path3) {
    Contacts__V1__UpdateContactRequest request = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char *paths[] = {(char *)path1, (char *)path2, (char *)path3};
    char text[ID_BYTES];
    given->id = (char *)id_text(id, text);
    while (mask.n_paths < 3 && paths[mask.n_paths] != NULL) {
        mask.n_paths++;
    }
    mask.paths = paths;
    request.contact = given;
    request.update_mask = mask.n_paths == 0 ? NULL : &mask;
    return act_now(fixture, STORE_UPDATE_CONTACT, &request);
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

/* --- Create ------------------------------------------------------------------------------- */

static void a_created_contact_has_what_was_given_and_what_only_the_store_gives(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    char *regarding[] = {"Faults", "Bills"};
    given.customer_id = "C1";
    given.title = "Mrs";
    given.last_name = "Ångström";
    given.number1 = "+44 20 7946 0000";
    given.number1_type = "Mobile";
    given.contact_regarding = regarding;
    given.n_contact_regarding = 2;
    uint64_t revision = store_revision(fixture->store);
    ANSWER answer = create(fixture, &given);
    CONTACT *created = answer_contact(&answer);
    assert_string_equal(created->id, "1");
    assert_string_equal(created->customer_id, "C1");
    assert_string_equal(created->title, "Mrs");
    assert_string_equal(created->last_name, "Ångström");
    assert_int_equal(created->n_contact_regarding, 2);
    assert_string_equal(created->contact_regarding[0], "Faults");
    assert_false(created->has_account_password);
    assert_int_equal(compare_times(created->create_time, created->update_time), 0);
    assert_string_not_equal(created->etag, "");
    assert_int_equal(answer.revision, revision + 1);
    assert_int_equal(store_revision(fixture->store), revision + 1);
}

static void output_only_fields_are_ignored_on_create(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    Google__Protobuf__Timestamp long_ago = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    long_ago.seconds = 1;
    given.id = "77";
    given.has_account_password = 1;
    given.create_time = &long_ago;
    given.update_time = &long_ago;
    given.etag = "mine";
    given.account_password = "never";
    ANSWER answer = create(fixture, &given);
    CONTACT *created = answer_contact(&answer);
    assert_string_equal(created->id, "1");
    assert_false(created->has_account_password);
    assert_true(created->create_time->seconds > 1);
    assert_string_not_equal(created->etag, "mine");
    assert_string_equal(created->account_password, "");
}

static void ids_ascend_and_are_never_given_again(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(put_plain_contact(fixture, ""), 1);
    assert_int_equal(put_plain_contact(fixture, "C1"), 2);
    ANSWER answer = delete_contact(fixture, "2", "");
    expect_ok(&answer);
    fixture_reopen(fixture);
    assert_int_equal(put_plain_contact(fixture, ""), 3);
}

static void a_contact_of_a_missing_customer_is_refused(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.customer_id = "nobody";
    ANSWER answer = create(fixture, &given);
    expect_refused(fixture, &answer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(&answer, "customer_id", "nobody");
}

static void every_wrong_preset_value_has_its_violation(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    char *regarding[] = {"Bills", "Weather"};
    given.title = "Sir";
    given.country = "gb";
    given.number3_type = "Fax";
    given.contact_regarding = regarding;
    given.n_contact_regarding = 2;
    ANSWER answer = create(fixture, &given);
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    assert_int_equal(answer.status.details->violation_count, 4);
    expect_violation(&answer, 0, "contact.title");
    expect_violation(&answer, 1, "contact.country");
    expect_violation(&answer, 2, "contact.number3_type");
    expect_violation(&answer, 3, "contact.contact_regarding[1]");
    expect_info(&answer, "field", "title");
    expect_info(&answer, "value", "Sir");
    expect_info(&answer, "allowed", "Mr,Mrs");
    assert_int_equal(put_plain_contact(fixture, ""), 1);
}

static void preset_values_can_be_checked_beside_other_faults(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    Contact given = no_contact;
    given.title = "Mr";
    given.country = "XX";
    given.dealer_code = "\x01";
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    nnrpc_status_add_violation(&status, "contact.dealer_code", "INVALID_TEXT", "is told already");
    store_check_presets(snapshot, &given.base, &status);
    assert_int_equal(status.details->violation_count, 2);
    assert_string_equal(status.details->violations[1].field, "contact.country");
    assert_string_equal(status.details->violations[1].reason, "UNKNOWN_PRESET_VALUE");
}

static void a_contact_above_64_kib_is_refused(void **state) {
    struct fixture *fixture = *state;
    static char names[70][1001];
    char *values[70];
    Contact given = no_contact;
    for (size_t i = 0; i < 70; i++) {
        memset(names[i], 'a', 1000);
        snprintf(names[i], sizeof(names[i]), "%02zu", i);
        names[i][2] = 'x';
        values[i] = names[i];
        put_preset(fixture, "copyTicketTypeIDs", names[i]);
    }
    given.copy_ticket_type_ids = values;
    given.n_copy_ticket_type_ids = 70;
    ANSWER refused = create(fixture, &given);
    expect_refused(fixture, &refused, NNRPC_INVALID_ARGUMENT, "TOO_LONG");
    expect_violation(&refused, 0, "contact");
    given.n_copy_ticket_type_ids = 60;
    ANSWER answer = create(fixture, &given);
    expect_ok(&answer);
    Contact more = no_contact;
    more.copy_ticket_type_ids = values;
    more.n_copy_ticket_type_ids = 70;
    ANSWER grown = update(fixture, 1, &more, NULL, NULL, NULL);
    expect_refused(fixture, &grown, NNRPC_INVALID_ARGUMENT, "TOO_LONG");
}

static void a_password_is_kept_as_its_hash_beside_the_contact(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    Contact given = no_contact;
    char hash[128] = "untouched";
    request.contact = &given;
    struct store_write write = write_of(STORE_CREATE_CONTACT, &request);
    write.password_hash = "$argon2id$v=19$some";
    ANSWER answer = write_now(fixture->store, &write);
    CONTACT *created = answer_contact(&answer);
    assert_true(created->has_account_password);
    assert_string_equal(created->account_password, "");
    struct store_snapshot *snapshot = NULL;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    assert_int_equal(store_get_password_hash(snapshot, 1, hash, &status), NNRPC_OK);
    assert_string_equal(hash, "$argon2id$v=19$some");
    assert_int_equal(store_get_password_hash(snapshot, 2, hash, &status), NNRPC_NOT_FOUND);
    assert_string_equal(status.reason, "CONTACT_NOT_FOUND");
    assert_string_equal(hash, "$argon2id$v=19$some");
    nnrpc_status_deinit(&status);
    store_snapshot_end(snapshot);
    put_plain_contact(fixture, "");
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    assert_int_equal(store_get_password_hash(snapshot, 2, hash, &status), NNRPC_OK);
    assert_string_equal(hash, "");
    store_snapshot_end(snapshot);
}

/* --- Update ------------------------------------------------------------------------------- */

static void a_mask_names_the_fields_that_are_set(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.first_name = "Ada";
    given.last_name = "King";
    given.postcode = "W1";
    put_contact(fixture, &given);
    Contact changed = no_contact;
    changed.first_name = "Augusta";
    changed.last_name = "ignored";
    ANSWER answer = update(fixture, 1, &changed, "first_name", "postcode", NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_string_equal(updated->first_name, "Augusta");
    assert_string_equal(updated->last_name, "King");
    assert_string_equal(updated->postcode, "");
    CONTACT *stored = read_contact(fixture, 1);
    assert_string_equal(stored->first_name, "Augusta");
    assert_string_equal(stored->etag, updated->etag);
}

static void an_empty_mask_sets_every_populated_field(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.first_name = "Ada";
    given.last_name = "King";
    put_contact(fixture, &given);
    Contact changed = no_contact;
    changed.last_name = "Lovelace";
    ANSWER answer = update(fixture, 1, &changed, NULL, NULL, NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_string_equal(updated->first_name, "Ada");
    assert_string_equal(updated->last_name, "Lovelace");
}

static void a_star_replaces_all_fields_but_the_password(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    Contact given = no_contact;
    char *regarding[] = {"Bills"};
    given.customer_id = "C1";
    given.first_name = "Ada";
    given.contact_regarding = regarding;
    given.n_contact_regarding = 1;
    request.contact = &given;
    struct store_write write = write_of(STORE_CREATE_CONTACT, &request);
    write.password_hash = "$hash";
    ANSWER created = write_now(fixture->store, &write);
    expect_ok(&created);
    Contact changed = no_contact;
    changed.last_name = "Byron";
    ANSWER answer = update(fixture, 1, &changed, "*", NULL, NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_string_equal(updated->first_name, "");
    assert_string_equal(updated->last_name, "Byron");
    assert_int_equal(updated->n_contact_regarding, 0);
    assert_string_equal(updated->customer_id, "C1");
    assert_true(updated->has_account_password);
}

static void an_unknown_path_is_refused(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "");
    Contact changed = no_contact;
    ANSWER answer = update(fixture, 1, &changed, "firstName", NULL, NULL);
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "INVALID_MASK");
    expect_violation(&answer, 0, "update_mask");
}

static void what_cannot_change_may_be_sent_as_it_stands(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "C1");
    CONTACT *stored = read_contact(fixture, 1);
    Contact changed = *stored;
    changed.first_name = "New";
    ANSWER answer = update(fixture, 1, &changed, NULL, NULL, NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_string_equal(updated->first_name, "New");
    assert_string_equal(updated->customer_id, "C1");
    assert_int_equal(compare_times(updated->create_time, stored->create_time), 0);
}

static void what_cannot_change_is_refused_with_all_its_fields(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "C1");
    Google__Protobuf__Timestamp other = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Contact changed = no_contact;
    changed.customer_id = "C2";
    changed.has_account_password = 1;
    changed.create_time = &other;
    ANSWER answer = update(fixture, 1, &changed, NULL, NULL, NULL);
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    assert_int_equal(answer.status.details->violation_count, 3);
    expect_violation(&answer, 0, "contact.customer_id");
    expect_violation(&answer, 1, "contact.has_account_password");
    expect_violation(&answer, 2, "contact.create_time");
    Contact shared = no_contact;
    ANSWER cleared = update(fixture, 1, &shared, "customer_id", NULL, NULL);
    expect_refused(fixture, &cleared, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
}

static void an_etag_that_does_not_match_aborts_every_act(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "C1");
    CONTACT *stored = read_contact(fixture, 1);
    Contact changed = no_contact;
    changed.first_name = "New";
    changed.etag = "1-ffff";
    ANSWER updated = update(fixture, 1, &changed, "first_name", NULL, NULL);
    expect_refused(fixture, &updated, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(&updated, "etag", stored->etag);
    ANSWER deleted = delete_contact(fixture, "1", "1-ffff");
    expect_refused(fixture, &deleted, NNRPC_ABORTED, "ETAG_MISMATCH");
    ANSWER converted = convert_contact(fixture, "1", "1-ffff");
    expect_refused(fixture, &converted, NNRPC_ABORTED, "ETAG_MISMATCH");
    changed.etag = stored->etag;
    ANSWER answer = update(fixture, 1, &changed, "first_name", NULL, NULL);
    CONTACT *fresh = answer_contact(&answer);
    assert_string_not_equal(fresh->etag, stored->etag);
    ANSWER gone = delete_contact(fixture, "1", fresh->etag);
    expect_ok(&gone);
}

static void an_update_that_changes_nothing_makes_no_revision(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.first_name = "Ada";
    put_contact(fixture, &given);
    CONTACT *stored = read_contact(fixture, 1);
    uint64_t revision = store_revision(fixture->store);
    Contact same = no_contact;
    same.first_name = "Ada";
    ANSWER answer = update(fixture, 1, &same, "first_name", "last_name", NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_string_equal(updated->etag, stored->etag);
    assert_int_equal(compare_times(updated->update_time, stored->update_time), 0);
    assert_int_equal(store_revision(fixture->store), revision);
    assert_int_equal(answer.revision, revision);
}

static void setting_a_password_is_always_a_change_and_clearing_removes_it(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__UpdateContactRequest request = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    Contact given = no_contact;
    put_plain_contact(fixture, "");
    given.id = "1";
    request.contact = &given;
    struct store_write set = write_of(STORE_UPDATE_CONTACT, &request);
    set.password_hash = "$hash";
    uint64_t revision = store_revision(fixture->store);
    ANSWER first = write_now(fixture->store, &set);
    CONTACT *with = answer_contact(&first);
    assert_true(with->has_account_password);
    ANSWER again = write_now(fixture->store, &set);
    expect_ok(&again);
    assert_int_equal(again.revision, revision + 2);
    struct store_write clear = write_of(STORE_UPDATE_CONTACT, &request);
    clear.password_clear = true;
    ANSWER cleared = write_now(fixture->store, &clear);
    CONTACT *without = answer_contact(&cleared);
    assert_false(without->has_account_password);
    assert_int_equal(cleared.revision, revision + 3);
    ANSWER nothing = write_now(fixture->store, &clear);
    expect_ok(&nothing);
    assert_int_equal(store_revision(fixture->store), revision + 3);
}

static void a_retired_value_stays_where_it_is_and_is_refused_elsewhere(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__RetirePresetValueRequest retire = CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    Contact given = no_contact;
    char *regarding[] = {"Bills", "Faults"};
    given.title = "Mrs";
    given.contact_regarding = regarding;
    given.n_contact_regarding = 1;
    put_contact(fixture, &given);
    retire.field = "title";
    retire.name = "Mrs";
    ANSWER retired = act_now(fixture, STORE_RETIRE_PRESET_VALUE, &retire);
    expect_ok(&retired);
    retire.field = "contactRegarding";
    retire.name = "Bills";
    ANSWER retired_too = act_now(fixture, STORE_RETIRE_PRESET_VALUE, &retire);
    expect_ok(&retired_too);
    Contact repeated = given;
    repeated.n_contact_regarding = 2;
    ANSWER answer = update(fixture, 1, &repeated, "title", "contact_regarding", NULL);
    CONTACT *updated = answer_contact(&answer);
    assert_int_equal(updated->n_contact_regarding, 2);
    Contact other = no_contact;
    ANSWER cleared = update(fixture, 1, &other, "title", NULL, NULL);
    expect_ok(&cleared);
    ANSWER back = update(fixture, 1, &repeated, "title", NULL, NULL);
    expect_refused(fixture, &back, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    ANSWER fresh = create(fixture, &given);
    expect_refused(fixture, &fresh, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    assert_int_equal(fresh.status.details->violation_count, 2);
}

static void an_update_that_is_wrong_in_two_ways_says_both(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "C1");
    Contact changed = no_contact;
    changed.customer_id = "C2";
    changed.title = "Sir";
    ANSWER answer = update(fixture, 1, &changed, NULL, NULL, NULL);
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    assert_int_equal(answer.status.details->violation_count, 2);
}

static void a_missing_contact_is_not_found_by_any_act(void **state) {
    struct fixture *fixture = *state;
    Contact changed = no_contact;
    ANSWER updated = update(fixture, 9, &changed, "*", NULL, NULL);
    expect_refused(fixture, &updated, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(&updated, "contact_id", "9");
    ANSWER deleted = delete_contact(fixture, "9", "");
    expect_refused(fixture, &deleted, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    ANSWER converted = convert_contact(fixture, "9", "");
    expect_refused(fixture, &converted, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
}

static void an_update_moves_the_contact_in_every_index(void **state) {
    struct fixture *fixture = *state;
    Contact given = no_contact;
    given.email = "Old@Example.com";
    given.number1 = "020 1";
    given.number2 = "(020) 1";
    given.dealer_code = "D1";
    put_contact(fixture, &given);
    Contact changed = no_contact;
    changed.email = "new@example.com";
    changed.number1 = "030";
    ANSWER answer = update(fixture, 1, &changed, "email", "number1", "dealer_code");
    expect_ok(&answer);
    const struct {
        struct store_contact_query query;
        size_t count;
    } cases[] = {
        {{.email = "old@example.com"}, 0},
        {{.email = "NEW@example.com"}, 1},
        {{.number = "0201"}, 1},
        {{.number = "0-3-0"}, 1},
        {{.number = "20"}, 0},
        {{.form = STORE_FORM_SHARED, .dealer_code = "D1"}, 0},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        struct id_list list = list_contacts(fixture, &cases[i].query, 10);
        assert_int_equal(list.count, cases[i].count);
        free(list.ids);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_created_contact_has_what_was_given_and_what_only_the_store_gives),
        TEST(output_only_fields_are_ignored_on_create),
        TEST(ids_ascend_and_are_never_given_again),
        TEST(a_contact_of_a_missing_customer_is_refused),
        TEST(every_wrong_preset_value_has_its_violation),
        TEST(preset_values_can_be_checked_beside_other_faults),
        TEST(a_contact_above_64_kib_is_refused),
        TEST(a_password_is_kept_as_its_hash_beside_the_contact),
        TEST(a_mask_names_the_fields_that_are_set),
        TEST(an_empty_mask_sets_every_populated_field),
        TEST(a_star_replaces_all_fields_but_the_password),
        TEST(an_unknown_path_is_refused),
        TEST(what_cannot_change_may_be_sent_as_it_stands),
        TEST(what_cannot_change_is_refused_with_all_its_fields),
        TEST(an_etag_that_does_not_match_aborts_every_act),
        TEST(an_update_that_changes_nothing_makes_no_revision),
        TEST(setting_a_password_is_always_a_change_and_clearing_removes_it),
        TEST(a_retired_value_stays_where_it_is_and_is_refused_elsewhere),
        TEST(an_update_that_is_wrong_in_two_ways_says_both),
        TEST(a_missing_contact_is_not_found_by_any_act),
        TEST(an_update_moves_the_contact_in_every_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
