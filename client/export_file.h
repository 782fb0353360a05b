/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that appears whole or not at all: written beside its place and renamed at the end.
 */
#ifndef CTL_EXPORT_FILE_H
#define CTL_EXPORT_FILE_H

#include <stdbool.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

struct ctl_export_file;

/**
 * Opens the file for writing, mode 0600; "-" is standard output. What is no regular file, such as
 * /dev/null or a named pipe, is written in place.
 *
 * @return NULL after a complaint.
 */
struct ctl_export_file *ctl_export_file_open(const char *path);

/** Writes the buffer and empties it. @return false after a complaint, or when a signal came. */
NNRPC_NODISCARD bool ctl_export_file_write(
    struct ctl_export_file *file, struct nnrpc_buffer *bytes);

/** Makes the file durable and puts it in its place. @return false after a complaint. */
NNRPC_NODISCARD bool ctl_export_file_commit(struct ctl_export_file *file);

/** Releases it; what was not committed is removed. */
void ctl_export_file_freep(struct ctl_export_file **file);

#endif
