/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server said beside an answer.
 */
#ifndef NNRPC_REPLY_METADATA_H
#define NNRPC_REPLY_METADATA_H

#include "nnrpc/client.h"
#include "nnrpc/wire.h"

/** Replaces the content by the metadata of a packed Response; empty bytes: none. What memory is
 *  short for is left out. */
void reply_metadata_fill(struct nnrpc_reply_metadata *metadata, struct nnrpc_slice response);

#endif
