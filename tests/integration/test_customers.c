/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Customers: creating, reading, changing, and deleting with all that hangs on them (the contract's
 * acts 2, 6 and 10).
 */
#include <string.h>

#include "acts.h"

static Customer customer_with_id(const char *id) {
    Customer customer = CUSTOMER_INIT;
    customer.id = text(id);
    return customer;
}

static Customer *create_with_account_number(struct peer *peer, const char *account_number) {
    Customer customer = customer_with_id(fresh("account"));
    customer.account_number = text(account_number);
    return create_customer(peer, &customer);
}

static Customer *create_with_crm_reference(struct peer *peer, const char *crm_reference) {
    Customer customer = customer_with_id(fresh("crm"));
    customer.crm_reference = text(crm_reference);
    return create_customer(peer, &customer);
}

/* --- Creating and reading ------------------------------------------------------------------- */

static void a_customer_is_stored_as_it_was_given(void **state) {
    struct peer *peer = *state;
    Customer given = customer_with_id(fresh("given"));
    given.name = text("Ship & Shore");
    given.account_number = fresh("A");
    given.crm_reference = fresh("C");
    const Customer *created = create_customer(peer, &given);
    Customer expected = given;
    expected.create_time = created->create_time;
    expected.update_time = created->update_time;
    expected.etag = created->etag;
    expect_equal_messages(created, &expected);
    assert_true(created->etag[0] != '\0');
    assert_int_equal(compare_times(created->create_time, created->update_time), 0);
    expect_equal_messages(get_customer(peer, given.id), created);
}

static void output_only_fields_of_a_customer_are_ignored_on_create(void **state) {
    struct peer *peer = *state;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Customer given = customer_with_id(fresh("given"));
    given.etag = text("mine");
    given.create_time = &time;
    given.update_time = &time;
    const Customer *created = create_customer(peer, &given);
    assert_string_not_equal(created->etag, "mine");
    assert_true(created->create_time->seconds > 0);
    assert_true(created->update_time->seconds > 0);
}

static void a_customer_without_an_id_gets_the_next_free_decimal(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    static const char *const taken[] = {"1", "2", "4"};
    for (size_t i = 0; i < NNRPC_LENGTH(taken); i++) {
        const Customer customer = customer_with_id(taken[i]);
        create_customer(peer, &customer);
    }
    const Customer unnamed = CUSTOMER_INIT;
    assert_string_equal(create_customer(peer, &unnamed)->id, "3");
    assert_string_equal(create_customer(peer, &unnamed)->id, "5");
    assert_string_equal(create_customer(peer, &unnamed)->id, "6");
    contactd_stop(server);
}

static void a_customer_id_is_1_to_64_of_a_small_alphabet(void **state) {
    struct peer *peer = *state;
    const char *right[] = {"Az09._-", "-", "_", "...", ".x", "..x", text_of('x', 64)};
    const char *wrong[] = {".",   "..",  " ",    "a b",      "a/b", "a:b",           "a%b",
                           "a+b", "a@b", "a\\b", "\xc3\xa9", "a\n", text_of('x', 65)};
    for (size_t i = 0; i < NNRPC_LENGTH(right); i++) {
        const Customer customer = customer_with_id(right[i]);
        create_customer(peer, &customer);
        assert_string_equal(get_customer(peer, right[i])->id, right[i]);
        delete_customer(peer, right[i], 0, 0);
    }
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        const Customer customer = customer_with_id(wrong[i]);
        try_create_customer(peer, &customer);
        expect_only_violation(peer, "customer.id", "INVALID_ID");
        try_get_customer(peer, wrong[i]);
        expect_only_violation(peer, "id", "INVALID_ID");
        try_delete_customer(peer, wrong[i], "");
        expect_only_violation(peer, "id", "INVALID_ID");
    }
    try_get_customer(peer, "");
    expect_only_violation(peer, "id", "INVALID_ID");
}

static void customer_ids_differ_by_case(void **state) {
    struct peer *peer = *state;
    Customer lower = customer_with_id("case-x");
    Customer upper = customer_with_id("CASE-X");
    create_customer(peer, &lower);
    create_customer(peer, &upper);
    delete_customer(peer, "case-x", 0, 0);
    get_customer(peer, "CASE-X");
}

static void creating_no_customer_is_refused(void **state) {
    struct peer *peer = *state;
    try_create_customer(peer, NULL);
    expect_only_violation(peer, "customer", "REQUIRED");
}

static void reading_a_customer_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    try_get_customer(peer, "nobody");
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(peer, "customer_id", "nobody");
}

static void a_read_mask_selects_the_fields_of_a_customer(void **state) {
    struct peer *peer = *state;
    Customer given = customer_with_id(fresh("masked"));
    given.name = text("Name");
    create_customer(peer, &given);
    Contacts__V1__GetCustomerRequest request = CONTACTS__V1__GET_CUSTOMER_REQUEST__INIT;
    request.id = given.id;
    request.read_mask = MASK("name");
    const Contacts__V1__GetCustomerResponse *response = call_get_customer(peer, &request);
    expect_ok(peer);
    Customer expected = CUSTOMER_INIT;
    expected.name = given.name;
    expect_equal_messages(response->customer, &expected);
    request.read_mask = MASK("first_name");
    call_get_customer(peer, &request);
    expect_only_violation(peer, "read_mask", "INVALID_MASK");
}

/* --- Uniqueness ----------------------------------------------------------------------------- */

static void a_taken_customer_id_is_refused(void **state) {
    struct peer *peer = *state;
    Customer customer = customer_with_id(fresh("taken"));
    const Customer *first = create_customer(peer, &customer);
    uint64_t revision = revision_now(peer);
    customer.name = text("Second");
    try_create_customer(peer, &customer);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "CUSTOMER_ID_TAKEN");
    expect_info(peer, "customer_id", customer.id);
    expect_revision(peer, revision);
    expect_equal_messages(get_customer(peer, customer.id), first);
}

static void an_account_number_has_one_customer(void **state) {
    struct peer *peer = *state;
    char *number = fresh("AN");
    const Customer *holder = create_with_account_number(peer, number);
    Customer second = customer_with_id(fresh("second"));
    second.account_number = number;
    try_create_customer(peer, &second);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    expect_info(peer, "customer_id", holder->id);
    try_get_customer(peer, second.id);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    second.account_number = text("");
    create_customer(peer, &second);
    second.account_number = number;
    try_update_customer(peer, &second, MASK("account_number"));
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    expect_info(peer, "customer_id", holder->id);
    assert_string_equal(get_customer(peer, second.id)->account_number, "");
}

static void a_crm_reference_has_one_customer(void **state) {
    struct peer *peer = *state;
    char *reference = fresh("CRM");
    const Customer *holder = create_with_crm_reference(peer, reference);
    Customer second = customer_with_id(fresh("second"));
    second.crm_reference = reference;
    try_create_customer(peer, &second);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "CRM_REFERENCE_TAKEN");
    expect_info(peer, "customer_id", holder->id);
    second.crm_reference = text("");
    create_customer(peer, &second);
    second.crm_reference = reference;
    try_update_customer(peer, &second, MASK("crm_reference"));
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "CRM_REFERENCE_TAKEN");
    expect_info(peer, "customer_id", holder->id);
}

static void a_number_that_its_customer_gave_up_is_free(void **state) {
    struct peer *peer = *state;
    char *number = fresh("AN");
    char *reference = fresh("CRM");
    Customer first = *create_with_account_number(peer, number);
    const Customer *second = create_with_crm_reference(peer, reference);
    first.account_number = fresh("AN");
    update_customer(peer, &first, MASK("account_number"));
    delete_customer(peer, second->id, 0, 0);
    create_with_account_number(peer, number);
    create_with_crm_reference(peer, reference);
}

static void numbers_that_differ_by_case_differ(void **state) {
    struct peer *peer = *state;
    create_with_account_number(peer, "case a");
    create_with_account_number(peer, "CASE A");
}

static void long_numbers_that_differ_at_their_end_differ(void **state) {
    struct peer *peer = *state;
    char *first = text_of('9', 1024);
    char *second = text_of('9', 1024);
    second[1023] = '8';
    const Customer *holder = create_with_account_number(peer, first);
    create_with_account_number(peer, second);
    Customer third = customer_with_id(fresh("third"));
    third.account_number = first;
    try_create_customer(peer, &third);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "ACCOUNT_NUMBER_TAKEN");
    expect_info(peer, "customer_id", holder->id);
}

/* --- Changing ------------------------------------------------------------------------------- */

static void a_customer_is_updated_by_the_rules_of_contacts(void **state) {
    struct peer *peer = *state;
    Customer customer = customer_with_id(fresh("updated"));
    customer.name = text("Old");
    customer.crm_reference = fresh("CRM");
    const Customer *before = create_customer(peer, &customer);
    uint64_t revision = revision_now(peer);
    Customer change = customer_with_id(customer.id);
    change.name = text("New");
    const Customer *after = update_customer(peer, &change, NULL);
    assert_int_equal(peer->revision, revision + 1);
    assert_string_equal(after->name, "New");
    assert_string_equal(after->crm_reference, before->crm_reference);
    assert_string_not_equal(after->etag, before->etag);
    assert_int_equal(compare_times(after->create_time, before->create_time), 0);
    expect_equal_messages(update_customer(peer, after, MASK("*")), after);
    expect_revision(peer, revision + 1);
    after = update_customer(peer, &change, MASK("*"));
    assert_string_equal(after->crm_reference, "");
    try_update_customer(peer, &change, MASK("CRMReference"));
    expect_only_violation(peer, "update_mask", "INVALID_MASK");
}

static void an_etag_guards_the_update_of_a_customer(void **state) {
    struct peer *peer = *state;
    Customer customer = customer_with_id(new_customer(peer));
    const char *etag = get_customer(peer, customer.id)->etag;
    customer.name = text("Name");
    customer.etag = text("another");
    try_update_customer(peer, &customer, MASK("name"));
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(peer, "etag", etag);
    customer.etag = text(etag);
    update_customer(peer, &customer, MASK("name"));
    try_update_customer(peer, &customer, MASK("name"));
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
}

static void output_only_fields_of_a_customer_cannot_change(void **state) {
    struct peer *peer = *state;
    Customer customer = *get_customer(peer, new_customer(peer));
    Google__Protobuf__Timestamp time = *customer.create_time;
    time.nanos = (time.nanos + 1) % 1000000000;
    customer.create_time = &time;
    try_update_customer(peer, &customer, MASK("create_time"));
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "IMMUTABLE_FIELD");
    expect_violation(peer, "customer.create_time", "IMMUTABLE_FIELD");
}

static void updating_a_customer_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    const Customer customer = customer_with_id("nobody");
    try_update_customer(peer, &customer, MASK("name"));
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(peer, "customer_id", "nobody");
    try_update_customer(peer, NULL, MASK("name"));
    expect_only_violation(peer, "customer", "REQUIRED");
    const Customer unnamed = CUSTOMER_INIT;
    try_update_customer(peer, &unnamed, MASK("name"));
    expect_only_violation(peer, "customer.id", "INVALID_ID");
}

/* --- Deleting ------------------------------------------------------------------------------- */

static void deleting_a_customer_deletes_direct_contacts_and_links_alone(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const char *other = new_customer(peer);
    const Contact *direct[] = {
        create_direct_contact(peer, customer), create_direct_contact(peer, customer),
        create_direct_contact(peer, other)};
    const Contact *shared[] = {create_shared_contact(peer), create_shared_contact(peer)};
    add_link(peer, customer, shared[0]->id);
    add_link(peer, customer, shared[1]->id);
    add_link(peer, other, shared[1]->id);
    uint64_t revision = revision_now(peer);
    delete_customer(peer, customer, 2, 2);
    expect_revision(peer, revision + 3);
    try_get_customer(peer, customer);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    for (size_t i = 0; i < 2; i++) {
        try_get_contact(peer, direct[i]->id);
        expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
        expect_equal_messages(get_contact(peer, shared[i]->id), shared[i]);
    }
    expect_equal_messages(get_contact(peer, direct[2]->id), direct[2]);
    expect_no_customers_of(peer, shared[0]->id);
    expect_customers_of(peer, shared[1]->id, other);
    expect_contacts_of(peer, other, direct[2]->id, shared[1]->id);
}

static void deleting_a_customer_that_is_not_there_is_not_found(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    delete_customer(peer, customer, 0, 0);
    uint64_t revision = revision_now(peer);
    try_delete_customer(peer, customer, "");
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    expect_info(peer, "customer_id", customer);
    expect_revision(peer, revision);
}

static void an_etag_guards_the_deletion_of_a_customer(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Customer *stored = get_customer(peer, customer);
    try_delete_customer(peer, customer, "another");
    expect_reason(peer, NNRPC_ABORTED, "ETAG_MISMATCH");
    expect_info(peer, "etag", stored->etag);
    expect_equal_messages(get_customer(peer, customer), stored);
    try_delete_customer(peer, customer, stored->etag);
    expect_ok(peer);
}

static void a_customer_id_that_comes_back_brings_nothing_with_it(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    create_direct_contact(peer, customer);
    add_link(peer, customer, create_shared_contact(peer)->id);
    delete_customer(peer, customer, 1, 1);
    const Customer again = customer_with_id(customer);
    create_customer(peer, &again);
    expect_no_contacts_of(peer, customer);
}

static void validating_customer_writes_changes_nothing(void **state) {
    struct peer *peer = *state;
    const char *customer = new_customer(peer);
    const Customer *stored = get_customer(peer, customer);
    create_direct_contact(peer, customer);
    uint64_t revision = revision_now(peer);

    Customer given = customer_with_id("never-made");
    Contacts__V1__CreateCustomerRequest create = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    create.customer = &given;
    create.validate_only = 1;
    assert_string_equal(call_create_customer(peer, &create)->customer->id, "never-made");
    assert_int_equal(peer->revision, revision);

    Customer change = customer_with_id(customer);
    change.name = text("Would be");
    Contacts__V1__UpdateCustomerRequest update = CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT;
    update.customer = &change;
    update.validate_only = 1;
    assert_string_equal(call_update_customer(peer, &update)->customer->name, "Would be");

    Contacts__V1__DeleteCustomerRequest delete = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    delete.id = text(customer);
    delete.validate_only = 1;
    assert_int_equal(call_delete_customer(peer, &delete)->deleted_contact_count, 1);

    expect_revision(peer, revision);
    expect_equal_messages(get_customer(peer, customer), stored);
    try_get_customer(peer, "never-made");
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    given.id = text(customer);
    call_create_customer(peer, &create);
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "CUSTOMER_ID_TAKEN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_customer_is_stored_as_it_was_given),
        scenario_test(output_only_fields_of_a_customer_are_ignored_on_create),
        scenario_test(a_customer_without_an_id_gets_the_next_free_decimal),
        scenario_test(a_customer_id_is_1_to_64_of_a_small_alphabet),
        scenario_test(customer_ids_differ_by_case),
        scenario_test(creating_no_customer_is_refused),
        scenario_test(reading_a_customer_that_is_not_there_is_not_found),
        scenario_test(a_read_mask_selects_the_fields_of_a_customer),
        scenario_test(a_taken_customer_id_is_refused),
        scenario_test(an_account_number_has_one_customer),
        scenario_test(a_crm_reference_has_one_customer),
        scenario_test(a_number_that_its_customer_gave_up_is_free),
        scenario_test(numbers_that_differ_by_case_differ),
        scenario_test(long_numbers_that_differ_at_their_end_differ),
        scenario_test(a_customer_is_updated_by_the_rules_of_contacts),
        scenario_test(an_etag_guards_the_update_of_a_customer),
        scenario_test(output_only_fields_of_a_customer_cannot_change),
        scenario_test(updating_a_customer_that_is_not_there_is_not_found),
        scenario_test(deleting_a_customer_deletes_direct_contacts_and_links_alone),
        scenario_test(deleting_a_customer_that_is_not_there_is_not_found),
        scenario_test(an_etag_guards_the_deletion_of_a_customer),
        scenario_test(a_customer_id_that_comes_back_brings_nothing_with_it),
        scenario_test(validating_customer_writes_changes_nothing),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("customers", tests, share_a_server, NULL);
}
