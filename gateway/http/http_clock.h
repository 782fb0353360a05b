/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock that time limits are measured by; it never runs backwards.
 */
#ifndef GATEWAY_HTTP_CLOCK_H
#define GATEWAY_HTTP_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t http_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

#endif
