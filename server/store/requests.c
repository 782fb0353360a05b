/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request ids.
 *
 * Key: caller, 0, request id. Value: digest, revision, seconds, nanos (numbers of eight bytes), one
 * byte that says where the answer is, and the answer if it is here.
 */
#include "requests.h"

#include <string.h>

#include "changes.h"
#include "nnrpc/wire.h"

#define AT_REVISION STORE_DIGEST_BYTES
#define AT_SECONDS (AT_REVISION + KEY_NUMBER_BYTES)
#define AT_NANOS (AT_SECONDS + KEY_NUMBER_BYTES)
#define AT_SOURCE (AT_NANOS + KEY_NUMBER_BYTES)
#define HEAD_BYTES (AT_SOURCE + 1)

/* Where an answer is: here, or in a field of the change (a change_field). */
#define SOURCE_INLINE 0
/* The field of an answer that holds the resource. */
#define RESPONSE_RESOURCE 1

static struct key request_key(const struct store_write *write) {
    struct key key = key_of_owner(slice_of_text(write->caller));
    key_add_text(&key, slice_of_text(write->request_id));
    return key;
}

static bool is_import(struct nnrpc_slice request_id) {
    return slice_starts_with(request_id, slice_of_text(REQUEST_IMPORT_PREFIX));
}

static bool is_expired(
    struct nnrpc_slice value, struct nnrpc_slice request_id, struct record_time now,
    uint64_t retention_s) {
    if (is_import(request_id) && retention_s < REQUEST_IMPORT_RETENTION_S) {
        retention_s = REQUEST_IMPORT_RETENTION_S;
    }
    struct record_time kept_until = {
        .seconds = (int64_t)(number_read(value.data + AT_SECONDS) + retention_s),
        .nanos = (int32_t)number_read(value.data + AT_NANOS),
    };
    return record_time_compare(kept_until, now) <= 0;
}

static struct nnrpc_slice resource_of(const struct change *change, uint8_t source) {
    switch (source) {
    case CHANGE_FIELD_CONTACT:
        return change->contact;
    case CHANGE_FIELD_CUSTOMER:
        return change->customer;
    case CHANGE_FIELD_PRESET_VALUE:
        return change->preset_value;
    default:
        return (struct nnrpc_slice){.data = NULL, .size = 0};
    }
}

/* Appends the answer that a change holds. @return false when the change is not kept any more. */
static bool rebuild_response(
    struct engine_transaction *transaction, uint64_t revision, uint8_t source,
    struct nnrpc_buffer *out_response) {
    struct nnrpc_slice packed;
    struct change change;
    if (!change_find(transaction, revision, &packed)) {
        return false;
    }
    if (!change_read(packed, &change)) {
        engine_fail(transaction);
        return false;
    }
    struct nnrpc_slice resource = resource_of(&change, source);
    nnrpc_wire_append_bytes(out_response, RESPONSE_RESOURCE, resource.data, resource.size);
    return true;
}

enum request_state request_find(
    struct engine_transaction *transaction, const struct store_write *write, struct record_time now,
    uint64_t retention_s, uint64_t *out_revision, struct nnrpc_buffer *out_response) {
    struct key key = request_key(write);
    struct nnrpc_slice value;
    if (!engine_get(transaction, ENGINE_REQUESTS, key_slice(&key), &value)) {
        return REQUEST_NEW;
    }
    if (value.size < HEAD_BYTES) {
        engine_fail(transaction);
        return REQUEST_NEW;
    }
    if (is_expired(value, slice_of_text(write->request_id), now, retention_s)) {
        return REQUEST_NEW;
    }
    if (memcmp(value.data, write->digest, STORE_DIGEST_BYTES) != 0) {
        return REQUEST_REUSED;
    }
    uint64_t revision = number_read(value.data + AT_REVISION);
    uint8_t source = value.data[AT_SOURCE];
    if (source == SOURCE_INLINE) {
        nnrpc_buffer_append(out_response, value.data + HEAD_BYTES, value.size - HEAD_BYTES);
    } else if (!rebuild_response(transaction, revision, source, out_response)) {
        /* Changes are kept at least as long as request ids: this one was past its time under the
         * retention it was kept with. */
        return REQUEST_NEW;
    }
    *out_revision = revision;
    return REQUEST_REPEAT;
}

/* The field of a change from which an answer follows exactly, or SOURCE_INLINE. */
static uint8_t find_source(struct nnrpc_slice change, struct nnrpc_slice response) {
    static const uint8_t sources[] = {
        CHANGE_FIELD_CONTACT, CHANGE_FIELD_CUSTOMER, CHANGE_FIELD_PRESET_VALUE};
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(response.data, response.size);
    struct nnrpc_wire_field field;
    struct change parts;
    if (change.size == 0 || !nnrpc_wire_next(&reader, &field) ||
        field.number != RESPONSE_RESOURCE || field.type != NNRPC_WIRE_BYTES ||
        field.whole.size != response.size || !change_read(change, &parts)) {
        return SOURCE_INLINE;
    }
    for (size_t i = 0; i < NNRPC_LENGTH(sources); i++) {
        struct nnrpc_slice resource = resource_of(&parts, sources[i]);
        if (resource.size > 0 && slice_equals(resource, field.bytes)) {
            return sources[i];
        }
    }
    return SOURCE_INLINE;
}

void request_make_entry(
    const struct store_write *write, const struct request_answer *answer, struct key *out_key,
    struct nnrpc_buffer *out_value) {
    /* Import's ids outlive the change feed. */
    uint8_t source = is_import(slice_of_text(write->request_id))
                         ? SOURCE_INLINE
                         : find_source(answer->change, answer->response);
    uint8_t head[HEAD_BYTES];
    *out_key = request_key(write);
    memcpy(head, write->digest, STORE_DIGEST_BYTES);
    number_write(head + AT_REVISION, answer->revision);
    number_write(head + AT_SECONDS, (uint64_t)answer->time.seconds);
    number_write(head + AT_NANOS, (uint64_t)answer->time.nanos);
    head[AT_SOURCE] = source;
    nnrpc_buffer_append(out_value, head, sizeof(head));
    if (source == SOURCE_INLINE) {
        nnrpc_buffer_append(out_value, answer->response.data, answer->response.size);
    }
}

/* --- Expiry ------------------------------------------------------------------------------- */

/* The request id in a key: what stands behind the 0 after the caller. */
static struct nnrpc_slice id_of_key(struct nnrpc_slice key) {
    const uint8_t *end = memchr(key.data, 0, key.size);
    if (end == NULL) {
        return (struct nnrpc_slice){.data = NULL, .size = 0};
    }
    return (struct nnrpc_slice){.data = end + 1, .size = key.size - (size_t)(end + 1 - key.data)};
}

bool request_is_sound(struct nnrpc_slice key, struct nnrpc_slice value, uint64_t revision) {
    if (value.size < HEAD_BYTES || id_of_key(key).size == 0 ||
        number_read(value.data + AT_REVISION) > revision) {
        return false;
    }
    uint8_t source = value.data[AT_SOURCE];
    bool elsewhere = source == CHANGE_FIELD_CONTACT || source == CHANGE_FIELD_CUSTOMER ||
                     source == CHANGE_FIELD_PRESET_VALUE;
    return source == SOURCE_INLINE || (elsewhere && value.size == HEAD_BYTES);
}

/* Walks on and collects the keys of expired entries, each behind its size in two bytes. */
static bool collect_expired(
    struct request_sweep *sweep, struct engine_transaction *transaction, struct record_time now,
    uint64_t retention_s, uint32_t budget, struct nnrpc_buffer *out_keys) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_REQUESTS);
    bool found = engine_cursor_seek(&cursor, key_slice(&sweep->last));
    if (found && slice_equals(cursor.key, key_slice(&sweep->last))) {
        found = engine_cursor_next(&cursor);
    }
    for (uint32_t i = 0; found && i < budget; i++) {
        if (cursor.value.size < HEAD_BYTES) {
            engine_fail(transaction);
            return false;
        }
        if (is_expired(cursor.value, id_of_key(cursor.key), now, retention_s)) {
            const uint16_t size = (uint16_t)cursor.key.size;
            nnrpc_buffer_append(out_keys, &size, sizeof(size));
            nnrpc_buffer_append(out_keys, cursor.key.data, cursor.key.size);
        }
        sweep->last = key_copy(cursor.key);
        found = engine_cursor_next(&cursor);
    }
    return !found;
}

bool request_sweep_step(
    struct request_sweep *sweep, struct engine_transaction *transaction, struct record_time now,
    uint64_t retention_s, uint32_t budget) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer keys = {0};
    bool ended = collect_expired(sweep, transaction, now, retention_s, budget, &keys);
    /* Without memory the round goes on; what was missed is found in the next one. */
    size_t at = 0;
    while (!keys.failed && at < keys.size) {
        uint16_t size = 0;
        memcpy(&size, keys.data + at, sizeof(size));
        at += sizeof(size);
        engine_delete(
            transaction, ENGINE_REQUESTS,
            (struct nnrpc_slice){.data = keys.data + at, .size = size});
        at += size;
    }
    if (ended) {
        sweep->last.size = 0;
    }
    return ended;
}
