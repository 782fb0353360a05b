/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values from JSON: numbers within and beyond their bounds, in quotes and not; base64;
 * enums; and fields of the API itself.
 */
#include "json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "everything.nnrpc.h"

static void whole_numbers_are_read_with_and_without_quotes(void **state) {
    (void)state;
    expect_round(
        &unit_scalars_message,
        "{\"int32Value\":\"-2147483648\",\"sint32Value\":2147483647,\"sfixed32Value\":\"-1\","
        "\"uint32Value\":4294967295,\"fixed32Value\":\"7\",\"int64Value\":-9223372036854775808,"
        "\"sint64Value\":\"9223372036854775807\",\"sfixed64Value\":-1,"
        "\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":9223372036854775807}",
        "{\"int32Value\":-2147483648,\"sint32Value\":2147483647,\"sfixed32Value\":-1,"
        "\"uint32Value\":4294967295,\"fixed32Value\":7,\"int64Value\":\"-9223372036854775808\","
        "\"sint64Value\":\"9223372036854775807\",\"sfixed64Value\":\"-1\","
        "\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":\"9223372036854775807\"}");
}

static void a_whole_number_may_have_a_point_or_an_exponent(void **state) {
    (void)state;
    expect_round(
        &unit_lists_message,
        "{\"int32Values\":[1.0,1e3,-2.5e1,\"1e3\",\"4.0\",0.0,-0.0,0e5],\"uint64Values\":[1E2]}",
        "{\"int32Values\":[1,1000,-25,1000,4,0,0,0],\"uint64Values\":[\"100\"]}");
}

#define WHOLE_RANGE(from, to) "the number is out of range: " from " to " to " is possible"
#define INEXACT "a number of this size is not exact in JSON; write all its digits in quotes"

static void whole_numbers_out_of_range_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"int32Value\":2147483648}", "int32Value: " WHOLE_RANGE("-2147483648", "2147483647")},
        {"{\"int32Value\":\"-2147483649\"}",
         "int32Value: " WHOLE_RANGE("-2147483648", "2147483647")},
        {"{\"int32Value\":3e9}", "int32Value: " WHOLE_RANGE("-2147483648", "2147483647")},
        {"{\"uint32Value\":-1}", "uint32Value: " WHOLE_RANGE("0", "4294967295")},
        {"{\"uint32Value\":4294967296}", "uint32Value: " WHOLE_RANGE("0", "4294967295")},
        {"{\"int64Value\":\"9223372036854775808\"}",
         "int64Value: " WHOLE_RANGE("-9223372036854775808", "9223372036854775807")},
        {"{\"int64Value\":\"-9223372036854775809\"}",
         "int64Value: " WHOLE_RANGE("-9223372036854775808", "9223372036854775807")},
        {"{\"uint64Value\":\"18446744073709551616\"}",
         "uint64Value: " WHOLE_RANGE("0", "18446744073709551615")},
        {"{\"uint64Value\":\"99999999999999999999999999999999999\"}",
         "uint64Value: " WHOLE_RANGE("0", "18446744073709551615")},
        {"{\"uint64Value\":-1}", "uint64Value: " WHOLE_RANGE("0", "18446744073709551615")},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_scalars_message, CASES[index].text, CASES[index].message);
    }
}

static void whole_numbers_that_json_would_round_are_refused(void **state) {
    (void)state;
    expect_refused(
        &unit_scalars_message, "{\"uint64Value\":18446744073709551615}", "uint64Value: " INEXACT);
    expect_refused(&unit_scalars_message, "{\"int64Value\":1e17}", "int64Value: " INEXACT);
    expect_refused(
        &unit_scalars_message, "{\"int64Value\":-9223372036854775809}", "int64Value: " INEXACT);
    expect_refused(&unit_scalars_message, "{\"int32Value\":1e300}", "int32Value: " INEXACT);
    expect_round(
        &unit_scalars_message, "{\"int64Value\":9007199254740992.0}",
        "{\"int64Value\":\"9007199254740992\"}");
}

static void a_huge_number_does_not_spoil_the_others(void **state) {
    (void)state;
    expect_round(
        &unit_scalars_message,
        "{\"doubleValue\":123456789012345678901234567890,\"int64Value\":5,\"int32Value\":-6}",
        "{\"int32Value\":-6,\"int64Value\":\"5\",\"doubleValue\":1.2345678901234568e+29}");
}

static void what_is_no_whole_number_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"int32Value\":1.5}", "int32Value: expected a whole number, found a fraction"},
        {"{\"int32Value\":\"1.5\"}", "int32Value: expected a whole number, found a fraction"},
        {"{\"int32Value\":true}", "int32Value: expected a whole number, found true"},
        {"{\"int32Value\":[1]}", "int32Value: expected a whole number, found a list"},
        {"{\"int32Value\":\"\"}", "int32Value: expected a whole number, found \"\""},
        {"{\"int32Value\":\" 1\"}", "int32Value: expected a whole number, found \" 1\""},
        {"{\"int32Value\":\"1 \"}", "int32Value: expected a whole number, found \"1 \""},
        {"{\"int32Value\":\"+1\"}", "int32Value: expected a whole number, found \"+1\""},
        {"{\"int32Value\":\"0x10\"}", "int32Value: expected a whole number, found \"0x10\""},
        {"{\"int32Value\":\"007\"}", "int32Value: expected a whole number, found \"007\""},
        {"{\"int32Value\":\"1e\"}", "int32Value: expected a whole number, found \"1e\""},
        {"{\"int32Value\":\"-\"}", "int32Value: expected a whole number, found \"-\""},
        {"{\"uint64Value\":\"NaN\"}", "uint64Value: expected a whole number, found \"NaN\""},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_scalars_message, CASES[index].text, CASES[index].message);
    }
}

static void floating_numbers_are_read(void **state) {
    (void)state;
    expect_round(
        &unit_lists_message,
        "{\"floatValues\":[1,\"2.5\",1e-3,\"NaN\",\"-Infinity\",3.4028235e38],"
        "\"doubleValues\":[\"1e308\",-0.0,\"Infinity\",5e-324,1e-400,7]}",
        "{\"floatValues\":[1,2.5,0.001,\"NaN\",\"-Infinity\",3.4028235e+38],"
        "\"doubleValues\":[1e+308,-0.0,\"Infinity\",4.94065645841247e-324,0,7]}");
}

static void floating_numbers_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"{\"floatValue\":3.5e38}", "floatValue: the number is too large for its field"},
        {"{\"floatValue\":-1e39}", "floatValue: the number is too large for its field"},
        {"{\"floatValue\":\"1e39\"}", "floatValue: the number is too large for its field"},
        {"{\"doubleValue\":\"1e999\"}", "doubleValue: the number is too large for its field"},
        {"{\"doubleValue\":1e999}", "line 1, column 20: a number is out of range"},
        {"{\"doubleValue\":\"nan\"}", "doubleValue: expected a number, found \"nan\""},
        {"{\"doubleValue\":\"inf\"}", "doubleValue: expected a number, found \"inf\""},
        {"{\"doubleValue\":\"+1\"}", "doubleValue: expected a number, found \"+1\""},
        {"{\"doubleValue\":\"0x1p3\"}", "doubleValue: expected a number, found \"0x1p3\""},
        {"{\"doubleValue\":\"\"}", "doubleValue: expected a number, found \"\""},
        {"{\"doubleValue\":\"1,5\"}", "doubleValue: expected a number, found \"1,5\""},
        {"{\"doubleValue\":{}}", "doubleValue: expected a number, found an object"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_scalars_message, CASES[index].text, CASES[index].message);
    }
}

static void every_double_survives_a_round(void **state) {
    (void)state;
    uint64_t bits = 1;
    for (int round = 0; round < 20000; round++) {
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        Unit__Scalars scalars = UNIT__SCALARS__INIT;
        uint32_t half = (uint32_t)(bits >> 32);
        memcpy(&scalars.double_value, &bits, sizeof(bits));
        memcpy(&scalars.float_value, &half, sizeof(half));
        if (!isfinite(scalars.double_value) || !isfinite(scalars.float_value)) {
            continue;
        }
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        const struct nnrpc_json_format format = {.omit_unset = true};
        assert_int_equal(
            nnrpc_json_write(&unit_scalars_message, &scalars.base, &format, &text), NNRPC_OK);
        Unit__Scalars *again = read_json(&unit_scalars_message, nnrpc_buffer_text(&text));
        assert_memory_equal(&again->double_value, &scalars.double_value, sizeof(double));
        assert_memory_equal(&again->float_value, &scalars.float_value, sizeof(float));
        unit__scalars__free_unpacked(again, NULL);
    }
}

static void base64_of_both_alphabets_is_read(void **state) {
    (void)state;
    expect_round(
        &unit_lists_message,
        "{\"bytesValues\":[\"+/8=\",\"-_8=\",\"-_8\",\"+/8/\",\"Zg==\",\"Zg\",\"\"]}",
        "{\"bytesValues\":[\"+/8=\",\"+/8=\",\"+/8=\",\"+/8/\",\"Zg==\",\"Zg==\",\"\"]}");
}

static void what_is_no_base64_is_refused(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "Z",        "Zg=",  "Zh==", "Zg===",   "Z===", "====",  "=",
        "Zg==Zg==", "Zm9=", "Z g=", "Zg==\\n", "Zg*=", "Zm9vZ",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(TEXTS); index++) {
        char text[64];
        char message[96];
        snprintf(text, sizeof(text), "{\"bytesValue\":\"%s\"}", TEXTS[index]);
        snprintf(
            message, sizeof(message), "bytesValue: expected base64 text, found \"%s\"",
            TEXTS[index]);
        expect_refused(&unit_scalars_message, text, message);
    }
}

static void enums_are_read_by_short_name_full_name_and_number(void **state) {
    (void)state;
    expect_round(
        &unit_lists_message,
        "{\"colorValues\":[\"red\",\"COLOR_RED\",1,\"dark_blue\",-5,0,99,1.0]}",
        "{\"colorValues\":[\"red\",\"red\",\"red\",\"dark_blue\",\"dark_blue\",\"unspecified\",99,"
        "\"red\"]}");
}

static void what_is_no_enum_value_is_refused_with_those_that_are(void **state) {
    (void)state;
    static const char NAMES[] =
        "colorValue: expected one of \"dark_blue\", \"unspecified\", \"red\", found ";
    static const struct {
        const char *value;
        const char *found;
    } CASES[] = {
        {"\"green\"", "\"green\""}, {"\"RED\"", "\"RED\""}, {"\"\"", "\"\""},
        {"\"1\"", "\"1\""},         {"true", "true"},       {"[]", "a list"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        char text[64];
        char message[160];
        snprintf(text, sizeof(text), "{\"colorValue\":%s}", CASES[index].value);
        snprintf(message, sizeof(message), "%s%s", NAMES, CASES[index].found);
        expect_refused(&unit_scalars_message, text, message);
    }
    expect_refused(
        &unit_scalars_message, "{\"colorValue\":2147483648}",
        "colorValue: " WHOLE_RANGE("-2147483648", "2147483647"));
}

/* --- The API's own messages --------------------------------------------------------------- */

static void a_contact_has_the_names_of_the_contract(void **state) {
    (void)state;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    contact.account_password = (char *)"hunter2";
    expect_json(
        &contacts_v1_contact_message, &contact,
        "{\"id\":\"\",\"customerID\":null,\"contactType\":\"\",\"title\":\"\",\"firstName\":\"\","
        "\"lastName\":\"\",\"companyName\":\"\",\"address1\":\"\",\"address2\":\"\","
        "\"address3\":\"\",\"address4\":\"\",\"address5\":\"\",\"postcode\":\"\",\"country\":\"\","
        "\"number1\":\"\",\"number1type\":\"\",\"number2\":\"\",\"number2type\":\"\","
        "\"number3\":\"\",\"number3type\":\"\",\"number4\":\"\",\"number4type\":\"\","
        "\"email\":\"\",\"website\":\"\",\"contactPosition\":\"\",\"dealerCode\":\"\","
        "\"contactRegarding\":[],\"emailBillType\":\"\","
        "\"invoiceUsageReportCustomerProfile\":\"\",\"copyCorrespondenceTypeIDs\":[],"
        "\"copyTicketTypeIDs\":[],\"hasAccountPassword\":false,\"createTime\":null,"
        "\"updateTime\":null,\"etag\":\"\"}");
}

static void a_wrong_contact_is_told_in_both_spellings(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    expect_refused_with(
        &contacts_v1_create_contact_request_message,
        "{\"contact\":{\"contactRegarding\":[\"Billing\",\"Orders\",7],\"emial\":\"a@b.example\"}}",
        "contact.contactRegarding[2]: expected text, found number (and 1 more)", &status);
    expect_violation_count(&status, 2);
    expect_violation(&status, 0, "contact.contact_regarding[2]", "expected text, found number");
    expect_violation(&status, 1, "contact.emial", "unknown key \"emial\"; did you mean \"email\"?");
}

static void a_request_is_read_and_its_mask_mapped(void **state) {
    (void)state;
    Contacts__V1__UpdateContactRequest *request = read_json(
        &contacts_v1_update_contact_request_message,
        "{\"contact\":{\"id\":\"7\",\"customerID\":null,\"number1type\":\"Mobile\","
        "\"accountPassword\":\"hunter2\"},\"updateMask\":\"number1type,customerID,"
        "accountPassword\"}");
    assert_string_equal(request->contact->id, "7");
    assert_string_equal(request->contact->customer_id, "");
    assert_string_equal(request->contact->number1_type, "Mobile");
    assert_string_equal(request->contact->account_password, "hunter2");
    assert_int_equal(request->update_mask->n_paths, 3);
    assert_string_equal(request->update_mask->paths[0], "number1_type");
    assert_string_equal(request->update_mask->paths[1], "customer_id");
    assert_string_equal(request->update_mask->paths[2], "account_password");
    const struct nnrpc_json_format format = {.omit_unset = true, .with_input_only = true};
    expect_json_form(
        &contacts_v1_update_contact_request_message, request, &format,
        "{\"contact\":{\"id\":\"7\",\"number1type\":\"Mobile\",\"accountPassword\":\"hunter2\"},"
        "\"updateMask\":\"number1type,customerID,accountPassword\"}",
        __FILE__, __LINE__);
    protobuf_c_message_free_unpacked(&request->base, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_with_and_without_quotes),
        cmocka_unit_test(a_whole_number_may_have_a_point_or_an_exponent),
        cmocka_unit_test(whole_numbers_out_of_range_are_refused),
        cmocka_unit_test(whole_numbers_that_json_would_round_are_refused),
        cmocka_unit_test(a_huge_number_does_not_spoil_the_others),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(floating_numbers_are_read),
        cmocka_unit_test(floating_numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(every_double_survives_a_round),
        cmocka_unit_test(base64_of_both_alphabets_is_read),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(enums_are_read_by_short_name_full_name_and_number),
        cmocka_unit_test(what_is_no_enum_value_is_refused_with_those_that_are),
        cmocka_unit_test(a_contact_has_the_names_of_the_contract),
        cmocka_unit_test(a_wrong_contact_is_told_in_both_spellings),
        cmocka_unit_test(a_request_is_read_and_its_mask_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
