/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying changes: the only place where contacts, customers, links, presets and their indexes are
 * put. Needs nothing but the change and the store before it, so a log of changes can be replayed.
 */
#ifndef CONTACTS_STORE_APPLY_H
#define CONTACTS_STORE_APPLY_H

#include <stdint.h>

#include "engine.h"
#include "meta.h"
#include "nnrpc/wire.h"

/**
 * Applies a packed change and puts it into the feed. Deleting a customer puts a change for each of
 * its direct contacts first; its own revision is the last of them.
 *
 * @param packed  Not bytes of the store: they must outlive its puts. A change that does not fit the
 *                store fails the transaction.
 * @param state   Its counters are moved on.
 */
void apply_change(
    struct engine_transaction *transaction, struct state *state, struct nnrpc_slice packed);

/** Sets the Argon2id text of a contact's account password; an empty one removes it. */
void apply_secret(
    struct engine_transaction *transaction, uint64_t contact_id, struct nnrpc_slice password_hash);

/** What the deletion of a customer takes with it. */
struct customer_holdings {
    uint64_t direct_contacts;
    uint64_t links;
};

/** Counts them, stopping early above `limit` entries. */
struct customer_holdings customer_count_holdings(
    struct engine_transaction *transaction, struct nnrpc_slice customer_id, uint64_t limit);

/** Counts the links of a contact, stopping early above `limit`. */
uint64_t contact_count_links(
    struct engine_transaction *transaction, uint64_t contact_id, uint64_t limit);

#endif
