/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded worker pool. Everything that changes is under one lock, which is never held while a
 * task runs.
 */
#include "pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define THREAD_NAME_BYTES 16
#define SMOOTHING 8 /* weight of history against one new task time */
#define RETRY_AFTER_MIN_MS 1
#define RETRY_AFTER_MAX_MS 5000

struct nnrpc_pool {
    char name[THREAD_NAME_BYTES];
    pthread_mutex_t lock;
    pthread_cond_t work; /* a task was queued, or the pool is ending */
    struct nnrpc_pool_task *first;
    struct nnrpc_pool_task *last;
    uint32_t queued;
    uint32_t queue_limit;
    uint32_t idle;
    uint64_t task_ns; /* smoothed time of one task */
    bool ending;
    uint32_t thread_count;
    pthread_t threads[];
};

static void append(struct nnrpc_pool *pool, struct nnrpc_pool_task *task) {
    task->next = NULL;
    if (pool->last == NULL) {
        pool->first = task;
    } else {
        pool->last->next = task;
    }
    pool->last = task;
    pool->queued++;
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
        task->run(task);
        uint64_t task_ns = nnrpc_clock_ns() - start_ns;
        pthread_mutex_lock(&pool->lock);
        pool->task_ns += task_ns / SMOOTHING;
        pool->task_ns -= pool->task_ns / SMOOTHING;
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
    if (!start_threads(pool, thread_count)) {
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
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

bool nnrpc_pool_submit(struct nnrpc_pool *pool, struct nnrpc_pool_task *task) {
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
    pthread_mutex_lock(&pool->lock);
    uint64_t queue_ms = pool->task_ns * pool->queued / pool->thread_count / 1000000;
    pthread_mutex_unlock(&pool->lock);
    uint64_t half_ms = queue_ms / 2;
    if (half_ms < RETRY_AFTER_MIN_MS) {
        return RETRY_AFTER_MIN_MS;
    }
    return half_ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : (uint32_t)half_ms;
}
