/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a program that serves: one structured line (logfmt) on stderr for each event. Any
 * thread.
 *
 * Values are quoted and escaped where they need it, so that nothing a caller sends can forge a
 * line. Secrets are never passed here.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"

struct nnrpc_call;

enum daemon_log_level {
    DAEMON_LOG_ERROR,
    DAEMON_LOG_WARNING,
    DAEMON_LOG_INFO,
    DAEMON_LOG_DEBUG,
};

/** Sets the least severe level that is written; INFO at start. */
void daemon_log_set_level(enum daemon_log_level level);

/** Whether a level is written: ask before building expensive values. */
bool daemon_log_enabled(enum daemon_log_level level);

/** The level of a name ("error", "warning", "info", "debug"); false when there is none. */
NNRPC_NODISCARD bool daemon_log_level_from_name(const char *name, enum daemon_log_level *out_level);

/** The name of a level. */
const char *daemon_log_level_name(enum daemon_log_level level);

/**
 * Writes one line: time, level, event, then pairs of key and value up to a NULL key. A pair whose
 * value is NULL or "" is left out.
 */
void daemon_log(enum daemon_log_level level, const char *event, ...) __attribute__((sentinel));

/** The same for an event that belongs to a call (NULL: to none): its trace_id and span_id follow.
 */
void daemon_log_call(enum daemon_log_level level, struct nnrpc_call *call, const char *event, ...)
    __attribute__((sentinel));

/** Writes one line whose pairs are ready, as nnrpc/log_text.h makes them. */
void daemon_log_pairs(
    enum daemon_log_level level, const char *event, const char *pairs, size_t size);

#endif
