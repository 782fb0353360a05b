/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls. A call keeps its memory when it returns to the pool, so a warm client allocates nothing
 * for one; what it held is wiped, since requests carry secrets.
 */
#include "pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client_frame.h"
#include "clock.h"
#include "field.h"
#include "nnrpc/crypto.h"
#include "outgoing.h"

#define POOL_MAX 1024
#define POOLED_BUFFER_MAX_BYTES (16u << 10)
#define LENGTH_MAX_BYTES 5
#define NS_PER_MS UINT64_C(1000000)
#define EFFECT_KEY "may_have_taken_effect"

/* --- The pool ----------------------------------------------------------------------------- */

static struct nnrpc_pending *make(struct nnrpc_client *client) {
    struct nnrpc_pending *pending = calloc(1, sizeof(*pending));
    if (pending == NULL) {
        return NULL;
    }
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        free(pending);
        return NULL;
    }
    bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&pending->wake, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    if (!made) {
        free(pending);
        return NULL;
    }
    pending->client = client;
    pending->wake_fd = -1;
    return pending;
}

static struct nnrpc_pending *take_pooled(struct nnrpc_client *client) {
    struct nnrpc_pending *pending = client->pool;
    if (pending != NULL) {
        client->pool = pending->next;
        client->pool_count--;
        pending->next = NULL;
    }
    return pending;
}

struct nnrpc_pending *pending_take(struct nnrpc_client *client) {
    struct nnrpc_pending *pending = take_pooled(client);
    return pending != NULL ? pending : make(client);
}

struct nnrpc_pending *pending_new(struct nnrpc_client *client) {
    pthread_mutex_lock(&client->mutex);
    struct nnrpc_pending *pending = take_pooled(client);
    pthread_mutex_unlock(&client->mutex);
    return pending != NULL ? pending : make(client);
}

void pending_free(struct nnrpc_pending *pending) {
    nnrpc_status_deinit(&pending->status);
    nnrpc_wipe(pending->encoded.data, pending->encoded.size);
    nnrpc_buffer_deinit(&pending->encoded);
    (void)pthread_cond_destroy(&pending->wake);
    free(pending);
}

/* Gives up the call's part of a reply. The body is the caller's when that was the last. */
static void *drop_reply(struct nnrpc_pending *pending) {
    struct reply *reply = pending->reply;
    pending->reply = NULL;
    if (reply == NULL || --reply->reference_count > 0) {
        return NULL;
    }
    void *body = reply->body;
    reply->next = pending->client->reply_pool;
    pending->client->reply_pool = reply;
    return body;
}

void pending_count(struct nnrpc_pending *pending) {
    pending->is_counted = true;
    pending->client->unfinished[pending->lane_class]++;
}

void pending_uncount(struct nnrpc_pending *pending) {
    if (pending->is_counted) {
        pending->is_counted = false;
        pending->client->unfinished[pending->lane_class]--;
    }
}

void *pending_release(struct nnrpc_pending *pending) {
    struct nnrpc_client *client = pending->client;
    pending_uncount(pending);
    void *body = drop_reply(pending);
    nnrpc_status_deinit(&pending->status);
    nnrpc_wipe(pending->encoded.data, pending->encoded.size);
    if (client->pool_count >= POOL_MAX) {
        pending_free(pending);
        return body;
    }
    if (pending->encoded.capacity > POOLED_BUFFER_MAX_BYTES) {
        nnrpc_buffer_deinit(&pending->encoded);
    }
    nnrpc_buffer_clear(&pending->encoded);
    pending->reply_metadata = NULL;
    pending->parent = NULL;
    pending->trace = (struct nnrpc_trace){0};
    pending->metadata_count = 0;
    pending->answering_endpoint = 0;
    pending->avoided_endpoint = 0;
    pending->hedge_due_ns = 0;
    pending->first = NULL;
    pending->answer = NULL;
    pending->on_done = NULL;
    pending->is_unwanted = false;
    pending->is_alone = false;
    pending->is_abandoned = false;
    pending->may_have_arrived = false;
    pending->attempts = 0;
    pending->told_attempts = 0;
    pending->uncounted_attempts = 0;
    pending->lane = NULL;
    pending->next = client->pool;
    client->pool = pending;
    client->pool_count++;
    return body;
}

/* --- Filling ------------------------------------------------------------------------------ */

static const ProtobufCFieldDescriptor *request_id_field(const struct nnrpc_method *method) {
    return method->request_id_index < 0
               ? NULL
               : &method->request->descriptor->fields[method->request_id_index];
}

/* Whether packed bytes hold a text field with something in it. The last one counts. */
static bool has_packed_text(const struct pending_request *request, uint32_t number) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(request->packed, request->packed_size);
    struct nnrpc_wire_field field;
    bool found = false;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == number && field.type == NNRPC_WIRE_BYTES) {
            found = field.bytes.size > 0;
        }
    }
    return found;
}

/* Whether the caller gave an id of its own. */
static bool has_request_id(
    const struct pending_request *request, const ProtobufCFieldDescriptor *field) {
    return request->message == NULL ? has_packed_text(request, field->id)
                                    : nnrpc_field_is_set(field, request->message);
}

/* Checks that the call fits in a frame of its own. */
static enum nnrpc_code check_size(
    const struct nnrpc_client *client, size_t beside_bytes, size_t message_size,
    struct nnrpc_status *out_status) {
    size_t overhead = client_frame_overhead(client) + beside_bytes + 3 * (1 + LENGTH_MAX_BYTES);
    size_t most = overhead < NNRPC_FRAME_MAX_BYTES ? NNRPC_FRAME_MAX_BYTES - overhead : 0;
    if (message_size <= most) {
        return NNRPC_OK;
    }
    enum nnrpc_code code = nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "REQUEST_TOO_LARGE",
        "the request has %zu bytes, at most %zu fit in a frame", message_size, most);
    nnrpc_status_add_info(out_status, "request_bytes", "%zu", message_size);
    nnrpc_status_add_info(out_status, "max_request_bytes", "%zu", most);
    return code;
}

static void append_message(
    struct nnrpc_buffer *buffer, const struct pending_request *request, size_t packed_size,
    const ProtobufCFieldDescriptor *id_field, size_t id_size) {
    size_t message_size = packed_size + id_size;
    uint8_t *start = nnrpc_buffer_reserve(buffer, 1 + LENGTH_MAX_BYTES + message_size);
    if (start == NULL) {
        return;
    }
    uint8_t *at = nnrpc_wire_put_bytes_header(start, REQUEST_MESSAGE, message_size);
    if (request->message != NULL) {
        (void)protobuf_c_message_pack(request->message, at);
    } else if (packed_size > 0) {
        memcpy(at, request->packed, packed_size);
    }
    buffer->size += (size_t)(at - start) + packed_size;
    if (id_size > 0) {
        char id[NNRPC_UUID_TEXT_BYTES];
        nnrpc_uuid_v7(id);
        nnrpc_wire_append_bytes(buffer, id_field->id, id, NNRPC_UUID_TEXT_BYTES - 1);
    }
}

static enum nnrpc_code encode(
    struct nnrpc_pending *pending, const struct nnrpc_call_options *options,
    const struct pending_request *request, struct nnrpc_status *out_status) {
    const struct nnrpc_method *method = pending->method;
    const ProtobufCFieldDescriptor *id_field = request_id_field(method);
    bool fill = id_field != NULL && !has_request_id(request, id_field);
    size_t id_size =
        fill ? nnrpc_wire_bytes_field_size(id_field->id, NNRPC_UUID_TEXT_BYTES - 1) : 0;
    size_t packed_size = request->message != NULL
                             ? protobuf_c_message_get_packed_size(request->message)
                             : request->packed_size;
    nnrpc_wire_append_bytes(&pending->encoded, REQUEST_METHOD, method->name, strlen(method->name));
    enum nnrpc_code code = outgoing_begin(pending, options, out_status);
    if (code == NNRPC_OK) {
        code =
            check_size(pending->client, pending->encoded.size, packed_size + id_size, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    append_message(&pending->encoded, request, packed_size, id_field, id_size);
    if (pending->encoded.failed) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for a request of %zu bytes", packed_size);
    }
    return NNRPC_OK;
}

enum nnrpc_code pending_fill(
    struct nnrpc_pending *pending, const struct nnrpc_method *method,
    const struct nnrpc_call_options *options, const struct pending_request *request,
    struct nnrpc_status *out_status) {
    static const struct nnrpc_call_options no_options = {0};
    options = options == NULL ? &no_options : options;
    pending->method = method;
    pending->reply_metadata = options->reply_metadata;
    pending->timeout_ms =
        options->timeout_ms == 0 ? pending->client->timeout_ms : options->timeout_ms;
    pending->retry =
        options->retry == NULL ? pending->client->retry : retry_policy_resolve(options->retry);
    pending->waits_for_ready = options->wait_for_ready;
    pending->on_done = options->on_done;
    pending->on_done_context = options->on_done_context;
    pending->is_repeatable = method->idempotency == NNRPC_NO_SIDE_EFFECTS ||
                             method->idempotency == NNRPC_IDEMPOTENT ||
                             method->request_id_index >= 0;
    pending->started_ns = nnrpc_clock_ns();
    pending->deadline_ns = pending->started_ns + (uint64_t)pending->timeout_ms * NS_PER_MS;
    uint32_t hedge_ms =
        options->hedge_after_ms == 0 ? pending->client->hedge_after_ms : options->hedge_after_ms;
    if (hedge_ms != 0 && hedge_ms != UINT32_MAX && method->idempotency == NNRPC_NO_SIDE_EFFECTS) {
        pending->hedge_due_ns = pending->started_ns + hedge_ms * NS_PER_MS;
    }
    return encode(pending, options, request, out_status);
}

/* --- Ending ------------------------------------------------------------------------------- */

bool pending_is_judged(enum nnrpc_code code) {
    static const uint32_t judgements =
        1u << NNRPC_INVALID_ARGUMENT | 1u << NNRPC_NOT_FOUND | 1u << NNRPC_ALREADY_EXISTS |
        1u << NNRPC_FAILED_PRECONDITION | 1u << NNRPC_ABORTED | 1u << NNRPC_OUT_OF_RANGE;
    return (unsigned)code < NNRPC_CODE_COUNT && (judgements & 1u << code) != 0;
}

static void append_to_message(struct nnrpc_status *status, const char *text) {
    size_t used = strlen(status->message);
    (void)snprintf(status->message + used, sizeof(status->message) - used, "%s", text);
}

static bool has_effects(const struct nnrpc_pending *pending) {
    return pending->method->idempotency != NNRPC_NO_SIDE_EFFECTS;
}

static void tell_effect(struct nnrpc_status *status) {
    if (nnrpc_status_get_info(status, EFFECT_KEY) == NULL) {
        append_to_message(status, "; the call may have taken effect");
        nnrpc_status_add_info(status, EFFECT_KEY, "true");
    }
}

void pending_tell_effect(const struct nnrpc_pending *pending, struct nnrpc_status *status) {
    if (pending->may_have_arrived && has_effects(pending) && status->code != NNRPC_OK &&
        !pending_is_judged(status->code)) {
        tell_effect(status);
    }
}

enum nnrpc_code pending_fail_deadline(
    const struct nnrpc_pending *pending, bool was_sent, struct nnrpc_status *out_status) {
    was_sent |= pending->is_alone; /* its first answer came, and did not fit */
    if (pending->status.code != NNRPC_OK && pending->attempts > 0 && !was_sent) {
        /* an earlier try told why */
        if (out_status != NULL) {
            nnrpc_status_copy(out_status, &pending->status);
            nnrpc_status_add_info(out_status, "attempts", "%u", pending->attempts);
            pending_tell_effect(pending, out_status);
        }
        return pending->status.code;
    }
    enum nnrpc_code code = nnrpc_fail(
        out_status, NNRPC_DEADLINE_EXCEEDED, NNRPC_DOMAIN, "DEADLINE_EXCEEDED",
        was_sent ? "no answer within %u ms" : "the call could not be sent within %u ms",
        pending->timeout_ms);
    if (out_status != NULL && was_sent && has_effects(pending)) {
        tell_effect(out_status);
    }
    return code;
}

/* --- Lists -------------------------------------------------------------------------------- */

static void count_in(struct pending_list *list, const struct nnrpc_pending *pending) {
    list->count++;
    list->bytes += pending->encoded.size;
}

void pending_list_append(struct pending_list *list, struct nnrpc_pending *pending) {
    count_in(list, pending);
    pending->next = NULL;
    pending->previous = list->last;
    if (list->last == NULL) {
        list->first = pending;
    } else {
        list->last->next = pending;
    }
    list->last = pending;
}

void pending_list_prepend(struct pending_list *list, struct nnrpc_pending *pending) {
    count_in(list, pending);
    pending->previous = NULL;
    pending->next = list->first;
    if (list->first == NULL) {
        list->last = pending;
    } else {
        list->first->previous = pending;
    }
    list->first = pending;
}

void pending_list_remove(struct pending_list *list, struct nnrpc_pending *pending) {
    list->count--;
    list->bytes -= pending->encoded.size;
    if (pending->previous == NULL) {
        list->first = pending->next;
    } else {
        pending->previous->next = pending->next;
    }
    if (pending->next == NULL) {
        list->last = pending->previous;
    } else {
        pending->next->previous = pending->previous;
    }
    pending->next = NULL;
    pending->previous = NULL;
}
