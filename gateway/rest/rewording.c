/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in the words of HTTP.
 */
#include "rest/rewording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The client's own errors name the address that it calls, which is nobody's business outside. */
static void hide_server(struct nnrpc_status *status) {
    static const struct {
        const char *reason;
        const char *message;
        const char *advice; /* where nothing was done */
    } HIDDEN[] = {
        {"UNREACHABLE", "contactd cannot be reached", "; try again"},
        {"MALFORMED_REPLY", "the answer of contactd cannot be read", ""},
    };
    static const char CARE[] = "; the request may have taken effect: try again under the same "
                               "Idempotency-Key alone";
    if (strcmp(status->domain, NNRPC_DOMAIN) != 0) {
        return;
    }
    bool is_open = nnrpc_status_get_info(status, "may_have_taken_effect") != NULL;
    for (size_t index = 0; index < NNRPC_LENGTH(HIDDEN); index++) {
        if (strcmp(status->reason, HIDDEN[index].reason) == 0) {
            (void)snprintf(
                status->message, sizeof(status->message), "%s%s", HIDDEN[index].message,
                is_open ? CARE : HIDDEN[index].advice);
        }
    }
}

static bool is_page_token(const struct nnrpc_violation *violation) {
    return strcmp(violation->reason, "INVALID_PAGE_TOKEN") == 0;
}

/* A page is asked for by the address that Link gives: the response's field is hardly seen. */
static bool reword_page_token(const struct rest_rule *rule, struct nnrpc_violation *violation) {
    char text[NNRPC_STATUS_MESSAGE_BYTES];
    (void)snprintf(
        text, sizeof(text),
        "does not go on with this request: expected the address that the header Link gave, or its "
        "%s "
        "with the same parameters",
        rule->page.names->json_name);
    char *copy = strdup(text);
    if (copy == NULL) {
        return false; /* contactd's words are better than none */
    }
    free(violation->description);
    violation->description = copy;
    return true;
}

void rest_reword(const struct rest_rule *rule, struct nnrpc_status *status) {
    hide_server(status);
    size_t count = status->details == NULL ? 0 : status->details->violation_count;
    bool is_reworded = false;
    for (size_t index = 0; index < count && rule->next_index >= 0; index++) {
        struct nnrpc_violation *violation = &status->details->violations[index];
        is_reworded |= is_page_token(violation) && reword_page_token(rule, violation);
    }
    if (is_reworded) { /* the message is made of the violations */
        status->code = nnrpc_status_fail_violations(status, status->domain, status->reason);
    }
}
