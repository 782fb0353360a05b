/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to standard error: complaints, failed calls, remarks.
 */
#ifndef CTL_ERROR_H
#define CTL_ERROR_H

#include <stdio.h>

#include "exit_code.h"
#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** Writes "PROGRAM: MESSAGE" as one line. */
void ctl_complain(const char *format, ...) NNRPC_PRINTF(1, 2);

/** As ctl_complain(); returns CTL_USAGE, so that `return ctl_usage_error(...)` is one line. */
enum ctl_exit ctl_usage_error(const char *format, ...) NNRPC_PRINTF(1, 2);

/**
 * Writes a failed call: "PROGRAM: CODE REASON: message", then its field violations and infos,
 * indented, one a line.
 *
 * @param place  Written before the code, "FILE:12: "; NULL: nothing.
 */
void ctl_print_status(FILE *out, const char *place, const struct nnrpc_status *status);

/** Writes a failed call to standard error and returns its exit code. */
enum ctl_exit ctl_fail(const struct nnrpc_status *status);

/** Writes "PROGRAM: what: strerror(errno)" and returns CTL_FAILED. */
enum ctl_exit ctl_fail_errno(const char *what);

#endif
