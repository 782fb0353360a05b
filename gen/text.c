/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of one output file while it grows.
 */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_A_LINE 19

void gen_text_deinit(struct gen_text *text) {
    if (text == NULL) {
        return;
    }
    free(text->data);
    *text = (struct gen_text){0};
}

/* Makes room for `size` bytes and a terminator. */
static char *gen_text_reserve(struct gen_text *text, size_t size) {
    if (text->capacity - text->size <= size) {
        size_t capacity = text->capacity == 0 ? 1024 : text->capacity * 2;
        while (capacity - text->size <= size) {
            capacity *= 2;
        }
        text->data = gen_resize(text->data, capacity);
        text->capacity = capacity;
    }
    return text->data + text->size;
}

void gen_text_append(struct gen_text *text, const void *bytes, size_t size) {
    char *at = gen_text_reserve(text, size);
    if (size > 0) {
        memcpy(at, bytes, size);
    }
    text->size += size;
    text->data[text->size] = '\0';
}

void gen_text_printf(struct gen_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size > 0) {
        char *at = gen_text_reserve(text, (size_t)size);
        (void)vsnprintf(at, (size_t)size + 1, format, again);
        text->size += (size_t)size;
    }
    va_end(again);
}

void gen_text_literal(struct gen_text *text, const char *value) {
    gen_text_append(text, "\"", 1);
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            gen_text_printf(text, "\\%c", byte);
        } else if (byte == '?' || byte < 0x20 || byte >= 0x7f) {
            /* Three octal digits always end the escape; '?' could make a trigraph. */
            gen_text_printf(text, "\\%03o", byte);
        } else {
            gen_text_append(text, at, 1);
        }
    }
    gen_text_append(text, "\"", 1);
}

void gen_text_bytes(struct gen_text *text, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        const char *lead = i % BYTES_A_LINE == 0 ? "    " : " ";
        const char *trail = (i + 1) % BYTES_A_LINE == 0 || i + 1 == size ? "\n" : "";
        gen_text_printf(text, "%s%u,%s", lead, bytes[i], trail);
    }
}

void gen_text_varint(struct gen_text *text, uint64_t value) {
    while (value >= 0x80) {
        uint8_t byte = (uint8_t)(value | 0x80);
        gen_text_append(text, &byte, 1);
        value >>= 7;
    }
    uint8_t last = (uint8_t)value;
    gen_text_append(text, &last, 1);
}

/* Adds one line of a comment; a space goes between characters that mean something to C. */
static void gen_text_comment_line(struct gen_text *text, const char *line, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)line[i];
        bool tail = i + 1 < size;
        if (byte < 0x20 || byte == 0x7f) {
            gen_text_append(text, " ", 1);
            continue;
        }
        gen_text_append(text, line + i, 1);
        if (tail && ((byte == '*' && line[i + 1] == '/') || (byte == '/' && line[i + 1] == '*'))) {
            gen_text_append(text, " ", 1);
        }
    }
    /* A backslash at the end would join lines. */
    if (size > 0 && line[size - 1] == '\\') {
        gen_text_append(text, ".", 1);
    }
}

void gen_text_comment(struct gen_text *text, const char *prefix, const char *comment) {
    const char *start = comment + strspn(comment, " \t\r\n");
    size_t left = strlen(start);
    while (left > 0 && strchr(" \t\r\n", start[left - 1]) != NULL) {
        left--;
    }
    while (left > 0) {
        const char *newline = memchr(start, '\n', left);
        size_t size = newline == NULL ? left : (size_t)(newline - start);
        size_t next = newline == NULL ? size : size + 1;
        /* A comment's lines stand one space after the slashes. */
        size_t skip = size > 0 && start[0] == ' ' ? 1 : 0;
        size_t end = size;
        while (end > skip && strchr(" \t\r", start[end - 1]) != NULL) {
            end--;
        }
        gen_text_printf(text, "%s%s", prefix, end > skip ? " " : "");
        gen_text_comment_line(text, start + skip, end - skip);
        gen_text_append(text, "\n", 1);
        start += next;
        left -= next;
    }
}
