/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is served in two passes. The first one, on the receiver alone, checks each call
 * (admission, deadline, interceptors, scan) and unpacks its request into the frame's arena. The
 * second one runs handlers in frame order: writes and, within the frame's budget, reads at once;
 * slow calls and the other reads on workers. Once a write of the frame has left for a worker, the
 * writes after it follow it there, one after the other, so that writes reach their handlers in
 * frame order.
 */
#include "dispatch.h"

#include <string.h>

#include "clock.h"
#include "frame.h"
#include "open_frames.h"
#include "reply.h"
#include "scan.h"
#include "server_state.h"

#define UNKNOWN_NAME_BYTES 256

/* Until a call of the many that are in flight ends. */
#define IN_FLIGHT_RETRY_AFTER_MS 20

/* --- Failing ------------------------------------------------------------------------------ */

static void fail_call(struct nnrpc_call *call, const struct nnrpc_status *status) {
    nnrpc_reply_complete(call, &(struct nnrpc_outcome){.status = status});
}

static void fail_overloaded(struct nnrpc_call *call, const char *what, uint32_t retry_after_ms) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "OVERLOADED",
        "the server is overloaded (%s): try again in %u ms", what, retry_after_ms);
    nnrpc_status_add_info(&status, "retry_after_ms", "%u", retry_after_ms);
    fail_call(call, &status);
}

static bool deadline_has_passed(const struct nnrpc_call *call, uint64_t now_ns) {
    return call->deadline_ns != 0 && now_ns >= call->deadline_ns;
}

static enum nnrpc_code fail_draining(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "SHUTTING_DOWN",
        "the server is stopping and takes no more calls");
}

static enum nnrpc_code fail_cancelled(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_CANCELLED, NNRPC_DOMAIN, "CANCELLED",
        "the caller gave the call up before it was started");
}

static enum nnrpc_code fail_deadline(
    const struct nnrpc_call *call, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_DEADLINE_EXCEEDED, NNRPC_DOMAIN, "DEADLINE_EXCEEDED",
        "the call's budget of %u ms was spent before it was started", call->request.timeout_ms);
}

/* --- Handlers ----------------------------------------------------------------------------- */

static void run_on_worker(struct nnrpc_pool_task *task);

/* Refuses those of a chain of calls that a worker could not answer in time, behind the others.
 * Returns the rest of the chain; NULL when nothing is left. */
static struct nnrpc_call *shed(struct nnrpc_call *first, const struct nnrpc_pool *pool) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_call *rest = NULL;
    struct nnrpc_call **end = &rest;
    uint32_t ahead = 0;
    for (struct nnrpc_call *call = first, *next = NULL; call != NULL; call = next) {
        next = call->next_move;
        if (call->exempt || nnrpc_pool_admit(pool, ahead, call->deadline_ns, &status) == NNRPC_OK) {
            *end = call;
            end = &call->next_move;
            ahead++;
        } else {
            fail_call(call, &status);
            nnrpc_status_reset(&status);
        }
    }
    *end = NULL;
    if (rest != NULL) {
        rest->task.calls = ahead;
    }
    return rest;
}

/* Queues a call, or a chain of calls, for a worker. A full queue answers all of them at once, and
 * one that is too slow those that it would answer too late. The frame is held by the caller. */
static void move_to_pool(struct nnrpc_call *chain, struct nnrpc_pool *pool) {
    struct nnrpc_served_frame *frame = chain->frame;
    struct nnrpc_call *first = shed(chain, pool);
    if (first == NULL) {
        return;
    }
    for (struct nnrpc_call *call = first; call != NULL; call = call->next_move) {
        call->offloaded = true;
    }
    first->task.run = run_on_worker;
    nnrpc_reply_hold(frame);
    if (nnrpc_pool_submit(pool, &first->task)) {
        return;
    }
    uint32_t retry_after_ms = nnrpc_pool_retry_after_ms(pool);
    struct nnrpc_call *call = first;
    while (call != NULL) {
        struct nnrpc_call *next = call->next_move;
        fail_overloaded(call, "too many calls wait for a worker", retry_after_ms);
        call = next;
    }
    nnrpc_reply_release(frame);
}

/* Where a call waits for a worker: administration does not wait behind others. */
static struct nnrpc_pool *pool_of(const struct nnrpc_call *call, struct nnrpc_pool *usual) {
    return call->exempt ? call->frame->server->administration_pool : usual;
}

/* Looks at what became of a call while it waited, in its frame or for a worker. */
static enum nnrpc_code check_start(
    const struct nnrpc_call *call, uint64_t now_ns, struct nnrpc_status *out_status) {
    if (atomic_load_explicit(&call->cancelled, memory_order_relaxed)) {
        return fail_cancelled(out_status);
    }
    if (call->offloaded && atomic_load(&call->frame->server->cutting)) {
        return fail_draining(out_status);
    }
    return deadline_has_passed(call, now_ns) ? fail_deadline(call, out_status) : NNRPC_OK;
}

/* Runs a call's handler, unless it is too late for that. Returns about what the time is then. */
static uint64_t run_handler(struct nnrpc_call *call, uint64_t now_ns) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_served_frame *frame = call->frame;
    if (check_start(call, now_ns, &status) != NNRPC_OK) {
        fail_call(call, &status);
        return now_ns;
    }
    const struct nnrpc_target *target = call->target;
    const struct nnrpc_served_service *served = target->served;
    atomic_store_explicit(&call->started_ns, now_ns, memory_order_relaxed);
    struct nnrpc_answer answer = target->thunk(served->handlers, served->self, call, call->message);
    if (answer.opaque == NNRPC_ANSWER_GIVEN) {
        return atomic_load_explicit(&frame->ended_ns, memory_order_relaxed);
    }
    if (answer.opaque == NNRPC_ANSWER_OFFLOAD) {
        move_to_pool(call, pool_of(call, frame->server->read_pool));
    }
    return nnrpc_clock_ns();
}

static void run_on_worker(struct nnrpc_pool_task *task) {
    struct nnrpc_call *call = (struct nnrpc_call *)task; /* its first member */
    struct nnrpc_served_frame *frame = call->frame;
    uint64_t now_ns = nnrpc_clock_ns();
    while (call != NULL) {
        struct nnrpc_call *next = call->next_move;
        now_ns = run_handler(call, now_ns);
        call = next;
    }
    nnrpc_reply_release(frame);
}
_Static_assert(offsetof(struct nnrpc_call, task) == 0, "a task is its call");

/* The writes that follow one another to a slow worker. */
struct write_chain {
    struct nnrpc_call *first;
    struct nnrpc_call *last;
};

static void append_write(struct write_chain *chain, struct nnrpc_call *call) {
    if (chain->last == NULL) {
        chain->first = call;
    } else {
        chain->last->next_move = call;
    }
    chain->last = call;
}

/* Whether a call's method takes one more call now; refuses it if not. */
static bool passes_limits(struct nnrpc_call *call, uint64_t now_ns) {
    const struct nnrpc_limits *limits = &call->frame->server->limits;
    struct nnrpc_limiter *limiter = nnrpc_limits_find(limits, call->target);
    if (limiter == NULL) {
        return true;
    }
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_limiter_begin(limiter, call->name, now_ns, &call->limited, &status) == NNRPC_OK) {
        return true;
    }
    fail_call(call, &status);
    return false;
}

static void run_ready_calls(struct nnrpc_served_frame *frame) {
    struct nnrpc_server *server = frame->server;
    struct write_chain chain = {0};
    uint64_t now_ns = nnrpc_clock_ns();
    uint64_t budget_end_ns = now_ns + (uint64_t)server->options.frame_budget_us * 1000;
    for (size_t index = 0; index < frame->call_count; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        if (!call->ready || !passes_limits(call, now_ns)) {
            continue;
        }
        bool is_read = call->target->is_read;
        if (!is_read && (call->slow || chain.first != NULL)) {
            append_write(&chain, call);
        } else if (call->slow) {
            move_to_pool(call, pool_of(call, server->slow_pool));
        } else if (is_read && now_ns >= budget_end_ns) {
            move_to_pool(call, pool_of(call, server->read_pool));
        } else {
            now_ns = run_handler(call, now_ns);
        }
    }
    if (chain.first != NULL) {
        move_to_pool(chain.first, pool_of(chain.first, server->slow_pool));
    }
}

/* --- Checks ------------------------------------------------------------------------------- */

static const char *copy_unknown_name(struct nnrpc_served_frame *frame, struct nnrpc_slice name) {
    size_t size = name.size < UNKNOWN_NAME_BYTES ? name.size : UNKNOWN_NAME_BYTES;
    const char *copy = nnrpc_arena_copy(&frame->arena, name.data, size);
    return copy == NULL ? "" : copy;
}

static enum nnrpc_code fail_unknown_method(
    struct nnrpc_call *call, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, "UNKNOWN_METHOD",
        "there is no method \"%.100s\" here", call->name);
}

static enum nnrpc_code fail_not_served(
    const struct nnrpc_call *call, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, "NOT_SERVED_HERE",
        "%s is not served on this address", call->target->served->service->name);
}

static enum nnrpc_code run_before(struct nnrpc_call *call, struct nnrpc_status *out_status) {
    const struct nnrpc_server *server = call->frame->server;
    for (size_t index = 0; index < server->interceptor_count; index++) {
        const struct nnrpc_interceptor *interceptor = &server->interceptors[index];
        if (interceptor->before != NULL) {
            enum nnrpc_code code = interceptor->before(interceptor->self, call, out_status);
            if (code != NNRPC_OK) {
                return code;
            }
        }
    }
    return NNRPC_OK;
}

static enum nnrpc_code fail_memory(
    const struct nnrpc_served_frame *frame, size_t size, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "decoding %zu bytes of request takes more memory than its frame of at most %zu bytes has "
        "left",
        size, frame->arena.limit_bytes);
}

static enum nnrpc_code check_size(const struct nnrpc_call *call, struct nnrpc_status *out_status) {
    size_t size = call->request.message.size;
    size_t most = nnrpc_limits_max_request(call);
    if (size <= most) {
        return NNRPC_OK;
    }
    nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "REQUEST_TOO_LARGE",
        "the request has %zu bytes, %s takes at most %zu", size, call->name, most);
    nnrpc_status_add_info(out_status, "request_bytes", "%zu", size);
    nnrpc_status_add_info(out_status, "max_request_bytes", "%zu", most);
    return NNRPC_RESOURCE_EXHAUSTED;
}

static enum nnrpc_code unpack_request(struct nnrpc_call *call, struct nnrpc_status *out_status) {
    struct nnrpc_arena *arena = &call->frame->arena;
    struct nnrpc_slice packed = call->request.message;
    const ProtobufCMessageDescriptor *type = call->target->method->request->descriptor;
    size_t unpack_bytes = 0;
    enum nnrpc_code code =
        nnrpc_scan_message(type, packed.data, packed.size, &unpack_bytes, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (unpack_bytes > arena->limit_bytes - arena->used_bytes) {
        return fail_memory(call->frame, packed.size, out_status);
    }
    arena->exhausted = false;
    call->message = protobuf_c_message_unpack(type, &arena->allocator, packed.size, packed.data);
    if (call->message == NULL && arena->exhausted) {
        return fail_memory(call->frame, packed.size, out_status);
    }
    if (call->message == NULL) {
        code = nnrpc_scan_required(type, packed.data, packed.size, out_status);
        return code != NNRPC_OK ? code
                                : nnrpc_fail(
                                      out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN,
                                      "MALFORMED_MESSAGE", "the request is not a %s", type->name);
    }
    return NNRPC_OK;
}

/* Everything before the handler. Whatever is not NNRPC_OK ends the call. */
static enum nnrpc_code check_call(
    struct nnrpc_call *call, uint64_t now_ns, struct nnrpc_status *out_status) {
    const struct nnrpc_server *server = call->frame->server;
    const struct nnrpc_target *target = call->target;
    if (target == NULL) {
        return fail_unknown_method(call, out_status);
    }
    if (!nnrpc_receiver_serves(call->frame->receiver, target->served)) {
        return fail_not_served(call, out_status);
    }
    if (!target->served->is_standing && atomic_load(&server->draining)) {
        nnrpc_call_set_reply_metadata(call, NNRPC_NOT_STARTED_KEY, "1", 1);
        return fail_draining(out_status);
    }
    if (deadline_has_passed(call, now_ns)) {
        return fail_deadline(call, out_status);
    }
    enum nnrpc_code code = run_before(call, out_status);
    if (code == NNRPC_OK) {
        code = check_size(call, out_status);
    }
    if (code == NNRPC_OK) {
        code = unpack_request(call, out_status);
    }
    if (code == NNRPC_OK && target->may_be_slow) {
        call->slow = nnrpc_method_lane(target->method, call->message) == NNRPC_LANE_SLOW;
    }
    return code;
}

static void check_calls(struct nnrpc_served_frame *frame) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    uint64_t now_ns = nnrpc_clock_ns();
    for (size_t index = 0; index < frame->call_count; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        if (!call->admitted) {
            fail_overloaded(call, "too many calls are in flight", IN_FLIGHT_RETRY_AFTER_MS);
        } else if (check_call(call, now_ns, &status) != NNRPC_OK) {
            fail_call(call, &status);
            nnrpc_status_reset(&status);
        } else {
            call->ready = true;
        }
    }
}

/* --- Taking a frame ----------------------------------------------------------------------- */

static void init_call(struct nnrpc_call *call, struct nnrpc_served_frame *frame) {
    /* Member by member: the arrays at the end are not worth clearing. */
    call->frame = frame;
    call->target = NULL;
    call->name = "";
    call->request = (struct nnrpc_request_view){0};
    call->message = NULL;
    call->next_move = NULL;
    call->deadline_ns = 0;
    call->role = NNRPC_ROLE_PUBLIC;
    call->exempt = false;
    call->admitted = true;
    call->ready = false;
    call->slow = false;
    call->offloaded = false;
    call->answered = false;
    call->limited = false;
    atomic_init(&call->cancelled, false);
    atomic_init(&call->started_ns, 0);
    call->ended_ns = 0;
    call->reply_bytes = 0;
    call->on_cancel = NULL;
    call->cancel_context = NULL;
    atomic_init(&call->is_traced, false);
    call->reply_offset = 0;
    call->reply_size = 0;
    call->metadata_size = 0;
    call->more = (struct nnrpc_buffer){0};
    call->caller[0] = '\0';
}

static bool allocate_calls(struct nnrpc_served_frame *frame, size_t count) {
    size_t size = count * sizeof(struct nnrpc_call);
    /* The calls themselves are not what the limit is about. */
    frame->arena.limit_bytes = frame->server->options.arena_limit_bytes + size;
    frame->call_count = count;
    frame->calls = nnrpc_arena_allocate(&frame->arena, size);
    return frame->calls != NULL;
}

/* Keeps lookups short: metadata that stands after requests is copied out, so that a search does
 * not walk the requests for every call. */
static void gather_metadata(struct nnrpc_served_frame *frame) {
    struct nnrpc_slice prefix = frame->request.metadata;
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(prefix.data, prefix.size);
    struct nnrpc_wire_field field;
    size_t metadata_bytes = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        metadata_bytes += field.number == FRAME_METADATA ? field.whole.size : 0;
    }
    frame->metadata = prefix;
    if (metadata_bytes == prefix.size) {
        return;
    }
    uint8_t *at = nnrpc_arena_allocate(&frame->arena, metadata_bytes);
    if (at == NULL) {
        return; /* slower, and as right */
    }
    frame->metadata = (struct nnrpc_slice){.data = at, .size = metadata_bytes};
    reader = nnrpc_wire_reader(prefix.data, prefix.size);
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == FRAME_METADATA) {
            memcpy(at, field.whole.data, field.whole.size);
            at += field.whole.size;
        }
    }
}

/* Reads the next request into a call and finds its method. */
static void read_call(
    struct nnrpc_served_frame *frame, struct nnrpc_wire_reader *reader, struct nnrpc_call *call) {
    init_call(call, frame);
    nnrpc_frame_next_request(reader, &call->request);
    call->target = nnrpc_route_find(&frame->server->routes, call->request.method);
    if (call->target != NULL) {
        call->name = call->target->method->name;
        call->exempt = call->target->served->is_administrative &&
                       nnrpc_receiver_is_administrative(frame->receiver);
        frame->has_secrets |= call->target->takes_secrets;
    } else {
        call->name = copy_unknown_name(frame, call->request.method);
    }
    if (call->request.timeout_ms != 0) {
        call->deadline_ns = frame->arrival_ns + (uint64_t)call->request.timeout_ms * 1000000;
    }
}

/* Standing services are answered however much is going on, and what will be refused anyway does
 * not count. */
static bool is_work(const struct nnrpc_call *call) {
    return call->target != NULL && !call->target->served->is_standing &&
           !atomic_load(&call->frame->server->draining);
}

/* Counts calls as in flight, as many as may be, and their frame. Returns how many. */
static size_t count_in_flight(struct nnrpc_server *server, size_t wanted, size_t exempt) {
    atomic_fetch_add(&server->frames_in_flight, 1);
    size_t before = atomic_fetch_add(&server->calls_in_flight, wanted);
    size_t limit = server->options.max_calls_in_flight;
    size_t room = before < limit ? limit - before : 0;
    size_t granted = wanted < room ? wanted : room;
    if (granted < wanted) {
        atomic_fetch_sub(&server->calls_in_flight, wanted - granted);
    }
    if (granted + exempt == 0) {
        atomic_fetch_sub(&server->frames_in_flight, 1);
    }
    return granted;
}

/* Reads all calls and decides which are admitted: the first ones of the frame. */
static void read_calls(struct nnrpc_served_frame *frame) {
    struct nnrpc_wire_reader reader =
        nnrpc_wire_reader(frame->request.bytes.data, frame->request.bytes.size);
    size_t wanted = 0;
    size_t exempt = 0;
    for (size_t index = 0; index < frame->call_count; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        read_call(frame, &reader, call);
        bool works = is_work(call);
        call->admitted = !works || call->exempt;
        exempt += works && call->exempt;
        wanted += works && !call->exempt;
    }
    size_t granted = wanted + exempt == 0 ? 0 : count_in_flight(frame->server, wanted, exempt);
    frame->admitted_count = granted;
    frame->was_accepted = granted + exempt > 0;
    for (size_t index = 0; index < frame->call_count && granted > 0; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        granted -= !call->admitted;
        call->admitted = true;
    }
}

/* Counts what the frame holds until it is answered; with too much held by all frames, its calls
 * are refused before they start. */
static void bound_memory(struct nnrpc_served_frame *frame) {
    struct nnrpc_server *server = frame->server;
    size_t held = frame->body_size + frame->arena.used_bytes;
    pthread_mutex_lock(&frame->lock);
    frame->memory_bytes += held;
    pthread_mutex_unlock(&frame->lock);
    size_t before = atomic_fetch_add(&server->memory_bytes, held);
    if (before + held <= server->options.memory_limit_bytes) {
        return;
    }
    for (size_t index = 0; index < frame->call_count; index++) {
        struct nnrpc_call *call = &frame->calls[index];
        if (call->ready && !call->exempt && !call->target->served->is_standing) {
            call->ready = false;
            fail_overloaded(
                call, "requests in flight take too much memory", IN_FLIGHT_RETRY_AFTER_MS);
        }
    }
}

/* A message that is no frame is answered by one response, through a call of no method. */
static void answer_malformed(struct nnrpc_served_frame *frame, const struct nnrpc_status *status) {
    nnrpc_stats_add(&frame->server->stats.malformed_frames, 1);
    frame->metadata = (struct nnrpc_slice){0};
    if (!allocate_calls(frame, 1)) {
        nnrpc_reply_without_memory(frame);
        return;
    }
    init_call(&frame->calls[0], frame);
    nnrpc_reply_begin(frame);
    fail_call(&frame->calls[0], status);
    nnrpc_reply_release(frame);
}

void nnrpc_dispatch_frame(struct nnrpc_served_frame *frame) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_stats *stats = &frame->server->stats;
    nnrpc_stats_add(&stats->frames, 1);
    nnrpc_stats_add(&stats->received_bytes, frame->body_size);
    frame->request = (struct nnrpc_request_frame){0};
    if (nnrpc_request_frame_open(frame->body, frame->body_size, &frame->request, &status) !=
        NNRPC_OK) {
        answer_malformed(frame, &status);
        return;
    }
    if (!allocate_calls(frame, frame->request.request_count)) {
        nnrpc_reply_without_memory(frame);
        return;
    }
    gather_metadata(frame);
    read_calls(frame);
    nnrpc_reply_begin(frame);
    check_calls(frame);
    bound_memory(frame);
    nnrpc_open_frames_add(&frame->server->open_frames, frame);
    run_ready_calls(frame);
    nnrpc_reply_release(frame);
}
