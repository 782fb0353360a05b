/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updating contacts: the contract's act 6.
 */
#include <string.h>

#include "acts.h"

/* A contact with an id and nothing else: what an update starts from. */
static Contact change_of(const Contact *contact) {
    Contact change = CONTACT_INIT;
    change.id = contact->id;
    return change;
}

static void expect_unchanged(struct peer *peer, const Contact *contact, uint64_t revision) {
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, contact->id), contact);
}

/* --- Masks ---------------------------------------------------------------------------------- */

static void an_update_sets_the_fields_that_its_mask_names(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_shared_contact(peer);
    Contact change = change_of(before);
    change.last_name = text("Named");
    change.company_name = text("Not named");
    const Contact *after = update_contact(peer, &change, MASK("last_name", "first_name"));
    assert_string_equal(after->last_name, "Named");
    assert_string_equal(after->first_name, "");
    assert_string_equal(after->company_name, "");
    expect_equal_messages(get_contact(peer, before->id), after);
}

static void an_empty_mask_sets_every_populated_field(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_shared_contact(peer);
    Contact change = change_of(before);
    change.last_name = text("Populated");
    change.postcode = text("AB1");
    const Contact *after = update_contact(peer, &change, NULL);
    assert_string_equal(after->last_name, "Populated");
    assert_string_equal(after->postcode, "AB1");
    assert_string_equal(after->first_name, before->first_name);
}

static void a_star_replaces_every_field(void **state) {
    struct peer *peer = *state;
    Contact given = contact_named("Stella", "");
    given.last_name = text("Old");
    given.postcode = text("AB1");
    const Contact *before = create_contact(peer, &given);
    Contact change = change_of(before);
    change.last_name = text("New");
    const Contact *after = update_contact(peer, &change, MASK("*"));
    assert_string_equal(after->first_name, "");
    assert_string_equal(after->last_name, "New");
    assert_string_equal(after->postcode, "");
    assert_string_equal(after->id, before->id);
    assert_int_equal(compare_times(after->create_time, before->create_time), 0);
}

static void repeated_fields_are_replaced_whole(void **state) {
    struct peer *peer = *state;
    char *first[] = {text("One"), text("Two")};
    char *second[] = {text("Three"), text("One")};
    put_preset(peer, "contactRegarding", "One");
    put_preset(peer, "contactRegarding", "Two");
    put_preset(peer, "contactRegarding", "Three");
    Contact given = contact_named("Rita", "");
    given.n_contact_regarding = NNRPC_LENGTH(first);
    given.contact_regarding = first;
    Contact change = change_of(create_contact(peer, &given));
    change.n_contact_regarding = NNRPC_LENGTH(second);
    change.contact_regarding = second;
    const Contact *after = update_contact(peer, &change, MASK("contact_regarding"));
    assert_int_equal(after->n_contact_regarding, 2);
    assert_string_equal(after->contact_regarding[0], "Three");
    assert_string_equal(after->contact_regarding[1], "One");
    change.n_contact_regarding = 0;
    after = update_contact(peer, &change, MASK("contact_regarding"));
    assert_int_equal(after->n_contact_regarding, 0);
}

static void a_mask_with_an_unknown_path_is_refused(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"firstName", "links", "create_time.seconds", ""};
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    Contact change = change_of(contact);
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        try_update_contact(peer, &change, MASK("first_name", wrong[i]));
        expect_only_violation(peer, "update_mask", "INVALID_MASK");
    }
    expect_unchanged(peer, contact, revision);
}

static void updating_nothing_is_refused(void **state) {
    struct peer *peer = *state;
    try_update_contact(peer, NULL, MASK("first_name"));
    expect_only_violation(peer, "contact", "REQUIRED");
}

static void updating_a_contact_needs_its_canonical_id(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"", "007", "x"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        Contact change = CONTACT_INIT;
        change.id = text(wrong[i]);
        try_update_contact(peer, &change, MASK("first_name"));
        expect_only_violation(peer, "contact.id", "INVALID_ID");
    }
}

static void updating_what_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    Contact change = CONTACT_INIT;
    change.id = text("987654321");
    try_update_contact(peer, &change, MASK("first_name"));
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(peer, "contact_id", "987654321");
}

/* --- What cannot change --------------------------------------------------------------------- */

static void the_customer_of_a_contact_cannot_change(void **state) {
    struct peer *peer = *state;
    const Contact *direct = create_direct_contact(peer, new_customer(peer));
    const Contact *shared = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    Contact change = change_of(direct);
    change.customer_id = text("other");
    try_update_contact(peer, &change, NULL);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    expect_violation(peer, "contact.customer_id", "IMMUTABLE_FIELD");
    change.customer_id = text("");
    try_update_contact(peer, &change, MASK("customer_id"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    change = change_of(shared);
    change.customer_id = direct->customer_id;
    try_update_contact(peer, &change, MASK("customer_id"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    expect_unchanged(peer, direct, revision);
    expect_unchanged(peer, shared, revision);
}

static void output_only_fields_cannot_change(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    Google__Protobuf__Timestamp time = *contact->create_time;
    time.seconds -= 1;
    Contact change = change_of(contact);
    change.create_time = &time;
    try_update_contact(peer, &change, MASK("create_time"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    expect_violation(peer, "contact.create_time", "IMMUTABLE_FIELD");
    change = change_of(contact);
    change.update_time = &time;
    try_update_contact(peer, &change, MASK("update_time"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    change = change_of(contact);
    change.has_account_password = 1;
    try_update_contact(peer, &change, MASK("has_account_password"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    expect_unchanged(peer, contact, revision);
}

static void sending_back_what_was_read_is_fine(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_direct_contact(peer, new_customer(peer));
    Contact change = *contact;
    change.last_name = text("Changed");
    const Contact *after = update_contact(peer, &change, NULL);
    assert_string_equal(after->last_name, "Changed");
    change = *after;
    change.first_name = text("Changed too");
    after = update_contact(peer, &change, MASK("*"));
    assert_string_equal(after->first_name, "Changed too");
    assert_string_equal(after->last_name, "Changed");
    assert_string_equal(after->customer_id, contact->customer_id);
    change = *after;
    change.postcode = text("AB1");
    after = update_contact(
        peer, &change,
        MASK(
            "id", "customer_id", "create_time", "update_time", "has_account_password", "postcode"));
    assert_string_equal(after->postcode, "AB1");
}

/* --- Etags ---------------------------------------------------------------------------------- */

static void an_update_changes_etag_and_update_time_and_makes_one_revision(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    sleep_ms(2);
    const Contact *after = rename_contact(peer, before->id, "Renamed");
    assert_int_equal(peer->revision, revision + 1);
    expect_revision(peer, revision + 1);
    assert_string_not_equal(after->etag, before->etag);
    assert_int_equal(compare_times(after->create_time, before->create_time), 0);
    assert_true(compare_times(after->update_time, before->update_time) > 0);
}

static void an_update_with_the_stored_etag_is_made(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    Contact change = change_of(contact);
    change.etag = contact->etag;
    change.last_name = text("Made");
    assert_string_equal(update_contact(peer, &change, MASK("last_name"))->last_name, "Made");
}

static void an_update_with_another_etag_is_aborted(void **state) {
    struct peer *peer = *state;
    const Contact *old = create_shared_contact(peer);
    const Contact *contact = rename_contact(peer, old->id, "Newer");
    uint64_t revision = revision_now(peer);
    Contact change = change_of(contact);
    change.etag = old->etag;
    change.last_name = text("Never");
    try_update_contact(peer, &change, MASK("last_name"));
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(peer, "etag", contact->etag);
    assert_int_equal(peer->revision, revision);
    expect_unchanged(peer, contact, revision);
}

static void an_etag_is_compared_even_when_nothing_would_change(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    Contact change = change_of(contact);
    change.first_name = contact->first_name;
    change.etag = text("another");
    try_update_contact(peer, &change, MASK("first_name"));
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
}

static void an_update_that_changes_nothing_leaves_no_trace(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_direct_contact(peer, new_customer(peer));
    uint64_t revision = revision_now(peer);
    sleep_ms(2);
    expect_equal_messages(rename_contact(peer, contact->id, contact->first_name), contact);
    assert_int_equal(peer->revision, revision);
    expect_equal_messages(update_contact(peer, contact, NULL), contact);
    expect_equal_messages(update_contact(peer, contact, MASK("*")), contact);
    expect_unchanged(peer, contact, revision);
}

static void links_are_no_part_of_a_contact(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Contact *contact = create_shared_contact(peer);
    expect_equal_messages(add_link(peer, customer, contact->id), contact);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    expect_equal_messages(remove_link(peer, customer, contact->id), contact);
    expect_equal_messages(get_contact(peer, contact->id), contact);
}

/* --- Passwords ------------------------------------------------------------------------------ */

static Contact *create_with_password(struct peer *peer, const char *password) {
    Contact contact = contact_named("Paula", "");
    contact.account_password = text(password);
    return create_contact(peer, &contact);
}

static void setting_a_password_always_counts_as_a_change(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_with_password(peer, "the same");
    uint64_t revision = revision_now(peer);
    Contact change = change_of(before);
    change.account_password = text("the same");
    const Contact *after = update_contact(peer, &change, MASK("account_password"));
    assert_string_not_equal(after->etag, before->etag);
    assert_string_equal(after->account_password, "");
    assert_true(after->has_account_password);
    expect_revision(peer, revision + 1);
    assert_true(verifies(peer, before->id, "the same"));
}

static void a_star_leaves_the_password_alone_unless_one_is_given(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_with_password(peer, "first");
    Contact change = change_of(before);
    change.last_name = text("Star");
    assert_true(update_contact(peer, &change, MASK("*"))->has_account_password);
    assert_true(verifies(peer, before->id, "first"));
    change.account_password = text("second");
    assert_true(update_contact(peer, &change, MASK("*"))->has_account_password);
    assert_true(verifies(peer, before->id, "second"));
    assert_false(verifies(peer, before->id, "first"));
}

static void an_empty_mask_sets_a_password_that_is_given(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_with_password(peer, "first");
    Contact change = change_of(before);
    change.last_name = text("Kept");
    update_contact(peer, &change, NULL);
    assert_true(verifies(peer, before->id, "first"));
    change.account_password = text("second");
    update_contact(peer, &change, NULL);
    assert_true(verifies(peer, before->id, "second"));
}

static void a_password_outside_the_mask_does_not_count(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_with_password(peer, "first");
    Contact change = change_of(before);
    change.last_name = text("Named");
    change.account_password = text("second");
    update_contact(peer, &change, MASK("last_name"));
    assert_true(verifies(peer, before->id, "first"));
    assert_false(verifies(peer, before->id, "second"));
}

static void naming_the_password_with_an_empty_value_removes_it(void **state) {
    struct peer *peer = *state;
    const Contact *before = create_with_password(peer, "first");
    Contact change = change_of(before);
    const Contact *after = update_contact(peer, &change, MASK("account_password"));
    assert_false(after->has_account_password);
    assert_string_not_equal(after->etag, before->etag);
    assert_false(verifies(peer, before->id, "first"));
    uint64_t revision = revision_now(peer);
    expect_equal_messages(update_contact(peer, &change, MASK("account_password")), after);
    expect_unchanged(peer, after, revision);
}

/* --- Indexes and validation ----------------------------------------------------------------- */

static size_t count_by_email(struct peer *peer, const char *email) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.email = text(email);
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    return response->n_contacts;
}

static void lists_find_a_contact_by_its_new_values_alone(void **state) {
    struct peer *peer = *state;
    Contact given = contact_named("Ivy", "");
    given.email = text("ivy.old@example.org");
    Contact change = change_of(create_contact(peer, &given));
    assert_int_equal(count_by_email(peer, "ivy.old@example.org"), 1);
    change.email = text("ivy.new@example.org");
    update_contact(peer, &change, MASK("email"));
    assert_int_equal(count_by_email(peer, "ivy.old@example.org"), 0);
    assert_int_equal(count_by_email(peer, "ivy.new@example.org"), 1);
    change.email = text("");
    update_contact(peer, &change, MASK("email"));
    assert_int_equal(count_by_email(peer, "ivy.new@example.org"), 0);
}

static void validating_an_update_changes_nothing(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    uint64_t revision = revision_now(peer);
    Contact change = change_of(contact);
    change.last_name = text("Would be");
    change.account_password = text("would be");
    Contacts__V1__UpdateContactRequest request = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    request.contact = &change;
    request.validate_only = 1;
    const Contacts__V1__UpdateContactResponse *response = call_update_contact(peer, &request);
    expect_ok(peer);
    assert_string_equal(response->contact->last_name, "Would be");
    assert_true(response->contact->has_account_password);
    assert_int_equal(peer->revision, revision);
    expect_unchanged(peer, contact, revision);
    assert_false(verifies(peer, contact->id, "would be"));
    change.etag = text("another");
    call_update_contact(peer, &request);
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(an_update_sets_the_fields_that_its_mask_names),
        scenario_test(an_empty_mask_sets_every_populated_field),
        scenario_test(a_star_replaces_every_field),
        scenario_test(repeated_fields_are_replaced_whole),
        scenario_test(a_mask_with_an_unknown_path_is_refused),
        scenario_test(updating_nothing_is_refused),
        scenario_test(updating_a_contact_needs_its_canonical_id),
        scenario_test(updating_what_is_not_there_is_not_found),
        scenario_test(the_customer_of_a_contact_cannot_change),
        scenario_test(output_only_fields_cannot_change),
        scenario_test(sending_back_what_was_read_is_fine),
        scenario_test(an_update_changes_etag_and_update_time_and_makes_one_revision),
        scenario_test(an_update_with_the_stored_etag_is_made),
        scenario_test(an_update_with_another_etag_is_aborted),
        scenario_test(an_etag_is_compared_even_when_nothing_would_change),
        scenario_test(an_update_that_changes_nothing_leaves_no_trace),
        scenario_test(links_are_no_part_of_a_contact),
        scenario_test(setting_a_password_always_counts_as_a_change),
        scenario_test(a_star_leaves_the_password_alone_unless_one_is_given),
        scenario_test(an_empty_mask_sets_a_password_that_is_given),
        scenario_test(a_password_outside_the_mask_does_not_count),
        scenario_test(naming_the_password_with_an_empty_value_removes_it),
        scenario_test(lists_find_a_contact_by_its_new_values_alone),
        scenario_test(validating_an_update_changes_nothing),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("contact updates", tests, share_a_server, NULL);
}
