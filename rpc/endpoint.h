/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints as the lanes of a client know them: which ones take calls. An endpoint that failed is
 * left alone until its health service, asked now and then on a connection of its own, says that it
 * serves.
 *
 * Any thread; without the client's mutex.
 */
#ifndef NNRPC_ENDPOINT_H
#define NNRPC_ENDPOINT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "transport.h"

struct nnrpc_client;

/** One endpoint of a client. */
struct endpoint {
    char *url;
    bool is_local;        /* ipc, inproc: the kernel tells at once when the peer is gone */
    atomic_uint failures; /* in a row; 0: it takes calls */
    atomic_bool has_control;

    pthread_mutex_t lock; /* for what follows */
    uint64_t probe_due_ns;
    struct nnrpc_connection *probe; /* NULL: none is under way */
    uint64_t probe_since_ns;
    uint64_t probe_frame_id;
    void *probe_body; /* NULL: it is sent */

    pthread_mutex_t control_lock; /* for what follows */
    struct nnrpc_connection *control;
    uint64_t control_patient_ns; /* before that nobody waits for it to be made */
};

/** Copies the address. @return false without memory; deinit is fine then. */
NNRPC_NODISCARD bool endpoint_init(struct endpoint *endpoint, const char *url);
void endpoint_deinit(struct endpoint *endpoint);

/** It could not be reached, or said that it is stopping. */
void endpoint_fail(struct endpoint *endpoint);

/** It did not answer in time: it may be slow, or gone. It is asked before it gets more. */
void endpoint_suspect(struct endpoint *endpoint);

/** It answered. */
void endpoint_heard(struct endpoint *endpoint);

bool endpoint_is_up(const struct endpoint *endpoint);

/**
 * Where a lane's next frame goes: home if that takes calls, else where the lane is, else to the
 * next one that does, else where the lane is. Asks a home that is down, without waiting.
 */
size_t endpoint_choose(const struct nnrpc_client *client, size_t home, size_t current);

#endif
