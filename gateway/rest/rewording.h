/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What errors of calls say to callers of HTTP, who know no calls: they see neither the server
 * behind nor the fields of responses.
 */
#ifndef GATEWAY_REST_REWORDING_H
#define GATEWAY_REST_REWORDING_H

#include "nnrpc/status.h"
#include "rest/rule.h"

/** Rewords the message and the violations of an error, whose fields still have their proto names;
 *  code, reason and info stay. */
void rest_reword(const struct rest_rule *rule, struct nnrpc_status *status);

#endif
