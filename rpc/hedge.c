/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hedges.
 */
#include "hedge.h"

#include "control.h"
#include "pending.h"
#include "retry.h"

/* How soon a call that is not sent yet is looked at again. */
#define NOT_SENT_YET_NS UINT64_C(2000000)

bool hedge_is_settled(const struct nnrpc_pending *pending) {
    const struct nnrpc_pending *hedge = pending->hedge;
    bool hedge_is_done = hedge == NULL || hedge->state == PENDING_DONE;
    if (pending->state == PENDING_DONE) {
        return hedge_is_done || pending->status.code != NNRPC_UNAVAILABLE;
    }
    return hedge != NULL && hedge_is_done && hedge->status.code == NNRPC_OK;
}

struct nnrpc_pending *hedge_find_answer(struct nnrpc_pending *pending) {
    struct nnrpc_pending *hedge = pending->hedge;
    bool hedge_is_done = hedge != NULL && hedge->state == PENDING_DONE;
    if (pending->state != PENDING_DONE) {
        return hedge_is_done ? hedge : NULL;
    }
    bool hedge_is_better = hedge_is_done && hedge->status.code == NNRPC_OK;
    return pending->status.code != NNRPC_OK && hedge_is_better ? hedge : pending;
}

uint64_t hedge_due_ns(const struct nnrpc_pending *pending) {
    return pending->hedge_due_ns == 0 || pending->state == PENDING_DONE ? UINT64_MAX
                                                                        : pending->hedge_due_ns;
}

/* The same request under the same deadline, tried once. NULL without memory. */
static struct nnrpc_pending *copy_call(struct nnrpc_pending *pending) {
    struct nnrpc_pending *hedge = pending_take(pending->client);
    if (hedge == NULL) {
        return NULL;
    }
    nnrpc_buffer_append(&hedge->encoded, pending->encoded.data, pending->encoded.size);
    hedge->method = pending->method;
    hedge->lane_class = pending->lane_class;
    hedge->is_repeatable = true;
    hedge->waits_for_ready = false;
    hedge->retry = pending->retry;
    hedge->retry.max_attempts = 1;
    hedge->deadline_ns = pending->deadline_ns;
    hedge->timeout_ms = pending->timeout_ms;
    hedge->avoided_endpoint = pending->lane->sent_to + 1;
    control_prepare(pending->client, pending->lane->sent_to); /* one of both will be called off */
    return hedge;
}

void hedge_begin_due(struct nnrpc_pending *pending, uint64_t now_ns) {
    struct nnrpc_client *client = pending->client;
    if (now_ns < hedge_due_ns(pending)) {
        return;
    }
    if (pending->state != PENDING_IN_FLIGHT || !pending->lane->is_under_way) {
        pending->hedge_due_ns = now_ns + NOT_SENT_YET_NS; /* nobody was asked a first time */
        return;
    }
    pending->hedge_due_ns = 0;
    if (!retry_budget_spend(&client->retry_budget, now_ns)) {
        return;
    }
    struct nnrpc_pending *hedge = copy_call(pending);
    if (hedge == NULL || hedge->encoded.failed) {
        if (hedge != NULL) {
            nnrpc_body_free(pending_release(hedge));
        }
        return;
    }
    hedge->first = pending;
    pending->hedge = hedge;
    hedge->state = PENDING_QUEUED;
    pending_list_append(&client->queues[hedge->lane_class], hedge);
}
