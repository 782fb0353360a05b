/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay.
 *
 * An entry is held back until the next one is seen, since that may annul it. Entries are applied
 * many to a transaction; between two of these the store is as it was after some entry.
 */
#include "replay.h"

#include <inttypes.h>

#include "faults.h"
#include "log_record.h"

#define TRANSACTION_BYTES (UINT64_C(4) << 20)

struct replay {
    const struct replay_source *source;
    struct engine *engine;
    struct engine_transaction *transaction; /* NULL: none is open */
    uint64_t transaction_bytes;
    struct state state;
    struct segment_entry held; /* sequence 0: none; its records are in `records` */
    struct nnrpc_buffer records;
    uint64_t entries;
};

static void deinit(struct replay *replay) {
    engine_abort(replay->transaction);
    nnrpc_buffer_deinit(&replay->records);
}

static enum nnrpc_code fail_damaged(
    uint64_t segment, size_t at, const char *what, struct nnrpc_status *out_status) {
    char name[SEGMENT_NAME_BYTES];
    segment_name(segment, name);
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "the log is damaged: %s in %s at byte %zu; restore a backup", what, name, at);
}

/* --- Applying ----------------------------------------------------------------------------- */

static enum nnrpc_code commit(struct replay *replay, struct nnrpc_status *out_status) {
    struct engine_transaction *transaction = replay->transaction;
    if (transaction == NULL) {
        return NNRPC_OK;
    }
    replay->transaction = NULL;
    replay->transaction_bytes = 0;
    state_write(transaction, &replay->state);
    return engine_commit(transaction, out_status);
}

static enum nnrpc_code begin(struct replay *replay, struct nnrpc_status *out_status) {
    return replay->transaction != NULL
               ? NNRPC_OK
               : engine_begin_write(replay->engine, &replay->transaction, out_status);
}

/* Applies the entry that was held back. */
static enum nnrpc_code apply_held(struct replay *replay, struct nnrpc_status *out_status) {
    struct nnrpc_slice records = {.data = replay->records.data, .size = replay->records.size};
    struct log_record record;
    bool failed = false;
    if (replay->held.sequence == 0) {
        return NNRPC_OK;
    }
    enum nnrpc_code code = begin(replay, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (replay->held.revision != replay->state.revision) {
        engine_fail(replay->transaction);
    }
    while (log_record_next(&records, &record, &failed)) {
        log_record_apply(replay->transaction, &replay->state, &record);
    }
    if (failed) {
        engine_fail(replay->transaction);
    }
    replay->state.log_sequence = replay->held.sequence;
    replay->held.sequence = 0;
    replay->entries++;
    replay->transaction_bytes += replay->records.size;
    code = engine_check(replay->transaction, out_status);
    return code == NNRPC_OK && replay->transaction_bytes > TRANSACTION_BYTES
               ? commit(replay, out_status)
               : code;
}

static enum nnrpc_code hold(
    struct replay *replay, const struct segment_entry *entry, struct nnrpc_status *out_status) {
    nnrpc_buffer_clear(&replay->records);
    nnrpc_buffer_append(&replay->records, entry->records.data, entry->records.size);
    replay->held = *entry;
    return replay->records.failed ? fault_out_of_memory(out_status) : NNRPC_OK;
}

/* The entry held back did not happen. The sequence goes on, in the store too. */
static enum nnrpc_code annul(
    struct replay *replay, const struct segment_entry *entry, struct nnrpc_status *out_status) {
    replay->held.sequence = 0;
    replay->state.log_sequence = entry->sequence;
    replay->entries++;
    return begin(replay, out_status);
}

/* --- Reading ------------------------------------------------------------------------------ */

static enum nnrpc_code take_entry(
    struct replay *replay, const struct segment_reader *reader, const struct segment_entry *entry,
    struct nnrpc_status *out_status) {
    uint64_t last = replay->held.sequence != 0 ? replay->held.sequence : replay->state.log_sequence;
    if (entry->sequence <= replay->state.log_sequence) {
        return NNRPC_OK; /* the store has it */
    }
    /* What is annulled may stand in a segment that is not needed any more. */
    bool annuls_missing =
        entry->kind == SEGMENT_ANNUL && replay->held.sequence == 0 && entry->sequence == last + 2;
    if (entry->sequence != last + 1 && !annuls_missing) {
        return fail_damaged(reader->number, reader->at, "entries are missing before", out_status);
    }
    if (entry->kind == SEGMENT_ANNUL) {
        return annul(replay, entry, out_status);
    }
    enum nnrpc_code code = apply_held(replay, out_status);
    return code == NNRPC_OK ? hold(replay, entry, out_status) : code;
}

static enum nnrpc_code read_segment(
    struct replay *replay, uint64_t number, struct nnrpc_status *out_status) {
    const struct replay_source *source = replay->source;
    NNRPC_CLEANUP(segment_reader_deinit) struct segment_reader reader = {0};
    struct segment_entry entry;
    enum nnrpc_code code =
        segment_reader_open(source->folder, &source->identity, number, &reader, out_status);
    while (code == NNRPC_OK && segment_reader_next(&reader, &entry)) {
        code = take_entry(replay, &reader, &entry, out_status);
    }
    if (code == NNRPC_OK && segment_reader_has_stray(&reader)) {
        code = fail_damaged(number, reader.at, "an entry is spoilt that others follow", out_status);
    }
    return code;
}

static enum nnrpc_code check_is_there(
    const struct replay_source *source, struct nnrpc_status *out_status) {
    const struct segment_list *segments = source->segments;
    char name[SEGMENT_NAME_BYTES];
    for (size_t i = 0; i < segments->count; i++) {
        if (segments->numbers[i] == source->first_segment) {
            return NNRPC_OK;
        }
    }
    if (source->first_segment == 0) {
        return NNRPC_OK;
    }
    segment_name(source->first_segment, name);
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "%s of the log is missing in %s: restore a backup", name, source->folder);
}

enum nnrpc_code replay_log(
    const struct replay_source *source, struct engine *engine, struct state *state,
    uint64_t *out_entries, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(deinit)
    struct replay replay = {.source = source, .engine = engine, .state = *state};
    enum nnrpc_code code = check_is_there(source, out_status);
    for (size_t i = 0; code == NNRPC_OK && i < source->segments->count; i++) {
        if (source->segments->numbers[i] >= source->first_segment) {
            code = read_segment(&replay, source->segments->numbers[i], out_status);
        }
    }
    if (code == NNRPC_OK) {
        code = apply_held(&replay, out_status);
    }
    if (code == NNRPC_OK) {
        code = commit(&replay, out_status);
    }
    if (code == NNRPC_OK) {
        *state = replay.state;
        *out_entries = replay.entries;
    }
    return code;
}
