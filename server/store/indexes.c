/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries that other tables have for a record.
 */
#include "indexes.h"

#include <string.h>

static const struct nnrpc_slice nothing = {.data = NULL, .size = 0};

static bool entries_equal(const struct index_entry *a, const struct index_entry *b) {
    return a->table == b->table && slice_equals(key_slice(&a->key), key_slice(&b->key));
}

static bool has_entry(
    const struct index_entry *entries, size_t count, const struct index_entry *entry) {
    for (size_t i = 0; i < count; i++) {
        if (entries_equal(&entries[i], entry)) {
            return true;
        }
    }
    return false;
}

static size_t add_form_entries(const struct contact_view *view, struct index_entry *entries) {
    size_t count = 0;
    bool direct = view->customer_id.size > 0;
    struct index_entry *form = &entries[count++];
    form->table = ENGINE_BY_FORM;
    form->value = 0;
    form->key = key_of_form(direct ? INDEX_FORM_DIRECT : INDEX_FORM_SHARED, nothing);
    key_add_number(&form->key, view->id);
    if (direct) {
        struct index_entry *customer = &entries[count++];
        customer->table = ENGINE_CUSTOMER_CONTACTS;
        customer->value = INDEX_DIRECT;
        customer->key = key_of_owned(view->customer_id, view->id);
    } else if (view->dealer_code.size > 0) {
        struct index_entry *dealer = &entries[count++];
        dealer->table = ENGINE_BY_FORM;
        dealer->value = 0;
        dealer->key = key_of_form(INDEX_FORM_DEALER_CODE, view->dealer_code);
        key_add_number(&dealer->key, view->id);
    }
    return count;
}

static size_t add_search_entries(const struct contact_view *view, struct index_entry *entries) {
    uint8_t scratch[RECORD_CONTACT_BYTES];
    size_t count = 0;
    if (view->email.size > 0 && view->email.size <= sizeof(scratch)) {
        struct index_entry *entry = &entries[count++];
        entry->table = ENGINE_BY_EMAIL;
        entry->value = 0;
        entry->key = key_of_owned(email_fold(view->email, scratch), view->id);
    }
    for (size_t i = 0; i < RECORD_NUMBERS; i++) {
        if (view->numbers[i].size == 0 || view->numbers[i].size > sizeof(scratch)) {
            continue;
        }
        struct nnrpc_slice digits = number_digits(view->numbers[i], scratch);
        struct index_entry *entry = &entries[count];
        entry->table = ENGINE_BY_NUMBER;
        entry->value = 0;
        entry->key = key_of_owned(digits, view->id);
        count += digits.size > 0 && !has_entry(entries, count, entry) ? 1 : 0;
    }
    return count;
}

size_t index_contact_entries(
    const struct contact_view *view, struct index_entry out_entries[INDEX_ENTRIES_MOST]) {
    size_t count = add_form_entries(view, out_entries);
    return count + add_search_entries(view, out_entries + count);
}

void index_change_contact(
    struct engine_transaction *transaction, const struct contact_view *before,
    const struct contact_view *after) {
    /* The keys are copies: the views' bytes may be gone after the first put. */
    struct index_entry old_entries[INDEX_ENTRIES_MOST];
    struct index_entry new_entries[INDEX_ENTRIES_MOST];
    size_t old_count = before == NULL ? 0 : index_contact_entries(before, old_entries);
    size_t new_count = after == NULL ? 0 : index_contact_entries(after, new_entries);
    for (size_t i = 0; i < old_count; i++) {
        if (!has_entry(new_entries, new_count, &old_entries[i])) {
            engine_delete(transaction, old_entries[i].table, key_slice(&old_entries[i].key));
        }
    }
    for (size_t i = 0; i < new_count; i++) {
        const struct index_entry *entry = &new_entries[i];
        if (!has_entry(old_entries, old_count, entry)) {
            struct nnrpc_slice value = {.data = &entry->value, .size = entry->value == 0 ? 0 : 1};
            engine_put(transaction, entry->table, key_slice(&entry->key), value);
        }
    }
}

/* Moves one unique value of a customer. Keys are built before the first put or delete, since the
 * views' bytes may be gone after it. */
static void change_unique(
    struct engine_transaction *transaction, enum engine_table table, const struct key *before,
    const struct key *after, const struct key *customer_id) {
    if (slice_equals(key_slice(before), key_slice(after))) {
        return;
    }
    if (before->size > 0) {
        engine_delete(transaction, table, key_slice(before));
    }
    if (after->size > 0) {
        engine_put(transaction, table, key_slice(after), key_slice(customer_id));
    }
}

void index_change_customer(
    struct engine_transaction *transaction, const struct customer_view *before,
    const struct customer_view *after) {
    struct key customer_id = key_of_text(after != NULL ? after->id : before->id);
    struct key old_account = key_of_text(before == NULL ? nothing : before->account_number);
    struct key new_account = key_of_text(after == NULL ? nothing : after->account_number);
    struct key old_reference = key_of_text(before == NULL ? nothing : before->crm_reference);
    struct key new_reference = key_of_text(after == NULL ? nothing : after->crm_reference);
    change_unique(transaction, ENGINE_ACCOUNT_NUMBERS, &old_account, &new_account, &customer_id);
    change_unique(transaction, ENGINE_CRM_REFERENCES, &old_reference, &new_reference, &customer_id);
}

void index_put_link(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice customer_id) {
    struct key contact_key = key_of_owned(customer_id, contact_id);
    struct key customer_key = key_of_link(contact_id, customer_id);
    const uint8_t kind = INDEX_LINK;
    engine_put(
        transaction, ENGINE_CUSTOMER_CONTACTS, key_slice(&contact_key),
        (struct nnrpc_slice){.data = &kind, .size = 1});
    engine_put(transaction, ENGINE_CONTACT_CUSTOMERS, key_slice(&customer_key), nothing);
}

void index_delete_link(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice customer_id) {
    struct key contact_key = key_of_owned(customer_id, contact_id);
    struct key customer_key = key_of_link(contact_id, customer_id);
    engine_delete(transaction, ENGINE_CUSTOMER_CONTACTS, key_slice(&contact_key));
    engine_delete(transaction, ENGINE_CONTACT_CUSTOMERS, key_slice(&customer_key));
}

/* --- When customers came to be ------------------------------------------------------------ */

struct key index_sequence_key(uint64_t sequence) {
    struct key key;
    key.size = 0;
    key_add_byte(&key, 0);
    key_add_number(&key, sequence);
    return key;
}

uint64_t index_block(unsigned level, uint64_t sequence) {
    return sequence >> (INDEX_LEVEL_BITS * (level + 1));
}

bool index_block_is_kept(uint64_t block) {
    return block % INDEX_BLOCK_NUMBERS != 0;
}

struct key index_block_key(unsigned level, uint64_t block) {
    struct key key;
    key.size = 0;
    key_add_byte(&key, (uint8_t)(level + 1));
    key_add_number(&key, block);
    return key;
}

void index_put_created(
    struct engine_transaction *transaction, uint64_t sequence, struct record_time time,
    struct nnrpc_slice customer_id) {
    struct key value;
    struct key key = index_sequence_key(sequence);
    value.size = 0;
    key_add_number(&value, (uint64_t)time.seconds);
    for (int shift = 24; shift >= 0; shift -= 8) {
        key_add_byte(&value, (uint8_t)((uint32_t)time.nanos >> shift));
    }
    key_add_text(&value, customer_id);
    engine_put(transaction, ENGINE_CUSTOMER_CREATED, key_slice(&key), key_slice(&value));
    for (unsigned level = 0; level < INDEX_LEVELS; level++) {
        uint64_t block = index_block(level, sequence);
        if (index_block_is_kept(block)) {
            key = index_block_key(level, block);
            key_add_text(&key, customer_id);
            engine_put(transaction, ENGINE_CUSTOMER_CREATED, key_slice(&key), nothing);
        }
    }
}

void index_delete_created(
    struct engine_transaction *transaction, uint64_t sequence, struct nnrpc_slice customer_id) {
    struct key key = index_sequence_key(sequence);
    engine_delete(transaction, ENGINE_CUSTOMER_CREATED, key_slice(&key));
    for (unsigned level = 0; level < INDEX_LEVELS; level++) {
        uint64_t block = index_block(level, sequence);
        if (index_block_is_kept(block)) {
            key = index_block_key(level, block);
            key_add_text(&key, customer_id);
            engine_delete(transaction, ENGINE_CUSTOMER_CREATED, key_slice(&key));
        }
    }
}

bool index_created_read(
    struct nnrpc_slice value, struct record_time *out_time, struct nnrpc_slice *out_customer_id) {
    if (value.size <= INDEX_TIME_BYTES) {
        return false;
    }
    uint32_t nanos = 0;
    for (size_t i = KEY_NUMBER_BYTES; i < INDEX_TIME_BYTES; i++) {
        nanos = nanos << 8 | value.data[i];
    }
    out_time->seconds = (int64_t)number_read(value.data);
    out_time->nanos = (int32_t)nanos;
    out_customer_id->data = value.data + INDEX_TIME_BYTES;
    out_customer_id->size = value.size - INDEX_TIME_BYTES;
    return true;
}
