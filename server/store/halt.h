/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a store whose disk has failed: what was not written then may count as written, so
 * nothing that the process knows can be relied on any more.
 */
#ifndef CONTACTS_STORE_HALT_H
#define CONTACTS_STORE_HALT_H

#include "nnrpc/status.h"

struct halt {
    const char *folder; /* outlives it */
    /** Says why and ends the process; NULL, or a return: abort(). */
    void (*halted)(void *self, const char *message);
    void *self;
};

/** Marks the data file as not to be trusted at the next start, and ends the process. */
_Noreturn void halt_store(const struct halt *halt, const struct nnrpc_status *why);

#endif
