/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power losses.
 */
#include "power_loss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store_fixture.h"

#define NAME_BYTES 64
#define FILES_MOST 4096
#define SECTOR_BYTES 512

enum event_kind {
    EVENT_NAMED, /* a file got its name, which another may have had; the one before is gone */
    EVENT_UNNAMED,
    EVENT_WRITE,
    EVENT_SYNC,
    EVENT_SYNC_NAMES,
};

struct event {
    enum event_kind kind;
    int file;
    char name[NAME_BYTES];
    uint64_t offset;
    size_t size;
    uint8_t *bytes;
    size_t covers; /* of a sync: the events before this one */
};

struct recorded_file {
    ino_t inode; /* 0: unlinked, its number may come again */
    char name[NAME_BYTES];
    struct nnrpc_buffer base; /* what it had at the beginning */
    bool is_base;
};

struct recording {
    char folder[256];
    pthread_mutex_t mutex; /* guards what follows */
    struct event *events;
    size_t count;
    size_t capacity;
    struct recorded_file files[FILES_MOST];
    int file_count;
};

static pthread_mutex_t current_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct recording *current;

/* --- Noting ------------------------------------------------------------------------------- */

static struct event *add_event(struct recording *recording, enum event_kind kind, int file) {
    if (recording->count == recording->capacity) {
        recording->capacity = recording->capacity * 2 + 1024;
        recording->events =
            realloc(recording->events, recording->capacity * sizeof(*recording->events));
        assert_non_null(recording->events);
    }
    struct event *event = &recording->events[recording->count++];
    *event = (struct event){.kind = kind, .file = file};
    return event;
}

/* The name of a path within the folder; false when it is outside, or a lock. */
static bool name_within(const struct recording *recording, const char *path, char *out_name) {
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == NULL || size != strlen(recording->folder) ||
        strncmp(path, recording->folder, size) != 0 || strstr(slash, "lock") != NULL) {
        return false;
    }
    snprintf(out_name, NAME_BYTES, "%s", slash + 1);
    return true;
}

static int find_file(const struct recording *recording, ino_t inode) {
    for (int i = 0; i < recording->file_count; i++) {
        if (recording->files[i].inode == inode) {
            return i;
        }
    }
    return -1;
}

static int add_file(struct recording *recording, ino_t inode, const char *name) {
    assert_true(recording->file_count < FILES_MOST);
    int file = recording->file_count++;
    recording->files[file].inode = inode;
    snprintf(recording->files[file].name, NAME_BYTES, "%s", name);
    return file;
}

static bool path_of_descriptor(int descriptor, char *out_path, size_t size) {
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, out_path, size - 1);
    out_path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The recorded file of a descriptor, which gets its name when it is new; -1: not recorded. */
static int file_of(struct recording *recording, int descriptor) {
    struct stat status;
    char path[512];
    char name[NAME_BYTES];
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return -1;
    }
    int file = find_file(recording, status.st_ino);
    if (file < 0 && path_of_descriptor(descriptor, path, sizeof(path)) &&
        name_within(recording, path, name)) {
        file = add_file(recording, status.st_ino, name);
        snprintf(add_event(recording, EVENT_NAMED, file)->name, NAME_BYTES, "%s", name);
    }
    return file;
}

/* The recording, locked, or NULL. */
static struct recording *lock_current(void) {
    pthread_mutex_lock(&current_mutex);
    struct recording *recording = current;
    if (recording != NULL) {
        pthread_mutex_lock(&recording->mutex);
    }
    pthread_mutex_unlock(&current_mutex);
    return recording;
}

static void unlock(struct recording *recording) {
    if (recording != NULL) {
        pthread_mutex_unlock(&recording->mutex);
    }
}

static void note_write(int descriptor, const struct iovec *parts, int count, off_t offset) {
    int saved = errno;
    struct recording *recording = lock_current();
    int file = recording == NULL ? -1 : file_of(recording, descriptor);
    for (int i = 0; file >= 0 && i < count; i++) {
        struct event *event = add_event(recording, EVENT_WRITE, file);
        event->offset = (uint64_t)offset;
        event->size = parts[i].iov_len;
        event->bytes = malloc(parts[i].iov_len + 1);
        assert_non_null(event->bytes);
        memcpy(event->bytes, parts[i].iov_base, parts[i].iov_len);
        offset += (off_t)parts[i].iov_len;
    }
    unlock(recording);
    errno = saved;
}

/* --- The C library's functions ------------------------------------------------------------ */

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    /* Noted before it is done: from here on a part of it may be on the disk. */
    const struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    note_write(descriptor, &part, 1, offset);
    return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    note_write(descriptor, parts, count, lseek(descriptor, 0, SEEK_CUR));
    return syscall(SYS_writev, descriptor, parts, count);
}

static int sync_noted(int descriptor, long number) {
    struct stat status;
    struct recording *recording = lock_current();
    bool is_folder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
    int file = recording == NULL || is_folder ? -1 : file_of(recording, descriptor);
    size_t covers = recording == NULL ? 0 : recording->count;
    unlock(recording);
    int result = (int)syscall(number, descriptor);
    int saved = errno;
    recording = lock_current();
    if (recording != NULL && result == 0 && (is_folder || file >= 0)) {
        add_event(recording, is_folder ? EVENT_SYNC_NAMES : EVENT_SYNC, file)->covers = covers;
    }
    unlock(recording);
    errno = saved;
    return result;
}

int fdatasync(int descriptor) {
    return sync_noted(descriptor, SYS_fdatasync);
}

int fsync(int descriptor) {
    return sync_noted(descriptor, SYS_fsync);
}

int rename(const char *from, const char *to) {
    struct stat status;
    struct recording *recording = lock_current();
    char from_name[NAME_BYTES];
    char to_name[NAME_BYTES];
    bool is_within = recording != NULL && name_within(recording, from, from_name) &&
                     name_within(recording, to, to_name);
    if (is_within && stat(to, &status) == 0 && find_file(recording, status.st_ino) >= 0) {
        recording->files[find_file(recording, status.st_ino)].inode = 0;
    }
    if (is_within && stat(from, &status) == 0) {
        int file = find_file(recording, status.st_ino);
        assert_true(file >= 0);
        snprintf(add_event(recording, EVENT_NAMED, file)->name, NAME_BYTES, "%s", to_name);
    }
    int result = (int)syscall(SYS_rename, from, to);
    unlock(recording);
    return result;
}

int unlink(const char *path) {
    struct stat status;
    struct recording *recording = lock_current();
    char name[NAME_BYTES];
    if (recording != NULL && name_within(recording, path, name) && stat(path, &status) == 0) {
        int file = find_file(recording, status.st_ino);
        snprintf(add_event(recording, EVENT_UNNAMED, file)->name, NAME_BYTES, "%s", name);
        if (file >= 0) {
            recording->files[file].inode = 0;
        }
    }
    int result = (int)syscall(SYS_unlink, path);
    unlock(recording);
    return result;
}

/* --- Recording ---------------------------------------------------------------------------- */

static void read_base(struct recording *recording, const char *name) {
    char path[512];
    struct stat status;
    snprintf(path, sizeof(path), "%s/%s", recording->folder, name);
    int descriptor = open(path, O_RDONLY);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &status), 0);
    struct recorded_file *file = &recording->files[add_file(recording, status.st_ino, name)];
    size_t size = (size_t)status.st_size;
    uint8_t *at = nnrpc_buffer_reserve(&file->base, size + 1);
    assert_non_null(at);
    assert_int_equal(read(descriptor, at, size), size);
    file->base.size = size;
    file->is_base = true;
    close(descriptor);
}

struct recording *recording_begin(const char *folder) {
    struct recording *recording = calloc(1, sizeof(*recording));
    assert_non_null(recording);
    snprintf(recording->folder, sizeof(recording->folder), "%s", folder);
    pthread_mutex_init(&recording->mutex, NULL);
    DIR *entries = opendir(folder);
    struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.' && strstr(entry->d_name, "lock") == NULL) {
            read_base(recording, entry->d_name);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    pthread_mutex_lock(&current_mutex);
    assert_null(current);
    current = recording;
    pthread_mutex_unlock(&current_mutex);
    return recording;
}

void recording_end(struct recording *recording) {
    pthread_mutex_lock(&current_mutex);
    assert_ptr_equal(current, recording);
    current = NULL;
    pthread_mutex_unlock(&current_mutex);
}

void recording_free(struct recording *recording) {
    for (size_t i = 0; i < recording->count; i++) {
        free(recording->events[i].bytes);
    }
    for (int i = 0; i < recording->file_count; i++) {
        nnrpc_buffer_deinit(&recording->files[i].base);
    }
    free(recording->events);
    pthread_mutex_destroy(&recording->mutex);
    free(recording);
}

size_t recording_now(struct recording *recording) {
    pthread_mutex_lock(&recording->mutex);
    size_t now = recording->count;
    pthread_mutex_unlock(&recording->mutex);
    return now;
}

/* --- Cutting ------------------------------------------------------------------------------ */

/* A folder as it comes out of a cut. */
struct image {
    const struct recording *recording;
    size_t moment;
    uint64_t *seed;
    uint32_t spared;           /* of a hundred sectors that were not synced */
    size_t synced[FILES_MOST]; /* the events of a file before this one are on the disk */
    size_t names_end;          /* and those of names */
    struct nnrpc_buffer contents[FILES_MOST];
    char names[FILES_MOST][NAME_BYTES]; /* "": none */
};

static void find_synced(struct image *image) {
    for (size_t i = 0; i < image->moment; i++) {
        const struct event *event = &image->recording->events[i];
        if (event->kind == EVENT_SYNC && event->covers > image->synced[event->file]) {
            image->synced[event->file] = event->covers;
        } else if (event->kind == EVENT_SYNC_NAMES && event->covers > image->names_end) {
            image->names_end = event->covers;
        }
    }
    /* What was done to names since then is there up to any point. */
    image->names_end += random_below(image->seed, (uint32_t)(image->moment - image->names_end) + 1);
    image->names_end = random_below(image->seed, 3) == 0 ? image->moment : image->names_end;
}

static void put_bytes(
    struct nnrpc_buffer *content, uint64_t offset, const uint8_t *bytes, size_t size) {
    if (offset + size > content->size) {
        size_t more = (size_t)(offset + size) - content->size;
        uint8_t *at = nnrpc_buffer_reserve(content, more);
        assert_non_null(at);
        memset(at, 0, more);
        content->size += more;
    }
    memcpy(content->data + offset, bytes, size);
}

/* Writes what arrived of a write: whole pages mostly, now and then single sectors. */
static void put_write(struct image *image, size_t index) {
    const struct event *event = &image->recording->events[index];
    struct nnrpc_buffer *content = &image->contents[event->file];
    if (index < image->synced[event->file]) {
        put_bytes(content, event->offset, event->bytes, event->size);
        return;
    }
    uint64_t unit = random_below(image->seed, 4) == 0 ? SECTOR_BYTES : 8 * SECTOR_BYTES;
    for (size_t at = 0; at < event->size;) {
        uint64_t offset = event->offset + at;
        size_t size = (size_t)(unit - offset % unit);
        size = size > event->size - at ? event->size - at : size;
        if (random_below(image->seed, 100) < image->spared) {
            put_bytes(content, offset, event->bytes + at, size);
        }
        at += size;
    }
}

static void remove_name(struct image *image, const char *name) {
    for (int i = 0; i < image->recording->file_count; i++) {
        if (strcmp(image->names[i], name) == 0) {
            image->names[i][0] = '\0';
        }
    }
}

static void apply_event(struct image *image, size_t index) {
    const struct event *event = &image->recording->events[index];
    switch (event->kind) {
    case EVENT_NAMED:
        if (index < image->names_end) {
            remove_name(image, event->name);
            memcpy(image->names[event->file], event->name, NAME_BYTES);
        }
        break;
    case EVENT_UNNAMED:
        if (index < image->names_end) {
            remove_name(image, event->name);
        }
        break;
    case EVENT_WRITE:
        put_write(image, index);
        break;
    case EVENT_SYNC:
    case EVENT_SYNC_NAMES:
        break;
    }
}

static void write_image(struct image *image, const char *folder) {
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int i = 0; i < image->recording->file_count; i++) {
        char path[512];
        const struct nnrpc_buffer *content = &image->contents[i];
        if (image->names[i][0] == '\0') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", folder, image->names[i]);
        int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        assert_true(descriptor >= 0);
        assert_int_equal(
            syscall(SYS_write, descriptor, content->data, content->size), content->size);
        close(descriptor);
    }
}

void recording_cut(
    const struct recording *recording, size_t moment, uint64_t *seed, const char *out_folder) {
    static const uint32_t chances[] = {0, 10, 50, 90, 100};
    struct image *image = calloc(1, sizeof(*image));
    assert_non_null(image);
    image->recording = recording;
    image->moment = moment;
    image->seed = seed;
    image->spared = chances[random_below(seed, NNRPC_LENGTH(chances))];
    find_synced(image);
    for (int i = 0; i < recording->file_count; i++) {
        const struct recorded_file *file = &recording->files[i];
        if (file->is_base) {
            nnrpc_buffer_append(&image->contents[i], file->base.data, file->base.size);
            memcpy(image->names[i], file->name, NAME_BYTES);
        }
    }
    for (size_t i = 0; i < moment; i++) {
        apply_event(image, i);
    }
    write_image(image, out_folder);
    for (int i = 0; i < recording->file_count; i++) {
        nnrpc_buffer_deinit(&image->contents[i]);
    }
    free(image);
}
