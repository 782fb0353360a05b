/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many columns of a terminal UTF-8 text takes: wide characters take two, combining ones none.
 */
#ifndef CTL_TEXT_WIDTH_H
#define CTL_TEXT_WIDTH_H

#include <stddef.h>

#include "nnrpc/buffer.h"

/** Lets wcwidth() know all of Unicode, whatever the user's locale. Once, at the start. */
void ctl_text_init(void);

/** Columns of terminated UTF-8 text; what ctl_text_append_cut() would write for it, uncut. */
size_t ctl_text_width(const char *text);

/**
 * Appends text, cut with an ellipsis when it is wider than `width` columns. Control characters and
 * bytes that are not UTF-8 become U+FFFD. A combining character stays with its base.
 *
 * @param width  At least 1; SIZE_MAX never cuts.
 * @return How many columns were written, at most width.
 */
size_t ctl_text_append_cut(struct nnrpc_buffer *out, const char *text, size_t width);

#endif
