/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded worker pool. Everything that changes is under one lock, which is never held while a
 * task runs.
 */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "nnrpc/queue_delay.h"

#define THREAD_NAME_BYTES 16

struct nnrpc_pool {
    char name[THREAD_NAME_BYTES];
    pthread_mutex_t lock;
    pthread_cond_t work; /* a task was queued, or the pool is ending */
    struct nnrpc_pool_task *first;
    struct nnrpc_pool_task *last;
    uint32_t queued;
    uint32_t queue_limit;
    uint32_t idle;
    atomic_uint_least64_t queued_calls; /* those that `queued` tasks stand for */
    struct nnrpc_queue_delay *delay;
    bool ending;
    uint32_t thread_count;
    pthread_t threads[];
};

static uint32_t calls_of(const struct nnrpc_pool_task *task) {
    return task->calls == 0 ? 1 : task->calls;
}

static void append(struct nnrpc_pool *pool, struct nnrpc_pool_task *task) {
    task->next = NULL;
    if (pool->last == NULL) {
        pool->first = task;
    } else {
        pool->last->next = task;
    }
    pool->last = task;
    pool->queued++;
    atomic_fetch_add_explicit(&pool->queued_calls, calls_of(task), memory_order_relaxed);
}

/* Waits for a task; NULL when the pool ends and nothing is left. Called with the lock held. */
static struct nnrpc_pool_task *take(struct nnrpc_pool *pool) {
    while (pool->first == NULL && !pool->ending) {
        pool->idle++;
        pthread_cond_wait(&pool->work, &pool->lock);
        pool->idle--;
    }
    struct nnrpc_pool_task *task = pool->first;
    if (task != NULL) {
        pool->first = task->next;
        if (pool->first == NULL) {
            pool->last = NULL;
        }
        pool->queued--;
        atomic_fetch_sub_explicit(&pool->queued_calls, calls_of(task), memory_order_relaxed);
    }
    return task;
}

static void *work(void *argument) {
    struct nnrpc_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    struct nnrpc_pool_task *task = take(pool);
    while (task != NULL) {
        pthread_mutex_unlock(&pool->lock);
        uint64_t start_ns = nnrpc_clock_ns();
        uint32_t calls = calls_of(task);
        nnrpc_queue_delay_started(pool->delay, task->queued_ns, start_ns);
        task->run(task);
        uint64_t task_ns = nnrpc_clock_ns() - start_ns;
        pthread_mutex_lock(&pool->lock);
        nnrpc_queue_delay_worked(pool->delay, calls, task_ns);
        task = take(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static bool start_threads(struct nnrpc_pool *pool, uint32_t thread_count) {
    while (pool->thread_count < thread_count) {
        pthread_t *thread = &pool->threads[pool->thread_count];
        if (pthread_create(thread, NULL, work, pool) != 0) {
            return false;
        }
        pthread_setname_np(*thread, pool->name);
        pool->thread_count++;
    }
    return true;
}

enum nnrpc_code nnrpc_pool_new(
    const char *name, uint32_t thread_count, uint32_t queue_limit, struct nnrpc_pool **out_pool,
    struct nnrpc_status *out_status) {
    struct nnrpc_pool *pool = calloc(1, sizeof(*pool) + thread_count * sizeof(pool->threads[0]));
    if (pool == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for the workers \"%s\"", name);
    }
    snprintf(pool->name, sizeof(pool->name), "%s", name);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->queue_limit = queue_limit;
    pool->delay = nnrpc_queue_delay_new(thread_count, 0);
    if (pool->delay == NULL || !start_threads(pool, thread_count)) {
        nnrpc_pool_free(pool);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "cannot start %u worker threads \"%s\"", thread_count, name);
    }
    *out_pool = pool;
    return NNRPC_OK;
}

void nnrpc_pool_free(struct nnrpc_pool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t index = 0; index < pool->thread_count; index++) {
        pthread_join(pool->threads[index], NULL);
    }
    nnrpc_queue_delay_free(pool->delay);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

enum nnrpc_code nnrpc_pool_admit(
    const struct nnrpc_pool *pool, uint64_t ahead, uint64_t deadline_ns,
    struct nnrpc_status *out_status) {
    uint64_t waiting = atomic_load_explicit(&pool->queued_calls, memory_order_relaxed) + ahead;
    return nnrpc_queue_delay_admit(
        pool->delay, waiting, 0, nnrpc_clock_ns(), deadline_ns, out_status);
}

void nnrpc_pool_set_target_ms(struct nnrpc_pool *pool, uint32_t target_ms) {
    nnrpc_queue_delay_set_target_ms(pool->delay, target_ms);
}

bool nnrpc_pool_submit(struct nnrpc_pool *pool, struct nnrpc_pool_task *task) {
    task->queued_ns = nnrpc_clock_ns();
    pthread_mutex_lock(&pool->lock);
    /* A thread that waits takes its task at once, so a task for it is not one that waits. */
    bool fits = pool->queued < pool->queue_limit + pool->idle;
    if (fits) {
        append(pool, task);
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return fits;
}

uint32_t nnrpc_pool_retry_after_ms(struct nnrpc_pool *pool) {
    return nnrpc_queue_delay_retry_after_ms(
        pool->delay, atomic_load_explicit(&pool->queued_calls, memory_order_relaxed));
}
