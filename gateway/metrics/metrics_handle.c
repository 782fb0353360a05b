/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page: the gateway's counters at once, contactd's when it has answered. contactd is never
 * called without a token, since on a Unix socket that would be an administrator's call.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contactd_metrics.h"
#include "exposition.h"
#include "metrics_table.h"
#include "nnrpc/v1/stats_service.nnrpc.h"

/* Shorter than what scrapers wait: a page without contactd's part is better than none. */
#define SCRAPE_TIMEOUT_MS 1000

/** A page that waits for contactd. */
struct scrape {
    const struct metrics *metrics;
    struct exchange *exchange;
    struct nnrpc_pending *pending;
};

/* The token of "Bearer TOKEN"; the scheme is compared without regard to case (RFC 9110). */
static const char *read_bearer(const char *authorization) {
    static const char scheme[] = "Bearer ";
    const size_t scheme_size = sizeof(scheme) - 1;
    if (authorization == NULL || strncasecmp(authorization, scheme, scheme_size) != 0) {
        return NULL;
    }
    const char *token = authorization + scheme_size;
    token += strspn(token, " ");
    return *token != '\0' ? token : NULL;
}

/* The reader's own token counts, so that nobody sees more than contactd lets him. */
static const char *choose_token(const struct metrics *metrics, struct exchange *exchange) {
    const struct http_request *request = exchange_request(exchange);
    const char *own = read_bearer(http_request_header(request, "Authorization"));
    return own != NULL ? own : metrics->stats_token;
}

static void answer(
    const struct metrics *metrics, struct exchange *exchange, enum contactd_scrape outcome,
    const Nnrpc__V1__GetStatsResponse *stats) {
    struct http_response response = {
        .status = 200,
        .content_type = EXPOSITION_CONTENT_TYPE,
    };
    metrics_write(metrics, &response.body);
    contactd_metrics_write_scrape(&response.body, outcome);
    if (stats != NULL) {
        contactd_metrics_write(&response.body, stats);
    }
    response.failed = response.body.failed;
    http_response_add_header(&response, "Cache-Control", "no-store");
    exchange_answer(exchange, &response);
}

/* A server that refuses is there; one that says nothing is not. */
static enum contactd_scrape outcome_of(enum nnrpc_code code) {
    bool is_silent = code == NNRPC_UNAVAILABLE || code == NNRPC_DEADLINE_EXCEEDED;
    return code == NNRPC_OK ? CONTACTD_ANSWERED : is_silent ? CONTACTD_ABSENT : CONTACTD_REFUSED;
}

static void finish_scrape(void *context, struct nnrpc_pending *pending) {
    struct scrape *scrape = context;
    Nnrpc__V1__GetStatsResponse *stats = NULL;
    enum nnrpc_code code = stats_service_get_stats_finish(pending, &stats, NULL);
    answer(scrape->metrics, scrape->exchange, outcome_of(code), stats);
    if (stats != NULL) {
        nnrpc__v1__get_stats_response__free_unpacked(stats, NULL);
    }
    free(scrape);
}

/* Its reader is gone. */
static void cancel_scrape(void *context) {
    struct scrape *scrape = context;
    nnrpc_pending_cancel(scrape->pending);
    free(scrape);
}

static enum nnrpc_code start_scrape(
    const struct metrics *metrics, struct exchange *exchange, const char *token) {
    static const struct nnrpc_retry_policy once = {.max_attempts = 1};
    const Nnrpc__V1__GetStatsRequest request = NNRPC__V1__GET_STATS_REQUEST__INIT;
    struct scrape *scrape = malloc(sizeof(*scrape));
    if (scrape == NULL) {
        return NNRPC_RESOURCE_EXHAUSTED;
    }
    *scrape = (struct scrape){.metrics = metrics, .exchange = exchange};
    const struct nnrpc_call_options options = {
        .timeout_ms = SCRAPE_TIMEOUT_MS,
        .retry = &once,
        .token = token,
        .on_done = finish_scrape,
        .on_done_context = scrape,
    };
    enum nnrpc_code code = stats_service_get_stats_start(
        exchange_client(exchange), &options, &request, &scrape->pending, NULL);
    if (code != NNRPC_OK) {
        free(scrape);
        return code;
    }
    exchange_set_cancel(exchange, cancel_scrape, scrape);
    return NNRPC_OK;
}

void metrics_handle(struct metrics *metrics, struct exchange *exchange) {
    const char *token = choose_token(metrics, exchange);
    if (token == NULL) {
        answer(metrics, exchange, CONTACTD_NOT_ASKED, NULL);
    } else if (start_scrape(metrics, exchange, token) != NNRPC_OK) {
        answer(metrics, exchange, CONTACTD_ABSENT, NULL);
    }
}
