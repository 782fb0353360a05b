/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids for spans by the million. Asking the kernel for each would cost more than the calls they
 * name, so the kernel is asked once, and every id is a mixed count from there. They are unique, as
 * good as surely; they are no secrets.
 */
#ifndef NNRPC_TRACE_SOURCE_H
#define NNRPC_TRACE_SOURCE_H

#include <stdatomic.h>
#include <stdint.h>

#include "nnrpc/trace.h"

#define NNRPC_TRACE_SOURCE_SEEDS 3 /* two for trace ids, one for span ids */

struct nnrpc_trace_source {
    uint64_t seeds[NNRPC_TRACE_SOURCE_SEEDS];
    atomic_uint_least64_t count;
};

/** Initialises in place, from the kernel's random numbers. */
void nnrpc_trace_source_init(struct nnrpc_trace_source *source);

/** As nnrpc_trace_begin(), with ids from a source. Any thread. */
void nnrpc_trace_source_begin(
    struct nnrpc_trace_source *source, const struct nnrpc_trace *parent,
    struct nnrpc_trace *out_trace);

#endif
