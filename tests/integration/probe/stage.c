/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting up, and reading the probe's answers.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void stage_begin_with(struct stage *stage, struct probe *probe) {
    stage->probe = probe;
    probe_start(probe);
    peer_open(&stage->peer, probe->url);
}

void stage_begin(struct stage *stage, const struct nnrpc_server_options *options) {
    stage_begin_with(stage, probe_new(options));
}

void stage_end(struct stage *stage) {
    peer_close(&stage->peer);
    probe_free(stage->probe);
}

Probe__V1__ReadRequest read_of(const char *text) {
    Probe__V1__ReadRequest request = PROBE__V1__READ_REQUEST__INIT;
    request.text = (char *)text;
    return request;
}

Nnrpc__V1__ResponseFrame *stage_read(struct stage *stage, const Probe__V1__ReadRequest *request) {
    return peer_exchange(&stage->peer, frame_of(READ, &request->base));
}

Probe__V1__ReadResponse *read_response(const Nnrpc__V1__Response *response) {
    return (Probe__V1__ReadResponse *)response_message(
        response, &probe__v1__read_response__descriptor);
}

void expect_text(const Nnrpc__V1__Response *response, const char *text) {
    Probe__V1__ReadResponse *message = read_response(response);
    assert_string_equal(message->text, text);
    probe__v1__read_response__free_unpacked(message, NULL);
}

bool was_offloaded(const Nnrpc__V1__Response *response) {
    Probe__V1__ReadResponse *message = read_response(response);
    bool offloaded = message->offloaded;
    probe__v1__read_response__free_unpacked(message, NULL);
    return offloaded;
}

size_t padding_of(const Nnrpc__V1__Response *response) {
    Probe__V1__ReadResponse *message = read_response(response);
    size_t size = message->padding.len;
    probe__v1__read_response__free_unpacked(message, NULL);
    return size;
}

unsigned write_order(const Nnrpc__V1__Response *response) {
    Probe__V1__WriteResponse *message = (Probe__V1__WriteResponse *)response_message(
        response, &probe__v1__write_response__descriptor);
    unsigned order = message->order;
    probe__v1__write_response__free_unpacked(message, NULL);
    return order;
}
