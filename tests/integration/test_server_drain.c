/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a server: nothing that was answered is lost, nothing new is taken, and it ends.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "nnrpc/v1/health_service.pb-c.h"
#include "stage.h"

#define HEALTH_CHECK "nnrpc.v1.HealthService/Check"

/* --- Helpers ------------------------------------------------------------------------------ */

/* With an address on tcp, too. */
static void begin_on_both(struct stage *stage, const struct nnrpc_server_options *options) {
    struct probe *probe = probe_new(options);
    probe_listen_tcp(probe);
    stage_begin_with(stage, probe);
}

static void *stop(void *server) {
    nnrpc_server_stop(server);
    return NULL;
}

static pthread_t start_stopping(struct probe *probe) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop, probe->server), 0);
    return thread;
}

static void pause_ms(unsigned milliseconds) {
    struct timespec pause = {
        .tv_sec = milliseconds / 1000,
        .tv_nsec = (long)(milliseconds % 1000) * 1000000,
    };
    nanosleep(&pause, NULL);
}

static Nnrpc__V1__ServingStatus health_of(struct peer *peer) {
    static const Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of(HEALTH_CHECK, &request.base));
    Nnrpc__V1__CheckResponse *message = (Nnrpc__V1__CheckResponse *)response_message(
        answer->responses[0], &nnrpc__v1__check_response__descriptor);
    Nnrpc__V1__ServingStatus status = message->status;
    nnrpc__v1__check_response__free_unpacked(message, NULL);
    frame_free_answer(answer);
    return status;
}

/* Waits until the server drains, as health tells it. */
static void await_draining(struct peer *peer) {
    while (health_of(peer) == NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING) {
        pause_ms(1);
    }
}

/* --- Draining ----------------------------------------------------------------------------- */

static void a_draining_server_finishes_calls_and_refuses_new_ones(void **state) {
    (void)state;
    struct stage stage;
    begin_on_both(&stage, NULL);
    struct peer other;
    peer_open(&other, stage.probe->tcp_url);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    assert_int_equal(health_of(&other), NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
    pthread_t stopper = start_stopping(stage.probe);
    await_draining(&other);
    assert_int_equal(health_of(&other), NNRPC__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING);
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(&other, frame_of(WRITE, &write.base));
    assert_response(answer->responses[0], NNRPC_UNAVAILABLE, "SHUTTING_DOWN");
    frame_free_answer(answer);
    assert_null(peer_receive(&stage.peer, 20));
    probe_let_go(stage.probe);
    answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    frame_free_answer(answer);
    pthread_join(stopper, NULL);
    assert_int_equal(stage.probe->write_count, 1);
    peer_close(&other);
    stage_end(&stage);
}

/* A peer that keeps its received bytes in the kernel until it reads: nanomsg's own protocol over a
 * plain socket. A nanomsg peer would take whatever comes at once. */
struct plain_peer {
    int descriptor;
    bool is_local;
};

static void write_all(int descriptor, const void *bytes, size_t size) {
    assert_int_equal(send(descriptor, bytes, size, MSG_NOSIGNAL), size);
}

static void read_all(int descriptor, uint8_t *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = recv(descriptor, bytes + done, size - done, 0);
        assert_true(got > 0);
        done += (size_t)got;
    }
}

static void plain_open(struct plain_peer *plain, const struct probe *probe, bool is_local) {
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in network = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((in_port_t)atoi(strrchr(probe->tcp_url, ':') + 1)),
    };
    snprintf(local.sun_path, sizeof(local.sun_path), "%s/s", probe->folder);
    plain->is_local = is_local;
    plain->descriptor = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(plain->descriptor >= 0);
    assert_int_equal(
        is_local ? connect(plain->descriptor, (struct sockaddr *)&local, sizeof(local))
                 : connect(plain->descriptor, (struct sockaddr *)&network, sizeof(network)),
        0);
    static const uint8_t hello[] = {0, 'S', 'P', 0, 0, 0x30, 0, 0}; /* a REQ */
    uint8_t answer[sizeof(hello)];
    write_all(plain->descriptor, hello, sizeof(hello));
    read_all(plain->descriptor, answer, sizeof(answer));
    assert_int_equal(answer[5], 0x31); /* a REP */
}

/* A 1 on a local socket, the length in eight bytes, big-endian, and a request id. */
static void plain_send(const struct plain_peer *plain, Nnrpc__V1__RequestFrame *frame) {
    uint8_t bytes[256] = {1};
    size_t size = nnrpc__v1__request_frame__get_packed_size(frame) + 4;
    size_t start = plain->is_local ? 1 : 0;
    assert_true(start + 8 + size <= sizeof(bytes));
    memset(bytes + start, 0, 7);
    bytes[start + 7] = (uint8_t)size;
    memcpy(bytes + start + 8, "\x80\x00\x00\x01", 4);
    nnrpc__v1__request_frame__pack(frame, bytes + start + 12);
    nnrpc__v1__request_frame__free_unpacked(frame, NULL);
    write_all(plain->descriptor, bytes, start + 8 + size);
}

/* Reads a whole reply and returns the size of its frame. */
static size_t plain_receive(const struct plain_peer *plain) {
    uint8_t header[9];
    size_t header_size = plain->is_local ? 9 : 8;
    read_all(plain->descriptor, header, header_size);
    size_t size = 0;
    for (size_t index = header_size - 8; index < header_size; index++) {
        size = size << 8 | header[index];
    }
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    read_all(plain->descriptor, bytes, size);
    free(bytes);
    return size - 4;
}

/* Replies of 16 MiB stay in nanomsg's memory, far above what the kernel takes, while their peers do
 * not read: they must not go down with the socket. */
static void replies_that_peers_take_late_are_not_lost(void **state) {
    (void)state;
    struct stage stage;
    begin_on_both(&stage, NULL);
    struct plain_peer peers[4];
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    write.padding_bytes = (16 << 20) - 300;
    for (size_t index = 0; index < NNRPC_LENGTH(peers); index++) {
        Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
        frame->max_reply_bytes = 16 << 20;
        plain_open(&peers[index], stage.probe, index % 2 == 0);
        plain_send(&peers[index], frame);
    }
    probe_await_held(stage.probe, NNRPC_LENGTH(peers));
    pthread_t stopper = start_stopping(stage.probe);
    probe_let_go(stage.probe);
    pause_ms(600);
    for (size_t index = 0; index < NNRPC_LENGTH(peers); index++) {
        assert_true(plain_receive(&peers[index]) > write.padding_bytes);
    }
    pthread_join(stopper, NULL);
    for (size_t index = 0; index < NNRPC_LENGTH(peers); index++) {
        close(peers[index].descriptor);
    }
    stage_end(&stage);
}

static void peers_that_never_read_do_not_hold_a_server_up_for_long(void **state) {
    (void)state;
    struct stage stage;
    begin_on_both(&stage, NULL);
    struct plain_peer peer;
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.padding_bytes = (16 << 20) - 300;
    Nnrpc__V1__RequestFrame *frame = frame_of(WRITE, &write.base);
    frame->max_reply_bytes = 16 << 20;
    plain_open(&peer, stage.probe, true);
    plain_send(&peer, frame);
    probe_await_writes(stage.probe, 1);
    uint64_t start_ns = nnrpc_clock_ns();
    nnrpc_server_stop(stage.probe->server);
    assert_in_range((nnrpc_clock_ns() - start_ns) / 1000000, 1000, 10000);
    close(peer.descriptor);
    stage_end(&stage);
}

/* What the kernel has handed over is not yet fetched: callers get a moment for that. */
static void a_caller_that_looks_a_moment_later_finds_its_reply(void **state) {
    (void)state;
    struct stage stage;
    begin_on_both(&stage, NULL);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    pthread_t stopper = start_stopping(stage.probe);
    probe_let_go(stage.probe);
    pause_ms(100);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
    assert_non_null(answer);
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    frame_free_answer(answer);
    pthread_join(stopper, NULL);
    stage_end(&stage);
}

static void draining_ends_after_drain_ms_whatever_is_in_flight(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.drain_ms = 100};
    begin_on_both(&stage, &options);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    uint64_t start_ns = nnrpc_clock_ns();
    nnrpc_server_stop(stage.probe->server);
    uint64_t took_ms = (nnrpc_clock_ns() - start_ns) / 1000000;
    assert_in_range(took_ms, 100, 3000);
    /* Answered after the server has stopped: to whoever still listens. */
    probe_let_go(stage.probe);
    stage_end(&stage);
}

static void calls_that_wait_for_a_worker_past_drain_ms_are_refused(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.drain_ms = 150, .slow_workers = 1};
    begin_on_both(&stage, &options);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest busy = PROBE__V1__READ_REQUEST__INIT;
    busy.work_us = 100000;
    for (unsigned index = 0; index < 100; index++) {
        frame_add(frame, SLOW_READ, &busy.base);
    }
    peer_send(&stage.peer, frame);
    pause_ms(20);
    uint64_t start_ns = nnrpc_clock_ns();
    pthread_t stopper = start_stopping(stage.probe);
    Nnrpc__V1__ResponseFrame *answer = peer_receive(&stage.peer, 10000);
    pthread_join(stopper, NULL);
    assert_in_range((nnrpc_clock_ns() - start_ns) / 1000000, 150, 4000);
    assert_non_null(answer);
    assert_int_equal(response_code(answer->responses[0]), NNRPC_OK);
    assert_response(answer->responses[99], NNRPC_UNAVAILABLE, "SHUTTING_DOWN");
    frame_free_answer(answer);
    stage_end(&stage);
}

static void a_call_may_be_answered_after_its_server_was_freed(void **state) {
    (void)state;
    struct stage stage;
    struct nnrpc_server_options options = {.drain_ms = 10};
    begin_on_both(&stage, &options);
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    peer_send(&stage.peer, frame_of(WRITE, &write.base));
    probe_await_held(stage.probe, 1);
    nnrpc_server_free(stage.probe->server);
    stage.probe->server = NULL;
    probe_let_go(stage.probe);
    stage_end(&stage);
}

static void a_server_that_never_started_is_released(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    nnrpc_server_stop(probe->server);
    probe_free(probe);
    nnrpc_server_free(NULL);
}

static void a_server_starts_once(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    probe_start(probe);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_server_start(probe->server, &status), NNRPC_FAILED_PRECONDITION);
    nnrpc_server_stop(probe->server);
    nnrpc_server_stop(probe->server);
    assert_int_equal(nnrpc_server_start(probe->server, NULL), NNRPC_FAILED_PRECONDITION);
    probe_free(probe);
}

/* --- Under load --------------------------------------------------------------------------- */

/* A caller that sends frame after frame until it is refused or loses its connection. What it knows
 * to be done must be what the server has done, but for the frame that was on its way. */
struct caller {
    struct probe *probe;
    const char *url;
    pthread_t thread;
    unsigned answered; /* writes answered OK */
    unsigned refused;
    unsigned lost; /* frames without an answer */
};

static Nnrpc__V1__RequestFrame *mixed_frame(void) {
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest read = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    read.padding_bytes = 2000;
    write.padding_bytes = 10000;
    for (unsigned index = 0; index < 8; index++) {
        frame_add(frame, READ, &read.base);
        frame_add(frame, WRITE, &write.base);
    }
    return frame;
}

static void count_answer(struct caller *caller, const Nnrpc__V1__ResponseFrame *answer) {
    for (size_t index = 1; index < answer->n_responses; index += 2) {
        const Nnrpc__V1__Response *response = answer->responses[index];
        caller->answered += response_code(response) == NNRPC_OK;
        caller->refused += response_code(response) == NNRPC_UNAVAILABLE;
    }
}

static void *call_until_refused(void *argument) {
    struct caller *caller = argument;
    struct peer peer;
    peer_open(&peer, caller->url);
    while (caller->refused == 0 && caller->lost == 0) {
        peer_send(&peer, mixed_frame());
        Nnrpc__V1__ResponseFrame *answer = peer_receive(&peer, 10000);
        if (answer == NULL) {
            caller->lost++;
        } else {
            count_answer(caller, answer);
            frame_free_answer(answer);
        }
    }
    peer_close(&peer);
    return NULL;
}

static void draining_under_load_loses_no_answered_call(void **state) {
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        struct stage stage;
        begin_on_both(&stage, NULL);
        struct caller callers[6];
        unsigned answered = 0;
        for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
            struct probe *probe = stage.probe;
            callers[index] = (struct caller){
                .probe = probe, .url = index % 2 == 0 ? probe->url : probe->tcp_url};
            pthread_create(&callers[index].thread, NULL, call_until_refused, &callers[index]);
        }
        probe_await_writes(stage.probe, 500);
        nnrpc_server_stop(stage.probe->server);
        for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
            pthread_join(callers[index].thread, NULL);
            /* The receivers refuse until all is sent, so each caller was told. */
            assert_int_equal(callers[index].lost, 0);
            answered += callers[index].answered;
        }
        assert_int_equal(answered, stage.probe->write_count);
        stage_end(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draining_server_finishes_calls_and_refuses_new_ones),
        cmocka_unit_test(replies_that_peers_take_late_are_not_lost),
        cmocka_unit_test(peers_that_never_read_do_not_hold_a_server_up_for_long),
        cmocka_unit_test(a_caller_that_looks_a_moment_later_finds_its_reply),
        cmocka_unit_test(draining_ends_after_drain_ms_whatever_is_in_flight),
        cmocka_unit_test(calls_that_wait_for_a_worker_past_drain_ms_are_refused),
        cmocka_unit_test(a_call_may_be_answered_after_its_server_was_freed),
        cmocka_unit_test(a_server_that_never_started_is_released),
        cmocka_unit_test(a_server_starts_once),
        cmocka_unit_test(draining_under_load_loses_no_answered_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
