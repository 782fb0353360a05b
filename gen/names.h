/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: how protobuf-c 1.4.1 spells what it makes, how this generator spells its own, and the
 * register that finds two things with one name.
 */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "model.h"

/** protobuf-c's type: "contacts.v1.Contact" -> "Contacts__V1__Contact". */
const char *gen_c_type(struct gen_run *run, const struct gen_file *file, const char *full_name);

/** protobuf-c's prefix of functions and descriptors: "contacts__v1__contact". */
const char *gen_c_lower(struct gen_run *run, const struct gen_file *file, const char *full_name);

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

/** Include guard: "contacts/v1/contact.proto" -> "CONTACTS_V1_CONTACT_NNRPC_H"; rest in hex. */
const char *gen_guard(struct gen_run *run, const struct gen_file *file);

/** Notes a name that the output defines. @param owner  Whose it is, e.g. "rpc a.B/C". */
void gen_emitted_add(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *name,
    const char *owner);

/** Refuses two things with one name, of which one at least is to be generated. */
GEN_NODISCARD bool gen_emitted_check(struct gen_run *run);

#endif
