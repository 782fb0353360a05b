/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tokens.c (reading) and tokens_write.c (changing) share.
 */
#ifndef NNRPC_TOKENS_SET_H
#define NNRPC_TOKENS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/crypto.h"
#include "nnrpc/status.h"
#include "nnrpc/tokens.h"

/** Reasons of errors about the file, and about a name or role. */
#define NNRPC_REASON_TOKENS_FILE "TOKENS_FILE"
#define NNRPC_REASON_TOKEN_NAME "TOKEN_NAME"

struct nnrpc_tokens_entry {
    struct nnrpc_token token;
    uint8_t hash[NNRPC_DIGEST_BYTES];
    size_t line_start; /* the entry's line in the file, line feed included */
    size_t line_end;
};

struct nnrpc_tokens {
    size_t count;
    struct nnrpc_tokens_entry entries[NNRPC_TOKENS_MAX];
};

/**
 * Reads and parses the file.
 *
 * @param text       The file's bytes.
 * @param out_facts  Of the file that was read.
 * @return as nnrpc_tokens_load().
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_tokens_read(
    const char *path, struct nnrpc_buffer *text, struct stat *out_facts,
    struct nnrpc_tokens **out_tokens, struct nnrpc_status *out_status);

/** Whether a file may decide who calls: regular, closed to others, ours. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_tokens_check_guard(
    const char *path, const struct stat *facts, struct nnrpc_status *out_status);

/** The error that errno stands for. */
enum nnrpc_code nnrpc_tokens_fail_errno(const char *path, struct nnrpc_status *out_status);

/** Whether text is 1 to 64 of [A-Za-z0-9._-]. */
bool nnrpc_tokens_is_name(const char *text, size_t size);

#endif
