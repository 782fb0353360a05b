/* SPDX-License-Identifier: Apache-2.0 */
/* Has one person greeted by the server at an address. */
#include <stdio.h>

#include "greeter.nnrpc.h"

int main(int argc, char **argv) {
    NNRPC_CLEANUP(nnrpc_client_freep) struct nnrpc_client *client = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_client_options options = {.endpoint_count = 1, .timeout_ms = 2000};
    Greeter__V1__GreetRequest request = GREETER__V1__GREET_REQUEST__INIT;
    Greeter__V1__GreetResponse *response = NULL;
    if (argc != 3) {
        fprintf(stderr, "Usage: %s ADDRESS NAME\n", argv[0]);
        return 2;
    }
    options.endpoints = (const char *const *)&argv[1];
    request.name = argv[2];
    if (nnrpc_client_new(&options, &client, &status) != NNRPC_OK ||
        greeter_service_greet(client, NULL, &request, &response, &status) != NNRPC_OK) {
        fprintf(stderr, "%s %s: %s\n", nnrpc_code_name(status.code), status.reason, status.message);
        return 1;
    }
    puts(response->greeting);
    greeter__v1__greet_response__free_unpacked(response, NULL);
    return 0;
}
