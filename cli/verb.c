/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in the program's table of verbs.
 */
#include "verb.h"

#include <string.h>

#include "nnrpc/base.h"

#define NAME_MARK "PROGRAM"

const struct ctl_program *ctl_program;

void ctl_append_named(struct nnrpc_buffer *out, const char *text) {
    for (const char *mark; (mark = strstr(text, NAME_MARK)) != NULL;) {
        nnrpc_buffer_append(out, text, (size_t)(mark - text));
        nnrpc_buffer_append_text(out, ctl_program->name);
        text = mark + strlen(NAME_MARK);
    }
    nnrpc_buffer_append_text(out, text);
}

const struct ctl_flag ctl_global_flags[] = {
    {.name = "server",
     .letter = 's',
     .argument = "URL",
     .is_repeatable = true,
     .help = "Server's address, ipc:///path, tcp://host:port or ws://host:port; again for further "
             "addresses of "
             "the same server"},
    {.name = "token-file", .argument = "FILE", .help = "File with the token, closed to others"},
    {.name = "timeout",
     .argument = "DURATION",
     .help = "Longest wait for one call: 500ms, 10s, 2m (default 10s; more where a verb says so)"},
    {.name = "wait",
     .help = "Wait for a server that is not there, until the timeout; otherwise a call gives up "
             "after about a second"},
    {.name = "output",
     .letter = 'o',
     .argument = "FORMAT",
     .choices = "table json ndjson",
     .help = "table (default), json (a list is an array) or ndjson (one object a line)"},
    {.name = "quiet", .letter = 'q', .help = "No progress and no remarks, only results and errors"},
    {.name = "help", .letter = 'h', .help = "Print this help and exit"},
    {.name = "version", .letter = 'V', .help = "Print the version and exit"},
    {0}};

const struct ctl_flag ctl_mutating_flags[] = {
    {.name = "request-id",
     .argument = "ID",
     .help = "Makes repeating the command harmless: any text up to 64 bytes, the same each time"},
    {.name = "validate-only", .help = "Check everything and show the result, but change nothing"},
    {0}};

static bool same_noun(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct ctl_verb *ctl_verb_find(const char *noun, const char *name) {
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        if (same_noun(ctl_program->verbs[i].noun, noun) &&
            strcmp(ctl_program->verbs[i].name, name) == 0) {
            return &ctl_program->verbs[i];
        }
    }
    return NULL;
}

const char *ctl_noun_summary(const char *noun) {
    for (size_t i = 0; i < ctl_program->noun_count; i++) {
        if (strcmp(ctl_program->nouns[i].name, noun) == 0) {
            return ctl_program->nouns[i].summary;
        }
    }
    return NULL;
}

bool ctl_noun_exists(const char *noun) {
    return ctl_noun_summary(noun) != NULL;
}

/* The groups of a verb in order: its own, the mutating ones, the global ones. */
static const struct ctl_flag *flag_group(const struct ctl_verb *verb, size_t index) {
    size_t own_count = 0;
    if (verb != NULL) {
        while (own_count < CTL_FLAG_GROUPS_MAX && verb->flags[own_count] != NULL) {
            own_count++;
        }
        if (index < own_count) {
            return verb->flags[index];
        }
    }
    bool is_mutating = verb != NULL && verb->is_mutating;
    if (is_mutating && index == own_count) {
        return ctl_mutating_flags;
    }
    return index == own_count + (is_mutating ? 1 : 0) ? ctl_global_flags : NULL;
}

const struct ctl_flag *ctl_verb_flag(const struct ctl_verb *verb, size_t index) {
    for (size_t g = 0;; g++) {
        const struct ctl_flag *group = flag_group(verb, g);
        if (group == NULL) {
            return NULL;
        }
        for (; group->name != NULL; group++) {
            if (index-- == 0) {
                return group;
            }
        }
    }
}

const struct ctl_flag *ctl_verb_flag_find(
    const struct ctl_verb *verb, const char *name, size_t size) {
    const struct ctl_flag *flag = NULL;
    for (size_t i = 0; (flag = ctl_verb_flag(verb, i)) != NULL; i++) {
        if (strncmp(flag->name, name, size) == 0 && flag->name[size] == '\0') {
            return flag;
        }
    }
    return NULL;
}

const struct ctl_flag *ctl_verb_flag_find_letter(const struct ctl_verb *verb, char letter) {
    const struct ctl_flag *flag = NULL;
    for (size_t i = 0; (flag = ctl_verb_flag(verb, i)) != NULL; i++) {
        if (flag->letter == letter) {
            return flag;
        }
    }
    return NULL;
}
