/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consistency check finds what it is there to find: one entry of a good store is changed behind
 * the store's back, and the check must say so.
 */
#include <stdio.h>
#include <string.h>

#include "store/changes.h"
#include "store/engine.h"
#include "store/indexes.h"
#include "store/keys.h"
#include "store_fixture.h"

/* A store with something in every table. */
static int setup(void **state) {
    static struct fixture fixture;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    Contacts__V1__CreateCustomerRequest customer_request =
        CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
    fixture_open(&fixture, NULL);
    put_preset(&fixture, "dealerCode", "D1");
    customer.id = "C1";
    customer.account_number = "A1";
    customer.crm_reference = "R1";
    customer_request.customer = &customer;
    ANSWER made = act_now(&fixture, STORE_CREATE_CUSTOMER, &customer_request);
    expect_ok(&made);
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "K%d", i);
        put_customer(&fixture, id);
    }
    contact.customer_id = "C1";
    contact.email = "a@x.org";
    contact.number1 = "0201";
    create.contact = &contact;
    struct store_write write = write_of(STORE_CREATE_CONTACT, &create);
    write.password_hash = "$hash";
    write.request_id = "r";
    ANSWER direct = write_now(fixture.store, &write);
    expect_ok(&direct);
    contact.customer_id = "";
    contact.dealer_code = "D1";
    uint64_t shared = put_contact(&fixture, &contact);
    put_link(&fixture, shared, "C1");
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    /* The store is spoilt: closing the fixture must not check it. */
    if (fixture->store == NULL) {
        assert_int_equal(store_open(&fixture->options, &fixture->store, &status), NNRPC_OK);
    }
    store_close(fixture->store);
    fixture->store = NULL;
    fixture_close(fixture);
    return 0;
}

typedef void (*spoil)(struct engine_transaction *transaction);

/* Spoils a stopped store and asserts what the check says. */
static void expect_found(struct fixture *fixture, spoil spoil_store, const char *part_of_fault) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    struct store_check_report report;
    char path[128];
    if (fixture->store != NULL) {
        fixture_stop(fixture, NULL);
    }
    snprintf(path, sizeof(path), "%s/data.mdb", fixture->folder);
    const struct engine_options options = {.path = path, .map_bytes = 1 << 26, .alone = true};
    assert_int_equal(engine_open(&options, &engine, &status), NNRPC_OK);
    assert_int_equal(engine_begin_write(engine, &transaction, &status), NNRPC_OK);
    spoil_store(transaction);
    assert_int_equal(engine_commit(transaction, &status), NNRPC_OK);
    engine_close(engine);
    assert_int_equal(store_check(fixture->folder, NULL, &report, &status), NNRPC_OK);
    assert_true(report.faults > 0);
    if (strstr(report.first_fault, part_of_fault) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part_of_fault, report.first_fault);
    }
}

/* Deletes the first entry of a table. */
static void delete_first(struct engine_transaction *transaction, enum engine_table table) {
    struct engine_cursor cursor = engine_cursor_open(transaction, table);
    assert_true(engine_cursor_first(&cursor));
    struct key key = key_copy(cursor.key);
    engine_cursor_close(&cursor);
    engine_delete(transaction, table, key_slice(&key));
}

static void put_entry(
    struct engine_transaction *transaction, enum engine_table table, struct key key,
    const char *value) {
    engine_put(transaction, table, key_slice(&key), slice_of_text(value));
}

#define LACKS(name, table)                                                                         \
    static void spoil_##name(struct engine_transaction *transaction) {                             \
        delete_first(transaction, table);                                                          \
    }                                                                                              \
    static void a_missing_entry_of_##name##_is_found(void **state) {                               \
        expect_found(*state, spoil_##name, #name " lacks");                                        \
    }

LACKS(by_form, ENGINE_BY_FORM)
LACKS(by_email, ENGINE_BY_EMAIL)
LACKS(by_number, ENGINE_BY_NUMBER)
LACKS(customer_contacts, ENGINE_CUSTOMER_CONTACTS)
LACKS(account_numbers, ENGINE_ACCOUNT_NUMBERS)
LACKS(crm_references, ENGINE_CRM_REFERENCES)
LACKS(customer_created, ENGINE_CUSTOMER_CREATED)
LACKS(secrets, ENGINE_SECRETS)

#define TOO_MANY(name, table, made_key)                                                            \
    static void overfill_##name(struct engine_transaction *transaction) {                          \
        put_entry(transaction, table, made_key, "x");                                              \
    }                                                                                              \
    static void an_entry_too_many_of_##name##_is_found(void **state) {                             \
        expect_found(*state, overfill_##name, #name " has ");                                      \
    }

TOO_MANY(by_email, ENGINE_BY_EMAIL, key_of_owned(slice_of_text("other@x.org"), 1))
TOO_MANY(by_number, ENGINE_BY_NUMBER, key_of_owned(slice_of_text("999"), 2))
TOO_MANY(by_form, ENGINE_BY_FORM, key_of_owned(slice_of_text("cD2"), 2))
TOO_MANY(customer_contacts, ENGINE_CUSTOMER_CONTACTS, key_of_owned(slice_of_text("K1"), 1))
TOO_MANY(account_numbers, ENGINE_ACCOUNT_NUMBERS, key_of_text(slice_of_text("A9")))
TOO_MANY(secrets, ENGINE_SECRETS, key_of_number(2))

static void spoil_link(struct engine_transaction *transaction) {
    delete_first(transaction, ENGINE_CONTACT_CUSTOMERS);
}

static void a_link_with_one_end_is_found(void **state) {
    expect_found(*state, spoil_link, "customer_contacts has 2 entries");
}

static void spoil_contact(struct engine_transaction *transaction) {
    put_entry(transaction, ENGINE_CONTACTS, key_of_number(1), "rubbish");
}

static void a_record_that_is_none_is_found(void **state) {
    expect_found(*state, spoil_contact, "contact 1 is not a record of its id");
}

static void lose_customer(struct engine_transaction *transaction) {
    delete_first(transaction, ENGINE_CUSTOMERS);
}

static void a_contact_without_its_customer_is_found(void **state) {
    expect_found(*state, lose_customer, "belongs to a customer that is not there");
}

static void lose_change(struct engine_transaction *transaction) {
    struct key key = key_of_number(3);
    engine_delete(transaction, ENGINE_CHANGES, key_slice(&key));
}

static void a_gap_in_the_feed_is_found(void **state) {
    expect_found(*state, lose_change, "gap");
}

/* Replaces the change that made contact 2 by one that made it otherwise. */
static void falsify_change(struct engine_transaction *transaction) {
    struct nnrpc_slice packed;
    struct change change;
    uint8_t bytes[1024];
    assert_true(change_find(transaction, 24, &packed));
    assert_true(packed.size < sizeof(bytes));
    memcpy(bytes, packed.data, packed.size);
    struct nnrpc_slice copy = {.data = bytes, .size = packed.size};
    assert_true(change_read(copy, &change));
    uint8_t *email = memmem(bytes, copy.size, "a@x.org", 7);
    assert_non_null(email);
    email[0] = 'b';
    change_put(transaction, 24, copy);
}

static void a_change_that_left_something_else_is_found(void **state) {
    expect_found(*state, falsify_change, "change 24 left another record");
}

static void spoil_request(struct engine_transaction *transaction) {
    put_entry(transaction, ENGINE_REQUESTS, key_of_owned(slice_of_text("caller"), 1), "short");
}

static void a_request_that_cannot_be_is_found(void **state) {
    expect_found(*state, spoil_request, "requests has an entry");
}

static void spoil_preset(struct engine_transaction *transaction) {
    put_entry(transaction, ENGINE_PRESETS, key_of_text(slice_of_text("\x05zz")), "");
}

static void a_preset_bucket_that_is_empty_is_found(void **state) {
    expect_found(*state, spoil_preset, "presets has a bucket");
}

static void note_progress(void *self, const char *table, uint64_t entries) {
    char *text = self;
    char line[64];
    snprintf(line, sizeof(line), "%s=%d ", table, (int)entries);
    strncat(text, line, 1023 - strlen(text));
}

static void a_good_store_has_no_fault_and_its_report_counts(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    char progress[1024] = "";
    struct store_check_observer observer = {.self = progress, .progress = note_progress};
    struct store_check_report report;
    fixture_stop(fixture, NULL);
    assert_int_equal(store_check(fixture->folder, &observer, &report, &status), NNRPC_OK);
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.contacts, 2);
    assert_int_equal(report.customers, 21);
    assert_int_equal(report.links, 1);
    assert_int_equal(report.presets, 1);
    assert_int_equal(report.secrets, 1);
    assert_int_equal(report.requests, 1);
    assert_int_equal(report.changes, 25);
    assert_int_equal(report.revision, 25);
    assert_non_null(strstr(progress, "contacts=2 customers=21"));
}

static void a_folder_without_a_store_is_not_found(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_check_report report;
    assert_int_equal(store_check(fixture->parent, NULL, &report, &status), NNRPC_NOT_FOUND);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_missing_entry_of_by_form_is_found),
        TEST(a_missing_entry_of_by_email_is_found),
        TEST(a_missing_entry_of_by_number_is_found),
        TEST(a_missing_entry_of_customer_contacts_is_found),
        TEST(a_missing_entry_of_account_numbers_is_found),
        TEST(a_missing_entry_of_crm_references_is_found),
        TEST(a_missing_entry_of_customer_created_is_found),
        TEST(a_missing_entry_of_secrets_is_found),
        TEST(an_entry_too_many_of_by_email_is_found),
        TEST(an_entry_too_many_of_by_number_is_found),
        TEST(an_entry_too_many_of_by_form_is_found),
        TEST(an_entry_too_many_of_customer_contacts_is_found),
        TEST(an_entry_too_many_of_account_numbers_is_found),
        TEST(an_entry_too_many_of_secrets_is_found),
        TEST(a_link_with_one_end_is_found),
        TEST(a_record_that_is_none_is_found),
        TEST(a_contact_without_its_customer_is_found),
        TEST(a_gap_in_the_feed_is_found),
        TEST(a_change_that_left_something_else_is_found),
        TEST(a_request_that_cannot_be_is_found),
        TEST(a_preset_bucket_that_is_empty_is_found),
        TEST(a_good_store_has_no_fault_and_its_report_counts),
        TEST(a_folder_without_a_store_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
