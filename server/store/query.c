/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the queries share.
 */
#include "query.h"

uint64_t query_first_since(
    struct engine_cursor *cursor, query_look look, uint64_t last, struct record_time since) {
    /* Invariant: entries before `low` are too old, those at or after `high` are not. */
    uint64_t low = 0;
    uint64_t high = last == UINT64_MAX ? last : last + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t found = 0;
        struct record_time time;
        if (!look(cursor, middle, &found, &time) || found >= high ||
            record_time_compare(time, since) >= 0) {
            high = middle;
        } else {
            low = found + 1;
        }
    }
    return low;
}
