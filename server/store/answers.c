/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that were given before, found without the writer.
 */
#include "requests.h"
#include "store_state.h"
#include "writer_state.h"

bool store_find_answer(
    struct store *store, struct store_snapshot *snapshot, const struct store_write *write,
    uint64_t *out_revision, struct nnrpc_buffer *out_response) {
    struct state state = state_read(snapshot->transaction);
    return request_find(
               snapshot->transaction, write, state_now(&state),
               writer_request_retention_s(store->writer), out_revision,
               out_response) == REQUEST_REPEAT;
}
