/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of --help on each level, and the argp tables of flags that they and the parser share.
 */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <argp.h>

#include "nnrpc/buffer.h"
#include "verb.h"

/** First argp key of a flag without a letter; the key of flag i is CTL_FLAG_KEY + i. */
#define CTL_FLAG_KEY 256

/** The flags of a verb (NULL: the global ones) as argp's table, malloc'd; entry i has key
 *  CTL_FLAG_KEY + i, and one more entry with its letter follows where it has one. */
struct argp_option *ctl_help_options(const struct ctl_verb *verb);

/** Prints the help of one verb, of a noun, or (both NULL) of the program on standard output. */
void ctl_help_print(const struct ctl_verb *verb, const char *noun);

/** Appends the arguments of a verb as usage text, " ID [NAME]". */
void ctl_help_arguments(const struct ctl_verb *verb, struct nnrpc_buffer *out);

#endif
