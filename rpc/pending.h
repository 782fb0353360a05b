/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: made, filled, listed, pooled. Functions that say "locked" want the client's mutex.
 */
#ifndef NNRPC_PENDING_H
#define NNRPC_PENDING_H

#include "client_state.h"

/** Takes a call from the pool or makes one; NULL without memory. Not locked. */
struct nnrpc_pending *pending_new(struct nnrpc_client *client);

/** The same, locked. */
struct nnrpc_pending *pending_take(struct nnrpc_client *client);

/** Returns a call that nobody needs, locked. The reply's body, if this was its last user, goes to
 *  the caller, who frees it without the lock. */
NNRPC_NODISCARD void *pending_release(struct nnrpc_pending *pending);

/** Frees a call that was never in a pool's hands again: for nnrpc_client_free(). */
void pending_free(struct nnrpc_pending *pending);

/** What is asked, either as a message or packed. */
struct pending_request {
    const ProtobufCMessage *message; /* NULL: packed */
    const void *packed;
    size_t packed_size;
};

/**
 * Packs the request, fills an empty request id, and sets what the options say.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE, or no memory).
 */
NNRPC_NODISCARD enum nnrpc_code pending_fill(
    struct nnrpc_pending *pending, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const struct pending_request *request,
    struct nnrpc_status *out_status);

/**
 * Says why there was no answer before the deadline.
 *
 * @param was_sent  Whether the server may have the call, as far as the last try goes.
 * @return NNRPC_DEADLINE_EXCEEDED, or what an earlier try said when the last one was not sent, such
 *         as NNRPC_UNAVAILABLE when the server could not be reached.
 */
enum nnrpc_code pending_fail_deadline(
    const struct nnrpc_pending *pending, bool was_sent, struct nnrpc_status *out_status);

/** Whether an error is the server's judgement of the request, so that it says, under the same
 * request id, what became of the tries before too. */
bool pending_is_judged(enum nnrpc_code code);

/** Adds to the error that ends a call that a try of it may have taken effect, if that is so: to the
 *  message, and as info may_have_taken_effect=true. */
void pending_tell_effect(const struct nnrpc_pending *pending, struct nnrpc_status *status);

/** Counts a call among the unfinished ones, or no more; locked. */
void pending_count(struct nnrpc_pending *pending);
void pending_uncount(struct nnrpc_pending *pending);

/** Lists; locked. */
void pending_list_append(struct pending_list *list, struct nnrpc_pending *pending);
void pending_list_prepend(struct pending_list *list, struct nnrpc_pending *pending);
void pending_list_remove(struct pending_list *list, struct nnrpc_pending *pending);

#endif
