/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bar is drawn at most ten times a second. The rate is that of the last seconds, smoothed.
 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "duration.h"
#include "terminal.h"
#include "text_width.h"

#define DRAW_INTERVAL_MS 100
#define RATE_INTERVAL_MS 1000
#define BAR_WIDTH 24
/* Before this much is done, a time left is a guess that only irritates. */
#define LEAST_FRACTION 0.005

struct ctl_progress {
    struct ctl_progress_state state;
    uint64_t start_ms;
    uint64_t drawn_ms;
    uint64_t rated_ms;    /* when the rate was last taken */
    uint64_t rated_count; /* and at how many items */
    bool is_drawn;
};

void ctl_progress_append_count(struct nnrpc_buffer *out, uint64_t count) {
    if (count >= 1000) {
        ctl_progress_append_count(out, count / 1000);
        nnrpc_buffer_append_format(out, ",%03" PRIu64, count % 1000);
    } else {
        nnrpc_buffer_append_format(out, "%" PRIu64, count);
    }
}

static void append_bar(struct nnrpc_buffer *out, double fraction) {
    int full = (int)(fraction * BAR_WIDTH + 0.5);
    nnrpc_buffer_append_text(out, " [");
    for (int i = 0; i < BAR_WIDTH; i++) {
        nnrpc_buffer_append_text(out, i < full ? "#" : "-");
    }
    nnrpc_buffer_append_format(out, "] %3d%%", (int)(fraction * 100));
}

void ctl_progress_append(
    struct nnrpc_buffer *out, const struct ctl_progress_state *state, size_t width) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    double fraction = state->fraction > 1 ? 1 : state->fraction;
    nnrpc_buffer_append_text(&line, state->what);
    if (fraction >= 0) {
        append_bar(&line, fraction);
    }
    nnrpc_buffer_append_text(&line, "  ");
    ctl_progress_append_count(&line, state->item_count);
    nnrpc_buffer_append_format(&line, " %s  ", state->unit);
    ctl_progress_append_count(&line, (uint64_t)(state->rate + 0.5));
    nnrpc_buffer_append_text(&line, "/s  ");
    char time[CTL_TIME_TEXT_BYTES];
    if (fraction >= LEAST_FRACTION) {
        double left_ms = (double)state->elapsed_ms * (1 - fraction) / fraction;
        ctl_duration_format((uint64_t)(left_ms / 1000 + 0.5), time);
        nnrpc_buffer_append_format(&line, "%s left", time);
    } else {
        ctl_duration_format(state->elapsed_ms / 1000, time);
        nnrpc_buffer_append_text(&line, time);
    }
    ctl_text_append_cut(out, ctl_buffer_text(&line), width);
}

struct ctl_progress *ctl_progress_new(
    const struct ctl_context *context, const char *what, const char *unit) {
    if (context->quiet || ctl_terminal_width(stderr) == 0) {
        return NULL;
    }
    struct ctl_progress *progress = ctl_allocate(1, sizeof(*progress));
    progress->state = (struct ctl_progress_state){.what = what, .unit = unit, .fraction = -1};
    progress->start_ms = ctl_clock_ms();
    progress->rated_ms = progress->start_ms;
    return progress;
}

void ctl_progress_free(struct ctl_progress *progress) {
    ctl_progress_clear(progress);
    free(progress);
}

void ctl_progress_freep(struct ctl_progress **progress) {
    ctl_progress_free(*progress);
    *progress = NULL;
}

static void take_rate(struct ctl_progress *progress, uint64_t now_ms) {
    struct ctl_progress_state *state = &progress->state;
    uint64_t passed_ms = now_ms - progress->rated_ms;
    if (passed_ms < RATE_INTERVAL_MS && state->rate > 0) {
        return;
    }
    double latest = passed_ms > 0 ? (double)(state->item_count - progress->rated_count) * 1000 /
                                        (double)passed_ms
                                  : 0;
    state->rate = state->rate > 0 ? (state->rate + latest) / 2 : latest;
    progress->rated_ms = now_ms;
    progress->rated_count = state->item_count;
}

void ctl_progress_update(struct ctl_progress *progress, uint64_t item_count, double fraction) {
    if (progress == NULL) {
        return;
    }
    uint64_t now_ms = ctl_clock_ms();
    if (now_ms - progress->drawn_ms < DRAW_INTERVAL_MS) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    progress->state.item_count = item_count;
    progress->state.fraction = fraction;
    progress->state.elapsed_ms = now_ms - progress->start_ms;
    take_rate(progress, now_ms);
    ctl_progress_append(&line, &progress->state, ctl_terminal_width(stderr));
    fprintf(stderr, "\r\033[K%s", ctl_buffer_text(&line));
    fflush(stderr);
    progress->drawn_ms = now_ms;
    progress->is_drawn = true;
}

void ctl_progress_clear(struct ctl_progress *progress) {
    if (progress != NULL && progress->is_drawn) {
        fputs("\r\033[K", stderr);
        progress->is_drawn = false;
        progress->drawn_ms = 0;
    }
}
