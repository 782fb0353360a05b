/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What protobuf-c 1.4.1 makes of a .proto: how it spells names, and what it makes no C of that
 * compiles. protoc-gen-nnrpc and protoc-gen-nnrpc-c share this, so both refuse the same with the
 * same words, whichever of them protoc runs first.
 */
#ifndef GEN_PROTOBUF_C_H
#define GEN_PROTOBUF_C_H

#include "model.h"

/** Numbers of protobuf-c's own options. */
#define GEN_C_OPTIONS 1019
#define GEN_C_FILE_NO_GENERATE 1
#define GEN_C_FILE_PACK_HELPERS 2
#define GEN_C_FILE_CONST_STRINGS 4
#define GEN_C_FILE_ONEOF_NAME 5
#define GEN_C_FILE_PACKAGE 6
#define GEN_C_MESSAGE_PACK_HELPERS 1
#define GEN_C_MESSAGE_BASE_NAME 3
#define GEN_C_FIELD_STRING_AS_BYTES 1

/**
 * One of protobuf-c's own yes-or-no options of a file, message or field.
 *
 * @param options    Of the file, message or field; not NULL.
 * @param out_value  Untouched when the option is not given.
 * @return Whether it is given.
 */
bool gen_c_option_flag(
    struct gen_run *run, const ProtobufCMessage *options, uint32_t number, bool *out_value);

/** A type: "contacts.v1.Contact" -> "Contacts__V1__Contact". */
const char *gen_c_type(struct gen_run *run, const struct gen_file *file, const char *full_name);

/** Prefix of functions and descriptors: "contacts__v1__contact". */
const char *gen_c_lower(struct gen_run *run, const struct gen_file *file, const char *full_name);

/** Prefix of constants: "CONTACTS__V1__CONTACT". */
const char *gen_c_upper(struct gen_run *run, const struct gen_file *file, const char *full_name);

/** A member of a struct: the field's name in lower case, keywords of C++ with an underscore. */
const char *gen_c_member(struct gen_run *run, const char *field_name);

/** The member that says which member of a oneof is set: "availability_case". */
const char *gen_c_case_member(struct gen_run *run, const char *oneof_name);

/** The constant of a oneof's member: "LIBRARY__V1__BOOK__AVAILABILITY_DUE_TIME". */
const char *gen_c_case_constant(
    struct gen_run *run, const struct gen_message *message, const char *oneof_name,
    const char *field_name);

/** The constant of a oneof that is not set: "LIBRARY__V1__BOOK__AVAILABILITY__NOT_SET". */
const char *gen_c_not_set(
    struct gen_run *run, const struct gen_message *message, const char *oneof_name);

/** Notes the names of a file's C code, for gen_emitted_check(). */
void gen_c_names_add(struct gen_run *run, const struct gen_file *file);

/** Refuses what protobuf-c makes no C of: groups, members with one name, infinite defaults. */
GEN_NODISCARD bool gen_c_check(struct gen_run *run, const struct gen_file *file);

/** The member that holds a struct's ProtobufCMessage, when it is not "base"; else NULL. */
const char *gen_c_base_name(struct gen_run *run, const struct gen_message *message);

#endif
