/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capped arena: alignment, the cap, reuse, and protobuf-c on top of it.
 */
#include "expect_status.h"

#include <stdlib.h>

#include "nnrpc/arena.h"
#include "nnrpc/v1/frame.pb-c.h"

#define LIMIT ((size_t)1 << 20)

static void a_new_arena_owns_nothing(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    assert_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
    nnrpc_arena_deinit(&arena);
    nnrpc_arena_deinit(NULL);
}

static void allocations_are_aligned_and_do_not_overlap(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    uint8_t *pointers[200];
    for (size_t index = 0; index < NNRPC_LENGTH(pointers); index++) {
        pointers[index] = nnrpc_arena_allocate(&arena, index);
        assert_non_null(pointers[index]);
        assert_int_equal((uintptr_t)pointers[index] % 16, 0);
        memset(pointers[index], (int)index, index);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(pointers); index++) {
        for (size_t byte = 0; byte < index; byte++) {
            assert_true(pointers[index][byte] == (uint8_t)index);
        }
    }
    nnrpc_arena_deinit(&arena);
}

static void empty_allocations_are_distinct(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    const void *first = nnrpc_arena_allocate(&arena, 0);
    const void *second = nnrpc_arena_allocate(&arena, 0);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    nnrpc_arena_deinit(&arena);
}

static void wiping_overwrites_what_was_given_out(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    nnrpc_arena_wipe(&arena);
    uint8_t *small = nnrpc_arena_copy(&arena, "secret", 6);
    uint8_t *large = nnrpc_arena_allocate(&arena, 100000);
    assert_non_null(small);
    assert_non_null(large);
    memset(large, 's', 100000);
    nnrpc_arena_wipe(&arena);
    assert_memory_equal(small, "\0\0\0\0\0\0", 6);
    assert_int_equal(large[0], 0);
    assert_int_equal(large[99999], 0);
    nnrpc_arena_deinit(&arena);
}

static void the_cap_can_be_used_up_exactly(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, 64);
    assert_non_null(nnrpc_arena_allocate(&arena, 48));
    assert_non_null(nnrpc_arena_allocate(&arena, 16));
    assert_int_equal(arena.used_bytes, 64);
    assert_false(arena.exhausted);
    assert_null(nnrpc_arena_allocate(&arena, 1));
    assert_true(arena.exhausted);
    nnrpc_arena_deinit(&arena);
}

static void above_the_cap_nothing_is_given_but_smaller_still_fits(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, 100);
    assert_null(nnrpc_arena_allocate(&arena, 101));
    assert_true(arena.exhausted);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(nnrpc_arena_allocate(&arena, 90));
    assert_int_equal(arena.used_bytes, 96);
    assert_null(nnrpc_arena_allocate(&arena, 5));
    nnrpc_arena_deinit(&arena);
}

static void sizes_near_the_largest_do_not_wrap(void **state) {
    (void)state;
    static const size_t SIZES[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 16};
    for (size_t index = 0; index < NNRPC_LENGTH(SIZES); index++) {
        struct nnrpc_arena arena;
        nnrpc_arena_init(&arena, SIZE_MAX);
        assert_null(nnrpc_arena_allocate(&arena, SIZES[index]));
        assert_null(nnrpc_arena_copy(&arena, "", SIZES[index]));
        assert_true(arena.exhausted);
        assert_int_equal(arena.used_bytes, 0);
        nnrpc_arena_deinit(&arena);
    }
}

static void a_reset_arena_gives_the_same_memory_again(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    const void *first = nnrpc_arena_allocate(&arena, 1000);
    nnrpc_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena.blocks);
    assert_ptr_equal(nnrpc_arena_allocate(&arena, 2000), first);
    nnrpc_arena_deinit(&arena);
}

static void a_steady_load_settles_on_one_block(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    const struct nnrpc_arena_block *block = NULL;
    for (int round = 0; round < 20; round++) {
        for (int item = 0; item < 100; item++) {
            assert_non_null(nnrpc_arena_allocate(&arena, 1000));
        }
        if (round >= 10) {
            assert_ptr_equal(arena.blocks, block);
        }
        block = arena.blocks;
        nnrpc_arena_reset(&arena);
        assert_ptr_equal(arena.blocks, block);
    }
    nnrpc_arena_deinit(&arena);
}

static void a_reset_does_not_keep_a_huge_block(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    assert_non_null(nnrpc_arena_allocate(&arena, LIMIT));
    nnrpc_arena_reset(&arena);
    assert_null(arena.blocks);
    nnrpc_arena_deinit(&arena);
}

static void a_reset_forgets_exhaustion(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, 32);
    assert_null(nnrpc_arena_allocate(&arena, 33));
    nnrpc_arena_reset(&arena);
    assert_false(arena.exhausted);
    assert_non_null(nnrpc_arena_allocate(&arena, 32));
    nnrpc_arena_deinit(&arena);
}

static void a_copy_is_terminated(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    const char *copy = nnrpc_arena_copy(&arena, "abcdef", 3);
    assert_string_equal(copy, "abc");
    assert_string_equal(nnrpc_arena_copy(&arena, NULL, 0), "");
    nnrpc_arena_deinit(&arena);
}

static Nnrpc__V1__Request *unpack(struct nnrpc_arena *arena) {
    Nnrpc__V1__Request request = NNRPC__V1__REQUEST__INIT;
    request.method = (char *)"p.Service/Method";
    request.message.data = (uint8_t *)"bytes";
    request.message.len = 5;
    uint8_t packed[64];
    size_t size = nnrpc__v1__request__pack(&request, packed);
    return nnrpc__v1__request__unpack(&arena->allocator, size, packed);
}

static void protobuf_c_unpacks_into_an_arena(void **state) {
    (void)state;
    struct nnrpc_arena arena;
    nnrpc_arena_init(&arena, LIMIT);
    Nnrpc__V1__Request *request = unpack(&arena);
    assert_non_null(request);
    assert_string_equal(request->method, "p.Service/Method");
    assert_memory_equal(request->message.data, "bytes", 5);
    nnrpc__v1__request__free_unpacked(request, &arena.allocator);
    assert_true(arena.used_bytes > 0);
    nnrpc_arena_deinit(&arena);
}

static void protobuf_c_fails_cleanly_at_the_cap(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 256; limit += 16) {
        struct nnrpc_arena arena;
        nnrpc_arena_init(&arena, limit);
        const Nnrpc__V1__Request *request = unpack(&arena);
        assert_int_equal(request == NULL, arena.exhausted);
        assert_true(arena.used_bytes <= limit);
        if (limit < sizeof(*request)) {
            assert_null(request);
        }
        nnrpc_arena_deinit(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_arena_owns_nothing),
        cmocka_unit_test(allocations_are_aligned_and_do_not_overlap),
        cmocka_unit_test(empty_allocations_are_distinct),
        cmocka_unit_test(wiping_overwrites_what_was_given_out),
        cmocka_unit_test(the_cap_can_be_used_up_exactly),
        cmocka_unit_test(above_the_cap_nothing_is_given_but_smaller_still_fits),
        cmocka_unit_test(sizes_near_the_largest_do_not_wrap),
        cmocka_unit_test(a_reset_arena_gives_the_same_memory_again),
        cmocka_unit_test(a_steady_load_settles_on_one_block),
        cmocka_unit_test(a_reset_does_not_keep_a_huge_block),
        cmocka_unit_test(a_reset_forgets_exhaustion),
        cmocka_unit_test(a_copy_is_terminated),
        cmocka_unit_test(protobuf_c_unpacks_into_an_arena),
        cmocka_unit_test(protobuf_c_fails_cleanly_at_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
