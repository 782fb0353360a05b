/* SPDX-License-Identifier: Apache-2.0 */
/* Serves greeter.v1.GreeterService at one address until SIGTERM or Ctrl-C. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "greeter.nnrpc.h"

static struct nnrpc_answer greet(
    void *self, struct nnrpc_call *call, const Greeter__V1__GreetRequest *request) {
    (void)self;
    char greeting[128];
    Greeter__V1__GreetResponse response = GREETER__V1__GREET_RESPONSE__INIT;
    size_t size = strlen(request->name);
    if (size < 1 || size > 100) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        nnrpc_fail(
            &status, NNRPC_INVALID_ARGUMENT, "greeter", "NAME_LENGTH",
            "name: has %zu bytes, expected 1 to 100", size);
        return nnrpc_call_fail(call, &status);
    }
    snprintf(greeting, sizeof(greeting), "Hello, %s!", request->name);
    response.greeting = greeting;
    return greeter_service_greet_reply(call, &response);
}

int main(int argc, char **argv) {
    static const struct greeter_service_handlers handlers = {.greet = greet};
    NNRPC_CLEANUP(nnrpc_server_freep) struct nnrpc_server *server = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    sigset_t signals;
    int signal_number;
    if (argc != 2) {
        fprintf(stderr, "Usage: %s ADDRESS\n", argv[0]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before the server has threads, which inherit it */
    if (nnrpc_server_new(NULL, &server, &status) != NNRPC_OK ||
        greeter_service_register(server, &handlers, NULL, &status) != NNRPC_OK ||
        nnrpc_server_listen(server, argv[1], &status) != NNRPC_OK ||
        nnrpc_server_start(server, &status) != NNRPC_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], status.message);
        return 1;
    }
    sigwait(&signals, &signal_number);
    nnrpc_server_stop(server);
    return 0;
}
