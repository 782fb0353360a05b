/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a JSON text something is wrong, and the collection of all that is.
 *
 * Places are links on the reader's stack from a value to the values around it: they cost nothing
 * until one must be named.
 */
#ifndef NNRPC_JSON_PLACE_H
#define NNRPC_JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"

#define NNRPC_REASON_INVALID_JSON "INVALID_JSON"

/** One step down: a field (both names), a map's key or an unknown key (key), or a list's index. */
struct nnrpc_json_place {
    const struct nnrpc_json_place *parent; /* NULL: the outermost value */
    const char *proto_name;                /* NULL when it is no field */
    const char *json_name;
    const char *key; /* NULL when it is no key */
    size_t key_size;
    size_t index;
    bool is_secret; /* what stands here is named in no message */
};

/** What was found wrong so far. All zero but the status is an empty collection. */
struct nnrpc_json_problems {
    struct nnrpc_status *status; /* takes the violations; not NULL, initialised */
    size_t count;
    bool is_full;              /* no more are taken, so reading may stop */
    struct nnrpc_buffer first; /* the first one's place by JSON names */
};

/** Whether a place or one around it is secret. */
bool nnrpc_json_place_is_secret(const struct nnrpc_json_place *place);

/** Adds a problem. A place of NULL is the whole text: nothing else is wrong then. */
void nnrpc_json_problems_add(
    struct nnrpc_json_problems *problems, const struct nnrpc_json_place *place, const char *format,
    ...) NNRPC_PRINTF(3, 4);

/** Makes the status of the problems: OK without any. Its message has JSON names. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_json_problems_finish(struct nnrpc_json_problems *problems);

void nnrpc_json_problems_deinit(struct nnrpc_json_problems *problems);

/** Appends text in quotes as it was found, cut where it is long. */
void nnrpc_json_append_quoted(struct nnrpc_buffer *out, const char *text, size_t size);

#endif
