/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many writes at once.
 */
#include "bulk.h"

#define IN_FLIGHT 256

static struct nnrpc_pending *start_create(
    struct peer *peer, const Contacts__V1__CreateContactRequest *request) {
    struct nnrpc_pending *pending = NULL;
    enum nnrpc_code code =
        contact_service_create_contact_start(peer->client, NULL, request, &pending, &peer->status);
    assert_int_equal(code, NNRPC_OK);
    return pending;
}

static const char *finish_create(struct peer *peer, struct nnrpc_pending *pending) {
    Contacts__V1__CreateContactResponse *response = NULL;
    enum nnrpc_code code = contact_service_create_contact_finish(pending, &response, &peer->status);
    if (code != NNRPC_OK) {
        fail_msg("a create was answered %s: %s", nnrpc_code_name(code), peer->status.message);
    }
    scenario_keep_message(&response->base);
    return response->contact->id;
}

void create_many_contacts(
    struct peer *peer, const Contact *contact, size_t count, const char **out_ids) {
    struct nnrpc_pending *pending[IN_FLIGHT];
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    for (size_t i = 0; i < count + IN_FLIGHT; i++) {
        if (i >= IN_FLIGHT && i - IN_FLIGHT < count) {
            const char *id = finish_create(peer, pending[i % IN_FLIGHT]);
            if (out_ids != NULL) {
                out_ids[i - IN_FLIGHT] = id;
            }
        }
        if (i < count) {
            pending[i % IN_FLIGHT] = start_create(peer, &request);
        }
    }
}
