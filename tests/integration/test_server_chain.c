/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller, a server that calls another one for it, and that one: one trace, told by three hooks.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nnrpc/client.h"
#include "nnrpc/server.h"
#include "nnrpc/trace.h"
#include "probe.nnrpc.h"

#define URL_BYTES 64

/* The span that a hook was told of last. */
struct told {
    pthread_mutex_t lock;
    unsigned count;
    enum nnrpc_span_kind kind;
    struct nnrpc_trace trace;
};

static void note_span(void *self, const struct nnrpc_span *span) {
    struct told *told = self;
    pthread_mutex_lock(&told->lock);
    told->count++;
    told->kind = span->kind;
    told->trace = span->trace;
    pthread_mutex_unlock(&told->lock);
}

/* A server, a client of it, and what the hooks of both were told. */
struct hop {
    char url[URL_BYTES];
    struct nnrpc_server *server;
    struct nnrpc_client *client;
    struct nnrpc_client *onward; /* NULL: answers itself */
    struct told served;
    struct told called;
};

static struct nnrpc_answer read_call(
    void *self, struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    struct hop *hop = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (hop->onward == NULL) {
        static const Probe__V1__ReadResponse empty = PROBE__V1__READ_RESPONSE__INIT;
        return probe_service_read_reply(call, &empty);
    }
    if (!nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    const struct nnrpc_call_options options = {.parent = call};
    Probe__V1__ReadResponse *response = NULL;
    if (probe_service_read(hop->onward, &options, request, &response, &status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    struct nnrpc_answer answer = probe_service_read_reply(call, response);
    probe__v1__read_response__free_unpacked(response, NULL);
    return answer;
}

static void hop_open(struct hop *hop, const char *folder, const char *name, struct hop *next) {
    static const struct probe_service_handlers handlers = {.read = read_call};
    memset(hop, 0, sizeof(*hop));
    pthread_mutex_init(&hop->served.lock, NULL);
    pthread_mutex_init(&hop->called.lock, NULL);
    hop->onward = next == NULL ? NULL : next->client;
    (void)snprintf(hop->url, sizeof(hop->url), "ipc://%s/%s", folder, name);
    const struct nnrpc_span_hook served = {.self = &hop->served, .end = note_span};
    assert_int_equal(nnrpc_server_new(NULL, &hop->server, NULL), NNRPC_OK);
    nnrpc_server_set_span_hook(hop->server, &served);
    assert_int_equal(probe_service_register(hop->server, &handlers, hop, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_listen(hop->server, hop->url, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_start(hop->server, NULL), NNRPC_OK);
    const char *endpoints[] = {hop->url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints,
        .endpoint_count = 1,
        .span_hook = {.self = &hop->called, .end = note_span},
    };
    assert_int_equal(nnrpc_client_new(&options, &hop->client, NULL), NNRPC_OK);
}

static void hop_close(struct hop *hop) {
    nnrpc_client_free(hop->client);
    nnrpc_server_free(hop->server);
    unlink(hop->url + strlen("ipc://"));
    pthread_mutex_destroy(&hop->served.lock);
    pthread_mutex_destroy(&hop->called.lock);
}

/* The one span that was told. */
static struct nnrpc_trace only_span(struct told *told, enum nnrpc_span_kind kind) {
    pthread_mutex_lock(&told->lock);
    assert_int_equal(told->count, 1);
    assert_int_equal(told->kind, kind);
    struct nnrpc_trace trace = told->trace;
    pthread_mutex_unlock(&told->lock);
    return trace;
}

static void expect_below(const struct nnrpc_trace *trace, const struct nnrpc_trace *parent) {
    assert_memory_equal(trace->trace_id, parent->trace_id, sizeof(trace->trace_id));
    assert_memory_equal(trace->parent_span_id, parent->span_id, sizeof(trace->span_id));
    assert_memory_not_equal(trace->span_id, parent->span_id, sizeof(trace->span_id));
}

static void a_chain_of_calls_is_one_trace(void **state) {
    (void)state;
    static const Probe__V1__ReadRequest request = PROBE__V1__READ_REQUEST__INIT;
    static const uint8_t none[NNRPC_SPAN_ID_BYTES];
    char folder[] = "/tmp/chain-XXXXXX";
    struct hop last;
    struct hop first;
    Probe__V1__ReadResponse *response = NULL;
    assert_non_null(mkdtemp(folder));
    hop_open(&last, folder, "last", NULL);
    hop_open(&first, folder, "first", &last);
    assert_int_equal(probe_service_read(first.client, NULL, &request, &response, NULL), NNRPC_OK);
    probe__v1__read_response__free_unpacked(response, NULL);
    struct nnrpc_trace caller = only_span(&first.called, NNRPC_SPAN_CLIENT);
    struct nnrpc_trace relay = only_span(&first.served, NNRPC_SPAN_SERVER);
    struct nnrpc_trace onward = only_span(&last.called, NNRPC_SPAN_CLIENT);
    struct nnrpc_trace answerer = only_span(&last.served, NNRPC_SPAN_SERVER);
    assert_memory_equal(caller.parent_span_id, none, sizeof(none));
    expect_below(&relay, &caller);
    expect_below(&onward, &relay);
    expect_below(&answerer, &onward);
    hop_close(&first);
    hop_close(&last);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_calls_is_one_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
