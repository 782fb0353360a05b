/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several endpoints: which ones get calls, when they get none, and how they come back; endpoints
 * that fall silent; and cancellations, which go to the endpoint that has the call.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lanes.h"
#include "nnrpc/v1/control_service.nnrpc.h"
#include "nnrpc/v1/health_service.nnrpc.h"

#define CHECK "nnrpc.v1.HealthService/Check"
#define CANCEL "nnrpc.v1.ControlService/CancelCalls"

/* --- Two servers -------------------------------------------------------------------------- */

/* What one of them does. */
struct role {
    atomic_uint read_count;
    atomic_uint check_count;
    atomic_bool serves;     /* else its health service says no */
    atomic_bool is_leaving; /* refuses what it is asked */
};

struct pair {
    struct scripted_server servers[2];
    struct role roles[2];
    char folder[SCRIPTED_FOLDER_BYTES];
    char urls[2][64];
    struct lanes lanes;
};

static void answer_check(Nnrpc__V1__Response *response, bool serves) {
    Nnrpc__V1__CheckResponse check = NNRPC__V1__CHECK_RESPONSE__INIT;
    check.status = serves ? NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING
                          : NNRPC__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
    uint8_t packed[16];
    size_t size = nnrpc__v1__check_response__pack(&check, packed);
    scripted_set_message(response, packed, size);
}

static enum scripted_act play(struct scripted_server *server, struct scripted_frame *frame) {
    struct role *role = server->self;
    for (size_t i = 0; i < frame->request->n_requests; i++) {
        if (strcmp(frame->request->requests[i]->method, CHECK) == 0) {
            answer_check(frame->reply->responses[i], atomic_load(&role->serves));
            atomic_fetch_add(&role->check_count, 1);
        } else if (atomic_load(&role->is_leaving)) {
            scripted_fail(frame->reply->responses[i], NNRPC_UNAVAILABLE, "nnrpc", "SHUTTING_DOWN");
            scripted_add_metadata(frame->reply->responses[i], "x-not-started", "1");
        } else {
            atomic_fetch_add(&role->read_count, 1);
        }
    }
    return SCRIPTED_SEND;
}

static void pair_open(struct pair *pair) {
    memset(pair, 0, sizeof(*pair));
    scripted_folder_make(pair->folder);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(pair->urls[i], sizeof(pair->urls[i]), "ipc://%s/%d", pair->folder, i);
        scripted_init(&pair->servers[i], pair->urls[i], play);
        pair->servers[i].self = &pair->roles[i];
        atomic_store(&pair->roles[i].serves, true);
        scripted_start(&pair->servers[i]);
    }
    const char *endpoints[] = {pair->urls[0], pair->urls[1]};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 2};
    lanes_prepare(&pair->lanes, NULL, &options);
}

static void pair_close(struct pair *pair) {
    lanes_close(&pair->lanes);
    scripted_deinit(&pair->servers[0]);
    scripted_deinit(&pair->servers[1]);
    scripted_folder_remove(pair->folder);
}

static void read_times(struct pair *pair, int count) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    for (int i = 0; i < count; i++) {
        if (lanes_read(pair->lanes.client, NULL, "x", 0, &status) != NNRPC_OK) {
            fail_msg("%s", status.message);
        }
    }
}

static unsigned read_count(struct pair *pair, int server) {
    return atomic_load(&pair->roles[server].read_count);
}

/* Reads until a server has had one more. */
static void read_until_heard(struct pair *pair, int server) {
    unsigned before = read_count(pair, server);
    uint64_t start_ms = lanes_now_ms();
    while (read_count(pair, server) == before) {
        assert_true(lanes_now_ms() - start_ms < 30000);
        read_times(pair, 1);
        lanes_pause_ms(2);
    }
}

/* --- Balance ------------------------------------------------------------------------------ */

static void one_call_after_another_goes_to_each_endpoint_in_turn(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair);
    read_times(&pair, 20);
    assert_int_equal(read_count(&pair, 0), 10);
    assert_int_equal(read_count(&pair, 1), 10);
    pair_close(&pair);
}

static void lanes_come_back_to_an_endpoint_that_came_back(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair);
    read_times(&pair, 4);
    scripted_stop(&pair.servers[0]);
    read_times(&pair, 10);
    unsigned before = read_count(&pair, 1);
    read_times(&pair, 10);
    assert_int_equal(read_count(&pair, 1), before + 10);
    scripted_start(&pair.servers[0]);
    read_until_heard(&pair, 0);
    assert_true(atomic_load(&pair.roles[0].check_count) >= 1);
    unsigned first = read_count(&pair, 0);
    unsigned second = read_count(&pair, 1);
    read_times(&pair, 20);
    assert_int_equal(read_count(&pair, 0), first + 10);
    assert_int_equal(read_count(&pair, 1), second + 10);
    pair_close(&pair);
}

static void an_endpoint_that_does_not_serve_is_left_alone(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair);
    atomic_store(&pair.roles[0].is_leaving, true);
    atomic_store(&pair.roles[0].serves, false);
    read_times(&pair, 10);
    assert_int_equal(read_count(&pair, 0), 0);
    uint64_t start_ms = lanes_now_ms();
    while (atomic_load(&pair.roles[0].check_count) < 2) { /* asked, and not believed to serve */
        assert_true(lanes_now_ms() - start_ms < 30000);
        read_times(&pair, 1);
        lanes_pause_ms(5);
    }
    atomic_store(&pair.roles[0].is_leaving, false);
    read_times(&pair, 20);
    assert_int_equal(read_count(&pair, 0), 0);
    atomic_store(&pair.roles[0].serves, true);
    read_until_heard(&pair, 0);
    pair_close(&pair);
}

static void with_all_endpoints_down_each_is_tried(void **state) {
    (void)state;
    struct pair pair;
    pair_open(&pair);
    read_times(&pair, 4);
    scripted_stop(&pair.servers[0]);
    scripted_stop(&pair.servers[1]);
    const struct nnrpc_retry_policy once = {.max_attempts = 1};
    const struct nnrpc_call_options options = {.retry = &once};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lanes_read(pair.lanes.client, &options, "x", 0, NULL), NNRPC_UNAVAILABLE);
    }
    scripted_start(&pair.servers[1]);
    assert_int_equal(lanes_read(pair.lanes.client, &options, "x", 0, NULL), NNRPC_OK);
    assert_int_equal(lanes_append(pair.lanes.client, &options, "x", NULL), NNRPC_OK);
    pair_close(&pair);
}

static void there_are_at_most_32_endpoints(void **state) {
    (void)state;
    const char *endpoints[33];
    for (int i = 0; i < 33; i++) {
        endpoints[i] = "tcp://127.0.0.1:1";
    }
    struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 33};
    struct nnrpc_client *client = NULL;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_client_new(&options, &client, &status), NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "a client has at most 32 endpoints");
    options.endpoint_count = 32;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    nnrpc_client_free(client);
}

/* --- Silence ------------------------------------------------------------------------------ */

/* A machine that fell silent: it greets once as nanomsg does, and from then on its kernel takes
 * connections and nobody says a word. */
struct silent {
    int listener;
    int greeted;
    char url[64];
    pthread_t thread;
};

static void *greet_once(void *argument) {
    static const uint8_t greeting[] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    struct silent *silent = argument;
    silent->greeted = accept(silent->listener, NULL, NULL);
    (void)!write(silent->greeted, greeting, sizeof(greeting));
    return NULL;
}

static void silent_open(struct silent *silent) {
    unsigned port = scripted_free_port();
    struct sockaddr_in name = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    silent->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent->listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(silent->listener, 16), 0);
    (void)snprintf(silent->url, sizeof(silent->url), "tcp://127.0.0.1:%u", port);
    assert_int_equal(pthread_create(&silent->thread, NULL, greet_once, silent), 0);
}

static void silent_close(struct silent *silent) {
    assert_int_equal(pthread_join(silent->thread, NULL), 0);
    (void)close(silent->greeted);
    (void)close(silent->listener);
}

static void an_endpoint_without_a_sign_of_life_is_given_up(void **state) {
    (void)state;
    struct silent silent;
    struct lanes lanes;
    silent_open(&silent);
    const char *endpoints[] = {silent.url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints,
        .endpoint_count = 1,
        .keep_alive_ms = 100,
        .retry = {.max_attempts = 1}};
    lanes_prepare(&lanes, NULL, &options);
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_true(lanes_now_ms() - start_ms >= 200);
    assert_non_null(strstr(status.message, "no sign of life"));
    assert_string_equal(status.reason, "UNREACHABLE");
    lanes_close(&lanes);
    silent_close(&silent);
}

static void a_read_goes_on_elsewhere_when_its_endpoint_falls_silent(void **state) {
    (void)state;
    struct silent silent;
    struct lanes lanes;
    struct scripted_server server;
    silent_open(&silent);
    char url[64];
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", scripted_free_port());
    scripted_init(&server, url, NULL);
    scripted_start(&server);
    const char *endpoints[] = {silent.url, url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 2, .keep_alive_ms = 100};
    lanes_prepare(&lanes, NULL, &options);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    }
    assert_int_equal(atomic_load(&server.call_count), 6);
    lanes_close(&lanes);
    scripted_deinit(&server);
    silent_close(&silent);
}

static void an_endpoint_that_takes_no_connection_is_left_whatever_the_timeout(void **state) {
    (void)state;
    struct lanes lanes;
    struct scripted_server server;
    unsigned port = scripted_free_port();
    struct sockaddr_in name = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* takes, and never greets */
    assert_int_equal(bind(listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(listener, 16), 0);
    char silent[64];
    char url[64];
    (void)snprintf(silent, sizeof(silent), "tcp://127.0.0.1:%u", port);
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", scripted_free_port());
    scripted_init(&server, url, NULL);
    scripted_start(&server);
    const char *endpoints[] = {silent, url};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 2};
    lanes_prepare(&lanes, NULL, &options);
    const struct nnrpc_call_options soon = {.timeout_ms = 300};
    unsigned failures = 0;
    for (int i = 0; i < 10; i++) {
        failures += lanes_append(lanes.client, &soon, "x", NULL) != NNRPC_OK;
    }
    assert_in_range(failures, 0, 3);
    lanes_close(&lanes);
    scripted_deinit(&server);
    (void)close(listener);
}

static enum scripted_act hold_all(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    (void)frame;
    return SCRIPTED_HOLD;
}

static void *let_go_later(void *argument) {
    lanes_pause_ms(1000);
    scripted_let_go(argument);
    return NULL;
}

static void a_slow_answer_is_awaited_while_its_endpoint_lives(void **state) {
    (void)state;
    struct lanes lanes;
    struct scripted_server server;
    char url[64];
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", scripted_free_port());
    scripted_init(&server, url, hold_all);
    scripted_start(&server);
    const char *endpoints[] = {url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .keep_alive_ms = 100};
    lanes_prepare(&lanes, NULL, &options);
    pthread_t helper;
    assert_int_equal(pthread_create(&helper, NULL, let_go_later, &server), 0);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", NULL), NNRPC_OK);
    assert_int_equal(pthread_join(helper, NULL), 0);
    assert_int_equal(atomic_load(&server.frame_count), 1);
    lanes_close(&lanes);
    scripted_deinit(&server);
}

/* --- Cancelling --------------------------------------------------------------------------- */

/* Holds reads, and notes the last frame that was one and what was cancelled. */
struct watch {
    atomic_uint read_count;
    atomic_uint_least64_t frame_id;
    atomic_uint cancelled_count;
    atomic_uint_least64_t cancelled_frame_id;
    atomic_uint cancelled_index;
    atomic_bool had_own_token;
    atomic_bool had_client_token;
};

static bool says(
    Nnrpc__V1__Metadata *const *metadata, size_t count, const char *key, const char *value) {
    const ProtobufCBinaryData *found = scripted_metadata(metadata, count, key);
    return found != NULL && found->len == strlen(value) &&
           memcmp(found->data, value, found->len) == 0;
}

static void note_cancellation(
    struct watch *watch, const Nnrpc__V1__RequestFrame *frame, const Nnrpc__V1__Request *request) {
    Nnrpc__V1__CancelCallsRequest *message =
        nnrpc__v1__cancel_calls_request__unpack(NULL, request->message.len, request->message.data);
    assert_non_null(message);
    for (size_t i = 0; i < message->n_calls; i++) {
        atomic_store(&watch->cancelled_frame_id, message->calls[i]->frame_id);
        atomic_store(&watch->cancelled_index, message->calls[i]->index);
        atomic_fetch_add(&watch->cancelled_count, 1);
    }
    if (says(request->metadata, request->n_metadata, "authorization", "Bearer own")) {
        atomic_store(&watch->had_own_token, true);
    }
    if (says(frame->metadata, frame->n_metadata, "authorization", "Bearer client")) {
        atomic_store(&watch->had_client_token, true);
    }
    nnrpc__v1__cancel_calls_request__free_unpacked(message, NULL);
}

static enum scripted_act watch_calls(struct scripted_server *server, struct scripted_frame *frame) {
    struct watch *watch = server->self;
    const Nnrpc__V1__RequestFrame *request = frame->request;
    if (strcmp(request->requests[0]->method, CANCEL) != 0) {
        atomic_store(&watch->frame_id, request->frame_id);
        atomic_fetch_add(&watch->read_count, (unsigned)request->n_requests);
        return SCRIPTED_HOLD;
    }
    for (size_t i = 0; i < request->n_requests; i++) {
        note_cancellation(watch, request, request->requests[i]);
    }
    return SCRIPTED_SEND;
}

static void open_watched(struct lanes *lanes, struct watch *watch) {
    const struct nnrpc_client_options options = {.token = "client", .lanes = {1, 1, 1}};
    memset(watch, 0, sizeof(*watch));
    lanes_prepare(lanes, watch_calls, &options);
    lanes->server.self = watch;
    scripted_start(&lanes->server);
}

static void await(atomic_uint *count, unsigned wanted) {
    uint64_t start_ms = lanes_now_ms();
    while (atomic_load(count) < wanted) {
        assert_true(lanes_now_ms() - start_ms < 30000);
        lanes_pause_ms(1);
    }
}

static void a_server_is_told_of_a_call_that_is_given_up(void **state) {
    (void)state;
    struct lanes lanes;
    struct watch watch;
    open_watched(&lanes, &watch);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "a", 0);
    await(&watch.read_count, 1);
    struct nnrpc_pending *second = lanes_start_read(lanes.client, NULL, "b", 0);
    struct nnrpc_pending *third = lanes_start_read(lanes.client, NULL, "c", 0);
    nnrpc_pending_cancel(first);
    await(&watch.cancelled_count, 1);
    assert_true(atomic_load(&watch.cancelled_frame_id) == atomic_load(&watch.frame_id));
    assert_int_equal(atomic_load(&watch.cancelled_index), 0);
    assert_true(atomic_load(&watch.had_client_token));
    nnrpc_pending_cancel(second); /* was never sent: nobody to tell */
    lanes_await_frames(&lanes, third, 3);
    assert_int_equal(atomic_load(&watch.cancelled_count), 1);
    nnrpc_pending_cancel(third);
    await(&watch.cancelled_count, 2);
    lanes_close(&lanes);
}

static void a_cancellation_carries_its_calls_own_credentials(void **state) {
    (void)state;
    struct lanes lanes;
    struct watch watch;
    open_watched(&lanes, &watch);
    const struct nnrpc_metadata own = {
        .key = "authorization", .value = "Bearer own", .value_size = 10};
    const struct nnrpc_call_options options = {.metadata = &own, .metadata_count = 1};
    struct nnrpc_pending *pending = lanes_start_read(lanes.client, &options, "a", 0);
    await(&watch.read_count, 1);
    nnrpc_pending_cancel(pending);
    await(&watch.cancelled_count, 1);
    assert_true(atomic_load(&watch.had_own_token));
    lanes_close(&lanes);
}

static void many_calls_are_given_up_at_once(void **state) {
    (void)state;
    enum { COUNT = 200 };
    struct lanes lanes;
    struct watch watch;
    open_watched(&lanes, &watch);
    struct nnrpc_pending *pending[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pending[i] = lanes_start_read(lanes.client, NULL, "a", 0);
    }
    lanes_await_frames(&lanes, pending[COUNT - 1], 1);
    unsigned sent = atomic_load(&watch.read_count);
    for (int i = 0; i < COUNT; i++) {
        nnrpc_pending_cancel(pending[i]);
    }
    await(&watch.cancelled_count, sent);
    scripted_let_go(&lanes.server);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_after_another_goes_to_each_endpoint_in_turn),
        cmocka_unit_test(lanes_come_back_to_an_endpoint_that_came_back),
        cmocka_unit_test(an_endpoint_that_does_not_serve_is_left_alone),
        cmocka_unit_test(with_all_endpoints_down_each_is_tried),
        cmocka_unit_test(there_are_at_most_32_endpoints),
        cmocka_unit_test(an_endpoint_without_a_sign_of_life_is_given_up),
        cmocka_unit_test(a_read_goes_on_elsewhere_when_its_endpoint_falls_silent),
        cmocka_unit_test(an_endpoint_that_takes_no_connection_is_left_whatever_the_timeout),
        cmocka_unit_test(a_slow_answer_is_awaited_while_its_endpoint_lives),
        cmocka_unit_test(a_server_is_told_of_a_call_that_is_given_up),
        cmocka_unit_test(a_cancellation_carries_its_calls_own_credentials),
        cmocka_unit_test(many_calls_are_given_up_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
