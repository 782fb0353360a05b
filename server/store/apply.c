/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying changes.
 */
#include "apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "changes.h"
#include "indexes.h"
#include "keys.h"
#include "presets.h"
#include "records.h"

/* Entries are deleted in portions: read with a cursor, then deleted by key. */
#define PORTION 128

/* --- Contacts ----------------------------------------------------------------------------- */

static void put_contact(
    struct engine_transaction *transaction, uint64_t id, struct nnrpc_slice record) {
    struct key key = key_of_number(id);
    engine_put(transaction, ENGINE_CONTACTS, key_slice(&key), record);
}

static void put_links(
    struct engine_transaction *transaction, const struct change *change, uint64_t contact_id) {
    struct nnrpc_slice links = change->links;
    struct nnrpc_slice customer_id;
    while (change_next_link(&links, &customer_id)) {
        index_put_link(transaction, contact_id, customer_id);
    }
}

static void create_contact(
    struct engine_transaction *transaction, struct state *state, const struct change *change) {
    struct contact_view view;
    if (!contact_view_read(change->contact, &view) || view.id == 0 || view.id == UINT64_MAX) {
        engine_fail(transaction);
        return;
    }
    put_contact(transaction, view.id, change->contact);
    index_change_contact(transaction, NULL, &view);
    put_links(transaction, change, view.id);
    if (view.id >= state->next_contact_id) {
        state->next_contact_id = view.id + 1;
    }
}

/* CONTACT_UPDATED and CONTACT_CONVERTED. */
static void replace_contact(struct engine_transaction *transaction, const struct change *change) {
    struct contact_view before;
    struct contact_view after;
    struct nnrpc_slice record;
    if (!contact_view_read(change->contact, &after) ||
        !contact_find(transaction, after.id, &record) || !contact_view_read(record, &before)) {
        engine_fail(transaction);
        return;
    }
    index_change_contact(transaction, &before, &after);
    put_contact(transaction, after.id, change->contact);
    put_links(transaction, change, after.id);
}

/* Customer ids of one portion of a contact's links. */
struct link_portion {
    size_t count;
    struct key customer_ids[PORTION];
};

static void read_links(
    struct engine_transaction *transaction, uint64_t contact_id, struct link_portion *portion) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CONTACT_CUSTOMERS);
    struct key prefix = key_of_number(contact_id);
    bool found = engine_cursor_seek(&cursor, key_slice(&prefix));
    portion->count = 0;
    while (found && portion->count < PORTION && slice_starts_with(cursor.key, key_slice(&prefix))) {
        portion->customer_ids[portion->count++] = key_copy((struct nnrpc_slice){
            .data = cursor.key.data + prefix.size, .size = cursor.key.size - prefix.size});
        found = engine_cursor_next(&cursor);
    }
}

static void delete_links(struct engine_transaction *transaction, uint64_t contact_id) {
    struct link_portion portion;
    do {
        read_links(transaction, contact_id, &portion);
        for (size_t i = 0; i < portion.count; i++) {
            index_delete_link(transaction, contact_id, key_slice(&portion.customer_ids[i]));
        }
    } while (portion.count == PORTION && !engine_failed(transaction));
}

static void delete_contact(struct engine_transaction *transaction, uint64_t id) {
    struct nnrpc_slice record;
    struct contact_view view;
    if (!contact_find(transaction, id, &record) || !contact_view_read(record, &view)) {
        engine_fail(transaction);
        return;
    }
    bool shared = view.customer_id.size == 0;
    bool has_account_password = view.has_account_password;
    index_change_contact(transaction, &view, NULL);
    if (shared) {
        delete_links(transaction, id);
    }
    if (has_account_password) {
        apply_secret(transaction, id, (struct nnrpc_slice){.data = NULL, .size = 0});
    }
    struct key key = key_of_number(id);
    engine_delete(transaction, ENGINE_CONTACTS, key_slice(&key));
}

void apply_secret(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice password_hash) {
    struct key key = key_of_number(contact_id);
    if (password_hash.size == 0) {
        engine_delete(transaction, ENGINE_SECRETS, key_slice(&key));
    } else {
        engine_put(transaction, ENGINE_SECRETS, key_slice(&key), password_hash);
    }
}

/* DELETED, LINK_ADDED and LINK_REMOVED name the contact only. */
static void change_named_contact(
    struct engine_transaction *transaction, const struct change *change) {
    struct contact_view named;
    struct nnrpc_slice links = change->links;
    struct nnrpc_slice customer_id = {.data = NULL, .size = 0};
    if (!contact_view_read(change->contact, &named)) {
        engine_fail(transaction);
        return;
    }
    if (change->kind == CHANGE_CONTACT_DELETED) {
        delete_contact(transaction, named.id);
    } else if (change->kind == CHANGE_LINK_ADDED) {
        put_links(transaction, change, named.id);
    } else {
        while (change_next_link(&links, &customer_id)) {
            index_delete_link(transaction, named.id, customer_id);
        }
    }
}

/* --- Customers ---------------------------------------------------------------------------- */

static void put_customer(
    struct engine_transaction *transaction, uint64_t sequence, struct nnrpc_slice id,
    struct nnrpc_slice record) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer value = {0};
    struct key key = key_of_text(id);
    uint8_t bytes[KEY_NUMBER_BYTES];
    number_write(bytes, sequence);
    nnrpc_buffer_append(&value, bytes, sizeof(bytes));
    nnrpc_buffer_append(&value, record.data, record.size);
    if (value.failed) {
        engine_fail_memory(transaction);
        return;
    }
    engine_put(
        transaction, ENGINE_CUSTOMERS, key_slice(&key),
        (struct nnrpc_slice){.data = value.data, .size = value.size});
}

static void create_customer(
    struct engine_transaction *transaction, struct state *state, const struct change *change) {
    struct customer_view view;
    uint64_t number = 0;
    if (!customer_view_read(change->customer, &view) || view.id.size == 0) {
        engine_fail(transaction);
        return;
    }
    uint64_t sequence = state->next_customer_sequence++;
    put_customer(transaction, sequence, view.id, change->customer);
    index_change_customer(transaction, NULL, &view);
    index_put_created(transaction, sequence, view.create_time, view.id);
    if (decimal_read(view.id, &number) && number == state->next_customer_number) {
        state->next_customer_number++;
    }
}

/* Finds a stored customer: its sequence number and what indexes look at. */
static bool read_customer(
    struct engine_transaction *transaction, struct nnrpc_slice id, uint64_t *out_sequence,
    struct customer_view *out_view) {
    struct nnrpc_slice record;
    if (!customer_find(transaction, id, &record) || !customer_view_read(record, out_view)) {
        engine_fail(transaction);
        return false;
    }
    *out_sequence = number_read(record.data - KEY_NUMBER_BYTES);
    return true;
}

static void update_customer(struct engine_transaction *transaction, const struct change *change) {
    struct customer_view before;
    struct customer_view after;
    uint64_t sequence = 0;
    if (!customer_view_read(change->customer, &after)) {
        engine_fail(transaction);
        return;
    }
    if (read_customer(transaction, after.id, &sequence, &before)) {
        index_change_customer(transaction, &before, &after);
        put_customer(transaction, sequence, after.id, change->customer);
    }
}

/* One portion of what a customer holds. */
struct holding_portion {
    size_t count;
    struct {
        uint64_t contact_id;
        bool direct;
    } holdings[PORTION];
};

static void read_holdings(
    struct engine_transaction *transaction, struct nnrpc_slice customer_id,
    struct holding_portion *portion) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CUSTOMER_CONTACTS);
    struct key prefix = key_of_owner(customer_id);
    bool found = engine_cursor_seek(&cursor, key_slice(&prefix));
    portion->count = 0;
    while (found && portion->count < PORTION && slice_starts_with(cursor.key, key_slice(&prefix))) {
        portion->holdings[portion->count].contact_id = key_last_number(cursor.key);
        portion->holdings[portion->count].direct =
            cursor.value.size == 1 && cursor.value.data[0] == INDEX_DIRECT;
        portion->count++;
        found = engine_cursor_next(&cursor);
    }
}

/* Deletes a direct contact of a customer that goes, with a change of its own. */
static void delete_direct_contact(
    struct engine_transaction *transaction, struct state *state, const struct change *reason,
    uint64_t contact_id, struct nnrpc_slice customer_id) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer contact = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer packed = {0};
    change_pack_contact_name(contact_id, customer_id, &contact);
    state->revision++;
    const struct change tombstone = {
        .revision = state->revision,
        .time = reason->time,
        .caller = reason->caller,
        .request_id = reason->request_id,
        .kind = CHANGE_CONTACT_DELETED,
        .contact = {.data = contact.data, .size = contact.size},
    };
    change_pack(&tombstone, &packed);
    if (contact.failed || packed.failed) {
        engine_fail_memory(transaction);
        return;
    }
    delete_contact(transaction, contact_id);
    change_put(
        transaction, state->revision,
        (struct nnrpc_slice){.data = packed.data, .size = packed.size});
}

static void delete_customer(
    struct engine_transaction *transaction, struct state *state, const struct change *change) {
    struct customer_view named;
    struct customer_view stored;
    struct holding_portion portion;
    uint64_t sequence = 0;
    if (!customer_view_read(change->customer, &named)) {
        engine_fail(transaction);
        return;
    }
    do {
        read_holdings(transaction, named.id, &portion);
        for (size_t i = 0; i < portion.count; i++) {
            uint64_t contact_id = portion.holdings[i].contact_id;
            if (portion.holdings[i].direct) {
                delete_direct_contact(transaction, state, change, contact_id, named.id);
            } else {
                index_delete_link(transaction, contact_id, named.id);
            }
        }
    } while (portion.count == PORTION && !engine_failed(transaction));
    if (read_customer(transaction, named.id, &sequence, &stored)) {
        index_change_customer(transaction, &stored, NULL);
        index_delete_created(transaction, sequence, named.id);
        struct key key = key_of_text(named.id);
        engine_delete(transaction, ENGINE_CUSTOMERS, key_slice(&key));
    }
}

/* --- All ---------------------------------------------------------------------------------- */

static void dispatch(
    struct engine_transaction *transaction, struct state *state, const struct change *change) {
    switch (change->kind) {
    case CHANGE_CONTACT_CREATED:
        create_contact(transaction, state, change);
        return;
    case CHANGE_CONTACT_UPDATED:
    case CHANGE_CONTACT_CONVERTED:
        replace_contact(transaction, change);
        return;
    case CHANGE_CONTACT_DELETED:
    case CHANGE_LINK_ADDED:
    case CHANGE_LINK_REMOVED:
        change_named_contact(transaction, change);
        return;
    case CHANGE_CUSTOMER_CREATED:
        create_customer(transaction, state, change);
        return;
    case CHANGE_CUSTOMER_UPDATED:
        update_customer(transaction, change);
        return;
    case CHANGE_CUSTOMER_DELETED:
        delete_customer(transaction, state, change);
        return;
    case CHANGE_PRESET_PUT:
    case CHANGE_PRESET_RETIRED:
        preset_put(transaction, change->preset_value);
        return;
    }
    engine_fail(transaction); /* a kind that this version does not know */
}

void apply_change(
    struct engine_transaction *transaction, struct state *state, struct nnrpc_slice packed) {
    struct change change;
    if (!change_read(packed, &change)) {
        engine_fail(transaction);
        return;
    }
    dispatch(transaction, state, &change);
    if (change.revision != state->revision + 1) {
        engine_fail(transaction); /* revisions have no gaps */
        return;
    }
    change_put(transaction, change.revision, packed);
    state->revision = change.revision;
    state->time = change.time;
}

/* --- Counting ----------------------------------------------------------------------------- */

struct customer_holdings customer_count_holdings(
    struct engine_transaction *transaction, struct nnrpc_slice customer_id, uint64_t limit) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CUSTOMER_CONTACTS);
    struct key prefix = key_of_owner(customer_id);
    struct customer_holdings count = {0};
    bool found = engine_cursor_seek(&cursor, key_slice(&prefix));
    while (found && slice_starts_with(cursor.key, key_slice(&prefix)) &&
           count.direct_contacts + count.links <= limit) {
        if (cursor.value.size == 1 && cursor.value.data[0] == INDEX_DIRECT) {
            count.direct_contacts++;
        } else {
            count.links++;
        }
        found = engine_cursor_next(&cursor);
    }
    return count;
}

uint64_t contact_count_links(
    struct engine_transaction *transaction, uint64_t contact_id, uint64_t limit) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(transaction, ENGINE_CONTACT_CUSTOMERS);
    struct key prefix = key_of_number(contact_id);
    uint64_t count = 0;
    bool found = engine_cursor_seek(&cursor, key_slice(&prefix));
    while (found && count <= limit && slice_starts_with(cursor.key, key_slice(&prefix))) {
        count++;
        found = engine_cursor_next(&cursor);
    }
    return count;
}
