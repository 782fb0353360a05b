/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receive loop: a message, a frame object, the dispatch of both. Inline handlers run here.
 */
#include "receiver.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "dispatch.h"

#define RECEIVE_TIMEOUT_MS 50 /* how soon a stop is noticed */
#define SHORTAGE_PAUSE_MS 5   /* before trying again when memory or descriptors are short */

static void pause_for_shortage(void) {
    struct timespec pause = {.tv_nsec = SHORTAGE_PAUSE_MS * 1000000};
    nanosleep(&pause, NULL);
}

static void serve(
    struct nnrpc_receiver *receiver, void *body, size_t size, const struct nnrpc_route *route) {
    uint64_t arrival_ns = nnrpc_clock_ns();
    struct nnrpc_served_frame *frame = nnrpc_served_frame_take(receiver->server);
    if (frame == NULL) {
        /* No memory to serve it with: the caller's deadline tells. */
        nnrpc_body_free(body);
        return;
    }
    frame->receiver = receiver;
    frame->body = body;
    frame->body_size = size;
    frame->arrival_ns = arrival_ns;
    frame->route = *route;
    nnrpc_dispatch_frame(frame);
}

static void *receive(void *argument) {
    struct nnrpc_receiver *receiver = argument;
    struct nnrpc_server *server = receiver->server;
    while (!atomic_load(&server->stopping)) {
        void *body = NULL;
        size_t size = 0;
        struct nnrpc_route route;
        enum nnrpc_code code =
            nnrpc_listener_receive(receiver->listener, RECEIVE_TIMEOUT_MS, &body, &size, &route);
        if (code == NNRPC_OK) {
            serve(receiver, body, size, &route);
        } else if (code == NNRPC_RESOURCE_EXHAUSTED) {
            pause_for_shortage();
        } else if (code != NNRPC_DEADLINE_EXCEEDED) {
            atomic_store(&server->broken, true);
            break;
        }
    }
    return NULL;
}

enum nnrpc_code nnrpc_receiver_start(
    struct nnrpc_receiver *receiver, struct nnrpc_status *out_status) {
    if (pthread_create(&receiver->thread, NULL, receive, receiver) != 0) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "cannot start a thread to receive on %s", receiver->url);
    }
    pthread_setname_np(receiver->thread, "nnrpc-receive");
    receiver->running = true;
    return NNRPC_OK;
}

void nnrpc_receiver_join(struct nnrpc_receiver *receiver) {
    if (receiver->running) {
        pthread_join(receiver->thread, NULL);
        receiver->running = false;
    }
}
