/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that runs out of memory, at every allocation in turn: each call is answered with its own
 * answer or with RESOURCE_EXHAUSTED, or its whole frame is dropped, and when there is memory again
 * all is well. Linked with the allocating functions wrapped; only the server's own threads fail.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"
#include "nnrpc/v1/reflection_service.pb-c.h"
#include "probe_service.h"

#define ANSWER_MS 200

/* --- Allocations that fail ---------------------------------------------------------------- */

static atomic_int until_failure = -1; /* allocations that still succeed; negative: all do */
static atomic_bool fails_on;          /* and all that follow fail, too */
static atomic_uint failures;

static bool is_server_thread(void) {
    char name[16] = "";
    return pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 &&
           strncmp(name, "nnrpc-", 6) == 0;
}

static bool fails_now(void) {
    if (atomic_load(&until_failure) < 0 || !is_server_thread()) {
        return false;
    }
    int left = atomic_fetch_sub(&until_failure, 1);
    if (left > 0) {
        return false;
    }
    if (atomic_load(&fails_on)) {
        atomic_store(&until_failure, 0);
    }
    atomic_fetch_add(&failures, 1);
    return true;
}

/* The linker gives these names. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__real_nnrpc_body_new(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_nnrpc_body_new(size_t size);

void *__wrap_malloc(size_t size) {
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return fails_now() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
    return fails_now() ? NULL : __real_strdup(text);
}

void *__wrap_nnrpc_body_new(size_t size) {
    return fails_now() ? NULL : __real_nnrpc_body_new(size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void arm(int allocations, bool stays) {
    atomic_store(&failures, 0);
    atomic_store(&fails_on, stays);
    atomic_store(&until_failure, allocations);
}

static unsigned disarm(void) {
    atomic_store(&until_failure, -1);
    return atomic_load(&failures);
}

/* --- A frame of everything that allocates ------------------------------------------------- */

static void give_gauges(
    void *self, void (*add)(void *context, const char *name, double value), void *context) {
    (void)self;
    add(context, "a", 1);
    add(context, "b", 2);
}

static const enum nnrpc_code natural_codes[] = {
    NNRPC_OK,
    NNRPC_OK,
    NNRPC_OK,
    NNRPC_OK,
    NNRPC_ABORTED,
    NNRPC_UNIMPLEMENTED,
    NNRPC_INVALID_ARGUMENT,
    NNRPC_OK,
    NNRPC_OK,
    NNRPC_OK,
};

static Nnrpc__V1__RequestFrame *frame_of_everything(void) {
    static char long_text[40001];
    memset(long_text, 'x', sizeof(long_text) - 1);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest read = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__ReadRequest fails = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__ReadRequest moved = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    fails.fail_code = NNRPC_ABORTED;
    fails.fail_message = (char *)"as told";
    fails.metadata_count = 20;
    moved.offload = 1;
    moved.metadata_count = 20;
    read.text = long_text;
    frame_add_bytes(frame, "nnrpc.v1.HealthService/Check", NULL, 0);
    frame_add_bytes(frame, "nnrpc.v1.ReflectionService/ListServices", NULL, 0);
    frame_add_bytes(frame, "nnrpc.v1.ReflectionService/GetFileDescriptorSet", NULL, 0);
    frame_add_bytes(frame, "nnrpc.v1.StatsService/GetStats", NULL, 0);
    frame_add(frame, READ, &fails.base);
    frame_add_bytes(frame, "no/Method", NULL, 0);
    frame_add_bytes(frame, READ, "\xff", 1);
    frame_add(frame, READ, &read.base);
    frame_add(frame, READ, &moved.base);
    frame_add(frame, WRITE, &write.base);
    return frame;
}

/* Sends the frame and checks whatever comes. Returns whether all was as if memory was there. */
static bool exchange_everything(struct peer *peer, uint32_t timeout_ms) {
    peer_send(peer, frame_of_everything());
    Nnrpc__V1__ResponseFrame *answer = peer_receive(peer, timeout_ms);
    if (answer == NULL) {
        return false;
    }
    assert_int_equal(answer->n_responses, NNRPC_LENGTH(natural_codes));
    bool is_whole = true;
    for (size_t index = 0; index < NNRPC_LENGTH(natural_codes); index++) {
        const Nnrpc__V1__Response *response = answer->responses[index];
        if (response_code(response) != natural_codes[index]) {
            assert_response(response, NNRPC_RESOURCE_EXHAUSTED, "MEMORY_LIMIT");
            is_whole = false;
        }
    }
    frame_free_answer(answer);
    return is_whole;
}

/* A frame that was dropped may yet be under way on a worker. */
static void expect_recovery(struct peer *peer) {
    assert_true(exchange_everything(peer, 10000));
}

static struct probe *new_probe(void) {
    struct probe *probe = probe_new(NULL);
    assert_int_equal(nnrpc_server_add_gauges(probe->server, give_gauges, NULL, NULL), NNRPC_OK);
    probe_start(probe);
    return probe;
}

/* Fails allocations until one frame after another no longer meets a failure. */
static unsigned fail_in_turn(struct peer *peer, bool stays) {
    unsigned allocations = 0;
    unsigned failed = 1;
    while (failed > 0) {
        arm((int)allocations, stays);
        bool is_whole = exchange_everything(peer, ANSWER_MS);
        failed = disarm();
        assert_true(is_whole || failed > 0);
        expect_recovery(peer);
        allocations++;
    }
    return allocations;
}

/* --- Tests -------------------------------------------------------------------------------- */

static void a_warm_server_survives_each_failed_allocation(void **state) {
    (void)state;
    struct probe *probe = new_probe();
    struct peer peer;
    peer_open(&peer, probe->url);
    expect_recovery(&peer);
    assert_true(fail_in_turn(&peer, false) > 20);
    peer_close(&peer);
    probe_free(probe);
}

static void a_warm_server_survives_having_no_more_memory(void **state) {
    (void)state;
    struct probe *probe = new_probe();
    struct peer peer;
    peer_open(&peer, probe->url);
    expect_recovery(&peer);
    assert_true(fail_in_turn(&peer, true) > 20);
    peer_close(&peer);
    probe_free(probe);
}

/* The first frame of a server makes what later ones find. */
static void a_cold_server_survives_each_failed_allocation(void **state) {
    (void)state;
    for (int allocations = 0; allocations < 12; allocations++) {
        struct probe *probe = new_probe();
        struct peer peer;
        peer_open(&peer, probe->url);
        arm(allocations, false);
        (void)exchange_everything(&peer, ANSWER_MS);
        assert_int_equal(disarm(), 1);
        expect_recovery(&peer);
        peer_close(&peer);
        probe_free(probe);
    }
}

static void a_message_that_is_no_frame_meets_no_memory(void **state) {
    (void)state;
    struct probe *probe = new_probe();
    struct peer peer;
    peer_open(&peer, probe->url);
    for (int allocations = 0; allocations < 4; allocations++) {
        arm(allocations, true);
        peer_send_bytes(&peer, "\xff", 1);
        Nnrpc__V1__ResponseFrame *answer = peer_receive(&peer, ANSWER_MS);
        (void)disarm();
        if (answer != NULL) {
            assert_int_equal(answer->n_responses, 1);
            frame_free_answer(answer);
        }
        expect_recovery(&peer);
    }
    peer_close(&peer);
    probe_free(probe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_server_survives_each_failed_allocation),
        cmocka_unit_test(a_warm_server_survives_having_no_more_memory),
        cmocka_unit_test(a_cold_server_survives_each_failed_allocation),
        cmocka_unit_test(a_message_that_is_no_frame_meets_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
