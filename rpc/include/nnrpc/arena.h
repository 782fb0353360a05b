/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for one frame: allocate often, release at once, never above a cap.
 *
 * Keeps its first block over nnrpc_arena_reset(), so a warm arena does not call malloc. Blocks are
 * 16-byte aligned. Not thread-safe.
 */
#ifndef NNRPC_ARENA_H
#define NNRPC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"

NNRPC_BEGIN_DECLARATIONS

struct nnrpc_arena_block;

struct nnrpc_arena {
    struct nnrpc_arena_block *blocks; /* newest first */
    size_t used_bytes;                /* given out since the last reset, alignment included */
    size_t limit_bytes;
    bool exhausted;               /* an allocation was refused since the last reset */
    ProtobufCAllocator allocator; /* allocates here; its free does nothing */
};

/** Initialises in place; do not move it afterwards. Allocates nothing yet. */
void nnrpc_arena_init(struct nnrpc_arena *arena, size_t limit_bytes);

/** Releases everything. NULL is fine. */
void nnrpc_arena_deinit(struct nnrpc_arena *arena);

/** Forgets every allocation; keeps one block of bounded size for reuse. */
void nnrpc_arena_reset(struct nnrpc_arena *arena);

/** Overwrites all that was given out since the last reset: before one, when there were secrets. */
void nnrpc_arena_wipe(struct nnrpc_arena *arena);

/** Returns `size` bytes, not zeroed, valid until the reset; NULL above the cap or without memory.
 */
NNRPC_NODISCARD void *nnrpc_arena_allocate(struct nnrpc_arena *arena, size_t size);

/** Copies bytes into the arena, with a terminator after them that is not part of the size. */
NNRPC_NODISCARD void *nnrpc_arena_copy(struct nnrpc_arena *arena, const void *bytes, size_t size);

NNRPC_END_DECLARATIONS

#endif
