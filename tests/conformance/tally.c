/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts in a list under one lock: a run of the cases has a few hundred keys.
 */
#include "tally.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS 1000000

struct entry {
    struct entry *next;
    char *key;
    struct tally_count count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;

/* Under the lock. A server that is out of memory counts wrong, so it ends. */
static struct tally_count *count_of(const char *key) {
    struct entry *entry = entries;
    while (entry != NULL && strcmp(entry->key, key) != 0) {
        entry = entry->next;
    }
    if (entry != NULL) {
        return &entry->count;
    }
    entry = calloc(1, sizeof(*entry));
    char *copy = strdup(key);
    if (entry == NULL || copy == NULL) {
        fprintf(stderr, "conformance_server: no memory\n");
        abort();
    }
    entry->key = copy;
    entry->next = entries;
    entries = entry;
    return &entry->count;
}

uint32_t tally_run(const char *key) {
    if (key[0] == '\0') {
        return 0;
    }
    pthread_mutex_lock(&lock);
    uint32_t runs = ++count_of(key)->runs;
    pthread_mutex_unlock(&lock);
    return runs;
}

void tally_unwanted(const char *key) {
    pthread_mutex_lock(&lock);
    count_of(key)->unwanted++;
    pthread_mutex_unlock(&lock);
}

void tally_let_go(const char *key) {
    pthread_mutex_lock(&lock);
    count_of(key)->is_let_go = true;
    pthread_mutex_unlock(&lock);
}

struct tally_count tally_get(const char *key) {
    pthread_mutex_lock(&lock);
    struct tally_count count = *count_of(key);
    pthread_mutex_unlock(&lock);
    return count;
}

bool tally_await_let_go(const char *key) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    if (tally_get(key).is_let_go) {
        return true;
    }
    nanosleep(&pause, NULL);
    return tally_get(key).is_let_go;
}
