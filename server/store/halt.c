/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a store whose disk has failed.
 */
#include "halt.h"

#include <stdio.h>
#include <stdlib.h>

#include "files.h"

_Noreturn void halt_store(const struct halt *halt, const struct nnrpc_status *why) {
    char message[NNRPC_STATUS_MESSAGE_BYTES + 128];
    bool is_marked = files_mark(halt->folder, FILES_RECOVER, NULL) == NNRPC_OK;
    snprintf(
        message, sizeof(message), "the disk failed, so the store stopped: %s; %s", why->message,
        is_marked ? "the next start recovers it" : "start it with --recover");
    if (halt->halted != NULL) {
        halt->halted(halt->self, message);
    }
    abort();
}
