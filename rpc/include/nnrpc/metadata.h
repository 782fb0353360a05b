/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata: keys and values beside a message.
 */
#ifndef NNRPC_METADATA_H
#define NNRPC_METADATA_H

#include <stddef.h>

#include "nnrpc/base.h"

NNRPC_BEGIN_DECLARATIONS

/** Reply metadata of a call that a stopping server did not start: to send it again is harmless. */
#define NNRPC_NOT_STARTED_KEY "x-not-started"

/** One key and its value. Keys are lower case; values are any bytes. Borrowed. */
struct nnrpc_metadata {
    const char *key;
    const void *value;
    size_t value_size;
};

NNRPC_END_DECLARATIONS

#endif
