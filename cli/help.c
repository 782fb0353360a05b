/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help is written by argp from the table of verbs; this file makes the texts around the flags.
 */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define SUMMARY_COLUMN 24
#define LINE_WIDTH 78

struct variable {
    const char *suffix;
    const char *meaning;
};

static const struct variable VARIABLES[] = {
    {"SERVER", "addresses for --server, separated by spaces"},
    {"TOKEN_FILE", "as --token-file"},
    {"TIMEOUT", "as --timeout"},
    {"OUTPUT", "as --output"},
};

static size_t count_flags(const struct ctl_verb *verb) {
    size_t count = 0;
    while (ctl_verb_flag(verb, count) != NULL) {
        count++;
    }
    return count;
}

struct argp_option *ctl_help_options(const struct ctl_verb *verb) {
    size_t count = count_flags(verb);
    struct argp_option *options = ctl_allocate(2 * count + 2, sizeof(*options));
    size_t own_count = count - count_flags(NULL);
    struct argp_option *next = options;
    for (size_t i = 0; i < count; i++) {
        const struct ctl_flag *flag = ctl_verb_flag(verb, i);
        if (i == own_count && verb != NULL) {
            *next++ = (struct argp_option){.doc = "Flags of every verb:", .group = 2};
        }
        *next++ = (struct argp_option){
            .name = flag->name,
            .key = CTL_FLAG_KEY + (int)i,
            .arg = flag->argument,
            .doc = flag->help,
            .group = i < own_count ? 1 : 2};
        if (flag->letter != 0) {
            /* An alias must follow its option; without a name of its own it is only a letter. */
            *next++ = (struct argp_option){.key = flag->letter, .flags = OPTION_ALIAS};
        }
    }
    return options;
}

void ctl_help_arguments(const struct ctl_verb *verb, struct nnrpc_buffer *out) {
    for (const struct ctl_argument *argument = verb->arguments; argument->name != NULL;
         argument++) {
        nnrpc_buffer_append_format(out, argument->is_optional ? " [%s]" : " %s", argument->name);
        if (argument->is_repeatable) {
            nnrpc_buffer_append_text(out, "...");
        }
    }
}

/* Appends text in a column that starts at `indent`, wrapped at words; `at` is where the line is. */
static void append_wrapped(struct nnrpc_buffer *out, const char *text, size_t indent, size_t at) {
    bool is_first = true;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        if (!is_first && at + 1 + size > LINE_WIDTH) {
            nnrpc_buffer_append_format(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!is_first) {
            nnrpc_buffer_append_text(out, " ");
            at++;
        }
        nnrpc_buffer_append(out, text, size);
        at += size;
        text += size + strspn(text + size, " ");
        is_first = false;
    }
    nnrpc_buffer_append_text(out, "\n");
}

/* A row of a list: a word and what it is. */
static void append_row(struct nnrpc_buffer *out, const char *left, const char *right) {
    nnrpc_buffer_append_format(out, "  %-*s ", SUMMARY_COLUMN, left);
    append_wrapped(out, right, SUMMARY_COLUMN + 3, SUMMARY_COLUMN + 3);
}

static void append_verbs(struct nnrpc_buffer *out, const char *noun) {
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        const struct ctl_verb *verb = &ctl_program->verbs[i];
        if (verb->noun == NULL ? noun == NULL : noun != NULL && strcmp(verb->noun, noun) == 0) {
            append_row(out, verb->name, verb->summary);
        }
    }
}

/* Each noun and its verbs. */
static void append_nouns(struct nnrpc_buffer *out) {
    const char *noun = NULL;
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        const struct ctl_verb *verb = &ctl_program->verbs[i];
        if (verb->noun == NULL) {
            continue;
        }
        if (noun == NULL || strcmp(noun, verb->noun) != 0) {
            nnrpc_buffer_append_format(
                out, "%s%s: %s\n", noun != NULL ? "\n" : "", verb->noun,
                ctl_noun_summary(verb->noun));
        }
        noun = verb->noun;
        append_row(out, verb->name, verb->summary);
    }
}

static void append_variables(struct nnrpc_buffer *out) {
    nnrpc_buffer_append_text(out, "Environment:\n");
    for (size_t i = 0; i < NNRPC_LENGTH(VARIABLES); i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer meaning = {0};
        nnrpc_buffer_append_format(&name, "%s%s", ctl_program->variables, VARIABLES[i].suffix);
        nnrpc_buffer_append_text(&meaning, VARIABLES[i].meaning);
        if (i == 0 && ctl_program->default_socket != NULL) {
            nnrpc_buffer_append_format(
                &meaning, "; without both, ./%s is used if it is there",
                ctl_program->default_socket);
        }
        append_row(out, ctl_buffer_text(&name), ctl_buffer_text(&meaning));
    }
}

static void append_program(struct nnrpc_buffer *out) {
    bool has_nouns = ctl_program->noun_count > 0;
    append_nouns(out);
    nnrpc_buffer_append_text(out, has_nouns ? "\nand:\n" : "");
    append_verbs(out, NULL);
    nnrpc_buffer_append_format(
        out, "\n`%s %sVERB --help` says more about a verb.\n\v", ctl_program->name,
        has_nouns ? "NOUN " : "");
    append_variables(out);
    nnrpc_buffer_append_text(out, "\nExit codes:\n");
    for (size_t i = 0; i < ctl_exit_description_count; i++) {
        nnrpc_buffer_append_format(out, "  %3d  ", (int)ctl_exit_descriptions[i].exit);
        append_wrapped(out, ctl_exit_descriptions[i].meaning, 7, 7);
    }
}

static void append_doc(struct nnrpc_buffer *out, const struct ctl_verb *verb, const char *noun) {
    if (verb != NULL) {
        nnrpc_buffer_append_format(out, "%s.\n", verb->summary);
        if (verb->details != NULL) {
            nnrpc_buffer_append_text(out, "\n");
            ctl_append_named(out, verb->details);
            nnrpc_buffer_append_text(out, "\n");
        }
        ctl_append_named(
            out, "\vExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, "
                 "5 unavailable, 6 denied, 7 incomplete, 8 refused, 9 the answer is no, "
                 "130 interrupted; `PROGRAM --help` has them in full.\n");
        return;
    }
    nnrpc_buffer_append_format(out, "%s\n\n", ctl_program->about);
    if (noun != NULL) {
        nnrpc_buffer_append_format(out, "%s: %s\n", noun, ctl_noun_summary(noun));
        append_verbs(out, noun);
    } else {
        append_program(out);
    }
}

void ctl_help_print(const struct ctl_verb *verb, const char *noun) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer usage = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer doc = {0};
    NNRPC_CLEANUP(ctl_release) struct argp_option *options = ctl_help_options(verb);
    if (verb != NULL) {
        nnrpc_buffer_append_format(
            &usage, "%s%s%s", verb->noun != NULL ? verb->noun : "", verb->noun != NULL ? " " : "",
            verb->name);
        ctl_help_arguments(verb, &usage);
    } else if (noun != NULL) {
        nnrpc_buffer_append_format(&usage, "%s VERB [ARGUMENT...]", noun);
    } else {
        nnrpc_buffer_append_text(
            &usage,
            ctl_program->noun_count > 0 ? "[NOUN] VERB [ARGUMENT...]" : "VERB [ARGUMENT...]");
    }
    append_doc(&doc, verb, noun);
    struct argp argp = {
        .options = options, .args_doc = ctl_buffer_text(&usage), .doc = ctl_buffer_text(&doc)};
    NNRPC_CLEANUP(ctl_release) char *name = ctl_copy_text(ctl_program->name);
    /* Not the note on options with two names: hardly any has. */
    setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
    argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, name);
}
