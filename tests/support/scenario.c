/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests take and give back. Everything taken stands in one list, in order; the end of a test
 * releases what came after its beginning, newest first.
 */
#include "scenario.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct taken {
    void *thing;
    void (*release)(void *thing);
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct taken *takings;
static size_t taking_count;
static size_t taking_capacity;
static size_t first_of_test;

static void release_after(size_t count) {
    while (taking_count > count) {
        struct taken *last = &takings[--taking_count];
        last->release(last->thing);
    }
}

static void release_everything(void) {
    release_after(0);
    free(takings);
    takings = NULL;
}

static void *take(void *thing, void (*release)(void *thing)) {
    pthread_mutex_lock(&lock);
    if (taking_capacity == 0) {
        atexit(release_everything);
    }
    if (taking_count == taking_capacity) {
        taking_capacity = taking_capacity == 0 ? 1024 : 2 * taking_capacity;
        takings = realloc(takings, taking_capacity * sizeof(*takings));
        if (takings == NULL) {
            abort();
        }
    }
    takings[taking_count++] = (struct taken){.thing = thing, .release = release};
    pthread_mutex_unlock(&lock);
    return thing;
}

/* Releases one thing before its time. */
static void give_back(void *thing) {
    for (size_t i = taking_count; i-- > 0;) {
        if (takings[i].thing == thing) {
            takings[i].release(thing);
            memmove(&takings[i], &takings[i + 1], (taking_count - i - 1) * sizeof(*takings));
            taking_count--;
            return;
        }
    }
}

static void release_message(void *message) {
    protobuf_c_message_free_unpacked(message, NULL);
}

static void release_server(void *server) {
    contactd_free(server);
}

static void release_peer(void *peer) {
    peer_free(peer);
}

int scenario_begin_test(void **state) {
    (void)state;
    first_of_test = taking_count;
    return 0;
}

int scenario_end_test(void **state) {
    (void)state;
    release_after(first_of_test);
    return 0;
}

void scenario_keep_message(ProtobufCMessage *message) {
    take(message, release_message);
}

void *scenario_keep(void *memory) {
    return take(memory, free);
}

void scenario_keep_thing(void *thing, void (*release)(void *thing)) {
    take(thing, release);
}

/* --- Servers and peers ---------------------------------------------------------------------- */

struct contactd_process *prepare_server(void) {
    return take(contactd_new(), release_server);
}

struct contactd_process *start_server(const char *const *flags) {
    struct contactd_process *server = prepare_server();
    contactd_start(server, flags);
    return server;
}

struct peer *join(struct contactd_process *server, const struct peer_options *options) {
    return take(peer_new(server, options), release_peer);
}

void leave(struct peer *peer) {
    give_back(peer);
}

int scenario_share_server(void **state, const char *const *flags) {
    *state = join(start_server(flags), NULL);
    return 0;
}

int share_a_server(void **state) {
    return scenario_share_server(state, NULL);
}

void the_server_stops_and_its_store_is_sound(void **state) {
    struct peer *peer = *state;
    contactd_stop(peer->server);
}

/* --- Texts ---------------------------------------------------------------------------------- */

char *format_text(const char *format, ...) {
    char *formatted = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    assert_true(length >= 0);
    return scenario_keep(formatted);
}

char *text_of(char byte, size_t count) {
    char *filled = malloc(count + 1);
    assert_non_null(filled);
    memset(filled, byte, count);
    filled[count] = '\0';
    return scenario_keep(filled);
}

char *fresh(const char *name) {
    static atomic_uint next;
    return format_text("%s-%u", name, atomic_fetch_add(&next, 1) + 1);
}

/* --- Threads -------------------------------------------------------------------------------- */

struct runner {
    pthread_t thread;
    pthread_barrier_t *start;
    void (*function)(void *argument);
    void *argument;
};

static void *run(void *self) {
    struct runner *runner = self;
    pthread_barrier_wait(runner->start);
    runner->function(runner->argument);
    return NULL;
}

void run_together(void (*function)(void *argument), void *arguments, size_t size, size_t count) {
    pthread_barrier_t start;
    struct runner *runners = calloc(count, sizeof(*runners));
    assert_non_null(runners);
    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        runners[i] = (struct runner){
            .start = &start, .function = function, .argument = (char *)arguments + i * size};
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(runners[i].thread, NULL);
    }
    pthread_barrier_destroy(&start);
    free(runners);
}
