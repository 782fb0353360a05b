/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing a store.
 *
 * The data file is made under another name, synced and renamed, so that a crash leaves either no
 * store or a whole one.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"
#include "nnrpc/crypto.h"
#include "store_state.h"

#define MAP_BYTES (UINT64_C(64) << 30)
#define NEW_MAP_BYTES (UINT64_C(16) << 20) /* while an empty file is made */
#define QUEUE_WRITES 8192
#define GROUP_WRITES 1024
#define CHANGE_RETENTION_S (UINT64_C(7) * 24 * 60 * 60)
#define REQUEST_RETENTION_S (UINT64_C(24) * 60 * 60)
#define CHECKPOINT_MS 2000
#define CHECKPOINT_BYTES (UINT64_C(64) << 20)
#define SEGMENT_BYTES (UINT64_C(16) << 20)
#define SEGMENT_LEAST_BYTES (UINT64_C(64) << 10)
#define RETENTION_MOST_S (UINT64_C(100) * 366 * 24 * 60 * 60)

/* --- Making the file ---------------------------------------------------------------------- */

enum nnrpc_code store_file_make(const char *path, struct nnrpc_status *out_status) {
    const struct engine_options options = {
        .path = path, .map_bytes = NEW_MAP_BYTES, .make = true, .alone = true};
    const struct state state = {
        .next_contact_id = 1, .next_customer_number = 1, .next_customer_sequence = 1};
    struct meta meta = {.schema = META_SCHEMA, .epoch = 1};
    NNRPC_CLEANUP(engine_closep) struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    nnrpc_random(meta.store_id, sizeof(meta.store_id));
    enum nnrpc_code code = engine_open(&options, &engine, out_status);
    if (code == NNRPC_OK) {
        code = engine_begin_write(engine, &transaction, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    meta_write(transaction, &meta);
    state_write(transaction, &state);
    return engine_commit(transaction, out_status);
}

/* Makes an empty store unless there is one. What a crash left half made is thrown away. */
static enum nnrpc_code make_if_missing(const char *folder, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    char new_path[PATH_MAX];
    enum nnrpc_code code = files_path(folder, FILES_DATA, path, out_status);
    if (code == NNRPC_OK) {
        code = files_path(folder, FILES_NEW_DATA, new_path, out_status);
    }
    if (code != NNRPC_OK || files_exist(path)) {
        return code;
    }
    if (unlink(new_path) != 0 && errno != ENOENT) {
        return files_fail(out_status, "remove", new_path);
    }
    code = store_file_make(new_path, out_status);
    if (code == NNRPC_OK && rename(new_path, path) != 0) {
        code = files_fail(out_status, "rename", new_path);
    }
    return code == NNRPC_OK ? files_sync_folder(folder, out_status) : code;
}

/* --- Opening ------------------------------------------------------------------------------ */

static struct store_options with_defaults(const struct store_options *options) {
    struct store_options filled = *options;
    filled.map_bytes = options->map_bytes == 0 ? MAP_BYTES : options->map_bytes;
    filled.queue_writes = options->queue_writes == 0 ? QUEUE_WRITES : options->queue_writes;
    filled.group_writes = options->group_writes == 0 ? GROUP_WRITES : options->group_writes;
    if (options->change_retention_s == 0) {
        filled.change_retention_s = CHANGE_RETENTION_S;
    } else if (options->change_retention_s > RETENTION_MOST_S) {
        filled.change_retention_s = RETENTION_MOST_S;
    }
    if (options->request_retention_s == 0) {
        filled.request_retention_s = REQUEST_RETENTION_S;
    } else if (options->request_retention_s > RETENTION_MOST_S) {
        filled.request_retention_s = RETENTION_MOST_S;
    }
    filled.checkpoint_ms = options->checkpoint_ms == 0 ? CHECKPOINT_MS : options->checkpoint_ms;
    filled.checkpoint_bytes =
        options->checkpoint_bytes == 0 ? CHECKPOINT_BYTES : options->checkpoint_bytes;
    filled.log_segment_bytes =
        options->log_segment_bytes == 0 ? SEGMENT_BYTES : options->log_segment_bytes;
    if (filled.log_segment_bytes < SEGMENT_LEAST_BYTES) {
        filled.log_segment_bytes = SEGMENT_LEAST_BYTES;
    }
    return filled;
}

static enum nnrpc_code open_engine(
    struct store *store, const struct store_options *options, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    enum nnrpc_code code = files_path(options->folder, FILES_DATA, path, out_status);
    const struct engine_options engine_options = {.path = path, .map_bytes = options->map_bytes};
    if (code == NNRPC_OK) {
        code = engine_open(&engine_options, &store->engine, out_status);
    }
    if (code == NNRPC_OK) {
        engine_clear_stale_readers(store->engine);
        snapshot_pool_init(&store->snapshots, store->engine);
    }
    return code;
}

static enum nnrpc_code read_state(
    struct store *store, struct state *out_state, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(engine_abortp) struct engine_transaction *transaction = NULL;
    enum nnrpc_code code = engine_begin_read(store->engine, &transaction, out_status);
    if (code == NNRPC_OK) {
        code = meta_read(transaction, &store->meta, out_status);
    }
    if (code == NNRPC_OK) {
        code = engine_check_tables(store->engine, out_status);
    }
    if (code == NNRPC_OK) {
        *out_state = state_read(transaction);
        code = engine_check(transaction, out_status);
    }
    return code;
}

/* Brings an older store's version up to ours, so that a program which knows the old one only does
 * not pass over what it does not know. */
static enum nnrpc_code raise_schema(struct store *store, struct nnrpc_status *out_status) {
    struct engine_transaction *transaction = NULL;
    if (store->meta.schema == META_SCHEMA) {
        return NNRPC_OK;
    }
    enum nnrpc_code code = engine_begin_write(store->engine, &transaction, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    store->meta.schema = META_SCHEMA;
    meta_write(transaction, &store->meta);
    return engine_commit(transaction, out_status);
}

/* Takes in the log, and begins a new one. */
static enum nnrpc_code open_durability(
    struct store *store, const struct store_options *options, const struct recovery *recovery,
    struct state *state, struct nnrpc_status *out_status) {
    const struct durability_options durability_options = {
        .folder = store->folder,
        .engine = store->engine,
        .meta = &store->meta,
        .form = options->durability,
        .checkpoint_ms = options->checkpoint_ms,
        .checkpoint_bytes = options->checkpoint_bytes,
        .segment_bytes = options->log_segment_bytes,
        .halt = {.folder = store->folder, .halted = options->halted, .self = options->halted_self},
        .log = options->log,
        .log_self = options->log_self,
    };
    return durability_open(&durability_options, recovery, state, &store->durability, out_status);
}

static enum nnrpc_code start_writer(
    struct store *store, const struct store_options *options, const struct state *state,
    struct nnrpc_status *out_status) {
    const struct writer_options writer_options = {
        .engine = store->engine,
        .durability = store->durability,
        .state = *state,
        .epoch = store->meta.epoch,
        .queue_writes = options->queue_writes,
        .group_writes = options->group_writes,
        .change_retention_s = options->change_retention_s,
        .request_retention_s = options->request_retention_s,
        .revision = &store->revision,
        .log = options->log,
        .log_self = options->log_self,
    };
    atomic_store(&store->revision, state->revision);
    return writer_start(&writer_options, &store->writer, out_status);
}

/* Opens what is in the folder, whose lock is taken. */
static enum nnrpc_code open_files(
    struct store *store, const struct store_options *options, struct state *out_state,
    struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(recovery_deinit) struct recovery recovery = {0};
    enum nnrpc_code code = recovery_look(store->folder, options->recover, &recovery, out_status);
    if (code == NNRPC_OK) {
        code = recovery_put_back(&recovery, store->folder, out_status);
    }
    if (code == NNRPC_OK) {
        code = open_engine(store, options, out_status);
    }
    if (code == NNRPC_OK) {
        code = read_state(store, out_state, out_status);
    }
    if (code == NNRPC_OK) {
        code = raise_schema(store, out_status);
    }
    return code == NNRPC_OK ? open_durability(store, options, &recovery, out_state, out_status)
                            : code;
}

enum nnrpc_code store_open(
    const struct store_options *options, struct store **out_store,
    struct nnrpc_status *out_status) {
    const struct store_options filled = with_defaults(options);
    struct state state = {0};
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return fault_out_of_memory(out_status);
    }
    store->lock_descriptor = -1;
    enum nnrpc_code code = files_make_folder(filled.folder, out_status);
    if (code == NNRPC_OK) {
        code = files_path(filled.folder, "", store->folder, out_status);
    }
    if (code == NNRPC_OK) {
        store->folder[strlen(filled.folder)] = '\0'; /* without the slash at its end */
    }
    if (code == NNRPC_OK) {
        code = files_lock(filled.folder, &store->lock_descriptor, out_status);
    }
    if (code == NNRPC_OK) {
        code = make_if_missing(filled.folder, out_status);
    }
    if (code == NNRPC_OK) {
        code = open_files(store, &filled, &state, out_status);
    }
    if (code == NNRPC_OK) {
        code = start_writer(store, &filled, &state, out_status);
    }
    if (code != NNRPC_OK) {
        store_close(store);
        return code;
    }
    *out_store = store;
    return NNRPC_OK;
}

void store_close(struct store *store) {
    if (store == NULL) {
        return;
    }
    writer_stop(store->writer);
    durability_close(store->durability);
    if (store->engine != NULL) {
        snapshot_pool_deinit(&store->snapshots);
        engine_close(store->engine);
    }
    files_closep(&store->lock_descriptor);
    free(store);
}

/* --- What a store says -------------------------------------------------------------------- */

uint64_t store_revision(const struct store *store) {
    return atomic_load_explicit(&store->revision, memory_order_acquire);
}

uint64_t store_epoch(const struct store *store) {
    return store->meta.epoch;
}

bool store_is_pristine(const struct store *store) {
    return store_revision(store) == 0; /* whatever came to be made a revision */
}

void store_visit_gauges(
    struct store *store, void (*visit)(void *context, const char *name, double value),
    void *context) {
    const struct writer_counts counts = writer_count(store->writer);
    visit(context, "store.map_used_bytes", (double)engine_touched_bytes(store->engine));
    visit(context, "store.map_size_bytes", (double)engine_map_bytes(store->engine));
    visit(context, "store.queued_writes", (double)counts.queued);
    visit(context, "store.writes", (double)counts.writes);
    visit(context, "store.groups", (double)counts.groups);
    visit(context, "store.retried_groups", (double)counts.retried_groups);
    if (store->durability != NULL) {
        visit(context, "store.checkpoints", (double)durability_checkpoint_count(store->durability));
        visit(context, "store.log_bytes", (double)durability_log_bytes(store->durability));
    }
    visit(context, "store.revision", (double)store_revision(store));
}

/* --- The parts behind it ------------------------------------------------------------------ */

void store_set_retention(
    struct store *store, uint64_t change_retention_s, uint64_t request_retention_s) {
    const struct store_options given = {
        .change_retention_s = change_retention_s, .request_retention_s = request_retention_s};
    const struct store_options options = with_defaults(&given);
    writer_set_retention(store->writer, options.change_retention_s, options.request_retention_s);
}

void store_set_queue_target_ms(struct store *store, uint32_t target_ms) {
    writer_set_queue_target_ms(store->writer, target_ms);
}

enum nnrpc_code store_submit(
    struct store *store, struct store_write *write, struct nnrpc_status *out_status) {
    return writer_submit(store->writer, write, out_status);
}

enum nnrpc_code store_snapshot_begin(
    struct store *store, uint64_t min_revision, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status) {
    return snapshot_begin(&store->snapshots, min_revision, out_snapshot, out_status);
}
