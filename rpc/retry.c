/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry policies and budgets.
 */
#include "retry.h"

#include <stdlib.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define WHOLE 1000u /* thousandths of a try */

#define DEFAULT_FIRST_BACKOFF_MS 10
#define DEFAULT_MAX_BACKOFF_MS 1000
#define DEFAULT_CAPACITY 1000
#define DEFAULT_PERCENT 10
#define DEFAULT_PER_SECOND 10
#define MAX_DOUBLINGS 31

/* Longer than this no server's word is taken. */
#define MAX_PUSHBACK_MS 60000

static uint32_t or_default(uint32_t value, uint32_t usual) {
    return value == 0 ? usual : value;
}

/* --- Policy ------------------------------------------------------------------------------- */

struct nnrpc_retry_policy retry_policy_resolve(const struct nnrpc_retry_policy *given) {
    struct nnrpc_retry_policy policy = *given;
    policy.codes = or_default(given->codes, NNRPC_RETRY_ON(NNRPC_UNAVAILABLE));
    policy.first_backoff_ms = or_default(given->first_backoff_ms, DEFAULT_FIRST_BACKOFF_MS);
    policy.max_backoff_ms = or_default(given->max_backoff_ms, DEFAULT_MAX_BACKOFF_MS);
    return policy;
}

bool retry_policy_covers(const struct nnrpc_retry_policy *policy, enum nnrpc_code code) {
    return code != NNRPC_OK && (policy->codes & NNRPC_RETRY_ON(code)) != 0;
}

/* When the server wants to see the caller again; 0: it does not say. */
static uint64_t pushback_ns(const struct nnrpc_status *status) {
    const char *text = nnrpc_status_get_info(status, "retry_after_ms");
    if (text == NULL) {
        return 0;
    }
    unsigned long wanted_ms = strtoul(text, NULL, 10);
    return (wanted_ms < MAX_PUSHBACK_MS ? wanted_ms : MAX_PUSHBACK_MS) * NS_PER_MS;
}

uint64_t retry_pause_ns(
    const struct nnrpc_retry_policy *policy, uint32_t attempts, uint64_t random,
    const struct nnrpc_status *status) {
    uint32_t doublings = attempts == 0 ? 0 : attempts - 1;
    doublings = doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS;
    uint64_t pause_ms = (uint64_t)policy->first_backoff_ms << doublings;
    pause_ms = pause_ms < policy->max_backoff_ms ? pause_ms : policy->max_backoff_ms;
    uint64_t pause_ns = pause_ms * NS_PER_MS;
    pause_ns -= random % (pause_ns / 2);
    uint64_t wanted_ns = pushback_ns(status);
    return pause_ns > wanted_ns ? pause_ns : wanted_ns;
}

/* --- Budget ------------------------------------------------------------------------------- */

void retry_budget_init(
    struct retry_budget *budget, const struct nnrpc_retry_budget *given, uint64_t now_ns) {
    uint64_t capacity = (uint64_t)or_default(given->capacity, DEFAULT_CAPACITY) * WHOLE;
    *budget = (struct retry_budget){
        .capacity = capacity,
        .per_success = (uint64_t)or_default(given->percent, DEFAULT_PERCENT) * WHOLE / 100,
        .per_second = (uint64_t)or_default(given->per_second, DEFAULT_PER_SECOND) * WHOLE,
        .left = capacity,
        .filled_ns = now_ns,
    };
}

/* Whole milliseconds only, so that no time is lost in rounding. */
static void refill(struct retry_budget *budget, uint64_t now_ns) {
    uint64_t passed_ms = (now_ns - budget->filled_ns) / NS_PER_MS;
    uint64_t most_ms = budget->capacity * (NS_PER_SECOND / NS_PER_MS) / budget->per_second + 1;
    budget->filled_ns += passed_ms * NS_PER_MS;
    passed_ms = passed_ms < most_ms ? passed_ms : most_ms;
    budget->left += passed_ms * budget->per_second / (NS_PER_SECOND / NS_PER_MS);
    budget->left = budget->left < budget->capacity ? budget->left : budget->capacity;
}

bool retry_budget_spend(struct retry_budget *budget, uint64_t now_ns) {
    refill(budget, now_ns);
    if (budget->left < WHOLE) {
        return false;
    }
    budget->left -= WHOLE;
    return true;
}
