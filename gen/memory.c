/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one run, in blocks that are released together.
 */
#include "memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)

struct gen_block {
    struct gen_block *next;
    size_t used_bytes;
    size_t size_bytes;
    alignas(max_align_t) unsigned char bytes[];
};

static void gen_die_out_of_memory(void) {
    (void)fputs("protoc-gen-nnrpc: out of memory\n", stderr);
    exit(1);
}

void *gen_resize(void *bytes, size_t size) {
    void *resized = realloc(bytes, size == 0 ? 1 : size);
    if (resized == NULL) {
        gen_die_out_of_memory();
    }
    return resized;
}

void gen_memory_deinit(struct gen_memory *memory) {
    if (memory == NULL) {
        return;
    }
    while (memory->blocks != NULL) {
        struct gen_block *next = memory->blocks->next;
        free(memory->blocks);
        memory->blocks = next;
    }
}

static struct gen_block *gen_block_add(struct gen_memory *memory, size_t size) {
    size_t size_bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct gen_block *block = gen_resize(NULL, sizeof(*block) + size_bytes);
    block->next = memory->blocks;
    block->used_bytes = 0;
    block->size_bytes = size_bytes;
    memory->blocks = block;
    return block;
}

void *gen_allocate(struct gen_memory *memory, size_t size) {
    if (size > SIZE_MAX / 2) {
        gen_die_out_of_memory();
    }
    size_t rounded =
        (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct gen_block *block = memory->blocks;
    if (block == NULL || block->size_bytes - block->used_bytes < rounded) {
        block = gen_block_add(memory, rounded);
    }
    void *allocated = block->bytes + block->used_bytes;
    block->used_bytes += rounded;
    memset(allocated, 0, rounded);
    return allocated;
}

void *gen_allocate_array(struct gen_memory *memory, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        gen_die_out_of_memory();
    }
    return gen_allocate(memory, count * size);
}

char *gen_copy(struct gen_memory *memory, const char *text, size_t size) {
    char *copy = gen_allocate(memory, size + 1);
    memcpy(copy, text, size);
    return copy;
}

char *gen_format(struct gen_memory *memory, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = gen_allocate(memory, size < 0 ? 1 : (size_t)size + 1);
    if (size > 0) {
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    return text;
}
