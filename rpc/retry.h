/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a call that failed is tried again, and when. Pure arithmetic: locks are the caller's.
 */
#ifndef NNRPC_RETRY_H
#define NNRPC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/client.h"
#include "nnrpc/status.h"

/** The policy with its zeros resolved, but for max_attempts, where 0 stands for no limit. */
struct nnrpc_retry_policy retry_policy_resolve(const struct nnrpc_retry_policy *given);

/** Whether a code is one on which the (resolved) policy tries again. */
bool retry_policy_covers(const struct nnrpc_retry_policy *policy, enum nnrpc_code code);

/**
 * The pause after a number of failed tries (from 1): doubling from the policy's first to its
 * longest, of which a random part of up to a half is taken off, so that many clients do not come
 * back at once; but never less than the error's retry_after_ms.
 *
 * @param random  Any number; equal ones give equal pauses.
 */
uint64_t retry_pause_ns(
    const struct nnrpc_retry_policy *policy, uint32_t attempts, uint64_t random,
    const struct nnrpc_status *status);

/** What is left of a budget, in thousandths of a try. */
struct retry_budget {
    uint64_t capacity;
    uint64_t per_success;
    uint64_t per_second;
    uint64_t left;
    uint64_t filled_ns; /* when time was last turned into allowances */
};

void retry_budget_init(
    struct retry_budget *budget, const struct nnrpc_retry_budget *given, uint64_t now_ns);

/** A call succeeded. */
static inline void retry_budget_earn(struct retry_budget *budget) {
    if (budget->left < budget->capacity) {
        budget->left += budget->per_success;
        budget->left = budget->left < budget->capacity ? budget->left : budget->capacity;
    }
}

/** Takes the allowance for one more try; false when there is none. */
bool retry_budget_spend(struct retry_budget *budget, uint64_t now_ns);

#endif
