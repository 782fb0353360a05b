/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of the gateway's counters. A cell that counted nothing has no samples; one that did has
 * them in every family, and for good.
 */
#include "exposition.h"
#include "metrics_table.h"
#include "process_metrics.h"

#define REQUESTS "contact_gateway_http_requests_total"
#define DURATIONS "contact_gateway_http_request_duration_seconds"

static const struct exposition_labels NO_LABELS;

static uint64_t load(const atomic_uint_least64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *label_name(const struct metrics *metrics, size_t index) {
    return index < metrics->label_count - 1 ? metrics->labels[index] : "other";
}

/* --- By label and code -------------------------------------------------------------------- */

/** One look at a cell. */
struct cell_counts {
    uint64_t buckets[METRICS_BOUNDS + 1];
    uint64_t sum_ns;
    uint64_t count;
};

static void read_cell(const struct metrics_cell *cell, struct cell_counts *out_counts) {
    out_counts->count = 0;
    out_counts->sum_ns = load(&cell->sum_ns);
    for (size_t index = 0; index < NNRPC_LENGTH(out_counts->buckets); index++) {
        out_counts->buckets[index] = load(&cell->buckets[index]);
        out_counts->count += out_counts->buckets[index];
    }
}

static void write_requests(
    struct nnrpc_buffer *out, struct exposition_labels labels, const struct cell_counts *counts) {
    exposition_integer(out, REQUESTS, labels, counts->count);
}

static void write_durations(
    struct nnrpc_buffer *out, struct exposition_labels labels, const struct cell_counts *counts) {
    const struct exposition_histogram histogram = {
        .bounds_ns = metrics_bounds_ns,
        .counts = counts->buckets,
        .bound_count = METRICS_BOUNDS,
        .sum_ns = counts->sum_ns,
    };
    exposition_histogram(out, DURATIONS, labels, &histogram);
}

static void write_cells(
    const struct metrics *metrics, struct nnrpc_buffer *out,
    void (*write)(
        struct nnrpc_buffer *out, struct exposition_labels labels,
        const struct cell_counts *counts)) {
    size_t code_count = metrics_code_count();
    for (size_t index = 0; index < metrics->label_count * code_count; index++) {
        struct cell_counts counts;
        read_cell(&metrics->cells[index], &counts);
        if (counts.count > 0) {
            const struct exposition_label labels[] = {
                {"method", label_name(metrics, index / code_count)},
                {"code", metrics_code_name(index % code_count)},
            };
            write(out, (struct exposition_labels){labels, NNRPC_LENGTH(labels)}, &counts);
        }
    }
}

/* --- By label ----------------------------------------------------------------------------- */

static uint64_t received_bytes(const struct metrics_bytes *bytes) {
    return load(&bytes->received);
}

static uint64_t sent_bytes(const struct metrics_bytes *bytes) {
    return load(&bytes->sent);
}

static void write_bytes(
    const struct metrics *metrics, struct nnrpc_buffer *out, const char *name,
    uint64_t (*read)(const struct metrics_bytes *bytes)) {
    for (size_t index = 0; index < metrics->label_count; index++) {
        uint64_t value = read(&metrics->bytes[index]);
        if (value > 0) {
            const struct exposition_label label = {"method", label_name(metrics, index)};
            exposition_integer(out, name, (struct exposition_labels){&label, 1}, value);
        }
    }
}

/* --- The whole ---------------------------------------------------------------------------- */

static void write_gauge(
    struct nnrpc_buffer *out, const char *name, const char *help, const atomic_llong *gauge) {
    long long value = atomic_load_explicit(gauge, memory_order_relaxed);
    exposition_family(out, name, EXPOSITION_GAUGE, help);
    exposition_integer(out, name, NO_LABELS, value > 0 ? (uint64_t)value : 0);
}

static void write_build(const struct metrics *metrics, struct nnrpc_buffer *out) {
    const char *name = "contact_gateway_build_info";
    const struct exposition_label label = {"version", metrics->version};
    exposition_family(out, name, EXPOSITION_GAUGE, "Always 1; says which version this is.");
    exposition_integer(out, name, (struct exposition_labels){&label, 1}, 1);
}

static void write_connections(const struct metrics *metrics, struct nnrpc_buffer *out) {
    const char *accepted = "contact_gateway_http_connections_accepted_total";
    exposition_family(out, accepted, EXPOSITION_COUNTER, "Connections that were accepted.");
    exposition_integer(out, accepted, NO_LABELS, load(&metrics->accepted));
    write_gauge(
        out, "contact_gateway_http_connections", "Connections that are open.",
        &metrics->connections);
    write_gauge(
        out, "contact_gateway_http_requests_in_flight", "Requests that are not answered yet.",
        &metrics->requests);
}

static void write_traffic(const struct metrics *metrics, struct nnrpc_buffer *out) {
    const char *received = "contact_gateway_http_received_bytes_total";
    const char *sent = "contact_gateway_http_sent_bytes_total";
    exposition_family(out, received, EXPOSITION_COUNTER, "Bytes of requests, by method.");
    write_bytes(metrics, out, received, received_bytes);
    exposition_family(out, sent, EXPOSITION_COUNTER, "Bytes of answers, by method.");
    write_bytes(metrics, out, sent, sent_bytes);
}

void metrics_write(const struct metrics *metrics, struct nnrpc_buffer *out) {
    write_build(metrics, out);
    write_connections(metrics, out);
    exposition_family(
        out, REQUESTS, EXPOSITION_COUNTER, "Answered requests, by method and HTTP code.");
    write_cells(metrics, out, write_requests);
    exposition_family(
        out, DURATIONS, EXPOSITION_HISTOGRAM,
        "Time from the request's arrival to its answer, by method and HTTP code.");
    write_cells(metrics, out, write_durations);
    write_traffic(metrics, out);
    process_metrics_write(out, metrics->start_time_ns);
}
