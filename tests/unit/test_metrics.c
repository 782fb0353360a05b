/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's counters and their page.
 */
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "metrics/contactd_metrics.h"
#include "metrics/exposition.h"
#include "metrics/metrics_table.h"
#include "nnrpc/v1/stats_service.pb-c.h"

#define GET "contacts.v1.ContactService/GetContact"
#define LIST "contacts.v1.ContactService/ListContacts"

static const char *const LABELS[] = {GET, LIST, "/healthz"};

static struct metrics *new_metrics(void) {
    const struct metrics_options options = {
        .labels = LABELS, .label_count = NNRPC_LENGTH(LABELS), .version = "1.2.3"};
    struct metrics *metrics = NULL;
    assert_int_equal(metrics_new(&options, &metrics, NULL), NNRPC_OK);
    return metrics;
}

/** The page, malloc'd. */
static char *page_of(const struct metrics *metrics) {
    struct nnrpc_buffer out = {0};
    metrics_write(metrics, &out);
    assert_non_null(nnrpc_buffer_text(&out));
    return (char *)out.data;
}

static void assert_has(const char *page, const char *text) {
    if (strstr(page, text) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", text, page);
    }
}

static void assert_has_not(const char *page, const char *text) {
    if (strstr(page, text) != NULL) {
        fail_msg("\"%s\" is in:\n%s", text, page);
    }
}

/* --- The format --------------------------------------------------------------------------- */

static void values_of_labels_keep_their_line(void **state) {
    (void)state;
    struct nnrpc_buffer out = {0};
    const struct exposition_label labels[] = {{"a", "x\\y\"z\nw"}, {"b", ""}};
    exposition_integer(&out, "name", (struct exposition_labels){labels, 2}, 7);
    assert_string_equal(nnrpc_buffer_text(&out), "name{a=\"x\\\\y\\\"z\\nw\",b=\"\"} 7\n");
    nnrpc_buffer_deinit(&out);
}

static void seconds_are_exact_and_have_no_zeros_at_the_end(void **state) {
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "t 0\n"},
        {1, "t 0.000000001\n"},
        {50000, "t 0.00005\n"},
        {100000000000, "t 100\n"},
        {1732000000123456789, "t 1732000000.123456789\n"},
        {UINT64_MAX, "t 18446744073.709551615\n"},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        struct nnrpc_buffer out = {0};
        exposition_seconds(&out, "t", (struct exposition_labels){0}, cases[i].ns);
        assert_string_equal(nnrpc_buffer_text(&out), cases[i].text);
        nnrpc_buffer_deinit(&out);
    }
}

static void numbers_read_back_as_they_were(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "n 0\n"},
        {-1.5, "n -1.5\n"},
        {0.1, "n 0.1\n"},
        {1e300, "n 1e+300\n"},
        {68719476736, "n 68719476736\n"},
        {NAN, "n NaN\n"},
        {INFINITY, "n +Inf\n"},
        {-INFINITY, "n -Inf\n"},
        {1.0 / 3, "n 0.3333333333333333\n"},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        struct nnrpc_buffer out = {0};
        exposition_number(&out, "n", (struct exposition_labels){0}, cases[i].value);
        assert_string_equal(nnrpc_buffer_text(&out), cases[i].text);
        nnrpc_buffer_deinit(&out);
    }
}

static void numbers_do_not_follow_the_locale(void **state) {
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        skip();
    }
    struct nnrpc_buffer out = {0};
    exposition_number(&out, "n", (struct exposition_labels){0}, 0.25);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(nnrpc_buffer_text(&out), "n 0.25\n");
    nnrpc_buffer_deinit(&out);
}

static void a_histogram_is_cumulative_and_ends_in_infinity(void **state) {
    (void)state;
    static const uint64_t bounds_ns[] = {1000, 2000000};
    static const uint64_t counts[] = {2, 3, 4};
    static const struct exposition_label label = {"a", "b"};
    struct nnrpc_buffer out = {0};
    exposition_histogram(
        &out, "h", (struct exposition_labels){&label, 1},
        &(struct exposition_histogram){bounds_ns, counts, 2, 1500000000});
    assert_string_equal(
        nnrpc_buffer_text(&out), "h_bucket{a=\"b\",le=\"0.000001\"} 2\n"
                                 "h_bucket{a=\"b\",le=\"0.002\"} 5\n"
                                 "h_bucket{a=\"b\",le=\"+Inf\"} 9\n"
                                 "h_sum{a=\"b\"} 1.5\n"
                                 "h_count{a=\"b\"} 9\n");
    nnrpc_buffer_deinit(&out);
}

static void a_family_is_found_by_its_whole_name(void **state) {
    (void)state;
    struct nnrpc_buffer out = {0};
    assert_false(exposition_has_family(&out, "a"));
    exposition_family(&out, "a_b", EXPOSITION_GAUGE, "Help.");
    assert_string_equal(nnrpc_buffer_text(&out), "# HELP a_b Help.\n# TYPE a_b gauge\n");
    assert_true(exposition_has_family(&out, "a_b"));
    assert_false(exposition_has_family(&out, "a"));
    assert_false(exposition_has_family(&out, "a_b_c"));
    nnrpc_buffer_deinit(&out);
}

/* --- The gateway's counters --------------------------------------------------------------- */

static void requests_count_by_method_and_code(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    metrics_observe(metrics, GET, 200, 60000, 100, 900);
    metrics_observe(metrics, GET, 200, 40000, 100, 900);
    metrics_observe(metrics, GET, 404, 10000000001, 100, 80);
    char *page = page_of(metrics);
    assert_has(page, "contact_gateway_http_requests_total{method=\"" GET "\",code=\"200\"} 2\n");
    assert_has(page, "contact_gateway_http_requests_total{method=\"" GET "\",code=\"404\"} 1\n");
    assert_has(page, "_seconds_bucket{method=\"" GET "\",code=\"200\",le=\"0.00005\"} 1\n");
    assert_has(page, "_seconds_bucket{method=\"" GET "\",code=\"200\",le=\"0.0001\"} 2\n");
    assert_has(page, "_seconds_sum{method=\"" GET "\",code=\"200\"} 0.0001\n");
    assert_has(page, "_seconds_bucket{method=\"" GET "\",code=\"404\",le=\"10\"} 0\n");
    assert_has(page, "_seconds_bucket{method=\"" GET "\",code=\"404\",le=\"+Inf\"} 1\n");
    assert_has(page, "contact_gateway_http_received_bytes_total{method=\"" GET "\"} 300\n");
    assert_has(page, "contact_gateway_http_sent_bytes_total{method=\"" GET "\"} 1880\n");
    assert_has_not(page, LIST);
    free(page);
    metrics_free(metrics);
}

static void a_latency_on_a_bound_counts_in_its_bucket(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    metrics_observe(metrics, GET, 200, 50000, 0, 0);
    metrics_observe(metrics, GET, 200, 50001, 0, 0);
    char *page = page_of(metrics);
    assert_has(page, "code=\"200\",le=\"0.00005\"} 1\n");
    assert_has(page, "code=\"200\",le=\"0.0001\"} 2\n");
    free(page);
    metrics_free(metrics);
}

static void labels_are_known_by_their_text(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    char copy[] = GET;
    metrics_observe(metrics, copy, 200, 1, 0, 0);
    char *page = page_of(metrics);
    assert_has(page, "requests_total{method=\"" GET "\",code=\"200\"} 1\n");
    free(page);
    metrics_free(metrics);
}

static void what_is_unknown_counts_as_other(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    metrics_observe(metrics, NULL, 404, 1, 0, 0);
    metrics_observe(metrics, "/nowhere", 404, 1, 0, 0);
    metrics_observe(metrics, GET, 299, 1, 0, 0);
    char *page = page_of(metrics);
    assert_has(page, "requests_total{method=\"other\",code=\"404\"} 2\n");
    assert_has(page, "requests_total{method=\"" GET "\",code=\"other\"} 1\n");
    free(page);
    metrics_free(metrics);
}

static void gauges_go_up_and_down(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    metrics_add_connections(metrics, 3);
    metrics_add_connections(metrics, -1);
    metrics_add_requests(metrics, 1);
    char *page = page_of(metrics);
    assert_has(page, "\ncontact_gateway_http_connections 2\n");
    assert_has(page, "\ncontact_gateway_http_connections_accepted_total 3\n");
    assert_has(page, "\ncontact_gateway_http_requests_in_flight 1\n");
    assert_has(page, "contact_gateway_build_info{version=\"1.2.3\"} 1\n");
    free(page);
    metrics_free(metrics);
}

static void the_process_has_its_usual_names(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    char *page = page_of(metrics);
    static const char *const names[] = {"process_start_time_seconds",
                                        "process_cpu_seconds_total",
                                        "process_virtual_memory_bytes",
                                        "process_resident_memory_bytes",
                                        "process_open_fds",
                                        "process_max_fds"};
    for (size_t i = 0; i < NNRPC_LENGTH(names); i++) {
        char line[64];
        snprintf(line, sizeof(line), "\n%s ", names[i]);
        assert_has(page, line);
        assert_true(strtod(strstr(page, line) + strlen(line), NULL) > 0);
    }
    free(page);
    metrics_free(metrics);
}

#define THREADS 4
#define ROUNDS 10000

static void *observe_often(void *argument) {
    for (int i = 0; i < ROUNDS; i++) {
        metrics_observe(argument, GET, 200, 1000, 1, 2);
        metrics_add_requests(argument, 1);
        metrics_add_requests(argument, -1);
    }
    return NULL;
}

static void threads_lose_no_count(void **state) {
    (void)state;
    struct metrics *metrics = new_metrics();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, observe_often, metrics), 0);
    }
    free(page_of(metrics));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    char *page = page_of(metrics);
    assert_has(page, "requests_total{method=\"" GET "\",code=\"200\"} 40000\n");
    assert_has(page, "_seconds_sum{method=\"" GET "\",code=\"200\"} 0.04\n");
    assert_has(page, "sent_bytes_total{method=\"" GET "\"} 80000\n");
    assert_has(page, "\ncontact_gateway_http_requests_in_flight 0\n");
    free(page);
    metrics_free(metrics);
}

/* --- contactd's --------------------------------------------------------------------------- */

static char *scrape_page(enum contactd_scrape scrape) {
    struct nnrpc_buffer out = {0};
    contactd_metrics_write_scrape(&out, scrape);
    assert_non_null(nnrpc_buffer_text(&out));
    return (char *)out.data;
}

static void the_page_says_how_asking_went(void **state) {
    (void)state;
    char *page = scrape_page(CONTACTD_ANSWERED);
    assert_has(page, "contact_gateway_contactd_scrape{outcome=\"answered\"} 1\n");
    assert_has(page, "contact_gateway_contactd_scrape{outcome=\"absent\"} 0\n");
    assert_has(page, "\ncontactd_up 1\n");
    free(page);
    page = scrape_page(CONTACTD_REFUSED);
    assert_has(page, "contact_gateway_contactd_scrape{outcome=\"refused\"} 1\n");
    assert_has(page, "\ncontactd_up 1\n");
    free(page);
    page = scrape_page(CONTACTD_ABSENT);
    assert_has(page, "contact_gateway_contactd_scrape{outcome=\"absent\"} 1\n");
    assert_has(page, "\ncontactd_up 0\n");
    free(page);
}

static void nobody_knows_whether_a_contactd_that_was_not_asked_is_up(void **state) {
    (void)state;
    char *page = scrape_page(CONTACTD_NOT_ASKED);
    assert_has(page, "contact_gateway_contactd_scrape{outcome=\"not_asked\"} 1\n");
    assert_has(page, "\n# contactd was not asked: send a token");
    assert_has_not(page, "contactd_up");
    free(page);
}

static char *stats_page(const Nnrpc__V1__GetStatsResponse *stats) {
    struct nnrpc_buffer out = {0};
    contactd_metrics_write_scrape(&out, CONTACTD_ANSWERED);
    contactd_metrics_write(&out, stats);
    assert_non_null(nnrpc_buffer_text(&out));
    return (char *)out.data;
}

static void totals_of_contactd_are_counters(void **state) {
    (void)state;
    Google__Protobuf__Timestamp start = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Nnrpc__V1__GetStatsResponse stats = NNRPC__V1__GET_STATS_RESPONSE__INIT;
    start.seconds = 1700000000;
    start.nanos = 500000000;
    stats.start_time = &start;
    stats.server = "contactd 1.0.0";
    stats.frames = 12;
    stats.received_bytes = 34;
    stats.calls_in_flight = 2;
    stats.uptime_ms = 1500;
    char *page = stats_page(&stats);
    assert_has(page, "contactd_build_info{server=\"contactd 1.0.0\"} 1\n");
    assert_has(page, "\ncontactd_start_time_seconds 1700000000.5\n");
    assert_has(page, "\ncontactd_uptime_seconds 1.5\n");
    assert_has(page, "# TYPE contactd_frames_total counter\ncontactd_frames_total 12\n");
    assert_has(page, "\ncontactd_received_bytes_total 34\n");
    assert_has(page, "# TYPE contactd_calls_in_flight gauge\ncontactd_calls_in_flight 2\n");
    free(page);
}

static void calls_of_contactd_have_histograms(void **state) {
    (void)state;
    uint64_t buckets[] = {1, 0, 2, 4};
    Nnrpc__V1__MethodStats method = NNRPC__V1__METHOD_STATS__INIT;
    Nnrpc__V1__MethodStats *methods[] = {&method};
    Nnrpc__V1__GetStatsResponse stats = NNRPC__V1__GET_STATS_RESPONSE__INIT;
    method.method = GET;
    method.code = NNRPC_NOT_FOUND;
    method.count = 7;
    method.latency_sum_us = 50;
    method.latency_max_us = 20;
    method.queue_sum_us = 3;
    method.latency_buckets = buckets;
    method.n_latency_buckets = NNRPC_LENGTH(buckets);
    stats.methods = methods;
    stats.n_methods = 1;
    char *page = stats_page(&stats);
#define WHICH "{method=\"" GET "\",code=\"NOT_FOUND\""
    assert_has(page, "contactd_calls_total" WHICH "} 7\n");
    assert_has(
        page, "contactd_call_duration_seconds_bucket" WHICH ",le=\"0.000001\"} 1\n"
              "contactd_call_duration_seconds_bucket" WHICH ",le=\"0.000002\"} 1\n"
              "contactd_call_duration_seconds_bucket" WHICH ",le=\"0.000004\"} 3\n"
              "contactd_call_duration_seconds_bucket" WHICH ",le=\"+Inf\"} 7\n"
              "contactd_call_duration_seconds_sum" WHICH "} 0.00005\n"
              "contactd_call_duration_seconds_count" WHICH "} 7\n");
    assert_has(page, "contactd_call_duration_longest_seconds" WHICH "} 0.00002\n");
    assert_has(page, "contactd_call_queue_seconds_total" WHICH "} 0.000003\n");
    free(page);
}

static void statistics_that_fit_no_page_are_left_out(void **state) {
    (void)state;
    uint64_t buckets[100] = {0};
    Nnrpc__V1__MethodStats method[3] = {
        NNRPC__V1__METHOD_STATS__INIT, NNRPC__V1__METHOD_STATS__INIT,
        NNRPC__V1__METHOD_STATS__INIT};
    Nnrpc__V1__MethodStats *methods[] = {&method[0], &method[1], &method[2]};
    Nnrpc__V1__GetStatsResponse stats = NNRPC__V1__GET_STATS_RESPONSE__INIT;
    method[0].count = 1; /* of no method, without buckets */
    method[1].method = LIST;
    method[1].count = 2;
    method[1].latency_buckets = buckets;
    method[1].n_latency_buckets = NNRPC_LENGTH(buckets);
    method[2].method = GET;
    method[2].code = 17;
    stats.methods = methods;
    stats.n_methods = NNRPC_LENGTH(methods);
    char *page = stats_page(&stats);
    assert_has(page, "contactd_calls_total{method=\"unknown\",code=\"OK\"} 1\n");
    assert_has(page, "contactd_calls_total{method=\"" LIST "\",code=\"OK\"} 2\n");
    assert_has_not(page, "contactd_call_duration_seconds_bucket");
    assert_has_not(page, GET);
    free(page);
}

static void gauges_of_contactd_get_names_with_base_units(void **state) {
    (void)state;
    static const struct {
        char *name;
        double value;
        const char *line;
    } cases[] = {
        {"store.map_used_bytes", 4096, "\ncontactd_store_map_used_bytes 4096\n"},
        {"writer.delay_ms", 250, "\ncontactd_writer_delay_seconds 0.25\n"},
        {"writer.sync_us", 50, "\ncontactd_writer_sync_seconds 5e-05\n"},
        {"odd name\n", 1, "\ncontactd_odd_name_ 1\n"},
        {"odd.name\n", 2, NULL},   /* the same once it is a name */
        {"frames_total", 3, NULL}, /* a family of ours */
    };
    Nnrpc__V1__Gauge gauges[NNRPC_LENGTH(cases)];
    Nnrpc__V1__Gauge *pointers[NNRPC_LENGTH(cases)];
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        nnrpc__v1__gauge__init(&gauges[i]);
        gauges[i].name = cases[i].name;
        gauges[i].value = cases[i].value;
        pointers[i] = &gauges[i];
    }
    Nnrpc__V1__GetStatsResponse stats = NNRPC__V1__GET_STATS_RESPONSE__INIT;
    stats.gauges = pointers;
    stats.n_gauges = NNRPC_LENGTH(cases);
    char *page = stats_page(&stats);
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        if (cases[i].line != NULL) {
            assert_has(page, cases[i].line);
        }
    }
    assert_has_not(page, "contactd_odd_name_ 2\n");
    assert_has_not(page, "contactd_frames_total 3\n");
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_labels_keep_their_line),
        cmocka_unit_test(seconds_are_exact_and_have_no_zeros_at_the_end),
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(a_histogram_is_cumulative_and_ends_in_infinity),
        cmocka_unit_test(a_family_is_found_by_its_whole_name),
        cmocka_unit_test(requests_count_by_method_and_code),
        cmocka_unit_test(a_latency_on_a_bound_counts_in_its_bucket),
        cmocka_unit_test(labels_are_known_by_their_text),
        cmocka_unit_test(what_is_unknown_counts_as_other),
        cmocka_unit_test(gauges_go_up_and_down),
        cmocka_unit_test(the_process_has_its_usual_names),
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(the_page_says_how_asking_went),
        cmocka_unit_test(nobody_knows_whether_a_contactd_that_was_not_asked_is_up),
        cmocka_unit_test(totals_of_contactd_are_counters),
        cmocka_unit_test(calls_of_contactd_have_histograms),
        cmocka_unit_test(statistics_that_fit_no_page_are_left_out),
        cmocka_unit_test(gauges_of_contactd_get_names_with_base_units),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
