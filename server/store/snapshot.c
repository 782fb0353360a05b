/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots, and the reads of single records.
 */
#include "snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "keys.h"
#include "meta.h"
#include "records.h"

/* More idle ones are given back: each keeps a place in the engine's table of readers. */
#define IDLE_MOST 64

void snapshot_pool_init(struct snapshot_pool *pool, struct engine *engine) {
    *pool = (struct snapshot_pool){.engine = engine};
    pthread_mutex_init(&pool->mutex, NULL);
}

static void release(struct store_snapshot *snapshot) {
    engine_abort(snapshot->transaction);
    free(snapshot);
}

void snapshot_pool_deinit(struct snapshot_pool *pool) {
    while (pool->idle != NULL) {
        struct store_snapshot *snapshot = pool->idle;
        pool->idle = snapshot->next_idle;
        release(snapshot);
    }
    pthread_mutex_destroy(&pool->mutex);
}

static struct store_snapshot *take_idle(struct snapshot_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    struct store_snapshot *snapshot = pool->idle;
    if (snapshot != NULL) {
        pool->idle = snapshot->next_idle;
        pool->idle_count--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return snapshot;
}

static enum nnrpc_code make(
    struct snapshot_pool *pool, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status) {
    struct store_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot == NULL) {
        return fault_out_of_memory(out_status);
    }
    snapshot->pool = pool;
    enum nnrpc_code code = engine_begin_read(pool->engine, &snapshot->transaction, out_status);
    if (code != NNRPC_OK) {
        free(snapshot);
        return code;
    }
    *out_snapshot = snapshot;
    return NNRPC_OK;
}

/* A snapshot of the newest state, from the pool if it has one. */
static enum nnrpc_code open_snapshot(
    struct snapshot_pool *pool, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status) {
    struct store_snapshot *snapshot = take_idle(pool);
    if (snapshot == NULL) {
        return make(pool, out_snapshot, out_status);
    }
    enum nnrpc_code code = engine_resume(snapshot->transaction, out_status);
    if (code != NNRPC_OK) {
        release(snapshot);
        return code;
    }
    *out_snapshot = snapshot;
    return NNRPC_OK;
}

enum nnrpc_code snapshot_begin(
    struct snapshot_pool *pool, uint64_t min_revision, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status) {
    struct store_snapshot *snapshot = NULL;
    enum nnrpc_code code = open_snapshot(pool, &snapshot, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    assert(snapshot != NULL);
    snapshot->revision = state_read(snapshot->transaction).revision;
    code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK && snapshot->revision < min_revision) {
        code = nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(REVISION_NOT_REACHED),
            "the store is at revision %" PRIu64 ", not yet at %" PRIu64, snapshot->revision,
            min_revision);
        nnrpc_status_add_info(out_status, "revision", "%" PRIu64, snapshot->revision);
        nnrpc_status_add_info(out_status, "min_revision", "%" PRIu64, min_revision);
    }
    if (code != NNRPC_OK) {
        store_snapshot_end(snapshot);
        return code;
    }
    *out_snapshot = snapshot;
    return NNRPC_OK;
}

void store_snapshot_end(struct store_snapshot *snapshot) {
    if (snapshot == NULL) {
        return;
    }
    struct snapshot_pool *pool = snapshot->pool;
    engine_pause(snapshot->transaction);
    pthread_mutex_lock(&pool->mutex);
    bool keep = pool->idle_count < IDLE_MOST;
    if (keep) {
        snapshot->next_idle = pool->idle;
        pool->idle = snapshot;
        pool->idle_count++;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (!keep) {
        release(snapshot);
    }
}

void store_snapshot_endp(struct store_snapshot **snapshot) {
    store_snapshot_end(*snapshot);
    *snapshot = NULL;
}

uint64_t store_snapshot_revision(const struct store_snapshot *snapshot) {
    return snapshot->revision;
}

/* --- Single records ----------------------------------------------------------------------- */

/* What not finding something means: that it is not there, unless the engine failed. */
static enum nnrpc_code not_found(
    struct store_snapshot *snapshot, enum nnrpc_code (*fail)(struct nnrpc_status *, const char *),
    const char *id, struct nnrpc_status *out_status) {
    enum nnrpc_code code = engine_check(snapshot->transaction, out_status);
    return code != NNRPC_OK ? code : fail(out_status, id);
}

static enum nnrpc_code contact_not_found(
    struct store_snapshot *snapshot, uint64_t id, struct nnrpc_status *out_status) {
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, id);
    return not_found(snapshot, fault_contact_not_found, text, out_status);
}

enum nnrpc_code store_get_contact(
    struct store_snapshot *snapshot, uint64_t id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status) {
    return contact_find(snapshot->transaction, id, out_record)
               ? NNRPC_OK
               : contact_not_found(snapshot, id, out_status);
}

enum nnrpc_code store_get_customer(
    struct store_snapshot *snapshot, const char *id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status) {
    return customer_find(snapshot->transaction, slice_of_text(id), out_record)
               ? NNRPC_OK
               : not_found(snapshot, fault_customer_not_found, id, out_status);
}

enum nnrpc_code store_get_password_hash(
    struct store_snapshot *snapshot, uint64_t contact_id, char out_hash[128],
    struct nnrpc_status *out_status) {
    struct key key = key_of_number(contact_id);
    struct nnrpc_slice unused;
    struct nnrpc_slice hash = {.data = NULL, .size = 0};
    if (!contact_find(snapshot->transaction, contact_id, &unused)) {
        return contact_not_found(snapshot, contact_id, out_status);
    }
    engine_get(snapshot->transaction, ENGINE_SECRETS, key_slice(&key), &hash);
    if (hash.size > 127) {
        engine_fail(snapshot->transaction);
    }
    enum nnrpc_code code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK) {
        if (hash.size > 0) {
            memcpy(out_hash, hash.data, hash.size);
        }
        out_hash[hash.size] = '\0';
    }
    return code;
}
