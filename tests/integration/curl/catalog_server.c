/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves catalog.v1 at one address until SIGTERM: a server that has nothing to do with contacts.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "catalog.nnrpc.h"

static struct nnrpc_answer echo(
    void *self, struct nnrpc_call *call, const Catalog__V1__Item *request) {
    (void)self;
    return catalog_service_echo_reply(call, request);
}

static struct nnrpc_answer shelf_echo(
    void *self, struct nnrpc_call *call, const Catalog__V1__Item *request) {
    (void)self;
    return shelf_service_echo_reply(call, request);
}

static struct nnrpc_answer fail(
    void *self, struct nnrpc_call *call, const Catalog__V1__FailRequest *request) {
    (void)self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, NNRPC_FAILED_PRECONDITION, "catalog", "SHELF_FULL", "no room: %s", request->text);
    nnrpc_status_add_info(&status, "shelf", "7");
    nnrpc_status_add_violation(&status, "text", "TOO_LONG", "is %s", request->text);
    return nnrpc_call_fail(call, &status);
}

static struct nnrpc_answer wait_for(
    void *self, struct nnrpc_call *call, const Catalog__V1__WaitRequest *request) {
    (void)self;
    static const Google__Protobuf__Empty response = GOOGLE__PROTOBUF__EMPTY__INIT;
    struct timespec duration = {
        .tv_sec = request->wait_ms / 1000, .tv_nsec = (long)(request->wait_ms % 1000) * 1000000};
    nanosleep(&duration, NULL);
    return catalog_service_wait_reply(call, &response);
}

static struct nnrpc_answer note(
    void *self, struct nnrpc_call *call, const Google__Protobuf__Empty *request) {
    (void)self;
    (void)request;
    char text[64] = "";
    struct nnrpc_slice value;
    Google__Protobuf__StringValue response = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
    if (nnrpc_call_get_metadata(call, "x-note", &value)) {
        snprintf(text, sizeof(text), "%.*s", (int)value.size, (const char *)value.data);
    }
    response.value = text;
    nnrpc_call_set_reply_metadata(call, "x-answer", "yes\x1b[2J", 7);
    nnrpc_call_set_reply_metadata(call, "x-bytes", "\xff\x00", 2);
    return catalog_service_note_reply(call, &response);
}

static struct nnrpc_answer count(
    void *self, struct nnrpc_call *call, const Catalog__V1__CountRequest *request) {
    static atomic_uint calls;
    (void)self;
    Catalog__V1__CountResponse response = CATALOG__V1__COUNT_RESPONSE__INIT;
    response.count = atomic_fetch_add(&calls, 1) + 1;
    response.request_id = request->request_id;
    response.number = request->number;
    return catalog_service_count_reply(call, &response);
}

int main(int argc, char **argv) {
    static const struct catalog_service_handlers catalog = {
        .echo = echo, .fail = fail, .wait = wait_for, .note = note, .count = count};
    static const struct shelf_service_handlers shelf = {.echo = shelf_echo};
    NNRPC_CLEANUP(nnrpc_server_freep) struct nnrpc_server *server = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    sigset_t signals;
    int signal_number = 0;
    if (argc != 2) {
        fprintf(stderr, "Usage: %s ADDRESS\n", argv[0]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (nnrpc_server_new(NULL, &server, &status) != NNRPC_OK ||
        catalog_service_register(server, &catalog, NULL, &status) != NNRPC_OK ||
        shelf_service_register(server, &shelf, NULL, &status) != NNRPC_OK ||
        nnrpc_server_listen(server, argv[1], &status) != NNRPC_OK ||
        nnrpc_server_start(server, &status) != NNRPC_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], status.message);
        return 1;
    }
    puts("started");
    fflush(stdout);
    sigwait(&signals, &signal_number);
    nnrpc_server_stop(server);
    return 0;
}
