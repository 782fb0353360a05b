/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The query of a request. Decoded text is never longer than what was sent, so one piece of memory
 * takes all of it.
 */
#include "rest/query.h"

#include <stdlib.h>
#include <string.h>

#include "rest/reasons.h"
#include "rest/url.h"

void rest_query_init(struct rest_query *query) {
    query->text = "";
    query->parameters = query->few;
    query->count = 0;
    query->action = NULL;
    query->is_pretty = false;
    query->is_envelope = false;
    query->many = NULL;
    query->long_text = NULL;
}

void rest_query_deinit(struct rest_query *query) {
    free(query->many);
    free(query->long_text);
    rest_query_init(query);
}

/* Room for the parameters and their decoded text; NULL without memory. */
static char *make_room(const char *text, struct rest_query *query) {
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++) {
        most += *at == '&';
    }
    size_t size = strlen(text) + 2 * most; /* and two terminators each, of which '=' gives one */
    if (most > REST_QUERY_FEW) {
        query->many = calloc(most, sizeof(*query->many));
        query->parameters = query->many;
    }
    if (size > REST_QUERY_SHORT) {
        query->long_text = malloc(size);
        return query->parameters == NULL ? NULL : query->long_text;
    }
    return query->parameters == NULL ? NULL : query->short_text;
}

/* Decodes one "name=value"; *room moves behind what was written. */
static bool read_parameter(
    const char *text, size_t size, char **room, struct rest_parameter *out_parameter) {
    const char *equals = memchr(text, '=', size);
    size_t name_size = equals == NULL ? size : (size_t)(equals - text);
    const char *value = equals == NULL ? text + size : equals + 1;
    size_t value_size = (size_t)(text + size - value);
    char *name_room = *room;
    if (!rest_url_decode(text, name_size, true, name_room, &out_parameter->name_size)) {
        return false;
    }
    char *value_room = name_room + out_parameter->name_size + 1;
    if (!rest_url_decode(value, value_size, true, value_room, &out_parameter->value_size)) {
        return false;
    }
    out_parameter->name = name_room;
    out_parameter->value = value_room;
    out_parameter->has_value = equals != NULL;
    *room = value_room + out_parameter->value_size + 1;
    return true;
}

static bool is_named(const struct rest_parameter *parameter, const char *name) {
    return strcmp(parameter->name, name) == 0;
}

bool rest_parameter_is_reserved(const struct rest_parameter *parameter) {
    return is_named(parameter, "action") || is_named(parameter, "pretty") ||
           is_named(parameter, "envelope");
}

static enum nnrpc_code read_switch(
    const struct rest_parameter *parameter, bool *out_switch, struct nnrpc_status *out_status) {
    const char *value = parameter->value;
    if (!parameter->has_value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0) {
        *out_switch = true;
        return NNRPC_OK;
    }
    *out_switch = false;
    if (value[0] == '\0' || strcmp(value, "false") == 0 || strcmp(value, "0") == 0) {
        return NNRPC_OK;
    }
    nnrpc_status_add_violation(
        out_status, parameter->name, REST_REASON_INVALID_PARAMETER,
        "expected no value, true, false, 1 or 0");
    return nnrpc_status_fail_violations(out_status, NNRPC_DOMAIN, REST_REASON_INVALID_PARAMETER);
}

static enum nnrpc_code fail_twice(const char *name, struct nnrpc_status *out_status) {
    nnrpc_status_add_violation(
        out_status, name, REST_REASON_DUPLICATE_PARAMETER, "the parameter stands twice");
    return nnrpc_status_fail_violations(out_status, NNRPC_DOMAIN, REST_REASON_DUPLICATE_PARAMETER);
}

static enum nnrpc_code read_reserved(struct rest_query *query, struct nnrpc_status *out_status) {
    bool has_pretty = false;
    bool has_envelope = false;
    for (size_t index = 0; index < query->count; index++) {
        const struct rest_parameter *parameter = &query->parameters[index];
        enum nnrpc_code code = NNRPC_OK;
        bool is_again = false;
        if (is_named(parameter, "action") && parameter->value_size != 0) {
            is_again = query->action != NULL;
            query->action = parameter->value;
        } else if (is_named(parameter, "pretty")) {
            is_again = has_pretty;
            has_pretty = true;
            code = read_switch(parameter, &query->is_pretty, out_status);
        } else if (is_named(parameter, "envelope")) {
            is_again = has_envelope;
            has_envelope = true;
            code = read_switch(parameter, &query->is_envelope, out_status);
        }
        if (is_again) {
            return fail_twice(parameter->name, out_status);
        }
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

enum nnrpc_code rest_query_read(
    const char *text, struct rest_query *out_query, struct nnrpc_status *out_status) {
    if (text[0] == '\0') {
        return NNRPC_OK;
    }
    char *room = make_room(text, out_query);
    if (room == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
            "there is no memory for the query");
    }
    out_query->text = text;
    for (size_t at = 0; text[at] != '\0';) {
        size_t size = strcspn(text + at, "&");
        struct rest_parameter *parameter = &out_query->parameters[out_query->count];
        if (size != 0) {
            if (!read_parameter(text + at, size, &room, parameter)) {
                return nnrpc_fail(
                    out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, REST_REASON_MALFORMED_URL,
                    "the query is not percent-encoded UTF-8 text");
            }
            parameter->offset = at;
            parameter->size = size;
            out_query->count++;
        }
        at += size + (text[at + size] == '&');
    }
    return read_reserved(out_query, out_status);
}
