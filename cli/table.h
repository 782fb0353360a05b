/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of text that fits a terminal. Widths are settled by the first rows that are laid out, so
 * that a long list can be written page by page.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/buffer.h"

/** One column. All zero but the title: text of middling importance. */
struct ctl_column {
    const char *title;
    /** Columns with a greater rank are left out first when the terminal is narrow; 0: never. */
    unsigned rank;
    bool is_whole; /* never cut: ids, numbers */
    bool is_right; /* aligned to the right: numbers */
};

struct ctl_table;

/**
 * Makes a table.
 *
 * @param columns  Copied; the titles are borrowed.
 * @param width    Columns of the terminal; 0: as wide as it is.
 */
struct ctl_table *ctl_table_new(const struct ctl_column *columns, size_t count, size_t width);
void ctl_table_free(struct ctl_table *table);
void ctl_table_freep(struct ctl_table **table);

/** Adds the next cell, row by row; copied. NULL is an empty cell. */
void ctl_table_add(struct ctl_table *table, const char *cell);

/** Appends the rows added since the last time, and the titles before the first ones. */
void ctl_table_flush(struct ctl_table *table, struct nnrpc_buffer *out);

/**
 * Gives each column its width: what it needs where there is room; else columns are left out by
 * rank, and the widest are cut until the rest fits.
 *
 * @param needed      Width that each column needs.
 * @param out_widths  0: the column is left out.
 */
void ctl_table_fit(
    const struct ctl_column *columns, size_t count, const size_t *needed, size_t width,
    size_t *out_widths);

#endif
