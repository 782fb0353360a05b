/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs, and the program that has them. Parsing, --help on every level and shell completion all
 * derive from one table of verbs, so a verb that is added there is known everywhere.
 */
#ifndef CTL_VERB_H
#define CTL_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_code.h"
#include "nnrpc/buffer.h"

struct ctl_context;

#define CTL_ARGUMENTS_MAX 3
#define CTL_FLAG_GROUPS_MAX 4

/** One flag. A name means the same, and takes a value or not, at every verb that has it. */
struct ctl_flag {
    const char *name;     /* without dashes; NULL ends a group */
    const char *argument; /* what the value is, "TEXT"; "FILE" completes files; NULL: a switch */
    const char *choices;  /* the only values, separated by spaces; NULL: any */
    const char *help;
    char letter; /* short form, or 0 */
    bool is_repeatable;
};

/** One argument of a verb. */
struct ctl_argument {
    const char *name; /* "ID"; "FILE" completes files; NULL ends the list */
    const char *choices;
    const char *asks; /* "@methods" or "@services": what completion asks the server for; or NULL */
    bool is_optional;
    bool is_repeatable; /* one or more; the last one only */
};

/** One verb: `PROGRAM NOUN VERB ARGUMENTS`, or `PROGRAM VERB ARGUMENTS`. */
struct ctl_verb {
    const char *noun; /* NULL: none */
    const char *name;
    const char *summary; /* one line without a full stop */
    const char *details; /* further paragraphs for --help, PROGRAM for its name; NULL: none */
    struct ctl_argument arguments[CTL_ARGUMENTS_MAX + 1];
    const struct ctl_flag *flags[CTL_FLAG_GROUPS_MAX + 1]; /* groups; NULL ends them */
    bool is_mutating; /* takes --request-id and --validate-only */
    enum ctl_exit (*run)(struct ctl_context *context);
};

/** What verbs are about. */
struct ctl_noun {
    const char *name;
    const char *summary; /* one line without a full stop */
};

/** A program: everything in which two of them differ. */
struct ctl_program {
    const char *name; /* "contactctl" */
    const char *version;
    const char *about;          /* a sentence for --help */
    const char *variables;      /* what its environment variables start with: "CONTACTS_" */
    const char *default_socket; /* of a server that was started in this folder; NULL: none */
    const struct ctl_noun *nouns;
    size_t noun_count;
    const struct ctl_verb *verbs; /* those of a noun together */
    size_t verb_count;
};

/** The program that runs. Set by ctl_main(), before anything else. */
extern const struct ctl_program *ctl_program;

/** Runs a program: parses, makes the context, runs the verb. @return The exit status. */
int ctl_main(const struct ctl_program *program, int argc, char **argv);

/** Appends text, with the program's name for each PROGRAM that stands in it. */
void ctl_append_named(struct nnrpc_buffer *out, const char *text);

/** Flags that every verb takes. */
extern const struct ctl_flag ctl_global_flags[];

/** Flags of the verbs that change something. */
extern const struct ctl_flag ctl_mutating_flags[];

/** Finds a verb; noun NULL for those without. NULL when there is none. */
const struct ctl_verb *ctl_verb_find(const char *noun, const char *name);

/** Whether any verb has this noun. */
bool ctl_noun_exists(const char *noun);

/** One line about a noun, for --help and completion. */
const char *ctl_noun_summary(const char *noun);

/**
 * The flags of a verb one after the other: its own, those of mutating verbs, then the global ones.
 * verb NULL: the global ones. index counts from 0; NULL after the last one.
 */
const struct ctl_flag *ctl_verb_flag(const struct ctl_verb *verb, size_t index);

/** Finds a flag of a verb by its name of `size` bytes, or by its letter. NULL when it has none. */
const struct ctl_flag *ctl_verb_flag_find(
    const struct ctl_verb *verb, const char *name, size_t size);
const struct ctl_flag *ctl_verb_flag_find_letter(const struct ctl_verb *verb, char letter);

/* Verbs that every program may have. */
enum ctl_exit ctl_health(struct ctl_context *context);
enum ctl_exit ctl_stats(struct ctl_context *context);
enum ctl_exit ctl_completion(struct ctl_context *context);
enum ctl_exit ctl_call(struct ctl_context *context);
enum ctl_exit ctl_methods(struct ctl_context *context);
enum ctl_exit ctl_describe(struct ctl_context *context);

/** Their flags, and what --help says of them. */
extern const struct ctl_flag ctl_call_flags[];
extern const struct ctl_flag ctl_proto_set_flags[];
extern const struct ctl_flag ctl_methods_flags[];
extern const struct ctl_flag ctl_stats_flags[];
extern const char ctl_health_details[];
extern const char ctl_call_details[];
extern const char ctl_methods_details[];
extern const char ctl_stats_details[];
extern const char ctl_describe_details[];
extern const char ctl_completion_details[];

#endif
