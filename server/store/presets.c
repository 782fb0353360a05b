/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presets: the values that some fields of a contact allow.
 */
#include "presets.h"

#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "keys.h"
#include "nnrpc/wire.h"
#include "snapshot.h"

/* The beginning of a name that stands in the key. */
#define NAME_KEY_BYTES 500
/* Field number of a record in its bucket: a bucket is a packed message of nothing else. */
#define BUCKET_FIELD 1

/* Field numbers of PresetValue. */
enum {
    FIELD_FIELD = 1,
    FIELD_NAME = 2,
    FIELD_RETIRED = 3,
};

const char *const store_preset_fields[] = {
    "contactType",
    "title",
    "country",
    "numberType",
    "dealerCode",
    "contactRegarding",
    "emailBillType",
    "invoiceUsageReportCustomerProfile",
    "copyCorrespondenceTypeIDs",
    "copyTicketTypeIDs",
    NULL,
};

int preset_field_index(struct nnrpc_slice name) {
    for (int i = 0; store_preset_fields[i] != NULL; i++) {
        if (slice_equals(name, slice_of_text(store_preset_fields[i]))) {
            return i;
        }
    }
    return -1;
}

struct key preset_key(int field, struct nnrpc_slice name) {
    struct key key;
    key.size = 0;
    key_add_byte(&key, (uint8_t)(field + 1));
    size_t size = name.size < NAME_KEY_BYTES ? name.size : NAME_KEY_BYTES;
    if (size > 0) {
        memcpy(key.bytes + key.size, name.data, size);
        key.size += size;
    }
    return key;
}

bool preset_read(
    struct nnrpc_slice record, struct nnrpc_slice *out_field, struct nnrpc_slice *out_name,
    bool *out_retired) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(record.data, record.size);
    struct nnrpc_wire_field field;
    *out_field = *out_name = (struct nnrpc_slice){.data = NULL, .size = 0};
    *out_retired = false;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == FIELD_FIELD) {
            *out_field = field.bytes;
        } else if (field.number == FIELD_NAME) {
            *out_name = field.bytes;
        } else if (field.number == FIELD_RETIRED) {
            *out_retired = field.value != 0;
        }
    }
    return !reader.failed;
}

bool preset_bucket_next(struct nnrpc_slice *bucket, struct nnrpc_slice *out_record) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bucket->data, bucket->size);
    struct nnrpc_wire_field field;
    if (bucket->size == 0 || !nnrpc_wire_next(&reader, &field)) {
        return false;
    }
    *out_record = field.bytes;
    bucket->data = reader.next;
    bucket->size -= field.whole.size;
    return true;
}

enum preset_state preset_find(
    struct engine_transaction *transaction, int field, struct nnrpc_slice name,
    struct nnrpc_slice *out_record) {
    struct key key = preset_key(field, name);
    struct nnrpc_slice bucket;
    struct nnrpc_slice record;
    if (!engine_get(transaction, ENGINE_PRESETS, key_slice(&key), &bucket)) {
        return PRESET_ABSENT;
    }
    while (preset_bucket_next(&bucket, &record)) {
        struct nnrpc_slice record_field;
        struct nnrpc_slice record_name;
        bool retired = false;
        if (!preset_read(record, &record_field, &record_name, &retired)) {
            engine_fail(transaction);
            return PRESET_ABSENT;
        }
        if (slice_equals(record_name, name)) {
            if (out_record != NULL) {
                *out_record = record;
            }
            return retired ? PRESET_RETIRED : PRESET_ACTIVE;
        }
    }
    return PRESET_ABSENT;
}

static void append_record(struct nnrpc_buffer *bucket, struct nnrpc_slice record) {
    nnrpc_wire_append_bytes(bucket, BUCKET_FIELD, record.data, record.size);
}

/* Copies a bucket with a record put in at its place, or instead of the one of its name. */
static void insert_record(
    struct nnrpc_slice bucket, struct nnrpc_slice record, struct nnrpc_slice name,
    struct nnrpc_buffer *out_bucket) {
    struct nnrpc_slice other;
    bool inserted = false;
    while (preset_bucket_next(&bucket, &other)) {
        struct nnrpc_slice field;
        struct nnrpc_slice other_name;
        bool retired = false;
        int order =
            preset_read(other, &field, &other_name, &retired) ? slice_compare(name, other_name) : 1;
        if (!inserted && order <= 0) {
            append_record(out_bucket, record);
            inserted = true;
        }
        if (order != 0) {
            append_record(out_bucket, other);
        }
    }
    if (!inserted) {
        append_record(out_bucket, record);
    }
}

void preset_put(struct engine_transaction *transaction, struct nnrpc_slice record) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer replaced = {0};
    struct nnrpc_slice field_name;
    struct nnrpc_slice name;
    bool retired = false;
    int field = -1;
    if (preset_read(record, &field_name, &name, &retired)) {
        field = preset_field_index(field_name);
    }
    if (field < 0) {
        engine_fail(transaction);
        return;
    }
    struct key key = preset_key(field, name);
    struct nnrpc_slice bucket = {.data = NULL, .size = 0};
    engine_get(transaction, ENGINE_PRESETS, key_slice(&key), &bucket);
    insert_record(bucket, record, name, &replaced);
    if (replaced.failed) {
        engine_fail_memory(transaction);
        return;
    }
    engine_put(
        transaction, ENGINE_PRESETS, key_slice(&key),
        (struct nnrpc_slice){.data = replaced.data, .size = replaced.size});
}

/* --- Listing ------------------------------------------------------------------------------ */

/* A walk over a field's values in the order of their names. */
struct preset_walk {
    struct engine_cursor cursor;
    uint8_t field_byte;
    struct nnrpc_slice bucket; /* what is left of it */
    bool found;
    /* The value at which the walk stands. */
    struct nnrpc_slice record;
    struct nnrpc_slice name;
    bool retired;
};

static void walk_end(struct preset_walk *walk) {
    engine_cursor_close(&walk->cursor);
}

/* Moves to the next value, over to the next bucket of the field where one ends. */
static bool walk_next(struct preset_walk *walk) {
    struct nnrpc_slice field;
    while (walk->found) {
        if (preset_bucket_next(&walk->bucket, &walk->record)) {
            if (preset_read(walk->record, &field, &walk->name, &walk->retired)) {
                return true;
            }
            engine_fail(walk->cursor.transaction);
            return false;
        }
        walk->found =
            engine_cursor_next(&walk->cursor) && walk->cursor.key.data[0] == walk->field_byte;
        walk->bucket = walk->cursor.value;
    }
    return false;
}

/* A walk whose first walk_next() finds the first value after a name. */
static struct preset_walk walk_begin(
    struct engine_transaction *transaction, int field, struct nnrpc_slice after_name) {
    struct key key = preset_key(field, after_name);
    struct preset_walk walk = {
        .cursor = engine_cursor_open(transaction, ENGINE_PRESETS),
        .field_byte = (uint8_t)(field + 1),
    };
    walk.found = engine_cursor_seek(&walk.cursor, key_slice(&key)) &&
                 walk.cursor.key.data[0] == walk.field_byte;
    walk.bucket = walk.cursor.value;
    /* Values of the same bucket up to the name are behind us. */
    struct nnrpc_slice bucket = walk.bucket;
    struct nnrpc_slice record;
    struct nnrpc_slice field_name;
    struct nnrpc_slice name;
    bool retired = false;
    while (walk.found && preset_bucket_next(&bucket, &record) &&
           preset_read(record, &field_name, &name, &retired) &&
           slice_compare(name, after_name) <= 0) {
        walk.bucket = bucket;
    }
    return walk;
}

void preset_append_allowed(
    struct engine_transaction *transaction, int field, struct nnrpc_buffer *out_text) {
    const struct nnrpc_slice from_the_start = {.data = NULL, .size = 0};
    NNRPC_CLEANUP(walk_end)
    struct preset_walk walk = walk_begin(transaction, field, from_the_start);
    int count = 0;
    while (count < PRESET_ALLOWED_MOST && walk_next(&walk)) {
        if (!walk.retired) {
            nnrpc_buffer_append_text(out_text, count == 0 ? "" : ",");
            nnrpc_buffer_append(out_text, walk.name.data, walk.name.size);
            count++;
        }
    }
}

enum nnrpc_code preset_fail_unknown_field(struct nnrpc_status *out_status, const char *field) {
    char allowed[256] = "";
    size_t size = 0;
    for (int i = 0; store_preset_fields[i] != NULL; i++) {
        size += (size_t)snprintf(
            allowed + size, sizeof(allowed) - size, "%s%s", i == 0 ? "" : ",",
            store_preset_fields[i]);
    }
    nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN, STORE_REASON(UNKNOWN_PRESET_FIELD),
        "there is no preset field \"%.64s\"", field);
    nnrpc_status_add_violation(
        out_status, "field", STORE_REASON(UNKNOWN_PRESET_FIELD), "is \"%.64s\": expected one of %s",
        field, allowed);
    nnrpc_status_add_info(out_status, "allowed", "%s", allowed);
    return NNRPC_INVALID_ARGUMENT;
}

enum nnrpc_code store_list_presets(
    struct store_snapshot *snapshot, const char *field, bool include_retired,
    const char *after_name, uint32_t page_size, store_visit_record visit, void *self,
    struct store_preset_page *out_page, struct nnrpc_status *out_status) {
    int index = preset_field_index(slice_of_text(field));
    if (index < 0) {
        return preset_fail_unknown_field(out_status, field);
    }
    struct store_preset_page page = {.more = false};
    snprintf(page.last_name, sizeof(page.last_name), "%s", after_name);
    NNRPC_CLEANUP(walk_end)
    struct preset_walk walk = walk_begin(snapshot->transaction, index, slice_of_text(after_name));
    uint32_t count = 0;
    uint32_t examined = 0;
    while (!page.more && walk_next(&walk)) {
        bool wanted = include_retired || !walk.retired;
        if (examined == STORE_EXAMINE_LIMIT || (wanted && count == page_size) ||
            (wanted && !visit(self, walk.record))) {
            page.more = true;
        } else {
            snprintf(
                page.last_name, sizeof(page.last_name), "%.*s", (int)walk.name.size,
                (const char *)walk.name.data);
            count += wanted ? 1 : 0;
            examined++;
        }
    }
    enum nnrpc_code code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK) {
        *out_page = page;
    }
    return code;
}
