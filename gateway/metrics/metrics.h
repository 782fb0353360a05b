/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and latency histograms of the gateway, and the page that shows them with those of
 * contactd in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * Observing is for any thread and costs a few atomic additions.
 */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "http/exchange.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"

struct metrics;

struct metrics_options {
    /** Every label that exchanges may have; others count as "other". Borrowed. */
    const char *const *labels;
    size_t label_count;
    const char *version;
    /** Token for contactd's statistics where the reader of the page sends none; NULL: none. */
    const char *stats_token;
};

NNRPC_NODISCARD enum nnrpc_code metrics_new(
    const struct metrics_options *options, struct metrics **out_metrics,
    struct nnrpc_status *out_status);
void metrics_free(struct metrics *metrics);

/** One answered request. Any thread. */
void metrics_observe(
    struct metrics *metrics, const char *label, unsigned http_status, uint64_t duration_ns,
    uint64_t received_bytes, uint64_t sent_bytes);

/** Gauges: connections that are open, requests that are under way. Any thread. */
void metrics_add_connections(struct metrics *metrics, int change);
void metrics_add_requests(struct metrics *metrics, int change);

/** Answers GET /metrics: asks contactd for its statistics, where there is a token for that. */
void metrics_handle(struct metrics *metrics, struct exchange *exchange);

#endif
