/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line for each call: who, what, how it ended, how long it took, and the caller's own ids.
 * Messages are not logged, so neither are passwords.
 */
#include "access_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"

#define METADATA_TEXT_BYTES 128

static void copy_metadata(
    const struct nnrpc_call *call, const char *key, char out_text[METADATA_TEXT_BYTES]) {
    struct nnrpc_slice value;
    out_text[0] = '\0';
    if (nnrpc_call_get_metadata(call, key, &value)) {
        size_t size = value.size < METADATA_TEXT_BYTES ? value.size : METADATA_TEXT_BYTES - 1;
        memcpy(out_text, value.data, size);
        out_text[size] = '\0';
    }
}

static uint64_t elapsed_us(const struct nnrpc_call *call) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return (now_ns - nnrpc_call_arrival_ns(call)) / 1000;
}

static void log_call(void *self, struct nnrpc_call *call, const struct nnrpc_status *status) {
    (void)self;
    if (!contactd_log_enabled(CONTACTD_LOG_DEBUG)) {
        return;
    }
    char request_id[METADATA_TEXT_BYTES];
    char traceparent[METADATA_TEXT_BYTES];
    char duration[24];
    copy_metadata(call, "x-request-id", request_id);
    copy_metadata(call, "traceparent", traceparent);
    snprintf(duration, sizeof(duration), "%" PRIu64, elapsed_us(call));
    contactd_log(
        CONTACTD_LOG_DEBUG, "call", "method", nnrpc_call_method_name(call), "code",
        nnrpc_code_name(status->code), "reason", status->reason, "caller", nnrpc_call_caller(call),
        "address", nnrpc_call_address(call), "request_id", request_id, "traceparent", traceparent,
        "duration_us", duration, NULL);
}

struct nnrpc_interceptor contactd_access_log_interceptor(void) {
    return (struct nnrpc_interceptor){.after = log_call};
}
