/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a protoc plugin reads and writes: a CodeGeneratorRequest on standard input, a
 * CodeGeneratorResponse on standard output.
 *
 * What is wrong with the input itself is one line on standard error.
 */
#ifndef GEN_REQUEST_H
#define GEN_REQUEST_H

#include <stdio.h>

#include "model.h"
#include "text.h"

/** Largest request, and largest answer of another plugin, in bytes. */
#define GEN_MAX_BYTES ((size_t)256 << 20)

/** Writes "PROGRAM: reason" to standard error. @return 1, the program's status. */
int gen_fail(const char *program, const char *reason);

/**
 * Reads standard input to its end and unpacks it into run->request.
 *
 * @param out_input  Takes the bytes; they must live as long as the run.
 * @return false after a line on standard error.
 */
GEN_NODISCARD bool gen_request_read(
    struct gen_run *run, const char *program, struct gen_text *out_input);

/** Reads a stream to its end. @return Why it cannot be read, or NULL. */
GEN_NODISCARD const char *gen_read_all(FILE *stream, const char *name, struct gen_text *out_bytes);

/** Unpacks a message of protoc's into the run's memory; NULL with *out_problem set. */
GEN_NODISCARD const ProtobufCMessage *gen_unpack(
    struct gen_run *run, const ProtobufCMessageDescriptor *type, struct gen_bytes bytes,
    const char **out_problem);

/** Packs an answer and writes it to standard output. @return The program's status. */
GEN_NODISCARD int gen_response_write(
    struct gen_run *run, const char *program,
    Google__Protobuf__Compiler__CodeGeneratorResponse *response);

/**
 * The next of the comma-separated options that protoc hands over; NULL at the end. Empty ones are
 * passed over.
 *
 * @param at  Where the rest begins; moves on.
 */
const char *gen_next_option(struct gen_run *run, const char **at);

/** The value of "name=value", or NULL when it is another option. */
const char *gen_option_value(const char *option, const char *name);

#endif
