/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request, as its message or a field of it.
 */
#include <stdlib.h>
#include <string.h>

#include "nnrpc/dynamic.h"
#include "nnrpc/json.h"
#include "rest/field_names.h"
#include "rest/reading.h"
#include "rest/reasons.h"

/* JSON's white space at the front left out. */
static const char *skip(const char *at, const char *end) {
    while (at != end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at;
}

static bool is_empty(const struct http_request *request) {
    const char *end = request->body + request->body_size;
    return request->body_size == 0 || skip(request->body, end) == end;
}

static bool is_empty_object(const struct http_request *request) {
    const char *end = request->body + request->body_size;
    const char *at = skip(request->body, end);
    if (at == end || *at != '{') {
        return false;
    }
    at = skip(at + 1, end);
    return at != end && *at == '}' && skip(at + 1, end) == end;
}

static enum nnrpc_code make_empty(struct rest_reading *reading) {
    const ProtobufCMessageDescriptor *descriptor = reading->rule->method->request->descriptor;
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);
    if (message == NULL) {
        return nnrpc_fail(
            &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
            "there is no memory for the request");
    }
    nnrpc_message_init(descriptor, message);
    reading->call->message = message;
    return NNRPC_OK;
}

static enum nnrpc_code refuse_body(struct rest_reading *reading) {
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_UNEXPECTED_BODY,
        "%s has no body here: expected none, or {}", reading->request->method);
}

static enum nnrpc_code fail_missing(struct rest_reading *reading) {
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_INVALID_JSON,
        "there is no body: expected JSON");
}

/* JSON reads null as a field that is not set. */
static enum nnrpc_code fail_null(struct rest_reading *reading) {
    return nnrpc_fail(
        &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_INVALID_JSON,
        "expected an object, found null");
}

static enum nnrpc_code read_request(struct rest_reading *reading) {
    const struct http_request *request = reading->request;
    const struct nnrpc_message *type = reading->rule->method->request;
    enum nnrpc_code code = nnrpc_json_read(
        type, request->body, request->body_size, NULL, &reading->call->message, &reading->status);
    rest_rename_violations(type, "", &reading->status);
    return code;
}

static enum nnrpc_code read_field(struct rest_reading *reading) {
    const struct http_request *request = reading->request;
    const struct nnrpc_message *type = reading->rule->method->request;
    unsigned int index = (unsigned int)reading->rule->body_index;
    enum nnrpc_code code = make_empty(reading);
    if (code != NNRPC_OK) {
        return code;
    }
    code = nnrpc_json_read_field(
        type, index, request->body, request->body_size, reading->call->message,
        reading->rule->has_mask ? &reading->body_paths : NULL, &reading->status);
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (is_message) {
        rest_rename_violations(type->fields[index].message, "", &reading->status);
    }
    const char *body = skip(request->body, request->body + request->body_size);
    return code == NNRPC_OK && is_message && *body == 'n' ? fail_null(reading) : code;
}

enum nnrpc_code rest_read_body(struct rest_reading *reading) {
    const struct rest_rule *rule = reading->rule;
    if (is_empty(reading->request)) {
        return rule->has_body && !rule->body_is_request ? fail_missing(reading)
                                                        : make_empty(reading);
    }
    enum nnrpc_code code = rest_check_content(reading);
    if (code != NNRPC_OK) {
        return code;
    }
    if (!rule->has_body) {
        return is_empty_object(reading->request) ? make_empty(reading) : refuse_body(reading);
    }
    return rule->body_is_request ? read_request(reading) : read_field(reading);
}
