/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One server on every kind of address at once: each of them carries calls, large frames, a drain
 * and a restart alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"
#include "nnrpc/client.h"
#include "stage.h"

#define LARGE_REQUEST_BYTES 1000000
#define LARGE_REPLY_BYTES (6u << 20)
#define THREADS 6
#define CALLS_PER_THREAD 200
#define PATIENCE_MS 120000

/* --- A server on all of them -------------------------------------------------------------- */

static const char *const address_forms[] = {
    "tcp://127.0.0.1:%u", "tcp://[::1]:%u", "ws://127.0.0.1:%u", "ws://[::1]:%u", "inproc://t%u",
};

#define ADDRESSES (1 + NNRPC_LENGTH(address_forms))

/* The probe's own ipc address comes first. */
struct house {
    struct probe *probe;
    char urls[ADDRESSES][PROBE_URL_BYTES];
};

static void listen_on(struct probe *probe, const char *url) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_server_listen(probe->server, url, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

static void house_open(struct house *house) {
    house->probe = probe_new(NULL);
    strcpy(house->urls[0], house->probe->url);
    for (size_t index = 1; index < ADDRESSES; index++) {
        snprintf(house->urls[index], PROBE_URL_BYTES, address_forms[index - 1], probe_free_port());
        listen_on(house->probe, house->urls[index]);
    }
    probe_start(house->probe);
}

/* A server like the one before, on its addresses but the first. */
static void house_reopen(struct house *house) {
    house->probe = probe_new(NULL);
    strcpy(house->urls[0], house->probe->url);
    for (size_t index = 1; index < ADDRESSES; index++) {
        listen_on(house->probe, house->urls[index]);
    }
    probe_start(house->probe);
}

static struct nnrpc_client *client_of(const char *url) {
    const struct nnrpc_client_options options = {
        .endpoints = &url, .endpoint_count = 1, .timeout_ms = PATIENCE_MS};
    struct nnrpc_client *client = NULL;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    return client;
}

static Probe__V1__ReadResponse *read_from(
    struct nnrpc_client *client, const Probe__V1__ReadRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Probe__V1__ReadResponse *response = NULL;
    if (probe_service_read(client, NULL, request, &response, &status) != NNRPC_OK) {
        print_error("%s: %s\n", status.reason, status.message);
        return NULL;
    }
    return response;
}

/* --- Calls -------------------------------------------------------------------------------- */

static void every_kind_of_address_carries_calls(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    for (size_t index = 0; index < ADDRESSES; index++) {
        struct nnrpc_client *client = client_of(house.urls[index]);
        Probe__V1__ReadRequest request = read_of("hello");
        Probe__V1__ReadResponse *response = read_from(client, &request);
        assert_non_null(response);
        assert_string_equal(response->text, "hello");
        assert_string_equal(response->address, house.urls[index]);
        probe__v1__read_response__free_unpacked(response, NULL);
        nnrpc_client_free(client);
    }
    probe_free(house.probe);
}

static void every_kind_of_address_carries_large_frames(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    char *text = malloc(LARGE_REQUEST_BYTES + 1);
    assert_non_null(text);
    memset(text, 'x', LARGE_REQUEST_BYTES);
    text[LARGE_REQUEST_BYTES] = '\0';
    for (size_t index = 0; index < ADDRESSES; index++) {
        struct nnrpc_client *client = client_of(house.urls[index]);
        Probe__V1__ReadRequest request = read_of(text);
        request.padding_bytes = LARGE_REPLY_BYTES;
        for (unsigned round = 0; round < 3; round++) {
            Probe__V1__ReadResponse *response = read_from(client, &request);
            assert_non_null(response);
            assert_string_equal(response->text, text);
            assert_int_equal(response->padding.len, LARGE_REPLY_BYTES);
            probe__v1__read_response__free_unpacked(response, NULL);
        }
        nnrpc_client_free(client);
    }
    free(text);
    probe_free(house.probe);
}

struct caller {
    const char *url;
    unsigned answered;
};

static void *call_often(void *argument) {
    struct caller *caller = argument;
    struct nnrpc_client *client = client_of(caller->url);
    for (unsigned round = 0; round < CALLS_PER_THREAD; round++) {
        Probe__V1__ReadRequest request = read_of("often");
        request.offload = round % 4 == 0;
        Probe__V1__ReadResponse *response = read_from(client, &request);
        caller->answered += response != NULL;
        if (response != NULL) {
            probe__v1__read_response__free_unpacked(response, NULL);
        }
    }
    nnrpc_client_free(client);
    return NULL;
}

/* Several peers on each, all at the same time. */
static void all_of_them_carry_calls_of_many_peers_at_once(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    struct caller callers[THREADS * ADDRESSES] = {0};
    pthread_t threads[NNRPC_LENGTH(callers)];
    for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
        callers[index].url = house.urls[index % ADDRESSES];
        assert_int_equal(pthread_create(&threads[index], NULL, call_often, &callers[index]), 0);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(callers); index++) {
        assert_int_equal(pthread_join(threads[index], NULL), 0);
        assert_int_equal(callers[index].answered, CALLS_PER_THREAD);
    }
    probe_free(house.probe);
}

/* --- The end of a server ------------------------------------------------------------------ */

static void *stop(void *server) {
    nnrpc_server_stop(server);
    return NULL;
}

/* Waits until a call is refused because the server drains. */
static void await_draining(const char *url) {
    struct peer peer;
    peer_open(&peer, url);
    Probe__V1__ReadRequest request = read_of("");
    bool drains = false;
    while (!drains) {
        Nnrpc__V1__ResponseFrame *answer = peer_exchange(&peer, frame_of(READ, &request.base));
        drains = strcmp(response_reason(answer->responses[0]), "SHUTTING_DOWN") == 0;
        frame_free_answer(answer);
    }
    peer_close(&peer);
}

struct waiting {
    struct peer peer;
    Nnrpc__V1__ResponseFrame *answer;
};

static void *await_answer(void *argument) {
    struct waiting *waiting = argument;
    waiting->answer = peer_receive(&waiting->peer, 20000);
    return NULL;
}

/* The answers are large, so that a socket library that is cut off would lose some of them. */
static void a_draining_server_answers_on_every_kind_of_address(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    struct waiting waiting[ADDRESSES];
    pthread_t threads[ADDRESSES];
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    write.held = 1;
    write.padding_bytes = 900000;
    for (size_t index = 0; index < ADDRESSES; index++) {
        peer_open(&waiting[index].peer, house.urls[index]);
        peer_send(&waiting[index].peer, frame_of(WRITE, &write.base));
        pthread_create(&threads[index], NULL, await_answer, &waiting[index]);
    }
    probe_await_held(house.probe, ADDRESSES);
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop, house.probe->server), 0);
    for (size_t index = 0; index < ADDRESSES; index++) {
        await_draining(house.urls[index]);
    }
    probe_let_go(house.probe);
    pthread_join(stopper, NULL);
    for (size_t index = 0; index < ADDRESSES; index++) {
        pthread_join(threads[index], NULL);
        if (waiting[index].answer == NULL) {
            fail_msg("the answer over %s was lost", house.urls[index]);
        }
        assert_int_equal(response_code(waiting[index].answer->responses[0]), NNRPC_OK);
        frame_free_answer(waiting[index].answer);
        peer_close(&waiting[index].peer);
    }
    probe_free(house.probe);
}

static void clients_find_a_server_that_came_back(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    struct nnrpc_client *clients[ADDRESSES];
    Probe__V1__ReadRequest request = read_of("again");
    for (size_t index = 1; index < ADDRESSES; index++) {
        clients[index] = client_of(house.urls[index]);
        Probe__V1__ReadResponse *response = read_from(clients[index], &request);
        assert_non_null(response);
        probe__v1__read_response__free_unpacked(response, NULL);
    }
    probe_free(house.probe);
    house_reopen(&house);
    for (size_t index = 1; index < ADDRESSES; index++) {
        Probe__V1__ReadResponse *response = read_from(clients[index], &request);
        if (response == NULL) {
            fail_msg("%s was not found again", house.urls[index]);
        }
        assert_string_equal(response->address, house.urls[index]);
        probe__v1__read_response__free_unpacked(response, NULL);
        nnrpc_client_free(clients[index]);
    }
    probe_free(house.probe);
}

static void a_connection_notices_that_its_server_is_gone(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    struct peer peers[ADDRESSES];
    for (size_t index = 0; index < ADDRESSES; index++) {
        Probe__V1__ReadRequest request = read_of("");
        peer_open(&peers[index], house.urls[index]);
        frame_free_answer(peer_exchange(&peers[index], frame_of(READ, &request.base)));
    }
    probe_free(house.probe);
    for (size_t index = 0; index < ADDRESSES; index++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        void *body = nnrpc_body_new(1);
        enum nnrpc_progress progress = NNRPC_PROGRESS_WAITING;
        uint64_t begin_ns = nnrpc_clock_ns();
        while (progress == NNRPC_PROGRESS_WAITING) {
            progress = nnrpc_connection_try_send(peers[index].connection, &body, &status);
            nnrpc_connections_wait(&peers[index].connection, 1, -1, begin_ns + 5000000000u);
        }
        assert_int_equal(progress, NNRPC_PROGRESS_FAILED);
        assert_string_equal(status.reason, "UNREACHABLE");
        nnrpc_body_free(body);
        peer_close(&peers[index]);
    }
}

/* --- Names within the process ------------------------------------------------------------- */

static void a_name_is_listened_on_once(void **state) {
    (void)state;
    struct probe *probe = probe_new(NULL);
    listen_on(probe, "inproc://once");
    for (unsigned round = 0; round < 600; round++) { /* more than there are sockets */
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        assert_int_equal(
            nnrpc_server_listen(probe->server, "inproc://once", &status), NNRPC_UNAVAILABLE);
        assert_string_equal(status.reason, "ADDRESS_UNAVAILABLE");
    }
    probe_start(probe);
    probe_free(probe);
    probe = probe_new(NULL);
    listen_on(probe, "inproc://once");
    probe_free(probe);
}

static void a_name_that_nobody_listens_on_is_refused_at_once(void **state) {
    (void)state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_connection *connection = NULL;
    assert_int_equal(nnrpc_connection_open("inproc://none", 1000, &connection, NULL), NNRPC_OK);
    void *body = nnrpc_body_new(1);
    assert_int_equal(nnrpc_connection_try_send(connection, &body, &status), NNRPC_PROGRESS_FAILED);
    assert_string_equal(
        status.message, "server \"inproc://none\": nobody in this process listens there");
    nnrpc_body_free(body);
    nnrpc_connection_close(connection);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_address_carries_calls),
        cmocka_unit_test(every_kind_of_address_carries_large_frames),
        cmocka_unit_test(all_of_them_carry_calls_of_many_peers_at_once),
        cmocka_unit_test(a_draining_server_answers_on_every_kind_of_address),
        cmocka_unit_test(clients_find_a_server_that_came_back),
        cmocka_unit_test(a_connection_notices_that_its_server_is_gone),
        cmocka_unit_test(a_name_is_listened_on_once),
        cmocka_unit_test(a_name_that_nobody_listens_on_is_refused_at_once),
    };
    return cmocka_run_group_tests_name("transports", tests, NULL, NULL);
}
