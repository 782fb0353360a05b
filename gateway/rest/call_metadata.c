/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels beside the message: the request's id, the trace, the revision wanted, and the key
 * that makes a repeat harmless.
 */
#include <stdio.h>
#include <string.h>

#include "nnrpc/crypto.h"
#include "rest/reading.h"
#include "rest/reasons.h"

static bool is_visible(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

void rest_read_request_id(struct rest_reading *reading) {
    _Static_assert(NNRPC_UUID_TEXT_BYTES <= REST_REQUEST_ID_BYTES, "a new id fits");
    const char *sent = reading->headers.values[REST_X_REQUEST_ID];
    size_t size = sent == NULL ? 0 : strlen(sent);
    bool is_usable = reading->headers.counts[REST_X_REQUEST_ID] == 1 && size != 0 &&
                     size < REST_REQUEST_ID_BYTES && is_visible(sent);
    if (is_usable) {
        memcpy(reading->call->request_id, sent, size + 1);
    } else {
        nnrpc_uuid_v7(reading->call->request_id);
    }
}

static void add(struct rest_call *call, const char *key, const char *value) {
    call->metadata[call->metadata_count++] =
        (struct nnrpc_metadata){.key = key, .value = value, .value_size = strlen(value)};
}

static enum nnrpc_code fail_header(
    struct rest_reading *reading, enum rest_header header, const char *expected) {
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_INVALID_HEADER,
        "%s: expected %s", rest_header_name(header), expected);
}

/* Several lines of tracestate are one, joined by commas; one that is too long is left out, as the
 * recommendation allows. */
static void add_trace_state(struct rest_reading *reading) {
    char *state = reading->call->trace_state;
    size_t size = 0;
    size_t at = 0;
    for (const char *line = rest_headers_next(&reading->headers, REST_TRACESTATE, &at);
         line != NULL; line = rest_headers_next(&reading->headers, REST_TRACESTATE, &at)) {
        int written = snprintf(
            state + size, REST_TRACE_STATE_BYTES - size, "%s%s", size == 0 ? "" : ",", line);
        if (written < 0 || (size_t)written >= REST_TRACE_STATE_BYTES - size) {
            return;
        }
        size += (size_t)written;
    }
    if (size != 0) {
        add(reading->call, NNRPC_TRACESTATE_KEY, state);
    }
}

enum nnrpc_code rest_read_metadata(struct rest_reading *reading) {
    const char *parent = reading->headers.values[REST_TRACEPARENT];
    const char *revision = reading->headers.values[REST_X_MIN_REVISION];
    add(reading->call, "x-request-id", reading->call->request_id);
    if (reading->headers.counts[REST_TRACEPARENT] == 1 &&
        nnrpc_trace_parse(parent, strlen(parent), &reading->call->trace)) {
        add_trace_state(reading);
    }
    if (revision == NULL) {
        return NNRPC_OK;
    }
    size_t size = strspn(revision, "0123456789");
    if (reading->headers.counts[REST_X_MIN_REVISION] != 1 || size == 0 || size > 20 ||
        revision[size] != '\0') {
        return fail_header(reading, REST_X_MIN_REVISION, "one decimal number");
    }
    add(reading->call, "x-min-revision", revision);
    return NNRPC_OK;
}

/* Takes the quotes off a string of RFC 9651; false when it is none. */
static bool unquote(const char *quoted, char *out_text) {
    for (quoted++; *quoted != '"'; quoted++) {
        if (*quoted == '\\') {
            quoted++;
            if (*quoted != '"' && *quoted != '\\') {
                return false;
            }
        }
        if (*quoted < ' ' || *quoted > '~') {
            return false;
        }
        *out_text++ = *quoted;
    }
    *out_text = '\0';
    return quoted[1] == '\0';
}

enum nnrpc_code rest_read_idempotency_key(struct rest_reading *reading) {
    const struct nnrpc_method *method = reading->rule->method;
    const char *sent = reading->headers.values[REST_IDEMPOTENCY_KEY];
    char key[256];
    if (sent == NULL || method->request_id_index < 0) {
        return NNRPC_OK;
    }
    bool is_usable = reading->headers.counts[REST_IDEMPOTENCY_KEY] == 1 &&
                     strlen(sent) < sizeof(key) && is_visible(sent) && sent[0] != '\0';
    if (is_usable && sent[0] == '"') {
        is_usable = unquote(sent, key) && key[0] != '\0';
    } else if (is_usable) {
        strcpy(key, sent);
    }
    if (!is_usable) {
        return fail_header(
            reading, REST_IDEMPOTENCY_KEY, "one key of visible characters, in quotes or not");
    }
    struct nnrpc_field_path field = {
        .path = {{(int16_t)method->request_id_index, -1}},
        .field = &method->request->descriptor->fields[method->request_id_index],
        .names = &method->request->fields[method->request_id_index],
    };
    enum nnrpc_code code =
        rest_check_agreement(reading, &field, key, "Idempotency-Key says otherwise");
    return code != NNRPC_OK ? code : rest_set_field(reading, &field, key, strlen(key));
}
