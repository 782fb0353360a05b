/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations and points in time as people type and read them.
 */
#ifndef CTL_DURATION_H
#define CTL_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"

/** Bytes that any formatted duration or time needs, terminator included. */
#define CTL_TIME_TEXT_BYTES 40

/**
 * Reads a duration: a decimal number, with a fraction if wanted, and a unit right after it: ms, s,
 * m or h. More than 0 and at most 24 h.
 *
 * @return false when the text is none; *out_ms is untouched then.
 */
NNRPC_NODISCARD bool ctl_duration_parse(const char *text, uint32_t *out_ms);

/** "0:07", "12:34", "1:02:03". */
void ctl_duration_format(uint64_t seconds, char out_text[CTL_TIME_TEXT_BYTES]);

/**
 * Reads a point in time: RFC 3339 ("2026-03-01T08:30:00Z", "...+01:00", with a fraction if wanted)
 * or a date alone, which is its midnight in UTC.
 *
 * @return false when the text is none.
 */
NNRPC_NODISCARD bool ctl_time_parse(const char *text, int64_t *out_seconds, int32_t *out_nanos);

/** "2026-03-01 08:30:00Z"; "" for a time that no calendar has. */
void ctl_time_format(int64_t seconds, char out_text[CTL_TIME_TEXT_BYTES]);

#endif
