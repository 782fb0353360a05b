/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preset values: put, retired, listed.
 */
#include <stdio.h>
#include <string.h>

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

static struct answer put(struct fixture *fixture, const char *field, const char *name) {
    Contacts__V1__PutPresetValueRequest request = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    request.field = (char *)field;
    request.name = (char *)name;
    return act_now(fixture, STORE_PUT_PRESET_VALUE, &request);
}

static struct answer retire(struct fixture *fixture, const char *field, const char *name) {
    Contacts__V1__RetirePresetValueRequest request =
        CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    request.field = (char *)field;
    request.name = (char *)name;
    return act_now(fixture, STORE_RETIRE_PRESET_VALUE, &request);
}

/* Asserts the value of an answer. */
static void expect_preset(
    const struct answer *answer, const char *field, const char *name, bool retired) {
    expect_ok(answer);
    Contacts__V1__PutPresetValueResponse *response =
        contacts__v1__put_preset_value_response__unpack(
            NULL, answer->response.size, answer->response.data);
    assert_non_null(response);
    assert_non_null(response->value);
    assert_string_equal(response->value->field, field);
    assert_string_equal(response->value->name, name);
    assert_int_equal(response->value->retired != 0, retired);
    contacts__v1__put_preset_value_response__free_unpacked(response, NULL);
}

/* First bytes of names, with commas between; a retired one in brackets. */
struct name_list {
    char text[8192];
    size_t shown;
};

static bool add_name(void *self, struct nnrpc_slice record) {
    struct name_list *list = self;
    Contacts__V1__PresetValue *value =
        contacts__v1__preset_value__unpack(NULL, record.size, record.data);
    assert_non_null(value);
    size_t used = strlen(list->text);
    size_t length = strlen(value->name);
    snprintf(
        list->text + used, sizeof(list->text) - used, value->retired ? "%s[%s]" : "%s%s",
        used == 0 ? "" : ",", value->name + (length > list->shown ? length - list->shown : 0));
    contacts__v1__preset_value__free_unpacked(value, NULL);
    return true;
}

static void expect_list(
    struct fixture *fixture, const char *field, bool include_retired, uint32_t page_size,
    const char *expected) {
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct name_list list = {.shown = 8};
    struct store_preset_page page = {.more = true};
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    while (page.more) {
        char after[STORE_TEXT_BYTES + 1];
        memcpy(after, page.last_name, sizeof(after));
        assert_int_equal(
            store_list_presets(
                snapshot, field, include_retired, after, page_size, add_name, &list, &page,
                &status),
            NNRPC_OK);
    }
    assert_string_equal(list.text, expected);
}

static void a_value_is_put_once(void **state) {
    struct fixture *fixture = *state;
    ANSWER first = put(fixture, "title", "Mr");
    expect_preset(&first, "title", "Mr", false);
    assert_int_equal(first.revision, 1);
    ANSWER second = put(fixture, "title", "Mr");
    expect_preset(&second, "title", "Mr", false);
    assert_int_equal(second.revision, 1);
    assert_int_equal(store_revision(fixture->store), 1);
}

static void a_retired_value_comes_back_by_putting_it(void **state) {
    struct fixture *fixture = *state;
    ANSWER first = put(fixture, "title", "Mr");
    expect_ok(&first);
    ANSWER retired = retire(fixture, "title", "Mr");
    expect_preset(&retired, "title", "Mr", true);
    assert_int_equal(retired.revision, 2);
    ANSWER twice = retire(fixture, "title", "Mr");
    expect_preset(&twice, "title", "Mr", true);
    assert_int_equal(store_revision(fixture->store), 2);
    ANSWER back = put(fixture, "title", "Mr");
    expect_preset(&back, "title", "Mr", false);
    assert_int_equal(back.revision, 3);
    struct change_list list = list_changes(fixture, 1);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.changes[0]->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_RETIRED);
    assert_true(list.changes[0]->preset_value->retired);
    assert_int_equal(list.changes[1]->kind, CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_PUT);
    assert_string_equal(list.changes[1]->preset_value->name, "Mr");
    change_list_free(&list);
}

static void a_missing_value_cannot_be_retired(void **state) {
    struct fixture *fixture = *state;
    put_preset(fixture, "title", "Mr");
    ANSWER answer = retire(fixture, "country", "Mr");
    expect_refused(fixture, &answer, NNRPC_NOT_FOUND, "PRESET_VALUE_NOT_FOUND");
    expect_info(&answer, "field", "country");
    expect_info(&answer, "value", "Mr");
}

static void an_unknown_field_is_refused_with_the_known_ones(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_preset_page page;
    struct name_list list = {.shown = 8};
    static const char known[] =
        "contactType,title,country,numberType,dealerCode,contactRegarding,emailBillType,"
        "invoiceUsageReportCustomerProfile,copyCorrespondenceTypeIDs,copyTicketTypeIDs";
    ANSWER answer = put(fixture, "Title", "Mr");
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_FIELD");
    expect_info(&answer, "allowed", known);
    ANSWER retired = retire(fixture, "", "Mr");
    expect_refused(fixture, &retired, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_FIELD");
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    assert_int_equal(
        store_list_presets(snapshot, "colour", true, "", 10, add_name, &list, &page, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "UNKNOWN_PRESET_FIELD");
}

static void values_are_listed_by_bytes_and_within_their_field(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"b", "a", "B", "ä", "aa"};
    for (size_t i = 0; i < NNRPC_LENGTH(names); i++) {
        put_preset(fixture, "title", names[i]);
    }
    put_preset(fixture, "country", "GB");
    put_preset(fixture, "contactType", "x");
    ANSWER retired = retire(fixture, "title", "a");
    expect_ok(&retired);
    for (uint32_t page_size = 1; page_size < 7; page_size++) {
        expect_list(fixture, "title", true, page_size, "B,[a],aa,b,ä");
        expect_list(fixture, "title", false, page_size, "B,aa,b,ä");
        expect_list(fixture, "country", false, page_size, "GB");
        expect_list(fixture, "dealerCode", true, page_size, "");
    }
}

static void names_with_one_long_beginning_are_told_apart_and_in_order(void **state) {
    struct fixture *fixture = *state;
    char name[STORE_TEXT_BYTES + 1];
    memset(name, 'n', sizeof(name));
    name[STORE_TEXT_BYTES] = '\0';
    static const char *const endings[] = {"c", "a", "", "d", "b"};
    for (size_t i = 0; i < NNRPC_LENGTH(endings); i++) {
        snprintf(name + 900, sizeof(name) - 900, "-------%s", endings[i]);
        put_preset(fixture, "dealerCode", name);
    }
    snprintf(name + 900, sizeof(name) - 900, "-------%s", "b");
    ANSWER retired = retire(fixture, "dealerCode", name);
    expect_preset(&retired, "dealerCode", name, true);
    put_preset(fixture, "dealerCode", "zz");
    for (uint32_t page_size = 1; page_size < 7; page_size++) {
        expect_list(
            fixture, "dealerCode", true, page_size,
            "n-------,-------a,[-------b],-------c,-------d,zz");
        expect_list(
            fixture, "dealerCode", false, page_size, "n-------,-------a,-------c,-------d,zz");
    }
    struct store_check_report report;
    fixture_stop(fixture, &report);
    assert_int_equal(report.presets, 6);
}

static void allowed_names_in_an_error_are_twenty_at_most(void **state) {
    struct fixture *fixture = *state;
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    for (int i = 0; i < 25; i++) {
        char name[16];
        snprintf(name, sizeof(name), "T%02d", i);
        put_preset(fixture, "contactType", name);
    }
    ANSWER retired = retire(fixture, "contactType", "T01");
    expect_ok(&retired);
    contact.contact_type = "T01";
    request.contact = &contact;
    ANSWER answer = act_now(fixture, STORE_CREATE_CONTACT, &request);
    expect_refused(fixture, &answer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    expect_info(
        &answer, "allowed",
        "T00,T02,T03,T04,T05,T06,T07,T08,T09,T10,T11,T12,T13,T14,T15,T16,T17,T18,T19,T20");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_put_once),
        TEST(a_retired_value_comes_back_by_putting_it),
        TEST(a_missing_value_cannot_be_retired),
        TEST(an_unknown_field_is_refused_with_the_known_ones),
        TEST(values_are_listed_by_bytes_and_within_their_field),
        TEST(names_with_one_long_beginning_are_told_apart_and_in_order),
        TEST(allowed_names_in_an_error_are_twenty_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
