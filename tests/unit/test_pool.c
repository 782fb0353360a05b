/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker pool: everything that was taken runs once, and no more is taken than was promised.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pool.h"

/* --- Helpers ------------------------------------------------------------------------------ */

/* A gate that tasks wait at. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned waiting;
    bool open;
};

static struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct counted_task {
    struct nnrpc_pool_task task;
    atomic_uint runs;
};

static void run_counted(struct nnrpc_pool_task *task) {
    atomic_fetch_add(&((struct counted_task *)task)->runs, 1);
}

static void run_at_gate(struct nnrpc_pool_task *task) {
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.open) {
        pthread_cond_wait(&gate.changed, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
    run_counted(task);
}

static void close_gate(void) {
    gate.waiting = 0;
    gate.open = false;
}

static void await_at_gate(unsigned count) {
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < count) {
        pthread_cond_wait(&gate.changed, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
}

static void open_gate(void) {
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static struct nnrpc_pool *new_pool(uint32_t thread_count, uint32_t queue_limit) {
    struct nnrpc_pool *pool = NULL;
    assert_int_equal(nnrpc_pool_new("test", thread_count, queue_limit, &pool, NULL), NNRPC_OK);
    return pool;
}

static void pause_ms(unsigned milliseconds) {
    struct timespec pause = {.tv_nsec = (long)milliseconds * 1000000};
    nanosleep(&pause, NULL);
}

/* --- Tests -------------------------------------------------------------------------------- */

static void every_task_runs_once(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    struct counted_task *tasks = calloc(COUNT, sizeof(*tasks));
    struct nnrpc_pool *pool = new_pool(4, COUNT);
    for (unsigned index = 0; index < COUNT; index++) {
        tasks[index].task.run = run_counted;
        assert_true(nnrpc_pool_submit(pool, &tasks[index].task));
    }
    nnrpc_pool_free(pool);
    for (unsigned index = 0; index < COUNT; index++) {
        assert_int_equal(tasks[index].runs, 1);
    }
    free(tasks);
}

static void a_full_queue_refuses_at_once(void **state) {
    (void)state;
    struct counted_task tasks[6] = {0};
    struct nnrpc_pool *pool = new_pool(2, 3);
    close_gate();
    for (unsigned index = 0; index < 6; index++) {
        tasks[index].task.run = run_at_gate;
    }
    assert_true(nnrpc_pool_submit(pool, &tasks[0].task));
    assert_true(nnrpc_pool_submit(pool, &tasks[1].task));
    await_at_gate(2);
    assert_true(nnrpc_pool_submit(pool, &tasks[2].task));
    assert_true(nnrpc_pool_submit(pool, &tasks[3].task));
    assert_true(nnrpc_pool_submit(pool, &tasks[4].task));
    assert_false(nnrpc_pool_submit(pool, &tasks[5].task));
    open_gate();
    nnrpc_pool_free(pool);
    for (unsigned index = 0; index < 5; index++) {
        assert_int_equal(tasks[index].runs, 1);
    }
    assert_int_equal(tasks[5].runs, 0);
}

static void a_refused_task_may_be_submitted_again(void **state) {
    (void)state;
    struct counted_task tasks[3] = {0};
    struct nnrpc_pool *pool = new_pool(1, 1);
    close_gate();
    tasks[0].task.run = run_at_gate;
    tasks[1].task.run = run_counted;
    tasks[2].task.run = run_counted;
    assert_true(nnrpc_pool_submit(pool, &tasks[0].task));
    await_at_gate(1);
    assert_true(nnrpc_pool_submit(pool, &tasks[1].task));
    assert_false(nnrpc_pool_submit(pool, &tasks[2].task));
    open_gate();
    while (!nnrpc_pool_submit(pool, &tasks[2].task)) {
        pause_ms(1);
    }
    nnrpc_pool_free(pool);
    assert_int_equal(tasks[2].runs, 1);
}

struct ordered_task {
    struct nnrpc_pool_task task;
    unsigned number;
};

static unsigned order[100];
static unsigned order_count;

static void run_ordered(struct nnrpc_pool_task *task) {
    order[order_count++] = ((struct ordered_task *)task)->number;
}

static void tasks_start_in_the_order_in_which_they_came(void **state) {
    (void)state;
    struct ordered_task tasks[100];
    struct nnrpc_pool *pool = new_pool(1, 100);
    for (unsigned index = 0; index < 100; index++) {
        tasks[index] = (struct ordered_task){.task.run = run_ordered, .number = index};
        assert_true(nnrpc_pool_submit(pool, &tasks[index].task));
    }
    nnrpc_pool_free(pool);
    for (unsigned index = 0; index < 100; index++) {
        assert_int_equal(order[index], index);
    }
}

static void run_slowly(struct nnrpc_pool_task *task) {
    pause_ms(20);
    run_counted(task);
}

static void the_time_to_wait_grows_with_the_queue(void **state) {
    (void)state;
    struct counted_task tasks[60] = {0};
    struct nnrpc_pool *pool = new_pool(1, 60);
    assert_int_equal(nnrpc_pool_retry_after_ms(pool), 1);
    for (unsigned index = 0; index < 10; index++) {
        tasks[index].task.run = run_slowly;
        assert_true(nnrpc_pool_submit(pool, &tasks[index].task));
    }
    while (atomic_load(&tasks[9].runs) == 0) {
        pause_ms(1);
    }
    close_gate();
    for (unsigned index = 10; index < 60; index++) {
        tasks[index].task.run = run_at_gate;
        assert_true(nnrpc_pool_submit(pool, &tasks[index].task));
    }
    await_at_gate(1);
    /* 49 tasks of some 14 ms (the average has not reached 20 yet), half of that. */
    assert_in_range(nnrpc_pool_retry_after_ms(pool), 100, 5000);
    open_gate();
    nnrpc_pool_free(pool);
}

static void releasing_no_pool_does_nothing(void **state) {
    (void)state;
    nnrpc_pool_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(a_full_queue_refuses_at_once),
        cmocka_unit_test(a_refused_task_may_be_submitted_again),
        cmocka_unit_test(tasks_start_in_the_order_in_which_they_came),
        cmocka_unit_test(the_time_to_wait_grows_with_the_queue),
        cmocka_unit_test(releasing_no_pool_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
