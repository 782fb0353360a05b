/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: applies to a store what its log has and it has not. By the same code as the writer, so
 * the bytes come out the same.
 */
#ifndef CONTACTS_STORE_REPLAY_H
#define CONTACTS_STORE_REPLAY_H

#include <stdint.h>

#include "engine.h"
#include "meta.h"
#include "segment.h"
#include "segment_list.h"

struct replay_source {
    const char *folder;
    struct segment_identity identity;
    const struct segment_list *segments;
    uint64_t first_segment; /* must be there, and those after it; 0: none must */
};

/**
 * Replays. A torn entry at the end of the log is passed over: nobody was answered for it.
 *
 * @param state        Of the store; moved on. Its sequence says where to begin.
 * @param out_entries  How many entries were applied.
 * @return NNRPC_OK; NNRPC_FAILED_PRECONDITION (the log does not fit the store, or is damaged
 *         elsewhere than at its end); as engine_check(), as segment_reader_open().
 */
NNRPC_NODISCARD enum nnrpc_code replay_log(
    const struct replay_source *source, struct engine *engine, struct state *state,
    uint64_t *out_entries, struct nnrpc_status *out_status);

#endif
