/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for log lines in logfmt: pairs of key and value, values quoted and escaped where they need
 * it, so that nothing that came from outside can forge a pair, a line or a terminal's escape
 * sequence. Any thread.
 */
#ifndef NNRPC_LOG_TEXT_H
#define NNRPC_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

NNRPC_BEGIN_DECLARATIONS

/**
 * Appends "key=value", after a space unless the line is empty. A value of no bytes is left out.
 *
 * @param value  Any bytes; what is not UTF-8 or not printable is escaped as \xNN, \n, \" and \\.
 */
void nnrpc_log_append_pair(
    struct nnrpc_buffer *line, const char *key, const void *value, size_t size);

/** The same for a terminated text; NULL is left out. */
void nnrpc_log_append_text(struct nnrpc_buffer *line, const char *key, const char *value);

/** The same for a number. */
void nnrpc_log_append_number(struct nnrpc_buffer *line, const char *key, uint64_t value);

NNRPC_END_DECLARATIONS

#endif
