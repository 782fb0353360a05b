/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted server. One thread; answers are packed by protobuf-c.
 */
#include "scripted_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "nnrpc/client.h"

#define RECEIVE_STEP_MS 20
#define OVERSIZED_BYTES (1u << 20)

/* The thread must not use cmocka's assertions: a failed one jumps to the test. */
static void *must(void *pointer) {
    if (pointer == NULL) {
        abort();
    }
    return pointer;
}

/* --- Places ------------------------------------------------------------------------------- */

void scripted_folder_make(char out_folder[SCRIPTED_FOLDER_BYTES]) {
    (void)strcpy(out_folder, "/tmp/nnrpc-test-XXXXXX");
    assert_non_null(mkdtemp(out_folder));
}

void scripted_folder_remove(const char *folder) {
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlinkat(dirfd(entries), entry->d_name, 0), 0);
        }
    }
    (void)closedir(entries);
    assert_int_equal(rmdir(folder), 0);
}

unsigned scripted_free_port(void) {
    struct sockaddr_in name = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(name);
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(probe >= 0);
    assert_int_equal(bind(probe, (const struct sockaddr *)&name, size), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&name, &size), 0);
    (void)close(probe);
    return ntohs(name.sin_port);
}

/* --- For scripts -------------------------------------------------------------------------- */

static ProtobufCBinaryData copy_bytes(const void *bytes, size_t size) {
    ProtobufCBinaryData copy = {.len = size, .data = must(malloc(size + 1))};
    if (size > 0) {
        memcpy(copy.data, bytes, size);
    }
    return copy;
}

void scripted_set_message(Nnrpc__V1__Response *response, const void *bytes, size_t size) {
    free(response->message.data);
    response->message = copy_bytes(bytes, size);
}

void scripted_fail(
    Nnrpc__V1__Response *response, enum nnrpc_code code, const char *domain, const char *reason) {
    Nnrpc__V1__Status *status = must(malloc(sizeof(*status)));
    nnrpc__v1__status__init(status);
    status->code = (int32_t)code;
    status->message = must(strdup("as the script says"));
    status->error_info = must(malloc(sizeof(*status->error_info)));
    nnrpc__v1__error_info__init(status->error_info);
    status->error_info->reason = must(strdup(reason));
    status->error_info->domain = must(strdup(domain));
    response->status = status;
    scripted_set_message(response, "", 0);
}

void scripted_add_info(Nnrpc__V1__Response *response, const char *key, const char *value) {
    Nnrpc__V1__ErrorInfo *info = response->status->error_info;
    Nnrpc__V1__ErrorInfo__MetadataEntry *entry = must(malloc(sizeof(*entry)));
    nnrpc__v1__error_info__metadata_entry__init(entry);
    entry->key = must(strdup(key));
    entry->value = must(strdup(value));
    info->metadata =
        must(realloc(info->metadata, (info->n_metadata + 1) * sizeof(info->metadata[0])));
    info->metadata[info->n_metadata++] = entry;
}

void scripted_add_metadata(Nnrpc__V1__Response *response, const char *key, const char *value) {
    Nnrpc__V1__Metadata *metadata = must(malloc(sizeof(*metadata)));
    nnrpc__v1__metadata__init(metadata);
    metadata->key = must(strdup(key));
    metadata->value = copy_bytes(value, strlen(value));
    response->metadata = must(
        realloc(response->metadata, (response->n_metadata + 1) * sizeof(response->metadata[0])));
    response->metadata[response->n_metadata++] = metadata;
}

void scripted_cut(Nnrpc__V1__ResponseFrame *reply, size_t count) {
    while (reply->n_responses > count) {
        nnrpc__v1__response__free_unpacked(reply->responses[--reply->n_responses], NULL);
    }
}

const ProtobufCBinaryData *scripted_metadata(
    Nnrpc__V1__Metadata *const *metadata, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(metadata[i]->key, key) == 0) {
            return &metadata[i]->value;
        }
    }
    return NULL;
}

static char *take_text(ProtobufCMessage *message, char *(*text_of)(const ProtobufCMessage *)) {
    char *text = must(strdup(text_of(must(message))));
    protobuf_c_message_free_unpacked(message, NULL);
    return text;
}

static char *write_id(const ProtobufCMessage *message) {
    return ((const Echo__V1__WriteRequest *)message)->request_id;
}

static char *write_text(const ProtobufCMessage *message) {
    return ((const Echo__V1__WriteRequest *)message)->text;
}

static char *read_text(const ProtobufCMessage *message) {
    return ((const Echo__V1__ReadRequest *)message)->text;
}

static ProtobufCMessage *unpack(
    const Nnrpc__V1__Request *request, const ProtobufCMessageDescriptor *type) {
    return protobuf_c_message_unpack(type, NULL, request->message.len, request->message.data);
}

char *scripted_request_id(const Nnrpc__V1__Request *request) {
    return take_text(unpack(request, &echo__v1__write_request__descriptor), write_id);
}

char *scripted_text(const Nnrpc__V1__Request *request) {
    if (strcmp(request->method, SCRIPTED_WRITE) == 0) {
        return take_text(unpack(request, &echo__v1__write_request__descriptor), write_text);
    }
    return take_text(unpack(request, &echo__v1__read_request__descriptor), read_text);
}

/* --- Echo --------------------------------------------------------------------------------- */

static void pack_into(Nnrpc__V1__Response *response, const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    response->message = (ProtobufCBinaryData){.len = size, .data = must(malloc(size + 1))};
    (void)protobuf_c_message_pack(message, response->message.data);
}

static void echo_read(const Nnrpc__V1__Request *request, Nnrpc__V1__Response *response) {
    Echo__V1__ReadRequest *read =
        must(echo__v1__read_request__unpack(NULL, request->message.len, request->message.data));
    Echo__V1__ReadResponse answer = ECHO__V1__READ_RESPONSE__INIT;
    answer.text = read->text;
    answer.padding.len = read->padding_bytes;
    answer.padding.data = must(calloc(1, read->padding_bytes + 1));
    pack_into(response, &answer.base);
    free(answer.padding.data);
    echo__v1__read_request__free_unpacked(read, NULL);
}

/* Write and Append: field 1 is the text, field 2 of the answer the id. */
static void echo_write(const Nnrpc__V1__Request *request, Nnrpc__V1__Response *response) {
    Echo__V1__WriteRequest *write =
        must(echo__v1__write_request__unpack(NULL, request->message.len, request->message.data));
    Echo__V1__WriteResponse answer = ECHO__V1__WRITE_RESPONSE__INIT;
    answer.text = write->text;
    answer.request_id = write->request_id;
    pack_into(response, &answer.base);
    echo__v1__write_request__free_unpacked(write, NULL);
}

static Nnrpc__V1__ResponseFrame *echo_frame(const Nnrpc__V1__RequestFrame *request) {
    Nnrpc__V1__ResponseFrame *reply = must(malloc(sizeof(*reply)));
    nnrpc__v1__response_frame__init(reply);
    reply->frame_id = request->frame_id;
    reply->responses = must(calloc(request->n_requests + 1, sizeof(reply->responses[0])));
    for (size_t i = 0; i < request->n_requests; i++) {
        Nnrpc__V1__Response *response = must(malloc(sizeof(*response)));
        nnrpc__v1__response__init(response);
        if (strcmp(request->requests[i]->method, SCRIPTED_READ) == 0) {
            echo_read(request->requests[i], response);
        } else {
            echo_write(request->requests[i], response);
        }
        reply->responses[reply->n_responses++] = response;
    }
    return reply;
}

/* --- Running ------------------------------------------------------------------------------ */

static void *filled_body(size_t size) {
    return memset(must(nnrpc_body_new(size)), 0xee, size);
}

static void *pack_reply(const Nnrpc__V1__ResponseFrame *reply) {
    void *body = must(nnrpc_body_new(nnrpc__v1__response_frame__get_packed_size(reply)));
    (void)nnrpc__v1__response_frame__pack(reply, body);
    return body;
}

static void hold(struct scripted_server *server, void *body, const struct nnrpc_route *route) {
    pthread_mutex_lock(&server->lock);
    if (server->held_count == SCRIPTED_HELD_MAX) {
        abort();
    }
    server->held[server->held_count].body = body;
    server->held[server->held_count++].route = *route;
    pthread_mutex_unlock(&server->lock);
}

static void act(
    struct scripted_server *server, enum scripted_act act, const struct scripted_frame *frame,
    const struct nnrpc_route *route) {
    switch (act) {
    case SCRIPTED_SEND:
        nnrpc_listener_send(server->listener, pack_reply(frame->reply), route);
        break;
    case SCRIPTED_HOLD:
        hold(server, pack_reply(frame->reply), route);
        break;
    case SCRIPTED_SEND_GARBAGE:
        nnrpc_listener_send(server->listener, filled_body(100), route);
        break;
    case SCRIPTED_SEND_OVERSIZED:
        nnrpc_listener_send(server->listener, filled_body(OVERSIZED_BYTES), route);
        break;
    case SCRIPTED_CLOSE:
        atomic_store(&server->is_ending, true);
        break;
    case SCRIPTED_DROP:
        break;
    }
}

static void serve(
    struct scripted_server *server, const void *bytes, size_t size,
    const struct nnrpc_route *route) {
    Nnrpc__V1__RequestFrame *request = must(nnrpc__v1__request_frame__unpack(NULL, size, bytes));
    struct scripted_frame frame = {
        .request = request,
        .request_bytes = size,
        .reply = echo_frame(request),
    };
    atomic_fetch_add(&server->call_count, (unsigned)request->n_requests);
    enum scripted_act chosen =
        server->script == NULL ? SCRIPTED_SEND : server->script(server, &frame);
    atomic_fetch_add(&server->frame_count, 1); /* before its answer can be seen */
    act(server, chosen, &frame, route);
    nnrpc__v1__response_frame__free_unpacked(frame.reply, NULL);
    nnrpc__v1__request_frame__free_unpacked(request, NULL);
}

static void *run(void *argument) {
    struct scripted_server *server = argument;
    while (!atomic_load(&server->is_ending)) {
        void *body = NULL;
        size_t size = 0;
        struct nnrpc_route route;
        if (nnrpc_listener_receive(server->listener, RECEIVE_STEP_MS, &body, &size, &route) ==
            NNRPC_OK) {
            serve(server, body, size, &route);
            nnrpc_body_free(body);
        }
    }
    pthread_mutex_lock(&server->lock); /* what is held may just be let go */
    nnrpc_listener_close(server->listener);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

void scripted_init(struct scripted_server *server, const char *url, scripted_script script) {
    memset(server, 0, sizeof(*server));
    (void)snprintf(server->url, sizeof(server->url), "%s", url);
    server->script = script;
    assert_int_equal(pthread_mutex_init(&server->lock, NULL), 0);
}

void scripted_start(struct scripted_server *server) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (nnrpc_listener_open(server->url, NNRPC_FRAME_MAX_BYTES, &server->listener, &status) !=
        NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    atomic_store(&server->is_ending, false);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    server->is_running = true;
}

void scripted_stop(struct scripted_server *server) {
    if (!server->is_running) {
        return;
    }
    atomic_store(&server->is_ending, true);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    server->is_running = false;
    for (size_t i = 0; i < server->held_count; i++) {
        nnrpc_body_free(server->held[i].body);
    }
    server->held_count = 0;
}

void scripted_deinit(struct scripted_server *server) {
    scripted_stop(server);
    (void)pthread_mutex_destroy(&server->lock);
}

size_t scripted_held_count(struct scripted_server *server) {
    pthread_mutex_lock(&server->lock);
    size_t count = server->held_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

void scripted_let_go(struct scripted_server *server) {
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->held_count; i++) {
        nnrpc_listener_send(server->listener, server->held[i].body, &server->held[i].route);
    }
    server->held_count = 0;
    pthread_mutex_unlock(&server->lock);
}
