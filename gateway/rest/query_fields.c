/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a query as fields of the message.
 */
#include <stdlib.h>
#include <string.h>

#include "rest/reading.h"
#include "rest/reasons.h"

#define SEEN_FEW 16

/* The singular fields that the query has set so far. */
struct seen {
    struct nnrpc_path *paths;
    size_t count;
    size_t capacity;
    struct nnrpc_path few[SEEN_FEW];
};

static void add_problem(
    struct rest_reading *reading, const struct rest_parameter *parameter, const char *reason,
    const char *description) {
    nnrpc_status_add_violation(&reading->status, parameter->name, reason, "%s", description);
}

/* Names the parameter that may have been meant, as it would have to be written. */
static void refuse_unknown(
    struct rest_reading *reading, const struct rest_parameter *parameter,
    const struct nnrpc_field_miss *miss) {
    if (miss->nearest == NULL) {
        add_problem(reading, parameter, REST_REASON_UNKNOWN_PARAMETER, "no such parameter");
        return;
    }
    nnrpc_status_add_violation(
        &reading->status, parameter->name, REST_REASON_UNKNOWN_PARAMETER,
        "no such parameter; did you mean \"%.*s%s\"?", (int)miss->offset, parameter->name,
        miss->nearest);
}

/* Whether the query may not say a field, because a path or the body does: then it is a problem. */
static bool is_said_elsewhere(
    struct rest_reading *reading, const struct rest_parameter *parameter,
    const struct nnrpc_field_path *field) {
    const struct rest_rule *rule = reading->rule;
    for (size_t index = 0; index < rule->bound->count; index++) {
        const struct nnrpc_http_rule *other = rule->bound->fields[index].rule;
        if (!rest_same_field(&rule->bound->fields[index].field.path, &field->path)) {
            continue;
        }
        if (rest_rule_binds(rule, &field->path)) {
            add_problem(reading, parameter, REST_REASON_CONFLICTING_VALUES, "the path says it");
        } else {
            nnrpc_status_add_violation(
                &reading->status, parameter->name, REST_REASON_CONFLICTING_VALUES,
                "the path %s %s says it", other->verb, other->path);
        }
        return true;
    }
    if (rule->body_index >= 0 && field->path.indexes[0] == rule->body_index) {
        add_problem(reading, parameter, REST_REASON_CONFLICTING_VALUES, "the body says it");
        return true;
    }
    if ((field->names->flags & NNRPC_FIELD_SENSITIVE) != 0) {
        /* Addresses are kept in logs and histories. */
        add_problem(
            reading, parameter, REST_REASON_CONFLICTING_VALUES, "a secret belongs in the body");
        return true;
    }
    return false;
}

static bool is_singular(const struct nnrpc_field_path *field) {
    return field->field->label != PROTOBUF_C_LABEL_REPEATED;
}

static bool was_seen(const struct seen *seen, const struct nnrpc_path *path) {
    for (size_t index = 0; index < seen->count; index++) {
        if (rest_same_field(&seen->paths[index], path)) {
            return true;
        }
    }
    return false;
}

static bool note_seen(struct seen *seen, const struct nnrpc_path *path) {
    if (seen->count == seen->capacity) {
        size_t capacity = seen->capacity * 2;
        bool is_few = seen->paths == seen->few;
        struct nnrpc_path *larger =
            realloc(is_few ? NULL : seen->paths, capacity * sizeof(*larger));
        if (larger == NULL) {
            return false;
        }
        if (is_few) {
            memcpy(larger, seen->few, sizeof(seen->few));
        }
        seen->paths = larger;
        seen->capacity = capacity;
    }
    seen->paths[seen->count++] = *path;
    return true;
}

static enum nnrpc_code fail_memory(struct rest_reading *reading) {
    return nnrpc_fail(
        &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
        "there is no memory for the query");
}

/* Whether the value was sent with a plus, which is a blank: a time zone as it must not be. */
static bool has_plus(const struct rest_reading *reading, const struct rest_parameter *parameter) {
    return memchr(reading->query.text + parameter->offset, '+', parameter->size) != NULL;
}

/* Sets the field; what does not fit becomes a problem of the parameter. */
static enum nnrpc_code set_field(
    struct rest_reading *reading, const struct rest_parameter *parameter,
    const struct nnrpc_field_path *field) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = nnrpc_field_path_set(
        reading->rule->method->request, reading->call->message, field, parameter->value,
        parameter->value_size, &status);
    if (code == NNRPC_OK) {
        return NNRPC_OK;
    }
    bool has_violation = status.details != NULL && status.details->violation_count != 0;
    if (code != NNRPC_INVALID_ARGUMENT || !has_violation) {
        nnrpc_status_move(&reading->status, &status);
        return code;
    }
    nnrpc_status_add_violation(
        &reading->status, parameter->name, REST_REASON_INVALID_PARAMETER, "%s%s",
        status.details->violations[0].description,
        has_plus(reading, parameter) ? "; write + as %2B" : "");
    return NNRPC_OK;
}

static enum nnrpc_code read_parameter(
    struct rest_reading *reading, const struct rest_parameter *parameter, struct seen *seen) {
    struct nnrpc_field_path field;
    struct nnrpc_field_miss miss;
    if (!nnrpc_field_path_find(
            reading->rule->method->request, parameter->name, parameter->name_size, &field, &miss)) {
        refuse_unknown(reading, parameter, &miss);
        return NNRPC_OK;
    }
    if (is_said_elsewhere(reading, parameter, &field) || parameter->value_size == 0) {
        return NNRPC_OK;
    }
    if (is_singular(&field)) {
        if (was_seen(seen, &field.path)) {
            add_problem(
                reading, parameter, REST_REASON_DUPLICATE_PARAMETER, "the parameter stands twice");
            return NNRPC_OK;
        }
        if (nnrpc_field_path_is_set(&field, reading->call->message)) {
            add_problem(reading, parameter, REST_REASON_CONFLICTING_VALUES, "the body says it");
            return NNRPC_OK;
        }
        if (!note_seen(seen, &field.path)) {
            return fail_memory(reading);
        }
    }
    return set_field(reading, parameter, &field);
}

enum nnrpc_code rest_read_query_fields(struct rest_reading *reading) {
    struct seen seen = {.capacity = SEEN_FEW};
    seen.paths = seen.few;
    enum nnrpc_code code = NNRPC_OK;
    for (size_t index = 0; index < reading->query.count && code == NNRPC_OK; index++) {
        const struct rest_parameter *parameter = &reading->query.parameters[index];
        if (!rest_parameter_is_reserved(parameter)) {
            code = read_parameter(reading, parameter, &seen);
        }
    }
    if (seen.paths != seen.few) {
        free(seen.paths);
    }
    if (code != NNRPC_OK || reading->query.count == 0) {
        return code;
    }
    return nnrpc_status_fail_violations(
        &reading->status, NNRPC_DOMAIN, REST_REASON_INVALID_PARAMETER);
}
