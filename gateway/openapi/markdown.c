/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of comments as CommonMark.
 */
#include "openapi/markdown.h"

#include <stdbool.h>
#include <string.h>

static bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Size of the name or path of names ("contact.customer_id") at the front; 0 when there is none. */
static size_t path_size(const char *text, size_t size) {
    size_t end = 0;
    while (end < size && (is_word_character(text[end]) || text[end] == '.')) {
        end++;
    }
    while (end != 0 && text[end - 1] == '.') {
        end--;
    }
    return end;
}

/* Appends a path by its JSON names, as code; false when it is none that needs it. */
static bool append_path(
    const char *text, size_t size, const struct markdown_names *names, struct nnrpc_buffer *out) {
    size_t start = out->size;
    if (memchr(text, '_', size) == NULL || out->failed) {
        return false;
    }
    nnrpc_buffer_append_text(out, "`");
    for (const char *end = text + size; text < end;) {
        const char *dot = memchr(text, '.', (size_t)(end - text));
        const char *stop = dot == NULL ? end : dot;
        const char *json = names->find(names->self, text, (size_t)(stop - text));
        if (json == NULL) {
            out->size = start;
            return false;
        }
        nnrpc_buffer_append_text(out, json);
        nnrpc_buffer_append_text(out, dot == NULL ? "`" : ".");
        text = stop + 1;
    }
    return true;
}

/* Appends what stands in quotes, or is code already, as code; 0 when it cannot, else the size of
 * what was read. */
static size_t append_quoted(
    const char *text, size_t size, const struct markdown_names *names, struct nnrpc_buffer *out) {
    const char *end = size < 3 ? NULL : memchr(text + 1, text[0], size - 1);
    size_t inside = end == NULL ? 0 : (size_t)(end - text - 1);
    if (inside == 0 || memchr(text + 1, '`', inside) != NULL ||
        memchr(text + 1, '\n', inside) != NULL) {
        return 0;
    }
    if (!append_path(text + 1, inside, names, out)) {
        nnrpc_buffer_append_text(out, "`");
        nnrpc_buffer_append(out, text + 1, inside);
        nnrpc_buffer_append_text(out, "`");
    }
    return inside + 2;
}

/* Appends the word or character at the front. @return its size. */
static size_t append_piece(
    const char *text, size_t size, const struct markdown_names *names, struct nnrpc_buffer *out) {
    size_t path = path_size(text, size);
    if (path != 0) {
        if (!append_path(text, path, names, out)) {
            nnrpc_buffer_append(out, text, path);
        }
        return path;
    }
    bool is_empty = size >= 2 && text[0] == '"' && text[1] == '"';
    if (is_empty) {
        nnrpc_buffer_append(out, text, 2);
        return 2;
    }
    bool is_quote = text[0] == '"' || text[0] == '`';
    size_t quoted = is_quote ? append_quoted(text, size, names, out) : 0;
    if (quoted != 0) {
        return quoted;
    }
    if (strchr("*<`\\", text[0]) != NULL) {
        nnrpc_buffer_append_text(out, "\\");
    }
    nnrpc_buffer_append(out, text, 1);
    return 1;
}

void openapi_append_markdown(
    const char *text, size_t size, const struct markdown_names *names, struct nnrpc_buffer *out) {
    while (size != 0) {
        size_t read = append_piece(text, size, names, out);
        text += read;
        size -= read;
    }
}
