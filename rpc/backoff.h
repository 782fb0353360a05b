/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before a try is repeated.
 */
#ifndef NNRPC_BACKOFF_H
#define NNRPC_BACKOFF_H

#include <stdint.h>

#define NNRPC_BACKOFF_FIRST_NS UINT64_C(10000000)
#define NNRPC_BACKOFF_MAX_NS UINT64_C(1000000000)

/**
 * The pause after a number of failed tries (from 1): doubling from 10 ms to 1 s, of which a random
 * part of up to a half is taken off, so that many clients do not come back at once.
 *
 * @param random  Any number; equal ones give equal pauses.
 */
static inline uint64_t nnrpc_backoff_ns(uint32_t attempts, uint64_t random) {
    uint64_t pause_ns = NNRPC_BACKOFF_MAX_NS;
    if (attempts < 8) {
        pause_ns = NNRPC_BACKOFF_FIRST_NS << (attempts == 0 ? 0 : attempts - 1);
    }
    pause_ns = pause_ns < NNRPC_BACKOFF_MAX_NS ? pause_ns : NNRPC_BACKOFF_MAX_NS;
    return pause_ns - random % (pause_ns / 2);
}

#endif
