/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens file: who may call with which role. Text, one token a line: name, role and the
 * BLAKE2b-256 hash of the token in hex, separated by spaces; "#" starts a comment. The token itself
 * is written nowhere. The file must be a regular file, closed to others (0600) and owned by the
 * user who reads it or by root; root may read anyone's. Roles are reader, writer and admin.
 *
 * A loaded set is immutable; any thread may look tokens up. Replace the set to re-read the file.
 */
#ifndef NNRPC_TOKENS_H
#define NNRPC_TOKENS_H

#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

#define NNRPC_TOKEN_TEXT_BYTES 64
#define NNRPC_TOKEN_NAME_BYTES 65

/** Most tokens in a file: a look-up compares with each one. */
#define NNRPC_TOKENS_MAX 1000

struct nnrpc_tokens;

struct nnrpc_token {
    char name[NNRPC_TOKEN_NAME_BYTES]; /* 1 to 64 of [A-Za-z0-9._-] */
    enum nnrpc_role role;
};

/**
 * Loads a tokens file.
 *
 * @param out_tokens  On NNRPC_OK owned by the caller, release with nnrpc_tokens_free().
 * @return NNRPC_OK, NNRPC_NOT_FOUND (no such file), NNRPC_PERMISSION_DENIED (it is open to others,
 *         a link, somebody else's, or cannot be read), NNRPC_INVALID_ARGUMENT (a line is wrong; the
 *         message begins "FILE:LINE:"), NNRPC_UNAVAILABLE (reading failed),
 *         NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_tokens_load(
    const char *path, struct nnrpc_tokens **out_tokens, struct nnrpc_status *out_status);

/** NULL is fine. */
void nnrpc_tokens_free(struct nnrpc_tokens *tokens);

/** How many there are, and each in the order of the file: name and role, never a secret. */
size_t nnrpc_tokens_count(const struct nnrpc_tokens *tokens);
const struct nnrpc_token *nnrpc_tokens_at(const struct nnrpc_tokens *tokens, size_t index);

/** Finds a token by its text, comparing hashes in constant time. NULL when it is not known. */
const struct nnrpc_token *nnrpc_tokens_find(
    const struct nnrpc_tokens *tokens, const void *text, size_t size);

/**
 * Makes a random 32-byte token, adds its hash to the file (made 0600 when it is not there) by
 * writing a new file and renaming it, and returns the token as text. Comments and other lines stay
 * as they are. Concurrent changes, also by other processes, wait for each other.
 *
 * @param out_token  Terminated; the only copy. Wipe it after use.
 * @return NNRPC_OK, NNRPC_ALREADY_EXISTS (the name), NNRPC_INVALID_ARGUMENT (name, role or file),
 *         NNRPC_PERMISSION_DENIED, NNRPC_RESOURCE_EXHAUSTED, NNRPC_UNAVAILABLE (writing failed; the
 *         file is as it was, but for the case that the message tells: only the last sync failed).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_tokens_create(
    const char *path, const char *name, enum nnrpc_role role,
    char out_token[NNRPC_TOKEN_TEXT_BYTES], struct nnrpc_status *out_status);

/** Removes a token by name, in the same way. @return also NNRPC_NOT_FOUND. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_tokens_revoke(
    const char *path, const char *name, struct nnrpc_status *out_status);

/** "reader", "writer", "admin", "public"; "unspecified" for anything else. */
const char *nnrpc_role_name(enum nnrpc_role role);

/** The role of a name, or NNRPC_ROLE_UNSPECIFIED. */
enum nnrpc_role nnrpc_role_from_name(const char *name);

NNRPC_END_DECLARATIONS

#endif
