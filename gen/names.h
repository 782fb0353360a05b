/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: how this generator spells its own, and the register that finds two things with one name.
 */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "model.h"

/** Letters of ASCII: the locale must not change the output, so <ctype.h> is not used. */
bool gen_is_upper(char c);
bool gen_is_lower(char c);
bool gen_is_digit(char c);
char gen_to_lower(char c);
char gen_to_upper(char c);

/** Whether a name is one of the words. */
bool gen_is_listed(const char *name, const char *const *words, size_t count);

/** Words in lower case, joined by underscores: "ListContacts" -> "list_contacts", "." -> "_". */
const char *gen_snake(struct gen_run *run, const char *name);

/** As gen_snake(), in upper case. */
const char *gen_upper_snake(struct gen_run *run, const char *name);

/** Whether C has another use for a name: a keyword, or a macro that is always there. */
bool gen_is_keyword(const char *name);

/** Whether a text is an identifier of the .proto language. */
bool gen_is_identifier(const char *text);

/** Sorts names and returns one that is there twice, or NULL. */
const char *gen_sort_and_find_twin(const char **names, size_t count);

/** How often a name is in a sorted list. */
size_t gen_count_in_sorted(const char *const *names, size_t count, const char *name);

/** Include guard: "contacts/v1/contact.proto" -> "CONTACTS_V1_CONTACT_NNRPC_H"; rest in hex. */
const char *gen_guard(struct gen_run *run, const struct gen_file *file);

/** Macro by which protoc-gen-nnrpc-c marks a x.pb-c.h: "CONTACTS_V1_CONTACT_NNRPC_C". */
const char *gen_rewrite_mark(struct gen_run *run, const struct gen_file *file);

/** Notes a name that the output defines. @param owner  Whose it is, e.g. "rpc a.B/C". */
void gen_emitted_add(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *name,
    const char *owner);

/** Refuses two things with one name, of which one at least is to be generated. */
GEN_NODISCARD bool gen_emitted_check(struct gen_run *run);

#endif
