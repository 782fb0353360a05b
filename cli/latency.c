/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpolating in buckets of doubling width.
 */
#include "latency.h"

#include <stdio.h>

double ctl_latency_quantile(const uint64_t *buckets, size_t count, double quantile) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += buckets[i];
    }
    double rank = quantile * (double)total;
    double below = 0;
    double lower = 0;
    double upper = 1;
    for (size_t i = 0; i < count; i++) {
        double inside = (double)buckets[i];
        if (inside > 0 && below + inside >= rank) {
            return lower + (upper - lower) * (rank - below) / inside;
        }
        below += inside;
        lower = upper;
        upper *= 2;
    }
    return 0;
}

void ctl_latency_format(double us, char out_text[CTL_LATENCY_TEXT_BYTES]) {
    static const char *const UNITS[] = {"us", "ms", "s"};
    size_t unit = 0;
    while (us >= 999.5 && unit < 2) {
        us /= 1000;
        unit++;
    }
    snprintf(out_text, CTL_LATENCY_TEXT_BYTES, us < 9.95 ? "%.1f%s" : "%.0f%s", us, UNITS[unit]);
}
