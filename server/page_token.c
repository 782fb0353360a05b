/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tokens: hex of a version byte, the digest, and the key.
 */
#include "page_token.h"

#include <stdlib.h>
#include <string.h>

#include "nnrpc/crypto.h"
#include "reason.h"

#define TOKEN_VERSION 1
#define TOKEN_HEADER_BYTES (1 + CONTACTD_PAGE_DIGEST_BYTES)

bool contactd_page_digest(
    const char *method, const ProtobufCMessage *parameters,
    struct contactd_page_digest *out_digest) {
    uint8_t digest[NNRPC_DIGEST_BYTES];
    struct nnrpc_digest_state state;
    size_t size = protobuf_c_message_get_packed_size(parameters);
    uint8_t *packed = malloc(size + 1);
    if (packed == NULL) {
        return false;
    }
    protobuf_c_message_pack(parameters, packed);
    nnrpc_digest_begin(&state);
    nnrpc_digest_update(&state, method, strlen(method) + 1);
    nnrpc_digest_update(&state, packed, size);
    nnrpc_digest_end(&state, digest);
    free(packed);
    memcpy(out_digest->bytes, digest, sizeof(out_digest->bytes));
    return true;
}

static char *put_hex(char *at, const uint8_t *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

void contactd_page_token_write(
    const struct contactd_page_digest *digest, const char *key,
    char out_token[CONTACTD_PAGE_TOKEN_BYTES]) {
    const uint8_t version = TOKEN_VERSION;
    char *at = put_hex(out_token, &version, 1);
    at = put_hex(at, digest->bytes, sizeof(digest->bytes));
    at = put_hex(at, (const uint8_t *)key, strlen(key));
    *at = '\0';
}

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Returns the number of bytes, or 0 when the text is not hex of at most `most` bytes. */
static size_t read_hex(const char *text, uint8_t *out_bytes, size_t most) {
    size_t length = strlen(text);
    if (length % 2 != 0 || length / 2 > most) {
        return 0;
    }
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        out_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return length / 2;
}

void contactd_check_page_token(
    struct nnrpc_status *status, const char *token, const struct contactd_page_digest *digest,
    char out_key[CONTACTD_PAGE_KEY_BYTES + 1]) {
    uint8_t bytes[TOKEN_HEADER_BYTES + CONTACTD_PAGE_KEY_BYTES];
    size_t size = read_hex(token, bytes, sizeof(bytes));
    if (size <= TOKEN_HEADER_BYTES || bytes[0] != TOKEN_VERSION ||
        memchr(bytes + TOKEN_HEADER_BYTES, 0, size - TOKEN_HEADER_BYTES) != NULL) {
        nnrpc_status_add_violation(
            status, "page_token", CONTACTD_REASON(INVALID_PAGE_TOKEN),
            "is not a page token: expected the next_page_token of the page before");
        return;
    }
    if (memcmp(bytes + 1, digest->bytes, sizeof(digest->bytes)) != 0) {
        nnrpc_status_add_violation(
            status, "page_token", CONTACTD_REASON(INVALID_PAGE_TOKEN),
            "belongs to another request: expected every parameter but page_size unchanged");
        return;
    }
    memcpy(out_key, bytes + TOKEN_HEADER_BYTES, size - TOKEN_HEADER_BYTES);
    out_key[size - TOKEN_HEADER_BYTES] = '\0';
}
