/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why lanes have one frame outstanding: a raw REP socket drops a reply while the pipe to that peer
 * is busy. The first test shows that it does; the others put the same load on lanes.
 */
#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"

#define REQUESTS 256
#define REPLY_BYTES 20000
#define READ_LATE_MS 800
#define QUIET_MS 1000

/* --- nanomsg alone ------------------------------------------------------------------------ */

struct bare_echo {
    int socket;
    unsigned answered; /* handed to nn_sendmsg(), which said that it went well */
};

/* Sends what nanomsg itself calls the header of a request. */
static void send_with_header(int socket, void *body, const void *header, size_t header_size) {
    _Alignas(struct nn_cmsghdr) uint8_t control[128] = {0};
    struct nn_cmsghdr head = {
        .cmsg_len = NN_CMSG_SPACE(sizeof(size_t) + header_size),
        .cmsg_level = PROTO_SP,
        .cmsg_type = SP_HDR,
    };
    memcpy(control, &head, sizeof(head));
    memcpy(control + sizeof(head), &header_size, sizeof(header_size));
    memcpy(control + sizeof(head) + sizeof(header_size), header, header_size);
    struct nn_iovec part = {.iov_base = &body, .iov_len = NN_MSG};
    struct nn_msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = head.cmsg_len,
    };
    if (nn_sendmsg(socket, &message, 0) < 0) {
        abort();
    }
}

/* Receives a message and its header; false after the socket's timeout. */
static bool receive_with_header(int socket, void **out_body, uint8_t *header, size_t *out_size) {
    _Alignas(struct nn_cmsghdr) uint8_t control[128] = {0};
    struct nn_iovec part = {.iov_base = out_body, .iov_len = NN_MSG};
    struct nn_msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    if (nn_recvmsg(socket, &message, 0) < 0) {
        return false;
    }
    memcpy(out_size, control + sizeof(struct nn_cmsghdr), sizeof(*out_size));
    memcpy(header, control + sizeof(struct nn_cmsghdr) + sizeof(size_t), *out_size);
    return true;
}

static void *answer_all(void *argument) {
    struct bare_echo *echo = argument;
    uint8_t header[64];
    size_t header_size = 0;
    void *body = NULL;
    while (echo->answered < REQUESTS &&
           receive_with_header(echo->socket, &body, header, &header_size)) {
        (void)nn_freemsg(body);
        void *reply = nn_allocmsg(REPLY_BYTES, 0);
        memset(reply, 0, REPLY_BYTES);
        send_with_header(echo->socket, reply, header, header_size);
        echo->answered++;
    }
    return NULL;
}

static int open_socket(int protocol, int timeout_ms) {
    int socket = nn_socket(AF_SP_RAW, protocol);
    assert_true(socket >= 0);
    assert_int_equal(
        nn_setsockopt(socket, NN_SOL_SOCKET, NN_RCVTIMEO, &timeout_ms, sizeof(timeout_ms)), 0);
    return socket;
}

static void raw_sockets_lose_replies_that_are_pipelined(void **state) {
    (void)state;
    char folder[SCRIPTED_FOLDER_BYTES];
    char url[64];
    scripted_folder_make(folder);
    (void)snprintf(url, sizeof(url), "ipc://%s/s", folder);
    struct bare_echo echo = {.socket = open_socket(NN_REP, 10000)};
    assert_true(nn_bind(echo.socket, url) >= 0);
    int caller = open_socket(NN_REQ, QUIET_MS);
    assert_true(nn_connect(caller, url) >= 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer_all, &echo), 0);
    for (unsigned i = 0; i < REQUESTS; i++) {
        const uint8_t id[4] = {0x80, 0, (uint8_t)(i >> 8), (uint8_t)i};
        void *body = nn_allocmsg(8, 0);
        memset(body, 0, 8);
        send_with_header(caller, body, id, sizeof(id));
    }
    lanes_pause_ms(READ_LATE_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(echo.answered, REQUESTS); /* the server believes that it answered all */
    unsigned received = 0;
    uint8_t header[64];
    size_t header_size = 0;
    void *body = NULL;
    while (receive_with_header(caller, &body, header, &header_size)) {
        (void)nn_freemsg(body);
        received++;
    }
    assert_in_range(received, 1, REQUESTS - 1);
    assert_int_equal(nn_close(caller), 0);
    assert_int_equal(nn_close(echo.socket), 0);
    scripted_folder_remove(folder);
}

/* --- Lanes -------------------------------------------------------------------------------- */

/* Starts many reads at once, lets them wait, and expects every answer. */
static void expect_all_answers(
    const struct nnrpc_client_options *options, size_t count, uint32_t padding_bytes,
    long read_late_ms) {
    struct lanes lanes;
    lanes_open(&lanes, NULL, options);
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_pending **calls = calloc(count, sizeof(struct nnrpc_pending *));
    assert_non_null(calls);
    char text[24];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text, sizeof(text), "%zu", i);
        calls[i] = lanes_start_read(lanes.client, NULL, text, padding_bytes);
    }
    lanes_pause_ms(read_late_ms);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text, sizeof(text), "%zu", i);
        if (lanes_finish_read(calls[i], text, &status) != NNRPC_OK) {
            fail_msg("call %zu: %s", i, status.message);
        }
    }
    assert_int_equal(atomic_load(&lanes.server.call_count), count);
    free(calls);
    lanes_close(&lanes);
}

static void lanes_lose_none_of_the_same_replies(void **state) {
    (void)state;
    expect_all_answers(NULL, REQUESTS, REPLY_BYTES, READ_LATE_MS);
}

static void lanes_lose_none_when_frames_are_small(void **state) {
    (void)state;
    const struct nnrpc_client_options options = {.max_frame_calls = 1, .lanes = {8, 1, 1}};
    expect_all_answers(&options, REQUESTS, REPLY_BYTES, 0);
}

static void a_thousand_calls_in_flight_from_one_thread_are_answered(void **state) {
    (void)state;
    expect_all_answers(NULL, 1000, 10, 0);
}

static void replies_of_many_mebibytes_are_answered(void **state) {
    (void)state;
    expect_all_answers(NULL, 96, 200000, 100); /* frames of up to 12.8 MB */
}

struct caller {
    struct nnrpc_client *client;
    unsigned number;
    unsigned failures;
    char problem[NNRPC_STATUS_MESSAGE_BYTES];
};

static void *call_often(void *argument) {
    struct caller *caller = argument;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    for (unsigned i = 0; i < 100; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%u.%u", caller->number, i);
        enum nnrpc_code code = i % 4 == 3 ? lanes_write(caller->client, NULL, text, &status)
                                          : lanes_read(caller->client, NULL, text, 1000, &status);
        if (code != NNRPC_OK) {
            caller->failures++;
            (void)snprintf(caller->problem, sizeof(caller->problem), "%s", status.message);
        }
    }
    return NULL;
}

static void thirty_two_threads_share_a_client(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, NULL, NULL);
    pthread_t threads[32];
    struct caller callers[32];
    for (unsigned i = 0; i < 32; i++) {
        callers[i] = (struct caller){.client = lanes.client, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (callers[i].failures > 0) {
            fail_msg("thread %u: %u failed: %s", i, callers[i].failures, callers[i].problem);
        }
    }
    assert_int_equal(atomic_load(&lanes.server.call_count), 3200);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_sockets_lose_replies_that_are_pipelined),
        cmocka_unit_test(lanes_lose_none_of_the_same_replies),
        cmocka_unit_test(lanes_lose_none_when_frames_are_small),
        cmocka_unit_test(a_thousand_calls_in_flight_from_one_thread_are_answered),
        cmocka_unit_test(replies_of_many_mebibytes_are_answered),
        cmocka_unit_test(thirty_two_threads_share_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
