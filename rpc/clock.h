/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one clock by which budgets and latencies are measured.
 */
#ifndef NNRPC_CLOCK_H
#define NNRPC_CLOCK_H

#include <stdint.h>
#include <time.h>

/** CLOCK_MONOTONIC in nanoseconds; never 0. */
static inline uint64_t nnrpc_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
