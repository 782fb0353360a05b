/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of one output file while it grows.
 */
#ifndef GEN_TEXT_H
#define GEN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/** All zero is an empty text. Release with gen_text_deinit(). */
struct gen_text {
    char *data; /* terminated once anything was added */
    size_t size;
    size_t capacity;
};

/** Releases the text. NULL is fine. Fits GEN_CLEANUP. */
void gen_text_deinit(struct gen_text *text);

/** Adds bytes. */
void gen_text_append(struct gen_text *text, const void *bytes, size_t size);

/** Adds formatted text. */
void gen_text_printf(struct gen_text *text, const char *format, ...) GEN_PRINTF(2, 3);

/** Adds a C string literal, quotes and escapes included. */
void gen_text_literal(struct gen_text *text, const char *value);

/** Adds bytes as the initialiser list of a byte array, lines indented by four. */
void gen_text_bytes(struct gen_text *text, const uint8_t *bytes, size_t size);

/** Adds a protobuf varint. */
void gen_text_varint(struct gen_text *text, uint64_t value);

/**
 * Adds the lines of a comment from a .proto, each after `prefix`, with what would end or open a C
 * comment taken apart. White space around the comment is dropped; empty lines keep the prefix.
 */
void gen_text_comment(struct gen_text *text, const char *prefix, const char *comment);

#endif
