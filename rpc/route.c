/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table: open addressing, at most half full, so that a miss ends soon. The names that
 * are in it are the server's own, so nobody outside can make them collide.
 */
#include "route.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_TYPES_MAX 128

#define MIX 0x9E3779B97F4A7C15u /* 2^64 divided by the golden ratio */

/* Eight bytes a step: names are some forty bytes and are hashed on every call. */
static size_t hash_name(const uint8_t *name, size_t size) {
    uint64_t hash = size * MIX;
    while (size >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, name, sizeof(word));
        hash = (hash ^ word) * MIX;
        hash ^= hash >> 32;
        name += sizeof(word);
        size -= sizeof(word);
    }
    uint64_t rest = 0;
    if (size > 0) {
        memcpy(&rest, name, size);
    }
    hash = (hash ^ rest) * MIX;
    return (size_t)(hash ^ (hash >> 32));
}

/* The messages that a request may hold, each once. */
struct type_set {
    const struct nnrpc_message *types[REQUEST_TYPES_MAX];
    size_t count;
};

/* False when there is no room. */
static bool add_type(struct type_set *set, const struct nnrpc_message *type) {
    for (size_t index = 0; index < set->count; index++) {
        if (set->types[index] == type) {
            return true;
        }
    }
    if (set->count == REQUEST_TYPES_MAX) {
        return false;
    }
    set->types[set->count++] = type;
    return true;
}

/* A request of more types than are looked at is taken to have secrets. */
static bool takes_secrets(const struct nnrpc_message *request) {
    struct type_set set = {.types = {request}, .count = 1};
    for (size_t index = 0; index < set.count; index++) {
        const struct nnrpc_message *type = set.types[index];
        for (unsigned field = 0; field < type->descriptor->n_fields; field++) {
            const struct nnrpc_field *names = &type->fields[field];
            if ((names->flags & NNRPC_FIELD_SENSITIVE) != 0 ||
                (names->message != NULL && !add_type(&set, names->message))) {
                return true;
            }
        }
    }
    return false;
}

static void add_target(
    struct nnrpc_route_table *table, const struct nnrpc_served_service *served, size_t method) {
    const struct nnrpc_method *description = &served->service->methods[method];
    size_t index = table->target_count++;
    table->targets[index] = (struct nnrpc_target){
        .method = description,
        .served = served,
        .thunk = served->thunks[method],
        .name_size = strlen(description->name),
        .index = index,
        .is_read = description->idempotency == NNRPC_NO_SIDE_EFFECTS,
        .may_be_slow = description->slow_always || description->slow_when_set_count > 0,
        .takes_secrets = takes_secrets(description->request),
    };
    size_t slot = hash_name((const uint8_t *)description->name, table->targets[index].name_size);
    while (table->slots[slot & table->slot_mask] != 0) {
        slot++;
    }
    table->slots[slot & table->slot_mask] = (uint32_t)index + 1;
}

enum nnrpc_code nnrpc_route_table_init(
    struct nnrpc_route_table *table, const struct nnrpc_served_service *services,
    size_t service_count, struct nnrpc_status *out_status) {
    size_t method_count = 0;
    for (size_t index = 0; index < service_count; index++) {
        method_count += services[index].service->method_count;
    }
    size_t slot_count = 16;
    while (slot_count < 2 * method_count) {
        slot_count *= 2;
    }
    *table = (struct nnrpc_route_table){
        .targets = calloc(method_count + 1, sizeof(struct nnrpc_target)),
        .slots = calloc(slot_count, sizeof(uint32_t)),
        .slot_mask = slot_count - 1,
    };
    if (table->targets == NULL || table->slots == NULL) {
        nnrpc_route_table_deinit(table);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for the table of %zu methods", method_count);
    }
    for (size_t index = 0; index < service_count; index++) {
        for (size_t method = 0; method < services[index].service->method_count; method++) {
            add_target(table, &services[index], method);
        }
    }
    return NNRPC_OK;
}

void nnrpc_route_table_deinit(struct nnrpc_route_table *table) {
    free(table->targets);
    free(table->slots);
    *table = (struct nnrpc_route_table){0};
}

const struct nnrpc_target *nnrpc_route_find(
    const struct nnrpc_route_table *table, struct nnrpc_slice name) {
    size_t slot = hash_name(name.data, name.size);
    while (table->slots[slot & table->slot_mask] != 0) {
        const struct nnrpc_target *target =
            &table->targets[table->slots[slot & table->slot_mask] - 1];
        if (target->name_size == name.size &&
            memcmp(target->method->name, name.data, name.size) == 0) {
            return target;
        }
        slot++;
    }
    return NULL;
}
