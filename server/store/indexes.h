/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries that other tables have for a record: what must be there follows from the record
 * alone, so a change of a record is a change from one set of entries to another.
 */
#ifndef CONTACTS_STORE_INDEXES_H
#define CONTACTS_STORE_INDEXES_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "keys.h"
#include "records.h"

/** Form and dealer code, or form and customer; e-mail; numbers. */
#define INDEX_ENTRIES_MOST (3 + RECORD_NUMBERS)

/** Values of customer_contacts. */
#define INDEX_DIRECT 'd'
#define INDEX_LINK 'l'

/** Keys of by_form begin with one of these. */
#define INDEX_FORM_DIRECT 'd'
#define INDEX_FORM_SHARED 's'
#define INDEX_FORM_DEALER_CODE 'c'

struct index_entry {
    enum engine_table table;
    struct key key;
    uint8_t value; /* one byte, or 0: an empty value */
};

/** The entries of a contact. Equal numbers have one entry. @return how many. */
size_t index_contact_entries(
    const struct contact_view *view, struct index_entry out_entries[INDEX_ENTRIES_MOST]);

/** Changes a contact's entries; NULL for a record that is not there before or after. */
void index_change_contact(
    struct engine_transaction *transaction, const struct contact_view *before,
    const struct contact_view *after);

/** Changes a customer's unique values in the same way. */
void index_change_customer(
    struct engine_transaction *transaction, const struct customer_view *before,
    const struct customer_view *after);

/** Puts and deletes a link's two entries. */
void index_put_link(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice customer_id);
void index_delete_link(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice customer_id);

/* --- When customers came to be ------------------------------------------------------------ */

/*
 * Customers are numbered in the order in which they come to be, and listed in the order of their
 * ids. "Created since" is "numbered from n on". So that a page of those costs what a page costs,
 * the numbers are also cut into blocks: level L has blocks of 16 to the power of L + 1 numbers, and
 * each block keeps its customers by id. The numbers from n on are the rest of n's own block, number
 * by number, and at each level at most 15 whole blocks; their customers, merged, are the answer.
 *
 * The first block of every sixteen is never one of those 15, so it is not kept.
 */
#define INDEX_LEVELS 15
#define INDEX_LEVEL_BITS 4
#define INDEX_BLOCK_NUMBERS 16

/** Key of the entry that has a customer's number; its value is time and id. */
struct key index_sequence_key(uint64_t sequence);
#define INDEX_TIME_BYTES 12

/** Number of the block that a customer's number is in. */
uint64_t index_block(unsigned level, uint64_t sequence);

/** Whether customers of a block are kept. */
bool index_block_is_kept(uint64_t block);

/** Prefix of a block's keys; the customer id follows. */
struct key index_block_key(unsigned level, uint64_t block);

void index_put_created(
    struct engine_transaction *transaction, uint64_t sequence, struct record_time time,
    struct nnrpc_slice customer_id);
void index_delete_created(
    struct engine_transaction *transaction, uint64_t sequence, struct nnrpc_slice customer_id);

/** Reads the value under index_sequence_key(). @return false when it cannot be one. */
bool index_created_read(
    struct nnrpc_slice value, struct record_time *out_time, struct nnrpc_slice *out_customer_id);

#endif
