/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpc.v1.StatsService/ListCalls.
 */
#ifndef NNRPC_LIST_CALLS_H
#define NNRPC_LIST_CALLS_H

#include "nnrpc/server.h"
#include "nnrpc/v1/stats_service.nnrpc.h"

/** The handler; self is the server. */
struct nnrpc_answer nnrpc_stats_list_calls(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__ListCallsRequest *request);

#endif
