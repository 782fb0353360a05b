/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file with the caller's own token: one line, closed to others.
 */
#ifndef CTL_TOKEN_FILE_H
#define CTL_TOKEN_FILE_H

#include <stdbool.h>

#include "nnrpc/base.h"

/**
 * Reads the token.
 *
 * @param source     What named the file, a flag without dashes or a variable; for complaints.
 * @param out_token  Owned by the caller, release with ctl_token_release().
 * @return false after a complaint: no file, open to others, empty, not one word.
 */
NNRPC_NODISCARD bool ctl_token_read(const char *source, const char *path, char **out_token);

/** Wipes and releases a token by the address of its pointer. */
void ctl_token_release(char **token);

#endif
