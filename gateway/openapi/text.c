/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comments as text.
 *
 * Bounds are read from the phrases in which the .proto files state them, since no option does. What
 * is not said by such a phrase is left open: a bound that is missing misleads nobody.
 */
#include "openapi/text.h"

#include <stdlib.h>
#include <string.h>

/* --- Lines -------------------------------------------------------------------------------- */

static bool is_list_item(const char *line, size_t size) {
    return size > 2 && (line[0] == '-' || line[0] == '*') && line[1] == ' ';
}

void openapi_unfold(const char *comment, struct nnrpc_buffer *out) {
    const char *between = "";
    while (*comment != '\0') {
        size_t whole = strcspn(comment, "\n");
        const char *line = comment + strspn(comment, " ");
        size_t size = line > comment + whole ? 0 : (size_t)(comment + whole - line);
        while (size != 0 && (line[size - 1] == ' ' || line[size - 1] == '\r')) {
            size--;
        }
        if (size == 0) {
            between = between[0] == '\0' ? "" : "\n\n";
        } else {
            bool is_item = between[0] == ' ' && is_list_item(line, size);
            nnrpc_buffer_append_text(out, is_item ? "\n" : between);
            nnrpc_buffer_append(out, line, size);
            between = " ";
        }
        comment += whole + (comment[whole] == '\n');
    }
}

static bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

size_t openapi_sentence_size(const char *text) {
    for (size_t i = 0; text[i] != '\0'; i++) {
        bool ends = text[i] == '.' && (text[i + 1] == '\0' || text[i + 1] == '\n' ||
                                       (text[i + 1] == ' ' && is_capital(text[i + 2])));
        if (ends) {
            return i + 1;
        }
    }
    return strlen(text);
}

/* --- Bounds ------------------------------------------------------------------------------- */

/* A number at the front, its thousands in groups; 0 when there is none. */
static long read_number(const char *text, const char **out_end) {
    long number = 0;
    for (; (*text >= '0' && *text <= '9') || *text == ','; text++) {
        bool is_group = *text == ',' && text[1] >= '0' && text[1] <= '9';
        if (*text == ',' && !is_group) {
            break;
        }
        if (!is_group && number < 100000000) {
            number = number * 10 + (*text - '0');
        }
    }
    *out_end = text;
    return number;
}

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

/* The bracketed characters at the front. */
static void read_characters(const char *text, struct openapi_bounds *bounds) {
    size_t size = strcspn(text, "]") + 1;
    if (text[0] == '[' && text[size - 1] == ']' && size < sizeof(bounds->characters)) {
        memcpy(bounds->characters, text, size);
        bounds->characters[size] = '\0';
    }
}

/* What follows a bound's number or numbers. */
static void read_unit(const char *text, long least, long most, struct openapi_bounds *bounds) {
    if (starts_with(text, " bytes") && bounds->max_bytes == 0) {
        bounds->min_bytes = least;
        bounds->max_bytes = most;
    } else if (starts_with(text, " of [") && bounds->max_bytes == 0) {
        bounds->min_bytes = least;
        bounds->max_bytes = most;
        read_characters(text + strlen(" of "), bounds);
    } else if (starts_with(text, " values") && bounds->max_items == 0) {
        bounds->max_items = most;
    }
}

/* "at most N ...", "up to N ...", "M to N ...". */
static void read_phrase(const char *text, struct openapi_bounds *bounds) {
    const char *end = text;
    bool is_most = starts_with(text, "at most ") || starts_with(text, "At most ");
    if (is_most || starts_with(text, "up to ") || starts_with(text, "Up to ")) {
        long most = read_number(text + strlen(is_most ? "at most " : "up to "), &end);
        read_unit(end, 0, most, bounds);
        return;
    }
    long least = read_number(text, &end);
    if (end != text && starts_with(end, " to ")) {
        long most = read_number(end + strlen(" to "), &end);
        read_unit(end, least, most, bounds);
    }
}

static void read_example(const char *text, struct openapi_bounds *bounds) {
    const char *found = strstr(text, "e.g. \"");
    const char *start = found == NULL ? "" : found + strlen("e.g. \"");
    size_t size = strcspn(start, "\"");
    if (start[size] == '"' && size < sizeof(bounds->example)) {
        memcpy(bounds->example, start, size);
        bounds->example[size] = '\0';
    }
}

static void read_phrases(const char *text, size_t size, struct openapi_bounds *bounds) {
    for (size_t i = 0; i < size; i++) {
        if (i == 0 || text[i - 1] == ' ') {
            read_phrase(text + i, bounds);
        }
    }
}

void openapi_read_bounds(const char *text, struct openapi_bounds *out_bounds) {
    *out_bounds = (struct openapi_bounds){0};
    read_phrases(text, strlen(text), out_bounds);
    read_example(text, out_bounds);
    out_bounds->is_unique = strstr(text, "no duplicates") != NULL;
    out_bounds->is_not_negative = strstr(text, "negative is an error") != NULL;
}

void openapi_read_common_bounds(const char *text, struct openapi_bounds *out_bounds) {
    *out_bounds = (struct openapi_bounds){0};
    for (const char *rest = text; *rest != '\0';) {
        size_t size = openapi_sentence_size(rest);
        if (starts_with(rest, "Text is ") || starts_with(rest, "Repeated fields ")) {
            read_phrases(rest, size, out_bounds);
        }
        if (starts_with(rest, "Repeated fields ")) {
            out_bounds->is_unique = strstr(rest, "no duplicates") != NULL;
        }
        rest += size;
        rest += strspn(rest, " \n");
    }
}
