/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpolating in buckets of doubling width.
 */
#include "latency.h"

#include <stdio.h>

/* Where a bucket begins: below one microsecond, then at each doubling, and within those in parts of
 * equal width. */
static double lower_edge(size_t bucket, size_t parts) {
    size_t doubling = bucket / parts;
    double width = doubling == 0 ? 1 : (double)(UINT64_C(1) << (doubling - 1));
    double begin = doubling == 0 ? 0 : width;
    return begin + width * (double)(bucket % parts) / (double)parts;
}

double ctl_latency_quantile(const uint64_t *buckets, size_t count, size_t parts, double quantile) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += buckets[i];
    }
    double rank = quantile * (double)total;
    double below = 0;
    for (size_t i = 0; i < count; i++) {
        double inside = (double)buckets[i];
        if (inside > 0 && below + inside >= rank) {
            double lower = lower_edge(i, parts);
            return lower + (lower_edge(i + 1, parts) - lower) * (rank - below) / inside;
        }
        below += inside;
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
