/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another protoc plugin, run as a child: bytes in, bytes out.
 */
#ifndef GEN_CHILD_H
#define GEN_CHILD_H

#include "memory.h"
#include "text.h"
#include "wire.h"

/**
 * Runs a program with bytes on its standard input and waits for its end. What it writes to standard
 * error stands on ours.
 *
 * @param program     A path, or a name that is looked up in PATH.
 * @param out_output  Takes what it writes to standard output.
 * @return Why there is no output, as text in `memory`, or NULL.
 */
GEN_NODISCARD const char *gen_child_run(
    struct gen_memory *memory, const char *program, struct gen_bytes input,
    struct gen_text *out_output);

#endif
