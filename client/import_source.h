/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of an import file, streamed, and the request ids that they get.
 */
#ifndef CTL_IMPORT_SOURCE_H
#define CTL_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"

/** Longest line: a contact of 64 KiB and 10,000 links fit, with every character escaped. */
#define CTL_IMPORT_LINE_BYTES (2u << 20)

/** Room for a request id of an import: at most 64 bytes, with what may be appended to it, and a
 *  terminator. */
#define CTL_IMPORT_ID_BYTES 65

/** Appended to a line's id for the retirement of its preset. */
#define CTL_IMPORT_RETIRE_SUFFIX "-r"

struct ctl_import_source;

enum ctl_import_read {
    CTL_IMPORT_READ_LINE,
    CTL_IMPORT_READ_TOO_LONG, /* the line was skipped */
    CTL_IMPORT_READ_END,
    CTL_IMPORT_READ_FAILED,      /* after a complaint */
    CTL_IMPORT_READ_INTERRUPTED, /* a signal came while waiting for input */
};

struct ctl_import_line {
    const char *text; /* without its end; not terminated; until the next read */
    size_t size;
    uint64_t number; /* from 1 */
};

/**
 * Opens a file, or standard input for "-".
 *
 * @param keeps_ids  Part of the request ids: with and without --keep-ids the requests differ.
 * @return NULL after a complaint.
 */
struct ctl_import_source *ctl_import_source_open(const char *path, bool keeps_ids);
void ctl_import_source_freep(struct ctl_import_source **source);

/** Reads the next line; blank ones are skipped but counted. */
NNRPC_NODISCARD enum ctl_import_read ctl_import_source_next(
    struct ctl_import_source *source, struct ctl_import_line *out_line);

/** Whether the next read would wait for whoever writes the pipe. */
bool ctl_import_source_would_wait(const struct ctl_import_source *source);

/** How much of the file was read, 0 to 1; negative when its size is not known. */
double ctl_import_source_fraction(const struct ctl_import_source *source);

/** Whether a regular file is no longer what it was when it was opened. */
bool ctl_import_source_changed(const struct ctl_import_source *source);

/**
 * Makes the request id of the line that was read last: of a digest of everything up to the end of
 * that line, and of its number. So the same content gives the same ids, as a file or through a
 * pipe; content that was appended leaves the ids before it as they were; and a line that two files
 * have in the same place is taken as the same only when everything before it is the same too.
 */
void ctl_import_source_id(const struct ctl_import_source *source, char out_id[CTL_IMPORT_ID_BYTES]);

#endif
