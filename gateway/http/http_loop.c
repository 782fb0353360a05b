/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rounds of a loop. Others reach it by a list of new sockets and a stage, and an event.
 */
#include "http_loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http_clock.h"

#define SWEEP_MS 200
#define SWEEP_NS (UINT64_C(1000000) * SWEEP_MS)
#define RUNS_MOST 8 /* of the server, before other descriptors have their turn */
#define UNSURE_MS 1 /* until the server is run again, and twice as long each time */

enum stage { LOOP_SERVES, LOOP_DRAINS, LOOP_ABORTS };
enum source { SOURCE_WAKE, SOURCE_SERVER, SOURCE_CLIENT, SOURCE_COUNT };

struct newcomer {
    struct newcomer *next;
    int fd;
    socklen_t size;
    struct sockaddr_storage address;
};

struct http_loop {
    pthread_t thread;
    struct nnrpc_client *client;
    struct http_server *server;
    int epoll_fd;
    int wake_fd;
    uint64_t swept_ns;
    int unsure_ms;
    enum stage seen; /* by the thread */
    atomic_int stage;
    atomic_size_t load;
    atomic_bool has_ended;
    pthread_mutex_t mutex; /* of the newcomers */
    struct newcomer *first;
    struct newcomer **last;
};

/* --- What others say ------------------------------------------------------------------------ */

static void wake(struct http_loop *loop) {
    (void)eventfd_write(loop->wake_fd, 1);
}

void http_loop_hand_over(
    struct http_loop *loop, int fd, const struct sockaddr *address, socklen_t size) {
    struct newcomer *newcomer = calloc(1, sizeof(*newcomer));
    if (newcomer == NULL) {
        (void)close(fd);
        return;
    }
    newcomer->fd = fd;
    newcomer->size = size;
    memcpy(&newcomer->address, address, size);
    atomic_fetch_add(&loop->load, 1);
    pthread_mutex_lock(&loop->mutex);
    *loop->last = newcomer;
    loop->last = &newcomer->next;
    pthread_mutex_unlock(&loop->mutex);
    wake(loop);
}

size_t http_loop_load(const struct http_loop *loop) {
    return atomic_load(&loop->load);
}

static void set_stage(struct http_loop *loop, enum stage stage) {
    atomic_store(&loop->stage, (int)stage);
    wake(loop);
}

void http_loop_drain(struct http_loop *loop) {
    set_stage(loop, LOOP_DRAINS);
}

void http_loop_abort(struct http_loop *loop) {
    set_stage(loop, LOOP_ABORTS);
}

bool http_loop_has_ended(const struct http_loop *loop) {
    return atomic_load(&loop->has_ended);
}

/* --- A round -------------------------------------------------------------------------------- */

/* @return how many there were. */
static size_t take_newcomers(struct http_loop *loop) {
    size_t count = 0;
    pthread_mutex_lock(&loop->mutex);
    struct newcomer *newcomer = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->mutex);
    while (newcomer != NULL) {
        struct newcomer *next = newcomer->next;
        http_server_add(
            loop->server, newcomer->fd, (const struct sockaddr *)&newcomer->address,
            newcomer->size);
        free(newcomer);
        newcomer = next;
        count++;
    }
    return count;
}

static void take_stage(struct http_loop *loop) {
    enum stage stage = (enum stage)atomic_load(&loop->stage);
    if (stage != loop->seen) {
        loop->seen = stage;
        http_server_drain(loop->server);
    }
}

static void sweep(struct http_loop *loop) {
    uint64_t now_ns = http_clock_ns();
    if (now_ns - loop->swept_ns >= SWEEP_NS) {
        loop->swept_ns = now_ns;
        http_server_sweep(loop->server, now_ns);
        if (loop->seen == LOOP_ABORTS) {
            http_server_abort(loop->server);
        }
    }
}

/* How long to wait for something to happen. Where the server is not sure whether it has done all,
 * it is run again soon, but hardly costs anything if nothing happens for long. */
static int choose_wait_ms(struct http_loop *loop, enum http_work work) {
    if (work != HTTP_WORK_UNSURE) {
        return work == HTTP_WORK_MORE ? 0 : SWEEP_MS;
    }
    int chosen_ms = loop->unsure_ms;
    loop->unsure_ms = chosen_ms * 2 < SWEEP_MS ? chosen_ms * 2 : SWEEP_MS;
    return chosen_ms;
}

/* @return the sources that are ready, as bits. */
static unsigned wait(struct http_loop *loop, enum http_work work) {
    struct epoll_event events[SOURCE_COUNT];
    unsigned ready = 0;
    int count = epoll_wait(loop->epoll_fd, events, SOURCE_COUNT, choose_wait_ms(loop, work));
    for (int i = 0; i < count; i++) {
        ready |= 1u << events[i].data.u32;
    }
    if (count > 0) {
        loop->unsure_ms = UNSURE_MS;
    }
    return ready;
}

/* A run that is not sure is followed by one more. */
static enum http_work run_server(struct http_loop *loop) {
    enum http_work before = HTTP_WORK_MORE;
    enum http_work work = http_server_run(loop->server);
    for (int i = 1; i < RUNS_MOST && work != HTTP_WORK_NONE &&
                    (work == HTTP_WORK_MORE || before == HTTP_WORK_MORE);
         i++) {
        before = work;
        work = http_server_run(loop->server);
    }
    return work;
}

/* Requests first, then their calls in one go, then the answers of those that are over. */
static enum http_work run(struct http_loop *loop, unsigned ready) {
    enum http_work work = run_server(loop);
    bool has_begun = http_server_take_begun(loop->server);
    if ((has_begun || (ready & 1u << SOURCE_CLIENT) != 0) &&
        nnrpc_client_process(loop->client) > 0) {
        work = run_server(loop);
    }
    return work;
}

/* Calls that handlers began meanwhile are sent in the next round, which their event begins. */
static bool is_over(const struct http_loop *loop) {
    return loop->seen != LOOP_SERVES && atomic_load(&loop->load) == 0 &&
           !http_server_is_waiting(loop->server);
}

static void *serve(void *context) {
    struct http_loop *loop = context;
    enum http_work work = HTTP_WORK_NONE;
    while (!is_over(loop)) {
        size_t before = http_server_connections(loop->server);
        unsigned ready = wait(loop, work);
        if ((ready & 1u << SOURCE_WAKE) != 0) {
            eventfd_t ignored = 0;
            (void)eventfd_read(loop->wake_fd, &ignored);
            take_stage(loop);
            before += take_newcomers(loop);
        }
        work = run(loop, ready);
        sweep(loop);
        size_t after = http_server_connections(loop->server);
        if (after < before) {
            atomic_fetch_sub(&loop->load, before - after);
        }
    }
    atomic_store(&loop->has_ended, true);
    return NULL;
}

/* --- Making ---------------------------------------------------------------------------------- */

static bool watch(const struct http_loop *loop, int fd, enum source source) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)source};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum nnrpc_code open_all(
    struct http_loop *loop, const struct http_server_options *server,
    const struct nnrpc_client_options *client, struct nnrpc_status *out_status) {
    struct http_server_options options = *server;
    int client_fd = -1;
    enum nnrpc_code code = nnrpc_client_new(client, &loop->client, out_status);
    if (code == NNRPC_OK) {
        code = nnrpc_client_event_fd(loop->client, &client_fd, out_status);
    }
    options.client = loop->client;
    if (code == NNRPC_OK) {
        code = http_server_new(&options, &loop->server, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 || !watch(loop, loop->wake_fd, SOURCE_WAKE) ||
        !watch(loop, client_fd, SOURCE_CLIENT) ||
        !watch(loop, http_server_event_fd(loop->server), SOURCE_SERVER)) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no descriptors for a loop");
    }
    return NNRPC_OK;
}

static void close_all(struct http_loop *loop) {
    http_server_free(loop->server);
    nnrpc_client_free(loop->client);
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
    }
    if (loop->wake_fd >= 0) {
        (void)close(loop->wake_fd);
    }
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

enum nnrpc_code http_loop_new(
    const struct http_server_options *server, const struct nnrpc_client_options *client,
    struct http_loop **out_loop, struct nnrpc_status *out_status) {
    struct http_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for a loop");
    }
    loop->epoll_fd = -1;
    loop->wake_fd = -1;
    loop->unsure_ms = UNSURE_MS;
    loop->last = &loop->first;
    pthread_mutex_init(&loop->mutex, NULL);
    enum nnrpc_code code = open_all(loop, server, client, out_status);
    if (code == NNRPC_OK && pthread_create(&loop->thread, NULL, serve, loop) != 0) {
        code = nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no thread for a loop");
    }
    if (code != NNRPC_OK) {
        close_all(loop);
        return code;
    }
    *out_loop = loop;
    return NNRPC_OK;
}

void http_loop_free(struct http_loop *loop) {
    if (loop != NULL) {
        pthread_join(loop->thread, NULL);
        close_all(loop);
    }
}
