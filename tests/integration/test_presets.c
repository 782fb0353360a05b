/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presets: the lists of values that some fields allow (the contract's act 7).
 */
#include <string.h>

#include "acts.h"
#include "presets/default_presets.h"

static Contacts__V1__ListPresetValuesResponse *list_page(
    struct peer *peer, const char *field, bool include_retired, int32_t page_size,
    char *page_token) {
    Contacts__V1__ListPresetValuesRequest request = CONTACTS__V1__LIST_PRESET_VALUES_REQUEST__INIT;
    request.field = text(field);
    request.include_retired = include_retired;
    request.page_size = page_size;
    request.page_token = page_token;
    return call_list_preset_values(peer, &request);
}

/* Whether a value is listed, and how. */
enum listing { ABSENT, ACTIVE, RETIRED };

static enum listing listing_of(
    struct peer *peer, const char *field, const char *name, bool include_retired) {
    const Contacts__V1__ListPresetValuesResponse *response =
        list_page(peer, field, include_retired, 1000, text(""));
    expect_ok(peer);
    for (size_t i = 0; i < response->n_values; i++) {
        assert_string_equal(response->values[i]->field, field);
        if (strcmp(response->values[i]->name, name) == 0) {
            return response->values[i]->retired ? RETIRED : ACTIVE;
        }
    }
    return ABSENT;
}

static Contact contact_with_title(const char *title) {
    Contact contact = CONTACT_INIT;
    contact.title = text(title);
    return contact;
}

/* --- The lists ------------------------------------------------------------------------------ */

static void a_new_store_has_the_default_presets_and_nothing_else(void **state) {
    struct peer *peer = *state;
    static const char *const fields[] = {
        "contactType",
        "title",
        "country",
        "numberType",
        "dealerCode",
        "contactRegarding",
        "emailBillType",
        "invoiceUsageReportCustomerProfile",
        "copyCorrespondenceTypeIDs",
        "copyTicketTypeIDs"};
    size_t count = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(fields); i++) {
        const Contacts__V1__ListPresetValuesResponse *response =
            list_page(peer, fields[i], true, 1000, text(""));
        expect_ok(peer);
        count += response->n_values;
    }
    assert_int_equal(count, contacts_default_preset_count);
    for (size_t i = 0; i < contacts_default_preset_count; i++) {
        const struct contacts_default_preset *preset = &contacts_default_presets[i];
        assert_int_equal(listing_of(peer, preset->field, preset->name, false), ACTIVE);
    }
}

static void values_come_in_pages_ascending_by_bytes(void **state) {
    struct peer *peer = *state;
    static const char *const names[] = {"b", "B", "a", "\xc3\xa9", "aa", "a b", "Z", "10", "9"};
    for (size_t i = 0; i < NNRPC_LENGTH(names); i++) {
        put_preset(peer, "dealerCode", names[i]);
    }
    const char *last = "";
    size_t found = 0;
    char *page_token = text("");
    for (int page = 0; page == 0 || page_token[0] != '\0'; page++) {
        const Contacts__V1__ListPresetValuesResponse *response =
            list_page(peer, "dealerCode", false, 1 + page % 3, page_token);
        expect_ok(peer);
        assert_true(page < 100);
        for (size_t i = 0; i < response->n_values; i++) {
            assert_true(strcmp(response->values[i]->name, last) > 0);
            last = response->values[i]->name;
            for (size_t k = 0; k < NNRPC_LENGTH(names); k++) {
                found += strcmp(names[k], last) == 0;
            }
        }
        page_token = response->next_page_token;
    }
    assert_int_equal(found, NNRPC_LENGTH(names));
}

static void a_page_of_values_belongs_to_its_list(void **state) {
    struct peer *peer = *state;
    const Contacts__V1__ListPresetValuesResponse *response =
        list_page(peer, "country", false, 1, text(""));
    expect_ok(peer);
    assert_true(response->next_page_token[0] != '\0');
    list_page(peer, "title", false, 1, response->next_page_token);
    expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
    list_page(peer, "country", true, 1, response->next_page_token);
    expect_only_violation(peer, "page_token", "INVALID_PAGE_TOKEN");
    list_page(peer, "country", false, 2, response->next_page_token);
    expect_ok(peer);
}

/* --- Putting and retiring ------------------------------------------------------------------- */

static void a_value_that_was_put_is_listed_and_allowed(void **state) {
    struct peer *peer = *state;
    const Contact contact = contact_with_title("Captain");
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    uint64_t revision = revision_now(peer);
    const Contacts__V1__PresetValue *value = put_preset(peer, "title", "Captain");
    assert_string_equal(value->field, "title");
    assert_string_equal(value->name, "Captain");
    assert_false(value->retired);
    assert_int_equal(peer->revision, revision + 1);
    assert_int_equal(listing_of(peer, "title", "Captain", false), ACTIVE);
    assert_string_equal(create_contact(peer, &contact)->title, "Captain");
}

static void putting_a_value_twice_changes_nothing(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Twice");
    uint64_t revision = revision_now(peer);
    put_preset(peer, "title", "Twice");
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
}

static void a_retired_value_is_listed_only_when_asked_for(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Baron");
    uint64_t revision = revision_now(peer);
    const Contacts__V1__PresetValue *value = retire_preset(peer, "title", "Baron");
    assert_true(value->retired);
    assert_int_equal(peer->revision, revision + 1);
    assert_int_equal(listing_of(peer, "title", "Baron", false), ABSENT);
    assert_int_equal(listing_of(peer, "title", "Baron", true), RETIRED);
    retire_preset(peer, "title", "Baron");
    expect_revision(peer, revision + 1);
}

static void a_retired_value_is_refused_for_new_use(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Squire");
    const Contact *other = create_shared_contact(peer);
    retire_preset(peer, "title", "Squire");
    Contact contact = contact_with_title("Squire");
    try_create_contact(peer, &contact);
    expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
    contact.id = other->id;
    try_update_contact(peer, &contact, MASK("title"));
    expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
    expect_equal_messages(get_contact(peer, other->id), other);
}

static void a_stored_value_stays_valid_when_it_is_retired(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Duke");
    const Contact given = contact_with_title("Duke");
    Contact contact = *create_contact(peer, &given);
    retire_preset(peer, "title", "Duke");
    assert_string_equal(get_contact(peer, contact.id)->title, "Duke");
    contact.last_name = text("Left alone");
    contact.etag = text("");
    assert_string_equal(update_contact(peer, &contact, MASK("last_name"))->title, "Duke");
    contact.last_name = text("Repeated");
    assert_string_equal(update_contact(peer, &contact, MASK("title", "last_name"))->title, "Duke");
    contact.title = text("");
    update_contact(peer, &contact, MASK("title"));
    contact.title = text("Duke");
    try_update_contact(peer, &contact, MASK("title"));
    expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
}

static void a_stored_value_among_many_stays_valid_when_it_is_retired(void **state) {
    struct peer *peer = *state;
    char *values[] = {text("Old"), text("New"), text("Unknown")};
    put_preset(peer, "contactRegarding", "Old");
    put_preset(peer, "contactRegarding", "New");
    Contact contact = CONTACT_INIT;
    contact.contact_regarding = values;
    contact.n_contact_regarding = 1;
    contact.id = create_contact(peer, &contact)->id;
    retire_preset(peer, "contactRegarding", "Old");
    contact.n_contact_regarding = 2;
    assert_int_equal(
        update_contact(peer, &contact, MASK("contact_regarding"))->n_contact_regarding, 2);
    contact.n_contact_regarding = 3;
    try_update_contact(peer, &contact, MASK("contact_regarding"));
    expect_only_violation(peer, "contact.contact_regarding[2]", "UNKNOWN_PRESET_VALUE");
}

static void putting_a_retired_value_brings_it_back(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Earl");
    retire_preset(peer, "title", "Earl");
    uint64_t revision = revision_now(peer);
    assert_false(put_preset(peer, "title", "Earl")->retired);
    assert_int_equal(peer->revision, revision + 1);
    assert_int_equal(listing_of(peer, "title", "Earl", true), ACTIVE);
    const Contact contact = contact_with_title("Earl");
    create_contact(peer, &contact);
}

static void retiring_what_was_never_put_is_not_found(void **state) {
    struct peer *peer = *state;
    try_retire_preset(peer, "title", "Emperor");
    expect_reason(peer, NNRPC_NOT_FOUND, "PRESET_VALUE_NOT_FOUND");
    expect_info(peer, "field", "title");
    expect_info(peer, "value", "Emperor");
}

static void validating_preset_writes_changes_nothing(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "title", "Viscount");
    uint64_t revision = revision_now(peer);
    Contacts__V1__PutPresetValueRequest put = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    put.field = text("title");
    put.name = text("Never put");
    put.validate_only = 1;
    assert_string_equal(call_put_preset_value(peer, &put)->value->name, "Never put");
    Contacts__V1__RetirePresetValueRequest retire = CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    retire.field = text("title");
    retire.name = text("Viscount");
    retire.validate_only = 1;
    assert_true(call_retire_preset_value(peer, &retire)->value->retired);
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
    assert_int_equal(listing_of(peer, "title", "Never put", true), ABSENT);
    assert_int_equal(listing_of(peer, "title", "Viscount", true), ACTIVE);
}

/* --- Using ---------------------------------------------------------------------------------- */

static void every_preset_field_of_a_contact_is_checked(void **state) {
    struct peer *peer = *state;
    char *unknown[] = {text("Unknown")};
    Contact contact = CONTACT_INIT;
    contact.contact_type = unknown[0];
    contact.title = unknown[0];
    contact.country = unknown[0];
    contact.number1_type = unknown[0];
    contact.number2_type = unknown[0];
    contact.number3_type = unknown[0];
    contact.number4_type = unknown[0];
    contact.dealer_code = unknown[0];
    contact.email_bill_type = unknown[0];
    contact.invoice_usage_report_customer_profile = unknown[0];
    contact.contact_regarding = unknown;
    contact.n_contact_regarding = 1;
    contact.copy_correspondence_type_ids = unknown;
    contact.n_copy_correspondence_type_ids = 1;
    contact.copy_ticket_type_ids = unknown;
    contact.n_copy_ticket_type_ids = 1;
    static const char *const paths[] = {
        "contact_type",
        "title",
        "country",
        "number1_type",
        "number2_type",
        "number3_type",
        "number4_type",
        "dealer_code",
        "email_bill_type",
        "invoice_usage_report_customer_profile",
        "contact_regarding[0]",
        "copy_correspondence_type_ids[0]",
        "copy_ticket_type_ids[0]"};
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "UNKNOWN_PRESET_VALUE");
    expect_violation_count(peer, NNRPC_LENGTH(paths));
    for (size_t i = 0; i < NNRPC_LENGTH(paths); i++) {
        expect_violation(peer, format_text("contact.%s", paths[i]), "UNKNOWN_PRESET_VALUE");
    }
}

static void names_match_exactly(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"exact", "EXACT", "Exact ", " Exact", "Exac", "Exactly"};
    put_preset(peer, "title", "Exact");
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        const Contact contact = contact_with_title(wrong[i]);
        try_create_contact(peer, &contact);
        expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
        expect_info(peer, "field", "title");
        expect_info(peer, "value", wrong[i]);
    }
}

static void the_fields_have_lists_of_their_own(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "contactType", "Only a type");
    const Contact contact = contact_with_title("Only a type");
    try_create_contact(peer, &contact);
    expect_only_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
}

static void the_four_numbers_share_one_list(void **state) {
    struct peer *peer = *state;
    put_preset(peer, "numberType", "Pager");
    Contact contact = CONTACT_INIT;
    contact.number1_type = contact.number2_type = contact.number3_type = contact.number4_type =
        text("Pager");
    create_contact(peer, &contact);
}

static void a_refusal_names_up_to_20_allowed_values(void **state) {
    struct peer *peer = *state;
    char allowed[1024] = "";
    const Contacts__V1__ListPresetValuesResponse *response =
        list_page(peer, "emailBillType", true, 1000, text(""));
    expect_ok(peer);
    for (size_t i = 0; i < response->n_values; i++) {
        retire_preset(peer, "emailBillType", response->values[i]->name);
    }
    for (int i = 0; i < 25; i++) {
        const char *name = format_text("Bill %02d", i);
        put_preset(peer, "emailBillType", name);
        if (i < 20) {
            strcat(strcat(allowed, i > 0 ? "," : ""), name);
        }
    }
    Contact contact = CONTACT_INIT;
    contact.email_bill_type = text("No bill");
    try_create_contact(peer, &contact);
    expect_only_violation(peer, "contact.email_bill_type", "UNKNOWN_PRESET_VALUE");
    expect_info(peer, "field", "emailBillType");
    expect_info(peer, "value", "No bill");
    expect_info(peer, "allowed", allowed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_new_store_has_the_default_presets_and_nothing_else),
        scenario_test(values_come_in_pages_ascending_by_bytes),
        scenario_test(a_page_of_values_belongs_to_its_list),
        scenario_test(a_value_that_was_put_is_listed_and_allowed),
        scenario_test(putting_a_value_twice_changes_nothing),
        scenario_test(a_retired_value_is_listed_only_when_asked_for),
        scenario_test(a_retired_value_is_refused_for_new_use),
        scenario_test(a_stored_value_stays_valid_when_it_is_retired),
        scenario_test(a_stored_value_among_many_stays_valid_when_it_is_retired),
        scenario_test(putting_a_retired_value_brings_it_back),
        scenario_test(retiring_what_was_never_put_is_not_found),
        scenario_test(validating_preset_writes_changes_nothing),
        scenario_test(every_preset_field_of_a_contact_is_checked),
        scenario_test(names_match_exactly),
        scenario_test(the_fields_have_lists_of_their_own),
        scenario_test(the_four_numbers_share_one_list),
        scenario_test(a_refusal_names_up_to_20_allowed_values),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("presets", tests, share_a_server, NULL);
}
