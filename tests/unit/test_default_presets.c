/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default preset catalogue, held against the contract's list of fields and against iso-codes
 * (read here by jansson, independently of the generator).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "nnrpc/base.h"
#include "presets/default_presets.h"

static const char *const contract_fields[] = {
    "contactType",
    "title",
    "country",
    "numberType",
    "dealerCode",
    "contactRegarding",
    "emailBillType",
    "invoiceUsageReportCustomerProfile",
    "copyCorrespondenceTypeIDs",
    "copyTicketTypeIDs",
};

static size_t count_values(const char *field, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < contacts_default_preset_count; i++) {
        const struct contacts_default_preset *preset = &contacts_default_presets[i];
        count +=
            strcmp(preset->field, field) == 0 && (name == NULL || strcmp(preset->name, name) == 0);
    }
    return count;
}

static void every_preset_field_has_values_and_no_other_field_has(void **state) {
    (void)state;
    size_t total = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(contract_fields); i++) {
        size_t count = count_values(contract_fields[i], NULL);
        assert_true(count > 0);
        total += count;
    }
    assert_int_equal(total, contacts_default_preset_count);
}

static void no_value_stands_twice_in_its_field(void **state) {
    (void)state;
    for (size_t i = 0; i < contacts_default_preset_count; i++) {
        const struct contacts_default_preset *preset = &contacts_default_presets[i];
        assert_int_equal(count_values(preset->field, preset->name), 1);
    }
}

static void every_value_is_a_text_that_the_service_takes(void **state) {
    (void)state;
    for (size_t i = 0; i < contacts_default_preset_count; i++) {
        const char *name = contacts_default_presets[i].name;
        size_t length = strlen(name);
        assert_in_range(length, 1, 1024);
        assert_false(isspace((unsigned char)name[0]) || isspace((unsigned char)name[length - 1]));
        for (size_t at = 0; at < length; at++) {
            assert_false(iscntrl((unsigned char)name[at]));
        }
    }
}

static void countries_are_exactly_the_codes_of_iso_3166_1(void **state) {
    (void)state;
    json_error_t error;
    json_t *root = json_load_file(ISO_3166_1_JSON, 0, &error);
    json_t *entries = json_object_get(root, "3166-1");
    assert_true(json_array_size(entries) > 200);
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(entries, index, entry) {
        const char *code = json_string_value(json_object_get(entry, "alpha_2"));
        assert_non_null(code);
        assert_int_equal(strlen(code), 2);
        assert_int_equal(count_values("country", code), 1);
    }
    assert_int_equal(count_values("country", NULL), json_array_size(entries));
    json_decref(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_preset_field_has_values_and_no_other_field_has),
        cmocka_unit_test(no_value_stands_twice_in_its_field),
        cmocka_unit_test(every_value_is_a_text_that_the_service_takes),
        cmocka_unit_test(countries_are_exactly_the_codes_of_iso_3166_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
