/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending calls and assembling the reply frame.
 *
 * Room: a response frame has at most limit_bytes, its frame id included. Every call that is not
 * answered holds NNRPC_RESPONSE_FLOOR_BYTES of them, in which any status fits once it is cut down
 * to code, reason and domain. So a frame can always be answered, and a call's own room is what is
 * left after the others' floors.
 */
#ifndef NNRPC_REPLY_H
#define NNRPC_REPLY_H

#include "call.h"

/** Room that every response has: a status of code, longest reason and longest domain. */
#define NNRPC_RESPONSE_FLOOR_BYTES 96

/** The most that a response frame may have, whatever the caller says. */
#define NNRPC_SERVER_MAX_REPLY_BYTES (16u << 20)

/** What a caller takes who does not say. */
#define NNRPC_DEFAULT_REPLY_BYTES (1u << 20)

/** How a call ended: a status that is not OK, or a response as a message or as packed bytes. */
struct nnrpc_outcome {
    const struct nnrpc_status *status; /* NULL: OK */
    const ProtobufCMessage *message;   /* NULL: packed bytes */
    const void *bytes;
    size_t size; /* packed, in either form */
};

/** Starts the frame's account of room. Before any of its calls ends. */
void nnrpc_reply_begin(struct nnrpc_served_frame *frame);

/** Ends a call: interceptors, statistics, encoding. A call that has ended is left alone. */
void nnrpc_reply_complete(struct nnrpc_call *call, const struct nnrpc_outcome *outcome);

/** Keeps the frame from being answered and reused until nnrpc_reply_release(). */
void nnrpc_reply_hold(struct nnrpc_served_frame *frame);

/** Gives up a hold; the last one, when every call is answered, sends the reply. */
void nnrpc_reply_release(struct nnrpc_served_frame *frame);

/** Room for the response message of a call, with and without the others of its frame. */
size_t nnrpc_reply_room(const struct nnrpc_call *call, bool alone);

/** Fills in why a response of a size was refused. */
void nnrpc_reply_refuse_size(
    const struct nnrpc_call *call, size_t reply_bytes, struct nnrpc_status *out_status);

/** Answers every request of a frame for whose calls there is no memory, and gives it back. */
void nnrpc_reply_without_memory(struct nnrpc_served_frame *frame);

#endif
