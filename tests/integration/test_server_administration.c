/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side over real sockets: administrative services on addresses of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "stage.h"

#define HEALTH_CHECK "nnrpc.v1.HealthService/Check"
#define GET_STATS "nnrpc.v1.StatsService/GetStats"
#define LIST_SERVICES "nnrpc.v1.ReflectionService/ListServices"

/* --- Helpers ------------------------------------------------------------------------------ */

struct place {
    char url[PROBE_URL_BYTES];
    struct peer peer;
};

static void listen_for(
    struct probe *probe, const char *name, enum nnrpc_listen_services services,
    struct place *out_place) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct nnrpc_listen_options options = {.services = services};
    snprintf(out_place->url, sizeof(out_place->url), "inproc://%s", name);
    if (nnrpc_server_listen_with(probe->server, out_place->url, &options, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

static Nnrpc__V1__RequestFrame *frame_of_empty(const char *method) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add_bytes(frame, method, NULL, 0);
    return frame;
}

/* Expects what a peer gets for a method with an empty request: OK, or that it is not served. */
static void expect_served(struct peer *peer, const char *method, bool is_served) {
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of_empty(method));
    if (is_served) {
        assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    } else {
        assert_response(answer->responses[0], NNRPC_UNIMPLEMENTED, "NOT_SERVED_HERE");
    }
    frame_free_answer(answer);
}

/* --- What is served where ----------------------------------------------------------------- */

static void without_an_address_for_administration_all_is_served_everywhere(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    expect_served(&stage.peer, READ, true);
    expect_served(&stage.peer, GET_STATS, true);
    expect_served(&stage.peer, LIST_SERVICES, true);
    expect_served(&stage.peer, HEALTH_CHECK, true);
    stage_end(&stage);
}

static void each_address_serves_its_part(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    struct place application;
    struct place administration;
    struct place all;
    listen_for(probe, "application", NNRPC_LISTEN_APPLICATION, &application);
    listen_for(probe, "administration", NNRPC_LISTEN_ADMINISTRATION, &administration);
    listen_for(probe, "all", NNRPC_LISTEN_ALL, &all);
    struct stage stage;
    stage_begin_with(&stage, probe);
    peer_open(&application.peer, application.url);
    peer_open(&administration.peer, administration.url);
    peer_open(&all.peer, all.url);
    static const char *const administrative[] = {GET_STATS, LIST_SERVICES};
    for (size_t index = 0; index < NNRPC_LENGTH(administrative); index++) {
        expect_served(&stage.peer, administrative[index], false);
        expect_served(&application.peer, administrative[index], false);
        expect_served(&administration.peer, administrative[index], true);
        expect_served(&all.peer, administrative[index], true);
    }
    expect_served(&stage.peer, READ, true);
    expect_served(&application.peer, READ, true);
    expect_served(&administration.peer, READ, false);
    expect_served(&all.peer, READ, true);
    struct peer *const peers[] = {&stage.peer, &application.peer, &administration.peer, &all.peer};
    for (size_t index = 0; index < NNRPC_LENGTH(peers); index++) {
        expect_served(peers[index], HEALTH_CHECK, true);
    }
    peer_close(&application.peer);
    peer_close(&administration.peer);
    peer_close(&all.peer);
    stage_end(&stage);
}

static void a_service_of_the_application_may_be_administrative(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct probe *probe = probe_new(NULL);
    struct place administration;
    listen_for(probe, "own", NNRPC_LISTEN_ADMINISTRATION, &administration);
    assert_int_equal(
        nnrpc_server_set_administrative(probe->server, "probe.v1.ProbeService", NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_server_set_administrative(probe->server, "probe.v1.None", &status), NNRPC_NOT_FOUND);
    assert_string_equal(status.reason, "SERVICE_NOT_FOUND");
    struct stage stage;
    stage_begin_with(&stage, probe);
    peer_open(&administration.peer, administration.url);
    expect_served(&stage.peer, READ, false);
    expect_served(&administration.peer, READ, true);
    peer_close(&administration.peer);
    stage_end(&stage);
}

/* --- Under load --------------------------------------------------------------------------- */

/* Everything that the server bounds is used up on the other address: calls in flight, and the
 * queues of both pools. */
static void load_does_not_touch_administration(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {
        .max_calls_in_flight = 4,
        .slow_workers = 1,
        .worker_queue_calls = 1,
        .frame_budget_us = 60000000};
    struct probe *probe = probe_new(&options);
    struct place administration;
    listen_for(probe, "calm", NNRPC_LISTEN_ADMINISTRATION, &administration);
    struct stage stage;
    stage_begin_with(&stage, probe);
    peer_open(&administration.peer, administration.url);
    Probe__V1__ReadRequest busy = read_of("");
    busy.work_us = 300000;
    Nnrpc__V1__RequestFrame *frame = frame_new();
    for (unsigned index = 0; index < 4; index++) {
        frame_add(frame, SLOW_READ, &busy.base);
    }
    peer_send(&stage.peer, frame);
    struct peer other;
    peer_open(&other, probe->url);
    Nnrpc__V1__ResponseFrame *answer = NULL;
    Probe__V1__ReadRequest plain = read_of("");
    bool is_overloaded = false;
    while (!is_overloaded) { /* until the other frame has been received */
        answer = peer_exchange(&other, frame_of(READ, &plain.base));
        is_overloaded = strcmp(response_reason(answer->responses[0]), "OVERLOADED") == 0;
        frame_free_answer(answer);
    }
    for (unsigned index = 0; index < 8; index++) {
        frame = frame_new();
        for (unsigned call = 0; call < 8; call++) {
            frame_add_bytes(frame, GET_STATS, NULL, 0);
        }
        answer = peer_exchange(&administration.peer, frame);
        for (unsigned call = 0; call < 8; call++) {
            assert_int_equal(response_code(answer->responses[call]), NNRPC_OK);
        }
        frame_free_answer(answer);
    }
    frame_free_answer(peer_receive(&stage.peer, 10000));
    peer_close(&other);
    peer_close(&administration.peer);
    stage_end(&stage);
}

static void administration_has_a_worker_of_its_own(void **state) {
    (void)state;
    const struct nnrpc_server_options options = {.slow_workers = 1};
    struct probe *probe = probe_new(&options);
    struct place administration;
    listen_for(probe, "worker", NNRPC_LISTEN_ALL, &administration);
    struct stage stage;
    assert_int_equal(
        nnrpc_server_set_administrative(probe->server, "probe.v1.ProbeService", NULL), NNRPC_OK);
    stage_begin_with(&stage, probe);
    peer_open(&administration.peer, administration.url);
    Probe__V1__ReadRequest slow = read_of("slow");
    Probe__V1__ReadRequest moved = read_of("moved");
    moved.offload = 1;
    Nnrpc__V1__RequestFrame *frame = frame_new();
    frame_add(frame, SLOW_READ, &slow.base);
    frame_add(frame, READ, &moved.base);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&administration.peer, frame);
    expect_text(answer->responses[0], "slow");
    expect_text(answer->responses[1], "moved");
    assert_true(was_offloaded(answer->responses[0]));
    assert_true(was_offloaded(answer->responses[1]));
    frame_free_answer(answer);
    peer_close(&administration.peer);
    stage_end(&stage);
}

static void *stop(void *server) {
    nnrpc_server_stop(server);
    return NULL;
}

/* A call that no limit counts is finished all the same before the server ends. */
static void administration_is_finished_by_a_server_that_stops(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    struct place administration;
    listen_for(probe, "stop", NNRPC_LISTEN_ADMINISTRATION, &administration);
    assert_int_equal(
        nnrpc_server_set_administrative(probe->server, "probe.v1.ProbeService", NULL), NNRPC_OK);
    probe_start(probe);
    peer_open(&administration.peer, administration.url);
    Probe__V1__WriteRequest held = PROBE__V1__WRITE_REQUEST__INIT;
    held.held = 1;
    peer_send(&administration.peer, frame_of(WRITE, &held.base));
    probe_await_held(probe, 1);
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop, probe->server), 0);
    const struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    probe_let_go(probe);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&administration.peer, 10000);
    assert_non_null(answer);
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    frame_free_answer(answer);
    pthread_join(stopper, NULL);
    peer_close(&administration.peer);
    probe_free(probe);
}

/* --- Addresses ---------------------------------------------------------------------------- */

static void addresses_are_checked_before_anything_is_made(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_server_check_address("tcp://[::1]:4000", NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_check_address("inproc://name", NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_server_check_address("tcp://localhost:4000", &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.reason, "INVALID_ADDRESS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_address_for_administration_all_is_served_everywhere),
        cmocka_unit_test(each_address_serves_its_part),
        cmocka_unit_test(a_service_of_the_application_may_be_administrative),
        cmocka_unit_test(load_does_not_touch_administration),
        cmocka_unit_test(administration_has_a_worker_of_its_own),
        cmocka_unit_test(administration_is_finished_by_a_server_that_stops),
        cmocka_unit_test(addresses_are_checked_before_anything_is_made),
    };
    return cmocka_run_group_tests_name("server administration", tests, NULL, NULL);
}
