/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to a verb with its flags and arguments. Flags may stand before or after the verb.
 */
#ifndef CTL_PARSE_H
#define CTL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "verb.h"

/** One flag as it was given. Borrowed from argv and the table. */
struct ctl_given {
    const struct ctl_flag *flag;
    const char *value; /* NULL for a switch */
};

struct ctl_invocation {
    const struct ctl_verb *verb;
    struct ctl_given *given; /* owned, in the order given */
    size_t given_count;
    const char **arguments; /* owned array of borrowed texts */
    size_t argument_count;
};

/** What the command line asks for. */
enum ctl_request {
    CTL_REQUEST_RUN,     /* run out_invocation->verb */
    CTL_REQUEST_DONE,    /* help or version was printed */
    CTL_REQUEST_INVALID, /* one line on standard error says what is wrong */
};

/** Parses a command line; argv[0] is the program's name and argv may be reordered. */
NNRPC_NODISCARD enum ctl_request ctl_parse(
    int argc, char **argv, struct ctl_invocation *out_invocation);

void ctl_invocation_deinit(struct ctl_invocation *invocation);

/** The last value given for a flag, or NULL. The verb must have the flag. */
const char *ctl_invocation_value(const struct ctl_invocation *invocation, const char *name);

/** Whether a flag was given. The verb must have the flag. */
bool ctl_invocation_given(const struct ctl_invocation *invocation, const char *name);

/** Whether a word is one of those in a list separated by spaces. */
bool ctl_word_in(const char *words, const char *word);

#endif
