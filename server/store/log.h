/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: segments one after the other. The writer appends to the last one; the next one is made
 * ready in the background, from one that a checkpoint has freed if there is any.
 */
#ifndef CONTACTS_STORE_LOG_H
#define CONTACTS_STORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "segment.h"

struct log_options {
    const char *folder; /* outlives the log */
    struct segment_identity identity;
    uint64_t number;        /* of the first segment, which is made */
    uint64_t segment_bytes; /* size that segments grow to */
};

struct log;

/** Begins a log with a new segment. @return as segment_make(), RESOURCE_EXHAUSTED (threads). */
NNRPC_NODISCARD enum nnrpc_code log_open(
    const struct log_options *options, struct log **out_log, struct nnrpc_status *out_status);

/** Closes; the files stay. NULL is fine. */
void log_close(struct log *log);

/* --- The writer's ------------------------------------------------------------------------- */

/** The segment that is written; everything before an entry to come is in it or in earlier ones. */
uint64_t log_segment(const struct log *log);

/**
 * Writes an entry as segment_write() does, to a new segment when the last one is full.
 *
 * @return NNRPC_OK; anything else: nothing was added. RESOURCE_EXHAUSTED is STORAGE_FULL.
 */
NNRPC_NODISCARD enum nnrpc_code log_write(
    struct log *log, const struct segment_entry *entry, struct nnrpc_buffer *bytes,
    struct nnrpc_status *out_status);

/** Makes it durable. A failure is final. */
NNRPC_NODISCARD enum nnrpc_code log_sync(struct log *log, struct nnrpc_status *out_status);

/* --- Any thread's ------------------------------------------------------------------------- */

/** The segments below a number are not needed any more. */
void log_release_below(struct log *log, uint64_t number);

/** Bytes of all segments that are needed. */
uint64_t log_size_bytes(struct log *log);

#endif
