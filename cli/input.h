/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole small files: JSON of one object, passwords.
 */
#ifndef CTL_INPUT_H
#define CTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

/** The largest file that is taken whole. */
#define CTL_INPUT_BYTES (4u << 20)

/**
 * Reads a file of up to `limit` bytes, or standard input for "-".
 *
 * @param what  The flag or argument, for complaints.
 * @return false after a complaint: not readable, too large.
 */
NNRPC_NODISCARD bool ctl_input_read_up_to(
    const char *what, const char *path, size_t limit, struct nnrpc_buffer *out);

/**
 * Reads a file, or standard input for "-".
 *
 * @param what  The flag or argument, for complaints.
 * @return false after a complaint: not readable, above CTL_INPUT_BYTES.
 */
NNRPC_NODISCARD bool ctl_input_read(const char *what, const char *path, struct nnrpc_buffer *out);

/**
 * Reads a password: the first line of a file, or of standard input for "-"; empty is fine.
 *
 * @param out_password  Release with ctl_password_release().
 * @return false after a complaint.
 */
NNRPC_NODISCARD bool ctl_password_read(const char *path, char **out_password);

/** Asks for a password on the terminal without showing it; `twice` asks again to compare. */
NNRPC_NODISCARD bool ctl_password_ask(const char *prompt, bool twice, char **out_password);

/** Wipes and releases a password by the address of its pointer. */
void ctl_password_release(char **password);

#endif
