/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tokens: the last key that was examined, and a digest of the parameters it belongs to.
 *
 * Opaque to callers. A token is a position, not a secret: whoever forges one sees only what the
 * same call shows without it.
 */
#ifndef CONTACTD_PAGE_TOKEN_H
#define CONTACTD_PAGE_TOKEN_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/status.h"
#include "store/store.h"

#define CONTACTD_PAGE_KEY_BYTES STORE_TEXT_BYTES
#define CONTACTD_PAGE_DIGEST_BYTES 8
/** Longest token text, terminator included. */
#define CONTACTD_PAGE_TOKEN_BYTES                                                                  \
    (2 * (1 + CONTACTD_PAGE_DIGEST_BYTES + CONTACTD_PAGE_KEY_BYTES) + 1)

/** What a token must match: made from a request whose page_size and page_token are cleared. */
struct contactd_page_digest {
    uint8_t bytes[CONTACTD_PAGE_DIGEST_BYTES];
};

/** Digests the parameters of a list call. @return false without memory. */
bool contactd_page_digest(
    const char *method, const ProtobufCMessage *parameters,
    struct contactd_page_digest *out_digest);

/** Writes the token of a key (terminated text). */
void contactd_page_token_write(
    const struct contactd_page_digest *digest, const char *key,
    char out_token[CONTACTD_PAGE_TOKEN_BYTES]);

/** Reads a token, adding a violation (INVALID_PAGE_TOKEN) when it is not one of this call. */
void contactd_check_page_token(
    struct nnrpc_status *status, const char *token, const struct contactd_page_digest *digest,
    char out_key[CONTACTD_PAGE_KEY_BYTES + 1]);

#endif
