/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting a stream into JSON values. Each byte is looked at once.
 */
#include "json_values.h"

#include <string.h>

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

void ctl_json_values_deinit(struct ctl_json_values *values) {
    nnrpc_buffer_deinit(&values->bytes);
}

/* Moves the start over white space, counting lines. */
static void skip_space(struct ctl_json_values *values) {
    const char *text = (const char *)values->bytes.data;
    while (values->start < values->bytes.size && is_space(text[values->start])) {
        values->line += text[values->start] == '\n';
        values->start++;
    }
    values->scanned = values->start;
}

/* Looks at one character; true when the value ends after it. */
static bool scan_character(struct ctl_json_values *values, char character) {
    if (values->in_text) {
        bool is_end = character == '"' && !values->is_escaped;
        values->is_escaped = character == '\\' && !values->is_escaped;
        values->in_text = !is_end;
        return is_end && values->depth == 0;
    }
    switch (character) {
    case '"':
        values->in_text = true;
        return false;
    case '{':
    case '[':
        values->depth++;
        return false;
    case '}':
    case ']':
        values->depth -= values->depth > 0;
        return values->depth == 0;
    default:
        values->in_word = values->depth == 0;
        return false;
    }
}

/* Whether a word at the outermost level ends before a character. */
static bool ends_word(const struct ctl_json_values *values, char character) {
    return values->in_word && (is_space(character) || strchr("{}[]\"", character) != NULL);
}

static void take(struct ctl_json_values *values, struct ctl_json_value *out_value) {
    const char *text = (const char *)values->bytes.data + values->start;
    *out_value = (struct ctl_json_value){
        .text = text, .size = values->scanned - values->start, .line = values->line};
    for (size_t i = 0; i < out_value->size; i++) {
        values->line += text[i] == '\n';
    }
    values->start = values->scanned;
    values->depth = 0;
    values->in_text = false;
    values->is_escaped = false;
    values->in_word = false;
}

bool ctl_json_values_next(
    struct ctl_json_values *values, bool is_end, struct ctl_json_value *out_value) {
    if (values->scanned == values->start) {
        skip_space(values);
    }
    while (values->scanned < values->bytes.size) {
        char character = (char)values->bytes.data[values->scanned];
        if (ends_word(values, character)) {
            take(values, out_value);
            return true;
        }
        values->scanned++;
        if (scan_character(values, character)) {
            take(values, out_value);
            return true;
        }
    }
    if (is_end && values->scanned > values->start) {
        take(values, out_value);
        return true;
    }
    return false;
}

void ctl_json_values_drop(struct ctl_json_values *values) {
    struct nnrpc_buffer *bytes = &values->bytes;
    if (values->start > 0) {
        memmove(bytes->data, bytes->data + values->start, bytes->size - values->start);
        bytes->size -= values->start;
        values->scanned -= values->start;
        values->start = 0;
    }
}
