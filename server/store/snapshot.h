/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot: one read transaction, reused from call to call.
 */
#ifndef CONTACTS_STORE_SNAPSHOT_H
#define CONTACTS_STORE_SNAPSHOT_H

#include <pthread.h>
#include <stdint.h>

#include "engine.h"
#include "store.h"

struct store_snapshot {
    struct snapshot_pool *pool;
    struct engine_transaction *transaction;
    uint64_t revision;
    struct store_snapshot *next_idle;
};

/** The snapshots of a store that are not in use. */
struct snapshot_pool {
    struct engine *engine;
    pthread_mutex_t mutex; /* guards what follows */
    struct store_snapshot *idle;
    uint32_t idle_count;
};

void snapshot_pool_init(struct snapshot_pool *pool, struct engine *engine);
void snapshot_pool_deinit(struct snapshot_pool *pool);

/** As store_snapshot_begin(). */
NNRPC_NODISCARD enum nnrpc_code snapshot_begin(
    struct snapshot_pool *pool, uint64_t min_revision, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status);

#endif
