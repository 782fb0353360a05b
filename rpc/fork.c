/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting forks, on the child's side.
 */
#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint generation;
static pthread_once_t registered = PTHREAD_ONCE_INIT;

static void count_fork(void) {
    atomic_fetch_add(&generation, 1);
}

static void register_handler(void) {
    (void)pthread_atfork(NULL, NULL, count_fork);
}

unsigned fork_generation(void) {
    (void)pthread_once(&registered, register_handler);
    return atomic_load(&generation);
}

bool fork_happened(unsigned since) {
    return atomic_load_explicit(&generation, memory_order_relaxed) != since;
}

enum nnrpc_code fork_fail(struct nnrpc_status *out_status, const char *what) {
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN, "FORKED",
        "the %s belongs to the parent of this process: fork before the first call, or run another "
        "program in the child",
        what);
}
