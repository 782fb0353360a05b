/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored records: packed messages, of which single fields are read without unpacking.
 */
#include "records.h"

#include <string.h>

#include "keys.h"

int record_time_compare(struct record_time a, struct record_time b) {
    if (a.seconds != b.seconds) {
        return a.seconds < b.seconds ? -1 : 1;
    }
    return a.nanos == b.nanos ? 0 : a.nanos < b.nanos ? -1 : 1;
}

bool record_time_read(struct nnrpc_slice packed, struct record_time *out_time) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    struct record_time time = {0};
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == 1 && field.type == NNRPC_WIRE_VARINT) {
            time.seconds = (int64_t)field.value;
        } else if (field.number == 2 && field.type == NNRPC_WIRE_VARINT) {
            time.nanos = (int32_t)field.value;
        }
    }
    *out_time = time;
    return !reader.failed;
}

static bool read_contact_field(const struct nnrpc_wire_field *field, struct contact_view *view) {
    switch (field->number) {
    case 1:
        return decimal_read(field->bytes, &view->id);
    case 2:
        view->customer_id = field->bytes;
        return true;
    case 15:
    case 17:
    case 19:
    case 21:
        view->numbers[(field->number - 15) / 2] = field->bytes;
        return true;
    case 23:
        view->email = field->bytes;
        return true;
    case 27:
        view->dealer_code = field->bytes;
        return true;
    case 40:
        return record_time_read(field->bytes, &view->create_time);
    case 42:
        view->etag = field->bytes;
        return true;
    default:
        return true;
    }
}

bool contact_view_read(struct nnrpc_slice record, struct contact_view *out_view) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(record.data, record.size);
    struct nnrpc_wire_field field;
    struct contact_view view = {0};
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.type == NNRPC_WIRE_BYTES && !read_contact_field(&field, &view)) {
            return false;
        }
        if (field.number == 33 && field.type == NNRPC_WIRE_VARINT) {
            view.has_account_password = field.value != 0;
        }
    }
    *out_view = view;
    return !reader.failed;
}

bool customer_view_read(struct nnrpc_slice record, struct customer_view *out_view) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(record.data, record.size);
    struct nnrpc_wire_field field;
    struct customer_view view = {0};
    bool fine = true;
    while (fine && nnrpc_wire_next(&reader, &field)) {
        if (field.type != NNRPC_WIRE_BYTES) {
            continue;
        }
        if (field.number == 1) {
            view.id = field.bytes;
        } else if (field.number == 3) {
            view.account_number = field.bytes;
        } else if (field.number == 4) {
            view.crm_reference = field.bytes;
        } else if (field.number == 40) {
            fine = record_time_read(field.bytes, &view.create_time);
        } else if (field.number == 42) {
            view.etag = field.bytes;
        }
    }
    *out_view = view;
    return fine && !reader.failed;
}

bool customer_record(
    struct engine_transaction *transaction, struct nnrpc_slice value,
    struct nnrpc_slice *out_record) {
    if (value.size < KEY_NUMBER_BYTES) {
        engine_fail(transaction);
        return false;
    }
    out_record->data = value.data + KEY_NUMBER_BYTES;
    out_record->size = value.size - KEY_NUMBER_BYTES;
    return true;
}

bool contact_find(
    struct engine_transaction *transaction, uint64_t id, struct nnrpc_slice *out_record) {
    struct key key = key_of_number(id);
    return engine_get(transaction, ENGINE_CONTACTS, key_slice(&key), out_record);
}

bool customer_find(
    struct engine_transaction *transaction, struct nnrpc_slice id, struct nnrpc_slice *out_record) {
    struct key key = key_of_text(id);
    struct nnrpc_slice value;
    return engine_get(transaction, ENGINE_CUSTOMERS, key_slice(&key), &value) &&
           customer_record(transaction, value, out_record);
}
