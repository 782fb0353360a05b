/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the known word that is nearest to a mistyped one.
 */
#ifndef CTL_SUGGEST_H
#define CTL_SUGGEST_H

#include <stddef.h>

/** Collects candidates; start with {.typed = ...}. */
struct ctl_suggestion {
    const char *typed;
    const char *best; /* NULL while nothing is near enough */
    size_t distance;
};

/** How many single-letter edits (insert, delete, replace, swap neighbours) turn a into b. */
size_t ctl_edit_distance(const char *a, const char *b);

/** Offers one known word; it is kept when it is near enough and nearer than those before. */
void ctl_suggestion_offer(struct ctl_suggestion *suggestion, const char *known);

#endif
