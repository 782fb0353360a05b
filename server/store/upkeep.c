/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's upkeep: old changes, expired request ids, readers that died, room in the map.
 */
#include <inttypes.h>

#include "changes.h"
#include "writer_state.h"

#define NS_PER_S UINT64_C(1000000000)
#define IDLE_BUDGET 2048
#define READER_CHECK_NS (60 * NS_PER_S)
/* Request ids are looked through in rounds, this many while one is kept. */
#define SWEEPS_PER_RETENTION 16
#define SWEEP_MOST_S 7200
/* Counting free pages takes longer the more there are: of the time, this part at most. */
#define FILL_CHECK_PART 20
#define FULL_PERCENT 90

static uint64_t sweep_interval_ns(const struct writer *writer) {
    uint64_t interval_s = writer_request_retention_s(writer) / SWEEPS_PER_RETENTION;
    interval_s = interval_s < 1 ? 1 : interval_s > SWEEP_MOST_S ? SWEEP_MOST_S : interval_s;
    return interval_s * NS_PER_S;
}

/* @return whether the round goes on. */
static bool sweep_requests(
    struct writer *writer, struct engine_transaction *transaction, struct record_time now,
    uint32_t budget) {
    uint64_t now_ns = writer_clock_ns();
    if (!writer->sweeping && now_ns < writer->next_sweep_ns) {
        return false;
    }
    writer->sweeping = !request_sweep_step(
        &writer->sweep, transaction, now, writer_request_retention_s(writer), budget);
    if (!writer->sweeping) {
        writer->next_sweep_ns = now_ns + sweep_interval_ns(writer);
    }
    return writer->sweeping;
}

bool upkeep_step(
    struct writer *writer, struct engine_transaction *transaction, const struct state *state,
    uint32_t budget) {
    struct record_time now = state_now(state);
    /* Answers to repeated requests are taken from the changes, so these are kept as long. */
    uint64_t retention_s = writer_change_retention_s(writer) > writer_request_retention_s(writer)
                               ? writer_change_retention_s(writer)
                               : writer_request_retention_s(writer);
    struct record_time before = {.seconds = now.seconds - (int64_t)retention_s, .nanos = now.nanos};
    bool more_changes = changes_compact(transaction, before, budget) == budget;
    bool more_requests = sweep_requests(writer, transaction, now, budget);
    return more_changes || more_requests;
}

static void check_readers(struct writer *writer) {
    uint64_t now_ns = writer_clock_ns();
    if (now_ns < writer->next_reader_check_ns) {
        return;
    }
    writer->next_reader_check_ns = now_ns + READER_CHECK_NS;
    int cleared = engine_clear_stale_readers(writer->options.engine);
    if (cleared > 0) {
        writer_log(writer, NULL, "stale_readers_cleared", "readers=%d", cleared);
    }
}

bool upkeep_idle(struct writer *writer) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct engine_transaction *transaction = NULL;
    check_readers(writer);
    if (engine_begin_write(writer->options.engine, &transaction, &status) != NNRPC_OK) {
        return false;
    }
    bool more = upkeep_step(writer, transaction, &writer->state, IDLE_BUDGET);
    if (!engine_changed(transaction) && !engine_failed(transaction)) {
        engine_abort(transaction);
        return more;
    }
    if (engine_commit(transaction, &status) != NNRPC_OK) {
        writer_log(writer, NULL, "upkeep_failed", "%s", status.message);
        return false;
    }
    return more;
}

bool upkeep_is_full(struct writer *writer) {
    struct engine *engine = writer->options.engine;
    size_t limit = engine_map_bytes(engine) / 100 * FULL_PERCENT;
    size_t touched = engine_touched_bytes(engine);
    uint64_t now_ns = writer_clock_ns();
    if (touched < limit) {
        writer->is_full = false;
    } else if (now_ns >= writer->next_fill_check_ns) {
        bool is_full = touched - engine_free_bytes(engine) >= limit;
        uint64_t ended_ns = writer_clock_ns();
        writer->next_fill_check_ns = ended_ns + FILL_CHECK_PART * (ended_ns - now_ns);
        if (is_full && !writer->is_full) {
            writer_log(
                writer, NULL, "storage_full", "used_bytes=%zu map_bytes=%zu", touched,
                engine_map_bytes(engine));
        }
        writer->is_full = is_full;
    }
    return writer->is_full;
}
