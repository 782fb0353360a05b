/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one run: everything that the model refers to lives until the end of it.
 *
 * Running out of memory ends the program with one line: a code generator has nothing to save.
 */
#ifndef GEN_MEMORY_H
#define GEN_MEMORY_H

#include <stddef.h>

#define GEN_PRINTF(format_index, first_argument)                                                   \
    __attribute__((format(printf, format_index, first_argument)))
#define GEN_CLEANUP(function) __attribute__((cleanup(function)))
#define GEN_NODISCARD __attribute__((warn_unused_result))

struct gen_block;

/** All zero is an empty memory. */
struct gen_memory {
    struct gen_block *blocks; /* newest first */
};

/** Releases everything. NULL is fine. */
void gen_memory_deinit(struct gen_memory *memory);

/** Returns zeroed bytes, aligned for any type. Never NULL. */
void *gen_allocate(struct gen_memory *memory, size_t size);

/** Returns a zeroed array. Never NULL, even for no elements. */
void *gen_allocate_array(struct gen_memory *memory, size_t count, size_t size);

/** Returns formatted text. Never NULL. */
char *gen_format(struct gen_memory *memory, const char *format, ...) GEN_PRINTF(2, 3);

/** Returns a copy of the first `size` bytes of a text, terminated. Never NULL. */
char *gen_copy(struct gen_memory *memory, const char *text, size_t size);

/** realloc() that ends the program when memory is short. */
void *gen_resize(void *bytes, size_t size);

#endif
