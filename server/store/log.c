/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log.
 *
 * The first segment is small, so that a store is opened soon; each is four times the one before, up
 * to the size given. Of freed segments of that size some are kept to be used again.
 */
#include "log.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"

#define FIRST_SEGMENT_BYTES (UINT64_C(1) << 20)
#define GROWTH 4
#define FREE_MOST 4
/* The next segment is made when so much of this one is used. */
#define PREPARE_PART 4

struct log {
    struct log_options options;
    /* The writer's; number and size change under the mutex only, so that others may read them. */
    struct segment segment;
    atomic_uint_least64_t size_bytes;
    pthread_t thread; /* makes the next segment ready */

    pthread_mutex_t mutex; /* guards what follows; held while a segment is made */
    pthread_cond_t wake;
    bool closing;
    uint64_t wanted; /* number of the segment that is to be ready; 0: none */
    struct segment spare;
    uint64_t oldest; /* segment that is needed */
    uint64_t free_numbers[FREE_MOST];
    size_t free_count;
    uint64_t asked; /* the writer's: the last number that it asked for */
};

static uint64_t next_size(const struct log *log, uint64_t least) {
    uint64_t size = log->segment.size_bytes * GROWTH;
    size = size > log->options.segment_bytes ? log->options.segment_bytes : size;
    return size > least ? size : least;
}

/* Makes the segment after the last one. The mutex is held. */
static enum nnrpc_code make_next(
    struct log *log, uint64_t least, struct segment *out_segment, struct nnrpc_status *out_status) {
    uint64_t number = log->segment.number + 1;
    const struct log_options *options = &log->options;
    uint64_t size = next_size(log, least);
    if (log->free_count > 0 && size == options->segment_bytes) {
        uint64_t old_number = log->free_numbers[--log->free_count];
        if (segment_recycle(
                options->folder, old_number, &options->identity, number, out_segment, NULL) ==
            NNRPC_OK) {
            return NNRPC_OK;
        }
    }
    return segment_make(options->folder, &options->identity, number, size, out_segment, out_status);
}

/* Makes a segment ready when asked to. When it cannot be made, the writer tries again and says why.
 */
static void *prepare(void *self) {
    struct log *log = self;
    pthread_mutex_lock(&log->mutex);
    while (!log->closing) {
        if (log->wanted == 0) {
            pthread_cond_wait(&log->wake, &log->mutex);
            continue;
        }
        bool needed = log->wanted == log->segment.number + 1 && log->spare.descriptor < 0;
        log->wanted = 0;
        if (needed && make_next(log, 0, &log->spare, NULL) != NNRPC_OK) {
            log->spare.descriptor = -1;
        }
    }
    pthread_mutex_unlock(&log->mutex);
    return NULL;
}

/* Starts the thread, which takes no signals: they are the main thread's. */
static enum nnrpc_code start(struct log *log, struct nnrpc_status *out_status) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&log->thread, NULL, prepare, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "cannot start the log's thread: %s", strerror(result));
    }
    return NNRPC_OK;
}

static void release_memory(struct log *log) {
    segment_close(&log->segment);
    segment_close(&log->spare);
    pthread_cond_destroy(&log->wake);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

enum nnrpc_code log_open(
    const struct log_options *options, struct log **out_log, struct nnrpc_status *out_status) {
    struct log *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return fault_out_of_memory(out_status);
    }
    uint64_t size =
        options->segment_bytes < FIRST_SEGMENT_BYTES ? options->segment_bytes : FIRST_SEGMENT_BYTES;
    log->options = *options;
    log->oldest = options->number;
    log->segment.descriptor = -1;
    log->spare.descriptor = -1;
    atomic_init(&log->size_bytes, size);
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->wake, NULL);
    enum nnrpc_code code = segment_make(
        options->folder, &options->identity, options->number, size, &log->segment, out_status);
    if (code == NNRPC_OK) {
        code = start(log, out_status);
    }
    if (code != NNRPC_OK) {
        release_memory(log);
        return code;
    }
    *out_log = log;
    return NNRPC_OK;
}

void log_close(struct log *log) {
    if (log == NULL) {
        return;
    }
    pthread_mutex_lock(&log->mutex);
    log->closing = true;
    pthread_mutex_unlock(&log->mutex);
    pthread_cond_signal(&log->wake);
    pthread_join(log->thread, NULL);
    release_memory(log);
}

/* --- The writer's ------------------------------------------------------------------------- */

uint64_t log_segment(const struct log *log) {
    return log->segment.number;
}

static void use_segment(struct log *log, struct segment *segment) {
    segment_close(&log->segment);
    log->segment = *segment;
    atomic_fetch_add(&log->size_bytes, segment->size_bytes);
}

/* Goes on to the next segment, making it when it is not ready or too small. */
static enum nnrpc_code advance(
    struct log *log, size_t records_size, struct nnrpc_status *out_status) {
    uint64_t least = SEGMENT_HEAD_BYTES + SEGMENT_ENTRY_HEAD_BYTES + records_size;
    struct segment next = SEGMENT_NONE;
    enum nnrpc_code code = NNRPC_OK;
    pthread_mutex_lock(&log->mutex);
    if (log->spare.descriptor >= 0) {
        /* A spare that is too small is passed over, empty, and freed with its time. */
        use_segment(log, &log->spare);
        log->spare.descriptor = -1;
    }
    if (!segment_has_room(&log->segment, records_size)) {
        code = make_next(log, least, &next, out_status);
        if (code == NNRPC_OK) {
            use_segment(log, &next);
        }
    }
    pthread_mutex_unlock(&log->mutex);
    return code;
}

/* Asks for the next segment, once a segment. */
static void ask_for_next(struct log *log) {
    uint64_t number = log->segment.number + 1;
    if (log->asked == number || log->segment.end < log->segment.size_bytes / PREPARE_PART) {
        return;
    }
    log->asked = number;
    pthread_mutex_lock(&log->mutex);
    log->wanted = number;
    pthread_mutex_unlock(&log->mutex);
    pthread_cond_signal(&log->wake);
}

enum nnrpc_code log_write(
    struct log *log, const struct segment_entry *entry, struct nnrpc_buffer *bytes,
    struct nnrpc_status *out_status) {
    size_t records_size = bytes->size - SEGMENT_ENTRY_HEAD_BYTES;
    if (!segment_has_room(&log->segment, records_size)) {
        enum nnrpc_code code = advance(log, records_size, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    ask_for_next(log);
    return segment_write(&log->segment, entry, bytes, out_status);
}

enum nnrpc_code log_sync(struct log *log, struct nnrpc_status *out_status) {
    return segment_sync(&log->segment, out_status);
}

/* --- Any thread's ------------------------------------------------------------------------- */

/* Keeps a freed segment to be used again, or removes it; what stays is removed at a start. */
static void release(struct log *log, uint64_t number) {
    char name[SEGMENT_NAME_BYTES];
    char path[PATH_MAX];
    struct stat file;
    segment_name(number, name);
    if (files_path(log->options.folder, name, path, NULL) != NNRPC_OK || stat(path, &file) != 0) {
        return;
    }
    uint64_t size = (uint64_t)file.st_size;
    atomic_fetch_sub(&log->size_bytes, size);
    if (size == log->options.segment_bytes && log->free_count < FREE_MOST) {
        log->free_numbers[log->free_count++] = number;
    } else {
        unlink(path);
    }
}

void log_release_below(struct log *log, uint64_t number) {
    pthread_mutex_lock(&log->mutex);
    for (; log->oldest < number; log->oldest++) {
        release(log, log->oldest);
    }
    pthread_mutex_unlock(&log->mutex);
}

uint64_t log_size_bytes(struct log *log) {
    return atomic_load(&log->size_bytes);
}
