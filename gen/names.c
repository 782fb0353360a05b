/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: protobuf-c's, this generator's, and no two alike.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Locale must not change output: <ctype.h> is not used. */
static bool gen_is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool gen_is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool gen_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static char gen_to_lower(char c) {
    return gen_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char gen_to_upper(char c) {
    return gen_is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* One piece of a full name in protobuf-c's type names: underscores go, what follows is upper. */
static void gen_append_camel(struct gen_text *text, const char *piece, size_t size) {
    bool upper = true;
    for (size_t i = 0; i < size; i++) {
        if (piece[i] == '_') {
            upper = true;
            continue;
        }
        char c = upper ? gen_to_upper(piece[i]) : piece[i];
        gen_text_append(text, &c, 1);
        upper = false;
    }
}

/* One piece in protobuf-c's function names: an underscore before an upper after a non-upper. */
static void gen_append_lower(struct gen_text *text, const char *piece, size_t size) {
    bool was_upper = true;
    for (size_t i = 0; i < size; i++) {
        bool is_upper = gen_is_upper(piece[i]);
        if (is_upper && !was_upper) {
            gen_text_append(text, "_", 1);
        }
        char c = gen_to_lower(piece[i]);
        gen_text_append(text, &c, 1);
        was_upper = is_upper;
    }
}

static void gen_append_pieces(
    struct gen_text *text, const char *name,
    void (*append)(struct gen_text *text, const char *piece, size_t size)) {
    while (*name != '\0') {
        size_t size = strcspn(name, ".");
        if (size > 0) {
            gen_text_append(text, "__", text->size == 0 ? 0 : 2);
            append(text, name, size);
        }
        name += size + (name[size] == '.' ? 1 : 0);
    }
}

static const char *gen_c_name(
    struct gen_run *run, const struct gen_file *file, const char *full_name,
    void (*append)(struct gen_text *text, const char *piece, size_t size)) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    if (file->c_package != NULL) {
        /* protobuf-c cuts the package off and puts its option in its place. */
        gen_append_pieces(&text, file->c_package, append);
        full_name += strlen(file->package);
    }
    gen_append_pieces(&text, full_name, append);
    return gen_copy(&run->memory, text.data == NULL ? "" : text.data, text.size);
}

const char *gen_c_type(struct gen_run *run, const struct gen_file *file, const char *full_name) {
    return gen_c_name(run, file, full_name, gen_append_camel);
}

const char *gen_c_lower(struct gen_run *run, const struct gen_file *file, const char *full_name) {
    return gen_c_name(run, file, full_name, gen_append_lower);
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
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(name, keywords[i]) == 0) {
            return true;
        }
    }
    return false;
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

const char *gen_guard(struct gen_run *run, const struct gen_file *file) {
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
    gen_text_printf(&guard, "_NNRPC_H");
    return gen_copy(&run->memory, guard.data, guard.size);
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
                run, blamed->file, blamed->path, "%s and %s would both be \"%s\" in C",
                blamed->owner, other->owner, blamed->name);
        }
    }
    return true;
}
