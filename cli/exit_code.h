/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the exit status says. Scripts build on these numbers: never reuse one.
 */
#ifndef CTL_EXIT_CODE_H
#define CTL_EXIT_CODE_H

#include <stddef.h>

#include "nnrpc/status.h"

enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,
    CTL_NOT_FOUND = 3,
    CTL_CONFLICT = 4,
    CTL_UNAVAILABLE = 5,
    CTL_DENIED = 6,
    CTL_INCOMPLETE = 7,
    CTL_REFUSED = 8,
    CTL_ANSWER_NO = 9,
    CTL_INTERRUPTED = 130,
};

/** One row of the table of exit codes that --help prints. */
struct ctl_exit_description {
    enum ctl_exit exit;
    const char *meaning;
};

/** The whole table, ascending by code. */
extern const struct ctl_exit_description ctl_exit_descriptions[];
extern const size_t ctl_exit_description_count;

/** The exit code of a call that ended with a status code. */
enum ctl_exit ctl_exit_of_code(enum nnrpc_code code);

#endif
