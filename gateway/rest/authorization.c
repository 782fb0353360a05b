/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls. The token goes through to the server, which alone knows it. A request without one goes
 * nowhere: on a local socket the server would take it for the operator's.
 */
#include <string.h>
#include <strings.h>

#include "nnrpc/client.h"
#include "rest/reading.h"
#include "rest/reasons.h"
#include "rest/url.h"

static enum nnrpc_code fail_missing(struct rest_reading *reading, const char *what) {
    return nnrpc_fail(
        &reading->status, NNRPC_UNAUTHENTICATED, NNRPC_DOMAIN, REST_REASON_TOKEN_MISSING,
        "%s: expected \"Authorization: Bearer TOKEN\"", what);
}

/* Letters, digits and marks of RFC 6750's token, and whatever else is one visible word. */
static bool is_word(const char *text) {
    size_t size = 0;
    for (; text[size] > ' ' && text[size] <= '~'; size++) {
    }
    return size != 0 && text[size] == '\0' && size < NNRPC_TOKEN_MAX_BYTES;
}

enum nnrpc_code rest_read_token(struct rest_reading *reading) {
    static const char SCHEME[] = "Bearer";
    const char *sent = reading->headers.values[REST_AUTHORIZATION];
    if (sent == NULL) {
        return fail_missing(reading, "there is no token");
    }
    if (reading->headers.counts[REST_AUTHORIZATION] != 1) {
        return fail_missing(reading, "Authorization stands twice");
    }
    size_t scheme_size = strcspn(sent, " \t");
    if (scheme_size != strlen(SCHEME) || strncasecmp(sent, SCHEME, scheme_size) != 0) {
        return fail_missing(reading, "Authorization has another scheme");
    }
    const char *token = rest_skip_spaces(sent + scheme_size);
    if (*token == '\0') {
        return fail_missing(reading, "the token is empty");
    }
    if (!is_word(token)) {
        return nnrpc_fail(
            &reading->status, NNRPC_UNAUTHENTICATED, NNRPC_DOMAIN, REST_REASON_TOKEN_INVALID,
            "the token is not one word of visible characters");
    }
    reading->call->token = token;
    return NNRPC_OK;
}
