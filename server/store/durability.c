/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability.
 *
 * At the start, too, no page of a durable checkpoint is used again before the next one is durable:
 * whatever is written is written with the checkpoint's pages held.
 */
#include "durability.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpointer.h"
#include "faults.h"
#include "files.h"
#include "log.h"
#include "replay.h"

struct durability {
    struct durability_options options;
    struct segment_identity identity;
    struct log *log;
    struct checkpointer *checkpointer;
    uint64_t sequence; /* of the last entry */
};

static void tell(const struct durability_options *options, const char *event, const char *details) {
    if (options->log != NULL) {
        options->log(options->log_self, event, details, NULL);
    }
}

/* --- Opening ------------------------------------------------------------------------------ */

/* A store being opened. */
struct opening {
    const struct durability_options *options;
    const struct recovery *recovery;
    struct segment_identity identity;
    struct pinned_checkpoint held; /* the state that a power loss would go back to */
};

static void opening_deinit(struct opening *opening) {
    pinned_checkpoint_end(&opening->held);
}

static enum nnrpc_code check_identity(
    const struct opening *opening, struct nnrpc_status *out_status) {
    const struct recovery *recovery = opening->recovery;
    const struct segment_identity *found = &recovery->checkpoint.identity;
    if (!recovery->has_checkpoint ||
        (memcmp(found->store_id, opening->identity.store_id, sizeof(found->store_id)) == 0 &&
         found->epoch == opening->identity.epoch)) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "the checkpoint in %s is of another store or epoch (%" PRIu64
        "): data file and log do not belong together",
        opening->options->folder, found->epoch);
}

/* Makes the state that is committed the one that a power loss goes back to. */
static enum nnrpc_code checkpoint_now(
    struct opening *opening, const struct state *state, uint64_t segment,
    struct nnrpc_status *out_status) {
    struct pinned_checkpoint next = {0};
    struct engine *engine = opening->options->engine;
    enum nnrpc_code code =
        pinned_checkpoint_begin(engine, &opening->identity, state, segment, &next, out_status);
    if (code == NNRPC_OK) {
        code = engine_sync(engine, out_status);
    }
    if (code == NNRPC_OK) {
        code = checkpoint_write(opening->options->folder, &next.checkpoint, out_status);
    }
    if (code != NNRPC_OK) {
        pinned_checkpoint_end(&next);
        return code;
    }
    pinned_checkpoint_end(&opening->held);
    opening->held = next;
    return NNRPC_OK;
}

/* Where the log goes on from the data file's state; 0: nowhere. */
static uint64_t first_segment(const struct recovery *recovery) {
    return recovery->has_checkpoint && !(recovery->is_clean && recovery->is_trusted)
               ? recovery->checkpoint.segment
               : 0;
}

/* Holds the state of the data file. One that was put back is a checkpoint's already; its file stays
 * as it is, so that a stop before the end of the replay is one more reason to begin there. */
static enum nnrpc_code hold_state(
    struct opening *opening, const struct state *state, struct nnrpc_status *out_status) {
    const struct recovery *recovery = opening->recovery;
    if (recovery->is_trusted) {
        return checkpoint_now(opening, state, first_segment(recovery), out_status);
    }
    return pinned_checkpoint_begin(
        opening->options->engine, &opening->identity, state, recovery->checkpoint.segment,
        &opening->held, out_status);
}

static enum nnrpc_code replay(
    struct opening *opening, struct state *state, struct nnrpc_status *out_status) {
    const struct durability_options *options = opening->options;
    const struct recovery *recovery = opening->recovery;
    const struct replay_source source = {
        .folder = options->folder,
        .identity = opening->identity,
        .segments = &recovery->segments,
        .first_segment = first_segment(recovery),
    };
    char details[160];
    uint64_t entries = 0;
    uint64_t from = state->revision;
    enum nnrpc_code code = replay_log(&source, options->engine, state, &entries, out_status);
    if (code == NNRPC_OK && (entries > 0 || !recovery->is_trusted)) {
        snprintf(
            details, sizeof(details),
            "from=%s revision_before=%" PRIu64 " revision=%" PRIu64 " groups=%" PRIu64,
            recovery->is_trusted ? "data_file" : "checkpoint", from, state->revision, entries);
        tell(options, "store_recovered", details);
    }
    return code;
}

/* Brings the data file to the end of the log. From here on the mark of a clean stop is gone. */
static enum nnrpc_code catch_up(
    struct opening *opening, struct state *state, struct nnrpc_status *out_status) {
    const char *folder = opening->options->folder;
    enum nnrpc_code code = check_identity(opening, out_status);
    if (code == NNRPC_OK) {
        engine_set_synced(opening->options->engine, false);
        code = hold_state(opening, state, out_status);
    }
    if (code == NNRPC_OK) {
        code = files_unmark(folder, FILES_CLEAN, out_status);
    }
    return code == NNRPC_OK ? replay(opening, state, out_status) : code;
}

/* --- The lmdb form ------------------------------------------------------------------------ */

static enum nnrpc_code remove_checkpoint(const char *folder, struct nnrpc_status *out_status) {
    enum nnrpc_code code = files_unmark(folder, FILES_NEW_CHECKPOINT, out_status);
    return code == NNRPC_OK ? files_unmark(folder, FILES_CHECKPOINT, out_status) : code;
}

/* Ends the log: while it is removed, the mark of a clean stop says that it is not needed. */
static enum nnrpc_code end_log(struct opening *opening, struct nnrpc_status *out_status) {
    const char *folder = opening->options->folder;
    enum nnrpc_code code = engine_sync(opening->options->engine, out_status);
    if (code == NNRPC_OK) {
        code = files_mark(folder, FILES_CLEAN, out_status);
    }
    if (code == NNRPC_OK) {
        code = files_unmark(folder, FILES_RECOVER, out_status);
    }
    if (code == NNRPC_OK) {
        code =
            segment_list_remove_below(folder, &opening->recovery->segments, UINT64_MAX, out_status);
    }
    if (code == NNRPC_OK) {
        code = remove_checkpoint(folder, out_status);
    }
    return code == NNRPC_OK ? files_unmark(folder, FILES_CLEAN, out_status) : code;
}

static enum nnrpc_code open_lmdb(
    struct opening *opening, struct state *state, struct nnrpc_status *out_status) {
    if (!recovery_has_log(opening->recovery)) {
        return NNRPC_OK;
    }
    enum nnrpc_code code = catch_up(opening, state, out_status);
    if (code == NNRPC_OK) {
        code = end_log(opening, out_status);
    }
    engine_set_synced(opening->options->engine, true);
    return code;
}

/* --- The log form ------------------------------------------------------------------------- */

static void tell_failed(void *self, const char *message) {
    const struct durability *durability = self;
    tell(&durability->options, "checkpoint_failed", message);
}

static enum nnrpc_code begin_log(
    struct durability *durability, struct opening *opening, const struct state *state,
    struct nnrpc_status *out_status) {
    const struct durability_options *options = &durability->options;
    uint64_t number = recovery_next_segment(opening->recovery);
    const struct log_options log_options = {
        .folder = options->folder,
        .identity = opening->identity,
        .number = number,
        .segment_bytes = options->segment_bytes,
    };
    enum nnrpc_code code = log_open(&log_options, &durability->log, out_status);
    if (code == NNRPC_OK) {
        code = checkpoint_now(opening, state, number, out_status);
    }
    if (code == NNRPC_OK) {
        code = segment_list_remove_below(
            options->folder, &opening->recovery->segments, number, out_status);
    }
    return code == NNRPC_OK ? files_unmark(options->folder, FILES_RECOVER, out_status) : code;
}

static enum nnrpc_code open_log(
    struct durability *durability, struct opening *opening, struct state *state,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = catch_up(opening, state, out_status);
    if (code == NNRPC_OK) {
        code = begin_log(durability, opening, state, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    const struct checkpointer_options options = {
        .folder = durability->options.folder,
        .engine = durability->options.engine,
        .log = durability->log,
        .halt = durability->options.halt,
        .interval_ms = durability->options.checkpoint_ms,
        .log_bytes = durability->options.checkpoint_bytes,
        .failed = tell_failed,
        .self = durability,
    };
    durability->sequence = state->log_sequence;
    return checkpointer_start(&options, &opening->held, &durability->checkpointer, out_status);
}

static void release(struct durability *durability) {
    checkpointer_stop(durability->checkpointer);
    log_close(durability->log);
    free(durability);
}

enum nnrpc_code durability_open(
    const struct durability_options *options, const struct recovery *recovery, struct state *state,
    struct durability **out_durability, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(opening_deinit)
    struct opening opening = {
        .options = options,
        .recovery = recovery,
        .identity = {.epoch = options->meta->epoch},
    };
    memcpy(opening.identity.store_id, options->meta->store_id, META_STORE_ID_BYTES);
    if (options->form == STORE_DURABILITY_LMDB) {
        enum nnrpc_code code = open_lmdb(&opening, state, out_status);
        if (code == NNRPC_OK) {
            *out_durability = NULL;
        }
        return code;
    }
    struct durability *durability = calloc(1, sizeof(*durability));
    if (durability == NULL) {
        return fault_out_of_memory(out_status);
    }
    durability->options = *options;
    durability->identity = opening.identity;
    enum nnrpc_code code = open_log(durability, &opening, state, out_status);
    if (code != NNRPC_OK) {
        release(durability);
        return code;
    }
    *out_durability = durability;
    return NNRPC_OK;
}

void durability_close(struct durability *durability) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (durability == NULL) {
        return;
    }
    const struct durability_options options = durability->options;
    release(durability);
    enum nnrpc_code code = engine_sync(options.engine, &status);
    if (code != NNRPC_OK) {
        halt_store(&options.halt, &status);
    }
    if (files_mark(options.folder, FILES_CLEAN, &status) != NNRPC_OK) {
        tell(&options, "clean_stop_not_noted", status.message); /* the next start replays */
    }
}

/* --- The writer's ------------------------------------------------------------------------- */

void durability_begin_entry(struct nnrpc_buffer *entry) {
    nnrpc_buffer_clear(entry);
    if (nnrpc_buffer_reserve(entry, SEGMENT_ENTRY_HEAD_BYTES) != NULL) {
        entry->size = SEGMENT_ENTRY_HEAD_BYTES;
    }
}

size_t durability_entry_size(const struct nnrpc_buffer *entry) {
    return entry->size < SEGMENT_ENTRY_HEAD_BYTES ? 0 : entry->size - SEGMENT_ENTRY_HEAD_BYTES;
}

uint64_t durability_next_sequence(const struct durability *durability) {
    return durability->sequence + 1;
}

static enum nnrpc_code append(
    struct durability *durability, enum segment_entry_kind kind, uint64_t revision,
    struct nnrpc_buffer *entry, struct nnrpc_status *out_status) {
    const struct segment_entry head = {
        .kind = kind, .sequence = durability->sequence + 1, .revision = revision};
    enum nnrpc_code code = log_write(durability->log, &head, entry, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (log_sync(durability->log, &status) != NNRPC_OK) {
        halt_store(&durability->options.halt, &status);
    }
    durability->sequence++;
    return NNRPC_OK;
}

/* Takes back a group that is in the log and could not be committed: its callers are told that it
 * did not happen. When even that cannot be written, nobody is told anything. */
static void take_back(struct durability *durability, uint64_t revision) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer entry = {0};
    durability_begin_entry(&entry);
    if (entry.failed) {
        fault_out_of_memory(&status);
        halt_store(&durability->options.halt, &status);
    }
    if (append(durability, SEGMENT_ANNUL, revision, &entry, &status) != NNRPC_OK) {
        halt_store(&durability->options.halt, &status);
    }
}

/* What may fail without a trace: everything before the group is in the log. */
static enum nnrpc_code prepare(
    struct engine_transaction *transaction, const struct nnrpc_buffer *entry, bool is_large,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = engine_check(transaction, out_status);
    if (code == NNRPC_OK && entry->failed) {
        code = fault_out_of_memory(out_status);
    }
    return code == NNRPC_OK && !is_large ? engine_reserve(transaction, out_status) : code;
}

enum nnrpc_code durability_commit(
    struct durability *durability, struct engine_transaction *transaction,
    const struct state *before, const struct state *after, struct nnrpc_buffer *entry,
    bool is_large, struct nnrpc_status *out_status) {
    enum nnrpc_code code = prepare(transaction, entry, is_large, out_status);
    if (code == NNRPC_OK) {
        code = append(durability, SEGMENT_GROUP, before->revision, entry, out_status);
    }
    if (code != NNRPC_OK) {
        engine_abort(transaction);
        return code;
    }
    code = engine_commit(transaction, out_status);
    if (code != NNRPC_OK) {
        take_back(durability, before->revision);
        return code;
    }
    checkpointer_consider(durability->checkpointer, after, entry->size);
    return NNRPC_OK;
}

void durability_tick(struct durability *durability, const struct state *state) {
    checkpointer_consider(durability->checkpointer, state, 0);
}

bool durability_make_room(struct durability *durability, const struct state *state) {
    return checkpointer_make_room(durability->checkpointer, state);
}

/* --- Any thread's ------------------------------------------------------------------------- */

uint64_t durability_checkpoint_count(struct durability *durability) {
    return checkpointer_count(durability->checkpointer);
}

uint64_t durability_log_bytes(struct durability *durability) {
    return log_size_bytes(durability->log);
}
