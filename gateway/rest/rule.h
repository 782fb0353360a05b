/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP rule made ready: which fields its path, its body and its conditions mean.
 *
 * Constant once made. Nothing here is looked up by name while a request is served but what the
 * request itself names.
 */
#ifndef GATEWAY_REST_RULE_H
#define GATEWAY_REST_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/field_path.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

#define REST_SEGMENTS_MOST 32
#define REST_VARIABLES_MOST 8

/** One variable of a path template: the segment that it takes, and the field that gets it. */
struct rest_variable {
    size_t segment;
    struct nnrpc_field_path field;
};

struct rest_rule {
    const struct nnrpc_method *method;
    const struct nnrpc_http_rule *http;
    struct rest_variable variables[REST_VARIABLES_MOST];
    size_t variable_count;
    /** The fields that any rule of the method binds by its path: the method's, shared. */
    const struct rest_bound *bound;
    bool has_body;
    bool body_is_request; /* "*" */
    int body_index;       /* of the request's field; -1: none, or the whole request */
    int response_index;   /* of the response's field that is the answer; -1: all of it */
    bool has_precondition;
    struct nnrpc_field_path precondition; /* the request's etag, if has_precondition */
    int etag_index;                       /* of the answer's own etag; -1: none */
    bool has_mask;
    struct nnrpc_field_path mask; /* what a PATCH changes, if has_mask */
    int next_index;               /* of the response's field for the next page; -1: none */
    struct nnrpc_field_path page; /* the request's field that takes it, if next_index is not -1 */
};

/** The fields that the paths of a method bind, each once. */
struct rest_bound {
    struct {
        struct nnrpc_field_path field;
        const struct nnrpc_http_rule *rule; /* the first one that binds it */
    } fields[REST_VARIABLES_MOST];
    size_t count;
};

/**
 * Makes a rule ready.
 *
 * @param bound     Of the method; what the rule binds is added. Outlives the rule.
 * @param out_rule  Filled on NNRPC_OK.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT: the rule cannot be; the message names it.
 */
NNRPC_NODISCARD enum nnrpc_code rest_rule_read(
    const struct nnrpc_method *method, const struct nnrpc_http_rule *http, struct rest_bound *bound,
    struct rest_rule *out_rule, struct nnrpc_status *out_status);

/** Whether two paths mean the same field. */
bool rest_same_field(const struct nnrpc_path *a, const struct nnrpc_path *b);

/** Whether the rule's own path binds a field. */
bool rest_rule_binds(const struct rest_rule *rule, const struct nnrpc_path *path);

/** The message that is the answer: the response, or its field; NULL when that is a list, a plain
 *  value, or absent. */
const ProtobufCMessage *rest_rule_resource(
    const struct rest_rule *rule, const ProtobufCMessage *response);

#endif
