/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data folder: who has it, what is in it, and putting files in their place so that a crash
 * leaves the old state or the new one.
 */
#ifndef CONTACTS_STORE_FILES_H
#define CONTACTS_STORE_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"

/** The store's file, and the one it is made as. */
#define FILES_DATA "data.mdb"
#define FILES_NEW_DATA "data.mdb.new"
#define FILES_LOCK "lock"
/** Of the log form of durability: the newest checkpoint, and the file that it is made as. */
#define FILES_CHECKPOINT "checkpoint"
#define FILES_NEW_CHECKPOINT "checkpoint.new"
/** Empty files: the last stop was clean; the data file is not to be trusted. */
#define FILES_CLEAN "CLEAN"
#define FILES_RECOVER "RECOVER"

/** Closes a descriptor; -1 is fine. Fits NNRPC_CLEANUP. */
void files_closep(int *descriptor);

/** FOLDER/NAME. @return OK, or INVALID_ARGUMENT when that is too long for a path. */
NNRPC_NODISCARD enum nnrpc_code files_path(
    const char *folder, const char *name, char out_path[PATH_MAX], struct nnrpc_status *out_status);

/** Makes the folder 0700 with what is missing above it, unless it is there. "" is refused. */
NNRPC_NODISCARD enum nnrpc_code files_make_folder(
    const char *folder, struct nnrpc_status *out_status);

/**
 * Takes the folder's lock, until the descriptor is closed or the process ends.
 *
 * @return NNRPC_OK, NNRPC_UNAVAILABLE (with the holder's pid), NNRPC_PERMISSION_DENIED.
 */
NNRPC_NODISCARD enum nnrpc_code files_lock(
    const char *folder, int *out_descriptor, struct nnrpc_status *out_status);

/** Makes a rename, a creation or a deletion in a folder durable. */
NNRPC_NODISCARD enum nnrpc_code files_sync_folder(
    const char *folder, struct nnrpc_status *out_status);

/** The same for the folder that a path is in. */
NNRPC_NODISCARD enum nnrpc_code files_sync_parent(
    const char *path, struct nnrpc_status *out_status);

/** Sets an error from errno for a path, and returns its code. */
enum nnrpc_code files_fail(struct nnrpc_status *out_status, const char *what, const char *path);

/** Whether a folder holds nothing but, perhaps, our lock file. */
NNRPC_NODISCARD enum nnrpc_code files_is_empty(
    const char *folder, bool *out_empty, struct nnrpc_status *out_status);

/** Writes all bytes at an offset. */
NNRPC_NODISCARD enum nnrpc_code files_write_at(
    int descriptor, const uint8_t *bytes, size_t size, uint64_t offset, const char *path,
    struct nnrpc_status *out_status);

/** Appends a whole file. @return as files_fail(), MEMORY_LIMIT. */
NNRPC_NODISCARD enum nnrpc_code files_read(
    const char *path, struct nnrpc_buffer *out_bytes, struct nnrpc_status *out_status);

/** Makes an empty 0600 file in a folder, and that durable; one that is there is fine. */
NNRPC_NODISCARD enum nnrpc_code files_mark(
    const char *folder, const char *name, struct nnrpc_status *out_status);

/** Removes a file of a folder, and makes that durable; one that is not there is fine. */
NNRPC_NODISCARD enum nnrpc_code files_unmark(
    const char *folder, const char *name, struct nnrpc_status *out_status);

/** Whether a folder has a file. */
bool files_have(const char *folder, const char *name);

/** Whether a path is there. */
bool files_exist(const char *path);

#endif
