/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits by method. Calls only read and count atomics; a method without limits costs them one look
 * at a flag. Setting limits writes each number by itself, so it may happen at any time.
 */
#ifndef NNRPC_METHOD_LIMITS_H
#define NNRPC_METHOD_LIMITS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "nnrpc/limits.h"
#include "route.h"

struct nnrpc_call;

/** What holds for one method. */
struct nnrpc_limiter {
    atomic_bool is_limited; /* by any of what follows */
    atomic_uint_least32_t max_calls;
    atomic_uint_least32_t calls;       /* that count against max_calls */
    atomic_uint_least64_t interval_ns; /* between two calls at the rate; 0: any rate */
    atomic_uint_least64_t burst_ns;    /* how far calls may be ahead of the rate */
    atomic_uint_least64_t due_ns;      /* when the next call is due, at the rate */
    atomic_size_t max_request_bytes;   /* SIZE_MAX: any */
    atomic_size_t max_reply_bytes;     /* SIZE_MAX: any */
};

struct nnrpc_limits {
    pthread_mutex_t lock;             /* of those who set limits */
    struct nnrpc_method_limit *given; /* owned, with their names: what is to hold from the start */
    size_t given_count;
    const struct nnrpc_route_table *routes; /* NULL: not started */
    struct nnrpc_limiter *limiters;         /* owned; one for each target */
};

void nnrpc_limits_init(struct nnrpc_limits *limits);
void nnrpc_limits_deinit(struct nnrpc_limits *limits);

/** Makes what was given so far hold. @return as nnrpc_server_set_method_limits(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_limits_start(
    struct nnrpc_limits *limits, const struct nnrpc_route_table *routes,
    struct nnrpc_status *out_status);

/** As nnrpc_server_set_method_limits(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_limits_set(
    struct nnrpc_limits *limits, const struct nnrpc_method_limit *given, size_t count,
    struct nnrpc_status *out_status);

/** The limiter of a method, NULL when it is not limited now. */
static inline struct nnrpc_limiter *nnrpc_limits_find(
    const struct nnrpc_limits *limits, const struct nnrpc_target *target) {
    struct nnrpc_limiter *limiter = &limits->limiters[target->index];
    return atomic_load_explicit(&limiter->is_limited, memory_order_relaxed) ? limiter : NULL;
}

/** The largest request and response message of a call. */
size_t nnrpc_limits_max_request(const struct nnrpc_call *call);
size_t nnrpc_limits_max_reply(const struct nnrpc_call *call);

/**
 * Takes a call's place among those of its method.
 *
 * @param out_is_counted  Whether nnrpc_limits_end() is to be called once it is answered; always
 *                        written.
 * @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED (METHOD_LIMITED).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_limiter_begin(
    struct nnrpc_limiter *limiter, const char *method, uint64_t now_ns, bool *out_is_counted,
    struct nnrpc_status *out_status);

/** Gives a call's place back, if it has one. */
void nnrpc_limits_end(struct nnrpc_call *call);

#endif
