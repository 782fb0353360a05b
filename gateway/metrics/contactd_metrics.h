/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics of contactd as Prometheus has it.
 */
#ifndef GATEWAY_CONTACTD_METRICS_H
#define GATEWAY_CONTACTD_METRICS_H

#include "nnrpc/buffer.h"
#include "nnrpc/v1/stats_service.pb-c.h"

/** How asking contactd went. */
enum contactd_scrape {
    CONTACTD_ANSWERED,
    CONTACTD_NOT_ASKED, /* there is no token to ask with */
    CONTACTD_REFUSED,   /* it answered, and not with statistics */
    CONTACTD_ABSENT,    /* no answer */
};

/** Appends what is known of contactd itself; not asked, nothing is. */
void contactd_metrics_write_scrape(struct nnrpc_buffer *out, enum contactd_scrape scrape);

/**
 * Appends what contactd counted. Its application's gauges get the names that Prometheus' users
 * expect: "store.map_used_bytes" is contactd_store_map_used_bytes, and times are in seconds. One
 * whose name is taken is left out.
 */
void contactd_metrics_write(struct nnrpc_buffer *out, const Nnrpc__V1__GetStatsResponse *stats);

#endif
