/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consistency check of contacts, customers, links, secrets and presets.
 */
#include <inttypes.h>
#include <stdio.h>

#include "check_state.h"
#include "indexes.h"
#include "presets.h"
#include "records.h"
#include "store.h"

/* --- Contacts ----------------------------------------------------------------------------- */

static void check_marks(
    struct check *check, const char *what, struct nnrpc_slice etag, struct record_time time) {
    uint64_t revision = 0;
    if (!check_etag_revision(etag, &revision) || revision > check->state.revision) {
        check_fault(check, "%s has an etag that was never given", what);
    }
    if (record_time_compare(time, check->state.time) > 0) {
        check_fault(check, "%s was created after the last time given", what);
    }
}

static void check_contact_indexes(struct check *check, const struct contact_view *view) {
    struct index_entry entries[INDEX_ENTRIES_MOST];
    size_t count = index_contact_entries(view, entries);
    for (size_t i = 0; i < count; i++) {
        struct nnrpc_slice value = {
            .data = &entries[i].value, .size = entries[i].value == 0 ? 0 : 1};
        check_expect(check, entries[i].table, key_slice(&entries[i].key), &value);
    }
    if (view->has_account_password) {
        struct key key = key_of_number(view->id);
        check_expect(check, ENGINE_SECRETS, key_slice(&key), NULL);
    }
}

static void check_contact(struct check *check, struct nnrpc_slice key, struct nnrpc_slice record) {
    char what[48];
    struct contact_view view;
    struct nnrpc_slice unused;
    snprintf(what, sizeof(what), "contact %" PRIu64, key_last_number(key));
    if (!contact_view_read(record, &view) || view.id != key_last_number(key)) {
        check_fault(check, "%s is not a record of its id", what);
        return;
    }
    check_marks(check, what, view.etag, view.create_time);
    if (view.id >= check->state.next_contact_id) {
        check_fault(check, "%s has an id that is still to be given", what);
    }
    if (record_time_compare(view.create_time, check->last_create_time) < 0) {
        check_fault(check, "%s was created before the contact with the id before", what);
    }
    check->last_create_time = view.create_time;
    if (record.size > RECORD_CONTACT_BYTES) {
        check_fault(check, "%s is too large", what);
    }
    if (view.customer_id.size > 0 &&
        !customer_find(check->transaction, view.customer_id, &unused)) {
        check_fault(check, "%s belongs to a customer that is not there", what);
    }
    check_contact_indexes(check, &view);
}

void check_contacts(struct check *check) {
    check->last_create_time = (struct record_time){.seconds = INT64_MIN};
    check->report.contacts = check_walk(check, ENGINE_CONTACTS, check_contact);
}

/* --- Customers ---------------------------------------------------------------------------- */

static void check_sequence(
    struct check *check, const struct customer_view *view, uint64_t sequence) {
    struct key key = index_sequence_key(sequence);
    struct nnrpc_slice value;
    struct nnrpc_slice id;
    struct record_time time;
    check->expected[ENGINE_CUSTOMER_CREATED]++;
    if (!engine_get(check->transaction, ENGINE_CUSTOMER_CREATED, key_slice(&key), &value) ||
        !index_created_read(value, &time, &id) || !slice_equals(id, view->id) ||
        record_time_compare(time, view->create_time) != 0) {
        check_fault(
            check, "customer_created lacks customer \"%.*s\"", (int)view->id.size,
            (const char *)view->id.data);
    }
    for (unsigned level = 0; level < INDEX_LEVELS; level++) {
        uint64_t block = index_block(level, sequence);
        if (index_block_is_kept(block)) {
            key = index_block_key(level, block);
            key_add_text(&key, view->id);
            check_expect(check, ENGINE_CUSTOMER_CREATED, key_slice(&key), NULL);
        }
    }
}

static void check_unique(
    struct check *check, enum engine_table table, struct nnrpc_slice text,
    struct nnrpc_slice customer_id) {
    if (text.size > 0) {
        struct key key = key_of_text(text);
        check_expect(check, table, key_slice(&key), &customer_id);
    }
}

static void check_customer(struct check *check, struct nnrpc_slice key, struct nnrpc_slice value) {
    char what[STORE_CUSTOMER_ID_BYTES + 16];
    struct nnrpc_slice record;
    struct customer_view view;
    snprintf(what, sizeof(what), "customer \"%.*s\"", (int)key.size, (const char *)key.data);
    if (!customer_record(check->transaction, value, &record) ||
        !customer_view_read(record, &view) || !slice_equals(view.id, key)) {
        check_fault(check, "%s is not a record of its id", what);
        return;
    }
    uint64_t sequence = number_read(value.data);
    if (sequence >= check->state.next_customer_sequence) {
        check_fault(check, "%s has a sequence number that is still to be given", what);
    }
    check_marks(check, what, view.etag, view.create_time);
    check_unique(check, ENGINE_ACCOUNT_NUMBERS, view.account_number, view.id);
    check_unique(check, ENGINE_CRM_REFERENCES, view.crm_reference, view.id);
    check_sequence(check, &view, sequence);
}

void check_customers(struct check *check) {
    check->report.customers = check_walk(check, ENGINE_CUSTOMERS, check_customer);
}

/* --- Links and secrets -------------------------------------------------------------------- */

static void check_link(struct check *check, struct nnrpc_slice key, struct nnrpc_slice value) {
    struct contact_view view;
    struct nnrpc_slice record;
    struct nnrpc_slice unused;
    if (key.size <= KEY_NUMBER_BYTES) {
        check_fault(check, "contact_customers has a key that is too short");
        return;
    }
    uint64_t contact_id = number_read(key.data);
    struct nnrpc_slice customer_id = {
        .data = key.data + KEY_NUMBER_BYTES, .size = key.size - KEY_NUMBER_BYTES};
    const uint8_t kind = INDEX_LINK;
    const struct nnrpc_slice link = {.data = &kind, .size = 1};
    struct key other_end = key_of_owned(customer_id, contact_id);
    check->expected[ENGINE_CONTACT_CUSTOMERS]++;
    check_expect(check, ENGINE_CUSTOMER_CONTACTS, key_slice(&other_end), &link);
    if (!contact_find(check->transaction, contact_id, &record) ||
        !contact_view_read(record, &view) || view.customer_id.size > 0) {
        check_fault(check, "contact %" PRIu64 " has a link and is not shared", contact_id);
    }
    if (!customer_find(check->transaction, customer_id, &unused)) {
        check_fault(
            check, "contact %" PRIu64 " is linked to a customer that is not there", contact_id);
    }
    if (value.size != 0) {
        check_fault(check, "a link of contact %" PRIu64 " has a value", contact_id);
    }
}

void check_links(struct check *check) {
    check->report.links = check_walk(check, ENGINE_CONTACT_CUSTOMERS, check_link);
}

static void check_secret(struct check *check, struct nnrpc_slice key, struct nnrpc_slice value) {
    if (value.size == 0 || value.size > 127) {
        check_fault(check, "the secret of contact %" PRIu64 " cannot be one", key_last_number(key));
    }
}

void check_secrets(struct check *check) {
    check->report.secrets = check_walk(check, ENGINE_SECRETS, check_secret);
}

/* --- Presets ------------------------------------------------------------------------------ */

static void check_bucket(struct check *check, struct nnrpc_slice key, struct nnrpc_slice bucket) {
    struct nnrpc_slice last = {.data = NULL, .size = 0};
    struct nnrpc_slice record;
    struct nnrpc_slice field;
    struct nnrpc_slice name;
    bool retired = false;
    uint64_t count = 0;
    while (preset_bucket_next(&bucket, &record)) {
        if (!preset_read(record, &field, &name, &retired) || preset_field_index(field) < 0) {
            check_fault(check, "presets has a value that is none");
            return;
        }
        struct key own = preset_key(preset_field_index(field), name);
        if (!slice_equals(key_slice(&own), key) || slice_compare(name, last) <= 0) {
            check_fault(
                check, "preset value \"%.*s\" is out of its place",
                (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
        }
        last = name;
        count++;
    }
    if (count == 0 || bucket.size > 0) {
        check_fault(check, "presets has a bucket that cannot be read");
    }
    check->report.presets += count;
}

void check_presets(struct check *check) {
    check_walk(check, ENGINE_PRESETS, check_bucket);
}
