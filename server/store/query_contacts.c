/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing contacts.
 *
 * One filter leads: its index gives ids in ascending order, from any id on. The others are looked
 * up in the record. "Created since" leads nothing and filters nothing: creation times do not fall
 * from one id to the next, so it is a lower bound of the ids.
 */
#include <string.h>

#include "faults.h"
#include "indexes.h"
#include "keys.h"
#include "meta.h"
#include "query.h"
#include "records.h"
#include "snapshot.h"

/* A list by dealer code is the direct contacts and the shared ones with that code. */
#define STREAMS_MOST 2

#define EXAMINED_BETWEEN_LOOKS 256

/* Ids in ascending order: the keys of a table that begin with a prefix and end with an id. */
struct stream {
    struct engine_cursor cursor;
    struct key prefix;
    bool live;
    uint64_t id;
};

/* A query being answered. */
struct listing {
    struct store_snapshot *snapshot;
    const struct store_contact_query *query;
    uint64_t first_id; /* smaller ids are not wanted */
    bool is_empty;     /* no id can be wanted */
    struct stream streams[STREAMS_MOST];
    size_t stream_count;
    bool leads_contacts; /* the stream's values are the records */
    /* Filters that do not lead. */
    bool check_customer;
    bool check_form;
    bool check_dealer_code;
    bool check_number;
    /* What they compare with. */
    uint8_t email_bytes[STORE_TEXT_BYTES];
    uint8_t number_bytes[STORE_TEXT_BYTES];
    struct nnrpc_slice email;
    struct nnrpc_slice number;
};

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

bool store_contact_query_scans(const struct store_contact_query *query) {
    bool shape = is_set(query->dealer_code) || query->form != STORE_FORM_ANY;
    bool customer = is_set(query->customer_id);
    bool email = is_set(query->email);
    bool number = is_set(query->number);
    return (int)shape + (int)customer + (int)email + (int)number > 1;
}

/* --- Streams ------------------------------------------------------------------------------ */

static void stream_read(struct stream *stream, bool found) {
    size_t size = stream->prefix.size + KEY_NUMBER_BYTES;
    stream->live = found && stream->cursor.key.size == size &&
                   slice_starts_with(stream->cursor.key, key_slice(&stream->prefix));
    stream->id = stream->live ? key_last_number(stream->cursor.key) : 0;
}

static void stream_open(struct listing *listing, enum engine_table table, struct key prefix) {
    struct stream *stream = &listing->streams[listing->stream_count++];
    stream->cursor = engine_cursor_open(listing->snapshot->transaction, table);
    stream->prefix = prefix;
    struct key key = prefix;
    key_add_number(&key, listing->first_id);
    stream_read(stream, engine_cursor_seek(&stream->cursor, key_slice(&key)));
}

/* The stream with the smallest id, or NULL at the end. No id is in two streams. */
static struct stream *first_stream(struct listing *listing) {
    struct stream *first = NULL;
    for (size_t i = 0; i < listing->stream_count; i++) {
        struct stream *stream = &listing->streams[i];
        if (stream->live && (first == NULL || stream->id < first->id)) {
            first = stream;
        }
    }
    return first;
}

static void listing_end(struct listing *listing) {
    for (size_t i = 0; i < listing->stream_count; i++) {
        engine_cursor_close(&listing->streams[i].cursor);
    }
}

/* --- Choosing the leading index ----------------------------------------------------------- */

static void lead_by_shape(struct listing *listing) {
    const struct store_contact_query *query = listing->query;
    const struct nnrpc_slice nothing = {.data = NULL, .size = 0};
    bool dealer_code = is_set(query->dealer_code);
    if (!dealer_code && query->form == STORE_FORM_ANY) {
        const struct key whole_table = {.size = 0};
        listing->leads_contacts = true;
        stream_open(listing, ENGINE_CONTACTS, whole_table);
        return;
    }
    if (query->form != STORE_FORM_SHARED) {
        stream_open(listing, ENGINE_BY_FORM, key_of_form(INDEX_FORM_DIRECT, nothing));
    }
    if (query->form != STORE_FORM_DIRECT) {
        struct key prefix =
            dealer_code ? key_of_form(INDEX_FORM_DEALER_CODE, slice_of_text(query->dealer_code))
                        : key_of_form(INDEX_FORM_SHARED, nothing);
        stream_open(listing, ENGINE_BY_FORM, prefix);
    }
}

static void choose_lead(struct listing *listing) {
    const struct store_contact_query *query = listing->query;
    bool customer = is_set(query->customer_id);
    bool number = is_set(query->number);
    listing->check_form = query->form != STORE_FORM_ANY;
    listing->check_dealer_code = is_set(query->dealer_code);
    listing->check_customer = customer;
    listing->check_number = number;
    if (is_set(query->email)) {
        stream_open(listing, ENGINE_BY_EMAIL, key_of_owner(listing->email));
    } else if (number) {
        listing->check_number = false;
        stream_open(listing, ENGINE_BY_NUMBER, key_of_owner(listing->number));
    } else if (customer) {
        listing->check_customer = false;
        stream_open(
            listing, ENGINE_CUSTOMER_CONTACTS, key_of_owner(slice_of_text(query->customer_id)));
    } else {
        listing->check_form = false;
        listing->check_dealer_code = false;
        lead_by_shape(listing);
    }
}

/* --- Filters that do not lead ------------------------------------------------------------- */

static bool belongs_to_customer(
    const struct listing *listing, uint64_t id, const struct contact_view *view) {
    struct nnrpc_slice customer_id = slice_of_text(listing->query->customer_id);
    if (view->customer_id.size > 0) {
        return slice_equals(view->customer_id, customer_id);
    }
    struct key key = key_of_link(id, customer_id);
    return engine_has(listing->snapshot->transaction, ENGINE_CONTACT_CUSTOMERS, key_slice(&key));
}

static bool has_number(const struct listing *listing, const struct contact_view *view) {
    uint8_t scratch[STORE_TEXT_BYTES];
    for (size_t i = 0; i < RECORD_NUMBERS; i++) {
        if (view->numbers[i].size <= sizeof(scratch) &&
            slice_equals(number_digits(view->numbers[i], scratch), listing->number)) {
            return true;
        }
    }
    return false;
}

static bool matches(struct listing *listing, uint64_t id, struct nnrpc_slice record) {
    const struct store_contact_query *query = listing->query;
    struct contact_view view;
    if (!listing->check_form && !listing->check_dealer_code && !listing->check_customer &&
        !listing->check_number) {
        return true;
    }
    if (!contact_view_read(record, &view)) {
        engine_fail(listing->snapshot->transaction);
        return false;
    }
    bool direct = view.customer_id.size > 0;
    if (listing->check_form && direct != (query->form == STORE_FORM_DIRECT)) {
        return false;
    }
    if (listing->check_dealer_code && !direct &&
        !slice_equals(view.dealer_code, slice_of_text(query->dealer_code))) {
        return false;
    }
    return (!listing->check_number || has_number(listing, &view)) &&
           (!listing->check_customer || belongs_to_customer(listing, id, &view));
}

/* --- The page ----------------------------------------------------------------------------- */

static bool look_at_contact(
    struct engine_cursor *cursor, uint64_t number, uint64_t *out_number,
    struct record_time *out_time) {
    struct key key = key_of_number(number);
    struct contact_view view;
    if (!engine_cursor_seek(cursor, key_slice(&key)) || !contact_view_read(cursor->value, &view)) {
        return false;
    }
    *out_number = view.id;
    *out_time = view.create_time;
    return true;
}

/* Finds the smallest id that can be wanted. */
static void choose_first_id(struct listing *listing) {
    const struct store_contact_query *query = listing->query;
    listing->is_empty = query->after_id == UINT64_MAX;
    listing->first_id = query->after_id + 1;
    if (listing->is_empty || !query->has_created_since) {
        return;
    }
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor =
        engine_cursor_open(listing->snapshot->transaction, ENGINE_CONTACTS);
    const struct record_time since = {
        .seconds = query->created_since_s, .nanos = query->created_since_ns};
    uint64_t last = engine_cursor_last(&cursor) ? key_last_number(cursor.key) : 0;
    uint64_t first = query_first_since(&cursor, look_at_contact, last, since);
    /* Nothing is behind the last id. */
    listing->is_empty = first > last;
    listing->first_id = first > listing->first_id ? first : listing->first_id;
}

/* Makes what e-mail and number are compared with. A text that is longer than any stored one, or a
 * number without a digit, matches nothing. */
static void fold_texts(struct listing *listing) {
    const struct store_contact_query *query = listing->query;
    if (is_set(query->email)) {
        struct nnrpc_slice email = slice_of_text(query->email);
        listing->is_empty |= email.size > sizeof(listing->email_bytes);
        if (!listing->is_empty) {
            listing->email = email_fold(email, listing->email_bytes);
        }
    }
    if (is_set(query->number)) {
        struct nnrpc_slice number = slice_of_text(query->number);
        listing->is_empty |= number.size > sizeof(listing->number_bytes);
        if (!listing->is_empty) {
            listing->number = number_digits(number, listing->number_bytes);
            listing->is_empty = listing->number.size == 0;
        }
    }
}

static bool find_record(
    struct listing *listing, const struct stream *stream, struct nnrpc_slice *out_record) {
    struct engine_transaction *transaction = listing->snapshot->transaction;
    if (listing->leads_contacts) {
        *out_record = stream->cursor.value;
        return true;
    }
    if (!contact_find(transaction, stream->id, out_record)) {
        engine_fail(transaction); /* an index names a contact that is not there */
        return false;
    }
    return true;
}

/* Asks every so many records: asking costs more than a record does. */
static bool is_unwanted(const struct store_contact_query *query, uint32_t examined) {
    return query->is_unwanted != NULL && examined % EXAMINED_BETWEEN_LOOKS == 0 && examined > 0 &&
           query->is_unwanted(query->unwanted_self);
}

static void fill_page(
    struct listing *listing, store_visit_record visit, void *self,
    struct store_contact_page *page) {
    uint32_t examined = 0;
    uint32_t count = 0;
    struct stream *stream;
    while ((stream = first_stream(listing)) != NULL) {
        struct nnrpc_slice record;
        if (count == listing->query->page_size || examined == STORE_EXAMINE_LIMIT ||
            is_unwanted(listing->query, examined)) {
            page->more = true;
            return;
        }
        if (!find_record(listing, stream, &record)) {
            return;
        }
        if (matches(listing, stream->id, record)) {
            if (!visit(self, record)) {
                page->more = true;
                return;
            }
            count++;
        }
        examined++;
        page->last_id = stream->id;
        stream_read(stream, engine_cursor_next(&stream->cursor));
    }
}

enum nnrpc_code store_list_contacts(
    struct store_snapshot *snapshot, const struct store_contact_query *query,
    store_visit_record visit, void *self, struct store_contact_page *out_page,
    struct nnrpc_status *out_status) {
    struct store_contact_page page = {.more = false, .last_id = query->after_id};
    struct nnrpc_slice customer;
    enum nnrpc_code code = NNRPC_OK;
    if (is_set(query->customer_id)) {
        code = store_get_customer(snapshot, query->customer_id, &customer, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(listing_end)
    struct listing listing = {.snapshot = snapshot, .query = query};
    choose_first_id(&listing);
    fold_texts(&listing);
    if (!listing.is_empty) {
        choose_lead(&listing);
        fill_page(&listing, visit, self, &page);
    }
    code = engine_check(snapshot->transaction, out_status);
    if (code == NNRPC_OK) {
        *out_page = page;
    }
    return code;
}
