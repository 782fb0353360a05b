/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's thread and its queue.
 */
#include "writer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faults.h"
#include "writer_state.h"

#define ARENA_BYTES (UINT64_C(16) << 20)
#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
/* How long the thread sleeps when nothing is to do, and when upkeep has more. */
#define TICK_NS NS_PER_S
#define BUSY_TICK_NS (20 * NS_PER_MS)
/* A large deletion that takes no longer lets writes wait; for a longer one they are refused. */
#define PATIENCE_NS (250 * NS_PER_MS)
#define RETRY_LEAST_MS 10
#define RETRY_MOST_MS 60000
/* First guesses, corrected by what is measured. */
#define WRITE_NS 50000
#define DELETION_NS 20000

uint64_t writer_clock_ns(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void writer_log(
    const struct writer *writer, const struct store_write *write, const char *event,
    const char *format, ...) {
    char details[512];
    va_list arguments;
    if (writer->options.log == NULL) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(details, sizeof(details), format, arguments);
    va_end(arguments);
    writer->options.log(writer->options.log_self, event, details, write);
}

/* --- The queue ---------------------------------------------------------------------------- */

static enum nnrpc_code refuse(uint64_t wait_ns, const char *why, struct nnrpc_status *out_status) {
    uint64_t wait_ms = wait_ns / NS_PER_MS;
    wait_ms = wait_ms < RETRY_LEAST_MS ? RETRY_LEAST_MS : wait_ms;
    wait_ms = wait_ms > RETRY_MOST_MS ? RETRY_MOST_MS : wait_ms;
    nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, STORE_NNRPC_REASON(OVERLOADED),
        "%s: try again in %" PRIu64 " ms", why, wait_ms);
    nnrpc_status_add_info(out_status, "retry_after_ms", "%" PRIu64, wait_ms);
    return NNRPC_RESOURCE_EXHAUSTED;
}

/* Refuses while a deletion runs that is still going to take long. */
static enum nnrpc_code check_busy(struct writer *writer, struct nnrpc_status *out_status) {
    uint64_t until_ns = atomic_load_explicit(&writer->busy_until_ns, memory_order_relaxed);
    if (until_ns == 0) {
        return NNRPC_OK;
    }
    uint64_t now_ns = writer_clock_ns();
    uint64_t since_ns = atomic_load_explicit(&writer->busy_since_ns, memory_order_relaxed);
    /* One that takes longer than estimated is taken to have a quarter of its time to go. */
    uint64_t left_ns = until_ns > now_ns   ? until_ns - now_ns
                       : now_ns > since_ns ? (now_ns - since_ns) / 4
                                           : 0;
    return refuse(left_ns, "a large deletion is running", out_status);
}

enum nnrpc_code writer_submit(
    struct writer *writer, struct store_write *write, struct nnrpc_status *out_status) {
    enum nnrpc_code code = check_busy(writer, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    uint64_t now_ns = writer_clock_ns();
    code = nnrpc_queue_delay_admit(
        writer->delay, atomic_load_explicit(&writer->queued, memory_order_relaxed),
        atomic_load_explicit(&writer->group_ns, memory_order_relaxed), now_ns, write->deadline_ns,
        out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    write->next = NULL;
    write->queued_ns = now_ns;
    pthread_mutex_lock(&writer->mutex);
    bool closing = writer->closing;
    uint32_t queued = atomic_load_explicit(&writer->queued, memory_order_relaxed);
    bool wake = false;
    if (!closing && queued < writer->options.queue_writes) {
        if (writer->last != NULL) {
            writer->last->next = write;
        } else {
            writer->first = write;
        }
        writer->last = write;
        atomic_store_explicit(&writer->queued, queued + 1, memory_order_relaxed);
        wake = writer->sleeping;
        writer->sleeping = false;
        queued = 0;
    }
    pthread_mutex_unlock(&writer->mutex);
    if (wake) {
        pthread_cond_signal(&writer->wake);
    }
    if (closing) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, STORE_NNRPC_REASON(SHUTTING_DOWN),
            "the store is closing");
    }
    if (queued > 0) {
        return refuse(
            nnrpc_queue_delay_wait_ns(writer->delay, queued), "too many writes are waiting",
            out_status);
    }
    return NNRPC_OK;
}

/* Waits for a write, for the end, or until a time. The mutex is held. */
static void sleep_until(struct writer *writer, uint64_t until_ns) {
    const struct timespec until = {
        .tv_sec = (time_t)(until_ns / NS_PER_S),
        .tv_nsec = (long)(until_ns % NS_PER_S),
    };
    int result = 0;
    while (writer->first == NULL && !writer->closing && result != ETIMEDOUT) {
        writer->sleeping = true;
        result = pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
    }
    writer->sleeping = false;
}

/* Takes what waits, up to a group. @return how many writes; *out_ended: nothing will come. */
static uint32_t take(struct writer *writer, uint64_t until_ns, bool *out_ended) {
    uint32_t count = 0;
    pthread_mutex_lock(&writer->mutex);
    sleep_until(writer, until_ns);
    while (writer->first != NULL && count < writer->options.group_writes) {
        writer->taken[count++] = writer->first;
        writer->first = writer->first->next;
    }
    if (writer->first == NULL) {
        writer->last = NULL;
    }
    uint32_t queued = atomic_load_explicit(&writer->queued, memory_order_relaxed);
    atomic_store_explicit(&writer->queued, queued - count, memory_order_relaxed);
    *out_ended = count == 0 && writer->closing;
    pthread_mutex_unlock(&writer->mutex);
    return count;
}

static void *run(void *self) {
    struct writer *writer = self;
    uint64_t until_ns = writer_clock_ns() + TICK_NS;
    bool ended = false;
    while (!ended) {
        uint32_t count = take(writer, until_ns, &ended);
        if (count > 0) {
            /* The last one that was taken waited least: when it did not, no queue stands. */
            nnrpc_queue_delay_started(
                writer->delay, writer->taken[count - 1]->queued_ns, writer_clock_ns());
            group_run(writer, count);
        }
        uint64_t now_ns = writer_clock_ns();
        if (!ended && now_ns >= until_ns) {
            bool more = upkeep_idle(writer);
            if (writer->options.durability != NULL) {
                durability_tick(writer->options.durability, &writer->state);
            }
            until_ns = now_ns + (more ? BUSY_TICK_NS : TICK_NS);
        }
    }
    return NULL;
}

/* --- Start and stop ----------------------------------------------------------------------- */

static void release(struct writer *writer) {
    for (uint32_t i = 0; writer->results != NULL && i < writer->options.group_writes; i++) {
        nnrpc_status_deinit(&writer->results[i].status);
    }
    nnrpc_queue_delay_free(writer->delay);
    nnrpc_buffer_deinit(&writer->responses);
    nnrpc_buffer_deinit(&writer->change);
    nnrpc_buffer_deinit(&writer->request_value);
    nnrpc_buffer_deinit(&writer->entry);
    nnrpc_arena_deinit(&writer->arena);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->results);
    free(writer->taken);
    free(writer);
}

static void init_locks(struct writer *writer) {
    pthread_condattr_t attributes;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

void writer_set_retention(
    struct writer *writer, uint64_t change_retention_s, uint64_t request_retention_s) {
    atomic_store_explicit(&writer->change_retention_s, change_retention_s, memory_order_relaxed);
    atomic_store_explicit(&writer->request_retention_s, request_retention_s, memory_order_relaxed);
}

void writer_set_queue_target_ms(struct writer *writer, uint32_t target_ms) {
    nnrpc_queue_delay_set_target_ms(writer->delay, target_ms);
}

static struct writer *make(const struct writer_options *options) {
    struct writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        return NULL;
    }
    writer->options = *options;
    writer->state = options->state;
    writer->deletion_ns = DELETION_NS;
    writer->delay = nnrpc_queue_delay_new(1, WRITE_NS);
    writer_set_retention(writer, options->change_retention_s, options->request_retention_s);
    init_locks(writer);
    nnrpc_arena_init(&writer->arena, ARENA_BYTES);
    writer->taken = calloc(options->group_writes, sizeof(struct store_write *));
    writer->results = calloc(options->group_writes, sizeof(struct write_result));
    if (writer->delay == NULL || writer->taken == NULL || writer->results == NULL) {
        release(writer);
        return NULL;
    }
    return writer;
}

/* The thread takes no signals: they are the main thread's. */
static int start_thread(struct writer *writer) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&writer->thread, NULL, run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

enum nnrpc_code writer_start(
    const struct writer_options *options, struct writer **out_writer,
    struct nnrpc_status *out_status) {
    struct writer *writer = make(options);
    if (writer == NULL) {
        return fault_out_of_memory(out_status);
    }
    int result = start_thread(writer);
    if (result != 0) {
        release(writer);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "cannot start the writer's thread: %s", strerror(result));
    }
    *out_writer = writer;
    return NNRPC_OK;
}

void writer_stop(struct writer *writer) {
    if (writer == NULL) {
        return;
    }
    pthread_mutex_lock(&writer->mutex);
    writer->closing = true;
    pthread_mutex_unlock(&writer->mutex);
    pthread_cond_signal(&writer->wake);
    pthread_join(writer->thread, NULL);
    release(writer);
}

struct writer_counts writer_count(struct writer *writer) {
    return (struct writer_counts){
        .groups = atomic_load_explicit(&writer->groups, memory_order_relaxed),
        .writes = atomic_load_explicit(&writer->writes, memory_order_relaxed),
        .retried_groups = atomic_load_explicit(&writer->retried_groups, memory_order_relaxed),
        .queued = atomic_load_explicit(&writer->queued, memory_order_relaxed),
    };
}
