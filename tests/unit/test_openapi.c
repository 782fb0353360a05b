/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of an HTTP interface: its texts and bounds, and descriptors that do not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contacts/v1/change_service.nnrpc.h"
#include "openapi/markdown.h"
#include "openapi/openapi.h"
#include "openapi/text.h"
#include "openapi/writer.h"

static const struct openapi_info INFO = {.title = "T", .version = "1"};

/* --- Texts -------------------------------------------------------------------------------- */

static void expect_unfolded(const char *comment, const char *text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    openapi_unfold(comment, &out);
    nnrpc_buffer_append_text(&out, "");
    assert_string_equal(nnrpc_buffer_text(&out), text);
}

static void lines_of_a_paragraph_become_one(void **state) {
    (void)state;
    expect_unfolded(" One\n two.  \n\n\n Three.\n", "One two.\n\nThree.");
    expect_unfolded("\n\n  \n", "");
    expect_unfolded(" A list:\n - one\n   goes on\n - two\n", "A list:\n- one goes on\n- two");
}

static void a_sentence_ends_before_a_capital(void **state) {
    (void)state;
    assert_int_equal(openapi_sentence_size("E.g. this. That."), strlen("E.g. this."));
    assert_int_equal(openapi_sentence_size("Ends.\n\nmore"), strlen("Ends."));
    assert_int_equal(openapi_sentence_size("no end"), strlen("no end"));
    assert_int_equal(openapi_sentence_size(""), 0);
}

static const char *find_name(const void *self, const char *name, size_t size) {
    (void)self;
    bool is_known = size == strlen("page_size") && memcmp(name, "page_size", size) == 0;
    return is_known ? "pageSize" : NULL;
}

static void expect_markdown(const char *text, const char *markdown) {
    const struct markdown_names names = {.find = find_name};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    openapi_append_markdown(text, strlen(text), &names, &out);
    assert_string_equal(nnrpc_buffer_text(&out), markdown);
}

static void names_of_fields_become_code_by_their_json_names(void **state) {
    (void)state;
    expect_markdown("page_size is it.", "`pageSize` is it.");
    expect_markdown("page_size.page_size and `page_size`", "`pageSize.pageSize` and `pageSize`");
    expect_markdown("page_size.no_field, no_field", "page_size.no_field, no_field");
}

static void what_is_quoted_becomes_code_and_the_rest_is_escaped(void **state) {
    (void)state;
    expect_markdown("\"*\" or \"a b\"", "`*` or `a b`");
    expect_markdown("a * <b> \\ \"", "a \\* \\<b> \\\\ \"");
    expect_markdown("\"\" \"a\" ``", "\"\" `a` \\`\\`");
}

/* --- Bounds ------------------------------------------------------------------------------- */

static void a_comment_says_bounds_by_fixed_phrases(void **state) {
    (void)state;
    struct openapi_bounds bounds;
    openapi_read_bounds("One address, at most 1,254 bytes. At most 9 bytes.", &bounds);
    assert_int_equal(bounds.max_bytes, 1254);
    assert_int_equal(bounds.min_bytes, 0);
    openapi_read_bounds("1 to 64 of [A-Za-z], e.g. \"abc\"; at most 100 values.", &bounds);
    assert_int_equal(bounds.min_bytes, 1);
    assert_int_equal(bounds.max_bytes, 64);
    assert_int_equal(bounds.max_items, 100);
    assert_string_equal(bounds.characters, "[A-Za-z]");
    assert_string_equal(bounds.example, "abc");
    assert_false(bounds.is_unique);
    openapi_read_bounds("0 means 50, above 1,000 means 1,000, negative is an error.", &bounds);
    assert_true(bounds.is_not_negative);
    assert_int_equal(bounds.max_bytes, 0);
    openapi_read_bounds("Up to 1,000; no duplicates. e.g. \"open", &bounds);
    assert_int_equal(bounds.max_items, 0);
    assert_true(bounds.is_unique);
    assert_string_equal(bounds.example, "");
}

static void a_message_says_bounds_of_all_its_texts_and_lists(void **state) {
    (void)state;
    struct openapi_bounds bounds;
    openapi_read_common_bounds(
        "One; packed at most 64 bytes.\n\nText is UTF-8, at most 1,024 bytes unless. A preset is "
        "text. Repeated fields have at most 7 values and no duplicates.",
        &bounds);
    assert_int_equal(bounds.max_bytes, 1024);
    assert_int_equal(bounds.max_items, 7);
    assert_true(bounds.is_unique);
    openapi_read_common_bounds("Packed at most 64 bytes, at most 5 values.", &bounds);
    assert_int_equal(bounds.max_bytes, 0);
    assert_int_equal(bounds.max_items, 0);
}

/* --- Writing ------------------------------------------------------------------------------ */

static void json_is_written_piece_by_piece(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    struct openapi_writer writer = {.out = &out};
    const struct nnrpc_buffer nothing = {0};
    openapi_begin_object(&writer, NULL);
    openapi_begin_list(&writer, "a\"");
    openapi_write_integer(&writer, NULL, -5);
    openapi_write_flag(&writer, NULL, true);
    openapi_begin_object(&writer, NULL);
    openapi_end_object(&writer);
    openapi_end_list(&writer);
    openapi_write_members(&writer, "");
    openapi_write_members(&writer, "\"m\":1");
    openapi_write_buffer(&writer, "left out", &nothing);
    openapi_write_format(&writer, "f", "%s-%d", "x", 7);
    openapi_write_reference(&writer, "r", "schemas", "S");
    openapi_end_object(&writer);
    assert_string_equal(
        nnrpc_buffer_text(&out), "{\"a\\\"\":[-5,true,{}],\"m\":1,\"f\":\"x-7\",\"r\":{\"$ref\":\"#"
                                 "/components/schemas/S\"}}");
}

/* --- Descriptors -------------------------------------------------------------------------- */

static void expect_refused(const struct nnrpc_service *service, const char *message) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(openapi_write(&service, 1, &INFO, &out, &status), NNRPC_INTERNAL);
    assert_non_null(strstr(status.message, message));
    assert_int_equal(out.size, 0);
}

static void descriptors_that_are_none_are_a_defect(void **state) {
    (void)state;
    static const uint8_t NONE[] = {0xff, 0xff};
    struct nnrpc_service service = change_service_service;
    service.descriptor_set = NONE;
    service.descriptor_set_size = sizeof(NONE);
    expect_refused(&service, "no FileDescriptorSet");
}

static void descriptors_of_something_else_are_a_defect(void **state) {
    (void)state;
    struct nnrpc_service service = change_service_service;
    service.descriptor_set_size = 0;
    expect_refused(&service, "the descriptors do not have contacts.v1.");
}

static void no_services_are_a_description_too(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(openapi_write(NULL, 0, &INFO, &out, &status), NNRPC_OK);
    assert_non_null(strstr(nnrpc_buffer_text(&out), "\"/healthz\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_paragraph_become_one),
        cmocka_unit_test(a_sentence_ends_before_a_capital),
        cmocka_unit_test(names_of_fields_become_code_by_their_json_names),
        cmocka_unit_test(what_is_quoted_becomes_code_and_the_rest_is_escaped),
        cmocka_unit_test(a_comment_says_bounds_by_fixed_phrases),
        cmocka_unit_test(a_message_says_bounds_of_all_its_texts_and_lists),
        cmocka_unit_test(json_is_written_piece_by_piece),
        cmocka_unit_test(descriptors_that_are_none_are_a_defect),
        cmocka_unit_test(descriptors_of_something_else_are_a_defect),
        cmocka_unit_test(no_services_are_a_description_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
