/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP answer of a call that was made.
 */
#include <string.h>

#include "nnrpc/json.h"
#include "rest/conditions.h"
#include "rest/error_answer.h"
#include "rest/field_names.h"
#include "rest/link.h"
#include "rest/reasons.h"
#include "rest/rest.h"
#include "rest/rewording.h"
#include "rest/rule.h"

#define FIRST_BODY_BYTES 2048 /* of one resource: so that it does not grow step by step */

static void add_common_headers(
    const struct rest_call *call, const struct nnrpc_reply_metadata *metadata,
    struct http_response *response) {
    static const struct {
        const char *key;
        const char *header;
    } PASSED[] = {{"x-revision", "X-Revision"}, {"x-epoch", "X-Epoch"}};
    http_response_add_header(response, "X-Request-Id", "%s", call->request_id);
    for (size_t index = 0; metadata != NULL && index < NNRPC_LENGTH(PASSED); index++) {
        const char *value = nnrpc_reply_metadata_get(metadata, PASSED[index].key);
        if (value != NULL) {
            http_response_add_header(response, PASSED[index].header, "%s", value);
        }
    }
}

static void write_failure(
    const struct rest_call *call, const struct nnrpc_status *status,
    struct http_response *response) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status seen = NNRPC_STATUS_INIT;
    nnrpc_status_copy(&seen, status);
    const struct rest_rule *rule = call->ready_rule;
    rest_reword(rule, &seen);
    rest_rename_violations(rule->method->request, rule->http->body, &seen);
    bool is_precondition = call->has_if_match && strcmp(status->reason, "ETAG_MISMATCH") == 0;
    rest_write_error(&seen, is_precondition ? 412 : 0, call->is_pretty, response);
}

/* Whether the call changes nothing, but says whether it could. */
static bool is_trial(const struct rest_call *call) {
    int index = call->ready_rule->method->validate_only_index;
    if (index < 0) {
        return false;
    }
    const void *at = (const char *)call->message + call->message->descriptor->fields[index].offset;
    return *(const protobuf_c_boolean *)at != 0;
}

/* The etag of the resource in the answer, "" when it has none. */
static const char *find_etag(const struct rest_rule *rule, const ProtobufCMessage *message) {
    const ProtobufCMessage *resource =
        rule->etag_index < 0 ? NULL : rest_rule_resource(rule, message);
    if (resource == NULL) {
        return "";
    }
    const ProtobufCFieldDescriptor *field = &resource->descriptor->fields[rule->etag_index];
    const char *etag = *(const char *const *)((const char *)resource + field->offset);
    return etag == NULL ? "" : etag;
}

/* Whether the conditions of a read leave nothing to send but their own answer. */
static bool answer_by_condition(
    const struct rest_call *call, const struct http_request *request, const char *etag,
    struct http_response *response) {
    const struct rest_rule *rule = call->ready_rule;
    if (rule->etag_index < 0 || strcmp(rule->http->verb, "GET") != 0) {
        return false;
    }
    struct rest_headers headers;
    rest_headers_read(request, &headers);
    switch (rest_check_conditions(&headers, etag)) {
    case REST_CONDITION_MET:
        return false;
    case REST_CONDITION_NOT_MODIFIED:
        response->status = 304;
        return true;
    case REST_CONDITION_FAILED: {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN, REST_REASON_PRECONDITION_FAILED,
            etag[0] != '\0' ? "If-Match: the resource has another etag"
                            : "If-Match: the answer leaves out the etag; add it to the mask");
        rest_write_error(&status, 0, call->is_pretty, response);
        return true;
    }
    }
    return false;
}

static void write_body(
    const struct rest_call *call, const ProtobufCMessage *message, struct http_response *response) {
    const struct rest_rule *rule = call->ready_rule;
    const struct nnrpc_json_format format = {.indent = call->is_pretty ? 2 : 0};
    const struct nnrpc_message *type = rule->method->response;
    bool is_whole = call->is_envelope || rule->response_index < 0;
    response->content_type = REST_JSON_TYPE;
    (void)nnrpc_buffer_reserve(&response->body, FIRST_BODY_BYTES);
    /* A value that has no JSON form is null, and the rest is as good as ever. */
    enum nnrpc_code code =
        is_whole ? nnrpc_json_write(type, message, &format, &response->body)
                 : nnrpc_json_write_field(
                       type, (unsigned int)rule->response_index, message, &format, &response->body);
    nnrpc_buffer_append_text(&response->body, call->is_pretty ? "\n" : "");
    response->failed =
        response->failed || response->body.failed || code == NNRPC_RESOURCE_EXHAUSTED;
}

static void write_success(
    const struct rest_call *call, const struct http_request *request,
    const ProtobufCMessage *message, struct http_response *response) {
    const struct rest_rule *rule = call->ready_rule;
    bool made_nothing = is_trial(call); /* so there is nothing to find, and no etag of it */
    const char *etag = made_nothing ? "" : find_etag(rule, message);
    if (etag[0] != '\0') {
        http_response_add_header(response, "ETag", "\"%s\"", etag);
    }
    bool is_answered = answer_by_condition(call, request, etag, response);
    if (is_answered && response->status != 304) {
        return;
    }
    bool is_read = rule->method->idempotency == NNRPC_NO_SIDE_EFFECTS;
    http_response_add_header(
        response, "Cache-Control", "%s", is_read ? "private, no-cache" : "no-store");
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
    if (is_answered) { /* 304: the body that it stands for is not sent, but its length is told */
        write_body(call, message, response);
        return;
    }
    response->status = rule->http->success_status;
    if (made_nothing) {
        response->status = response->status == 204 ? 204 : 200;
    } else {
        rest_add_location(rule, message, response);
    }
    rest_add_next_link(call, request, message, response);
    if (response->status != 204) {
        write_body(call, message, response);
    }
}

void rest_write_answer(
    const struct rest_call *call, const struct http_request *request, enum nnrpc_code code,
    const ProtobufCMessage *message, const struct nnrpc_status *status,
    const struct nnrpc_reply_metadata *metadata, struct http_response *out_response) {
    add_common_headers(call, metadata, out_response);
    if (code == NNRPC_OK) {
        write_success(call, request, message, out_response);
    } else {
        write_failure(call, status, out_response);
    }
}
