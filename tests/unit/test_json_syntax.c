/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of JSON: syntax, nesting, size, and the memory that reading takes.
 */
#include "json_text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "everything.nnrpc.h"
#include "nnrpc/arena.h"

static void text_that_is_not_json_is_refused_with_line_and_column(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"", "line 1, column 0: the text ends before the value does"},
        {"{", "line 1, column 1: the text ends before the value does"},
        {"{\"NodeID\"", "line 1, column 9: the text ends before the value does"},
        {"{\"NodeID\":\"a\"", "line 1, column 13: the text ends before the value does"},
        {"{} x", "line 1, column 4: there is more text after the value"},
        {"{}{}", "line 1, column 3: there is more text after the value"},
        {"{\n\"NodeID\": x}", "line 2, column 11: invalid token"},
        {"{'NodeID':1}", "line 1, column 2: string or '}' expected"},
        {"{\"NodeID\":\"a\",}", "line 1, column 15: string or '}' expected"},
        {"{\"NodeID\":01}", "line 1, column 11: invalid token"},
        {"{\"NodeID\":+1}", "line 1, column 11: invalid token"},
        {"{\"NodeID\":.5}", "line 1, column 11: invalid token"},
        {"{\"NodeID\":NaN}", "line 1, column 13: invalid token"},
        {"{\"NodeID\":\"\\x\"}", "line 1, column 13: invalid escape"},
        {"{\"NodeID\":\"a\nb\"}", "line 1, column 12: unexpected newline"},
        {"// no\n{}", "line 1, column 1: invalid token"},
        {"{\"NodeID\":\"\xff\"}", "line 1, column 11: the text is not UTF-8"},
        {"{\"NodeID\":\"\xed\xa0\x80\"}", "line 1, column 11: the text is not UTF-8"},
        {"{\"NodeID\":\"\xc0\x80\"}", "line 1, column 11: the text is not UTF-8"},
        {"{\"NodeID\":\"\\ud800\"}", "line 1, column 18: an escape is no character"},
        {"{\"NodeID\":\"a\\u0000b\"}", "line 1, column 20: NUL is not possible in text"},
        {"{\"a\\u0000b\":1}", "line 1, column 11: NUL is not possible in text"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        expect_refused(&unit_node_message, CASES[index].text, CASES[index].message);
    }
}

static void a_nul_byte_in_the_text_is_refused(void **state) {
    (void)state;
    expect_refused_at(
        &unit_node_message, "{\"NodeID\":\"a\0\"}", 15, "line 1, column 12: control character 0x0",
        NULL, __FILE__, __LINE__);
    expect_refused_at(
        &unit_node_message, "{}\0", 3, "line 1, column 3: there is more text after the value", NULL,
        __FILE__, __LINE__);
}

static void escapes_of_strings_are_read(void **state) {
    (void)state;
    Unit__Node *node = read_json(
        &unit_node_message,
        "{\"NodeID\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\"}");
    assert_string_equal(node->node_name, "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    unit__node__free_unpacked(node, NULL);
    node = read_json(&unit_node_message, "{\"Node\\u0049D\":\"a\"}");
    assert_string_equal(node->node_name, "a");
    unit__node__free_unpacked(node, NULL);
}

/* `depth` objects, each the child of the one before. */
static void make_nested(struct nnrpc_buffer *text, size_t depth) {
    for (size_t level = 1; level < depth; level++) {
        nnrpc_buffer_append_text(text, "{\"nextNode\":");
    }
    nnrpc_buffer_append_text(text, "{}");
    for (size_t level = 1; level < depth; level++) {
        nnrpc_buffer_append_text(text, "}");
    }
}

static void a_hundred_levels_are_read_and_no_more(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    make_nested(&text, 100);
    void *message = read_json(&unit_node_message, nnrpc_buffer_text(&text));
    protobuf_c_message_free_unpacked(message, NULL);
    nnrpc_buffer_clear(&text);
    make_nested(&text, 101);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *untouched = NULL;
    assert_int_equal(
        nnrpc_json_read(
            &unit_node_message, (const char *)text.data, text.size, NULL, &untouched, &status),
        NNRPC_INVALID_ARGUMENT);
    assert_null(untouched);
    assert_string_equal(
        status.details->violations[0].description, "objects and lists are nested above 100 levels");
}

static void lists_count_as_levels(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_buffer_append_format(&text, "{\"value\":%.*s", 0, "");
    for (int level = 0; level < 99; level++) {
        nnrpc_buffer_append_text(&text, "[");
    }
    for (int level = 0; level < 99; level++) {
        nnrpc_buffer_append_text(&text, "]");
    }
    nnrpc_buffer_append_text(&text, "}");
    void *message = read_json(&unit_well_known_message, nnrpc_buffer_text(&text));
    protobuf_c_message_free_unpacked(message, NULL);
    /* One more in the innermost list. */
    memmove(text.data + 9 + 99 + 2, text.data + 9 + 99, text.size - 9 - 99);
    memcpy(text.data + 9 + 99, "[]", 2);
    text.size += 2;
    ProtobufCMessage *untouched = NULL;
    assert_int_equal(
        nnrpc_json_read(
            &unit_well_known_message, (const char *)text.data, text.size, NULL, &untouched, NULL),
        NNRPC_INVALID_ARGUMENT);
    assert_null(untouched);
}

static void nesting_that_would_break_the_parser_is_refused(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    for (int level = 0; level < 100000; level++) {
        nnrpc_buffer_append_text(&text, "[");
    }
    expect_refused(
        &unit_node_message, nnrpc_buffer_text(&text),
        "line 1, column 2049: objects and lists are nested above 100 levels");
}

static void a_text_above_the_limit_is_refused(void **state) {
    (void)state;
    char *text = malloc(NNRPC_JSON_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', NNRPC_JSON_MAX_BYTES + 1);
    memcpy(text, "{}", 2);
    ProtobufCMessage *message = NULL;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_json_read(
            &unit_node_message, text, NNRPC_JSON_MAX_BYTES + 1, NULL, &message, &status),
        NNRPC_INVALID_ARGUMENT);
    expect_status(
        &status, NNRPC_INVALID_ARGUMENT, "INVALID_JSON",
        "the text has 8388609 bytes, at most 8388608 are read");
    assert_int_equal(
        nnrpc_json_read(&unit_node_message, text, NNRPC_JSON_MAX_BYTES, NULL, &message, NULL),
        NNRPC_OK);
    protobuf_c_message_free_unpacked(message, NULL);
    free(text);
}

static void reading_into_an_arena_needs_no_free(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"NodeID\":\"a\",\"childNodes\":[{\"NodeID\":\"b\"}],\"namedNodes\":{\"k\":{}}}";
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, 1 << 16);
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        nnrpc_json_read(&unit_node_message, TEXT, strlen(TEXT), &arena.allocator, &message, NULL),
        NNRPC_OK);
    expect_json_form(
        &unit_node_message, message, &(struct nnrpc_json_format){.omit_unset = true}, TEXT,
        __FILE__, __LINE__);
    protobuf_c_message_free_unpacked(message, &arena.allocator);
    nnrpc_arena_deinit(&arena);
}

static void an_exhausted_arena_is_reported(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"NodeID\":\"a\",\"childNodes\":[{\"NodeID\":\"b\"}],\"namedNodes\":{\"k\":{}}}";
    bool succeeded = false;
    for (size_t limit = 0; limit < 4096 && !succeeded; limit += 16) {
        struct nnrpc_arena arena;
        nnrpc_arena_init(&arena, limit);
        ProtobufCMessage *message = NULL;
        struct nnrpc_status status = NNRPC_STATUS_INIT;
        enum nnrpc_code code = nnrpc_json_read(
            &unit_node_message, TEXT, strlen(TEXT), &arena.allocator, &message, &status);
        succeeded = code == NNRPC_OK;
        if (!succeeded) {
            assert_null(message);
            expect_status(
                &status, NNRPC_RESOURCE_EXHAUSTED, "MEMORY_LIMIT",
                "there is no memory for the message");
        }
        nnrpc_arena_deinit(&arena);
    }
    assert_true(succeeded);
}

static void a_status_of_before_is_kept_on_success(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_ABORTED, NNRPC_DOMAIN, "OLD", "old");
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        nnrpc_json_read(&unit_node_message, "{}", 2, NULL, &message, &status), NNRPC_OK);
    expect_status(&status, NNRPC_ABORTED, "OLD", "old");
    protobuf_c_message_free_unpacked(message, NULL);
}

static void *read_and_write_often(void *argument) {
    bool *is_right = argument;
    static const char TEXT[] = "{\"NodeID\":\"a\",\"scalars\":{\"doubleValue\":\"0.5\"}}";
    static const char EXPECTED[] = "{\"NodeID\":\"a\",\"scalars\":{\"doubleValue\":0.5}}";
    const struct nnrpc_json_format format = {.omit_unset = true};
    *is_right = true;
    for (int round = 0; round < 500; round++) {
        ProtobufCMessage *message = NULL;
        struct nnrpc_buffer out = {0};
        *is_right = *is_right &&
                    nnrpc_json_read(&unit_node_message, TEXT, strlen(TEXT), NULL, &message, NULL) ==
                        NNRPC_OK &&
                    nnrpc_json_write(&unit_node_message, message, &format, &out) == NNRPC_OK &&
                    out.size == strlen(EXPECTED) && memcmp(out.data, EXPECTED, out.size) == 0;
        nnrpc_buffer_deinit(&out);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return NULL;
}

static void several_threads_may_read_and_write_at_once(void **state) {
    (void)state;
    pthread_t threads[4];
    bool are_right[NNRPC_LENGTH(threads)] = {false};
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        assert_int_equal(
            pthread_create(&threads[index], NULL, read_and_write_often, &are_right[index]), 0);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
        assert_true(are_right[index]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First, so that the threads meet what is set up once. */
        cmocka_unit_test(several_threads_may_read_and_write_at_once),
        cmocka_unit_test(text_that_is_not_json_is_refused_with_line_and_column),
        cmocka_unit_test(a_nul_byte_in_the_text_is_refused),
        cmocka_unit_test(escapes_of_strings_are_read),
        cmocka_unit_test(a_hundred_levels_are_read_and_no_more),
        cmocka_unit_test(lists_count_as_levels),
        cmocka_unit_test(nesting_that_would_break_the_parser_is_refused),
        cmocka_unit_test(a_text_above_the_limit_is_refused),
        cmocka_unit_test(reading_into_an_arena_needs_no_free),
        cmocka_unit_test(an_exhausted_arena_is_reported),
        cmocka_unit_test(a_status_of_before_is_kept_on_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
