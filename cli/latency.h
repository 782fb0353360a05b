/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantiles from the latency buckets of nnrpc.v1.MethodStats.
 */
#ifndef CTL_LATENCY_H
#define CTL_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#define CTL_LATENCY_TEXT_BYTES 24

/** Parts of a bucket in MethodStats.fine_latency_buckets. */
#define CTL_LATENCY_FINE_PARTS 4

/**
 * Estimates a quantile in microseconds. Every `parts` buckets divide evenly what is below 1, then
 * from 1 to below 2, then to below 4, and so on; within a bucket latencies are taken as evenly
 * spread. 0 when nothing was counted.
 *
 * @param quantile  0 to 1.
 */
double ctl_latency_quantile(const uint64_t *buckets, size_t count, size_t parts, double quantile);

/** "85us", "1.2ms", "3.4s": two significant digits at the least. */
void ctl_latency_format(double us, char out_text[CTL_LATENCY_TEXT_BYTES]);

#endif
