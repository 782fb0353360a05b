/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consistency check: reads every entry of a store that nobody has open, and says what does not
 * fit together. Records against indexes and back, links from both ends, times, counters, and the
 * change feed against the records.
 */
#ifndef CONTACTS_STORE_CHECK_H
#define CONTACTS_STORE_CHECK_H

#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** Who listens while the check runs. Members may be NULL. */
struct store_check_observer {
    void *self;
    /** Called every few thousand entries and at the end of every table. */
    void (*progress)(void *self, const char *table, uint64_t entries);
    /** Called for each fault, with one sentence. */
    void (*fault)(void *self, const char *text);
};

struct store_check_report {
    uint64_t revision;
    uint64_t epoch;
    uint64_t contacts;
    uint64_t customers;
    uint64_t links;
    uint64_t presets;
    uint64_t secrets;
    uint64_t requests;
    uint64_t changes;
    uint64_t faults; /* 0: everything fits */
    char first_fault[256];
};

/**
 * Checks the store in a folder. Takes its lock meanwhile, changes nothing.
 *
 * @param observer    NULL: nobody.
 * @param out_report  Written on NNRPC_OK, which says that the check ran, not that all is well.
 * @return as store_open(), NNRPC_NOT_FOUND when there is no store, NNRPC_FAILED_PRECONDITION when
 * it has to be recovered first.
 */
NNRPC_NODISCARD enum nnrpc_code store_check(
    const char *folder, const struct store_check_observer *observer,
    struct store_check_report *out_report, struct nnrpc_status *out_status);

#endif
