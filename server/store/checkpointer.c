/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpointer.
 */
#include "checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
/* A checkpoint is due, too, when the data file has grown by this part of what it may have. */
#define GROWTH_PART 4

struct checkpointer {
    struct checkpointer_options options;
    pthread_t thread;
    struct segment_identity identity;
    atomic_uint_least64_t count;

    pthread_mutex_t mutex; /* guards the next four */
    pthread_cond_t changed;
    struct pinned_checkpoint next; /* under way; its pin is NULL when none is */
    struct pinned_checkpoint durable;
    bool closing;

    /* The writer's own. */
    uint64_t begun_ns;
    uint64_t begun_sequence;
    uint64_t logged_bytes; /* since then */
    size_t begun_touched_bytes;
};

static uint64_t now_ns(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- Holding a state ---------------------------------------------------------------------- */

enum nnrpc_code pinned_checkpoint_begin(
    struct engine *engine, const struct segment_identity *identity, const struct state *state,
    uint64_t segment, struct pinned_checkpoint *out_pinned, struct nnrpc_status *out_status) {
    struct pinned_checkpoint pinned = {
        .checkpoint =
            {
                .identity = *identity,
                .revision = state->revision,
                .sequence = state->log_sequence,
                .segment = segment,
            },
    };
    enum nnrpc_code code = engine_begin_read(engine, &pinned.pin, out_status);
    if (code == NNRPC_OK) {
        code = engine_copy_head(engine, &pinned.checkpoint.head, out_status);
    }
    if (code != NNRPC_OK) {
        pinned_checkpoint_end(&pinned);
        return code;
    }
    checkpoint_boot_id(pinned.checkpoint.boot_id);
    *out_pinned = pinned;
    return NNRPC_OK;
}

void pinned_checkpoint_end(struct pinned_checkpoint *pinned) {
    engine_abort(pinned->pin);
    pinned->pin = NULL;
    checkpoint_deinit(&pinned->checkpoint);
}

/* --- The thread --------------------------------------------------------------------------- */

/* Makes the state under way durable. @return whether it is. */
static bool make_durable(struct checkpointer *checkpointer) {
    const struct checkpointer_options *options = &checkpointer->options;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (engine_sync(options->engine, &status) != NNRPC_OK) {
        halt_store(&options->halt, &status);
    }
    if (checkpoint_write(options->folder, &checkpointer->next.checkpoint, &status) == NNRPC_OK) {
        return true;
    }
    if (options->failed != NULL) {
        options->failed(options->self, status.message);
    }
    return false;
}

/* The last checkpoint's pages and the log before this one are not needed any more. */
static void replace(struct checkpointer *checkpointer, bool is_durable) {
    if (is_durable) {
        pinned_checkpoint_end(&checkpointer->durable);
        checkpointer->durable = checkpointer->next;
        log_release_below(checkpointer->options.log, checkpointer->durable.checkpoint.segment);
        atomic_fetch_add(&checkpointer->count, 1);
    } else {
        pinned_checkpoint_end(&checkpointer->next);
    }
    checkpointer->next = (struct pinned_checkpoint){0};
}

static void *run(void *self) {
    struct checkpointer *checkpointer = self;
    pthread_mutex_lock(&checkpointer->mutex);
    while (!checkpointer->closing || checkpointer->next.pin != NULL) {
        if (checkpointer->next.pin == NULL) {
            pthread_cond_wait(&checkpointer->changed, &checkpointer->mutex);
            continue;
        }
        pthread_mutex_unlock(&checkpointer->mutex);
        bool is_durable = make_durable(checkpointer);
        pthread_mutex_lock(&checkpointer->mutex);
        replace(checkpointer, is_durable);
        pthread_cond_broadcast(&checkpointer->changed);
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    return NULL;
}

static void release(struct checkpointer *checkpointer) {
    pinned_checkpoint_end(&checkpointer->durable);
    pthread_cond_destroy(&checkpointer->changed);
    pthread_mutex_destroy(&checkpointer->mutex);
    free(checkpointer);
}

/* The thread takes no signals: they are the main thread's. */
static int start_thread(struct checkpointer *checkpointer) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&checkpointer->thread, NULL, run, checkpointer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

enum nnrpc_code checkpointer_start(
    const struct checkpointer_options *options, struct pinned_checkpoint *durable,
    struct checkpointer **out_checkpointer, struct nnrpc_status *out_status) {
    struct checkpointer *checkpointer = calloc(1, sizeof(*checkpointer));
    if (checkpointer == NULL) {
        return fault_out_of_memory(out_status);
    }
    checkpointer->options = *options;
    checkpointer->identity = durable->checkpoint.identity;
    checkpointer->begun_ns = now_ns();
    checkpointer->begun_sequence = durable->checkpoint.sequence;
    checkpointer->begun_touched_bytes = engine_touched_bytes(options->engine);
    pthread_mutex_init(&checkpointer->mutex, NULL);
    pthread_cond_init(&checkpointer->changed, NULL);
    int result = start_thread(checkpointer);
    if (result != 0) {
        release(checkpointer);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "cannot start the checkpointer's thread: %s", strerror(result));
    }
    pthread_mutex_lock(&checkpointer->mutex);
    checkpointer->durable = *durable;
    pthread_mutex_unlock(&checkpointer->mutex);
    *durable = (struct pinned_checkpoint){0};
    *out_checkpointer = checkpointer;
    return NNRPC_OK;
}

void checkpointer_stop(struct checkpointer *checkpointer) {
    if (checkpointer == NULL) {
        return;
    }
    pthread_mutex_lock(&checkpointer->mutex);
    checkpointer->closing = true;
    pthread_mutex_unlock(&checkpointer->mutex);
    pthread_cond_broadcast(&checkpointer->changed);
    pthread_join(checkpointer->thread, NULL);
    release(checkpointer);
}

/* --- The writer's ------------------------------------------------------------------------- */

static bool is_due(const struct checkpointer *checkpointer, const struct state *state) {
    const struct checkpointer_options *options = &checkpointer->options;
    if (state->log_sequence == checkpointer->begun_sequence) {
        return false;
    }
    size_t grown = engine_touched_bytes(options->engine) - checkpointer->begun_touched_bytes;
    return checkpointer->logged_bytes >= options->log_bytes ||
           grown >= engine_map_bytes(options->engine) / GROWTH_PART ||
           now_ns() - checkpointer->begun_ns >= options->interval_ms * NS_PER_MS;
}

/* Begins a checkpoint. The mutex is held, none is under way. */
static bool begin(struct checkpointer *checkpointer, const struct state *state) {
    const struct checkpointer_options *options = &checkpointer->options;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    /* Also when it fails: it is not tried again at once. */
    checkpointer->begun_ns = now_ns();
    checkpointer->begun_touched_bytes = engine_touched_bytes(options->engine);
    enum nnrpc_code code = pinned_checkpoint_begin(
        options->engine, &checkpointer->identity, state, log_segment(options->log),
        &checkpointer->next, &status);
    if (code != NNRPC_OK) {
        if (options->failed != NULL) {
            options->failed(options->self, status.message);
        }
        return false;
    }
    checkpointer->begun_sequence = state->log_sequence;
    checkpointer->logged_bytes = 0;
    pthread_cond_broadcast(&checkpointer->changed);
    return true;
}

void checkpointer_consider(
    struct checkpointer *checkpointer, const struct state *state, uint64_t logged_bytes) {
    checkpointer->logged_bytes += logged_bytes;
    if (!is_due(checkpointer, state)) {
        return;
    }
    pthread_mutex_lock(&checkpointer->mutex);
    if (checkpointer->next.pin == NULL) {
        begin(checkpointer, state);
    }
    pthread_mutex_unlock(&checkpointer->mutex);
}

static void wait_for_idle(struct checkpointer *checkpointer) {
    while (checkpointer->next.pin != NULL) {
        pthread_cond_wait(&checkpointer->changed, &checkpointer->mutex);
    }
}

bool checkpointer_make_room(struct checkpointer *checkpointer, const struct state *state) {
    uint64_t before = atomic_load(&checkpointer->count);
    pthread_mutex_lock(&checkpointer->mutex);
    wait_for_idle(checkpointer);
    if (checkpointer->durable.checkpoint.sequence != state->log_sequence &&
        begin(checkpointer, state)) {
        wait_for_idle(checkpointer);
    }
    pthread_mutex_unlock(&checkpointer->mutex);
    return atomic_load(&checkpointer->count) != before;
}

uint64_t checkpointer_count(struct checkpointer *checkpointer) {
    return atomic_load(&checkpointer->count);
}
