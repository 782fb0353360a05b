/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with the probe service, for one test: handlers that do what requests say, a thread that
 * answers deferred writes, and interceptors that note what they see.
 */
#ifndef PROBE_SERVICE_H
#define PROBE_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/server.h"
#include "probe.nnrpc.h"

#define PROBE_URL_BYTES 128
#define PROBE_HELD_MAX 8192
#define PROBE_NOTES_BYTES 16384

/** A write that waits for its answer. */
struct probe_write {
    struct nnrpc_call *call;
    unsigned order;
    unsigned padding_bytes;
};

struct probe {
    struct nnrpc_server *server;
    char folder[64];
    char url[PROBE_URL_BYTES];     /* ipc */
    char tcp_url[PROBE_URL_BYTES]; /* "" until probe_listen_tcp() */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct probe_write queue[PROBE_HELD_MAX]; /* to be answered as soon as may be */
    size_t queue_count;
    struct probe_write held[PROBE_HELD_MAX]; /* to be answered by probe_let_go() */
    size_t held_count;
    unsigned write_count; /* writes that reached their handler */
    unsigned sequences[PROBE_HELD_MAX];
    const char *last_secret; /* where the last write's secret was */
    bool ending;
    pthread_t answerers[3];

    atomic_uint awaiting_cancel; /* reads that wait until nobody waits for them */
    atomic_uint told_cancelled;  /* writes that were told that their caller gave them up */

    atomic_uint before_count;
    atomic_uint after_count;
    atomic_bool refuse_before;     /* the second interceptor ends every call */
    char notes[PROBE_NOTES_BYTES]; /* what interceptors saw, in order, under lock */
    size_t note_bytes;
};

/** Makes a server on an ipc socket in a folder of its own, not started. NULL options: defaults. */
struct probe *probe_new(const struct nnrpc_server_options *options);

/** A port of 127.0.0.1 that is free now. */
unsigned probe_free_port(void);

/** Adds an address on a free port of 127.0.0.1. Before probe_start(). */
void probe_listen_tcp(struct probe *probe);

/** Adds two interceptors that note each call. Before probe_start(). */
void probe_add_interceptors(struct probe *probe);

/** Callers are who their metadata "x-caller" says. Before probe_start(). */
void probe_name_callers(struct probe *probe);

void probe_start(struct probe *probe);

/** Stops and releases everything. */
void probe_free(struct probe *probe);

/** Waits until so many writes are held. */
void probe_await_held(struct probe *probe, size_t count);

/** Waits until so many writes reached their handlers. */
void probe_await_writes(struct probe *probe, unsigned count);

/** Answers the held writes, last one first, from the calling thread. */
void probe_let_go(struct probe *probe);

#endif
