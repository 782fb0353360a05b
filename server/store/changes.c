/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed.
 */
#include "changes.h"

#include <inttypes.h>
#include <stdio.h>

#include "faults.h"
#include "keys.h"
#include "snapshot.h"

/* Field numbers of Change. */
enum {
    FIELD_REVISION = 1,
    FIELD_TIME = 2,
    FIELD_CALLER = 3,
    FIELD_REQUEST_ID = 4,
    FIELD_KIND = 5,
    FIELD_LINKS = 7,
};

static void append_present(
    struct nnrpc_buffer *buffer, uint32_t number, struct nnrpc_slice content) {
    if (content.size > 0) {
        nnrpc_wire_append_bytes(buffer, number, content.data, content.size);
    }
}

static void append_time(struct nnrpc_buffer *buffer, uint32_t number, struct record_time time) {
    uint64_t seconds = (uint64_t)time.seconds;
    uint64_t nanos = (uint64_t)time.nanos;
    size_t size = (seconds == 0 ? 0 : 1 + nnrpc_wire_varint_size(seconds)) +
                  (nanos == 0 ? 0 : 1 + nnrpc_wire_varint_size(nanos));
    uint8_t *at = nnrpc_buffer_reserve(buffer, nnrpc_wire_bytes_field_size(number, size));
    if (at == NULL) {
        return;
    }
    nnrpc_wire_put_bytes_header(at, number, size);
    buffer->size += nnrpc_wire_bytes_field_size(number, size) - size;
    if (seconds != 0) {
        nnrpc_wire_append_varint(buffer, 1, seconds);
    }
    if (nanos != 0) {
        nnrpc_wire_append_varint(buffer, 2, nanos);
    }
}

void change_pack(const struct change *change, struct nnrpc_buffer *out_packed) {
    nnrpc_wire_append_varint(out_packed, FIELD_REVISION, change->revision);
    append_time(out_packed, FIELD_TIME, change->time);
    append_present(out_packed, FIELD_CALLER, change->caller);
    append_present(out_packed, FIELD_REQUEST_ID, change->request_id);
    nnrpc_wire_append_varint(out_packed, FIELD_KIND, (uint64_t)change->kind);
    append_present(out_packed, CHANGE_FIELD_CONTACT, change->contact);
    nnrpc_buffer_append(out_packed, change->links.data, change->links.size);
    append_present(out_packed, CHANGE_FIELD_CUSTOMER, change->customer);
    append_present(out_packed, CHANGE_FIELD_PRESET_VALUE, change->preset_value);
}

void change_pack_link(const char *customer_id, struct nnrpc_buffer *out_links) {
    struct nnrpc_slice text = slice_of_text(customer_id);
    nnrpc_wire_append_bytes(out_links, FIELD_LINKS, text.data, text.size);
}

void change_pack_contact_name(
    uint64_t contact_id, struct nnrpc_slice customer_id, struct nnrpc_buffer *out_contact) {
    char text[24];
    int size = snprintf(text, sizeof(text), "%" PRIu64, contact_id);
    nnrpc_wire_append_bytes(out_contact, 1, text, (size_t)size);
    append_present(out_contact, 2, customer_id);
}

static void read_bytes_field(const struct nnrpc_wire_field *field, struct change *change) {
    switch (field->number) {
    case FIELD_CALLER:
        change->caller = field->bytes;
        break;
    case FIELD_REQUEST_ID:
        change->request_id = field->bytes;
        break;
    case CHANGE_FIELD_CONTACT:
        change->contact = field->bytes;
        break;
    case FIELD_LINKS:
        /* They stand one behind the other: remember the first and the length of all. */
        if (change->links.size == 0) {
            change->links.data = field->whole.data;
        }
        change->links.size += field->whole.size;
        break;
    case CHANGE_FIELD_CUSTOMER:
        change->customer = field->bytes;
        break;
    case CHANGE_FIELD_PRESET_VALUE:
        change->preset_value = field->bytes;
        break;
    default:
        break;
    }
}

bool change_read(struct nnrpc_slice packed, struct change *out_change) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    struct change change = {0};
    bool fine = true;
    while (fine && nnrpc_wire_next(&reader, &field)) {
        if (field.number == FIELD_REVISION && field.type == NNRPC_WIRE_VARINT) {
            change.revision = field.value;
        } else if (field.number == FIELD_KIND && field.type == NNRPC_WIRE_VARINT) {
            change.kind = (enum change_kind)field.value;
        } else if (field.number == FIELD_TIME && field.type == NNRPC_WIRE_BYTES) {
            fine = record_time_read(field.bytes, &change.time);
        } else if (field.type == NNRPC_WIRE_BYTES) {
            read_bytes_field(&field, &change);
        }
    }
    *out_change = change;
    return fine && !reader.failed;
}

bool change_next_link(struct nnrpc_slice *links, struct nnrpc_slice *out_customer_id) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(links->data, links->size);
    struct nnrpc_wire_field field;
    if (links->size == 0 || !nnrpc_wire_next(&reader, &field)) {
        return false;
    }
    *out_customer_id = field.bytes;
    links->data = reader.next;
    links->size -= field.whole.size;
    return true;
}

void change_put(
    struct engine_transaction *transaction, uint64_t revision, struct nnrpc_slice packed) {
    struct key key = key_of_number(revision);
    engine_put(transaction, ENGINE_CHANGES, key_slice(&key), packed);
}

bool change_find(
    struct engine_transaction *transaction, uint64_t revision, struct nnrpc_slice *out_packed) {
    struct key key = key_of_number(revision);
    return engine_get(transaction, ENGINE_CHANGES, key_slice(&key), out_packed);
}

uint64_t changes_floor(struct engine_transaction *transaction, const struct state *state) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CHANGES);
    return engine_cursor_first(&cursor) ? key_last_number(cursor.key) - 1 : state->revision;
}

/* Whether the cursor stands at a change from before a time. */
static bool is_before(struct engine_cursor *cursor, struct record_time before) {
    struct change change;
    if (!change_read(cursor->value, &change)) {
        engine_fail(cursor->transaction);
        return false;
    }
    return record_time_compare(change.time, before) < 0;
}

/* Counts the oldest changes from before a time, up to a budget, and finds the first revision. */
static uint32_t count_before(
    struct engine_transaction *transaction, struct record_time before, uint32_t budget,
    uint64_t *out_first) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CHANGES);
    uint32_t count = 0;
    bool found = engine_cursor_first(&cursor);
    *out_first = found ? key_last_number(cursor.key) : 0;
    while (found && count < budget && is_before(&cursor, before)) {
        count++;
        found = engine_cursor_next(&cursor);
    }
    return count;
}

uint32_t changes_compact(
    struct engine_transaction *transaction, struct record_time before, uint32_t budget) {
    uint64_t first = 0;
    uint32_t count = count_before(transaction, before, budget, &first);
    for (uint32_t i = 0; i < count; i++) {
        struct key key = key_of_number(first + i); /* revisions have no gaps */
        engine_delete(transaction, ENGINE_CHANGES, key_slice(&key));
    }
    return count;
}

enum nnrpc_code store_list_changes(
    struct store_snapshot *snapshot, uint64_t after_revision, uint32_t page_size,
    store_visit_record visit, void *self, uint64_t *out_next_revision,
    struct nnrpc_status *out_status) {
    struct engine_transaction *transaction = snapshot->transaction;
    struct state state = state_read(transaction);
    uint64_t floor = changes_floor(transaction, &state);
    if (!engine_failed(transaction) && after_revision < floor) {
        nnrpc_fail(
            out_status, NNRPC_OUT_OF_RANGE, STORE_DOMAIN, STORE_REASON(CHANGES_COMPACTED),
            "the changes after revision %llu are no longer all kept: the oldest that works is %llu",
            (unsigned long long)after_revision, (unsigned long long)floor);
        nnrpc_status_add_info(out_status, "oldest_revision", "%llu", (unsigned long long)floor);
        return NNRPC_OUT_OF_RANGE;
    }
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CHANGES);
    uint64_t next_revision = after_revision;
    struct key key = key_of_number(after_revision + 1);
    bool found = after_revision < state.revision && engine_cursor_seek(&cursor, key_slice(&key));
    for (uint32_t count = 0; found && count < page_size; count++) {
        if (!visit(self, cursor.value)) {
            break;
        }
        next_revision = key_last_number(cursor.key);
        found = engine_cursor_next(&cursor);
    }
    enum nnrpc_code code = engine_check(transaction, out_status);
    if (code == NNRPC_OK) {
        *out_next_revision = next_revision;
    }
    return code;
}
