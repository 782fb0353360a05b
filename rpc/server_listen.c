/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's addresses, and which services are served on which of them.
 */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "server_state.h"

static enum nnrpc_code fail_started(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, NNRPC_DOMAIN, "INTERNAL",
        "the server has started: it is too late for another address");
}

static enum nnrpc_code fail_full(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "a server has at most %d addresses", NNRPC_SERVER_MAX_ADDRESSES);
}

static enum nnrpc_code fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
        "not enough memory for an address");
}

enum nnrpc_code nnrpc_server_check_address(const char *url, struct nnrpc_status *out_status) {
    struct nnrpc_address address;
    return nnrpc_address_parse(url, true, &address, out_status);
}

enum nnrpc_code nnrpc_server_listen_with(
    struct nnrpc_server *server, const char *url, const struct nnrpc_listen_options *options,
    struct nnrpc_status *out_status) {
    if (server->phase != NNRPC_SERVER_NEW) {
        return fail_started(out_status);
    }
    if (server->receiver_count == NNRPC_SERVER_MAX_ADDRESSES) {
        return fail_full(out_status);
    }
    struct nnrpc_receiver *receiver = &server->receivers[server->receiver_count];
    char *copy = strdup(url);
    if (copy == NULL) {
        return fail_memory(out_status);
    }
    enum nnrpc_code code =
        nnrpc_listener_open(url, NNRPC_FRAME_MAX_BYTES, &receiver->listener, out_status);
    if (code != NNRPC_OK) {
        free(copy);
        return code;
    }
    receiver->server = server;
    receiver->url = copy;
    receiver->services = options == NULL ? NNRPC_LISTEN_DEFAULT : options->services;
    server->receiver_count++;
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_server_listen(
    struct nnrpc_server *server, const char *url, struct nnrpc_status *out_status) {
    return nnrpc_server_listen_with(server, url, NULL, out_status);
}

enum nnrpc_code nnrpc_server_set_administrative(
    struct nnrpc_server *server, const char *service, struct nnrpc_status *out_status) {
    if (server->phase != NNRPC_SERVER_NEW) {
        return fail_started(out_status);
    }
    for (size_t index = 0; index < server->service_count; index++) {
        if (strcmp(server->services[index].service->name, service) == 0) {
            server->services[index].is_administrative = true;
            return NNRPC_OK;
        }
    }
    return nnrpc_fail(
        out_status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, "SERVICE_NOT_FOUND",
        "there is no service \"%.100s\" here", service);
}

bool nnrpc_receiver_is_administrative(const struct nnrpc_receiver *receiver) {
    return receiver->services == NNRPC_LISTEN_ADMINISTRATION ||
           receiver->services == NNRPC_LISTEN_ALL;
}

void nnrpc_server_divide_services(struct nnrpc_server *server) {
    bool is_divided = false;
    for (size_t index = 0; index < server->receiver_count; index++) {
        is_divided = is_divided || nnrpc_receiver_is_administrative(&server->receivers[index]);
    }
    for (size_t index = 0; index < server->receiver_count; index++) {
        struct nnrpc_receiver *receiver = &server->receivers[index];
        receiver->refuses_application = receiver->services == NNRPC_LISTEN_ADMINISTRATION;
        receiver->refuses_administration =
            receiver->services == NNRPC_LISTEN_APPLICATION ||
            (is_divided && receiver->services == NNRPC_LISTEN_DEFAULT);
    }
}

bool nnrpc_receiver_serves(
    const struct nnrpc_receiver *receiver, const struct nnrpc_served_service *served) {
    return served->is_standing || (served->is_administrative ? !receiver->refuses_administration
                                                             : !receiver->refuses_application);
}
