/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laying out a table. Two spaces stand between columns; the last one is not padded.
 */
#include "table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text_width.h"

#define GAP 2
/* A column that may be cut keeps this much while a less important one can still be left out. */
#define COMFORTABLE_WIDTH 10
/* Below this a cell says nothing: the table is then wider than the terminal. */
#define LEAST_WIDTH 3

struct ctl_table {
    struct ctl_column *columns;
    size_t column_count;
    size_t width; /* of the terminal; 0: any */
    char **cells;
    size_t cell_count;
    size_t cell_capacity;
    size_t *widths; /* settled by the first flush; 0: left out */
    bool is_settled;
};

struct ctl_table *ctl_table_new(const struct ctl_column *columns, size_t count, size_t width) {
    struct ctl_table *table = ctl_allocate(1, sizeof(*table));
    table->columns = ctl_allocate(count, sizeof(*columns));
    memcpy(table->columns, columns, count * sizeof(*columns));
    table->column_count = count;
    table->width = width;
    table->widths = ctl_allocate(count, sizeof(*table->widths));
    return table;
}

static void drop_cells(struct ctl_table *table) {
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i]);
    }
    table->cell_count = 0;
}

void ctl_table_free(struct ctl_table *table) {
    if (table == NULL) {
        return;
    }
    drop_cells(table);
    free(table->cells);
    free(table->columns);
    free(table->widths);
    free(table);
}

void ctl_table_freep(struct ctl_table **table) {
    ctl_table_free(*table);
    *table = NULL;
}

void ctl_table_add(struct ctl_table *table, const char *cell) {
    if (table->cell_count == table->cell_capacity) {
        table->cell_capacity = table->cell_capacity != 0 ? 2 * table->cell_capacity : 64;
        table->cells = ctl_resize(table->cells, table->cell_capacity, sizeof(*table->cells));
    }
    table->cells[table->cell_count++] = ctl_copy_text(cell != NULL ? cell : "");
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Width of the table when no column that may be cut is wider than `cap`. */
static size_t width_with_cap(
    const struct ctl_column *columns, size_t count, const size_t *widths, size_t cap) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (widths[i] > 0) {
            size_t width = columns[i].is_whole ? widths[i] : smaller(widths[i], cap);
            total += width + (total > 0 ? GAP : 0);
        }
    }
    return total;
}

/* Leaves out the column of the greatest rank, the last one of equals; false when none may go. */
static bool leave_one_out(const struct ctl_column *columns, size_t count, size_t *widths) {
    size_t chosen = count;
    for (size_t i = 0; i < count; i++) {
        if (widths[i] > 0 && columns[i].rank > 0 &&
            (chosen == count || columns[i].rank >= columns[chosen].rank)) {
            chosen = i;
        }
    }
    if (chosen < count) {
        widths[chosen] = 0;
    }
    return chosen < count;
}

void ctl_table_fit(
    const struct ctl_column *columns, size_t count, const size_t *needed, size_t width,
    size_t *out_widths) {
    size_t cap = 0;
    for (size_t i = 0; i < count; i++) {
        out_widths[i] = needed[i] > 0 ? needed[i] : 1;
        cap = needed[i] > cap ? needed[i] : cap;
    }
    if (width == 0 || width_with_cap(columns, count, out_widths, cap) <= width) {
        return;
    }
    while (width_with_cap(columns, count, out_widths, COMFORTABLE_WIDTH) > width &&
           leave_one_out(columns, count, out_widths)) {
    }
    while (cap > LEAST_WIDTH && width_with_cap(columns, count, out_widths, cap) > width) {
        cap--;
    }
    size_t used = width_with_cap(columns, count, out_widths, cap);
    for (size_t i = 0; i < count; i++) {
        bool is_cut = !columns[i].is_whole && out_widths[i] > cap;
        /* What is left of the line goes to the first ones, a column each. */
        size_t extra = is_cut && used < width ? 1 : 0;
        out_widths[i] = is_cut ? cap + extra : out_widths[i];
        used += extra;
    }
}

static void settle_widths(struct ctl_table *table) {
    NNRPC_CLEANUP(ctl_release)
    size_t *needed = ctl_allocate(table->column_count, sizeof(*needed));
    for (size_t i = 0; i < table->column_count; i++) {
        needed[i] = ctl_text_width(table->columns[i].title);
    }
    size_t column = 0;
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = ctl_text_width(table->cells[i]);
        needed[column] = width > needed[column] ? width : needed[column];
        column = column + 1 < table->column_count ? column + 1 : 0;
    }
    ctl_table_fit(table->columns, table->column_count, needed, table->width, table->widths);
    table->is_settled = true;
}

static void append_spaces(struct nnrpc_buffer *out, size_t count) {
    while (count-- > 0) {
        nnrpc_buffer_append(out, " ", 1);
    }
}

static void append_cell(
    const struct ctl_table *table, size_t column, const char *text, bool is_last,
    struct nnrpc_buffer *out) {
    size_t width = table->widths[column];
    bool is_cut = table->width != 0 && !table->columns[column].is_whole;
    if (table->columns[column].is_right) {
        size_t needed = ctl_text_width(text);
        append_spaces(out, needed < width ? width - needed : 0);
    }
    size_t used = ctl_text_append_cut(out, text, is_cut ? width : SIZE_MAX);
    if (!is_last && !table->columns[column].is_right) {
        append_spaces(out, used < width ? width - used : 0);
    }
    if (!is_last) {
        append_spaces(out, GAP);
    }
}

/* Appends one row; trailing spaces are not written. */
static void append_row(
    const struct ctl_table *table, const char *const *cells, struct nnrpc_buffer *out) {
    size_t last = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        last = table->widths[i] > 0 && cells[i][0] != '\0' ? i : last;
    }
    for (size_t i = 0; i <= last; i++) {
        if (table->widths[i] > 0) {
            append_cell(table, i, cells[i], i == last, out);
        }
    }
    nnrpc_buffer_append(out, "\n", 1);
}

static void append_titles(const struct ctl_table *table, struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(ctl_release)
    const char **titles = ctl_allocate(table->column_count, sizeof(*titles));
    for (size_t i = 0; i < table->column_count; i++) {
        titles[i] = table->columns[i].title;
    }
    append_row(table, titles, out);
}

void ctl_table_flush(struct ctl_table *table, struct nnrpc_buffer *out) {
    if (!table->is_settled) {
        settle_widths(table);
        append_titles(table, out);
    }
    for (size_t i = 0; i + table->column_count <= table->cell_count; i += table->column_count) {
        append_row(table, (const char *const *)&table->cells[i], out);
    }
    drop_cells(table);
}
