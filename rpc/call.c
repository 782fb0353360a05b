/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler may ask of its call and how it answers. Everything about the reply's room and
 * order is reply.c's.
 */
#include "call.h"

#include <stdio.h>
#include <string.h>

#include "reply.h"
#include "server_state.h"

static struct nnrpc_answer answer_of(enum nnrpc_answer_kind kind) {
    return (struct nnrpc_answer){.opaque = kind};
}

/* --- Answering ---------------------------------------------------------------------------- */

static struct nnrpc_answer fail_internal(struct nnrpc_call *call, const char *problem) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, NNRPC_INTERNAL, NNRPC_DOMAIN, "INTERNAL", "the handler of %s %s", call->name,
        problem);
    nnrpc_reply_complete(call, &(struct nnrpc_outcome){.status = &status});
    return answer_of(NNRPC_ANSWER_GIVEN);
}

struct nnrpc_answer nnrpc_call_reply(struct nnrpc_call *call, const ProtobufCMessage *response) {
    if (call->target == NULL ||
        response->descriptor != call->target->method->response->descriptor) {
        return fail_internal(call, "answered with a message of another type");
    }
    struct nnrpc_outcome outcome = {
        .message = response,
        .size = protobuf_c_message_get_packed_size(response),
    };
    nnrpc_reply_complete(call, &outcome);
    return answer_of(NNRPC_ANSWER_GIVEN);
}

struct nnrpc_answer nnrpc_call_reply_packed(
    struct nnrpc_call *call, const void *bytes, size_t size) {
    nnrpc_reply_complete(call, &(struct nnrpc_outcome){.bytes = bytes, .size = size});
    return answer_of(NNRPC_ANSWER_GIVEN);
}

struct nnrpc_answer nnrpc_call_fail(struct nnrpc_call *call, const struct nnrpc_status *status) {
    if (status->code <= NNRPC_OK || status->code >= NNRPC_CODE_COUNT) {
        return fail_internal(call, "failed with a status that is no error");
    }
    nnrpc_reply_complete(call, &(struct nnrpc_outcome){.status = status});
    return answer_of(NNRPC_ANSWER_GIVEN);
}

struct nnrpc_answer nnrpc_call_fail_too_large(struct nnrpc_call *call, size_t reply_bytes) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_reply_refuse_size(call, reply_bytes, &status);
    return nnrpc_call_fail(call, &status);
}

struct nnrpc_answer nnrpc_call_defer(struct nnrpc_call *call) {
    (void)call;
    return answer_of(NNRPC_ANSWER_DEFERRED);
}

struct nnrpc_answer nnrpc_call_offload(struct nnrpc_call *call) {
    if (call->offloaded) {
        return fail_internal(call, "asked for a worker while it runs on one");
    }
    return answer_of(NNRPC_ANSWER_OFFLOAD);
}

/* --- What the call is --------------------------------------------------------------------- */

bool nnrpc_call_is_offloaded(const struct nnrpc_call *call) {
    return call->offloaded;
}

const struct nnrpc_method *nnrpc_call_method(const struct nnrpc_call *call) {
    return call->target == NULL ? NULL : call->target->method;
}

const char *nnrpc_call_method_name(const struct nnrpc_call *call) {
    return call->name;
}

struct nnrpc_slice nnrpc_call_request_bytes(const struct nnrpc_call *call) {
    return call->request.message;
}

bool nnrpc_call_get_metadata(
    const struct nnrpc_call *call, const char *key, struct nnrpc_slice *out_value) {
    return nnrpc_frame_find_metadata(call->request.whole, REQUEST_METADATA, key, out_value) ||
           nnrpc_frame_find_metadata(call->frame->metadata, FRAME_METADATA, key, out_value);
}

uint64_t nnrpc_call_deadline_ns(const struct nnrpc_call *call) {
    return call->deadline_ns;
}

uint64_t nnrpc_call_arrival_ns(const struct nnrpc_call *call) {
    return call->frame->arrival_ns;
}

size_t nnrpc_call_reply_budget(const struct nnrpc_call *call, bool alone) {
    return nnrpc_reply_room(call, alone);
}

void *nnrpc_call_allocate(struct nnrpc_call *call, size_t size) {
    struct nnrpc_served_frame *frame = call->frame;
    pthread_mutex_lock(&frame->lock);
    void *memory = nnrpc_arena_allocate(&frame->arena, size);
    pthread_mutex_unlock(&frame->lock);
    return memory;
}

void nnrpc_call_set_caller(struct nnrpc_call *call, const char *name, enum nnrpc_role role) {
    size_t size = strnlen(name, sizeof(call->caller) - 1);
    memcpy(call->caller, name, size);
    call->caller[size] = '\0';
    call->role = role;
}

const char *nnrpc_call_caller(const struct nnrpc_call *call) {
    return call->caller;
}

enum nnrpc_role nnrpc_call_role(const struct nnrpc_call *call) {
    return call->role;
}

const char *nnrpc_call_address(const struct nnrpc_call *call) {
    return call->frame->receiver->url;
}

/* --- Reply metadata ----------------------------------------------------------------------- */

struct nnrpc_slice nnrpc_call_packed_metadata(const struct nnrpc_call *call) {
    return (struct nnrpc_slice){
        .data = call->more.data != NULL ? call->more.data : call->metadata,
        .size = call->metadata_size,
    };
}

static uint8_t *metadata_bytes(struct nnrpc_call *call) {
    return call->more.data != NULL ? call->more.data : call->metadata;
}

/* Finds the whole field of a key. */
static bool find_entry(
    const struct nnrpc_call *call, const char *key, struct nnrpc_slice *out_whole) {
    struct nnrpc_slice packed = nnrpc_call_packed_metadata(call);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field entry;
    size_t key_size = strlen(key);
    while (nnrpc_wire_next(&reader, &entry)) {
        struct nnrpc_wire_reader inner = nnrpc_wire_reader(entry.bytes.data, entry.bytes.size);
        struct nnrpc_wire_field field;
        if (nnrpc_wire_next(&inner, &field) && field.bytes.size == key_size &&
            memcmp(field.bytes.data, key, key_size) == 0) {
            *out_whole = entry.whole;
            return true;
        }
    }
    return false;
}

static void remove_entry(struct nnrpc_call *call, const char *key) {
    struct nnrpc_slice whole;
    if (find_entry(call, key, &whole)) {
        uint8_t *bytes = metadata_bytes(call);
        size_t offset = (size_t)(whole.data - bytes);
        size_t after = call->metadata_size - offset - whole.size;
        memmove(bytes + offset, bytes + offset + whole.size, after);
        call->metadata_size -= whole.size;
    }
}

/* Where `size` more bytes go: in the call itself while they fit, then in a buffer. NULL without
 * memory. */
static uint8_t *reserve_metadata(struct nnrpc_call *call, size_t size) {
    struct nnrpc_buffer *more = &call->more;
    if (more->data == NULL && call->metadata_size + size <= sizeof(call->metadata)) {
        return call->metadata + call->metadata_size;
    }
    bool moves = more->data == NULL;
    more->size = moves ? 0 : call->metadata_size;
    if (nnrpc_buffer_reserve(more, moves ? call->metadata_size + size : size) == NULL) {
        more->failed = false;
        return NULL;
    }
    if (moves) {
        memcpy(more->data, call->metadata, call->metadata_size);
    }
    return more->data + call->metadata_size;
}

void nnrpc_call_set_reply_metadata(
    struct nnrpc_call *call, const char *key, const void *value, size_t value_size) {
    size_t key_size = strlen(key);
    size_t content_size = nnrpc_wire_bytes_field_size(METADATA_KEY, key_size) +
                          nnrpc_wire_bytes_field_size(METADATA_VALUE, value_size);
    remove_entry(call, key);
    size_t size = nnrpc_wire_bytes_field_size(RESPONSE_METADATA, content_size);
    uint8_t *at = reserve_metadata(call, size);
    if (at == NULL) {
        return;
    }
    at = nnrpc_wire_put_bytes_header(at, RESPONSE_METADATA, content_size);
    at = nnrpc_wire_put_bytes_header(at, METADATA_KEY, key_size);
    memcpy(at, key, key_size);
    at = nnrpc_wire_put_bytes_header(at + key_size, METADATA_VALUE, value_size);
    if (value_size > 0) {
        memcpy(at, value, value_size);
    }
    call->metadata_size += size;
}

bool nnrpc_call_has_reply_metadata(const struct nnrpc_call *call, const char *key) {
    struct nnrpc_slice whole;
    return find_entry(call, key, &whole);
}
