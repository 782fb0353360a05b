/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log records.
 */
#include "log_record.h"

#include "apply.h"

#define FIELD_RECORD 1

/* Fields of a record. */
enum {
    FIELD_CHANGE = 1,
    FIELD_SECRET_CONTACT_ID = 2,
    FIELD_SECRET = 3,
    FIELD_NEXT_CUSTOMER_NUMBER = 4,
    FIELD_REQUEST_KEY = 5,
    FIELD_REQUEST_VALUE = 6,
};

void log_record_apply(
    struct engine_transaction *transaction, struct state *state, const struct log_record *record) {
    if (record->change.size > 0) {
        apply_change(transaction, state, record->change);
    }
    if (record->secret_contact_id != 0) {
        apply_secret(transaction, record->secret_contact_id, record->secret);
    }
    if (record->next_customer_number > state->next_customer_number) {
        state->next_customer_number = record->next_customer_number;
    }
    if (record->request_key.size > 0) {
        engine_put(transaction, ENGINE_REQUESTS, record->request_key, record->request_value);
    }
}

/* --- Packing ------------------------------------------------------------------------------ */

static size_t bytes_size(uint32_t number, struct nnrpc_slice bytes) {
    return bytes.size == 0 ? 0 : nnrpc_wire_bytes_field_size(number, bytes.size);
}

static size_t number_size(uint32_t number, uint64_t value) {
    return value == 0 ? 0 : nnrpc_wire_tag_size(number) + nnrpc_wire_varint_size(value);
}

static size_t packed_size(const struct log_record *record) {
    return bytes_size(FIELD_CHANGE, record->change) +
           number_size(FIELD_SECRET_CONTACT_ID, record->secret_contact_id) +
           bytes_size(FIELD_SECRET, record->secret) +
           number_size(FIELD_NEXT_CUSTOMER_NUMBER, record->next_customer_number) +
           bytes_size(FIELD_REQUEST_KEY, record->request_key) +
           bytes_size(FIELD_REQUEST_VALUE, record->request_value);
}

static void append_bytes(struct nnrpc_buffer *buffer, uint32_t number, struct nnrpc_slice bytes) {
    if (bytes.size > 0) {
        nnrpc_wire_append_bytes(buffer, number, bytes.data, bytes.size);
    }
}

static void append_number(struct nnrpc_buffer *buffer, uint32_t number, uint64_t value) {
    if (value != 0) {
        nnrpc_wire_append_varint(buffer, number, value);
    }
}

void log_record_append(const struct log_record *record, struct nnrpc_buffer *out_records) {
    size_t size = packed_size(record);
    size_t whole = nnrpc_wire_bytes_field_size(FIELD_RECORD, size);
    uint8_t *at = nnrpc_buffer_reserve(out_records, whole);
    if (at == NULL) {
        return;
    }
    nnrpc_wire_put_bytes_header(at, FIELD_RECORD, size);
    out_records->size += whole - size;
    append_bytes(out_records, FIELD_CHANGE, record->change);
    append_number(out_records, FIELD_SECRET_CONTACT_ID, record->secret_contact_id);
    append_bytes(out_records, FIELD_SECRET, record->secret);
    append_number(out_records, FIELD_NEXT_CUSTOMER_NUMBER, record->next_customer_number);
    append_bytes(out_records, FIELD_REQUEST_KEY, record->request_key);
    append_bytes(out_records, FIELD_REQUEST_VALUE, record->request_value);
}

/* --- Reading ------------------------------------------------------------------------------ */

static bool read_field(const struct nnrpc_wire_field *field, struct log_record *record) {
    bool is_bytes = field->type == NNRPC_WIRE_BYTES;
    bool is_number = field->type == NNRPC_WIRE_VARINT;
    switch (field->number) {
    case FIELD_CHANGE:
        record->change = field->bytes;
        return is_bytes;
    case FIELD_SECRET_CONTACT_ID:
        record->secret_contact_id = field->value;
        return is_number;
    case FIELD_SECRET:
        record->secret = field->bytes;
        return is_bytes;
    case FIELD_NEXT_CUSTOMER_NUMBER:
        record->next_customer_number = field->value;
        return is_number;
    case FIELD_REQUEST_KEY:
        record->request_key = field->bytes;
        return is_bytes;
    case FIELD_REQUEST_VALUE:
        record->request_value = field->bytes;
        return is_bytes;
    default:
        return false; /* a version that knows it is needed */
    }
}

static bool read_record(struct nnrpc_slice packed, struct log_record *out_record) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    struct log_record record = {0};
    while (nnrpc_wire_next(&reader, &field)) {
        if (!read_field(&field, &record)) {
            return false;
        }
    }
    *out_record = record;
    return !reader.failed;
}

bool log_record_next(struct nnrpc_slice *records, struct log_record *out_record, bool *out_failed) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(records->data, records->size);
    struct nnrpc_wire_field field;
    if (records->size == 0) {
        return false;
    }
    if (!nnrpc_wire_next(&reader, &field) || field.number != FIELD_RECORD ||
        field.type != NNRPC_WIRE_BYTES || !read_record(field.bytes, out_record)) {
        *out_failed = true;
        return false;
    }
    records->data += field.whole.size;
    records->size -= field.whole.size;
    return true;
}
