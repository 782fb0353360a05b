/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed: what every write becomes before anything else happens. A change is a packed
 * contacts.v1.Change under its revision; it holds results, so that applying the changes in order to
 * an empty store makes an equal store.
 */
#ifndef CONTACTS_STORE_CHANGES_H
#define CONTACTS_STORE_CHANGES_H

#include <stdint.h>

#include "contacts/v1/change.pb-c.h"
#include "engine.h"
#include "meta.h"
#include "nnrpc/buffer.h"

enum change_kind {
    CHANGE_CONTACT_CREATED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_CREATED,
    CHANGE_CONTACT_UPDATED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_UPDATED,
    CHANGE_CONTACT_CONVERTED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_CONVERTED,
    CHANGE_CONTACT_DELETED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_DELETED,
    CHANGE_LINK_ADDED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_ADDED,
    CHANGE_LINK_REMOVED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_REMOVED,
    CHANGE_CUSTOMER_CREATED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_CREATED,
    CHANGE_CUSTOMER_UPDATED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_UPDATED,
    CHANGE_CUSTOMER_DELETED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_DELETED,
    CHANGE_PRESET_PUT = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_PUT,
    CHANGE_PRESET_RETIRED = CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_RETIRED,
};

/** Field numbers of Change that hold a resource. */
enum change_field {
    CHANGE_FIELD_CONTACT = 6,
    CHANGE_FIELD_CUSTOMER = 8,
    CHANGE_FIELD_PRESET_VALUE = 9,
};

/** A change, field by field. Slices are borrowed; absent ones are empty. */
struct change {
    uint64_t revision;
    struct record_time time;
    struct nnrpc_slice caller;
    struct nnrpc_slice request_id;
    enum change_kind kind;
    struct nnrpc_slice contact;      /* packed */
    struct nnrpc_slice links;        /* fields 7 of a packed Change, one behind the other */
    struct nnrpc_slice customer;     /* packed */
    struct nnrpc_slice preset_value; /* packed */
};

/** Appends the packed Change. */
void change_pack(const struct change *change, struct nnrpc_buffer *out_packed);

/** Appends one customer id in the form that `links` has. */
void change_pack_link(const char *customer_id, struct nnrpc_buffer *out_links);

/** Appends a packed Contact with nothing but its id and, unless empty, its customer. */
void change_pack_contact_name(
    uint64_t contact_id, struct nnrpc_slice customer_id, struct nnrpc_buffer *out_contact);

/** Reads a packed Change. @return false when it is none. */
bool change_read(struct nnrpc_slice packed, struct change *out_change);

/** Takes the next customer id off `links`. @return false at the end. */
bool change_next_link(struct nnrpc_slice *links, struct nnrpc_slice *out_customer_id);

/** Puts a packed change under its revision. */
void change_put(
    struct engine_transaction *transaction, uint64_t revision, struct nnrpc_slice packed);

/** Finds a change. @return false when it is not kept. */
bool change_find(
    struct engine_transaction *transaction, uint64_t revision, struct nnrpc_slice *out_packed);

/** The smallest revision after which every change is kept. */
uint64_t changes_floor(struct engine_transaction *transaction, const struct state *state);

/**
 * Deletes changes made before a time, oldest first, at most `budget`.
 *
 * @return how many; `budget` means that there may be more.
 */
uint32_t changes_compact(
    struct engine_transaction *transaction, struct record_time before, uint32_t budget);

#endif
