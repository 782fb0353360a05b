/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This generator's names, and no two alike.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "text.h"

/* Locale must not change output: <ctype.h> is not used. */
bool gen_is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool gen_is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool gen_is_digit(char c) {
    return c >= '0' && c <= '9';
}

char gen_to_lower(char c) {
    return gen_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

char gen_to_upper(char c) {
    return gen_is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* Whether a word starts at an upper-case letter: "aB", "9B", and the last of "ABc". */
static bool gen_starts_word(const char *name, size_t i) {
    if (i == 0 || !gen_is_upper(name[i])) {
        return false;
    }
    char before = name[i - 1];
    return gen_is_lower(before) || gen_is_digit(before) ||
           (gen_is_upper(before) && gen_is_lower(name[i + 1]));
}

static const char *gen_words(struct gen_run *run, const char *name, char (*convert)(char)) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    for (size_t i = 0; name[i] != '\0'; i++) {
        bool separator = name[i] == '_' || name[i] == '.';
        if (separator || gen_starts_word(name, i)) {
            /* Never two underscores: those names are protobuf-c's. */
            bool doubled = text.size > 0 && text.data[text.size - 1] == '_';
            gen_text_append(&text, "_", doubled ? 0 : 1);
        }
        char c = convert(name[i]);
        gen_text_append(&text, &c, separator ? 0 : 1);
    }
    return gen_copy(&run->memory, text.data == NULL ? "" : text.data, text.size);
}

const char *gen_snake(struct gen_run *run, const char *name) {
    return gen_words(run, name, gen_to_lower);
}

const char *gen_upper_snake(struct gen_run *run, const char *name) {
    return gen_words(run, name, gen_to_upper);
}

bool gen_is_listed(const char *name, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool gen_is_keyword(const char *name) {
    /* Keywords of C17 and GNU C, and the macros that <stdbool.h> and GNU modes define. */
    static const char *const keywords[] = {
        "asm",      "auto",    "bool",     "break",    "case",     "char",    "const",
        "continue", "default", "do",       "double",   "else",     "enum",    "extern",
        "false",    "float",   "for",      "goto",     "if",       "inline",  "int",
        "linux",    "long",    "register", "restrict", "return",   "short",   "signed",
        "sizeof",   "static",  "struct",   "switch",   "true",     "typedef", "typeof",
        "union",    "unix",    "unsigned", "void",     "volatile", "while",
    };
    return gen_is_listed(name, keywords, sizeof(keywords) / sizeof(keywords[0]));
}

bool gen_is_identifier(const char *text) {
    if (text == NULL || gen_is_digit(text[0]) || text[0] == '\0') {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (!gen_is_upper(*at) && !gen_is_lower(*at) && !gen_is_digit(*at) && *at != '_') {
            return false;
        }
    }
    return true;
}

static int gen_name_compare(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

const char *gen_sort_and_find_twin(const char **names, size_t count) {
    if (count > 0) {
        qsort(names, count, sizeof(*names), gen_name_compare);
    }
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            return names[i];
        }
    }
    return NULL;
}

size_t gen_count_in_sorted(const char *const *names, size_t count, const char *name) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names[middle], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t end = low;
    while (end < count && strcmp(names[end], name) == 0) {
        end++;
    }
    return end - low;
}

/* A file's name as a macro's, with a suffix. */
static const char *gen_file_macro(
    struct gen_run *run, const struct gen_file *file, const char *suffix) {
    struct gen_text guard GEN_CLEANUP(gen_text_deinit) = {0};
    bool digit = file->stem[0] >= '0' && file->stem[0] <= '9';
    gen_text_printf(&guard, "%s", digit ? "FILE_" : "");
    for (const char *at = file->stem; *at != '\0'; at++) {
        char piece[2] = {*at, '\0'};
        if (*at == '/') {
            gen_text_append(&guard, "_", 1);
        } else if (*at == '_' || gen_is_identifier(piece) || (*at >= '0' && *at <= '9')) {
            char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
            gen_text_append(&guard, &upper, 1);
        } else {
            gen_text_printf(&guard, "_%02x", (unsigned char)*at);
        }
    }
    gen_text_printf(&guard, "%s", suffix);
    return gen_copy(&run->memory, guard.data, guard.size);
}

const char *gen_guard(struct gen_run *run, const struct gen_file *file) {
    return gen_file_macro(run, file, "_NNRPC_H");
}

const char *gen_rewrite_mark(struct gen_run *run, const struct gen_file *file) {
    return gen_file_macro(run, file, "_NNRPC_C");
}

void gen_emitted_add(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *name,
    const char *owner) {
    if (run->emitted_count == run->emitted_capacity) {
        size_t capacity = run->emitted_capacity == 0 ? 256 : run->emitted_capacity * 2;
        struct gen_emitted *grown =
            gen_allocate_array(&run->memory, capacity, sizeof(*run->emitted));
        if (run->emitted_count > 0) {
            memcpy(grown, run->emitted, run->emitted_count * sizeof(*run->emitted));
        }
        run->emitted = grown;
        run->emitted_capacity = capacity;
    }
    run->emitted[run->emitted_count] = (struct gen_emitted){
        .name = name, .owner = owner, .file = file, .path = path, .order = run->emitted_count};
    run->emitted_count++;
}

static int gen_emitted_compare(const void *left, const void *right) {
    const struct gen_emitted *a = left;
    const struct gen_emitted *b = right;
    int order = strcmp(a->name, b->name);
    if (order != 0) {
        return order;
    }
    return (a->order > b->order) - (a->order < b->order);
}

static bool gen_is_of_service(const struct gen_emitted *emitted) {
    return strncmp(emitted->owner, "rpc ", strlen("rpc ")) == 0 ||
           strncmp(emitted->owner, "service ", strlen("service ")) == 0;
}

/* What to do about two things with one name. */
static const char *gen_emitted_advice(
    const struct gen_run *run, const struct gen_emitted *a, const struct gen_emitted *b) {
    bool is_apart = run->full_names || strcmp(a->file->package, b->file->package) == 0;
    if (gen_is_of_service(a) && gen_is_of_service(b) && !is_apart) {
        return "--nnrpc_opt=full_names keeps them apart";
    }
    if (gen_is_of_service(a) != gen_is_of_service(b) && run->prefix[0] == '\0') {
        return "--nnrpc_opt=prefix=NAME keeps them apart";
    }
    return "rename one of them";
}

bool gen_emitted_check(struct gen_run *run) {
    if (run->emitted_count == 0) {
        return true;
    }
    qsort(run->emitted, run->emitted_count, sizeof(*run->emitted), gen_emitted_compare);
    for (size_t i = 1; i < run->emitted_count; i++) {
        const struct gen_emitted *first = &run->emitted[i - 1];
        const struct gen_emitted *second = &run->emitted[i];
        if (strcmp(first->name, second->name) != 0) {
            continue;
        }
        const struct gen_emitted *blamed = second->file->generate ? second : first;
        const struct gen_emitted *other = blamed == second ? first : second;
        if (blamed->file->generate) {
            return gen_refuse(
                run, blamed->file, blamed->path, "%s and %s (%s) would both be \"%s\" in C; %s",
                blamed->owner, other->owner, gen_source_place(run, other->file, other->path),
                blamed->name, gen_emitted_advice(run, first, second));
        }
    }
    return true;
}
