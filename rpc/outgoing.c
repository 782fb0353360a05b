/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beginning and end of a call. Where a key is given twice, the first counts: the caller's own
 * metadata, then what interceptors add, then credentials and trace.
 */
#include "outgoing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "nnrpc/crypto.h"
#include "nnrpc/server.h"
#include "utf8.h"

#define AUTHORIZATION "authorization"
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)

/* --- Metadata ----------------------------------------------------------------------------- */

static struct nnrpc_slice packed_request(const struct nnrpc_pending *pending) {
    return (struct nnrpc_slice){pending->encoded.data, pending->encoded.size};
}

static bool has_metadata(const struct nnrpc_pending *pending, const char *key) {
    struct nnrpc_slice ignored;
    return pending->metadata_count > 0 &&
           nnrpc_frame_find_metadata(packed_request(pending), REQUEST_METADATA, key, &ignored);
}

/* What does not hold here, the server would refuse with the whole frame, the calls of others too.
 */
static enum nnrpc_code add_metadata(
    struct nnrpc_pending *pending, const struct nnrpc_metadata *metadata,
    struct nnrpc_status *out_status) {
    if (pending->metadata_count >= NNRPC_FRAME_MAX_METADATA) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "the call has more than %d metadata", NNRPC_FRAME_MAX_METADATA);
    }
    if (!nnrpc_utf8_valid(metadata->key, strlen(metadata->key))) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "the key of metadata %u is not UTF-8", pending->metadata_count);
    }
    pending->metadata_count++;
    nnrpc_frame_append_metadata(&pending->encoded, REQUEST_METADATA, metadata);
    return NNRPC_OK;
}

static enum nnrpc_code add_text(
    struct nnrpc_pending *pending, const char *key, const char *text,
    struct nnrpc_status *out_status) {
    const struct nnrpc_metadata metadata = {.key = key, .value = text, .value_size = strlen(text)};
    return add_metadata(pending, &metadata, out_status);
}

static enum nnrpc_code add_given(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    struct nnrpc_status *out_status) {
    if (options->metadata_count > NNRPC_FRAME_MAX_METADATA) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "the call has %zu metadata, at most %d are allowed", options->metadata_count,
            NNRPC_FRAME_MAX_METADATA);
    }
    enum nnrpc_code code = NNRPC_OK;
    for (size_t i = 0; code == NNRPC_OK && i < options->metadata_count; i++) {
        code = add_metadata(pending, &options->metadata[i], out_status);
    }
    return code;
}

/* --- Credentials -------------------------------------------------------------------------- */

static enum nnrpc_code add_bearer(
    struct nnrpc_pending *pending, const char *token, struct nnrpc_status *out_status) {
    struct nnrpc_buffer bearer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    nnrpc_buffer_append_format(&bearer, "Bearer %s", token);
    const char *text = nnrpc_buffer_text(&bearer);
    enum nnrpc_code code = text == NULL ? nnrpc_fail(
                                              out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN,
                                              "MEMORY_LIMIT", "no memory for a token")
                                        : add_text(pending, AUTHORIZATION, text, out_status);
    nnrpc_wipe(bearer.data, bearer.size);
    return code;
}

static enum nnrpc_code add_credentials(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    struct nnrpc_status *out_status) {
    const struct nnrpc_credentials *credentials = &pending->client->credentials;
    if (has_metadata(pending, AUTHORIZATION)) {
        return NNRPC_OK;
    }
    if (options->token != NULL) {
        return add_bearer(pending, options->token, out_status);
    }
    if (credentials->get_token == NULL) {
        return NNRPC_OK; /* the client's token, if any, is in every frame */
    }
    char token[NNRPC_TOKEN_MAX_BYTES] = "";
    enum nnrpc_code code = credentials->get_token(
        credentials->self, pending->method, token, sizeof(token), out_status);
    if (code == NNRPC_OK && token[0] != '\0') {
        code = add_bearer(pending, token, out_status);
    }
    nnrpc_wipe(token, sizeof(token));
    return code;
}

/* --- Parent and trace --------------------------------------------------------------------- */

static enum nnrpc_code obey_parent(
    struct nnrpc_pending *pending, const struct nnrpc_call *parent,
    struct nnrpc_status *out_status) {
    enum nnrpc_code code = nnrpc_call_check_wanted(parent, out_status);
    uint64_t deadline_ns = nnrpc_call_deadline_ns(parent);
    if (code == NNRPC_OK && deadline_ns != 0 && deadline_ns < pending->deadline_ns) {
        uint64_t now = nnrpc_clock_ns();
        uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;
        pending->deadline_ns = deadline_ns;
        pending->timeout_ms = (uint32_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
    }
    return code;
}

static enum nnrpc_code add_trace_state(
    struct nnrpc_pending *pending, const struct nnrpc_call *parent,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice value;
    if (has_metadata(pending, NNRPC_TRACESTATE_KEY) ||
        !nnrpc_call_get_metadata(parent, NNRPC_TRACESTATE_KEY, &value)) {
        return NNRPC_OK;
    }
    const struct nnrpc_metadata metadata = {
        .key = NNRPC_TRACESTATE_KEY, .value = value.data, .value_size = value.size};
    return add_metadata(pending, &metadata, out_status);
}

/* A caller who writes a traceparent by hand is the parent of what the hook is told of. */
static void begin_span_of_metadata(struct nnrpc_pending *pending) {
    struct nnrpc_slice value;
    struct nnrpc_trace given;
    if (nnrpc_frame_find_metadata(
            packed_request(pending), REQUEST_METADATA, NNRPC_TRACEPARENT_KEY, &value) &&
        nnrpc_trace_parse(value.data, value.size, &given)) {
        nnrpc_trace_begin(&given, &pending->trace);
    }
}

static enum nnrpc_code add_trace(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    struct nnrpc_status *out_status) {
    if (has_metadata(pending, NNRPC_TRACEPARENT_KEY)) {
        begin_span_of_metadata(pending);
        return NNRPC_OK;
    }
    const struct nnrpc_trace *above =
        options->parent != NULL ? nnrpc_call_trace(options->parent) : options->trace;
    if (above == NULL && pending->client->span_hook.end == NULL) {
        return NNRPC_OK;
    }
    char text[NNRPC_TRACEPARENT_TEXT_BYTES];
    nnrpc_trace_begin(above, &pending->trace);
    nnrpc_trace_format(&pending->trace, text);
    enum nnrpc_code code = add_text(pending, NNRPC_TRACEPARENT_KEY, text, out_status);
    return code == NNRPC_OK && options->parent != NULL
               ? add_trace_state(pending, options->parent, out_status)
               : code;
}

/* --- Beginning ---------------------------------------------------------------------------- */

static enum nnrpc_code run_before(struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    const struct nnrpc_client *client = pending->client;
    enum nnrpc_code code = NNRPC_OK;
    while (code == NNRPC_OK && pending->intercepted_count < client->interceptor_count) {
        const struct nnrpc_client_interceptor *interceptor =
            &client->interceptors[pending->intercepted_count];
        if (interceptor->before != NULL) {
            code = interceptor->before(interceptor->self, pending, out_status);
        }
        pending->intercepted_count += code == NNRPC_OK;
    }
    return code;
}

enum nnrpc_code outgoing_begin(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    struct nnrpc_status *out_status) {
    pending->parent = options->parent;
    enum nnrpc_code code = add_given(pending, options, out_status);
    if (code == NNRPC_OK && options->parent != NULL) {
        code = obey_parent(pending, options->parent, out_status);
    }
    if (code == NNRPC_OK) {
        code = run_before(pending, out_status);
    }
    if (code == NNRPC_OK) {
        code = add_credentials(pending, options, out_status);
    }
    return code == NNRPC_OK ? add_trace(pending, options, out_status) : code;
}

/* --- End ---------------------------------------------------------------------------------- */

static uint64_t real_clock_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void tell_span(const struct nnrpc_pending *pending, const struct nnrpc_status *status) {
    const struct nnrpc_span_hook *hook = &pending->client->span_hook;
    uint64_t duration_ns = nnrpc_clock_ns() - pending->started_ns;
    const struct nnrpc_span span = {
        .kind = NNRPC_SPAN_CLIENT,
        .method = pending->method->name,
        .address = nnrpc_pending_endpoint(pending),
        .caller = "",
        .trace = pending->trace,
        .start_unix_ns = real_clock_ns() - duration_ns,
        .duration_ns = duration_ns,
        .attempts = nnrpc_pending_attempts(pending),
        .status = status,
    };
    hook->end(hook->self, &span);
}

void outgoing_end(struct nnrpc_pending *pending, const struct nnrpc_status *status) {
    const struct nnrpc_client *client = pending->client;
    while (pending->intercepted_count > 0) {
        const struct nnrpc_client_interceptor *interceptor =
            &client->interceptors[--pending->intercepted_count];
        if (interceptor->after != NULL) {
            interceptor->after(interceptor->self, pending, status);
        }
    }
    if (client->span_hook.end != NULL) {
        tell_span(pending, status);
    }
}

/* --- For interceptors --------------------------------------------------------------------- */

const struct nnrpc_method *nnrpc_pending_method(const struct nnrpc_pending *pending) {
    return pending->method;
}

enum nnrpc_code nnrpc_pending_add_metadata(
    struct nnrpc_pending *pending, const struct nnrpc_metadata *metadata,
    struct nnrpc_status *out_status) {
    return add_metadata(pending, metadata, out_status);
}

bool nnrpc_pending_get_metadata(
    const struct nnrpc_pending *pending, const char *key, struct nnrpc_slice *out_value) {
    return nnrpc_frame_find_metadata(packed_request(pending), REQUEST_METADATA, key, out_value);
}

bool nnrpc_pending_get_reply_metadata(
    const struct nnrpc_pending *pending, const char *key, struct nnrpc_slice *out_value) {
    const struct nnrpc_pending *answer = pending->answer;
    return answer != NULL && answer->reply != NULL &&
           nnrpc_frame_find_metadata(answer->response.whole, RESPONSE_METADATA, key, out_value);
}

uint32_t nnrpc_pending_attempts(const struct nnrpc_pending *pending) {
    return pending->told_attempts;
}

const char *nnrpc_pending_endpoint(const struct nnrpc_pending *pending) {
    const struct nnrpc_pending *answer = pending->answer;
    return answer == NULL || answer->answering_endpoint == 0
               ? ""
               : pending->client->endpoints[answer->answering_endpoint - 1].url;
}

const struct nnrpc_trace *nnrpc_pending_trace(const struct nnrpc_pending *pending) {
    return &pending->trace;
}
