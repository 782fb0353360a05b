/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How protobuf-c 1.4.1 spells names.
 */
#include <string.h>

#include "names.h"
#include "protobuf_c.h"
#include "text.h"

/* One piece of a full name in type names: underscores go, what follows is upper. */
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

/* Puts an underscore before an upper-case letter that follows another kind of character. */
static void gen_append_words(
    struct gen_text *text, const char *piece, size_t size, char (*convert)(char)) {
    bool was_upper = true;
    for (size_t i = 0; i < size; i++) {
        bool is_upper = gen_is_upper(piece[i]);
        if (is_upper && !was_upper) {
            gen_text_append(text, "_", 1);
        }
        char c = convert(piece[i]);
        gen_text_append(text, &c, 1);
        was_upper = is_upper;
    }
}

static void gen_append_lower(struct gen_text *text, const char *piece, size_t size) {
    gen_append_words(text, piece, size, gen_to_lower);
}

static void gen_append_upper(struct gen_text *text, const char *piece, size_t size) {
    gen_append_words(text, piece, size, gen_to_upper);
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

const char *gen_c_upper(struct gen_run *run, const struct gen_file *file, const char *full_name) {
    return gen_c_name(run, file, full_name, gen_append_upper);
}

/* Keywords of C++ and C as protobuf-c lists them; what it lacks, gen_c_check() knows. */
static const char *const cplusplus_words[] = {
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "compl",
    "const",
    "const_cast",
    "continue",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "not",
    "not_eq",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq"};

static bool gen_c_gets_underscore(const char *name) {
    return gen_is_listed(
        name, cplusplus_words, sizeof(cplusplus_words) / sizeof(cplusplus_words[0]));
}

const char *gen_c_member(struct gen_run *run, const char *field_name) {
    char *name = gen_copy(&run->memory, field_name, strlen(field_name));
    for (char *at = name; *at != '\0'; at++) {
        *at = gen_to_lower(*at);
    }
    return gen_c_gets_underscore(name) ? gen_format(&run->memory, "%s_", name) : name;
}

const char *gen_c_case_member(struct gen_run *run, const char *oneof_name) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    gen_append_lower(&text, oneof_name, strlen(oneof_name));
    return gen_format(&run->memory, "%s_case", text.data);
}

/* "LIBRARY__V1__BOOK__AVAILABILITY" */
static const char *gen_c_oneof_upper(
    struct gen_run *run, const struct gen_message *message, const char *oneof_name) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    gen_append_upper(&text, oneof_name, strlen(oneof_name));
    return gen_format(
        &run->memory, "%s__%s", gen_c_upper(run, message->file, message->full_name), text.data);
}

const char *gen_c_case_constant(
    struct gen_run *run, const struct gen_message *message, const char *oneof_name,
    const char *field_name) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    gen_append_upper(&text, field_name, strlen(field_name));
    return gen_format(
        &run->memory, "%s_%s", gen_c_oneof_upper(run, message, oneof_name), text.data);
}

const char *gen_c_not_set(
    struct gen_run *run, const struct gen_message *message, const char *oneof_name) {
    return gen_format(&run->memory, "%s__NOT_SET", gen_c_oneof_upper(run, message, oneof_name));
}
