/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comments of .proto files as text: paragraphs of one line each, sentences, and what they say of
 * bounds by their fixed phrases ("at most 254 bytes", "1 to 64 of [a-z]", e.g. "GB").
 */
#ifndef GATEWAY_OPENAPI_TEXT_H
#define GATEWAY_OPENAPI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/buffer.h"

/** Appends a comment as it stands in a descriptor, each paragraph on one line, a blank line between
 *  two, items of a list on lines of their own. */
void openapi_unfold(const char *comment, struct nnrpc_buffer *out);

/** Size of the first sentence, with its period. */
size_t openapi_sentence_size(const char *text);

/** What a comment says of values. All zero says nothing. */
struct openapi_bounds {
    long min_bytes;
    long max_bytes;
    long max_items;
    bool is_unique; /* no duplicates in a list */
    bool is_not_negative;
    char characters[64]; /* "[A-Za-z0-9._-]", or "" */
    char example[64];    /* the first one, or "" */
};

/** Reads what a field's comment says of the field; `text` is unfolded. */
void openapi_read_bounds(const char *text, struct openapi_bounds *out_bounds);

/** Reads what a message's comment says of all its texts and lists. */
void openapi_read_common_bounds(const char *text, struct openapi_bounds *out_bounds);

#endif
