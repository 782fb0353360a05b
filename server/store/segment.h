/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment: one file of the log. It has its size from the start, every block written, so that
 * making an entry durable changes no more than the entry's own bytes. A segment that is used again
 * is not emptied first.
 *
 * An entry's checksum covers store, epoch, segment and everything in the entry, so neither a torn
 * entry nor what stood in the file before passes. Entries have consecutive sequence numbers
 * throughout the log.
 */
#ifndef CONTACTS_STORE_SEGMENT_H
#define CONTACTS_STORE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meta.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"
#include "nnrpc/wire.h"

/** What stands before an entry's records. */
#define SEGMENT_ENTRY_HEAD_BYTES 48
/** Where a segment's first entry begins. */
#define SEGMENT_HEAD_BYTES 4096
#define SEGMENT_NAME_BYTES 32
#define SEGMENT_NAME_PREFIX "segment-"

/** Whose log it is. Files of another one are refused. */
struct segment_identity {
    uint8_t store_id[META_STORE_ID_BYTES];
    uint64_t epoch;
};

enum segment_entry_kind {
    SEGMENT_GROUP = 1, /* the records of a group of writes */
    SEGMENT_ANNUL = 2, /* the entry before this one did not happen */
};

struct segment_entry {
    enum segment_entry_kind kind;
    uint64_t sequence;
    uint64_t revision; /* of the store before it */
    struct nnrpc_slice records;
};

/** The file name of a segment. */
void segment_name(uint64_t number, char out_name[SEGMENT_NAME_BYTES]);

/** Reads a file name. @return false when it is no segment's. */
bool segment_name_read(const char *name, uint64_t *out_number);

/* --- Writing ------------------------------------------------------------------------------ */

struct segment {
    int descriptor; /* -1: none */
    struct segment_identity identity;
    uint64_t number;
    uint64_t size_bytes;
    uint64_t end; /* where the next entry goes */
};

#define SEGMENT_NONE                                                                               \
    { .descriptor = -1 }

/**
 * Makes a segment's file, durable and full of zeros.
 *
 * @param out_segment  Written on success; release with segment_close().
 * @return as files_fail().
 */
NNRPC_NODISCARD enum nnrpc_code segment_make(
    const char *folder, const struct segment_identity *identity, uint64_t number,
    uint64_t size_bytes, struct segment *out_segment, struct nnrpc_status *out_status);

/** The same from the file of a segment that is not needed any more. */
NNRPC_NODISCARD enum nnrpc_code segment_recycle(
    const char *folder, uint64_t old_number, const struct segment_identity *identity,
    uint64_t number, struct segment *out_segment, struct nnrpc_status *out_status);

void segment_close(struct segment *segment);

/** Whether so many bytes of records fit. */
bool segment_has_room(const struct segment *segment, size_t records_size);

/**
 * Writes an entry behind the last one, without making it durable. When that fails, nothing was
 * added: the next entry takes its place.
 *
 * @param entry  Its records are not looked at: they stand in `bytes`.
 * @param bytes  SEGMENT_ENTRY_HEAD_BYTES, which are filled in, and the records.
 */
NNRPC_NODISCARD enum nnrpc_code segment_write(
    struct segment *segment, const struct segment_entry *entry, struct nnrpc_buffer *bytes,
    struct nnrpc_status *out_status);

/** Makes what was written durable. A failure is final. */
NNRPC_NODISCARD enum nnrpc_code segment_sync(
    const struct segment *segment, struct nnrpc_status *out_status);

/* --- Reading ------------------------------------------------------------------------------ */

/** A segment's bytes, and a place in them. All zero is an empty one. */
struct segment_reader {
    struct segment_identity identity;
    uint64_t number;
    struct nnrpc_buffer bytes;
    size_t at;
};

/**
 * Reads a segment's file.
 *
 * @param out_reader  Written on success; release with segment_reader_deinit().
 * @return NNRPC_OK, also for a file whose head was never written: it has no entries;
 *         NNRPC_FAILED_PRECONDITION (of another store or epoch, or a later version); as
 *         files_fail().
 */
NNRPC_NODISCARD enum nnrpc_code segment_reader_open(
    const char *folder, const struct segment_identity *identity, uint64_t number,
    struct segment_reader *out_reader, struct nnrpc_status *out_status);
void segment_reader_deinit(struct segment_reader *reader);

/** Takes the next entry; its bytes are the reader's. @return false at the end. */
bool segment_reader_next(struct segment_reader *reader, struct segment_entry *out_entry);

/**
 * Looks for an entry after the end. One that is whole means that the end is damage: nothing is
 * written before the entry in front of it is durable.
 */
bool segment_reader_has_stray(const struct segment_reader *reader);

#endif
