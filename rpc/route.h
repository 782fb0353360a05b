/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a method's name to what serves it: a hash table that is built once and then only read.
 */
#ifndef NNRPC_ROUTE_H
#define NNRPC_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/server.h"
#include "nnrpc/wire.h"

/** A service as it was registered. */
struct nnrpc_served_service {
    const struct nnrpc_service *service;
    const nnrpc_thunk *thunks;
    const void *handlers;
    void *self;
    bool is_standing;       /* answered while draining and under overload too */
    bool is_administrative; /* may have addresses of its own */
};

/** What a method's name leads to. */
struct nnrpc_target {
    const struct nnrpc_method *method;
    const struct nnrpc_served_service *served;
    nnrpc_thunk thunk;
    size_t name_size;
    size_t index; /* among all targets, in the order of registration */
    bool is_read; /* has no side effects */
    bool may_be_slow;
    bool takes_secrets; /* a field of its request, at any depth, is sensitive */
};

struct nnrpc_route_table {
    struct nnrpc_target *targets; /* owned */
    size_t target_count;
    uint32_t *slots; /* owned; index of a target plus one, 0 when free; a power of two of them */
    size_t slot_mask;
};

/**
 * Builds the table in place.
 *
 * @param services  Kept by the targets; must stay where they are.
 * @return NNRPC_OK or NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_route_table_init(
    struct nnrpc_route_table *table, const struct nnrpc_served_service *services,
    size_t service_count, struct nnrpc_status *out_status);
void nnrpc_route_table_deinit(struct nnrpc_route_table *table);

/** Finds a method by name; NULL when there is none. */
const struct nnrpc_target *nnrpc_route_find(
    const struct nnrpc_route_table *table, struct nnrpc_slice name);

#endif
