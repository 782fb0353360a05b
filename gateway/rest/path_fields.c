/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields that paths bind. What a path of the method says, the body may repeat, where it is this
 * request's path, and may not say otherwise: so one resource has one path, and a path that makes
 * shared things makes no others.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/field_names.h"
#include "rest/reading.h"
#include "rest/reasons.h"

static void append_name(
    const struct rest_reading *reading, const struct nnrpc_field_path *field,
    struct nnrpc_buffer *out) {
    const struct rest_rule *rule = reading->rule;
    struct nnrpc_path path = field->path;
    const struct nnrpc_message *type = rule->method->request;
    if (rule->body_index >= 0 && path.indexes[0] == rule->body_index && path.indexes[1] >= 0) {
        memmove(&path.indexes[0], &path.indexes[1], sizeof(path.indexes) - sizeof(path.indexes[0]));
        path.indexes[NNRPC_PATH_DEPTH - 1] = -1;
        type = type->fields[rule->body_index].message;
    }
    nnrpc_field_path_append_name(type, &path, out);
}

enum nnrpc_code rest_fail_field(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *reason,
    const char *format, ...) {
    char description[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(description, sizeof(description), format, arguments);
    va_end(arguments);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
    append_name(reading, field, &name);
    const char *text = nnrpc_buffer_text(&name);
    nnrpc_status_reset(&reading->status);
    nnrpc_status_add_violation(
        &reading->status, text == NULL ? "" : text, reason, "%s", description);
    return nnrpc_status_fail_violations(&reading->status, NNRPC_DOMAIN, reason);
}

enum nnrpc_code rest_set_field(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *text,
    size_t size) {
    const struct nnrpc_message *type = reading->rule->method->request;
    enum nnrpc_code code =
        nnrpc_field_path_set(type, reading->call->message, field, text, size, &reading->status);
    if (code != NNRPC_INVALID_ARGUMENT || reading->status.details == NULL) {
        return code;
    }
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_status_move(&status, &reading->status);
    return rest_fail_field(
        reading, field, REST_REASON_INVALID_PARAMETER, "%s",
        status.details->violations[0].description);
}

enum nnrpc_code rest_check_agreement(
    struct rest_reading *reading, const struct nnrpc_field_path *field, const char *text,
    const char *description) {
    if (!nnrpc_field_path_is_set(field, reading->call->message)) {
        return NNRPC_OK;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer said = {0};
    nnrpc_field_path_append_text(field, reading->call->message, &said);
    const char *said_text = nnrpc_buffer_text(&said);
    if (said_text == NULL) {
        return nnrpc_fail(
            &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
            "there is no memory for the request");
    }
    if (strcmp(said_text, text) == 0) {
        return NNRPC_OK;
    }
    return rest_fail_field(reading, field, REST_REASON_CONFLICTING_VALUES, "%s", description);
}

/* The value that the body gave, as text; *out_is_set tells whether there is one. */
static void take_value(
    const struct rest_reading *reading, const struct nnrpc_field_path *field,
    struct nnrpc_buffer *out_text, bool *out_is_set) {
    *out_is_set = nnrpc_field_path_is_set(field, reading->call->message);
    if (*out_is_set) {
        nnrpc_field_path_append_text(field, reading->call->message, out_text);
    }
}

static bool same_text(const struct nnrpc_buffer *a, const struct nnrpc_buffer *b) {
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static enum nnrpc_code set_variable(
    struct rest_reading *reading, const struct rest_variable *variable) {
    const struct rest_segment *segment = &reading->path.segments[variable->segment];
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer body = {0};
    bool is_in_body = false;
    take_value(reading, &variable->field, &body, &is_in_body);
    char few[128];
    char *text = segment->size < sizeof(few) ? few : malloc(segment->size + 1);
    if (text == NULL) {
        return nnrpc_fail(
            &reading->status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, REST_REASON_MEMORY_LIMIT,
            "there is no memory for the path");
    }
    memcpy(text, segment->text, segment->size);
    text[segment->size] = '\0';
    enum nnrpc_code code = rest_set_field(reading, &variable->field, text, segment->size);
    if (text != few) {
        free(text);
    }
    if (code != NNRPC_OK || !is_in_body) {
        return code;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer path = {0};
    nnrpc_field_path_append_text(&variable->field, reading->call->message, &path);
    if (same_text(&body, &path)) {
        return NNRPC_OK;
    }
    return rest_fail_field(
        reading, &variable->field, REST_REASON_CONFLICTING_VALUES, "the path says otherwise");
}

/* The field is bound by another path of the method: this one means that it is not set. */
static enum nnrpc_code refuse_elsewhere(
    struct rest_reading *reading, const struct nnrpc_field_path *field,
    const struct nnrpc_http_rule *rule) {
    if (!nnrpc_field_path_is_set(field, reading->call->message)) {
        return NNRPC_OK;
    }
    return rest_fail_field(
        reading, field, REST_REASON_CONFLICTING_VALUES,
        "it is not part of this path, so it can only be null; %s %s has it", rule->verb,
        rule->path);
}

enum nnrpc_code rest_read_path_fields(struct rest_reading *reading) {
    const struct rest_rule *rule = reading->rule;
    const struct rest_bound *bound = rule->bound;
    for (size_t index = 0; index < bound->count; index++) {
        const struct nnrpc_field_path *field = &bound->fields[index].field;
        if (!rest_rule_binds(rule, &field->path)) {
            enum nnrpc_code code = refuse_elsewhere(reading, field, bound->fields[index].rule);
            if (code != NNRPC_OK) {
                return code;
            }
        }
    }
    for (size_t index = 0; index < rule->variable_count; index++) {
        enum nnrpc_code code = set_variable(reading, &rule->variables[index]);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}
