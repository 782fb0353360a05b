/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as HTTP answers.
 */
#include "rest/error_answer.h"

#include <stdlib.h>
#include <string.h>

#include "nnrpc/json.h"
#include "rest/reasons.h"
#include "rest/rest.h"

/* What the reason says that the code alone does not. */
static const struct {
    const char *reason;
    unsigned http_status;
} BY_REASON[] = {
    {"OVERLOADED", 503},
    {"STORAGE_FULL", 507},
    {"REQUEST_TOO_LARGE", 413},
    /* Too much was asked for, and would be next time too: neither 429 nor the server's fault. */
    {"REPLY_TOO_LARGE", 400},
    {REST_REASON_METHOD_NOT_ALLOWED, 405},
    {REST_REASON_NOT_ACCEPTABLE, 406},
    {REST_REASON_PRECONDITION_FAILED, 412},
    {REST_REASON_UNSUPPORTED_CONTENT, 415},
};

static unsigned by_code(enum nnrpc_code code) {
    switch (code) {
    case NNRPC_OK:
        return 200;
    case NNRPC_INVALID_ARGUMENT:
    case NNRPC_FAILED_PRECONDITION:
    case NNRPC_OUT_OF_RANGE:
        return 400;
    case NNRPC_UNAUTHENTICATED:
        return 401;
    case NNRPC_PERMISSION_DENIED:
        return 403;
    case NNRPC_NOT_FOUND:
        return 404;
    case NNRPC_ABORTED:
    case NNRPC_ALREADY_EXISTS:
        return 409;
    case NNRPC_RESOURCE_EXHAUSTED:
        return 429;
    case NNRPC_CANCELLED:
        return 499;
    case NNRPC_UNIMPLEMENTED:
        return 501;
    case NNRPC_UNAVAILABLE:
        return 503;
    case NNRPC_DEADLINE_EXCEEDED:
        return 504;
    case NNRPC_UNKNOWN:
    case NNRPC_INTERNAL:
    case NNRPC_DATA_LOSS:
        break;
    }
    return 500;
}

unsigned rest_http_status(const struct nnrpc_status *status) {
    for (size_t index = 0; index < NNRPC_LENGTH(BY_REASON); index++) {
        if (strcmp(BY_REASON[index].reason, status->reason) == 0) {
            return BY_REASON[index].http_status;
        }
    }
    return by_code(status->code);
}

/* Seconds, rounded up; at least one, so that nobody comes back at once. */
static void add_retry_after(const struct nnrpc_status *status, struct http_response *response) {
    const char *wait = nnrpc_status_get_info(status, "retry_after_ms");
    unsigned long long milliseconds = wait == NULL ? 0 : strtoull(wait, NULL, 10);
    unsigned long long seconds = milliseconds / 1000 + (milliseconds % 1000 != 0);
    http_response_add_header(response, "Retry-After", "%llu", seconds == 0 ? 1 : seconds);
}

/* --- The body ----------------------------------------------------------------------------- */

/* Where in the text the next member goes. */
struct layout {
    struct nnrpc_buffer *out;
    bool is_pretty;
    unsigned int depth;
    bool is_first;
};

static void break_line(struct layout *layout) {
    if (layout->is_pretty) {
        nnrpc_buffer_append_format(layout->out, "\n%*s", (int)layout->depth * 2, "");
    }
}

static void begin_item(struct layout *layout) {
    nnrpc_buffer_append_text(layout->out, layout->is_first ? "" : ",");
    break_line(layout);
    layout->is_first = false;
}

static void begin_member(struct layout *layout, const char *name) {
    begin_item(layout);
    nnrpc_json_write_string(layout->out, name, strlen(name));
    nnrpc_buffer_append_text(layout->out, layout->is_pretty ? ": " : ":");
}

static void open(struct layout *layout, const char *bracket) {
    nnrpc_buffer_append_text(layout->out, bracket);
    layout->depth++;
    layout->is_first = true;
}

static void close(struct layout *layout, const char *bracket) {
    layout->depth--;
    if (!layout->is_first) {
        break_line(layout);
    }
    nnrpc_buffer_append_text(layout->out, bracket);
    layout->is_first = false;
}

static void write_text(struct layout *layout, const char *name, const char *text) {
    begin_member(layout, name);
    nnrpc_json_write_string(layout->out, text, strlen(text));
}

static void write_details(struct layout *layout, const struct nnrpc_status *status) {
    static const struct nnrpc_status_details NONE = {0};
    const struct nnrpc_status_details *details = status->details == NULL ? &NONE : status->details;
    begin_member(layout, "metadata");
    open(layout, "{");
    for (size_t index = 0; index < details->info_count; index++) {
        write_text(layout, details->infos[index].key, details->infos[index].value);
    }
    close(layout, "}");
    begin_member(layout, "fieldViolations");
    open(layout, "[");
    for (size_t index = 0; index < details->violation_count; index++) {
        const struct nnrpc_violation *violation = &details->violations[index];
        begin_item(layout);
        open(layout, "{");
        write_text(layout, "field", violation->field);
        write_text(layout, "description", violation->description);
        write_text(layout, "reason", violation->reason);
        close(layout, "}");
    }
    close(layout, "]");
}

static void write_body(
    const struct nnrpc_status *status, unsigned http_status, bool is_pretty,
    struct nnrpc_buffer *out) {
    struct layout layout = {.out = out, .is_pretty = is_pretty, .is_first = true};
    open(&layout, "{");
    begin_member(&layout, "error");
    open(&layout, "{");
    begin_member(&layout, "code");
    nnrpc_buffer_append_format(out, "%u", http_status);
    write_text(&layout, "status", nnrpc_code_name(status->code));
    write_text(&layout, "message", status->message);
    write_text(&layout, "reason", status->reason);
    write_text(&layout, "domain", status->domain);
    write_details(&layout, status);
    close(&layout, "}");
    close(&layout, "}");
    nnrpc_buffer_append_text(out, is_pretty ? "\n" : "");
}

void rest_write_error(
    const struct nnrpc_status *status, unsigned http_status, bool is_pretty,
    struct http_response *out_response) {
    unsigned answered = http_status == 0 ? rest_http_status(status) : http_status;
    out_response->status = answered;
    out_response->content_type = REST_JSON_TYPE;
    nnrpc_buffer_clear(&out_response->body);
    write_body(status, answered, is_pretty, &out_response->body);
    out_response->failed = out_response->failed || out_response->body.failed;
    http_response_add_header(out_response, "Cache-Control", "no-store");
    http_response_add_header(out_response, "X-Content-Type-Options", "nosniff");
    if (answered == 429 || answered == 503 || answered == 504) {
        add_retry_after(status, out_response);
    }
    if (answered == 401) {
        bool is_missing = strcmp(status->reason, REST_REASON_TOKEN_MISSING) == 0;
        http_response_add_header(
            out_response, "WWW-Authenticate", "Bearer realm=\"contacts\"%s",
            is_missing ? "" : ", error=\"invalid_token\"");
    }
}
