/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields as the caller of HTTP sees them.
 */
#include "rest/field_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Size of "[...]" at the front; a key in quotes may hold brackets. */
static size_t brackets_size(const char *path) {
    bool is_quoted = false;
    size_t at = 1;
    for (; path[at] != '\0' && (is_quoted || path[at] != ']'); at++) {
        if (path[at] == '\\' && path[at + 1] != '\0') {
            at++;
        } else if (path[at] == '"') {
            is_quoted = !is_quoted;
        }
    }
    return path[at] == '\0' ? at : at + 1;
}

void rest_append_field_name(
    struct nnrpc_buffer *out, const struct nnrpc_message *type, const char *hidden,
    const char *path) {
    size_t hidden_size = strlen(hidden);
    bool is_first =
        hidden_size != 0 && strncmp(path, hidden, hidden_size) == 0 && path[hidden_size] == '.';
    while (*path != '\0') {
        size_t size = strcspn(path, ".[");
        int index = type == NULL ? -1 : nnrpc_message_field_by_name(type, path, size);
        if (!is_first && index >= 0) {
            nnrpc_buffer_append_text(out, type->fields[index].json_name);
        } else if (!is_first) {
            nnrpc_buffer_append(out, path, size);
        }
        bool is_map = index >= 0 && (type->fields[index].flags & NNRPC_FIELD_MAP) != 0;
        type = index < 0 || is_map ? NULL : type->fields[index].message;
        path += size;
        while (*path == '[') {
            size_t brackets = brackets_size(path);
            nnrpc_buffer_append(out, path, brackets);
            path += brackets;
        }
        if (*path == '.') {
            nnrpc_buffer_append_text(out, is_first ? "" : ".");
            path++;
        }
        is_first = false;
    }
}

/* The message begins with the field and a colon: "email: not an address (and 2 more)". */
static void rename_message(struct nnrpc_status *status, const char *from, const char *to) {
    size_t size = strlen(from);
    if (strncmp(status->message, from, size) != 0 || status->message[size] != ':') {
        return;
    }
    char rest[NNRPC_STATUS_MESSAGE_BYTES];
    snprintf(rest, sizeof(rest), "%s", status->message + size);
    /* Names of JSON are hardly ever longer than those of the .proto; what does not fit is cut. */
    size_t room = sizeof(status->message);
    int length = snprintf(status->message, room, "%s%s", to, rest);
    size_t end = length < 0 || (size_t)length < room ? strlen(status->message) : room - 1;
    bool is_cut = length >= 0 && (size_t)length >= room;
    while (is_cut && end != 0 && (status->message[end] & 0xc0) == 0x80) {
        end--;
    }
    if (is_cut && end != 0) { /* what may have been cut in the middle of a character */
        size_t start = end - 1;
        while (start != 0 && (status->message[start] & 0xc0) == 0x80) {
            start--;
        }
        status->message[(status->message[start] & 0x80) != 0 ? start : end] = '\0';
    }
}

void rest_rename_violations(
    const struct nnrpc_message *type, const char *hidden, struct nnrpc_status *status) {
    size_t count = status->details == NULL ? 0 : status->details->violation_count;
    for (size_t index = 0; index < count; index++) {
        struct nnrpc_violation *violation = &status->details->violations[index];
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer name = {0};
        rest_append_field_name(&name, type, hidden, violation->field);
        const char *text = nnrpc_buffer_text(&name);
        char *copy = text == NULL ? NULL : strdup(text);
        if (copy == NULL) {
            continue; /* the proto's name is better than none */
        }
        if (index == 0) {
            rename_message(status, violation->field, copy);
        }
        free(violation->field);
        violation->field = copy;
    }
}
