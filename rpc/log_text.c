/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs for log lines.
 */
#include "nnrpc/log_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

/* How many bytes at the front may stand as they are: a character, or none. Control characters may
 * not, those of ISO 8859-1 (U+0080 to U+009F) included: terminals obey them too. */
static size_t plain_size(const uint8_t *bytes, size_t size) {
    size_t plain = nnrpc_utf8_character_size(bytes, size);
    if (plain == 1 && (bytes[0] < ' ' || bytes[0] == 0x7f)) {
        return 0;
    }
    return plain == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0 ? 0 : plain;
}

static bool needs_quotes(const uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t plain = plain_size(bytes + at, size - at);
        if (plain == 0 || strchr(" \"=\\", bytes[at]) != NULL) {
            return true;
        }
        at += plain;
    }
    return false;
}

/* Appends the character at the front. Returns its size. */
static size_t append_escaped(struct nnrpc_buffer *line, const uint8_t *bytes, size_t size) {
    size_t plain = plain_size(bytes, size);
    if (plain == 0 && bytes[0] == '\n') {
        nnrpc_buffer_append_text(line, "\\n");
        return 1;
    }
    if (plain == 0) {
        nnrpc_buffer_append_format(line, "\\x%02x", bytes[0]);
        return 1;
    }
    if (bytes[0] == '"' || bytes[0] == '\\') {
        nnrpc_buffer_append_text(line, "\\");
    }
    nnrpc_buffer_append(line, bytes, plain);
    return plain;
}

static void append_key(struct nnrpc_buffer *line, const char *key) {
    nnrpc_buffer_append_format(line, "%s%s=", line->size == 0 ? "" : " ", key);
}

void nnrpc_log_append_pair(
    struct nnrpc_buffer *line, const char *key, const void *value, size_t size) {
    const uint8_t *bytes = value;
    if (size == 0) {
        return;
    }
    append_key(line, key);
    if (!needs_quotes(bytes, size)) {
        nnrpc_buffer_append(line, bytes, size);
        return;
    }
    nnrpc_buffer_append_text(line, "\"");
    for (size_t at = 0; at < size;) {
        at += append_escaped(line, bytes + at, size - at);
    }
    nnrpc_buffer_append_text(line, "\"");
}

void nnrpc_log_append_text(struct nnrpc_buffer *line, const char *key, const char *value) {
    if (value != NULL) {
        nnrpc_log_append_pair(line, key, value, strlen(value));
    }
}

void nnrpc_log_append_number(struct nnrpc_buffer *line, const char *key, uint64_t value) {
    append_key(line, key);
    nnrpc_buffer_append_format(line, "%" PRIu64, value);
}
