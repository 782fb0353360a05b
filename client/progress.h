/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar with rate and time left, on standard error when that is a terminal.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "nnrpc/buffer.h"

/** A moment of something that takes long. */
struct ctl_progress_state {
    const char *what; /* "import" */
    const char *unit; /* "lines" */
    uint64_t item_count;
    double fraction; /* 0 to 1; negative when the end is not known */
    uint64_t elapsed_ms;
    double rate; /* items a second */
};

/** Appends the state as one line of at most `width` columns. */
void ctl_progress_append(
    struct nnrpc_buffer *out, const struct ctl_progress_state *state, size_t width);

/** Appends a number with commas between thousands: "1,234,567". */
void ctl_progress_append_count(struct nnrpc_buffer *out, uint64_t count);

struct ctl_progress;

/** Starts; NULL when nothing is to be shown, which the functions below take. */
struct ctl_progress *ctl_progress_new(
    const struct ctl_context *context, const char *what, const char *unit);
void ctl_progress_free(struct ctl_progress *progress);
void ctl_progress_freep(struct ctl_progress **progress);

/** Shows how far it is; cheap, for every item. @param fraction  As in the state. */
void ctl_progress_update(struct ctl_progress *progress, uint64_t item_count, double fraction);

/** Wipes the bar, so that a line may be written to standard error. */
void ctl_progress_clear(struct ctl_progress *progress);

#endif
