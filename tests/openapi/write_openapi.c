/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the description of the HTTP interface to standard output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "openapi/openapi.h"
#include "services.h"

int main(void) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct openapi_info info = {
        .title = "Customer contacts",
        .version = "1.2.3",
        .description = "Who is written to.",
    };
    if (openapi_write(gateway_services, gateway_service_count, &info, &out, &status) != NNRPC_OK) {
        fprintf(stderr, "write_openapi: %s\n", status.message);
        return EXIT_FAILURE;
    }
    bool is_written = fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
