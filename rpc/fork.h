/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that fork. A child has none of its parent's threads, nanomsg's own included: what was
 * made before the fork is of no use in it, and must not be waited for.
 */
#ifndef NNRPC_FORK_H
#define NNRPC_FORK_H

#include <stdbool.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** How often this process, and those it stems from, forked since this was first asked. Any thread.
 */
unsigned fork_generation(void);

/** Whether there was a fork since. */
bool fork_happened(unsigned generation);

/** NNRPC_FAILED_PRECONDITION, FORKED: says that `what` belongs to the parent process. */
enum nnrpc_code fork_fail(struct nnrpc_status *out_status, const char *what);

#endif
