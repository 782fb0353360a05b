/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default preset catalogue, loaded into a store that has just been made.
 */
#ifndef CONTACTD_DEFAULTS_H
#define CONTACTD_DEFAULTS_H

#include "nnrpc/status.h"
#include "store/store.h"

/**
 * Puts every default preset value into a store that nothing else was written to yet, and waits
 * until they are durable. A store that was interrupted while being filled is filled up; any other
 * is left alone.
 *
 * @return NNRPC_OK, or what the store answered.
 */
NNRPC_NODISCARD enum nnrpc_code contactd_load_defaults(
    struct store *store, struct nnrpc_status *out_status);

#endif
