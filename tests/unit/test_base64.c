/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64, against the vectors of RFC 4648 and against itself.
 */
#include "expect_status.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base64.h"

static const struct {
    const char *plain;
    const char *text;
} VECTORS[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void the_vectors_of_the_rfc_are_written(void **state) {
    (void)state;
    for (size_t index = 0; index < NNRPC_LENGTH(VECTORS); index++) {
        char text[16] = "";
        size_t size = strlen(VECTORS[index].plain);
        nnrpc_base64_write(VECTORS[index].plain, size, text);
        assert_string_equal(text, VECTORS[index].text);
        assert_int_equal(NNRPC_BASE64_SIZE(size), strlen(text));
    }
}

static void the_vectors_of_the_rfc_are_read(void **state) {
    (void)state;
    for (size_t index = 0; index < NNRPC_LENGTH(VECTORS); index++) {
        char plain[16] = "";
        size_t size = 99;
        assert_true(
            nnrpc_base64_read(VECTORS[index].text, strlen(VECTORS[index].text), plain, &size));
        assert_int_equal(size, strlen(VECTORS[index].plain));
        assert_memory_equal(plain, VECTORS[index].plain, size);
    }
}

static void the_url_safe_alphabet_has_no_padding(void **state) {
    (void)state;
    char text[8] = "";
    assert_int_equal(nnrpc_base64_write_url("\xfb\xff", 2, text), 3);
    assert_string_equal(text, "-_8");
}

/* Texts and bytes stand in memory of exactly their size, for AddressSanitizer. */
static void random_bytes_of_every_size_survive(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (size_t size = 1; size < 200; size++) {
        uint8_t *bytes = malloc(size);
        char *text = malloc(NNRPC_BASE64_SIZE(size));
        assert_non_null(bytes);
        assert_non_null(text);
        for (size_t index = 0; index < size; index++) {
            seed = seed * 1664525 + 1013904223;
            bytes[index] = (uint8_t)(seed >> 24);
        }
        bool is_url = size % 2 == 0;
        size_t text_size = NNRPC_BASE64_SIZE(size);
        if (is_url) {
            text_size = nnrpc_base64_write_url(bytes, size, text);
        } else {
            nnrpc_base64_write(bytes, size, text);
        }
        uint8_t *again = malloc(text_size / 4 * 3 + 3);
        assert_non_null(again);
        size_t again_size = 0;
        assert_true(nnrpc_base64_read(text, text_size, again, &again_size));
        assert_int_equal(again_size, size);
        assert_memory_equal(again, bytes, size);
        free(again);
        free(text);
        free(bytes);
    }
}

/* Of all two-character texts exactly those are right that a byte is written as. */
static void each_byte_has_one_text(void **state) {
    (void)state;
    unsigned int right = 0;
    for (unsigned int pair = 0; pair < 0x10000; pair++) {
        char text[2] = {(char)(pair >> 8), (char)(pair & 0xff)};
        uint8_t bytes[6];
        size_t size = 0;
        if (!nnrpc_base64_read(text, 2, bytes, &size)) {
            continue;
        }
        right++;
        assert_int_equal(size, 1);
    }
    /* "+" and "-", "/" and "_" are the same digit: 2 of 64 first digits count twice. */
    assert_int_equal(right, 256 + 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_are_written),
        cmocka_unit_test(the_vectors_of_the_rfc_are_read),
        cmocka_unit_test(the_url_safe_alphabet_has_no_padding),
        cmocka_unit_test(random_bytes_of_every_size_survive),
        cmocka_unit_test(each_byte_has_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
