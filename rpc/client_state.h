/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client is made of, for the files of the calling side: client.c (the public functions),
 * pending.c (calls), client_frame.c (calls to bytes and back), lane.c (frames on connections),
 * client_queue.c (which calls a lane takes, and what becomes of answered ones), retry.c (whether
 * one is tried again), endpoint.c (where lanes go), keep_alive.c (whether anybody is there),
 * control.c (cancellations), hedge.c (reads that are asked twice), outgoing.c (what travels beside
 * a message, and who is told), driver.c (threads that wait), event_loop.c (callers that do not).
 *
 * One mutex guards everything, with one exception: `driver` of a lane is a claim. The thread that
 * holds it works on the lane's connection, phase, body and outcome without the mutex; claims are
 * made and given up under the mutex, and a lane's list of calls changes only when it is idle or by
 * its claimant.
 */
#ifndef NNRPC_CLIENT_STATE_H
#define NNRPC_CLIENT_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "frame.h"
#include "nnrpc/buffer.h"
#include "nnrpc/client.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"
#include "retry.h"
#include "transport.h"

/* A frame with more than one call is no longer than this. */
#define CLIENT_BATCH_BYTES (256u << 10)
#define CLIENT_MAX_LANES 32 /* of a class */

/* A received frame, kept until each of its calls has taken its part. */
struct reply {
    void *body;
    size_t reference_count;
    struct reply *next; /* in the pool */
};

enum pending_state {
    PENDING_QUEUED,    /* in its class's queue */
    PENDING_DELAYED,   /* in client->delayed until due_ns, then queued again */
    PENDING_IN_FLIGHT, /* in a lane's frame */
    PENDING_DONE,      /* code, status and response are filled */
};

/* A list of calls, linked by next and previous. */
struct pending_list {
    struct nnrpc_pending *first;
    struct nnrpc_pending *last;
    size_t count;
    size_t bytes; /* encoded */
};

/* One call, from start to finish. Pooled. */
struct nnrpc_pending {
    struct nnrpc_client *client;
    struct nnrpc_pending *next; /* in the one list that holds it: queue, delayed or pool */
    struct nnrpc_pending *previous;
    enum pending_state state;

    /* What is asked. Fixed once started. */
    const struct nnrpc_method *method;
    struct nnrpc_reply_metadata *reply_metadata; /* of the caller, or NULL */
    enum nnrpc_lane_class lane_class;
    bool is_repeatable;
    bool waits_for_ready;
    bool is_unwanted;                /* its server is to be told when it is given up */
    struct nnrpc_retry_policy retry; /* resolved */
    uint64_t deadline_ns;
    uint32_t timeout_ms;
    struct nnrpc_buffer encoded; /* the packed Request but for its timeout_ms */
    unsigned metadata_count;     /* in it */
    size_t intercepted_count;    /* interceptors whose `after` is due */
    struct nnrpc_call *parent;   /* on whose behalf it is made, or NULL */
    struct nnrpc_trace trace;    /* its span; none unless it is traced */
    uint64_t started_ns;

    /* How it goes. */
    bool is_counted;       /* in client->unfinished */
    bool is_alone;         /* its answer did not fit beside others */
    bool is_abandoned;     /* nobody waits any more; its lane releases it */
    bool may_have_arrived; /* a try was sent, and nothing proves that it was not started */
    uint32_t attempts;
    uint32_t told_attempts;      /* with its hedge's, once its owner ends it */
    uint32_t uncounted_attempts; /* that reached no server, of a call that waits for one */
    uint64_t due_ns;             /* of a delayed call */
    struct lane *lane;
    uint64_t hedge_due_ns;       /* when it is asked once more; 0: never */
    struct nnrpc_pending *hedge; /* which asks once more, owned; NULL: none */
    struct nnrpc_pending *first; /* of a hedge: whose it is */
    size_t avoided_endpoint;     /* of a hedge: where the first one is, from 1; 0: anywhere */
    size_t answering_endpoint;   /* of the last try, from 1; 0: it reached none */

    /* How it ended; status also how its last try did. */
    struct nnrpc_pending *answer; /* itself or its hedge, once its owner has taken it */
    struct nnrpc_status status;
    struct reply *reply; /* one reference, NULL when there is no answer */
    struct nnrpc_response_view response;

    /* The thread in nnrpc_client_finish(), if any. */
    struct nnrpc_pending *next_waiting;
    struct nnrpc_pending *previous_waiting;
    bool is_polling; /* it waits for connections, not for `wake` */
    bool is_woken;
    int wake_fd; /* borrowed from the client while polling; -1: none */
    pthread_cond_t wake;

    /* Of a call that the event loop moves. */
    void (*on_done)(void *context, struct nnrpc_pending *pending); /* NULL: it does not */
    void *on_done_context;
    bool is_notified; /* on_done is due: it is in the loop's list */
    struct nnrpc_pending *next_notified;
    struct nnrpc_pending *previous_notified;
};

/* What stands for the caller's event loop. */
struct event_loop {
    struct nnrpc_pending driver; /* claims lanes; no call */
    bool is_open;                /* there are descriptors */
    bool is_woken;
    bool is_processing;
    int epoll_fd;
    int timer_fd;
    int wake_fd;
    struct nnrpc_pending *first; /* calls whose on_done is due */
    struct nnrpc_pending *last;
};

enum lane_outcome {
    LANE_UNCHANGED,
    LANE_ANSWERED, /* reply_body holds a checked frame */
    LANE_FAILED,   /* status says why; the connection is closed */
};

/* One connection, and the frame that is outstanding on it. */
struct lane {
    enum nnrpc_lane_class lane_class;
    struct nnrpc_pending *driver; /* who has claimed it; NULL: nobody */
    bool is_busy;                 /* calls[] is a frame that is not answered */
    size_t call_count;
    size_t live_count; /* calls that are not abandoned */
    struct nnrpc_pending **calls;
    uint64_t frame_id;
    uint64_t deadline_ns; /* the latest of its calls' */
    bool is_under_way;    /* is_sent, as far as its claimant has told */
    size_t sent_to;       /* the endpoint, while it is under way */
    int watched_fd;       /* by the event loop; -1: none */

    /* The claimant's. */
    struct nnrpc_connection *connection; /* NULL: none */
    size_t home;                         /* the endpoint that it prefers; fixed */
    size_t endpoint;                     /* of the connection */
    size_t refusals;                     /* endpoints that could not be reached, in this try */
    bool is_stale;   /* an answer that nobody wants may come on the connection */
    bool is_leaving; /* the server is stopping: the next frame goes elsewhere */
    bool is_sent;
    uint64_t quiet_since_ns;         /* when the endpoint last showed that it is there */
    struct nnrpc_connection *feeler; /* asks for a sign of life; NULL: none is under way */
    uint64_t feeler_since_ns;
    void *body; /* of the frame while it is not sent */
    enum lane_outcome outcome;
    void *reply_body;
    size_t reply_size;
    struct nnrpc_status status;
};

/* A call that its server is to be told of. */
struct cancellation {
    size_t endpoint;
    uint64_t frame_id;
    uint32_t index;
    char *authorization; /* of the call alone, owned; NULL: the frame's */
    size_t authorization_size;
};

struct nnrpc_client {
    unsigned generation; /* of the process that made it */
    /* Fixed once made, but for what endpoints guard themselves. */
    struct endpoint *endpoints;
    size_t endpoint_count;
    uint32_t timeout_ms;
    uint32_t max_reply_bytes;
    uint32_t max_frame_calls;
    uint64_t keep_alive_ns;          /* UINT64_MAX: never */
    uint32_t hedge_after_ms;         /* 0: never */
    struct nnrpc_retry_policy retry; /* resolved */
    struct nnrpc_credentials credentials;
    struct nnrpc_client_interceptor *interceptors;
    size_t interceptor_count;
    struct nnrpc_span_hook span_hook;
    struct nnrpc_buffer frame_prefix; /* what every frame begins with: metadata, max_reply_bytes */
    struct lane *lanes;
    size_t lane_count;

    pthread_mutex_t mutex;
    struct pending_list queues[NNRPC_LANE_CLASS_COUNT];
    size_t unfinished[NNRPC_LANE_CLASS_COUNT]; /* calls whose owner has not taken the answer yet */
    struct pending_list delayed;
    uint64_t next_due_ns; /* at or before the first due of `delayed` */
    struct nnrpc_pending *first_waiting;
    struct nnrpc_pending *pool;
    size_t pool_count;
    struct reply *reply_pool;
    int *wake_fds; /* as many as lanes: there are no more drivers */
    size_t wake_fd_count;
    uint64_t random_state;
    struct retry_budget retry_budget;
    struct event_loop loop;
    size_t next_lane;                   /* where the search for a free one begins */
    struct cancellation *cancellations; /* NULL until there was one */
    size_t cancellation_count;
};

/* A number that looks random and does not repeat for a client. Under the mutex. */
uint64_t client_next_random(struct nnrpc_client *client);

#endif
