/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion: the scripts of bash and zsh, written from the table of verbs. Both scan the words
 * before the cursor as the parser does, then look things up in the tables below them.
 */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "verb.h"

/* Appends text inside a single-quoted word of a shell. */
static void append_quoted(struct nnrpc_buffer *out, const char *text) {
    nnrpc_buffer_append_text(out, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            nnrpc_buffer_append_text(out, "'\\''");
        } else {
            nnrpc_buffer_append(out, text, 1);
        }
    }
    nnrpc_buffer_append_text(out, "'");
}

static void append_verb_key(struct nnrpc_buffer *out, const struct ctl_verb *verb) {
    nnrpc_buffer_append_format(
        out, "%s%s%s", verb->noun != NULL ? verb->noun : "", verb->noun != NULL ? "/" : "",
        verb->name);
}

/* What completes a value: "@file", its choices, or nothing. */
static const char *value_words(const char *name, const char *choices) {
    if (choices != NULL) {
        return choices;
    }
    return name != NULL && strcmp(name, "FILE") == 0 ? "@file" : "";
}

static bool starts_noun(size_t index) {
    return ctl_program->verbs[index].noun != NULL &&
           (index == 0 || ctl_program->verbs[index - 1].noun == NULL ||
            strcmp(ctl_program->verbs[index - 1].noun, ctl_program->verbs[index].noun) != 0);
}

/* A candidate: the word, or for zsh "word:description". */
static void append_candidate(
    struct nnrpc_buffer *out, const char *word, const char *description, bool describes) {
    nnrpc_buffer_append_text(out, " ");
    if (!describes) {
        append_quoted(out, word);
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_buffer_append_format(&text, "%s:%s", word, description);
    append_quoted(out, ctl_buffer_text(&text));
}

static void append_words_function(struct nnrpc_buffer *out, bool describes) {
    nnrpc_buffer_append_text(
        out, "# Sets `found` to what may follow a noun, or (\"\") comes first.\n"
             "_PROGRAM_words() {\n    case \"$1\" in\n");
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        if (!starts_noun(i)) {
            continue;
        }
        nnrpc_buffer_append_format(out, "    %s) found=(", ctl_program->verbs[i].noun);
        for (size_t j = i; j < ctl_program->verb_count && ctl_program->verbs[j].noun != NULL &&
                           strcmp(ctl_program->verbs[j].noun, ctl_program->verbs[i].noun) == 0;
             j++) {
            append_candidate(
                out, ctl_program->verbs[j].name, ctl_program->verbs[j].summary, describes);
        }
        nnrpc_buffer_append_text(out, " ) ;;\n");
    }
    nnrpc_buffer_append_text(out, "    '') found=(");
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        if (starts_noun(i)) {
            append_candidate(
                out, ctl_program->verbs[i].noun, ctl_noun_summary(ctl_program->verbs[i].noun),
                describes);
        } else if (ctl_program->verbs[i].noun == NULL) {
            append_candidate(
                out, ctl_program->verbs[i].name, ctl_program->verbs[i].summary, describes);
        }
    }
    nnrpc_buffer_append_text(out, " ) ;;\n    *) found=() ;;\n    esac\n}\n");
}

static void append_flag_list(
    struct nnrpc_buffer *out, const struct ctl_verb *verb, bool describes) {
    const struct ctl_flag *flag = NULL;
    for (size_t i = 0; (flag = ctl_verb_flag(verb, i)) != NULL; i++) {
        char name[80];
        snprintf(name, sizeof(name), "--%s", flag->name);
        append_candidate(out, name, flag->help, describes);
    }
}

static void append_flags_function(struct nnrpc_buffer *out, bool describes) {
    nnrpc_buffer_append_text(
        out, "# Sets `found` to the flags of a verb, \"noun/verb\".\n"
             "_PROGRAM_flags() {\n    case \"$1\" in\n");
    for (size_t i = 0; i < ctl_program->verb_count; i++) {
        nnrpc_buffer_append_text(out, "    ");
        append_verb_key(out, &ctl_program->verbs[i]);
        nnrpc_buffer_append_text(out, ") found=(");
        append_flag_list(out, &ctl_program->verbs[i], describes);
        nnrpc_buffer_append_text(out, " ) ;;\n");
    }
    nnrpc_buffer_append_text(out, "    *) found=(");
    append_flag_list(out, NULL, describes);
    nnrpc_buffer_append_text(out, " ) ;;\n    esac\n}\n");
}

/* Flags that several verbs have are written once for each: the first one counts in a case. */
static void append_values_function(struct nnrpc_buffer *out) {
    nnrpc_buffer_append_text(
        out, "# Sets `value` to what a flag's value may be (\"@file\": a file); fails for a flag "
             "without one.\n"
             "_PROGRAM_value() {\n    value=\n    case \"$1\" in\n");
    for (size_t v = 0; v < ctl_program->verb_count; v++) {
        const struct ctl_flag *flag = NULL;
        for (size_t i = 0; (flag = ctl_verb_flag(&ctl_program->verbs[v], i)) != NULL; i++) {
            bool is_known = false;
            for (size_t u = 0; u < v && !is_known; u++) {
                is_known = ctl_verb_flag_find(
                               &ctl_program->verbs[u], flag->name, strlen(flag->name)) != NULL;
            }
            if (is_known || flag->argument == NULL) {
                continue;
            }
            nnrpc_buffer_append_format(out, "    --%s", flag->name);
            if (flag->letter != 0) {
                nnrpc_buffer_append_format(out, "|-%c", flag->letter);
            }
            nnrpc_buffer_append_text(out, ") value=");
            append_quoted(out, value_words(flag->argument, flag->choices));
            nnrpc_buffer_append_text(out, " ;;\n");
        }
    }
    nnrpc_buffer_append_text(out, "    *) return 1 ;;\n    esac\n}\n");
}

static void append_arguments_function(struct nnrpc_buffer *out) {
    nnrpc_buffer_append_text(
        out, "# Sets `value` to what the argument of a verb may be, \"noun/verb:index\".\n"
             "_PROGRAM_argument() {\n    value=\n    case \"$1\" in\n");
    for (size_t v = 0; v < ctl_program->verb_count; v++) {
        for (size_t i = 0; ctl_program->verbs[v].arguments[i].name != NULL; i++) {
            const struct ctl_argument *argument = &ctl_program->verbs[v].arguments[i];
            const char *words = argument->asks != NULL
                                    ? argument->asks
                                    : value_words(argument->name, argument->choices);
            if (words[0] == '\0') {
                continue;
            }
            nnrpc_buffer_append_text(out, "    ");
            append_verb_key(out, &ctl_program->verbs[v]);
            nnrpc_buffer_append_format(out, ":%zu) value=", i);
            append_quoted(out, words);
            nnrpc_buffer_append_text(out, " ;;\n");
        }
    }
    nnrpc_buffer_append_text(out, "    esac\n}\n");
}

/* What a server has is asked of the one that the line names, or the environment. */
static const char ASK_FUNCTION[] =
    "# Prints what the server of the words before the cursor has: @methods or @services.\n"
    "_PROGRAM_ask() {\n"
    "    local kind=$1 servers=() word is_server=0 cut=\n"
    "    shift\n"
    "    for word in \"$@\"; do\n"
    "        if [[ $is_server == 1 ]]; then servers+=(--server \"$word\"); fi\n"
    "        is_server=0\n"
    "        case \"$word\" in\n"
    "        --server|-s) is_server=1 ;;\n"
    "        --server=*) servers+=(\"$word\") ;;\n"
    "        esac\n"
    "    done\n"
    "    if [[ $kind == @services ]]; then cut='/.*'; fi\n"
    "    PROGRAM --timeout 1s \"${servers[@]}\" --output table methods 2>/dev/null |\n"
    "        sed -e 1d -e 's/ .*//' -e \"s|$cut||\" | sort -u\n"
    "}\n";

/* Scanning is the same in both shells; `line` holds the words before the cursor, from 0. */
static const char SCAN_FUNCTION[] =
    "# From the words before the cursor: `key` (\"\", \"noun/\" or \"noun/verb\"), `count` of "
    "arguments.\n"
    "_PROGRAM_scan() {\n"
    "    key='' count=0\n"
    "    local skips=0 noun='' word value found\n"
    "    for word in \"$@\"; do\n"
    "        if [[ $skips == 1 ]]; then skips=0; continue; fi\n"
    "        case \"$word\" in\n"
    "        --*=*) ;;\n"
    "        -?*) if _PROGRAM_value \"$word\"; then skips=1; fi ;;\n"
    "        *)\n"
    "            if [[ -n $noun ]]; then\n"
    "                key=\"$noun/$word\" noun=''\n"
    "            elif [[ -n $key ]]; then\n"
    "                count=$((count + 1))\n"
    "            else\n"
    "                _PROGRAM_words \"$word\"\n"
    "                if [[ ${#found[@]} -gt 0 ]]; then noun=$word; else key=$word; fi\n"
    "            fi ;;\n"
    "        esac\n"
    "    done\n"
    "    if [[ -n $noun ]]; then key=\"$noun/\"; fi\n"
    "}\n";

static const char BASH_FUNCTION[] =
    "_PROGRAM() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous='' key count value found line=()\n"
    "    local i joins=0\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        # bash splits --flag=value at the sign, and addresses at colons.\n"
    "        if [[ ${COMP_WORDS[i]} == = ]]; then continue; fi\n"
    "        if ((${#line[@]} > 0)) && [[ ${COMP_WORDS[i]} == : || $joins == 1 ]]; then\n"
    "            line[${#line[@]} - 1]+=${COMP_WORDS[i]}\n"
    "        else\n"
    "            line+=(\"${COMP_WORDS[i]}\")\n"
    "        fi\n"
    "        joins=0\n"
    "        if [[ ${COMP_WORDS[i]} == : ]]; then joins=1; fi\n"
    "    done\n"
    "    if [[ $current == = ]]; then current=''; fi\n"
    "    if ((${#line[@]} > 0)); then previous=${line[${#line[@]} - 1]}; fi\n"
    "    _PROGRAM_scan \"${line[@]}\"\n"
    "    COMPREPLY=()\n"
    "    if [[ $previous == -* ]] && _PROGRAM_value \"$previous\"; then\n"
    "        :\n"
    "    elif [[ $current == -* ]]; then\n"
    "        _PROGRAM_flags \"$key\"\n"
    "        value=\"${found[*]}\"\n"
    "    elif [[ $key == '' || $key == */ ]]; then\n"
    "        _PROGRAM_words \"${key%/}\"\n"
    "        value=\"${found[*]}\"\n"
    "    else\n"
    "        _PROGRAM_argument \"$key:$count\"\n"
    "    fi\n"
    "    if [[ $value == @methods || $value == @services ]]; then\n"
    "        value=$(_PROGRAM_ask \"$value\" \"${line[@]}\")\n"
    "    fi\n"
    "    if [[ $value == @file ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "        compopt -o filenames 2>/dev/null\n"
    "    elif [[ -n $value ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$value\" -- \"$current\")\n"
    "    fi\n"
    "}\n"
    "complete -F _PROGRAM PROGRAM\n";

static const char ZSH_FUNCTION[] =
    "_PROGRAM() {\n"
    "    local current=${words[CURRENT]} previous='' key count value\n"
    "    local -a found line\n"
    "    line=(\"${(@)words[2,CURRENT-1]}\")\n"
    "    if ((${#line} > 0)); then previous=${line[-1]}; fi\n"
    "    _PROGRAM_scan \"${line[@]}\"\n"
    "    found=() value=''\n"
    "    if [[ $current == --*=* ]]; then\n"
    "        _PROGRAM_value \"${current%%=*}\"\n"
    "        compset -P '*='\n"
    "    elif [[ $previous == -* ]] && _PROGRAM_value \"$previous\"; then\n"
    "        :\n"
    "    elif [[ $current == -* ]]; then\n"
    "        _PROGRAM_flags \"$key\"\n"
    "    elif [[ $key == '' || $key == */ ]]; then\n"
    "        _PROGRAM_words \"${key%/}\"\n"
    "    else\n"
    "        _PROGRAM_argument \"$key:$count\"\n"
    "    fi\n"
    "    if [[ $value == @methods || $value == @services ]]; then\n"
    "        value=$(_PROGRAM_ask \"$value\" \"${line[@]}\")\n"
    "    fi\n"
    "    if [[ $value == @file ]]; then\n"
    "        _files\n"
    "    elif [[ -n $value ]]; then\n"
    "        compadd -- ${=value}\n"
    "    elif ((${#found} > 0)); then\n"
    "        _describe PROGRAM found\n"
    "    fi\n"
    "}\n"
    "if [[ $funcstack[1] == _PROGRAM ]]; then\n"
    "    _PROGRAM \"$@\"\n"
    "elif (( $+functions[compdef] )); then\n"
    "    compdef _PROGRAM PROGRAM\n"
    "fi\n";

const char ctl_completion_details[] = "For bash: source <(PROGRAM completion bash). For zsh: put "
                                      "the output into a file _PROGRAM in a "
                                      "folder of $fpath.";

enum ctl_exit ctl_completion(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    bool is_zsh = strcmp(ctl_argument(context, 0), "zsh") == 0;
    nnrpc_buffer_append_text(
        &out, is_zsh ? "#compdef PROGRAM\n" : "# Completion of PROGRAM for bash.\n");
    append_words_function(&out, is_zsh);
    append_flags_function(&out, is_zsh);
    append_values_function(&out);
    append_arguments_function(&out);
    nnrpc_buffer_append_text(&out, SCAN_FUNCTION);
    nnrpc_buffer_append_text(&out, ASK_FUNCTION);
    nnrpc_buffer_append_text(&out, is_zsh ? ZSH_FUNCTION : BASH_FUNCTION);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer named = {0};
    ctl_append_named(&named, ctl_buffer_text(&out));
    return ctl_output_bytes(&named);
}
