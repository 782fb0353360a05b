/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server by script. It reads frames with protobuf-c, as any other implementation would, asks the
 * script what to do, and does it, however wrong. Without a script it is a good echo.
 */
#ifndef SUPPORT_SCRIPTED_SERVER_H
#define SUPPORT_SCRIPTED_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "echo.nnrpc.h"
#include "nnrpc/v1/frame.pb-c.h"
#include "transport.h"

#define SCRIPTED_READ "echo.v1.EchoService/Read"
#define SCRIPTED_WRITE "echo.v1.EchoService/Write"
#define SCRIPTED_APPEND "echo.v1.EchoService/Append"
#define SCRIPTED_FOLDER_BYTES 40
#define SCRIPTED_HELD_MAX 64

struct scripted_server;

/** A received frame and the answer to it, which starts as the echo of every request. */
struct scripted_frame {
    const Nnrpc__V1__RequestFrame *request;
    size_t request_bytes;
    Nnrpc__V1__ResponseFrame *reply; /* change it at will; everything in it is malloc'd */
};

/** What becomes of a frame. */
enum scripted_act {
    SCRIPTED_SEND,
    SCRIPTED_DROP, /* never answered */
    SCRIPTED_HOLD, /* answered by scripted_let_go() */
    SCRIPTED_SEND_GARBAGE,
    SCRIPTED_SEND_OVERSIZED, /* a message of a mebibyte */
    SCRIPTED_CLOSE,          /* the server goes away at once, unanswered */
};

/** Called on the server's thread for each frame, one at a time. */
typedef enum scripted_act (*scripted_script)(
    struct scripted_server *server, struct scripted_frame *frame);

struct scripted_server {
    /* Set before scripted_start(). */
    scripted_script script; /* NULL: SCRIPTED_SEND */
    void *self;             /* the script's */
    char url[128];

    /* Counted; a script does not find its own frame counted yet. */
    atomic_uint frame_count;
    atomic_uint call_count;

    /* Private. */
    struct nnrpc_listener *listener;
    pthread_t thread;
    bool is_running;
    atomic_bool is_ending;
    pthread_mutex_t lock; /* of what is held */
    struct {
        void *body;
        struct nnrpc_route route;
    } held[SCRIPTED_HELD_MAX];
    size_t held_count;
};

/** Makes a fresh folder for sockets, closed to others. */
void scripted_folder_make(char out_folder[SCRIPTED_FOLDER_BYTES]);

/** Removes a folder and the sockets in it. */
void scripted_folder_remove(const char *folder);

/** A port of 127.0.0.1 on which nobody listens. */
unsigned scripted_free_port(void);

/** Prepares a server; starts nothing. */
void scripted_init(struct scripted_server *server, const char *url, scripted_script script);

/** Starts and, after scripted_stop(), starts again. */
void scripted_start(struct scripted_server *server);

/** Stops at once; what is held is dropped. A server that does not run is fine. */
void scripted_stop(struct scripted_server *server);

/** Stops and releases. */
void scripted_deinit(struct scripted_server *server);

/** How many frames are held now. */
size_t scripted_held_count(struct scripted_server *server);

/** Answers what is held. */
void scripted_let_go(struct scripted_server *server);

/* --- For scripts -------------------------------------------------------------------------- */

/** Replaces a response by an error. */
void scripted_fail(
    Nnrpc__V1__Response *response, enum nnrpc_code code, const char *domain, const char *reason);

/** Adds a fact to the error of a response. */
void scripted_add_info(Nnrpc__V1__Response *response, const char *key, const char *value);

/** Adds reply metadata. */
void scripted_add_metadata(Nnrpc__V1__Response *response, const char *key, const char *value);

/** Replaces the message of a response by any bytes. */
void scripted_set_message(Nnrpc__V1__Response *response, const void *bytes, size_t size);

/** Drops the responses after the first `count`. */
void scripted_cut(Nnrpc__V1__ResponseFrame *reply, size_t count);

/** The request id of a Write, "" when there is none; to be freed. */
char *scripted_request_id(const Nnrpc__V1__Request *request);

/** The text of a request of any method; to be freed. */
char *scripted_text(const Nnrpc__V1__Request *request);

/** The value of metadata, not terminated; NULL when there is none. */
const ProtobufCBinaryData *scripted_metadata(
    Nnrpc__V1__Metadata *const *metadata, size_t count, const char *key);

#endif
