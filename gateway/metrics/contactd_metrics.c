/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics come from another process, perhaps of another version: what does not fit is left out,
 * so that the page stays valid.
 */
#include "contactd_metrics.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "exposition.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "nnrpc/status.h"

#define CALLS "contactd_calls_total"
#define DURATIONS "contactd_call_duration_seconds"
#define LONGEST "contactd_call_duration_longest_seconds"
#define QUEUE "contactd_call_queue_seconds_total"
#define NS_PER_SECOND 1000000000u
#define NS_PER_MS 1000000u
#define NS_PER_US 1000u
#define BOUNDS_MOST 40 /* 2^39 us are six days */
#define NAME_BYTES 128

static const struct exposition_labels NO_LABELS;

/* --- What is known of contactd itself ----------------------------------------------------- */

void contactd_metrics_write_scrape(struct nnrpc_buffer *out, enum contactd_scrape scrape) {
    static const char *const NAMES[] = {"answered", "not_asked", "refused", "absent"};
    const char *name = "contact_gateway_contactd_scrape";
    exposition_family(
        out, name, EXPOSITION_GAUGE, "1 for how asking contactd for its statistics went just now.");
    for (size_t index = 0; index < NNRPC_LENGTH(NAMES); index++) {
        const struct exposition_label label = {"outcome", NAMES[index]};
        exposition_integer(
            out, name, (struct exposition_labels){&label, 1}, index == (size_t)scrape);
    }
    if (scrape == CONTACTD_NOT_ASKED) {
        exposition_comment(
            out, "contactd was not asked: send a token (Authorization: Bearer TOKEN), or start "
                 "contact-gateway with --stats-token-file");
        return;
    }
    exposition_family(out, "contactd_up", EXPOSITION_GAUGE, "Whether contactd answers.");
    exposition_integer(out, "contactd_up", NO_LABELS, scrape != CONTACTD_ABSENT);
}

/* --- Totals ------------------------------------------------------------------------------- */

static void write_counter(
    struct nnrpc_buffer *out, const char *name, const char *help, uint64_t value) {
    exposition_family(out, name, EXPOSITION_COUNTER, help);
    exposition_integer(out, name, NO_LABELS, value);
}

static uint64_t start_time_ns(const Google__Protobuf__Timestamp *time) {
    bool is_valid = time != NULL && time->seconds > 0 && time->nanos >= 0;
    return is_valid ? (uint64_t)time->seconds * NS_PER_SECOND + (uint64_t)time->nanos : 0;
}

static void write_server(struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats) {
    const struct exposition_label label = {"server", stats->server};
    exposition_family(
        out, "contactd_build_info", EXPOSITION_GAUGE, "Always 1; says which server this is.");
    exposition_integer(out, "contactd_build_info", (struct exposition_labels){&label, 1}, 1);
    exposition_family(
        out, "contactd_start_time_seconds", EXPOSITION_GAUGE,
        "When contactd started, in seconds since the epoch.");
    exposition_seconds(
        out, "contactd_start_time_seconds", NO_LABELS, start_time_ns(stats->start_time));
    exposition_family(
        out, "contactd_uptime_seconds", EXPOSITION_GAUGE, "How long contactd has been running.");
    exposition_seconds(out, "contactd_uptime_seconds", NO_LABELS, stats->uptime_ms * NS_PER_MS);
}

static void write_totals(struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats) {
    write_counter(
        out, "contactd_frames_total", "Frames received, malformed ones included.", stats->frames);
    write_counter(
        out, "contactd_malformed_frames_total", "Messages that were not a frame.",
        stats->malformed_frames);
    write_counter(
        out, "contactd_received_bytes_total", "Bytes of frames received.", stats->received_bytes);
    write_counter(out, "contactd_sent_bytes_total", "Bytes of frames sent.", stats->sent_bytes);
    exposition_family(
        out, "contactd_calls_in_flight", EXPOSITION_GAUGE, "Calls accepted and not yet answered.");
    exposition_integer(out, "contactd_calls_in_flight", NO_LABELS, stats->calls_in_flight);
}

/* --- Calls -------------------------------------------------------------------------------- */

typedef void write_method(
    struct nnrpc_buffer *out, struct exposition_labels labels,
    const Nnrpc__V1__MethodStats *method);

static void write_calls(
    struct nnrpc_buffer *out, struct exposition_labels labels,
    const Nnrpc__V1__MethodStats *method) {
    exposition_integer(out, CALLS, labels, method->count);
}

static void write_longest(
    struct nnrpc_buffer *out, struct exposition_labels labels,
    const Nnrpc__V1__MethodStats *method) {
    exposition_seconds(out, LONGEST, labels, method->latency_max_us * NS_PER_US);
}

static void write_queue(
    struct nnrpc_buffer *out, struct exposition_labels labels,
    const Nnrpc__V1__MethodStats *method) {
    exposition_seconds(out, QUEUE, labels, method->queue_sum_us * NS_PER_US);
}

/* Entry i of the statistics counts what is below 2^i us: a bound that measured times, which are not
 * whole microseconds, practically never meet. */
static void write_durations(
    struct nnrpc_buffer *out, struct exposition_labels labels,
    const Nnrpc__V1__MethodStats *method) {
    uint64_t bounds_ns[BOUNDS_MOST];
    size_t bound_count = method->n_latency_buckets - 1; /* without any it is past the most */
    if (bound_count > BOUNDS_MOST) {
        return;
    }
    for (size_t index = 0; index < bound_count; index++) {
        bounds_ns[index] = ((uint64_t)1 << index) * NS_PER_US;
    }
    const struct exposition_histogram histogram = {
        .bounds_ns = bounds_ns,
        .counts = method->latency_buckets,
        .bound_count = bound_count,
        .sum_ns = method->latency_sum_us * NS_PER_US,
    };
    exposition_histogram(out, DURATIONS, labels, &histogram);
}

static void write_methods(
    struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats, write_method *write) {
    for (size_t index = 0; index < stats->n_methods; index++) {
        const Nnrpc__V1__MethodStats *method = stats->methods[index];
        if (method->code < 0 || method->code >= NNRPC_CODE_COUNT) {
            continue; /* without a name of its own it would be a sample twice */
        }
        const struct exposition_label labels[] = {
            {"method", method->method[0] != '\0' ? method->method : "unknown"},
            {"code", nnrpc_code_name((enum nnrpc_code)method->code)},
        };
        write(out, (struct exposition_labels){labels, NNRPC_LENGTH(labels)}, method);
    }
}

static void write_all_calls(struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats) {
    exposition_family(out, CALLS, EXPOSITION_COUNTER, "Answered calls, by method and code.");
    write_methods(out, stats, write_calls);
    exposition_family(
        out, DURATIONS, EXPOSITION_HISTOGRAM,
        "Time from the frame's arrival to the call's end, by method and code.");
    write_methods(out, stats, write_durations);
    exposition_family(
        out, LONGEST, EXPOSITION_GAUGE, "The longest call since the start, by method and code.");
    write_methods(out, stats, write_longest);
    exposition_family(
        out, QUEUE, EXPOSITION_COUNTER,
        "The part of the calls' time that passed before their handlers, by method and code.");
    write_methods(out, stats, write_queue);
}

/* --- Gauges ------------------------------------------------------------------------------- */

/** Units that are not base units, and how many of them a second has. */
static const struct {
    const char *suffix;
    double per_second;
} TIMES[] = {{"_ms", 1e3}, {"_us", 1e6}, {"_ns", 1e9}};

/* Puts the base unit's name at the end of a name; returns what to divide the value by. */
static double use_seconds(char name[NAME_BYTES]) {
    size_t size = strlen(name);
    for (size_t index = 0; index < NNRPC_LENGTH(TIMES); index++) {
        size_t suffix_size = strlen(TIMES[index].suffix);
        if (size > suffix_size && strcmp(name + size - suffix_size, TIMES[index].suffix) == 0) {
            size_t kept = size - suffix_size;
            snprintf(name + kept, NAME_BYTES - kept, "_seconds");
            return TIMES[index].per_second;
        }
    }
    return 1;
}

static void write_gauge(struct nnrpc_buffer *out, const Nnrpc__V1__Gauge *gauge) {
    char name[NAME_BYTES];
    char help[NAME_BYTES + 32];
    int size = snprintf(name, sizeof(name), "contactd_%s", gauge->name);
    if (size < 0 || (size_t)size + sizeof("_seconds") > sizeof(name)) {
        return;
    }
    for (char *byte = name; *byte != '\0'; byte++) {
        *byte = isascii(*byte) && isalnum(*byte) ? *byte : '_';
    }
    double divisor = use_seconds(name);
    if (exposition_has_family(out, name)) {
        return;
    }
    snprintf(help, sizeof(help), "contactd's gauge %s.", name + strlen("contactd_"));
    exposition_family(out, name, EXPOSITION_GAUGE, help);
    exposition_number(out, name, NO_LABELS, gauge->value / divisor);
}

void contactd_metrics_write(struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats) {
    write_server(out, stats);
    write_totals(out, stats);
    write_all_calls(out, stats);
    for (size_t index = 0; index < stats->n_gauges; index++) {
        write_gauge(out, stats->gauges[index]);
    }
}
