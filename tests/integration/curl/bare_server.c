/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves echo.v1 by script at one address until SIGTERM: without reflection, or with descriptors
 * that are broken.
 *
 * Usage: bare_server ADDRESS none|broken|hostile
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"
#include "scripted_server.h"

#define REFLECTION "nnrpc.v1.ReflectionService/"
#define SET_RESPONSE_FIELD 1
#define DEPTH 5000

/* A packed GetFileDescriptorSetResponse whose set is no set, or nests too deep. */
static void append_set(struct nnrpc_buffer *out, bool is_hostile) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    nnrpc_buffer_append_text(&set, "no descriptors");
    for (int i = 0; is_hostile && i < DEPTH; i++) {
        /* Each is the nested message of the next one; only where the outermost is a file's. */
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer outer = {0};
        nnrpc_wire_append_bytes(
            &outer,
            i + 2 < DEPTH   ? 3
            : i + 1 < DEPTH ? 4
                            : 1,
            set.data, i == 0 ? 0 : set.size);
        nnrpc_buffer_clear(&set);
        nnrpc_buffer_append(&set, outer.data, outer.size);
    }
    nnrpc_wire_append_bytes(out, SET_RESPONSE_FIELD, set.data, set.size);
}

static enum scripted_act answer(struct scripted_server *server, struct scripted_frame *frame) {
    const char *mode = server->self;
    for (size_t i = 0; i < frame->request->n_requests; i++) {
        const char *method = frame->request->requests[i]->method;
        Nnrpc__V1__Response *response = frame->reply->responses[i];
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer message = {0};
        if (strncmp(method, REFLECTION, strlen(REFLECTION)) != 0) {
            continue;
        }
        if (strcmp(mode, "none") == 0) {
            scripted_fail(response, NNRPC_UNIMPLEMENTED, "nnrpc", "UNKNOWN_METHOD");
            continue;
        }
        if (strcmp(method, REFLECTION "GetFileDescriptorSet") == 0) {
            append_set(&message, strcmp(mode, "hostile") == 0);
        }
        scripted_set_message(response, message.data, message.size);
    }
    return SCRIPTED_SEND;
}

int main(int argc, char **argv) {
    struct scripted_server server;
    sigset_t signals;
    int signal_number = 0;
    if (argc != 3) {
        fprintf(stderr, "Usage: %s ADDRESS none|broken|hostile\n", argv[0]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    scripted_init(&server, argv[1], answer);
    server.self = argv[2];
    scripted_start(&server);
    puts("started");
    fflush(stdout);
    sigwait(&signals, &signal_number);
    scripted_deinit(&server);
    return 0;
}
