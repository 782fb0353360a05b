/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the queries share.
 */
#ifndef CONTACTS_STORE_QUERY_H
#define CONTACTS_STORE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "records.h"

/**
 * Looks at the first entry at or after a number: its own number and when it came to be.
 * @return false when there is none.
 */
typedef bool (*query_look)(
    struct engine_cursor *cursor, uint64_t number, uint64_t *out_number,
    struct record_time *out_time);

/**
 * Finds where "created since" begins among entries whose times do not fall from one number to the
 * next: every entry at or after the answer was created at or after `since`, every one before it
 * earlier. Takes a number of looks that is the logarithm of the numbers' range.
 *
 * @param last  The greatest number there is.
 */
uint64_t query_first_since(
    struct engine_cursor *cursor, query_look look, uint64_t last, struct record_time since);

#endif
