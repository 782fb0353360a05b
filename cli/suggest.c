/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damerau's distance (optimal string alignment), over words short enough for the stack.
 */
#include "suggest.h"

#include <string.h>

#define LONGEST_WORD 63

static size_t minimum(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t ctl_edit_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > LONGEST_WORD || b_size > LONGEST_WORD) {
        return a_size + b_size;
    }
    size_t rows[3][LONGEST_WORD + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = minimum(replaced, minimum(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = minimum(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void ctl_suggestion_offer(struct ctl_suggestion *suggestion, const char *known) {
    size_t typed_size = strlen(suggestion->typed);
    size_t distance = ctl_edit_distance(suggestion->typed, known);
    /* A word that was cut short ("cust") is near to the one that it begins. */
    if (typed_size >= 2 && strncmp(known, suggestion->typed, typed_size) == 0) {
        distance = minimum(distance, 1);
    }
    size_t allowed = typed_size <= 3 ? 1 : (typed_size <= 6 ? 2 : 3);
    if (distance <= allowed && (suggestion->best == NULL || distance < suggestion->distance)) {
        suggestion->best = known;
        suggestion->distance = distance;
    }
}
