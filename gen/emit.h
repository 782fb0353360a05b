/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the model to text. Each function adds one part of x.nnrpc.h or x.nnrpc.c; what they write
 * depends on nothing but the model.
 */
#ifndef GEN_EMIT_H
#define GEN_EMIT_H

#include "model.h"
#include "text.h"

/** The whole x.nnrpc.h of a file. */
void gen_emit_header(struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** The whole x.nnrpc.c of a file. */
void gen_emit_source(struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** Declarations of a file's message and enum tables, with the comments of the .proto. */
void gen_emit_table_declarations(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** The message and enum tables themselves. */
void gen_emit_tables(struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** Functions for the proto3 optional fields of a file: has, get, set, clear. */
void gen_emit_optional_fields(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** Notes the names of these functions. */
void gen_optional_names_add(struct gen_run *run, const struct gen_file *file);

/** Declarations of a service: its table and the indexes of its methods. */
void gen_emit_service_declaration(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text);

/** The method table and the service table. */
void gen_emit_service_table(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text);

/** The packed descriptor set of a file, as a static array. */
void gen_emit_descriptor_set(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text);

/** The name of that array, which all services of the file share. */
const char *gen_descriptor_set_name(struct gen_run *run, const struct gen_file *file);

/** Client stubs of a service. */
void gen_emit_stub_declarations(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text);
void gen_emit_stubs(struct gen_run *run, const struct gen_service *service, struct gen_text *text);

/** Handlers, reply helpers and registration of a service. */
void gen_emit_server_declarations(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text);
void gen_emit_server(struct gen_run *run, const struct gen_service *service, struct gen_text *text);

/** protobuf-c's type of a message. */
const char *gen_message_type(struct gen_run *run, const struct gen_message *message);

#endif
