/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of a request in its decoded segments.
 */
#ifndef GATEWAY_REST_REQUEST_PATH_H
#define GATEWAY_REST_REQUEST_PATH_H

#include <stddef.h>

#include "nnrpc/base.h"
#include "rest/rule.h"

struct rest_segment {
    const char *text; /* not terminated */
    size_t size;
};

/** All zero is no path. Release with rest_path_deinit(). */
struct rest_path {
    struct rest_segment segments[REST_SEGMENTS_MOST];
    size_t count;
    char *decoded; /* owned: the segments that had percent-encoding; NULL: none */
};

enum rest_path_result {
    REST_PATH_OK,
    REST_PATH_MALFORMED, /* bad percent-encoding, NUL, not UTF-8 */
    REST_PATH_UNKNOWN,   /* such as no rule can have: "//", too many segments */
    REST_PATH_OUT_OF_MEMORY,
};

/**
 * Splits a path at its slashes and then decodes the segments, so that an encoded slash is part of
 * one. One slash at the end is left out.
 *
 * @param text      Outlives the path.
 * @param out_path  All zero; release it whatever is returned.
 */
NNRPC_NODISCARD enum rest_path_result rest_path_read(const char *text, struct rest_path *out_path);

void rest_path_deinit(struct rest_path *path);

#endif
