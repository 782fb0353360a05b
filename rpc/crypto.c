/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsodium does for this project; no other file knows it.
 */
#include "nnrpc/crypto.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static_assert(
    NNRPC_PASSWORD_HASH_BYTES >= crypto_pwhash_STRBYTES, "a password hash must fit its text");

/* How many times this process was forked off since its first random number, and one. */
static atomic_uint forks = 1;

static void note_fork(void) {
    atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

static void initialise(void) {
    if (sodium_init() < 0) {
        /* No random numbers: nothing that needs a secret may go on. */
        fputs("libsodium cannot be initialised: the kernel gives no random numbers\n", stderr);
        abort();
    }
    (void)pthread_atfork(NULL, NULL, note_fork);
}

static void ensure_initialised(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int error = pthread_once(&once, initialise);
    assert(error == 0);
    (void)error;
}

void nnrpc_random(void *bytes, size_t size) {
    ensure_initialised();
    randombytes_buf(bytes, size);
}

uint64_t nnrpc_random_u64(void) {
    uint64_t number;
    nnrpc_random(&number, sizeof(number));
    return number;
}

/* --- Ids ---------------------------------------------------------------------------------- */

/* Ids draw their random bits from a store of the thread's own, so that not every id is a system
 * call. A child that was forked must not repeat its parent's: it finds another generation. */
struct id_store {
    uint64_t numbers[64];
    unsigned int left;
    unsigned int generation;
};

static _Thread_local struct id_store id_store;
static uint64_t draw_id_bits(void) {
    unsigned int generation = atomic_load_explicit(&forks, memory_order_relaxed);
    struct id_store *store = &id_store;
    if (store->left == 0 || store->generation != generation) {
        nnrpc_random(store->numbers, sizeof(store->numbers));
        store->left = NNRPC_LENGTH(store->numbers);
        store->generation = generation;
    }
    return store->numbers[--store->left];
}

/* `digits` hexadecimal digits of a number, the highest first. */
static char *write_hex(char *out_text, uint64_t number, unsigned int digits) {
    for (unsigned int i = digits; i-- > 0; number >>= 4) {
        out_text[i] = "0123456789abcdef"[number & 0xf];
    }
    return out_text + digits;
}

/* RFC 9562, section 5.7: 48 bits of milliseconds, then (its method 3 of section 6.2) 12 bits of the
 * fraction of the millisecond, so that ids of one process sort by time to a quarter microsecond,
 * then 62 random bits. */
void nnrpc_uuid_v7(char out_text[NNRPC_UUID_TEXT_BYTES]) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint64_t fraction = (uint64_t)now.tv_nsec % 1000000 * 4096 / 1000000;
    uint64_t random = draw_id_bits();
    char *at = write_hex(out_text, milliseconds >> 16, 8);
    *at++ = '-';
    at = write_hex(at, milliseconds, 4);
    *at++ = '-';
    at = write_hex(at, 0x7000 | fraction, 4);
    *at++ = '-';
    at = write_hex(at, 0x8000 | (random >> 48 & 0x3fff), 4);
    *at++ = '-';
    at = write_hex(at, random, 12);
    *at = '\0';
}

void nnrpc_digest(const void *bytes, size_t size, uint8_t out_digest[NNRPC_DIGEST_BYTES]) {
    ensure_initialised();
    crypto_generichash(out_digest, NNRPC_DIGEST_BYTES, bytes, size, NULL, 0);
}

/* The library's state wants 64 bytes of alignment, more than every stack gives (GCC's
 * AddressSanitizer does not for threads), so it is aligned inside of ours. */
static crypto_generichash_state *inner_state(struct nnrpc_digest_state *state) {
    _Static_assert(sizeof(crypto_generichash_state) + 64 <= sizeof(state->opaque), "room to align");
    uintptr_t aligned = ((uintptr_t)state->opaque + 63) & ~(uintptr_t)63;
    return (crypto_generichash_state *)(state->opaque + (aligned - (uintptr_t)state->opaque));
}

void nnrpc_digest_begin(struct nnrpc_digest_state *state) {
    ensure_initialised();
    crypto_generichash_init(inner_state(state), NULL, 0, NNRPC_DIGEST_BYTES);
}

void nnrpc_digest_update(struct nnrpc_digest_state *state, const void *bytes, size_t size) {
    crypto_generichash_update(inner_state(state), bytes, size);
}

void nnrpc_digest_end(struct nnrpc_digest_state *state, uint8_t out_digest[NNRPC_DIGEST_BYTES]) {
    crypto_generichash_final(inner_state(state), out_digest, NNRPC_DIGEST_BYTES);
}

bool nnrpc_equal(const void *a, const void *b, size_t size) {
    return sodium_memcmp(a, b, size) == 0;
}

void nnrpc_wipe(void *bytes, size_t size) {
    if (size != 0) {
        sodium_memzero(bytes, size);
    }
}

enum nnrpc_code nnrpc_password_hash(
    const char *password, size_t size, const struct nnrpc_password_cost *cost,
    char out_hash[NNRPC_PASSWORD_HASH_BYTES], struct nnrpc_status *out_status) {
    ensure_initialised();
    unsigned long long operations = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE;
    size_t memory_bytes = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE;
    if (cost != NULL && cost->operations != 0) {
        operations = cost->operations;
    }
    if (cost != NULL && cost->memory_bytes != 0) {
        memory_bytes = cost->memory_bytes;
    }
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_argon2id_str(
            hash, size == 0 ? "" : password, size, operations, memory_bytes) != 0) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "a password cannot be hashed with %llu operations and %zu bytes of memory", operations,
            memory_bytes);
    }
    for (size_t index = 0; index < sizeof(hash); index++) {
        out_hash[index] = hash[index];
    }
    return NNRPC_OK;
}

bool nnrpc_password_verify(const char *hash, const char *password, size_t size) {
    ensure_initialised();
    return crypto_pwhash_argon2id_str_verify(hash, size == 0 ? "" : password, size) == 0;
}
