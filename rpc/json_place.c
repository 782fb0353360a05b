/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places and problems of a JSON text.
 */
#include "json_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nnrpc/json.h"
#include "utf8.h"

/* A hostile text can have a problem every two bytes. */
#define PROBLEMS_MAX 1000
#define QUOTED_MAX_BYTES 64

void nnrpc_json_append_quoted(struct nnrpc_buffer *out, const char *text, size_t size) {
    size_t shown = 0;
    while (shown < size) {
        size_t character = nnrpc_utf8_character_size(text + shown, size - shown);
        character = character == 0 ? 1 : character;
        if (shown + character > QUOTED_MAX_BYTES) {
            break;
        }
        shown += character;
    }
    nnrpc_json_write_string(out, text, shown);
    if (shown < size) {
        nnrpc_buffer_append_text(out, "...");
    }
}

bool nnrpc_json_place_is_secret(const struct nnrpc_json_place *place) {
    for (; place != NULL; place = place->parent) {
        if (place->is_secret) {
            return true;
        }
    }
    return false;
}

/* Whether a key can stand in a path as a name does. */
static bool is_plain(const char *key, size_t size) {
    for (size_t index = 0; index < size; index++) {
        char letter = key[index];
        bool is_letter = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
        if (!is_letter && (letter < '0' || letter > '9') && letter != '_') {
            return false;
        }
    }
    return size > 0 && size <= QUOTED_MAX_BYTES;
}

static void append_place(
    struct nnrpc_buffer *out, const struct nnrpc_json_place *place, bool by_json_name) {
    if (place->parent != NULL) {
        append_place(out, place->parent, by_json_name);
    }
    bool is_name =
        place->proto_name != NULL || (place->key != NULL && is_plain(place->key, place->key_size));
    if (is_name && out->size != 0) {
        nnrpc_buffer_append_text(out, ".");
    }
    if (place->proto_name != NULL) {
        nnrpc_buffer_append_text(out, by_json_name ? place->json_name : place->proto_name);
    } else if (is_name) {
        nnrpc_buffer_append(out, place->key, place->key_size);
    } else if (place->key != NULL) {
        nnrpc_buffer_append_text(out, "[");
        nnrpc_json_append_quoted(out, place->key, place->key_size);
        nnrpc_buffer_append_text(out, "]");
    } else {
        nnrpc_buffer_append_format(out, "[%zu]", place->index);
    }
}

static void add_violation(
    struct nnrpc_json_problems *problems, const struct nnrpc_json_place *place,
    const char *description) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer path = {0};
    append_place(&path, place, false);
    const char *text = nnrpc_buffer_text(&path);
    nnrpc_status_add_violation(
        problems->status, text == NULL ? "" : text, NNRPC_REASON_INVALID_JSON, "%s", description);
    if (problems->count == 0) {
        append_place(&problems->first, place, true);
    }
    problems->count++;
    problems->is_full = problems->count == PROBLEMS_MAX;
}

void nnrpc_json_problems_add(
    struct nnrpc_json_problems *problems, const struct nnrpc_json_place *place, const char *format,
    ...) {
    if (problems->is_full) {
        return;
    }
    char description[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(description, sizeof(description), format, arguments);
    va_end(arguments);
    if (place != NULL) {
        add_violation(problems, place, description);
        return;
    }
    (void)nnrpc_fail(
        problems->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_INVALID_JSON, "%s",
        description);
    problems->is_full = true;
}

/* The message is made from the first violation's field, which for a moment is the JSON path: that
 * is what the person wrote. The violation itself keeps proto names, as programs expect. */
enum nnrpc_code nnrpc_json_problems_finish(struct nnrpc_json_problems *problems) {
    struct nnrpc_status_details *details = problems->status->details;
    bool has_violations = details != NULL && details->violation_count != 0;
    const char *json_path = has_violations ? nnrpc_buffer_text(&problems->first) : NULL;
    if (json_path == NULL) {
        return nnrpc_status_fail_violations(
            problems->status, NNRPC_DOMAIN, NNRPC_REASON_INVALID_JSON);
    }
    char *field = details->violations[0].field;
    details->violations[0].field = (char *)json_path;
    enum nnrpc_code code =
        nnrpc_status_fail_violations(problems->status, NNRPC_DOMAIN, NNRPC_REASON_INVALID_JSON);
    details->violations[0].field = field;
    return code;
}

void nnrpc_json_problems_deinit(struct nnrpc_json_problems *problems) {
    nnrpc_buffer_deinit(&problems->first);
}
