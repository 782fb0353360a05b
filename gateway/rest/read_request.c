/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which call a request is: the steps in their order, and the answer to a request that is none.
 */
#include <stdlib.h>
#include <string.h>

#include "rest/reading.h"
#include "rest/reasons.h"
#include "rest/route.h"
#include "rest/secrets.h"

/* --- Verbs -------------------------------------------------------------------------------- */

static void add_allow(unsigned int verbs, struct http_response *response) {
    http_response_add_header(
        response, "Allow", "%s%s%s%s%sOPTIONS", (verbs & REST_GET) != 0 ? "GET, HEAD, " : "",
        (verbs & REST_POST) != 0 ? "POST, " : "", (verbs & REST_PUT) != 0 ? "PUT, " : "",
        (verbs & REST_PATCH) != 0 ? "PATCH, " : "", (verbs & REST_DELETE) != 0 ? "DELETE, " : "");
}

static void answer_options(unsigned int verbs, struct http_response *response) {
    response->status = 204;
    add_allow(verbs, response);
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
}

static enum nnrpc_code fail_verb(
    struct rest_reading *reading, unsigned int verbs, const char *verb) {
    add_allow(verbs, reading->response);
    return nnrpc_fail(
        &reading->status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, REST_REASON_METHOD_NOT_ALLOWED,
        "%.32s is not possible here; the header Allow names what is", verb);
}

/* --- The rule ----------------------------------------------------------------------------- */

static enum nnrpc_code read_path(struct rest_reading *reading) {
    switch (rest_path_read(reading->request->path, &reading->path)) {
    case REST_PATH_OK:
        return NNRPC_OK;
    case REST_PATH_MALFORMED:
        return nnrpc_fail(
            &reading->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_MALFORMED_URL,
            "the path is not percent-encoded UTF-8 text");
    case REST_PATH_UNKNOWN:
        break;
    case REST_PATH_OUT_OF_MEMORY:
        return nnrpc_fail(
            &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
            "there is no memory for the path");
    }
    return nnrpc_fail(
        &reading->status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, REST_REASON_UNKNOWN_PATH,
        "nothing has this path");
}

/* Says which actions there are. */
static enum nnrpc_code fail_action(
    struct rest_reading *reading, const struct rest_node *node, unsigned int verb) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer known = {0};
    for (size_t index = 0; index < node->rule_count; index++) {
        const struct nnrpc_http_rule *rule = node->rules[index]->http;
        if (rest_verb_of(rule->verb) == verb && rule->action[0] != '\0') {
            nnrpc_buffer_append_format(&known, "%s%s", known.size == 0 ? "" : ", ", rule->action);
        }
    }
    const char *names = nnrpc_buffer_text(&known);
    const char *said = reading->query.action == NULL ? "it is missing" : "no such action";
    nnrpc_status_add_violation(
        &reading->status, "action", REST_REASON_UNKNOWN_ACTION, "%s; possible here: %s", said,
        known.size == 0 || names == NULL ? "none" : names);
    return nnrpc_status_fail_violations(&reading->status, NNRPC_DOMAIN, REST_REASON_UNKNOWN_ACTION);
}

static enum nnrpc_code choose_rule(
    struct rest_reading *reading, const struct rest_node *node, unsigned int verb) {
    const char *action = reading->query.action == NULL ? "" : reading->query.action;
    for (size_t index = 0; index < node->rule_count; index++) {
        const struct rest_rule *rule = node->rules[index];
        if (rest_verb_of(rule->http->verb) == verb && strcmp(rule->http->action, action) == 0) {
            reading->rule = rule;
            reading->call->ready_rule = rule;
            reading->call->rule = rule->http;
            reading->call->method = rule->method;
            return NNRPC_OK;
        }
    }
    return fail_action(reading, node, verb);
}

/* Finds the node of the path and verb. NULL with NNRPC_OK: it was answered (OPTIONS). */
static enum nnrpc_code find_node(
    struct rest_reading *reading, const struct rest_table *table, unsigned int verb,
    const struct rest_node **out_node) {
    const char *name = reading->request->method;
    bool is_options = strcmp(name, "OPTIONS") == 0;
    *out_node = NULL;
    if (is_options && strcmp(reading->request->path, "*") == 0) {
        answer_options(rest_route_all_verbs(&table->root), reading->response);
        return NNRPC_OK;
    }
    enum nnrpc_code code = read_path(reading);
    if (code != NNRPC_OK) {
        return code;
    }
    *out_node = verb == 0 ? NULL : rest_route_find(&table->root, &reading->path, verb);
    if (*out_node != NULL) {
        return NNRPC_OK;
    }
    unsigned int verbs = rest_route_verbs(&table->root, &reading->path);
    if (verbs == 0) {
        return nnrpc_fail(
            &reading->status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, REST_REASON_UNKNOWN_PATH,
            "nothing has this path");
    }
    if (is_options) {
        answer_options(verbs, reading->response);
        return NNRPC_OK;
    }
    return fail_verb(reading, verbs, name);
}

/* --- The steps ---------------------------------------------------------------------------- */

static enum nnrpc_code read_message(struct rest_reading *reading) {
    static enum nnrpc_code (*const STEPS[])(struct rest_reading * reading) = {
        rest_read_token, rest_check_accept,     rest_read_metadata,
        rest_read_body,  rest_read_path_fields, rest_read_query_fields,
        rest_read_mask,  rest_read_conditions,  rest_read_idempotency_key,
    };
    for (size_t index = 0; index < NNRPC_LENGTH(STEPS); index++) {
        enum nnrpc_code code = STEPS[index](reading);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

static enum nnrpc_code read_all(struct rest_reading *reading, const struct rest_table *table) {
    unsigned int verb = rest_verb_of(reading->request->method);
    const struct rest_node *node = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status wrong_query = NNRPC_STATUS_INIT;
    enum nnrpc_code query_code =
        rest_query_read(reading->request->query, &reading->query, &wrong_query);
    reading->call->is_pretty = reading->query.is_pretty;
    reading->call->is_envelope = reading->query.is_envelope;
    reading->call->is_head = strcmp(reading->request->method, "HEAD") == 0;
    enum nnrpc_code code = find_node(reading, table, verb, &node);
    if (code != NNRPC_OK || node == NULL) {
        return code;
    }
    if (query_code != NNRPC_OK) {
        nnrpc_status_move(&reading->status, &wrong_query);
        return query_code;
    }
    code = choose_rule(reading, node, verb);
    return code == NNRPC_OK ? read_message(reading) : code;
}

bool rest_read_request(
    const struct rest_table *table, const struct http_request *request, struct rest_call *out_call,
    struct http_response *out_response) {
    struct rest_reading reading;
    reading.request = request;
    reading.path.count = 0;
    reading.path.decoded = NULL;
    rest_query_init(&reading.query);
    reading.rule = NULL;
    reading.call = out_call;
    reading.status = (struct nnrpc_status)NNRPC_STATUS_INIT;
    reading.body_paths = (struct nnrpc_buffer){0};
    reading.response = out_response;
    rest_headers_read(request, &reading.headers);
    rest_read_request_id(&reading);
    enum nnrpc_code code = read_all(&reading, table);
    if (code != NNRPC_OK) {
        rest_write_error(&reading.status, 0, out_call->is_pretty, out_response);
    }
    bool is_answered = code != NNRPC_OK || out_response->status != 0;
    if (is_answered) {
        http_response_add_header(out_response, "X-Request-Id", "%s", out_call->request_id);
    }
    nnrpc_status_deinit(&reading.status);
    nnrpc_buffer_deinit(&reading.body_paths);
    rest_query_deinit(&reading.query);
    rest_path_deinit(&reading.path);
    return !is_answered;
}

void rest_call_deinit(struct rest_call *call) {
    if (call->message != NULL) {
        rest_wipe_secrets(call->method->request, call->message);
    }
    protobuf_c_message_free_unpacked(call->message, NULL);
    call->message = NULL;
    call->metadata_count = 0;
    call->token = NULL;
}
