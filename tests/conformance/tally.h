/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server counts of its calls, by key. All functions: any thread.
 */
#ifndef CONFORMANCE_TALLY_H
#define CONFORMANCE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

/** What is known of a key. */
struct tally_count {
    uint32_t runs;     /* handlers that were started */
    uint32_t unwanted; /* held calls whose answer nobody wanted */
    bool is_let_go;    /* calls of that key are held no longer */
};

/** Counts a call that was started; returns how many there are now. Nothing under an empty key. */
uint32_t tally_run(const char *key);

/** Counts a call whose answer nobody wanted. */
void tally_unwanted(const char *key);

/** Lets calls of a key go. */
void tally_let_go(const char *key);

struct tally_count tally_get(const char *key);

/** Waits up to a millisecond for calls of a key to be let go; returns whether they are. */
bool tally_await_let_go(const char *key);

#endif
