/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All rules, made ready. Constant once made.
 */
#ifndef GATEWAY_REST_TABLE_H
#define GATEWAY_REST_TABLE_H

#include "rest/rest.h"
#include "rest/route.h"
#include "rest/rule.h"

struct rest_table {
    struct rest_node root;
    struct rest_rule *rules; /* owned, in the order of the services */
    size_t rule_count;
    struct rest_bound *bounds; /* owned, one for each method that has rules */
    size_t bound_count;
};

#endif
