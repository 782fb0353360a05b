/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capped bump allocator: a list of blocks of which the newest is carved up.
 *
 * Invariant: used_bytes, the sum of what was given out with its alignment, never passes
 * limit_bytes. Under AddressSanitizer whatever was not given out is poisoned, so that reading past
 * an allocation or after a reset is found although the arena's blocks are still there.
 */
#include "nnrpc/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/crypto.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define UNPOISON(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
#else
#define POISON(address, size) ((void)(address), (void)(size))
#define UNPOISON(address, size) ((void)(address), (void)(size))
#endif

#define ALIGNMENT 16
#define SMALLEST_BLOCK_BYTES ((size_t)8 << 10)
#define LARGEST_KEPT_BLOCK_BYTES ((size_t)256 << 10)

struct nnrpc_arena_block {
    struct nnrpc_arena_block *next;
    size_t capacity;
    size_t used;
    _Alignas(ALIGNMENT) uint8_t data[];
};

static void *allocate_for_protobuf(void *arena, size_t size) {
    return nnrpc_arena_allocate(arena, size);
}

static void free_nothing(void *arena, void *pointer) {
    (void)arena;
    (void)pointer;
}

void nnrpc_arena_init(struct nnrpc_arena *arena, size_t limit_bytes) {
    *arena = (struct nnrpc_arena){
        .limit_bytes = limit_bytes,
        .allocator =
            {
                .alloc = allocate_for_protobuf,
                .free = free_nothing,
                .allocator_data = arena,
            },
    };
}

static void free_block(struct nnrpc_arena_block *block) {
    UNPOISON(block->data, block->capacity);
    free(block);
}

void nnrpc_arena_deinit(struct nnrpc_arena *arena) {
    if (arena == NULL) {
        return;
    }
    while (arena->blocks != NULL) {
        struct nnrpc_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free_block(block);
    }
    arena->used_bytes = 0;
    arena->exhausted = false;
}

/* Keeps the largest block that may be kept: a steady load then settles on a single one. */
void nnrpc_arena_reset(struct nnrpc_arena *arena) {
    struct nnrpc_arena_block *kept = NULL;
    while (arena->blocks != NULL) {
        struct nnrpc_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        bool fits = block->capacity <= LARGEST_KEPT_BLOCK_BYTES;
        if (fits && (kept == NULL || block->capacity > kept->capacity)) {
            struct nnrpc_arena_block *smaller = kept;
            kept = block;
            block = smaller;
        }
        if (block != NULL) {
            free_block(block);
        }
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
        POISON(kept->data, kept->capacity);
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
    arena->exhausted = false;
}

void nnrpc_arena_wipe(struct nnrpc_arena *arena) {
    for (struct nnrpc_arena_block *block = arena->blocks; block != NULL; block = block->next) {
        UNPOISON(block->data, block->used);
        nnrpc_wipe(block->data, block->used);
    }
}

/* Doubles the newest block's size, but never asks for more than the cap can still give out. */
static size_t next_capacity(const struct nnrpc_arena *arena, size_t size) {
    size_t capacity = SMALLEST_BLOCK_BYTES;
    if (arena->blocks != NULL && arena->blocks->capacity <= SIZE_MAX / 4) {
        capacity = arena->blocks->capacity * 2;
    }
    if (capacity > LARGEST_KEPT_BLOCK_BYTES) {
        capacity = LARGEST_KEPT_BLOCK_BYTES;
    }
    size_t left = arena->limit_bytes - arena->used_bytes;
    if (capacity > left) {
        capacity = left;
    }
    return capacity < size ? size : capacity;
}

static struct nnrpc_arena_block *add_block(struct nnrpc_arena *arena, size_t size) {
    size_t capacity = next_capacity(arena, size);
    if (capacity > SIZE_MAX - sizeof(struct nnrpc_arena_block)) {
        return NULL;
    }
    struct nnrpc_arena_block *block = malloc(sizeof(*block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->capacity = capacity;
    block->used = 0;
    POISON(block->data, capacity);
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *nnrpc_arena_allocate(struct nnrpc_arena *arena, size_t size) {
    size_t left = arena->limit_bytes - arena->used_bytes;
    if (size > left) {
        arena->exhausted = true;
        return NULL;
    }
    size_t aligned = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (aligned < size || aligned > left) {
        arena->exhausted = true;
        return NULL;
    }
    struct nnrpc_arena_block *block = arena->blocks;
    if (block == NULL || aligned > block->capacity - block->used) {
        block = add_block(arena, aligned);
        if (block == NULL) {
            arena->exhausted = true;
            return NULL;
        }
    }
    void *pointer = block->data + block->used;
    block->used += aligned;
    arena->used_bytes += aligned;
    UNPOISON(pointer, size);
    return pointer;
}

void *nnrpc_arena_copy(struct nnrpc_arena *arena, const void *bytes, size_t size) {
    if (size == SIZE_MAX) {
        arena->exhausted = true;
        return NULL;
    }
    char *copy = nnrpc_arena_allocate(arena, size + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (size != 0) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}
