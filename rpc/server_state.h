/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server as its own files see it.
 *
 * What is set before nnrpc_server_start() is only read afterwards. A server is shared by its owner
 * and by every frame that is not answered yet: the last one of them releases it, so a deferred call
 * may be answered late without harm.
 */
#ifndef NNRPC_SERVER_STATE_H
#define NNRPC_SERVER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "call_ring.h"
#include "method_limits.h"
#include "nnrpc/server.h"
#include "open_frames.h"
#include "pool.h"
#include "route.h"
#include "stats.h"
#include "trace_source.h"
#include "transport.h"

#define NNRPC_SERVER_MAX_SERVICES 64
#define NNRPC_SERVER_MAX_INTERCEPTORS 16
#define NNRPC_SERVER_MAX_GAUGE_SOURCES 16
#define NNRPC_SERVER_MAX_ADDRESSES 16

/** One address and the thread that receives on it. */
struct nnrpc_receiver {
    struct nnrpc_server *server;
    struct nnrpc_listener *listener;
    char *url;
    enum nnrpc_listen_services services;
    bool refuses_application;
    bool refuses_administration;
    pthread_t thread;
    bool running;
};

struct nnrpc_gauges {
    nnrpc_gauge_source source;
    void *self;
};

enum nnrpc_server_phase {
    NNRPC_SERVER_NEW = 0,
    NNRPC_SERVER_RUNNING,
    NNRPC_SERVER_STOPPED,
};

struct nnrpc_server {
    unsigned generation;                 /* of the process that made it */
    struct nnrpc_server_options options; /* resolved: no zeros */
    char *program;
    enum nnrpc_server_phase phase;

    struct nnrpc_served_service services[NNRPC_SERVER_MAX_SERVICES];
    size_t service_count;
    struct nnrpc_interceptor interceptors[NNRPC_SERVER_MAX_INTERCEPTORS];
    size_t interceptor_count;
    bool is_observed; /* an interceptor has an `after`, or there is a span hook */
    struct nnrpc_span_hook span_hook;
    struct nnrpc_gauges gauges[NNRPC_SERVER_MAX_GAUGE_SOURCES];
    size_t gauge_count;
    struct nnrpc_receiver receivers[NNRPC_SERVER_MAX_ADDRESSES];
    size_t receiver_count;

    struct nnrpc_route_table routes;
    struct nnrpc_stats stats;
    struct nnrpc_trace_source trace_source;
    struct nnrpc_open_frames open_frames;
    struct nnrpc_limits limits;
    struct nnrpc_call_ring recent_calls;
    struct nnrpc_pool *read_pool;
    struct nnrpc_pool *slow_pool;
    struct nnrpc_pool *administration_pool; /* NULL: no address is for administration */

    atomic_bool draining;  /* new calls are refused */
    atomic_bool stopping;  /* receivers end */
    atomic_bool cutting;   /* draining took too long: calls that wait for a worker are refused */
    atomic_bool broken;    /* a receiver lost its socket */
    atomic_bool abandoned; /* freed by its owner while frames are open */
    atomic_size_t calls_in_flight;  /* accepted and not answered */
    atomic_size_t frames_in_flight; /* with accepted calls, whose reply nanomsg does not have yet */
    atomic_size_t memory_bytes;
    atomic_size_t references;            /* the owner and each open frame */
    atomic_uint_least64_t last_reply_ns; /* when the last accepted call was answered */

    pthread_mutex_t frames_lock;
    struct nnrpc_served_frame *free_frames;
    size_t free_frame_count;
};

/** Decides what each address serves, once all of them and all services are known. */
void nnrpc_server_divide_services(struct nnrpc_server *server);

/** Whether a service is served on an address. */
bool nnrpc_receiver_serves(
    const struct nnrpc_receiver *receiver, const struct nnrpc_served_service *served);

/** Whether an address is one where load does not touch administrative services. */
bool nnrpc_receiver_is_administrative(const struct nnrpc_receiver *receiver);

/** Gives up one reference; the last one releases the server. */
void nnrpc_server_unreference(struct nnrpc_server *server);

/** Takes a frame object, with a reference to the server; NULL without memory. */
struct nnrpc_served_frame *nnrpc_served_frame_take(struct nnrpc_server *server);

/** The frame's calls are in flight no more. */
void nnrpc_served_frame_end_calls(struct nnrpc_served_frame *frame);

/** Releases what the frame holds, hands it back and gives up its reference. */
void nnrpc_served_frame_give_back(struct nnrpc_served_frame *frame);

/** Releases a frame object that is not in use. */
void nnrpc_served_frame_free(struct nnrpc_served_frame *frame);

/** Registers health, control, stats and reflection. @return as nnrpc_server_register(). */
NNRPC_NODISCARD enum nnrpc_code nnrpc_health_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code nnrpc_control_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code nnrpc_stats_service_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code nnrpc_reflection_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status);

/** Fails a call that names a service which the server does not have. */
struct nnrpc_answer nnrpc_fail_unknown_service(struct nnrpc_call *call, const char *name);

/** Fails a call for whose reply there is no memory. */
struct nnrpc_answer nnrpc_fail_reply_memory(struct nnrpc_call *call);

/** A service by name, NULL when there is none. */
const struct nnrpc_served_service *nnrpc_server_find_service(
    const struct nnrpc_server *server, const char *name);

#endif
