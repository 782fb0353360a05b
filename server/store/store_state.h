/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an open store, and making a store's file.
 */
#ifndef CONTACTS_STORE_STORE_STATE_H
#define CONTACTS_STORE_STORE_STATE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

#include "durability.h"
#include "engine.h"
#include "meta.h"
#include "snapshot.h"
#include "store.h"
#include "writer.h"

struct store {
    char folder[PATH_MAX];
    int lock_descriptor;
    struct engine *engine;
    struct durability *durability; /* NULL: the engine's commits are durable */
    struct writer *writer;
    struct snapshot_pool snapshots;
    struct meta meta;
    atomic_uint_least64_t revision; /* of the last durable write */
};

/**
 * Makes the data file at a path that is not there: an empty store.
 *
 * @return as engine_open().
 */
NNRPC_NODISCARD enum nnrpc_code store_file_make(const char *path, struct nnrpc_status *out_status);

#endif
