/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules a path belongs to: a tree of segments, in which a step costs the same however many
 * rules there are. A literal segment goes before a variable one; where it leads to no rule of the
 * verb, the variable is tried.
 */
#ifndef GATEWAY_REST_ROUTE_H
#define GATEWAY_REST_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rest/request_path.h"
#include "rest/rule.h"

/** A node: the rules that end here, and what may follow. All zero is an empty tree. */
struct rest_node {
    const char *literal; /* in the rule's template; NULL: a variable, or the root */
    size_t literal_size;
    struct rest_node **literals; /* owned, ordered by size and bytes */
    size_t literal_count;
    struct rest_node *variable;     /* owned */
    const struct rest_rule **rules; /* owned, in the order added */
    size_t rule_count;
};

/** Verbs as bits. */
enum rest_verb {
    REST_GET = 1 << 0,
    REST_POST = 1 << 1,
    REST_PUT = 1 << 2,
    REST_PATCH = 1 << 3,
    REST_DELETE = 1 << 4,
};

/** The verb of a name, HEAD as GET; 0 for others. */
unsigned int rest_verb_of(const char *name);

/**
 * Adds a rule.
 *
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (another rule has the same requests),
 *         NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code rest_route_add(
    struct rest_node *root, const struct rest_rule *rule, struct nnrpc_status *out_status);

/** Releases what is below a node, not the node. */
void rest_route_deinit(struct rest_node *root);

/** The node of a path that has rules of the verb, or NULL. */
const struct rest_node *rest_route_find(
    const struct rest_node *root, const struct rest_path *path, unsigned int verb);

/** The verbs of all rules that a path belongs to; 0: it belongs to none. */
unsigned int rest_route_verbs(const struct rest_node *root, const struct rest_path *path);

/** The verbs of all rules. */
unsigned int rest_route_all_verbs(const struct rest_node *root);

#endif
