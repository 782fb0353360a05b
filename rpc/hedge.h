/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hedging: a read that is not answered for a while is asked once more, of another endpoint if there
 * is one, and the first good answer counts. The hedge is a call of its own that belongs to the
 * first. Everything here is locked.
 */
#ifndef NNRPC_HEDGE_H
#define NNRPC_HEDGE_H

#include "client_state.h"

/** Whether a call, with its hedge, has an answer: the first good one, or the last bad one. */
bool hedge_is_settled(const struct nnrpc_pending *pending);

/** The one of both that has an answer, the better one if both have; NULL while there is none. */
struct nnrpc_pending *hedge_find_answer(struct nnrpc_pending *pending);

/** When a hedge is due; UINT64_MAX: not any more. */
uint64_t hedge_due_ns(const struct nnrpc_pending *pending);

/** Queues the hedge of a call if it is due and the retry budget has an allowance. */
void hedge_begin_due(struct nnrpc_pending *pending, uint64_t now_ns);

#endif
