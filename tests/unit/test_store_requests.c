/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request ids, validate_only and deadlines: every call takes effect exactly once, or not at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

static struct store_write identified(
    enum store_act act, const void *request, const char *request_id, uint8_t digest) {
    struct store_write write = write_of(act, request);
    write.request_id = request_id;
    memset(write.digest, digest, sizeof(write.digest));
    return write;
}

static void expect_same_answer(const struct answer *first, const struct answer *second) {
    expect_ok(first);
    expect_ok(second);
    assert_int_equal(first->revision, second->revision);
    assert_int_equal(first->response.size, second->response.size);
    if (first->response.size > 0) {
        assert_memory_equal(first->response.data, second->response.data, first->response.size);
    }
}

/* Runs a write twice, with another change between and a reopened store, and asserts that it took
 * effect once. */
static void expect_once(struct fixture *fixture, enum store_act act, const void *request) {
    char id[32];
    snprintf(id, sizeof(id), "once-%d", (int)act);
    struct store_write write = identified(act, request, id, 1);
    ANSWER first = write_now(fixture->store, &write);
    expect_ok(&first);
    char name[32];
    snprintf(name, sizeof(name), "between %d", (int)act);
    put_preset(fixture, "dealerCode", name);
    uint64_t revision = store_revision(fixture->store);
    ANSWER second = write_now(fixture->store, &write);
    expect_same_answer(&first, &second);
    fixture_reopen(fixture);
    ANSWER third = write_now(fixture->store, &write);
    expect_same_answer(&first, &third);
    assert_int_equal(store_revision(fixture->store), revision);
}

static void every_act_with_an_id_takes_effect_once(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__Contact changed = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateCustomerRequest create_customer =
        CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    customer.id = "C1";
    create_customer.customer = &customer;
    expect_once(fixture, STORE_CREATE_CUSTOMER, &create_customer);
    Contacts__V1__UpdateCustomerRequest update_customer =
        CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT;
    customer.name = "Acme";
    update_customer.customer = &customer;
    expect_once(fixture, STORE_UPDATE_CUSTOMER, &update_customer);
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    contact.customer_id = "C1";
    create.contact = &contact;
    expect_once(fixture, STORE_CREATE_CONTACT, &create);
    Contacts__V1__UpdateContactRequest update = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    changed.id = "1";
    changed.last_name = "New";
    update.contact = &changed;
    expect_once(fixture, STORE_UPDATE_CONTACT, &update);
    Contacts__V1__ConvertToSharedContactRequest convert =
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT;
    convert.id = "1";
    expect_once(fixture, STORE_CONVERT_TO_SHARED_CONTACT, &convert);
    Contacts__V1__RemoveSharedContactRequest take_away =
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT;
    take_away.customer_id = "C1";
    take_away.contact_id = "1";
    expect_once(fixture, STORE_REMOVE_SHARED_CONTACT, &take_away);
    Contacts__V1__AddSharedContactRequest add = CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT;
    add.customer_id = "C1";
    add.contact_id = "1";
    expect_once(fixture, STORE_ADD_SHARED_CONTACT, &add);
    Contacts__V1__ImportContactRequest import = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    import.contact = &contact;
    expect_once(fixture, STORE_IMPORT_CONTACT, &import);
    Contacts__V1__DeleteContactRequest delete_contact = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    delete_contact.id = "1";
    expect_once(fixture, STORE_DELETE_CONTACT, &delete_contact);
    Contacts__V1__DeleteCustomerRequest delete_customer =
        CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    delete_customer.id = "C1";
    expect_once(fixture, STORE_DELETE_CUSTOMER, &delete_customer);
    Contacts__V1__PutPresetValueRequest put = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    put.field = "title";
    put.name = "Mr";
    expect_once(fixture, STORE_PUT_PRESET_VALUE, &put);
    Contacts__V1__RetirePresetValueRequest retire = CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    retire.field = "title";
    retire.name = "Mr";
    expect_once(fixture, STORE_RETIRE_PRESET_VALUE, &retire);
}

static void a_repeat_answers_as_the_first_did_though_the_contact_changed_since(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    contact.last_name = "First";
    create.contact = &contact;
    struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    ANSWER first = write_now(fixture->store, &write);
    expect_ok(&first);
    Contacts__V1__UpdateContactRequest update = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    Contacts__V1__Contact changed = CONTACTS__V1__CONTACT__INIT;
    changed.id = "1";
    changed.last_name = "Second";
    update.contact = &changed;
    ANSWER updated = act_now(fixture, STORE_UPDATE_CONTACT, &update);
    expect_ok(&updated);
    Contacts__V1__DeleteContactRequest delete_contact = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    delete_contact.id = "1";
    ANSWER deleted = act_now(fixture, STORE_DELETE_CONTACT, &delete_contact);
    expect_ok(&deleted);
    ANSWER again = write_now(fixture->store, &write);
    expect_same_answer(&first, &again);
}

static void a_write_without_effect_is_remembered_too(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__PutPresetValueRequest put = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    put.field = "title";
    put.name = "Mr";
    put_preset(fixture, "title", "Mr");
    struct store_write write = identified(STORE_PUT_PRESET_VALUE, &put, "a", 1);
    ANSWER first = write_now(fixture->store, &write);
    assert_int_equal(first.revision, 1);
    Contacts__V1__RetirePresetValueRequest retire = CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    retire.field = "title";
    retire.name = "Mr";
    ANSWER retired = act_now(fixture, STORE_RETIRE_PRESET_VALUE, &retire);
    expect_ok(&retired);
    ANSWER again = write_now(fixture->store, &write);
    expect_same_answer(&first, &again);
    assert_int_equal(store_revision(fixture->store), 2);
}

static void an_id_with_another_request_is_refused(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__PutPresetValueRequest put = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    put.field = "title";
    put.name = "Mr";
    struct store_write first = identified(STORE_PUT_PRESET_VALUE, &put, "a", 1);
    ANSWER answer = write_now(fixture->store, &first);
    expect_ok(&answer);
    struct store_write other = identified(STORE_PUT_PRESET_VALUE, &put, "a", 2);
    ANSWER refused = write_now(fixture->store, &other);
    expect_refused(fixture, &refused, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
}

static void an_id_belongs_to_its_caller(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    create.contact = &contact;
    static const char *const callers[] = {"", "alice", "bob"};
    for (size_t i = 0; i < NNRPC_LENGTH(callers); i++) {
        struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
        write.caller = callers[i];
        ANSWER answer = write_now(fixture->store, &write);
        expect_ok(&answer);
        assert_int_equal(answer.revision, i + 1);
    }
    struct change_list list = list_changes(fixture, 1);
    assert_string_equal(list.changes[0]->caller, "alice");
    assert_string_equal(list.changes[0]->request_id, "a");
    change_list_free(&list);
}

static void an_empty_id_is_not_remembered(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    create.contact = &contact;
    for (uint64_t i = 1; i <= 2; i++) {
        struct store_write write = identified(STORE_CREATE_CONTACT, &create, "", 1);
        ANSWER answer = write_now(fixture->store, &write);
        expect_ok(&answer);
        assert_int_equal(answer.revision, i);
    }
}

static void an_error_is_not_remembered(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    contact.customer_id = "C1";
    create.contact = &contact;
    struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    ANSWER refused = write_now(fixture->store, &write);
    expect_refused(fixture, &refused, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    put_customer(fixture, "C1");
    ANSWER answer = write_now(fixture->store, &write);
    expect_ok(&answer);
}

static void two_copies_in_one_group_take_effect_once(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    struct pending copies[3];
    struct gate gate;
    create.contact = &contact;
    gate_close(&gate, fixture->store);
    struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    for (size_t i = 0; i < NNRPC_LENGTH(copies); i++) {
        pending_submit(&copies[i], fixture->store, &write);
    }
    gate_open(&gate);
    ANSWER first = pending_await(&copies[0]);
    ANSWER second = pending_await(&copies[1]);
    ANSWER third = pending_await(&copies[2]);
    expect_same_answer(&first, &second);
    expect_same_answer(&first, &third);
    assert_int_equal(store_revision(fixture->store), 2);
    assert_int_equal(first.revision, 2);
}

static void a_kept_answer_is_found_without_the_writer(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer found = {0};
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    uint64_t revision = 4711;
    create.contact = &contact;
    struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    ANSWER answer = write_now(fixture->store, &write);
    expect_ok(&answer);
    struct store_write other = identified(STORE_CREATE_CONTACT, &create, "a", 2);
    struct store_write unknown = identified(STORE_CREATE_CONTACT, &create, "b", 1);
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    assert_false(store_find_answer(fixture->store, snapshot, &other, &revision, &found));
    assert_false(store_find_answer(fixture->store, snapshot, &unknown, &revision, &found));
    assert_int_equal(revision, 4711);
    assert_int_equal(found.size, 0);
    assert_true(store_find_answer(fixture->store, snapshot, &write, &revision, &found));
    assert_int_equal(revision, answer.revision);
    assert_int_equal(found.size, answer.response.size);
    assert_memory_equal(found.data, answer.response.data, found.size);
}

static void validating_checks_all_and_changes_nothing(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    create.contact = &contact;
    struct store_write write = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    write.validate_only = true;
    write.password_hash = "$hash";
    ANSWER would_be = write_now(fixture->store, &write);
    Contacts__V1__Contact *promised = answer_contact(&would_be);
    assert_int_equal(would_be.revision, 0);
    assert_int_equal(store_revision(fixture->store), 0);
    assert_true(store_is_pristine(fixture->store));
    assert_null(read_contact(fixture, 1));
    contact.customer_id = "nobody";
    ANSWER refused = write_now(fixture->store, &write);
    expect_refused(fixture, &refused, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    contact.customer_id = "";
    struct store_write real = identified(STORE_CREATE_CONTACT, &create, "a", 9);
    real.password_hash = "$hash";
    ANSWER answer = write_now(fixture->store, &real);
    Contacts__V1__Contact *created = answer_contact(&answer);
    assert_string_equal(promised->id, created->id);
    assert_string_equal(promised->etag, created->etag);
    assert_true(promised->has_account_password);
    struct store_write repeated = identified(STORE_CREATE_CONTACT, &create, "a", 1);
    repeated.validate_only = true;
    ANSWER not_looked_up = write_now(fixture->store, &repeated);
    Contacts__V1__Contact *next = answer_contact(&not_looked_up);
    assert_string_equal(next->id, "2");
    contacts__v1__contact__free_unpacked(promised, NULL);
    contacts__v1__contact__free_unpacked(created, NULL);
    contacts__v1__contact__free_unpacked(next, NULL);
}

static void validating_a_deletion_counts_and_deletes_nothing(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__DeleteCustomerRequest request = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "C1");
    request.id = "C1";
    struct store_write write = write_of(STORE_DELETE_CUSTOMER, &request);
    write.validate_only = true;
    ANSWER answer = write_now(fixture->store, &write);
    expect_ok(&answer);
    Contacts__V1__DeleteCustomerResponse *response = contacts__v1__delete_customer_response__unpack(
        NULL, answer.response.size, answer.response.data);
    assert_int_equal(response->deleted_contact_count, 1);
    contacts__v1__delete_customer_response__free_unpacked(response, NULL);
    Contacts__V1__Customer *customer = read_customer(fixture, "C1");
    assert_non_null(customer);
    contacts__v1__customer__free_unpacked(customer, NULL);
    assert_int_equal(store_revision(fixture->store), 2);
}

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void a_write_behind_its_deadline_is_not_started(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__PutPresetValueRequest other = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    struct pending late;
    struct pending early;
    struct gate gate;
    other.field = "title";
    other.name = "Mrs";
    gate_close(&gate, fixture->store);
    struct store_write write = write_of(STORE_PUT_PRESET_VALUE, &other);
    write.deadline_ns = monotonic_ns() + 20 * 1000000;
    pending_submit(&late, fixture->store, &write);
    write.deadline_ns = monotonic_ns() + UINT64_C(60) * 1000000000;
    pending_submit(&early, fixture->store, &write);
    usleep(40000);
    gate_open(&gate);
    ANSWER refused = pending_await(&late);
    assert_int_equal(refused.status.code, NNRPC_DEADLINE_EXCEEDED);
    assert_string_equal(refused.status.reason, "DEADLINE_EXCEEDED");
    assert_string_equal(refused.status.domain, NNRPC_DOMAIN);
    ANSWER answer = pending_await(&early);
    expect_ok(&answer);
    assert_int_equal(answer.revision, 2);
}

/* --- Expiry ------------------------------------------------------------------------------- */

static uint64_t kept_requests(struct fixture *fixture) {
    struct store_check_report report;
    fixture_stop(fixture, &report);
    fixture_start(fixture);
    return report.requests;
}

static void ids_expire_and_those_of_an_import_stay(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.request_retention_s = 1, .change_retention_s = 1};
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    (void)unused;
    create.contact = &contact;
    fixture_open(&fixture, &options);
    struct store_write import = identified(STORE_CREATE_CONTACT, &create, "import-1", 1);
    ANSWER imported = write_now(fixture.store, &import);
    expect_ok(&imported);
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "id-%d", i);
        struct store_write write = identified(STORE_CREATE_CONTACT, &create, id, 1);
        ANSWER answer = write_now(fixture.store, &write);
        expect_ok(&answer);
    }
    assert_int_equal(kept_requests(&fixture), 21);
    uint64_t left = 21;
    /* Upkeep comes every second. */
    for (int i = 0; i < 10 && left > 1; i++) {
        usleep(2500000);
        left = kept_requests(&fixture);
    }
    assert_int_equal(left, 1);
    /* The change is gone; the import's answer is kept beside its id. */
    ANSWER again = write_now(fixture.store, &import);
    expect_same_answer(&imported, &again);
    struct store_write expired = identified(STORE_CREATE_CONTACT, &create, "id-1", 2);
    ANSWER fresh = write_now(fixture.store, &expired);
    expect_ok(&fresh);
    assert_int_equal(fresh.revision, 22);
    fixture_close(&fixture);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_act_with_an_id_takes_effect_once),
        TEST(a_repeat_answers_as_the_first_did_though_the_contact_changed_since),
        TEST(a_write_without_effect_is_remembered_too),
        TEST(an_id_with_another_request_is_refused),
        TEST(an_id_belongs_to_its_caller),
        TEST(an_empty_id_is_not_remembered),
        TEST(an_error_is_not_remembered),
        TEST(two_copies_in_one_group_take_effect_once),
        TEST(a_kept_answer_is_found_without_the_writer),
        TEST(validating_checks_all_and_changes_nothing),
        TEST(validating_a_deletion_counts_and_deletes_nothing),
        TEST(a_write_behind_its_deadline_is_not_started),
        cmocka_unit_test(ids_expire_and_those_of_an_import_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
