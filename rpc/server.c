/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's life: what it is told before it starts, starting, draining, the end.
 */
#include "nnrpc/server.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "fork.h"
#include "nnrpc/queue_delay.h"
#include "receiver.h"
#include "reply.h"
#include "server_state.h"
#include "unsent.h"

#define DRAIN_POLL_MS 1
#define CALLERS_POLL_MS 5
#define DRAIN_QUIET_MS 30   /* with nothing unsent, before replies count as taken */
#define DRAIN_STUCK_MS 2000 /* without a peer taking anything */
#define DRAIN_EXTRA_MS 500  /* for replies, when the calls took all of drain_ms */
#define DRAIN_GRACE_MS 250  /* between the last reply and the end of its connection */

#define DEFAULT_CALLS_IN_FLIGHT 16384
#define DEFAULT_READ_WORKERS 1
#define DEFAULT_SLOW_WORKERS 2
#define DEFAULT_QUEUE_CALLS 1024
#define DEFAULT_FRAME_BUDGET_US 1000
#define DEFAULT_ARENA_BYTES ((size_t)8 << 20)
#define DEFAULT_DRAIN_MS 30000
#define DEFAULT_RECENT_CALLS 128
#define MOST_RECENT_CALLS 65536
#define DEFAULT_MEMORY_BYTES ((size_t)256 << 20)

/* --- Making ------------------------------------------------------------------------------- */

static uint32_t or_default(uint32_t value, uint32_t fallback) {
    return value == 0 ? fallback : value;
}

static struct nnrpc_server_options resolve(const struct nnrpc_server_options *given) {
    struct nnrpc_server_options options = {0};
    if (given != NULL) {
        options = *given;
    }
    options.program = NULL; /* copied by the caller */
    options.max_calls_in_flight = or_default(options.max_calls_in_flight, DEFAULT_CALLS_IN_FLIGHT);
    options.read_workers = or_default(options.read_workers, DEFAULT_READ_WORKERS);
    options.slow_workers = or_default(options.slow_workers, DEFAULT_SLOW_WORKERS);
    options.worker_queue_calls = or_default(options.worker_queue_calls, DEFAULT_QUEUE_CALLS);
    options.frame_budget_us = or_default(options.frame_budget_us, DEFAULT_FRAME_BUDGET_US);
    options.recent_calls = or_default(options.recent_calls, DEFAULT_RECENT_CALLS);
    if (options.recent_calls > MOST_RECENT_CALLS) {
        options.recent_calls = MOST_RECENT_CALLS;
    }
    options.drain_ms = or_default(options.drain_ms, DEFAULT_DRAIN_MS);
    if (options.arena_limit_bytes == 0) {
        options.arena_limit_bytes = DEFAULT_ARENA_BYTES;
    }
    if (options.memory_limit_bytes == 0) {
        options.memory_limit_bytes = DEFAULT_MEMORY_BYTES;
    }
    if (options.max_request_bytes == 0) {
        options.max_request_bytes = NNRPC_FRAME_MAX_BYTES;
    }
    if (options.max_reply_bytes == 0 || options.max_reply_bytes > NNRPC_SERVER_MAX_REPLY_BYTES) {
        options.max_reply_bytes = NNRPC_SERVER_MAX_REPLY_BYTES;
    }
    return options;
}

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "not enough memory for a server");
}

enum nnrpc_code nnrpc_server_new(
    const struct nnrpc_server_options *options, struct nnrpc_server **out_server,
    struct nnrpc_status *out_status) {
    struct nnrpc_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return fail_memory(out_status);
    }
    server->options = resolve(options);
    server->generation = fork_generation();
    pthread_mutex_init(&server->frames_lock, NULL);
    nnrpc_open_frames_init(&server->open_frames);
    nnrpc_trace_source_init(&server->trace_source);
    nnrpc_limits_init(&server->limits);
    atomic_init(&server->references, 1);
    bool is_named = options != NULL && options->program != NULL;
    server->program = strdup(is_named ? options->program : "nnrpc");
    if (server->program == NULL ||
        !nnrpc_call_ring_init(&server->recent_calls, server->options.recent_calls)) {
        nnrpc_server_free(server);
        return fail_memory(out_status);
    }
    *out_server = server;
    return NNRPC_OK;
}

static void destroy(struct nnrpc_server *server) {
    for (size_t index = 0; index < server->receiver_count; index++) {
        nnrpc_listener_close(server->receivers[index].listener);
        free(server->receivers[index].url);
    }
    while (server->free_frames != NULL) {
        struct nnrpc_served_frame *frame = server->free_frames;
        server->free_frames = frame->next;
        nnrpc_served_frame_free(frame);
    }
    nnrpc_stats_deinit(&server->stats);
    nnrpc_limits_deinit(&server->limits);
    nnrpc_route_table_deinit(&server->routes);
    nnrpc_open_frames_deinit(&server->open_frames);
    nnrpc_call_ring_deinit(&server->recent_calls);
    pthread_mutex_destroy(&server->frames_lock);
    free(server->program);
    free(server);
}

void nnrpc_server_unreference(struct nnrpc_server *server) {
    if (atomic_fetch_sub(&server->references, 1) == 1) {
        destroy(server);
    }
}

void nnrpc_server_free(struct nnrpc_server *server) {
    if (server == NULL || fork_happened(server->generation)) {
        return; /* in a child there are no threads of it to end, and no sockets that can be closed
                 */
    }
    nnrpc_server_stop(server);
    atomic_store(&server->abandoned, true);
    nnrpc_server_unreference(server);
}

void nnrpc_server_freep(struct nnrpc_server **server) {
    nnrpc_server_free(*server);
}

/* --- Telling it what to serve ------------------------------------------------------------- */

static enum nnrpc_code fail_full(const char *what, size_t limit, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "a server has at most %zu %s", limit, what);
}

static enum nnrpc_code fail_started(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN, "INTERNAL",
        "the server has started: it is too late to tell it what to serve");
}

const struct nnrpc_served_service *nnrpc_server_find_service(
    const struct nnrpc_server *server, const char *name) {
    for (size_t index = 0; index < server->service_count; index++) {
        if (strcmp(server->services[index].service->name, name) == 0) {
            return &server->services[index];
        }
    }
    return NULL;
}

enum nnrpc_code nnrpc_server_register(
    struct nnrpc_server *server, const struct nnrpc_service *service, const nnrpc_thunk *thunks,
    const void *handlers, void *self, struct nnrpc_status *out_status) {
    if (server->phase != NNRPC_SERVER_NEW) {
        return fail_started(out_status);
    }
    if (nnrpc_server_find_service(server, service->name) != NULL) {
        return nnrpc_fail(
            out_status, NNRPC_ALREADY_EXISTS, NNRPC_DOMAIN, "INTERNAL",
            "the service %s is registered already", service->name);
    }
    if (server->service_count == NNRPC_SERVER_MAX_SERVICES) {
        return fail_full("services", NNRPC_SERVER_MAX_SERVICES, out_status);
    }
    server->services[server->service_count++] = (struct nnrpc_served_service){
        .service = service,
        .thunks = thunks,
        .handlers = handlers,
        .self = self,
    };
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_server_add_interceptor(
    struct nnrpc_server *server, const struct nnrpc_interceptor *interceptor,
    struct nnrpc_status *out_status) {
    if (server->phase != NNRPC_SERVER_NEW) {
        return fail_started(out_status);
    }
    if (server->interceptor_count == NNRPC_SERVER_MAX_INTERCEPTORS) {
        return fail_full("interceptors", NNRPC_SERVER_MAX_INTERCEPTORS, out_status);
    }
    server->interceptors[server->interceptor_count++] = *interceptor;
    server->is_observed = server->is_observed || interceptor->after != NULL;
    return NNRPC_OK;
}

void nnrpc_server_set_span_hook(struct nnrpc_server *server, const struct nnrpc_span_hook *hook) {
    if (server->phase == NNRPC_SERVER_NEW) {
        server->span_hook = *hook;
        server->is_observed = server->is_observed || hook->end != NULL;
    }
}

enum nnrpc_code nnrpc_server_add_gauges(
    struct nnrpc_server *server, nnrpc_gauge_source source, void *self,
    struct nnrpc_status *out_status) {
    if (server->phase != NNRPC_SERVER_NEW) {
        return fail_started(out_status);
    }
    if (server->gauge_count == NNRPC_SERVER_MAX_GAUGE_SOURCES) {
        return fail_full("sources of gauges", NNRPC_SERVER_MAX_GAUGE_SOURCES, out_status);
    }
    server->gauges[server->gauge_count++] = (struct nnrpc_gauges){.source = source, .self = self};
    return NNRPC_OK;
}

/* --- Starting ----------------------------------------------------------------------------- */

static enum nnrpc_code register_standing(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    enum nnrpc_code code = nnrpc_health_register(server, out_status);
    if (code == NNRPC_OK) {
        server->services[server->service_count - 1].is_standing = true;
        code = nnrpc_control_register(server, out_status);
    }
    if (code == NNRPC_OK) {
        server->services[server->service_count - 1].is_standing = true;
    }
    return code;
}

static enum nnrpc_code register_standard(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    enum nnrpc_code code = register_standing(server, out_status);
    if (code == NNRPC_OK) {
        code = nnrpc_stats_service_register(server, out_status);
    }
    if (code == NNRPC_OK) {
        server->services[server->service_count - 1].is_administrative = true;
        code = nnrpc_reflection_register(server, out_status);
    }
    if (code == NNRPC_OK) {
        server->services[server->service_count - 1].is_administrative = true;
    }
    return code;
}

static enum nnrpc_code build_tables(struct nnrpc_server *server, struct nnrpc_status *out_status) {
    enum nnrpc_code code = nnrpc_route_table_init(
        &server->routes, server->services, server->service_count, out_status);
    if (code == NNRPC_OK) {
        code = nnrpc_limits_start(&server->limits, &server->routes, out_status);
    }
    /* One more than there are methods, for calls of none. */
    return code == NNRPC_OK
               ? nnrpc_stats_init(&server->stats, server->routes.target_count + 1, out_status)
               : code;
}

static bool has_administrative_address(const struct nnrpc_server *server) {
    for (size_t index = 0; index < server->receiver_count; index++) {
        if (nnrpc_receiver_is_administrative(&server->receivers[index])) {
            return true;
        }
    }
    return false;
}

static enum nnrpc_code start_threads(struct nnrpc_server *server, struct nnrpc_status *out_status) {
    const struct nnrpc_server_options *options = &server->options;
    enum nnrpc_code code = nnrpc_pool_new(
        "nnrpc-read", options->read_workers, options->worker_queue_calls, &server->read_pool,
        out_status);
    if (code == NNRPC_OK) {
        code = nnrpc_pool_new(
            "nnrpc-slow", options->slow_workers, options->worker_queue_calls, &server->slow_pool,
            out_status);
    }
    if (code == NNRPC_OK && has_administrative_address(server)) {
        code = nnrpc_pool_new(
            "nnrpc-admin", 1, options->worker_queue_calls, &server->administration_pool,
            out_status);
    }
    if (code == NNRPC_OK) {
        nnrpc_server_set_queue_target_ms(server, options->queue_target_ms);
    }
    for (size_t index = 0; index < server->receiver_count && code == NNRPC_OK; index++) {
        code = nnrpc_receiver_start(&server->receivers[index], out_status);
    }
    return code;
}

void nnrpc_server_set_queue_target_ms(struct nnrpc_server *server, uint32_t target_ms) {
    target_ms = or_default(target_ms, NNRPC_DEFAULT_QUEUE_TARGET_MS);
    if (server->read_pool == NULL) {
        server->options.queue_target_ms = target_ms;
        return;
    }
    uint32_t effective_ms = target_ms == NNRPC_NO_QUEUE_TARGET ? 0 : target_ms;
    nnrpc_pool_set_target_ms(server->read_pool, effective_ms);
    nnrpc_pool_set_target_ms(server->slow_pool, effective_ms);
}

enum nnrpc_code nnrpc_server_start(struct nnrpc_server *server, struct nnrpc_status *out_status) {
    if (fork_happened(server->generation)) {
        return fork_fail(out_status, "server");
    }
    if (server->phase != NNRPC_SERVER_NEW) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN, "INTERNAL",
            "a server starts once");
    }
    enum nnrpc_code code = register_standard(server, out_status);
    if (code == NNRPC_OK) {
        code = build_tables(server, out_status);
    }
    if (code == NNRPC_OK) {
        nnrpc_server_divide_services(server);
        server->phase = NNRPC_SERVER_RUNNING;
        code = start_threads(server, out_status);
    }
    if (code != NNRPC_OK) {
        nnrpc_server_stop(server);
    }
    return code;
}

/* --- Stopping ----------------------------------------------------------------------------- */

static void wait_for_calls(struct nnrpc_server *server, uint64_t deadline_ns) {
    const struct timespec pause = {.tv_nsec = DRAIN_POLL_MS * 1000000};
    while (atomic_load(&server->frames_in_flight) > 0 && nnrpc_clock_ns() < deadline_ns) {
        nanosleep(&pause, NULL);
    }
}

static bool has_inproc_peers(const struct nnrpc_server *server) {
    for (size_t index = 0; index < server->receiver_count; index++) {
        if (nnrpc_listener_has_inproc_peers(server->receivers[index].listener)) {
            return true;
        }
    }
    return false;
}

/* What the kernel of a peer has taken may still stand in the peer's own library, which drops it
 * when the connection ends: a caller gets a moment to fetch its reply. One that does not in time
 * finds its connection lost, and repeats the call. */
static void wait_for_callers(
    struct nnrpc_server *server, const char *const *urls, uint64_t deadline_ns) {
    const struct timespec pause = {.tv_nsec = CALLERS_POLL_MS * 1000000};
    uint64_t now_ns = nnrpc_clock_ns();
    while (now_ns < deadline_ns &&
           now_ns < atomic_load(&server->last_reply_ns) + (uint64_t)DRAIN_GRACE_MS * 1000000 &&
           (has_inproc_peers(server) || nnrpc_unsent_has_peers(urls, server->receiver_count))) {
        nanosleep(&pause, NULL);
        now_ns = nnrpc_clock_ns();
    }
}

static void wait_for_replies(struct nnrpc_server *server, uint64_t deadline_ns) {
    const char *urls[NNRPC_SERVER_MAX_ADDRESSES];
    for (size_t index = 0; index < server->receiver_count; index++) {
        urls[index] = server->receivers[index].url;
    }
    nnrpc_unsent_wait(urls, server->receiver_count, DRAIN_QUIET_MS, DRAIN_STUCK_MS, deadline_ns);
    wait_for_callers(server, urls, deadline_ns);
}

static void join_receivers(struct nnrpc_server *server) {
    atomic_store(&server->stopping, true);
    for (size_t index = 0; index < server->receiver_count; index++) {
        nnrpc_receiver_join(&server->receivers[index]);
    }
}

static void close_listeners(struct nnrpc_server *server) {
    for (size_t index = 0; index < server->receiver_count; index++) {
        nnrpc_listener_close(server->receivers[index].listener);
        server->receivers[index].listener = NULL;
    }
}

/* Receivers go on refusing calls until the replies of the last accepted ones are taken: a peer is
 * told, not left waiting, and nothing unread makes the kernel reset a connection that still
 * carries a reply. */
void nnrpc_server_stop(struct nnrpc_server *server) {
    if (fork_happened(server->generation)) {
        return;
    }
    bool was_running = server->phase == NNRPC_SERVER_RUNNING;
    server->phase = NNRPC_SERVER_STOPPED;
    if (!was_running) {
        return;
    }
    uint64_t deadline_ns = nnrpc_clock_ns() + (uint64_t)server->options.drain_ms * 1000000;
    uint64_t reply_deadline_ns = deadline_ns + (uint64_t)DRAIN_EXTRA_MS * 1000000;
    atomic_store(&server->draining, true);
    wait_for_calls(server, deadline_ns);
    wait_for_replies(server, reply_deadline_ns);
    join_receivers(server);
    wait_for_calls(server, deadline_ns);
    atomic_store(&server->cutting, true);
    nnrpc_pool_free(server->read_pool);
    nnrpc_pool_free(server->slow_pool);
    server->read_pool = NULL;
    server->slow_pool = NULL;
    nnrpc_pool_free(server->administration_pool);
    server->administration_pool = NULL;
    wait_for_replies(server, reply_deadline_ns);
    /* Frames whose calls are still deferred keep their listener until they are answered. */
    if (atomic_load(&server->references) == 1) {
        close_listeners(server);
    }
}
