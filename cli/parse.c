/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing in two steps. A scan over the words, with the flags of all verbs together, finds the verb
 * and whatever is misspelt, so that every mistake gets one clear line. Then argp parses with the
 * table of that verb.
 */
#include "parse.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "help.h"
#include "memory.h"
#include "suggest.h"

/* What the scan finds. */
struct scan {
    const char *words[3]; /* the first words that are no flags: [help,] noun, verb */
    size_t word_count;    /* all words, arguments too */
    const char *unknown;  /* the first unknown flag, as typed */
    bool wants_help;
    bool wants_version;
};

/* Everything that argp's callback needs. */
struct parse {
    struct ctl_invocation *invocation;
    size_t skipped_words; /* how many words of the verb are still to come */
    bool failed;
};

bool ctl_word_in(const char *words, const char *word) {
    size_t size = strlen(word);
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (length == size && strncmp(words, word, size) == 0) {
            return true;
        }
        words += length + strspn(words + length, " ");
    }
    return false;
}

static const struct ctl_flag *find_long_anywhere(const char *name, size_t size) {
    const struct ctl_flag *flag = ctl_verb_flag_find(NULL, name, size);
    for (size_t i = 0; flag == NULL && i < ctl_program->verb_count; i++) {
        flag = ctl_verb_flag_find(&ctl_program->verbs[i], name, size);
    }
    return flag;
}

static const struct ctl_flag *find_letter_anywhere(char letter) {
    const struct ctl_flag *flag = ctl_verb_flag_find_letter(NULL, letter);
    for (size_t i = 0; flag == NULL && i < ctl_program->verb_count; i++) {
        flag = ctl_verb_flag_find_letter(&ctl_program->verbs[i], letter);
    }
    return flag;
}

static void note_flag(struct scan *scan, const struct ctl_flag *flag) {
    scan->wants_help |= flag->letter == 'h';
    scan->wants_version |= flag->letter == 'V';
}

/* "--name", "--name=value"; true when the next word is its value. */
static bool scan_long(struct scan *scan, const char *word) {
    size_t size = strcspn(word + 2, "=");
    const struct ctl_flag *flag = find_long_anywhere(word + 2, size);
    if (flag == NULL) {
        scan->unknown = scan->unknown != NULL ? scan->unknown : word;
        return false;
    }
    note_flag(scan, flag);
    return flag->argument != NULL && word[2 + size] == '\0';
}

/* "-q", "-qo json", "-ojson"; true when the next word is the last one's value. */
static bool scan_letters(struct scan *scan, const char *word) {
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct ctl_flag *flag = find_letter_anywhere(*letter);
        if (flag == NULL) {
            scan->unknown = scan->unknown != NULL ? scan->unknown : word;
            return false;
        }
        note_flag(scan, flag);
        if (flag->argument != NULL) {
            return letter[1] == '\0';
        }
    }
    return false;
}

static void scan_words(int argc, char **argv, struct scan *out_scan) {
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && word[0] == '-' && word[1] == '-') {
            i += scan_long(out_scan, word) ? 1 : 0;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            i += scan_letters(out_scan, word) ? 1 : 0;
        } else {
            if (out_scan->word_count < NNRPC_LENGTH(out_scan->words)) {
                out_scan->words[out_scan->word_count] = word;
            }
            out_scan->word_count++;
        }
    }
}

/* Says that there is no such noun or verb, and which there are. */
static void report_unknown_word(const char *noun, const char *word) {
    struct ctl_suggestion suggestion = {.typed = word};
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        const struct ctl_verb *verb = &ctl_program->verbs[i];
        if (noun == NULL && verb->noun != NULL) {
            ctl_suggestion_offer(&suggestion, verb->noun);
        }
        if (noun == NULL ? verb->noun == NULL
                         : verb->noun != NULL && strcmp(verb->noun, noun) == 0) {
            ctl_suggestion_offer(&suggestion, verb->name);
        }
    }
    const char *prefix = noun != NULL ? noun : "";
    const char *space = noun != NULL ? " " : "";
    if (suggestion.best != NULL) {
        ctl_complain(
            "no verb \"%s%s%s\"; did you mean \"%s%s%s\"?", prefix, space, word, prefix, space,
            suggestion.best);
    } else {
        ctl_complain(
            "no verb \"%s%s%s\"; see %s %s%s--help", prefix, space, word, ctl_program->name, prefix,
            space);
    }
}

static void report_missing_verb(const char *noun) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer names = {0};
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        if (ctl_program->verbs[i].noun != NULL && strcmp(ctl_program->verbs[i].noun, noun) == 0) {
            nnrpc_buffer_append_format(
                &names, "%s%s", names.size > 0 ? ", " : "", ctl_program->verbs[i].name);
        }
    }
    ctl_complain("%s needs a verb: %s", noun, ctl_buffer_text(&names));
}

/* Finds the verb that the words name; says so when there is none. */
static const struct ctl_verb *find_verb(const struct scan *scan) {
    if (scan->word_count == 0) {
        ctl_complain("what is to be done? See %s --help", ctl_program->name);
        return NULL;
    }
    const char *first = scan->words[0];
    if (!ctl_noun_exists(first)) {
        const struct ctl_verb *verb = ctl_verb_find(NULL, first);
        if (verb == NULL) {
            report_unknown_word(NULL, first);
        }
        return verb;
    }
    if (scan->word_count == 1) {
        report_missing_verb(first);
        return NULL;
    }
    const struct ctl_verb *verb = ctl_verb_find(first, scan->words[1]);
    if (verb == NULL) {
        report_unknown_word(first, scan->words[1]);
    }
    return verb;
}

static void report_unknown_flag(const struct ctl_verb *verb, const char *typed) {
    char name[64] = "";
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed, "="), typed);
    struct ctl_suggestion suggestion = {.typed = name + strspn(name, "-")};
    const struct ctl_flag *flag = NULL;
    for (size_t i = 0; (flag = ctl_verb_flag(verb, i)) != NULL; i++) {
        ctl_suggestion_offer(&suggestion, flag->name);
    }
    const char *noun = verb->noun != NULL ? verb->noun : "";
    const char *space = verb->noun != NULL ? " " : "";
    if (suggestion.best != NULL) {
        ctl_complain(
            "%s%s%s has no flag %s; did you mean --%s?", noun, space, verb->name, name,
            suggestion.best);
    } else {
        ctl_complain(
            "%s%s%s has no flag %s; see %s %s%s%s --help", noun, space, verb->name, name,
            ctl_program->name, noun, space, verb->name);
    }
}

/* Checks each flag against the verb: known, with a value exactly if it takes one. */
static bool check_flags(const struct ctl_verb *verb, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *word = argv[i];
        if (word[0] != '-' || word[1] == '\0') {
            continue;
        }
        const struct ctl_flag *flag = NULL;
        const char *inline_value = NULL;
        if (word[1] == '-') {
            size_t size = strcspn(word + 2, "=");
            flag = ctl_verb_flag_find(verb, word + 2, size);
            inline_value = word[2 + size] == '=' ? word + 3 + size : NULL;
        } else {
            size_t at = 1;
            while ((flag = ctl_verb_flag_find_letter(verb, word[at])) != NULL &&
                   flag->argument == NULL && word[at + 1] != '\0') {
                at++;
            }
            inline_value = flag != NULL && word[at + 1] != '\0' ? word + at + 1 : NULL;
        }
        if (flag == NULL) {
            report_unknown_flag(verb, word);
            return false;
        }
        if (flag->argument == NULL && inline_value != NULL) {
            ctl_complain("--%s takes no value", flag->name);
            return false;
        }
        if (flag->argument != NULL && inline_value == NULL && ++i >= argc) {
            ctl_complain("--%s needs a value: --%s %s", flag->name, flag->name, flag->argument);
            return false;
        }
    }
    return true;
}

/* Records a flag; false when it is given too often or its value is not one of the choices. */
static bool add_flag(
    struct ctl_invocation *invocation, const struct ctl_flag *flag, const char *value) {
    if (flag->argument != NULL && !flag->is_repeatable &&
        ctl_invocation_given(invocation, flag->name)) {
        ctl_complain("--%s is given twice", flag->name);
        return false;
    }
    if (flag->choices != NULL && !ctl_word_in(flag->choices, value)) {
        ctl_complain("--%s is \"%s\"; it must be one of: %s", flag->name, value, flag->choices);
        return false;
    }
    invocation->given =
        ctl_resize(invocation->given, invocation->given_count + 1, sizeof(*invocation->given));
    invocation->given[invocation->given_count++] = (struct ctl_given){.flag = flag, .value = value};
    return true;
}

static void add_argument(struct parse *parse, const char *text) {
    struct ctl_invocation *invocation = parse->invocation;
    if (parse->skipped_words > 0) {
        parse->skipped_words--;
        return;
    }
    invocation->arguments = ctl_resize(
        invocation->arguments, invocation->argument_count + 1, sizeof(*invocation->arguments));
    invocation->arguments[invocation->argument_count++] = text;
}

static error_t take_key(int key, char *value, struct argp_state *state) {
    struct parse *parse = state->input;
    const struct ctl_flag *flag = NULL;
    if (key == ARGP_KEY_ARG) {
        add_argument(parse, value);
        return 0;
    }
    if (key >= CTL_FLAG_KEY && key < ARGP_KEY_ARGS) {
        flag = ctl_verb_flag(parse->invocation->verb, (size_t)(key - CTL_FLAG_KEY));
    } else if (key > ' ' && key < 127) {
        flag = ctl_verb_flag_find_letter(parse->invocation->verb, (char)key);
    }
    if (flag == NULL) {
        return ARGP_ERR_UNKNOWN;
    }
    parse->failed = parse->failed || !add_flag(parse->invocation, flag, value);
    return 0;
}

/* Checks number and choices of the arguments. */
static bool check_arguments(const struct ctl_invocation *invocation) {
    const struct ctl_verb *verb = invocation->verb;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer usage = {0};
    nnrpc_buffer_append_format(
        &usage, "%s %s%s%s", ctl_program->name, verb->noun != NULL ? verb->noun : "",
        verb->noun != NULL ? " " : "", verb->name);
    ctl_help_arguments(verb, &usage);
    size_t taken = 0;
    for (const struct ctl_argument *argument = verb->arguments; argument->name != NULL;
         argument++) {
        if (taken == invocation->argument_count) {
            if (!argument->is_optional) {
                ctl_complain("%s is missing: %s", argument->name, ctl_buffer_text(&usage));
                return false;
            }
            continue;
        }
        const char *text = invocation->arguments[taken];
        if (argument->choices != NULL && !ctl_word_in(argument->choices, text)) {
            ctl_complain(
                "%s is \"%s\"; it must be one of: %s", argument->name, text, argument->choices);
            return false;
        }
        taken = argument->is_repeatable ? invocation->argument_count : taken + 1;
    }
    if (taken < invocation->argument_count) {
        ctl_complain(
            "\"%s\" is one argument too many: %s", invocation->arguments[taken],
            ctl_buffer_text(&usage));
        return false;
    }
    return true;
}

/* Prints help for as much of a verb as the words name. */
static enum ctl_request print_help(const struct scan *scan) {
    const char *first = scan->word_count > 0 ? scan->words[0] : NULL;
    bool is_noun = first != NULL && ctl_noun_exists(first);
    if (first == NULL || (is_noun && scan->word_count == 1)) {
        ctl_help_print(NULL, first);
        return CTL_REQUEST_DONE;
    }
    const struct ctl_verb *verb = find_verb(scan);
    if (verb == NULL) {
        return CTL_REQUEST_INVALID;
    }
    ctl_help_print(verb, NULL);
    return CTL_REQUEST_DONE;
}

/* Lets argp parse with the verb's table. */
static bool parse_flags(int argc, char **argv, struct ctl_invocation *invocation) {
    NNRPC_CLEANUP(ctl_release)
    struct argp_option *options = ctl_help_options(invocation->verb);
    struct argp argp = {.options = options, .parser = take_key};
    struct parse parse = {
        .invocation = invocation, .skipped_words = invocation->verb->noun != NULL ? 2 : 1};
    error_t error =
        argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT, NULL, &parse);
    if (error != 0 && !parse.failed) {
        ctl_complain("cannot read the command line: %s", strerror(error));
    }
    return error == 0 && !parse.failed;
}

enum ctl_request ctl_parse(int argc, char **argv, struct ctl_invocation *out_invocation) {
    struct scan scan = {0};
    scan_words(argc, argv, &scan);
    if (scan.wants_version) {
        printf("%s %s\n", ctl_program->name, ctl_program->version);
        return CTL_REQUEST_DONE;
    }
    if (scan.word_count > 0 && strcmp(scan.words[0], "help") == 0) {
        struct scan rest = {
            .words = {scan.words[1], scan.words[2]}, .word_count = scan.word_count - 1};
        return print_help(&rest);
    }
    if (scan.wants_help) {
        return print_help(&scan);
    }
    const struct ctl_verb *verb = find_verb(&scan);
    if (verb == NULL || !check_flags(verb, argc, argv)) {
        return CTL_REQUEST_INVALID;
    }
    *out_invocation = (struct ctl_invocation){.verb = verb};
    if (!parse_flags(argc, argv, out_invocation) || !check_arguments(out_invocation)) {
        ctl_invocation_deinit(out_invocation);
        return CTL_REQUEST_INVALID;
    }
    return CTL_REQUEST_RUN;
}

void ctl_invocation_deinit(struct ctl_invocation *invocation) {
    free(invocation->given);
    free(invocation->arguments);
    *invocation = (struct ctl_invocation){0};
}

static const struct ctl_given *find_given(
    const struct ctl_invocation *invocation, const char *name) {
    assert(ctl_verb_flag_find(invocation->verb, name, strlen(name)) != NULL);
    const struct ctl_given *found = NULL;
    for (size_t i = 0; i < invocation->given_count; i++) {
        if (strcmp(invocation->given[i].flag->name, name) == 0) {
            found = &invocation->given[i];
        }
    }
    return found;
}

const char *ctl_invocation_value(const struct ctl_invocation *invocation, const char *name) {
    const struct ctl_given *given = find_given(invocation, name);
    return given != NULL ? given->value : NULL;
}

bool ctl_invocation_given(const struct ctl_invocation *invocation, const char *name) {
    return find_given(invocation, name) != NULL;
}
