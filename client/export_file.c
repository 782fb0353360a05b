/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing, syncing, renaming.
 */
#include "export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "interrupt.h"
#include "memory.h"

struct ctl_export_file {
    int descriptor;
    char *path;      /* where it is to stand, links followed */
    char *temporary; /* where it is written; NULL: in place */
};

static bool open_in_place(struct ctl_export_file *file, const char *path) {
    file->descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (file->descriptor < 0) {
        ctl_complain("cannot write %s: %s", path, strerror(errno));
    }
    return file->descriptor >= 0;
}

static bool open_beside(struct ctl_export_file *file, const char *path) {
    char *real = realpath(path, NULL);
    file->path = real != NULL ? real : ctl_copy_text(path);
    size_t room = strlen(file->path) + sizeof(".XXXXXX");
    file->temporary = ctl_allocate(room, 1);
    snprintf(file->temporary, room, "%s.XXXXXX", file->path);
    /* mkostemp makes it 0600. */
    file->descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (file->descriptor < 0) {
        ctl_complain("cannot write beside %s: %s", path, strerror(errno));
        free(file->temporary);
        file->temporary = NULL;
    }
    return file->descriptor >= 0;
}

struct ctl_export_file *ctl_export_file_open(const char *path) {
    struct ctl_export_file *file = ctl_allocate(1, sizeof(*file));
    struct stat info;
    bool is_open = true;
    if (strcmp(path, "-") == 0) {
        file->descriptor = STDOUT_FILENO;
    } else if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        ctl_complain("%s is a folder", path);
        file->descriptor = -1;
        is_open = false;
    } else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        is_open = open_in_place(file, path);
    } else {
        is_open = open_beside(file, path);
    }
    if (!is_open) {
        ctl_export_file_freep(&file);
    }
    return file;
}

bool ctl_export_file_write(struct ctl_export_file *file, struct nnrpc_buffer *bytes) {
    size_t written = 0;
    if (bytes->failed) {
        ctl_complain("out of memory");
        return false;
    }
    while (written < bytes->size) {
        if (ctl_interrupted()) {
            return false;
        }
        ssize_t size = write(file->descriptor, bytes->data + written, bytes->size - written);
        if (size < 0 && errno != EINTR) {
            ctl_complain("cannot write the export: %s", strerror(errno));
            return false;
        }
        written += size > 0 ? (size_t)size : 0;
    }
    nnrpc_buffer_clear(bytes);
    return true;
}

/* Makes the renaming durable. */
static bool sync_folder(const char *path) {
    NNRPC_CLEANUP(ctl_release) char *copy = ctl_copy_text(path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    bool is_synced = fsync(folder) == 0;
    close(folder);
    return is_synced;
}

bool ctl_export_file_commit(struct ctl_export_file *file) {
    if (file->temporary == NULL) {
        return true;
    }
    if (fsync(file->descriptor) != 0 || rename(file->temporary, file->path) != 0) {
        ctl_complain("cannot write %s: %s", file->path, strerror(errno));
        return false;
    }
    free(file->temporary);
    file->temporary = NULL;
    if (!sync_folder(file->path)) {
        ctl_complain("cannot make %s durable: %s", file->path, strerror(errno));
        return false;
    }
    return true;
}

void ctl_export_file_freep(struct ctl_export_file **pointer) {
    struct ctl_export_file *file = *pointer;
    if (file == NULL) {
        return;
    }
    if (file->descriptor >= 0 && file->descriptor != STDOUT_FILENO) {
        close(file->descriptor);
    }
    if (file->temporary != NULL) {
        unlink(file->temporary);
    }
    free(file->temporary);
    free(file->path);
    free(file);
    *pointer = NULL;
}
