/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus' text format, version 0.0.4: families, their samples, histograms. Numbers are written
 * without regard to the locale.
 *
 * Not thread-safe: a page belongs to who writes it.
 */
#ifndef GATEWAY_EXPOSITION_H
#define GATEWAY_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/buffer.h"

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition_label {
    const char *name;  /* constant text of the program: a valid label name */
    const char *value; /* any UTF-8 */
};

/** The labels of a sample; all zero: none. */
struct exposition_labels {
    const struct exposition_label *entries;
    size_t count;
};

/** Latencies by bucket. */
struct exposition_histogram {
    const uint64_t *bounds_ns; /* ascending: what a bucket counts is not above its bound */
    const uint64_t *counts;    /* by bucket, not cumulative; one more than bounds: what is above */
    size_t bound_count;
    uint64_t sum_ns;
};

/** Begins a family: its samples follow, and nothing else, until the next one begins. */
void exposition_family(
    struct nnrpc_buffer *out, const char *name, enum exposition_type type, const char *help);

/** Whether the page has a family of that name. */
bool exposition_has_family(const struct nnrpc_buffer *page, const char *name);

/** Appends a remark, which readers skip. */
void exposition_comment(struct nnrpc_buffer *out, const char *text);

/** Appends a sample. */
void exposition_integer(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels, uint64_t value);

/** Appends a sample in seconds, exact to the nanosecond. */
void exposition_seconds(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels, uint64_t value_ns);

/** Appends a sample; what is no number too. */
void exposition_number(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels, double value);

/** Appends the samples of one histogram: buckets (cumulative, the last one +Inf), sum, count. */
void exposition_histogram(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels,
    const struct exposition_histogram *histogram);

#endif
