/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once: nothing is lost, nothing leaks, and what is said is true. The linker
 * puts this file's functions in the place of malloc() and its relatives (see CMakeLists.txt).
 */
#include "json_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "everything.nnrpc.h"
#include "nnrpc/arena.h"
#include "nnrpc/dynamic.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "nnrpc/wire.h"

/* How many more allocations succeed; the next one fails, once. Negative: all succeed. */
static int allocations_left = -1;
static bool has_failed;

static bool is_refused(void) {
    if (allocations_left < 0) {
        return false;
    }
    has_failed = has_failed || allocations_left == 0;
    return allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return is_refused() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
    return is_refused() ? NULL : __real_strdup(text);
}

/* Starts a round in which the allocation of that number fails. */
static void fail_at(int number) {
    allocations_left = number;
    has_failed = false;
}

/* Ends the round; whether an allocation did fail in it. */
static bool end_round(void) {
    allocations_left = -1;
    return has_failed;
}

static void a_failing_status_needs_no_memory(void **state) {
    (void)state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    fail_at(0);
    (void)nnrpc_fail(&status, NNRPC_INTERNAL, NNRPC_DOMAIN, "REASON", "%s", "text");
    assert_false(end_round());
    expect_status(&status, NNRPC_INTERNAL, "REASON", "text");
}

static void an_info_is_left_out_without_memory(void **state) {
    (void)state;
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        struct nnrpc_status status = NNRPC_STATUS_INIT;
        fail_at(number);
        nnrpc_status_add_info(&status, "key", "%s", "value");
        was_short = end_round();
        const char *value = nnrpc_status_get_info(&status, "key");
        assert_int_equal(value == NULL, was_short);
        assert_true(number < 10);
        nnrpc_status_deinit(&status);
    }
}

static void a_violation_is_never_lost_without_memory(void **state) {
    (void)state;
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        fail_at(number);
        nnrpc_status_add_violation(&status, "contact.email", "INVALID_EMAIL", "not %s", "one");
        enum nnrpc_code code = nnrpc_status_fail_violations(&status, NNRPC_DOMAIN, "MIXED");
        was_short = end_round();
        assert_int_equal(code, NNRPC_INVALID_ARGUMENT);
        expect_status(
            &status, NNRPC_INVALID_ARGUMENT, "INVALID_EMAIL",
            was_short ? "contact.email: the value is not valid" : "contact.email: not one");
        assert_true(number < 10);
    }
}

static void a_copy_without_memory_has_the_fixed_part(void **state) {
    (void)state;
    struct nnrpc_status from = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&from, NNRPC_ABORTED, NNRPC_DOMAIN, "REASON", "text");
    nnrpc_status_add_info(&from, "key", "value");
    nnrpc_status_add_violation(&from, "field", "REASON", "wrong");
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        struct nnrpc_status to = NNRPC_STATUS_INIT;
        fail_at(number);
        nnrpc_status_copy(&to, &from);
        was_short = end_round();
        expect_status(&to, NNRPC_ABORTED, "REASON", "text");
        assert_true(number < 20);
        nnrpc_status_deinit(&to);
    }
    nnrpc_status_deinit(&from);
}

static void a_buffer_without_memory_keeps_what_it_has(void **state) {
    (void)state;
    struct nnrpc_buffer buffer = {0};
    nnrpc_buffer_append_text(&buffer, "kept");
    fail_at(0);
    nnrpc_buffer_append_format(&buffer, "%0500d", 0);
    nnrpc_wire_append_bytes(&buffer, 1, "x", 1);
    assert_true(end_round());
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 4);
    assert_memory_equal(buffer.data, "kept", 4);
    nnrpc_buffer_deinit(&buffer);
}

static void an_arena_without_memory_is_exhausted(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, 1000);
    fail_at(0);
    assert_null(nnrpc_arena_allocate(&arena, 10));
    assert_true(end_round());
    assert_true(arena.exhausted);
    assert_int_equal(arena.used_bytes, 0);
    nnrpc_arena_deinit(&arena);
}

static const char NODE[] =
    "{\"NodeID\":\"a name that is longer than the parser's first buffer\","
    "\"childNodes\":[{\"NodeID\":\"c\"},{}],\"ownerID\":\"b\","
    "\"namedNodes\":{\"k\":{\"NodeID\":\"d\"}},"
    "\"scalars\":{\"int32Value\":7,\"bytesValue\":\"YQ==\"},\"seenAt\":\"2024-02-29T12:30:00Z\"}";

/* The parser's allocations fail too. Either the message is whole, or there is none. */
static void json_without_memory_is_read_whole_or_not_at_all(void **state) {
    (void)state;
    bool was_short = true;
    unsigned int rounds = 0;
    for (int number = 0; was_short; number++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        ProtobufCMessage *message = NULL;
        fail_at(number);
        enum nnrpc_code code =
            nnrpc_json_read(&unit_node_message, NODE, strlen(NODE), NULL, &message, &status);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        assert_int_equal(message == NULL, was_short);
        if (was_short) {
            assert_string_equal(status.reason, "MEMORY_LIMIT");
        } else {
            expect_json_form(
                &unit_node_message, message, &(struct nnrpc_json_format){.omit_unset = true}, NODE,
                __FILE__, __LINE__);
        }
        protobuf_c_message_free_unpacked(message, NULL);
        rounds++;
    }
    assert_true(rounds > 50);
}

/* A mask takes the paths of its text one by one, by way of a buffer. */
static void a_mask_without_memory_is_read_whole_or_not_at_all(void **state) {
    (void)state;
    static const char TEXT[] = "{\"nodeMask\":\"NodeID,nextNode.ownerID\"}";
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        ProtobufCMessage *message = NULL;
        fail_at(number);
        enum nnrpc_code code =
            nnrpc_json_read(&unit_well_known_message, TEXT, strlen(TEXT), NULL, &message, NULL);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        assert_int_equal(message == NULL, was_short);
        if (message != NULL) {
            const Unit__WellKnown *known = (const Unit__WellKnown *)message;
            assert_int_equal(known->node_mask->n_paths, 2);
            assert_string_equal(known->node_mask->paths[1], "next_node.owner_id");
        }
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

/* Without memory for a description the error stays an error. */
static void a_wrong_json_without_memory_is_never_right(void **state) {
    (void)state;
    static const char TEXT[] = "{\"NodeID\":5,\"oddKey\":1,\"secretColor\":\"x\"}";
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        ProtobufCMessage *message = NULL;
        fail_at(number);
        enum nnrpc_code code =
            nnrpc_json_read(&unit_node_message, TEXT, strlen(TEXT), NULL, &message, &status);
        was_short = end_round();
        assert_null(message);
        assert_true(code == NNRPC_INVALID_ARGUMENT || code == NNRPC_RESOURCE_EXHAUSTED);
        assert_int_equal(status.code, code);
        assert_true(was_short || code == NNRPC_INVALID_ARGUMENT);
    }
}

static void json_without_memory_is_written_whole_or_reported(void **state) {
    (void)state;
    void *message = read_json(&unit_node_message, NODE);
    const struct nnrpc_json_format format = {.omit_unset = true};
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        struct nnrpc_buffer out = {0};
        fail_at(number);
        enum nnrpc_code code = nnrpc_json_write(&unit_node_message, message, &format, &out);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        assert_int_equal(out.failed, was_short);
        if (!was_short) {
            assert_string_equal(nnrpc_buffer_text(&out), NODE);
        }
        nnrpc_buffer_deinit(&out);
    }
    protobuf_c_message_free_unpacked(message, NULL);
}

static void a_set_of_types_without_memory_is_refused_whole(void **state) {
    (void)state;
    const struct nnrpc_service *service = &reflection_service_service;
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = NULL;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        fail_at(number);
        enum nnrpc_code code = nnrpc_dynamic_new(
            service->descriptor_set, service->descriptor_set_size, &dynamic, &status);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        expect_status(
            &status, code, was_short ? "MEMORY_LIMIT" : "",
            was_short ? "there is no memory for the descriptors" : "");
        assert_int_equal(dynamic == NULL, was_short);
        assert_true(number < 200);
    }
}

static void a_description_without_memory_is_not_cut_short_unseen(void **state) {
    (void)state;
    const struct nnrpc_service *service = &reflection_service_service;
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = NULL;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer whole = {0};
    assert_int_equal(
        nnrpc_dynamic_new(service->descriptor_set, service->descriptor_set_size, &dynamic, NULL),
        NNRPC_OK);
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(dynamic, service->name);
    assert_int_equal(nnrpc_dynamic_describe(dynamic, item, &whole), NNRPC_OK);
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
        fail_at(number);
        enum nnrpc_code code = nnrpc_dynamic_describe(dynamic, item, &out);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        if (!was_short) {
            assert_int_equal(out.size, whole.size);
            assert_memory_equal(out.data, whole.data, out.size);
        }
        assert_true(number < 200);
    }
}

static void an_any_without_memory_is_no_message(void **state) {
    (void)state;
    const struct nnrpc_service *service = &reflection_service_service;
    static const char TEXT[] = "{\"any\":{\"@type\":\"x/google.protobuf.Value\",\"value\":[1]}}";
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = NULL;
    assert_int_equal(
        nnrpc_dynamic_new(service->descriptor_set, service->descriptor_set_size, &dynamic, NULL),
        NNRPC_OK);
    const struct nnrpc_json_types types = nnrpc_dynamic_json_types(dynamic);
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        ProtobufCMessage *message = NULL;
        fail_at(number);
        enum nnrpc_code code = nnrpc_json_read_with_types(
            &unit_well_known_message, &types, TEXT, strlen(TEXT), NULL, &message, NULL);
        was_short = end_round();
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        assert_int_equal(message == NULL, was_short);
        protobuf_c_message_free_unpacked(message, NULL);
        assert_true(number < 200);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_status_needs_no_memory),
        cmocka_unit_test(an_info_is_left_out_without_memory),
        cmocka_unit_test(a_violation_is_never_lost_without_memory),
        cmocka_unit_test(a_copy_without_memory_has_the_fixed_part),
        cmocka_unit_test(a_buffer_without_memory_keeps_what_it_has),
        cmocka_unit_test(an_arena_without_memory_is_exhausted),
        cmocka_unit_test(json_without_memory_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_mask_without_memory_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_wrong_json_without_memory_is_never_right),
        cmocka_unit_test(json_without_memory_is_written_whole_or_reported),
        cmocka_unit_test(a_set_of_types_without_memory_is_refused_whole),
        cmocka_unit_test(a_description_without_memory_is_not_cut_short_unseen),
        cmocka_unit_test(an_any_without_memory_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
