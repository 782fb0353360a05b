/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of a piece of work is smoothed; what waits times that, shared by the workers, is the
 * wait. Whether a queue stands is told by what leaves it: one piece that waited less than the
 * target, and it does not.
 *
 * Numbers are read and written one by one: a reader that sees an old one beside a new one decides
 * as it would have a moment before.
 */
#include "nnrpc/queue_delay.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define NS_PER_MS UINT64_C(1000000)
#define INTERVAL_NS (NNRPC_QUEUE_INTERVAL_MS * NS_PER_MS)
#define SMOOTHING 8 /* weight of history against one new time */
#define MARGIN 8    /* of the wait, that part again is kept in reserve */
#define RETRY_AFTER_LEAST_MS 1
#define RETRY_AFTER_MOST_MS 5000

struct nnrpc_queue_delay {
    uint32_t workers;
    atomic_uint_least64_t unit_ns;   /* of one piece of work, smoothed */
    atomic_uint_least64_t target_ns; /* 0: none */
    atomic_uint_least64_t since_ns;  /* when the delay rose above the target; 0: it is not */
};

static uint64_t load(const atomic_uint_least64_t *value) {
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(atomic_uint_least64_t *target, uint64_t value) {
    atomic_store_explicit(target, value, memory_order_relaxed);
}

struct nnrpc_queue_delay *nnrpc_queue_delay_new(uint32_t workers, uint64_t first_guess_ns) {
    struct nnrpc_queue_delay *delay = calloc(1, sizeof(*delay));
    if (delay != NULL) {
        delay->workers = workers;
        store(&delay->unit_ns, first_guess_ns);
        nnrpc_queue_delay_set_target_ms(delay, NNRPC_DEFAULT_QUEUE_TARGET_MS);
    }
    return delay;
}

void nnrpc_queue_delay_free(struct nnrpc_queue_delay *delay) {
    free(delay);
}

void nnrpc_queue_delay_set_target_ms(struct nnrpc_queue_delay *delay, uint32_t target_ms) {
    store(&delay->target_ns, target_ms * NS_PER_MS);
    store(&delay->since_ns, 0);
}

uint64_t nnrpc_queue_delay_unit_ns(const struct nnrpc_queue_delay *delay) {
    return load(&delay->unit_ns);
}

uint64_t nnrpc_queue_delay_wait_ns(const struct nnrpc_queue_delay *delay, uint64_t waiting) {
    return waiting * load(&delay->unit_ns) / delay->workers;
}

static uint32_t retry_after_ms(uint64_t wait_ns) {
    uint64_t half_ms = wait_ns / 2 / NS_PER_MS;
    if (half_ms < RETRY_AFTER_LEAST_MS) {
        return RETRY_AFTER_LEAST_MS;
    }
    return half_ms > RETRY_AFTER_MOST_MS ? RETRY_AFTER_MOST_MS : (uint32_t)half_ms;
}

uint32_t nnrpc_queue_delay_retry_after_ms(const struct nnrpc_queue_delay *delay, uint64_t waiting) {
    return retry_after_ms(nnrpc_queue_delay_wait_ns(delay, waiting));
}

static enum nnrpc_code refuse(uint64_t wait_ns, const char *why, struct nnrpc_status *out_status) {
    uint32_t retry_ms = retry_after_ms(wait_ns);
    nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "OVERLOADED",
        "the server is overloaded (%u ms of work wait, %s): try again in %u ms",
        (unsigned)((wait_ns + NS_PER_MS - 1) / NS_PER_MS), why, retry_ms);
    nnrpc_status_add_info(out_status, "retry_after_ms", "%u", retry_ms);
    return NNRPC_RESOURCE_EXHAUSTED;
}

/* Whether the delay has stood above the target. */
static bool stands(const struct nnrpc_queue_delay *delay, uint64_t now_ns) {
    uint64_t since_ns = load(&delay->since_ns);
    return since_ns != 0 && now_ns > since_ns && now_ns - since_ns >= INTERVAL_NS;
}

enum nnrpc_code nnrpc_queue_delay_admit(
    const struct nnrpc_queue_delay *delay, uint64_t waiting, uint64_t busy_ns, uint64_t now_ns,
    uint64_t deadline_ns, struct nnrpc_status *out_status) {
    if (waiting == 0 || (deadline_ns != 0 && now_ns >= deadline_ns)) {
        return NNRPC_OK; /* what is late takes no time, and its caller learns that it is late */
    }
    uint64_t unit_ns = load(&delay->unit_ns);
    uint64_t target_ns = load(&delay->target_ns);
    uint64_t wait_ns = nnrpc_queue_delay_wait_ns(delay, waiting) + busy_ns;
    if (deadline_ns != 0 && now_ns + wait_ns + wait_ns / MARGIN + unit_ns > deadline_ns) {
        return refuse(wait_ns, "more than the call's time allows", out_status);
    }
    if (target_ns != 0 && wait_ns > target_ns && stands(delay, now_ns)) {
        return refuse(wait_ns, "and have for a while", out_status);
    }
    return NNRPC_OK;
}

void nnrpc_queue_delay_started(
    struct nnrpc_queue_delay *delay, uint64_t queued_ns, uint64_t now_ns) {
    uint64_t target_ns = load(&delay->target_ns);
    bool is_above = target_ns != 0 && now_ns > queued_ns && now_ns - queued_ns > target_ns;
    if (!is_above) {
        store(&delay->since_ns, 0);
    } else if (load(&delay->since_ns) == 0) {
        store(&delay->since_ns, now_ns);
    }
}

void nnrpc_queue_delay_worked(
    struct nnrpc_queue_delay *delay, uint64_t count, uint64_t elapsed_ns) {
    uint64_t before_ns = load(&delay->unit_ns);
    uint64_t unit_ns = elapsed_ns / count;
    uint64_t after_ns =
        before_ns == 0 ? unit_ns : (before_ns * (SMOOTHING - 1) + unit_ns) / SMOOTHING;
    store(&delay->unit_ns, after_ns + 1);
}
