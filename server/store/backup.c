/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backups: a copy of the store while it is in use, and a store made from one.
 *
 * A copy is written under another name in the same folder, synced, and given its name by a rename
 * that replaces nothing. Whatever fails before that leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"
#include "keys.h"
#include "nnrpc/crypto.h"
#include "store_state.h"

#define FILE_MODE 0600
#define COPY_BYTES (1 << 16)
/* A file is opened with a map of its size, and some room to write its new epoch. */
#define RESTORE_ROOM_BYTES (UINT64_C(16) << 20)

/* Deletes a file that has not been handed over. */
static void remove_unfinished(char (*path)[PATH_MAX]) {
    if ((*path)[0] != '\0') {
        unlink(*path);
    }
}

static enum nnrpc_code create_file(
    const char *path, int *out_descriptor, struct nnrpc_status *out_status) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (descriptor < 0) {
        return files_fail(out_status, "create", path);
    }
    *out_descriptor = descriptor;
    return NNRPC_OK;
}

/* --- Backup ------------------------------------------------------------------------------- */

static enum nnrpc_code copy_store(
    struct store *store, int descriptor, const char *path, struct nnrpc_status *out_status) {
    enum nnrpc_code code = engine_copy(store->engine, descriptor, out_status);
    if (code == NNRPC_OK && fsync(descriptor) != 0) {
        code = files_fail(out_status, "sync", path);
    }
    return code;
}

/* Opens a finished copy and reads its revision, which shows too that it is a store. */
static enum nnrpc_code read_revision(
    const char *path, uint64_t *out_revision, struct nnrpc_status *out_status) {
    const struct engine_options options = {
        .path = path, .map_bytes = 0, .alone = true, .read_only = true};
    NNRPC_CLEANUP(engine_closep) struct engine *engine = NULL;
    NNRPC_CLEANUP(engine_abortp) struct engine_transaction *transaction = NULL;
    struct meta meta;
    enum nnrpc_code code = engine_open(&options, &engine, out_status);
    if (code == NNRPC_OK) {
        code = engine_begin_read(engine, &transaction, out_status);
    }
    if (code == NNRPC_OK) {
        code = meta_read(transaction, &meta, out_status);
    }
    if (code == NNRPC_OK) {
        *out_revision = state_read(transaction).revision;
        code = engine_check(transaction, out_status);
    }
    return code;
}

static enum nnrpc_code fail_exists(const char *path, struct nnrpc_status *out_status) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    nnrpc_fail(
        out_status, NNRPC_ALREADY_EXISTS, STORE_DOMAIN, STORE_REASON(BACKUP_EXISTS),
        "there is a backup \"%s\" already", name);
    nnrpc_status_add_info(out_status, "name", "%s", name);
    return NNRPC_ALREADY_EXISTS;
}

/* Gives the copy its name, unless that is taken, and makes that durable. */
static enum nnrpc_code publish(
    const char *unfinished, const char *path, struct nnrpc_status *out_status) {
    if (renameat2(AT_FDCWD, unfinished, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
        return errno == EEXIST ? fail_exists(path, out_status)
                               : files_fail(out_status, "rename to", path);
    }
    return files_sync_parent(path, out_status);
}

enum nnrpc_code store_backup(
    struct store *store, const char *path, uint64_t *out_revision, uint64_t *out_size_bytes,
    struct nnrpc_status *out_status) {
    char name[PATH_MAX];
    struct stat file;
    uint64_t revision = 0;
    int size = snprintf(name, sizeof(name), "%s.%016" PRIx64 ".part", path, nnrpc_random_u64());
    if (size < 0 || (size_t)size >= sizeof(name)) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the path of the backup is too long");
    }
    if (files_exist(path)) {
        return fail_exists(path, out_status);
    }
    NNRPC_CLEANUP(remove_unfinished) char unfinished[PATH_MAX] = "";
    NNRPC_CLEANUP(files_closep) int descriptor = -1;
    enum nnrpc_code code = create_file(name, &descriptor, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    memcpy(unfinished, name, (size_t)size + 1);
    code = copy_store(store, descriptor, name, out_status);
    if (code == NNRPC_OK) {
        code = read_revision(name, &revision, out_status);
    }
    if (code == NNRPC_OK && fstat(descriptor, &file) != 0) {
        code = files_fail(out_status, "look at", name);
    }
    if (code == NNRPC_OK) {
        code = publish(name, path, out_status);
    }
    if (code == NNRPC_OK) {
        unfinished[0] = '\0';
        *out_revision = revision;
        *out_size_bytes = (uint64_t)file.st_size;
    }
    return code;
}

/* --- Restore ------------------------------------------------------------------------------ */

static enum nnrpc_code write_all(
    int descriptor, const uint8_t *bytes, size_t size, const char *path,
    struct nnrpc_status *out_status) {
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno != EINTR) {
            return files_fail(out_status, "write", path);
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return NNRPC_OK;
}

static enum nnrpc_code copy_file(
    int from, const char *from_path, int to, const char *to_path, struct nnrpc_status *out_status) {
    uint8_t bytes[COPY_BYTES];
    for (;;) {
        ssize_t size = read(from, bytes, sizeof(bytes));
        if (size == 0) {
            return NNRPC_OK;
        }
        if (size < 0 && errno != EINTR) {
            return files_fail(out_status, "read", from_path);
        }
        enum nnrpc_code code =
            size < 0 ? NNRPC_OK : write_all(to, bytes, (size_t)size, to_path, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
}

static enum nnrpc_code copy_backup(
    const char *backup_path, const char *path, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(files_closep) int from = open(backup_path, O_RDONLY | O_CLOEXEC);
    NNRPC_CLEANUP(files_closep) int to = -1;
    if (from < 0) {
        return files_fail(out_status, "open", backup_path);
    }
    enum nnrpc_code code = create_file(path, &to, out_status);
    return code == NNRPC_OK ? copy_file(from, backup_path, to, path, out_status) : code;
}

/* Starts a new epoch in the copied file. */
static enum nnrpc_code begin_epoch(const char *path, struct nnrpc_status *out_status) {
    struct stat file;
    if (stat(path, &file) != 0) {
        return files_fail(out_status, "look at", path);
    }
    const struct engine_options options = {
        .path = path,
        .map_bytes = (size_t)file.st_size + RESTORE_ROOM_BYTES,
        .alone = true,
    };
    NNRPC_CLEANUP(engine_closep) struct engine *engine = NULL;
    NNRPC_CLEANUP(engine_abortp) struct engine_transaction *transaction = NULL;
    struct meta meta;
    enum nnrpc_code code = engine_open(&options, &engine, out_status);
    if (code == NNRPC_OK) {
        code = engine_begin_write(engine, &transaction, out_status);
    }
    if (code == NNRPC_OK) {
        code = meta_read(transaction, &meta, out_status);
    }
    if (code == NNRPC_OK) {
        code = engine_check_tables(engine, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    meta.epoch++;
    meta_write(transaction, &meta);
    struct engine_transaction *committed = transaction;
    transaction = NULL;
    return engine_commit(committed, out_status);
}

/* Only an empty folder, but for our lock file, is restored into. */
static enum nnrpc_code check_is_empty(const char *folder, struct nnrpc_status *out_status) {
    bool empty = false;
    enum nnrpc_code code = files_is_empty(folder, &empty, out_status);
    if (code == NNRPC_OK && !empty) {
        code = nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "folder %s is not empty: a backup is restored into an empty folder only", folder);
    }
    return code;
}

static enum nnrpc_code restore_into(
    const char *backup_path, const char *folder, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    char name[PATH_MAX];
    enum nnrpc_code code = files_path(folder, FILES_DATA, path, out_status);
    if (code == NNRPC_OK) {
        code = files_path(folder, FILES_NEW_DATA, name, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(remove_unfinished) char unfinished[PATH_MAX] = "";
    memcpy(unfinished, name, sizeof(unfinished));
    code = copy_backup(backup_path, name, out_status);
    if (code == NNRPC_OK) {
        code = begin_epoch(name, out_status); /* its commit syncs the whole file */
    }
    if (code == NNRPC_OK && rename(name, path) != 0) {
        code = files_fail(out_status, "rename", name);
    }
    if (code == NNRPC_OK) {
        unfinished[0] = '\0';
        code = files_sync_folder(folder, out_status);
    }
    return code;
}

enum nnrpc_code store_restore(
    const char *backup_path, const char *folder, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(files_closep) int lock = -1;
    uint64_t revision = 0;
    enum nnrpc_code code = NNRPC_OK;
    if (!files_exist(backup_path)) {
        return nnrpc_fail(
            out_status, NNRPC_NOT_FOUND, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "there is no file %s", backup_path);
    }
    /* Looked at where it is, so that what is no backup is named, and leaves no folder behind. */
    code = read_revision(backup_path, &revision, out_status);
    if (code == NNRPC_OK) {
        code = files_make_folder(folder, out_status);
    }
    if (code == NNRPC_OK) {
        code = check_is_empty(folder, out_status);
    }
    if (code == NNRPC_OK) {
        code = files_lock(folder, &lock, out_status);
    }
    return code == NNRPC_OK ? restore_into(backup_path, folder, out_status) : code;
}
