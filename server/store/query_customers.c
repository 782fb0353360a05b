/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing customers, and the customers of a contact.
 */
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "indexes.h"
#include "keys.h"
#include "meta.h"
#include "query.h"
#include "records.h"
#include "snapshot.h"

/* Whole blocks of every level, and the rest of the first block, number by number. */
#define SOURCES_MOST (INDEX_LEVELS * (INDEX_BLOCK_NUMBERS - 1) + INDEX_BLOCK_NUMBERS)

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

static void copy_id(struct store_customer_page *page, struct nnrpc_slice id) {
    snprintf(page->last_id, sizeof(page->last_id), "%.*s", (int)id.size, (const char *)id.data);
}

/* Visits one customer as the next of the page. @return false when the page ends before it. */
static bool visit_customer(
    struct store_snapshot *snapshot, struct nnrpc_slice id, store_visit_record visit, void *self,
    struct store_customer_page *page) {
    struct nnrpc_slice record;
    if (!customer_find(snapshot->transaction, id, &record)) {
        engine_fail(snapshot->transaction); /* an index names a customer that is not there */
        return false;
    }
    if (!visit(self, record)) {
        page->more = true;
        return false;
    }
    copy_id(page, id);
    return true;
}

/* --- Every customer ----------------------------------------------------------------------- */

static void list_all(
    struct store_snapshot *snapshot, const struct store_customer_query *query,
    store_visit_record visit, void *self, struct store_customer_page *page) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(snapshot->transaction, ENGINE_CUSTOMERS);
    struct nnrpc_slice after_id = slice_of_text(query->after_id);
    struct key key = key_of_text(after_id);
    bool found = engine_cursor_seek(&cursor, key_slice(&key));
    if (found && slice_equals(cursor.key, after_id)) {
        found = engine_cursor_next(&cursor);
    }
    for (uint32_t count = 0; found; count++) {
        struct nnrpc_slice record;
        if (count == query->page_size) {
            page->more = true;
            return;
        }
        if (!customer_record(snapshot->transaction, cursor.value, &record)) {
            return;
        }
        if (!visit(self, record)) {
            page->more = true;
            return;
        }
        copy_id(page, cursor.key);
        found = engine_cursor_next(&cursor);
    }
}

/* --- By account number or CRM reference --------------------------------------------------- */

static bool find_holder(
    struct store_snapshot *snapshot, enum engine_table table, const char *value,
    struct nnrpc_slice *out_id) {
    struct key key = key_of_text(slice_of_text(value));
    return engine_get(snapshot->transaction, table, key_slice(&key), out_id);
}

/* At most one customer: it has to fit every filter. */
static void list_unique(
    struct store_snapshot *snapshot, const struct store_customer_query *query,
    store_visit_record visit, void *self, struct store_customer_page *page) {
    struct nnrpc_slice id;
    struct nnrpc_slice other_id;
    struct nnrpc_slice record;
    struct customer_view view;
    bool by_account = is_set(query->account_number);
    const struct record_time since = {
        .seconds = query->created_since_s, .nanos = query->created_since_ns};
    if (!(by_account ? find_holder(snapshot, ENGINE_ACCOUNT_NUMBERS, query->account_number, &id)
                     : find_holder(snapshot, ENGINE_CRM_REFERENCES, query->crm_reference, &id))) {
        return;
    }
    if (by_account && is_set(query->crm_reference) &&
        (!find_holder(snapshot, ENGINE_CRM_REFERENCES, query->crm_reference, &other_id) ||
         !slice_equals(id, other_id))) {
        return;
    }
    if (!customer_find(snapshot->transaction, id, &record) || !customer_view_read(record, &view)) {
        engine_fail(snapshot->transaction);
        return;
    }
    if (slice_compare(id, slice_of_text(query->after_id)) > 0 &&
        (!query->has_created_since || record_time_compare(view.create_time, since) >= 0)) {
        visit_customer(snapshot, id, visit, self, page);
    }
}

/* --- Created since ------------------------------------------------------------------------ */

/* Where ids come from, in ascending order: a block, or one number of the first block. */
struct source {
    unsigned level;
    uint64_t block;
    bool single; /* `id` is all */
    bool live;
    size_t id_size;
    char id[STORE_CUSTOMER_ID_BYTES];
};

struct merge_of_sources {
    struct engine_cursor cursor;
    struct nnrpc_slice after_id;
    size_t count;
    struct source sources[SOURCES_MOST];
};

static void merge_end(struct merge_of_sources *merge) {
    engine_cursor_close(&merge->cursor);
}

static struct nnrpc_slice source_id(const struct source *source) {
    return (struct nnrpc_slice){.data = (const uint8_t *)source->id, .size = source->id_size};
}

static void set_id(struct source *source, struct nnrpc_slice id) {
    source->live = id.size <= sizeof(source->id);
    source->id_size = source->live ? id.size : 0;
    memcpy(source->id, id.data, source->id_size);
}

/* Moves a block's source to its first id after one. */
static void seek_source(
    struct merge_of_sources *merge, struct source *source, struct nnrpc_slice after_id) {
    struct key prefix = index_block_key(source->level, source->block);
    struct key key = prefix;
    key_add_text(&key, after_id);
    struct engine_cursor *cursor = &merge->cursor;
    bool found = engine_cursor_seek(cursor, key_slice(&key));
    if (found && slice_equals(cursor->key, key_slice(&key))) {
        found = engine_cursor_next(cursor);
    }
    source->live = found && slice_starts_with(cursor->key, key_slice(&prefix));
    if (source->live) {
        set_id(
            source,
            (struct nnrpc_slice){
                .data = cursor->key.data + prefix.size, .size = cursor->key.size - prefix.size});
    }
}

/* The rest of the block that `first` is in, number by number. */
static void add_numbers(struct merge_of_sources *merge, uint64_t first) {
    struct key key = index_sequence_key(first);
    struct record_time time;
    struct nnrpc_slice id;
    bool found = engine_cursor_seek(&merge->cursor, key_slice(&key));
    while (found && merge->cursor.key.data[0] == key.bytes[0] &&
           index_block(0, key_last_number(merge->cursor.key)) == index_block(0, first) &&
           merge->count < SOURCES_MOST) {
        if (index_created_read(merge->cursor.value, &time, &id) &&
            slice_compare(id, merge->after_id) > 0) {
            struct source *source = &merge->sources[merge->count++];
            source->single = true;
            set_id(source, id);
        }
        found = engine_cursor_next(&merge->cursor);
    }
}

/* The whole blocks behind it, level by level. */
static void add_blocks(struct merge_of_sources *merge, uint64_t first, uint64_t last) {
    for (unsigned level = 0; level < INDEX_LEVELS; level++) {
        uint64_t block = index_block(level, first) + 1;
        for (; index_block_is_kept(block) && block <= index_block(level, last); block++) {
            struct source *source = &merge->sources[merge->count];
            source->single = false;
            source->level = level;
            source->block = block;
            seek_source(merge, source, merge->after_id);
            merge->count += source->live ? 1 : 0;
        }
    }
}

static struct source *first_source(struct merge_of_sources *merge) {
    struct source *first = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        struct source *source = &merge->sources[i];
        if (source->live &&
            (first == NULL || slice_compare(source_id(source), source_id(first)) < 0)) {
            first = source;
        }
    }
    return first;
}

static void next_of_source(struct merge_of_sources *merge, struct source *source) {
    char id[STORE_CUSTOMER_ID_BYTES];
    size_t size = source->id_size;
    memcpy(id, source->id, size);
    if (source->single) {
        source->live = false;
    } else {
        seek_source(merge, source, (struct nnrpc_slice){.data = (uint8_t *)id, .size = size});
    }
}

static bool look_at_sequence(
    struct engine_cursor *cursor, uint64_t number, uint64_t *out_number,
    struct record_time *out_time) {
    struct key key = index_sequence_key(number);
    struct nnrpc_slice unused;
    if (!engine_cursor_seek(cursor, key_slice(&key)) || cursor->key.data[0] != key.bytes[0] ||
        !index_created_read(cursor->value, out_time, &unused)) {
        return false;
    }
    *out_number = key_last_number(cursor->key);
    return true;
}

static void list_created_since(
    struct store_snapshot *snapshot, const struct store_customer_query *query,
    store_visit_record visit, void *self, struct store_customer_page *page) {
    struct engine_transaction *transaction = snapshot->transaction;
    NNRPC_CLEANUP(merge_end) struct merge_of_sources merge; /* sources are filled as they come */
    merge.count = 0;
    const struct record_time since = {
        .seconds = query->created_since_s, .nanos = query->created_since_ns};
    uint64_t last = state_read(transaction).next_customer_sequence - 1;
    merge.cursor = engine_cursor_open(transaction, ENGINE_CUSTOMER_CREATED);
    merge.after_id = slice_of_text(query->after_id);
    uint64_t first = query_first_since(&merge.cursor, look_at_sequence, last, since);
    if (first <= last) {
        add_numbers(&merge, first);
        add_blocks(&merge, first, last);
    }
    struct source *source;
    for (uint32_t count = 0; (source = first_source(&merge)) != NULL; count++) {
        if (count == query->page_size) {
            page->more = true;
            break;
        }
        if (!visit_customer(snapshot, source_id(source), visit, self, page)) {
            break;
        }
        next_of_source(&merge, source);
    }
}

enum nnrpc_code store_list_customers(
    struct store_snapshot *snapshot, const struct store_customer_query *query,
    store_visit_record visit, void *self, struct store_customer_page *out_page,
    struct nnrpc_status *out_status) {
    struct store_customer_query filled = *query;
    struct store_customer_page page = {.more = false};
    filled.after_id = query->after_id == NULL ? "" : query->after_id;
    copy_id(&page, slice_of_text(filled.after_id));
    if (is_set(query->account_number) || is_set(query->crm_reference)) {
        list_unique(snapshot, &filled, visit, self, &page);
    } else if (query->has_created_since) {
        list_created_since(snapshot, &filled, visit, self, &page);
    } else {
        list_all(snapshot, &filled, visit, self, &page);
    }
    enum nnrpc_code code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK) {
        *out_page = page;
    }
    return code;
}

/* --- The customers of a contact ----------------------------------------------------------- */

static enum nnrpc_code find_contact_view(
    struct store_snapshot *snapshot, uint64_t contact_id, struct contact_view *out_view,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice record;
    enum nnrpc_code code = store_get_contact(snapshot, contact_id, &record, out_status);
    if (code == NNRPC_OK && !contact_view_read(record, out_view)) {
        engine_fail(snapshot->transaction);
        code = engine_check(snapshot->transaction, out_status);
    }
    return code;
}

/* Opens a cursor at the first link of a contact to a customer after one. */
static bool links_seek(
    struct engine_cursor *cursor, const struct key *prefix, struct nnrpc_slice after_id) {
    struct key key = *prefix;
    key_add_text(&key, after_id);
    bool found = engine_cursor_seek(cursor, key_slice(&key));
    if (found && after_id.size > 0 && slice_equals(cursor->key, key_slice(&key))) {
        found = engine_cursor_next(cursor);
    }
    return found;
}

/* The customer id of the link that a cursor stands at. @return false behind the last one. */
static bool link_customer(
    const struct engine_cursor *cursor, const struct key *prefix, struct nnrpc_slice *out_id) {
    if (!slice_starts_with(cursor->key, key_slice(prefix))) {
        return false;
    }
    out_id->data = cursor->key.data + prefix->size;
    out_id->size = cursor->key.size - prefix->size;
    return true;
}

enum nnrpc_code store_list_contact_customers(
    struct store_snapshot *snapshot, uint64_t contact_id, const char *after_id, uint32_t page_size,
    store_visit_record visit, void *self, struct store_customer_page *out_page,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice after = slice_of_text(after_id == NULL ? "" : after_id);
    struct store_customer_page page = {.more = false};
    struct contact_view view;
    struct nnrpc_slice id;
    enum nnrpc_code code = find_contact_view(snapshot, contact_id, &view, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    copy_id(&page, after);
    struct key prefix = key_of_number(contact_id);
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor =
        engine_cursor_open(snapshot->transaction, ENGINE_CONTACT_CUSTOMERS);
    if (view.customer_id.size > 0) {
        if (slice_compare(view.customer_id, after) > 0) {
            visit_customer(snapshot, view.customer_id, visit, self, &page);
        }
    } else {
        bool found = links_seek(&cursor, &prefix, after);
        for (uint32_t count = 0; found && link_customer(&cursor, &prefix, &id); count++) {
            if (count == page_size) {
                page.more = true;
                break;
            }
            if (!visit_customer(snapshot, id, visit, self, &page)) {
                break;
            }
            found = engine_cursor_next(&cursor);
        }
    }
    code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK) {
        *out_page = page;
    }
    return code;
}

/* Calls visit with terminated text. */
static bool visit_id(
    struct nnrpc_slice id, bool (*visit)(void *self, const char *customer_id), void *self) {
    char text[STORE_CUSTOMER_ID_BYTES + 1];
    snprintf(text, sizeof(text), "%.*s", (int)id.size, (const char *)id.data);
    return visit(self, text);
}

enum nnrpc_code store_visit_links(
    struct store_snapshot *snapshot, uint64_t contact_id,
    bool (*visit)(void *self, const char *customer_id), void *self,
    struct nnrpc_status *out_status) {
    const struct nnrpc_slice from_the_start = {.data = NULL, .size = 0};
    struct contact_view view;
    struct nnrpc_slice id;
    enum nnrpc_code code = find_contact_view(snapshot, contact_id, &view, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (view.customer_id.size > 0) {
        visit_id(view.customer_id, visit, self);
        return NNRPC_OK;
    }
    struct key prefix = key_of_number(contact_id);
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor =
        engine_cursor_open(snapshot->transaction, ENGINE_CONTACT_CUSTOMERS);
    bool found = links_seek(&cursor, &prefix, from_the_start);
    while (found && link_customer(&cursor, &prefix, &id) && visit_id(id, visit, self)) {
        found = engine_cursor_next(&cursor);
    }
    return engine_check(snapshot->transaction, out_status);
}
