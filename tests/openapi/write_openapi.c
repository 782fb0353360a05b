/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the description of an HTTP interface to standard output: the one of the gateway's services
 * ("contacts"), or that of services made for the test ("described").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "described.nnrpc.h"
#include "openapi/openapi.h"
#include "services.h"

static const struct nnrpc_service *const DESCRIBED[] = {
    &thing_service_service,
    &other_service_service,
};

int main(int argument_count, char **arguments) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    bool is_described = argument_count > 1 && strcmp(arguments[1], "described") == 0;
    const struct openapi_info info = {
        .title = "Customer contacts",
        .version = "1.2.3",
        .description = is_described ? NULL : "Who is written to.",
    };
    enum nnrpc_code code = openapi_write(
        is_described ? DESCRIBED : gateway_services,
        is_described ? NNRPC_LENGTH(DESCRIBED) : gateway_service_count, &info, &out, &status);
    if (code != NNRPC_OK) {
        fprintf(stderr, "write_openapi: %s\n", status.message);
        return EXIT_FAILURE;
    }
    bool is_written = fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
