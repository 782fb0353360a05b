/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of verbs. Parsing, --help on every level and shell completion all derive from it, so a
 * verb that is added here is known everywhere.
 */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_code.h"

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
    bool is_optional;
    bool is_repeatable; /* one or more; the last one only */
};

/** One verb: `contactctl NOUN VERB ARGUMENTS`, or `contactctl VERB ARGUMENTS`. */
struct ctl_verb {
    const char *noun; /* NULL: none */
    const char *name;
    const char *summary; /* one line without a full stop */
    const char *details; /* further paragraphs for --help; NULL: none */
    struct ctl_argument arguments[CTL_ARGUMENTS_MAX + 1];
    const struct ctl_flag *flags[CTL_FLAG_GROUPS_MAX + 1]; /* groups; NULL ends them */
    bool is_mutating; /* takes --request-id and --validate-only */
    enum ctl_exit (*run)(struct ctl_context *context);
};

/** Every verb, those of a noun together. */
extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verb_count;

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

/** Finds a flag of a verb by its name of `size` bytes. NULL when it has none. */
const struct ctl_flag *ctl_verb_flag_find(
    const struct ctl_verb *verb, const char *name, size_t size);

/* The handlers, by the file that has them. */
enum ctl_exit ctl_contact_get(struct ctl_context *context);
enum ctl_exit ctl_contact_batch_get(struct ctl_context *context);
enum ctl_exit ctl_contact_list(struct ctl_context *context);
enum ctl_exit ctl_contact_customers(struct ctl_context *context);
enum ctl_exit ctl_contact_create(struct ctl_context *context);
enum ctl_exit ctl_contact_update(struct ctl_context *context);
enum ctl_exit ctl_contact_delete(struct ctl_context *context);
enum ctl_exit ctl_contact_convert(struct ctl_context *context);
enum ctl_exit ctl_contact_verify_password(struct ctl_context *context);
enum ctl_exit ctl_customer_get(struct ctl_context *context);
enum ctl_exit ctl_customer_list(struct ctl_context *context);
enum ctl_exit ctl_customer_create(struct ctl_context *context);
enum ctl_exit ctl_customer_update(struct ctl_context *context);
enum ctl_exit ctl_customer_delete(struct ctl_context *context);
enum ctl_exit ctl_customer_add_shared(struct ctl_context *context);
enum ctl_exit ctl_customer_remove_shared(struct ctl_context *context);
enum ctl_exit ctl_preset_list(struct ctl_context *context);
enum ctl_exit ctl_preset_put(struct ctl_context *context);
enum ctl_exit ctl_preset_retire(struct ctl_context *context);
enum ctl_exit ctl_preset_load(struct ctl_context *context);
enum ctl_exit ctl_change_list(struct ctl_context *context);
enum ctl_exit ctl_import(struct ctl_context *context);
enum ctl_exit ctl_export(struct ctl_context *context);
enum ctl_exit ctl_health(struct ctl_context *context);
enum ctl_exit ctl_stats(struct ctl_context *context);
enum ctl_exit ctl_backup(struct ctl_context *context);
enum ctl_exit ctl_token_create(struct ctl_context *context);
enum ctl_exit ctl_token_list(struct ctl_context *context);
enum ctl_exit ctl_token_revoke(struct ctl_context *context);
enum ctl_exit ctl_completion(struct ctl_context *context);

#endif
