/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts: what they share, and which is which.
 */
#include "act.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "keys.h"

/* Most text of a stored etag in a message. */
#define ETAG_SHOWN 64

enum nnrpc_code act_find_contact(
    struct act *act, const char *id, struct act_contact *out_contact,
    struct nnrpc_status *out_status) {
    struct act_contact contact = {0};
    if (!decimal_read(slice_of_text(id), &contact.id) ||
        !contact_find(act->transaction, contact.id, &contact.record)) {
        return fault_contact_not_found(out_status, id);
    }
    if (!contact_view_read(contact.record, &contact.view)) {
        engine_fail(act->transaction);
        return engine_check(act->transaction, out_status);
    }
    *out_contact = contact;
    return NNRPC_OK;
}

enum nnrpc_code act_find_customer(
    struct act *act, const char *id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice record;
    if (!customer_find(act->transaction, slice_of_text(id), &record)) {
        return fault_customer_not_found(out_status, id);
    }
    if (out_record != NULL) {
        *out_record = record;
    }
    return NNRPC_OK;
}

enum nnrpc_code act_check_etag(
    const char *given, struct nnrpc_slice standing, struct nnrpc_status *out_status) {
    if (given[0] == '\0' || slice_equals(slice_of_text(given), standing)) {
        return NNRPC_OK;
    }
    int size = (int)(standing.size < ETAG_SHOWN ? standing.size : ETAG_SHOWN);
    nnrpc_fail(
        out_status, NNRPC_ABORTED, STORE_DOMAIN, STORE_REASON(ETAG_MISMATCH),
        "the etag given is \"%.64s\", the resource has \"%.*s\": read it again", given, size,
        (const char *)standing.data);
    nnrpc_status_add_info(out_status, "etag", "%.*s", size, (const char *)standing.data);
    return NNRPC_ABORTED;
}

void act_check_contact_size(struct nnrpc_slice packed, struct nnrpc_status *status) {
    if (packed.size > RECORD_CONTACT_BYTES) {
        nnrpc_status_add_violation(
            status, "contact", STORE_REASON(TOO_LONG),
            "has %zu bytes when packed: at most %d are allowed", packed.size, RECORD_CONTACT_BYTES);
    }
}

enum nnrpc_code act_pack(
    struct act *act, const ProtobufCMessage *message, struct nnrpc_slice *out_packed,
    struct nnrpc_status *out_status) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = nnrpc_arena_allocate(act->arena, size + 1);
    if (bytes == NULL) {
        return fault_out_of_memory(out_status);
    }
    out_packed->size = protobuf_c_message_pack(message, bytes);
    out_packed->data = bytes;
    return NNRPC_OK;
}

enum nnrpc_code act_unpack(
    struct act *act, const ProtobufCMessageDescriptor *type, struct nnrpc_slice packed,
    ProtobufCMessage **out_message, struct nnrpc_status *out_status) {
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &act->arena->allocator, packed.size, packed.data);
    if (message == NULL) {
        if (act->arena->exhausted) {
            return fault_out_of_memory(out_status);
        }
        engine_fail(act->transaction);
        return engine_check(act->transaction, out_status);
    }
    *out_message = message;
    return NNRPC_OK;
}

void act_etag(const struct act *act, char out_etag[ACT_ETAG_BYTES]) {
    snprintf(
        out_etag, ACT_ETAG_BYTES, "%" PRIx64 "-%" PRIx64, act->epoch, act->state->revision + 1);
}

Google__Protobuf__Timestamp act_timestamp(struct record_time time) {
    Google__Protobuf__Timestamp message = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    message.seconds = time.seconds;
    message.nanos = time.nanos;
    return message;
}

void act_change(struct act *act, struct change *change) {
    /* A deletion that takes contacts along has said its revision itself. */
    if (change->revision == 0) {
        change->revision = act->state->revision + 1;
    }
    act->change_revision = change->revision;
    change->time = act->now;
    change->caller = slice_of_text(act->write->caller);
    change->request_id = slice_of_text(act->write->request_id);
    change_pack(change, act->change);
}

void act_answer(struct act *act, struct nnrpc_slice resource) {
    nnrpc_wire_append_bytes(act->response, 1, resource.data, resource.size);
}

enum nnrpc_code act_decide(struct act *act, struct nnrpc_status *out_status) {
    switch (act->write->act) {
    case STORE_CREATE_CONTACT:
        return act_create_contact(act, out_status);
    case STORE_UPDATE_CONTACT:
        return act_update_contact(act, out_status);
    case STORE_DELETE_CONTACT:
        return act_delete_contact(act, out_status);
    case STORE_CONVERT_TO_SHARED_CONTACT:
        return act_convert_contact(act, out_status);
    case STORE_IMPORT_CONTACT:
        return act_import_contact(act, out_status);
    case STORE_CREATE_CUSTOMER:
        return act_create_customer(act, out_status);
    case STORE_UPDATE_CUSTOMER:
        return act_update_customer(act, out_status);
    case STORE_DELETE_CUSTOMER:
        return act_delete_customer(act, out_status);
    case STORE_ADD_SHARED_CONTACT:
        return act_add_link(act, out_status);
    case STORE_REMOVE_SHARED_CONTACT:
        return act_remove_link(act, out_status);
    case STORE_PUT_PRESET_VALUE:
        return act_put_preset(act, out_status);
    case STORE_RETIRE_PRESET_VALUE:
        return act_retire_preset(act, out_status);
    }
    return nnrpc_fail(
        out_status, NNRPC_INTERNAL, STORE_DOMAIN, STORE_REASON(STORE_FAILED), "no such act");
}
