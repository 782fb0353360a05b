/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line for each call (nnrpc/access_log.h) in the server's log.
 */
#ifndef CONTACTD_ACCESS_LOG_H
#define CONTACTD_ACCESS_LOG_H

#include "daemon/log.h"
#include "nnrpc/access_log.h"

/**
 * Makes the log of calls: all of them at level debug, at level info those that take slow_ms or
 * longer (0: none), at any level those that fail by the server's fault.
 *
 * @return as nnrpc_access_log_new().
 */
NNRPC_NODISCARD enum nnrpc_code contactd_access_log_new(
    uint64_t slow_ms, struct nnrpc_access_log **out_log, struct nnrpc_status *out_status);

/** Follows the log's level and another time that is slow, also while calls are served. */
void contactd_access_log_set(struct nnrpc_access_log *log, uint64_t slow_ms);

#endif
