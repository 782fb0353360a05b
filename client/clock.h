/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time that never runs backwards.
 */
#ifndef CTL_CLOCK_H
#define CTL_CLOCK_H

#include <stdint.h>
#include <time.h>

/** Milliseconds of CLOCK_MONOTONIC. */
static inline uint64_t ctl_clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
