/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things stand in their .proto, and the comments there.
 */
#ifndef GEN_SOURCE_H
#define GEN_SOURCE_H

#include "model.h"
#include "text.h"

/** Sorts a file's locations, so that the functions below can find them. */
void gen_source_index(struct gen_run *run, struct gen_file *file);

/** "file:line:column" of a part, or of the closest part around it that has a place, or "file". */
const char *gen_source_place(
    struct gen_run *run, const struct gen_file *file, struct gen_path path);

/** Whether a part has a comment before or after it. */
bool gen_source_has_comment(const struct gen_file *file, struct gen_path path);

/** Adds a part's comments, each line after `prefix`: the one before it, then the one after it. */
void gen_source_comment(
    struct gen_text *text, const char *prefix, const struct gen_file *file, struct gen_path path);

#endif
