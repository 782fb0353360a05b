/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slowest of many calls, and the windows in which they are kept; latencies' buckets.
 */
#include "call_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call_ring.h"
#include "server_state.h"
#include "stats.h"

#define SECOND UINT64_C(1000000000)

/* --- The heap ----------------------------------------------------------------------------- */

static void offer(struct nnrpc_call_heap *heap, uint64_t duration_ns) {
    struct nnrpc_call_record record = {.figures = {.duration_ns = duration_ns}};
    nnrpc_call_heap_offer(heap, &record);
}

static void a_heap_keeps_the_slowest_in_order(void **state) {
    (void)state;
    struct nnrpc_call_heap heap;
    assert_true(nnrpc_call_heap_init(&heap, 10));
    for (uint64_t i = 0; i < 1000; i++) {
        offer(&heap, i * 7919 % 1000);
    }
    assert_int_equal(heap.count, 10);
    assert_false(nnrpc_call_heap_wants(&heap, 990));
    assert_true(nnrpc_call_heap_wants(&heap, 991));
    nnrpc_call_heap_sort(&heap);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(heap.records[i].figures.duration_ns, 999 - i);
    }
    nnrpc_call_heap_deinit(&heap);
}

static void a_heap_with_room_wants_everything(void **state) {
    (void)state;
    struct nnrpc_call_heap heap;
    assert_true(nnrpc_call_heap_init(&heap, 3));
    assert_true(nnrpc_call_heap_wants(&heap, 0));
    offer(&heap, 5);
    offer(&heap, 1);
    nnrpc_call_heap_sort(&heap);
    assert_int_equal(heap.count, 2);
    assert_int_equal(heap.records[0].figures.duration_ns, 5);
    nnrpc_call_heap_deinit(&heap);
}

/* --- Windows ------------------------------------------------------------------------------ */

/* What a call needs to be kept. */
struct kept {
    struct nnrpc_server server;
    struct nnrpc_receiver receiver;
    struct nnrpc_served_frame frame;
    struct nnrpc_call call;
    struct nnrpc_call_ring ring;
};

static struct kept *kept_new(size_t limit) {
    struct kept *kept = calloc(1, sizeof(*kept));
    assert_non_null(kept);
    nnrpc_trace_source_init(&kept->server.trace_source);
    kept->receiver.url = (char *)"ipc:///here";
    kept->frame.server = &kept->server;
    kept->frame.receiver = &kept->receiver;
    kept->call.frame = &kept->frame;
    kept->call.name = "a.B/C";
    kept->call.answered = true;
    assert_true(nnrpc_call_ring_init(&kept->ring, limit));
    return kept;
}

static void kept_free(struct kept *kept) {
    nnrpc_call_ring_deinit(&kept->ring);
    free(kept);
}

/* Notes a call that ended at a time. */
static void note(struct kept *kept, uint64_t now_ns, uint64_t duration_ns) {
    kept->frame.arrival_ns = now_ns - duration_ns;
    kept->call.ended_ns = now_ns;
    nnrpc_call_ring_note(&kept->ring, &kept->call, NULL);
}

static void add_duration(void *self, const struct nnrpc_call_record *record) {
    uint64_t *sum = self;
    *sum += record->figures.duration_ns;
}

/* The durations of all that is kept, added up. */
static uint64_t sum_of(struct kept *kept) {
    uint64_t sum = 0;
    nnrpc_call_ring_visit(&kept->ring, add_duration, &sum);
    return sum;
}

static void a_quiet_server_keeps_its_calls_however_old(void **state) {
    (void)state;
    struct kept *kept = kept_new(4);
    note(kept, 100 * SECOND, 1);
    note(kept, 1000 * SECOND, 2);
    note(kept, 10000 * SECOND, 4);
    assert_int_equal(sum_of(kept), 7);
    kept_free(kept);
}

static void a_full_window_keeps_the_slowest(void **state) {
    (void)state;
    struct kept *kept = kept_new(2);
    note(kept, 100 * SECOND, 10);
    note(kept, 101 * SECOND, 20);
    note(kept, 102 * SECOND, 5);
    assert_int_equal(sum_of(kept), 30);
    note(kept, 103 * SECOND, 40);
    assert_int_equal(sum_of(kept), 60);
    kept_free(kept);
}

static void windows_take_turns_after_a_minute(void **state) {
    (void)state;
    struct kept *kept = kept_new(2);
    note(kept, 100 * SECOND, 1000);
    note(kept, 101 * SECOND, 2000);
    note(kept, 161 * SECOND, 1); /* a new window: the calls before are kept beside it */
    assert_int_equal(sum_of(kept), 3001);
    note(kept, 162 * SECOND, 2);
    assert_int_equal(sum_of(kept), 3003);
    note(kept, 300 * SECOND, 4); /* another: the first is forgotten */
    assert_int_equal(sum_of(kept), 7);
    kept_free(kept);
}

/* --- Buckets ------------------------------------------------------------------------------ */

/* The only bucket that has a call after one of a latency was counted. */
static size_t bucket_of(uint64_t latency_ns) {
    struct nnrpc_stats stats;
    assert_int_equal(nnrpc_stats_init(&stats, 1, NULL), NNRPC_OK);
    const struct nnrpc_stat_times times = {.latency_ns = latency_ns, .queue_ns = 3};
    nnrpc_stats_count_call(&stats, 0, NNRPC_OK, times);
    const struct nnrpc_stat_cell *cell = nnrpc_stats_cell(&stats, 0, NNRPC_OK);
    assert_int_equal(nnrpc_stats_read(&cell->latency_sum_ns), latency_ns);
    assert_int_equal(nnrpc_stats_read(&cell->latency_max_ns), latency_ns);
    assert_int_equal(nnrpc_stats_read(&cell->queue_sum_ns), 3);
    size_t bucket = 0;
    while (nnrpc_stats_read(&cell->buckets[bucket]) == 0) {
        bucket++;
        assert_true(bucket < NNRPC_FINE_BUCKETS);
    }
    nnrpc_stats_deinit(&stats);
    return bucket;
}

static void buckets_are_quarters_of_doublings(void **state) {
    (void)state;
    assert_int_equal(bucket_of(0), 0);
    assert_int_equal(bucket_of(249), 0);
    assert_int_equal(bucket_of(250), 1);
    assert_int_equal(bucket_of(999), 3);
    assert_int_equal(bucket_of(1000), 4);
    assert_int_equal(bucket_of(1250), 5);
    assert_int_equal(bucket_of(1999), 7);
    assert_int_equal(bucket_of(2000), 8);
    assert_int_equal(bucket_of(2499), 8);
    assert_int_equal(bucket_of(2500), 9);
    assert_int_equal(bucket_of(1024000), 4 * 11);
    assert_int_equal(bucket_of(1024000 - 1), 4 * 11 - 1);
    assert_int_equal(bucket_of(UINT64_MAX / 2), NNRPC_FINE_BUCKETS - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_keeps_the_slowest_in_order),
        cmocka_unit_test(a_heap_with_room_wants_everything),
        cmocka_unit_test(a_quiet_server_keeps_its_calls_however_old),
        cmocka_unit_test(a_full_window_keeps_the_slowest),
        cmocka_unit_test(windows_take_turns_after_a_minute),
        cmocka_unit_test(buckets_are_quarters_of_doublings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
