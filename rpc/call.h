/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call and the frame that it came in, as the serving side keeps them. A frame, its calls and
 * their unpacked requests are one allocation domain: they live until the frame is answered and
 * nobody runs one of its handlers any more.
 */
#ifndef NNRPC_CALL_H
#define NNRPC_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "nnrpc/arena.h"
#include "nnrpc/buffer.h"
#include "nnrpc/server.h"
#include "nnrpc/tokens.h"
#include "nnrpc/trace.h"
#include "pool.h"
#include "route.h"
#include "transport.h"

struct nnrpc_receiver;
struct nnrpc_open_bucket;

/** Reply metadata that a call holds without allocating; more of it is malloc'd. */
#define NNRPC_CALL_METADATA_BYTES 160

/** How a handler left its call; the values of nnrpc_answer.opaque. */
enum nnrpc_answer_kind {
    NNRPC_ANSWER_GIVEN = 1,
    NNRPC_ANSWER_DEFERRED,
    NNRPC_ANSWER_OFFLOAD,
};

struct nnrpc_call {
    struct nnrpc_pool_task task; /* while it waits for a worker */
    struct nnrpc_served_frame *frame;
    const struct nnrpc_target *target; /* NULL: no known method */
    const char *name;
    struct nnrpc_request_view request;
    ProtobufCMessage *message;    /* the unpacked request, in the frame's arena */
    struct nnrpc_call *next_move; /* the next of the calls that one worker runs in order */
    uint64_t deadline_ns;
    enum nnrpc_role role;
    bool exempt; /* administration on an address for it: load does not touch it */
    bool admitted;
    bool ready;     /* passed every check: its handler is to run */
    bool slow;      /* rides the slow pool */
    bool offloaded; /* runs on a worker */
    bool answered;  /* under the frame's lock */
    bool limited;   /* has a place among the calls of its method that run */
    atomic_bool cancelled;

    /* When its handler was started last, 0 before; when its answer was decided, and how many bytes
     * of message it has. */
    atomic_uint_least64_t started_ns;
    uint64_t ended_ns;
    size_t reply_bytes;

    /* Told when the call is given up; under the frame's lock. */
    void (*on_cancel)(void *context, struct nnrpc_call *call);
    void *cancel_context;

    /* Its own span, once it was asked for; made under the frame's lock. */
    atomic_bool is_traced;
    struct nnrpc_trace trace;

    /* The encoded response in the frame's replies, under the frame's lock. Size 0: there was no
     * memory for it. */
    size_t reply_offset;
    size_t reply_size;

    /* Reply metadata, packed as Response.metadata; in `more` once it outgrows `metadata`. */
    size_t metadata_size;
    struct nnrpc_buffer more;
    uint8_t metadata[NNRPC_CALL_METADATA_BYTES];

    char caller[NNRPC_TOKEN_NAME_BYTES];
};

/** A frame between its arrival and its reply. Pooled: arena, replies and lock are kept warm. */
struct nnrpc_served_frame {
    struct nnrpc_served_frame *next; /* in the pool of frames */
    struct nnrpc_server *server;
    struct nnrpc_receiver *receiver;
    void *body; /* the received message, owned; what requests point into */
    size_t body_size;
    struct nnrpc_route route;
    uint64_t arrival_ns;
    struct nnrpc_request_frame request;
    struct nnrpc_slice metadata; /* where to search for the frame's metadata */
    struct nnrpc_arena arena;    /* the receiver's alone until handlers run, then under lock */
    struct nnrpc_call *calls;    /* in the arena */
    size_t call_count;
    size_t admitted_count;          /* calls that count as in flight */
    bool was_accepted;              /* some of its calls were admitted */
    bool has_secrets;               /* what was unpacked is to be wiped */
    size_t limit_bytes;             /* of the response frame */
    atomic_uint_least64_t ended_ns; /* when a call of it ended last */

    /* Its place among the open frames, under the bucket's lock. */
    struct nnrpc_open_bucket *bucket; /* NULL: not among them */
    struct nnrpc_served_frame *next_open;
    struct nnrpc_served_frame **open_link; /* what points here */

    pthread_mutex_t lock;        /* for what follows */
    size_t memory_bytes;         /* what the frame counts in the server's memory */
    size_t open;                 /* calls not answered, plus those who may still touch the frame */
    size_t unanswered;           /* calls whose response has no room reserved beyond the floor */
    size_t reserved_bytes;       /* of responses that are decided and not yet encoded */
    struct nnrpc_buffer replies; /* encoded responses, in the order in which they were given */
};

/** Tells the handler of a cancelled call, if it asked for that. The frame is held meanwhile. */
void nnrpc_call_tell_cancelled(struct nnrpc_call *call);

/** The call's reply metadata as it stands. */
struct nnrpc_slice nnrpc_call_packed_metadata(const struct nnrpc_call *call);

#endif
