/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs of life. The sign is that the endpoint takes another connection: that is the work of
 * nanomsg's own thread there, so a server whose handlers are busy shows it too, and no call has to
 * wait for another.
 */
#include "keep_alive.h"

#include "clock.h"

void keep_alive_end(struct lane *lane) {
    nnrpc_connection_close(lane->feeler);
    lane->feeler = NULL;
}

static bool fail_silent(const struct nnrpc_client *client, struct lane *lane, const char *problem) {
    (void)nnrpc_fail(
        &lane->status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "UNREACHABLE", "server \"%s\": %s",
        client->endpoints[lane->endpoint].url, problem);
    return false;
}

bool keep_alive_check(const struct nnrpc_client *client, struct lane *lane) {
    const struct endpoint *endpoint = &client->endpoints[lane->endpoint];
    uint64_t now = nnrpc_clock_ns();
    if (endpoint->is_local || client->keep_alive_ns == UINT64_MAX ||
        now - lane->quiet_since_ns < client->keep_alive_ns) {
        return true;
    }
    if (lane->feeler == NULL) {
        lane->feeler_since_ns = now;
        enum nnrpc_code code = nnrpc_connection_open(
            endpoint->url, client->max_reply_bytes, &lane->feeler, &lane->status);
        /* Short of descriptors or memory, this process cannot ask: later, then. */
        return code == NNRPC_OK || code == NNRPC_RESOURCE_EXHAUSTED;
    }
    switch (nnrpc_connection_await(lane->feeler, &lane->status)) {
    case NNRPC_PROGRESS_DONE:
        keep_alive_end(lane);
        lane->quiet_since_ns = now;
        return true;
    case NNRPC_PROGRESS_WAITING:
        return now - lane->feeler_since_ns < client->keep_alive_ns ||
               fail_silent(client, lane, "no sign of life");
    case NNRPC_PROGRESS_FAILED:
        return false;
    }
    return true;
}
