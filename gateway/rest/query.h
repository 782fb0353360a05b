/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The query of a request: its parameters, decoded, and what of them is no field of a message.
 */
#ifndef GATEWAY_REST_QUERY_H
#define GATEWAY_REST_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/status.h"

#define REST_QUERY_FEW 16
#define REST_QUERY_SHORT 1024

struct rest_parameter {
    const char *name; /* terminated, and so is the value */
    size_t name_size;
    const char *value;
    size_t value_size;
    bool has_value; /* there was a '=' */
    size_t offset;  /* of "name=value" as it was sent */
    size_t size;
};

/** All zero is an empty query. Not to be moved. Release with rest_query_deinit(). */
struct rest_query {
    const char *text; /* as sent */
    struct rest_parameter *parameters;
    size_t count;
    const char *action; /* NULL: none */
    bool is_pretty;
    bool is_envelope;
    struct rest_parameter *many; /* owned: where the few do not do */
    char *long_text;             /* owned: where the short one does not do */
    struct rest_parameter few[REST_QUERY_FEW];
    char short_text[REST_QUERY_SHORT];
};

/**
 * Reads a query.
 *
 * @param text       As sent, without '?'; outlives the query.
 * @param out_query  Its counters and pointers zero; release it whatever is returned.
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (MALFORMED_URL, DUPLICATE_PARAMETER,
 *         INVALID_PARAMETER), NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code rest_query_read(
    const char *text, struct rest_query *out_query, struct nnrpc_status *out_status);

void rest_query_init(struct rest_query *query);
void rest_query_deinit(struct rest_query *query);

/** Whether a parameter is one of those that are no fields: action, pretty, envelope. */
bool rest_parameter_is_reserved(const struct rest_parameter *parameter);

#endif
