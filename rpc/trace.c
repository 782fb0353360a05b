/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace context: reading, writing, and making ids.
 */
#include "nnrpc/trace.h"

#include <string.h>

#include "nnrpc/crypto.h"

/* "00-" trace id "-" span id "-" flags */
#define TRACEPARENT_SIZE (NNRPC_TRACEPARENT_TEXT_BYTES - 1)
#define TRACE_ID_AT 3
#define SPAN_ID_AT 36
#define FLAGS_AT 53
#define VERSION_NEVER 0xff

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, uint8_t *out_bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void write_hex(const uint8_t *bytes, size_t size, char *out_text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out_text[2 * i] = digits[bytes[i] >> 4];
        out_text[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static bool has_separators(const char *text, size_t size) {
    return text[TRACE_ID_AT - 1] == '-' && text[SPAN_ID_AT - 1] == '-' &&
           text[FLAGS_AT - 1] == '-' && (size == TRACEPARENT_SIZE || text[TRACEPARENT_SIZE] == '-');
}

bool nnrpc_trace_parse(const void *text, size_t size, struct nnrpc_trace *out_trace) {
    const char *at = text;
    struct nnrpc_trace trace = {0};
    uint8_t version = VERSION_NEVER;
    if (size < TRACEPARENT_SIZE || !has_separators(at, size) || !read_hex(at, &version, 1) ||
        version == VERSION_NEVER || (version == 0 && size != TRACEPARENT_SIZE) ||
        !read_hex(at + TRACE_ID_AT, trace.trace_id, sizeof(trace.trace_id)) ||
        !read_hex(at + SPAN_ID_AT, trace.span_id, sizeof(trace.span_id)) ||
        !read_hex(at + FLAGS_AT, &trace.flags, 1) ||
        is_zero(trace.trace_id, sizeof(trace.trace_id)) ||
        is_zero(trace.span_id, sizeof(trace.span_id))) {
        return false;
    }
    trace.flags &= NNRPC_TRACE_SAMPLED;
    *out_trace = trace;
    return true;
}

void nnrpc_trace_format(
    const struct nnrpc_trace *trace, char out_text[NNRPC_TRACEPARENT_TEXT_BYTES]) {
    memcpy(out_text, "00-", TRACE_ID_AT);
    write_hex(trace->trace_id, sizeof(trace->trace_id), out_text + TRACE_ID_AT);
    out_text[SPAN_ID_AT - 1] = '-';
    write_hex(trace->span_id, sizeof(trace->span_id), out_text + SPAN_ID_AT);
    out_text[FLAGS_AT - 1] = '-';
    write_hex(&trace->flags, 1, out_text + FLAGS_AT);
    out_text[TRACEPARENT_SIZE] = '\0';
}

/* All zero would mean that there is none. */
static void make_id(uint8_t *out_id, size_t size) {
    do {
        nnrpc_random(out_id, size);
    } while (is_zero(out_id, size));
}

void nnrpc_trace_begin(const struct nnrpc_trace *parent, struct nnrpc_trace *out_trace) {
    struct nnrpc_trace trace = {.flags = NNRPC_TRACE_SAMPLED};
    if (parent != NULL && nnrpc_trace_is_set(parent)) {
        memcpy(trace.trace_id, parent->trace_id, sizeof(trace.trace_id));
        memcpy(trace.parent_span_id, parent->span_id, sizeof(trace.parent_span_id));
        trace.flags = parent->flags;
    } else {
        make_id(trace.trace_id, sizeof(trace.trace_id));
    }
    make_id(trace.span_id, sizeof(trace.span_id));
    *out_trace = trace;
}

bool nnrpc_trace_is_set(const struct nnrpc_trace *trace) {
    return !is_zero(trace->trace_id, sizeof(trace->trace_id));
}

void nnrpc_trace_id_text(
    const struct nnrpc_trace *trace, char out_text[NNRPC_TRACE_ID_TEXT_BYTES]) {
    write_hex(trace->trace_id, sizeof(trace->trace_id), out_text);
    out_text[NNRPC_TRACE_ID_TEXT_BYTES - 1] = '\0';
}

void nnrpc_span_id_text(
    const uint8_t span_id[NNRPC_SPAN_ID_BYTES], char out_text[NNRPC_SPAN_ID_TEXT_BYTES]) {
    write_hex(span_id, NNRPC_SPAN_ID_BYTES, out_text);
    out_text[NNRPC_SPAN_ID_TEXT_BYTES - 1] = '\0';
}
