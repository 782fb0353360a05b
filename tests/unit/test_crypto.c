/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers, digests and password hashes, against published values where there are some.
 */
#include "expect_status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nnrpc/crypto.h"

#define NUMBERS_A_THREAD 1000

/* The least that Argon2id takes: tests need not be slow. */
static const struct nnrpc_password_cost CHEAP = {.operations = 1, .memory_bytes = 8192};

static void expect_digest(const uint8_t digest[NNRPC_DIGEST_BYTES], const char *expected) {
    char text[2 * NNRPC_DIGEST_BYTES + 1];
    for (size_t index = 0; index < NNRPC_DIGEST_BYTES; index++) {
        snprintf(text + 2 * index, 3, "%02x", digest[index]);
    }
    assert_string_equal(text, expected);
}

/* Values of "b2sum -l 256". */
static void the_digest_is_blake2b_of_256_bits(void **state) {
    (void)state;
    uint8_t digest[NNRPC_DIGEST_BYTES];
    nnrpc_digest("", 0, digest);
    expect_digest(digest, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    nnrpc_digest("abc", 3, digest);
    expect_digest(digest, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static void a_digest_in_steps_is_the_digest_of_the_whole(void **state) {
    (void)state;
    uint8_t bytes[1000];
    for (size_t index = 0; index < sizeof(bytes); index++) {
        bytes[index] = (uint8_t)(index * 7);
    }
    uint8_t whole[NNRPC_DIGEST_BYTES];
    nnrpc_digest(bytes, sizeof(bytes), whole);
    for (size_t step = 1; step <= sizeof(bytes); step += 37) {
        struct nnrpc_digest_state digest_state;
        nnrpc_digest_begin(&digest_state);
        for (size_t at = 0; at < sizeof(bytes); at += step) {
            size_t left = sizeof(bytes) - at;
            nnrpc_digest_update(&digest_state, bytes + at, left < step ? left : step);
        }
        uint8_t digest[NNRPC_DIGEST_BYTES];
        nnrpc_digest_end(&digest_state, digest);
        assert_memory_equal(digest, whole, sizeof(whole));
    }
}

static void random_bytes_fill_the_size_and_no_more(void **state) {
    (void)state;
    uint8_t bytes[66] = {0};
    unsigned int ones[64] = {0};
    for (int round = 0; round < 64; round++) {
        nnrpc_random(bytes + 1, 64);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[65], 0);
        for (size_t index = 0; index < 64; index++) {
            ones[index] += bytes[index + 1] != 0;
        }
    }
    for (size_t index = 0; index < 64; index++) {
        assert_true(ones[index] > 32); /* each is zero once in 256 */
    }
    assert_true(nnrpc_random_u64() != nnrpc_random_u64());
}

static void a_uuid_has_the_form_of_version_7(void **state) {
    (void)state;
    for (int round = 0; round < 1000; round++) {
        char text[NNRPC_UUID_TEXT_BYTES];
        nnrpc_uuid_v7(text);
        assert_int_equal(strlen(text), 36);
        for (size_t index = 0; index < 36; index++) {
            bool is_dash = index == 8 || index == 13 || index == 18 || index == 23;
            assert_non_null(strchr(is_dash ? "-" : "0123456789abcdef", text[index]));
        }
        assert_int_equal(text[14], '7');
        assert_non_null(strchr("89ab", text[19]));
    }
}

static void a_uuid_begins_with_the_time(void **state) {
    (void)state;
    struct timespec before;
    struct timespec after;
    char text[NNRPC_UUID_TEXT_BYTES];
    clock_gettime(CLOCK_REALTIME, &before);
    nnrpc_uuid_v7(text);
    clock_gettime(CLOCK_REALTIME, &after);
    text[8] = '\0';
    text[13] = '\0';
    unsigned long long milliseconds = strtoull(text, NULL, 16) << 16 | strtoull(text + 9, NULL, 16);
    assert_true(milliseconds >= (unsigned long long)before.tv_sec * 1000);
    assert_true(milliseconds < (unsigned long long)(after.tv_sec + 1) * 1000);
}

static void uuids_sort_by_time_and_never_repeat(void **state) {
    (void)state;
    char last[NNRPC_UUID_TEXT_BYTES] = "";
    for (int round = 0; round < 200; round++) {
        char text[NNRPC_UUID_TEXT_BYTES];
        nnrpc_uuid_v7(text);
        assert_true(strcmp(text, last) > 0);
        memcpy(last, text, sizeof(last));
        /* A step of the id's clock is a quarter of a microsecond. */
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
}

/* The random bits are the last 62: a child that went on with its parent's would have them again. */
static void a_forked_child_has_other_uuids(void **state) {
    (void)state;
    char text[NNRPC_UUID_TEXT_BYTES];
    char childs_text[NNRPC_UUID_TEXT_BYTES] = "";
    nnrpc_uuid_v7(text);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        nnrpc_uuid_v7(childs_text);
        _exit(write(ends[1], childs_text, sizeof(childs_text)) == sizeof(childs_text) ? 0 : 1);
    }
    nnrpc_uuid_v7(text);
    assert_int_equal(read(ends[0], childs_text, sizeof(childs_text)), sizeof(childs_text));
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    assert_string_not_equal(text + 19, childs_text + 19);
}

static void equality_is_of_every_byte(void **state) {
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_true(nnrpc_equal(a, b, sizeof(a)));
    for (size_t index = 0; index < sizeof(a); index++) {
        b[index] = 0x80;
        assert_false(nnrpc_equal(a, b, sizeof(a)));
        b[index] = 0;
    }
    assert_true(nnrpc_equal("a", "b", 0));
}

static void wiping_zeroes_the_size_and_no_more(void **state) {
    (void)state;
    char text[] = "secret!";
    nnrpc_wipe(text, 6);
    assert_memory_equal(text, "\0\0\0\0\0\0!", 8);
    nnrpc_wipe(NULL, 0);
}

static void a_password_verifies_against_its_own_hash_only(void **state) {
    (void)state;
    char hash[NNRPC_PASSWORD_HASH_BYTES];
    assert_int_equal(nnrpc_password_hash("hunter2", 7, &CHEAP, hash, NULL), NNRPC_OK);
    assert_true(nnrpc_password_verify(hash, "hunter2", 7));
    assert_false(nnrpc_password_verify(hash, "hunter2", 6));
    assert_false(nnrpc_password_verify(hash, "hunter3", 7));
    assert_false(nnrpc_password_verify(hash, NULL, 0));
    assert_false(nnrpc_password_verify("no hash", "hunter2", 7));
    assert_false(nnrpc_password_verify("", "hunter2", 7));
}

static void hashes_say_their_kind_and_cost_and_are_salted(void **state) {
    (void)state;
    char first[NNRPC_PASSWORD_HASH_BYTES];
    char second[NNRPC_PASSWORD_HASH_BYTES];
    assert_int_equal(nnrpc_password_hash("a", 1, &CHEAP, first, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_password_hash("a", 1, &CHEAP, second, NULL), NNRPC_OK);
    static const char PREFIX[] = "$argon2id$v=19$m=8,t=1,p=1$";
    assert_memory_equal(first, PREFIX, sizeof(PREFIX) - 1);
    assert_string_not_equal(first, second);
}

static void no_cost_means_interactive(void **state) {
    (void)state;
    static const struct nnrpc_password_cost ZERO = {0};
    static const char PREFIX[] = "$argon2id$v=19$m=65536,t=2,p=1$";
    char hash[NNRPC_PASSWORD_HASH_BYTES];
    assert_int_equal(nnrpc_password_hash("", 0, &ZERO, hash, NULL), NNRPC_OK);
    assert_memory_equal(hash, PREFIX, sizeof(PREFIX) - 1);
    assert_true(nnrpc_password_verify(hash, "", 0));
    assert_int_equal(nnrpc_password_hash(NULL, 0, NULL, hash, NULL), NNRPC_OK);
    assert_memory_equal(hash, PREFIX, sizeof(PREFIX) - 1);
}

static void a_cost_that_cannot_be_met_fails_and_leaves_the_output(void **state) {
    (void)state;
    static const struct nnrpc_password_cost TOO_SMALL = {.operations = 1, .memory_bytes = 1};
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char hash[NNRPC_PASSWORD_HASH_BYTES] = "untouched";
    assert_int_equal(
        nnrpc_password_hash("a", 1, &TOO_SMALL, hash, &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(hash, "untouched");
    expect_status(
        &status, NNRPC_RESOURCE_EXHAUSTED, "MEMORY_LIMIT",
        "a password cannot be hashed with 1 operations and 1 bytes of memory");
}

static void *take_random_numbers(void *argument) {
    uint64_t *numbers = argument;
    for (size_t index = 0; index < NUMBERS_A_THREAD; index++) {
        numbers[index] = nnrpc_random_u64();
    }
    return NULL;
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static void threads_get_different_random_numbers(void **state) {
    (void)state;
    static uint64_t numbers[4 * NUMBERS_A_THREAD];
    pthread_t threads[4];
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        uint64_t *own = numbers + index * NUMBERS_A_THREAD;
        assert_int_equal(pthread_create(&threads[index], NULL, take_random_numbers, own), 0);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(threads); index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
    }
    qsort(numbers, NNRPC_LENGTH(numbers), sizeof(numbers[0]), compare_numbers);
    for (size_t index = 1; index < NNRPC_LENGTH(numbers); index++) {
        assert_true(numbers[index] != numbers[index - 1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_blake2b_of_256_bits),
        cmocka_unit_test(a_digest_in_steps_is_the_digest_of_the_whole),
        cmocka_unit_test(random_bytes_fill_the_size_and_no_more),
        cmocka_unit_test(a_uuid_has_the_form_of_version_7),
        cmocka_unit_test(a_uuid_begins_with_the_time),
        cmocka_unit_test(uuids_sort_by_time_and_never_repeat),
        cmocka_unit_test(a_forked_child_has_other_uuids),
        cmocka_unit_test(equality_is_of_every_byte),
        cmocka_unit_test(wiping_zeroes_the_size_and_no_more),
        cmocka_unit_test(a_password_verifies_against_its_own_hash_only),
        cmocka_unit_test(hashes_say_their_kind_and_cost_and_are_salted),
        cmocka_unit_test(no_cost_means_interactive),
        cmocka_unit_test(a_cost_that_cannot_be_met_fails_and_leaves_the_output),
        cmocka_unit_test(threads_get_different_random_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
