/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of JSON values, cut where each one ends: objects a line each, or laid out over several.
 * Only brackets and quotes are looked at; whether it is JSON is for whoever reads the value.
 */
#ifndef CTL_JSON_VALUES_H
#define CTL_JSON_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/buffer.h"

/** What was read and not yet taken. All zero but the line (1) is the start of a stream. */
struct ctl_json_values {
    struct nnrpc_buffer bytes; /* append to it */
    size_t start;              /* of the value that is being looked for */
    size_t scanned;            /* where looking goes on */
    size_t line;               /* at start */
    size_t depth;              /* open brackets */
    bool in_text;
    bool is_escaped;
    bool in_word; /* a number or true, false, null */
};

/** One value. Borrowed until the next append. */
struct ctl_json_value {
    const char *text;
    size_t size;
    size_t line; /* where it begins, from 1 */
};

void ctl_json_values_deinit(struct ctl_json_values *values);

/**
 * Takes the next value, if all of it is there.
 *
 * @param is_end  Nothing will follow: what is left is a value, complete or not.
 */
bool ctl_json_values_next(
    struct ctl_json_values *values, bool is_end, struct ctl_json_value *out_value);

/** Drops what was taken; what is borrowed goes with it. Before more is appended. */
void ctl_json_values_drop(struct ctl_json_values *values);

#endif
