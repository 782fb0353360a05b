/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timestamps (RFC 3339) and durations as JSON has them. Works on any machine's locale and zone.
 */
#ifndef NNRPC_JSON_TIME_H
#define NNRPC_JSON_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for the text of either. */
#define NNRPC_JSON_TIME_BYTES 64

/** "2024-02-29T12:00:00.500Z". False outside the years 1 to 9999 or 0 to 999,999,999 ns. */
bool nnrpc_json_format_timestamp(
    int64_t seconds, int32_t nanos, char out_text[NNRPC_JSON_TIME_BYTES]);

/** Reads RFC 3339 with any offset and up to nine digits of a second's fraction. */
bool nnrpc_json_parse_timestamp(
    const char *text, size_t size, int64_t *out_seconds, int32_t *out_nanos);

/** "-1.500s". False outside 10,000 years or when seconds and nanos have different signs. */
bool nnrpc_json_format_duration(
    int64_t seconds, int32_t nanos, char out_text[NNRPC_JSON_TIME_BYTES]);

/** Reads decimal seconds, up to nine digits of fraction, with the suffix "s". */
bool nnrpc_json_parse_duration(
    const char *text, size_t size, int64_t *out_seconds, int32_t *out_nanos);

#endif
