/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data folder.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"

#define FOLDER_MODE 0700
#define FILE_MODE 0600

void files_closep(int *descriptor) {
    if (*descriptor >= 0) {
        close(*descriptor);
        *descriptor = -1;
    }
}

enum nnrpc_code files_fail(struct nnrpc_status *out_status, const char *what, const char *path) {
    int failure = errno;
    if (failure == ENOSPC || failure == EDQUOT || failure == EFBIG) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORAGE_FULL),
            "cannot %s %s: %s", what, path, strerror(failure));
    }
    enum nnrpc_code code = NNRPC_UNAVAILABLE;
    if (failure == EACCES || failure == EPERM || failure == EROFS || failure == ENOTDIR) {
        code = NNRPC_PERMISSION_DENIED;
    } else if (failure == EEXIST) {
        code = NNRPC_ALREADY_EXISTS;
    } else if (failure == ENOENT) {
        code = NNRPC_NOT_FOUND;
    } else if (failure == ENOMEM || failure == EMFILE || failure == ENFILE) {
        code = NNRPC_RESOURCE_EXHAUSTED;
    }
    return nnrpc_fail(
        out_status, code, STORE_DOMAIN, STORE_REASON(STORE_FAILED), "cannot %s %s: %s", what, path,
        strerror(failure));
}

bool files_exist(const char *path) {
    struct stat file;
    return stat(path, &file) == 0;
}

bool files_have(const char *folder, const char *name) {
    char path[PATH_MAX];
    return files_path(folder, name, path, NULL) == NNRPC_OK && files_exist(path);
}

enum nnrpc_code files_path(
    const char *folder, const char *name, char out_path[PATH_MAX],
    struct nnrpc_status *out_status) {
    int size = snprintf(out_path, PATH_MAX, "%s/%s", folder, name);
    if (size < 0 || size >= PATH_MAX) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the path of folder %.64s... is too long", folder);
    }
    return NNRPC_OK;
}

enum nnrpc_code files_make_folder(const char *folder, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    if (folder[0] == '\0') {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "no data folder is given");
    }
    enum nnrpc_code code = files_path(folder, "", path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    /* Every folder of the path, from the top: each ends before a slash that is not the first. */
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/' || at[-1] == '/') {
            continue;
        }
        *at = '\0';
        bool made = mkdir(path, FOLDER_MODE) == 0;
        if (!made && errno != EEXIST && !files_exist(path)) {
            return files_fail(out_status, "make folder", path);
        }
        code = made ? files_sync_parent(path, out_status) : NNRPC_OK;
        if (code != NNRPC_OK) {
            return code;
        }
        *at = '/';
    }
    return NNRPC_OK;
}

enum nnrpc_code files_sync_folder(const char *folder, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(files_closep)
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) != 0) {
        return files_fail(out_status, "sync folder", folder);
    }
    return NNRPC_OK;
}

enum nnrpc_code files_sync_parent(const char *path, struct nnrpc_status *out_status) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        return files_sync_folder(".", out_status);
    }
    slash[slash == folder ? 1 : 0] = '\0';
    return files_sync_folder(folder, out_status);
}

enum nnrpc_code files_write_at(
    int descriptor, const uint8_t *bytes, size_t size, uint64_t offset, const char *path,
    struct nnrpc_status *out_status) {
    while (size > 0) {
        ssize_t written = pwrite(descriptor, bytes, size, (off_t)offset);
        if (written < 0 && errno != EINTR) {
            return files_fail(out_status, "write", path);
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
            offset += (uint64_t)written;
        }
    }
    return NNRPC_OK;
}

enum nnrpc_code files_read(
    const char *path, struct nnrpc_buffer *out_bytes, struct nnrpc_status *out_status) {
    struct stat file;
    NNRPC_CLEANUP(files_closep) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0 || fstat(descriptor, &file) != 0) {
        return files_fail(out_status, "open", path);
    }
    size_t left = (size_t)file.st_size;
    uint8_t *at = nnrpc_buffer_reserve(out_bytes, left + 1);
    if (at == NULL) {
        return fault_out_of_memory(out_status);
    }
    while (left > 0) {
        ssize_t size = read(descriptor, at, left);
        if (size < 0 && errno != EINTR) {
            return files_fail(out_status, "read", path);
        }
        if (size == 0) {
            break; /* it was longer a moment ago */
        }
        size_t got = size > 0 ? (size_t)size : 0;
        at += got;
        left -= got;
        out_bytes->size += got;
    }
    return NNRPC_OK;
}

enum nnrpc_code files_mark(const char *folder, const char *name, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    enum nnrpc_code code = files_path(folder, name, path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(files_closep)
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (descriptor < 0 || fsync(descriptor) != 0) {
        return files_fail(out_status, "create", path);
    }
    return files_sync_folder(folder, out_status);
}

enum nnrpc_code files_unmark(
    const char *folder, const char *name, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    enum nnrpc_code code = files_path(folder, name, path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (unlink(path) != 0) {
        return errno == ENOENT ? NNRPC_OK : files_fail(out_status, "remove", path);
    }
    return files_sync_folder(folder, out_status);
}

enum nnrpc_code files_is_empty(
    const char *folder, bool *out_empty, struct nnrpc_status *out_status) {
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return files_fail(out_status, "list folder", folder);
    }
    bool empty = true;
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                          strcmp(entry->d_name, FILES_LOCK) == 0);
    }
    closedir(entries);
    *out_empty = empty;
    return NNRPC_OK;
}

static enum nnrpc_code fail_locked(
    int descriptor, const char *folder, struct nnrpc_status *out_status) {
    char holder[24] = "";
    ssize_t size = pread(descriptor, holder, sizeof(holder) - 1, 0);
    holder[size > 0 ? strcspn(holder, "\n") : 0] = '\0';
    return nnrpc_fail(
        out_status, NNRPC_UNAVAILABLE, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "the store in %s is open in another process (pid %s)", folder,
        holder[0] == '\0' ? "unknown" : holder);
}

enum nnrpc_code files_lock(
    const char *folder, int *out_descriptor, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    char holder[24];
    enum nnrpc_code code = files_path(folder, FILES_LOCK, path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(files_closep)
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (descriptor < 0) {
        return files_fail(out_status, "open lock file", path);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? fail_locked(descriptor, folder, out_status)
                                    : files_fail(out_status, "lock", path);
    }
    int size = snprintf(holder, sizeof(holder), "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, holder, (size_t)size, 0) != size) {
        return files_fail(out_status, "write lock file", path);
    }
    *out_descriptor = descriptor;
    descriptor = -1;
    return NNRPC_OK;
}
