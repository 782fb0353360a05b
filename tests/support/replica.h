/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of a store, kept up to date with nothing but its change feed: what the feed promises to be
 * enough for. And the comparison of such a copy with what the store's reads show.
 */
#ifndef SUPPORT_REPLICA_H
#define SUPPORT_REPLICA_H

#include <stddef.h>
#include <stdint.h>

#include "acts.h"

struct replica;

/** Makes an empty copy; lives until the end of the test. */
struct replica *replica_new(void);

/** Reads on from where the copy is to the end of the feed, and applies every change. */
void replica_catch_up(struct replica *replica, struct peer *peer);

/** The revision that the copy has reached. */
uint64_t replica_revision(const struct replica *replica);

/** Expects that contacts, links, customers and presets are those of the store. */
void expect_equal_store(const struct replica *replica, struct peer *peer);

/** Counts, to see that a copy is not empty. */
size_t replica_contact_count(const struct replica *replica);
size_t replica_customer_count(const struct replica *replica);

#endif
