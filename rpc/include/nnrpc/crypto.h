/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers, digests, secrets: everything that libsodium does for this project.
 *
 * Any thread. The library is initialised on first use.
 */
#ifndef NNRPC_CRYPTO_H
#define NNRPC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

#define NNRPC_DIGEST_BYTES 32
#define NNRPC_UUID_TEXT_BYTES 37
#define NNRPC_PASSWORD_HASH_BYTES 128

/** Fills bytes with random from the kernel. */
void nnrpc_random(void *bytes, size_t size);

/** A random number. */
uint64_t nnrpc_random_u64(void);

/** A new UUIDv7 (RFC 9562), time-ordered, as terminated text. */
void nnrpc_uuid_v7(char out_text[NNRPC_UUID_TEXT_BYTES]);

/** BLAKE2b-256. */
void nnrpc_digest(const void *bytes, size_t size, uint8_t out_digest[NNRPC_DIGEST_BYTES]);

/** BLAKE2b-256 in steps. Opaque state on the stack; not to be copied while in use. */
struct nnrpc_digest_state {
    uint8_t opaque[384 + 64]; /* with room to align by hand */
};
void nnrpc_digest_begin(struct nnrpc_digest_state *state);
void nnrpc_digest_update(struct nnrpc_digest_state *state, const void *bytes, size_t size);
void nnrpc_digest_end(struct nnrpc_digest_state *state, uint8_t out_digest[NNRPC_DIGEST_BYTES]);

/** Compares in constant time. */
bool nnrpc_equal(const void *a, const void *b, size_t size);

/** Overwrites a secret; never optimised away. NULL with size 0 is fine. */
void nnrpc_wipe(void *bytes, size_t size);

/** Cost of one password hash. All zero: libsodium's interactive limits (64 MiB, about 64 ms). */
struct nnrpc_password_cost {
    uint64_t operations; /* 0: interactive; at least 1 */
    size_t memory_bytes; /* 0: interactive; at least 8,192 */
};

/**
 * Hashes a password with Argon2id into terminated text that holds salt and cost. Takes tens of
 * milliseconds of CPU.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (no memory for the cost).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_password_hash(
    const char *password, size_t size, const struct nnrpc_password_cost *cost,
    char out_hash[NNRPC_PASSWORD_HASH_BYTES], struct nnrpc_status *out_status);

/** Whether a password has a hash. Takes as long as hashing, for a wrong password too. */
bool nnrpc_password_verify(const char *hash, const char *password, size_t size);

NNRPC_END_DECLARATIONS

#endif
