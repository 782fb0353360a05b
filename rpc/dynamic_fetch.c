/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's own descriptors. Which services it has and what they look like are two calls, made at
 * once; where the files of all services are too large for one reply, they are fetched service by
 * service.
 */
#include <string.h>

#include "dynamic.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"

typedef Nnrpc__V1__ListServicesResponse services_response;
typedef Nnrpc__V1__GetFileDescriptorSetResponse set_response;

static void free_services(services_response **response) {
    if (*response != NULL) {
        nnrpc__v1__list_services_response__free_unpacked(*response, NULL);
    }
}

static void free_set(set_response **response) {
    if (*response != NULL) {
        nnrpc__v1__get_file_descriptor_set_response__free_unpacked(*response, NULL);
    }
}

/* Adds the files of each service, one call after the other. */
static enum nnrpc_code fetch_each(
    struct nnrpc_client *client, const struct nnrpc_call_options *options,
    const services_response *services, struct nnrpc_buffer *set, struct nnrpc_status *status) {
    for (size_t i = 0; i < services->n_services; i++) {
        NNRPC_CLEANUP(free_set) set_response *response = NULL;
        Nnrpc__V1__GetFileDescriptorSetRequest request =
            NNRPC__V1__GET_FILE_DESCRIPTOR_SET_REQUEST__INIT;
        request.service = services->services[i]->name;
        enum nnrpc_code code = reflection_service_get_file_descriptor_set(
            client, options, &request, &response, status);
        if (code != NNRPC_OK) {
            return code;
        }
        nnrpc_buffer_append(
            set, response->file_descriptor_set.data, response->file_descriptor_set.len);
    }
    return NNRPC_OK;
}

/* Finishes the call for the files of all services. */
static enum nnrpc_code finish_set(
    struct nnrpc_pending *pending, struct nnrpc_client *client,
    const struct nnrpc_call_options *options, const services_response *services,
    struct nnrpc_buffer *set, struct nnrpc_status *status) {
    NNRPC_CLEANUP(free_set) set_response *response = NULL;
    enum nnrpc_code code =
        reflection_service_get_file_descriptor_set_finish(pending, &response, status);
    if (code == NNRPC_RESOURCE_EXHAUSTED && strcmp(status->reason, "REPLY_TOO_LARGE") == 0) {
        nnrpc_status_reset(status);
        return fetch_each(client, options, services, set, status);
    }
    if (code == NNRPC_OK) {
        nnrpc_buffer_append(
            set, response->file_descriptor_set.data, response->file_descriptor_set.len);
    }
    return code;
}

static bool is_served(const services_response *services, const char *name) {
    for (size_t i = 0; i < services->n_services; i++) {
        if (strcmp(services->services[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Drops the services that the server does not have: they stand in files that others import. */
static void keep_served(struct nnrpc_dynamic *dynamic, const services_response *services) {
    size_t kept = 0;
    for (size_t i = 0; i < dynamic->symbol_count; i++) {
        const struct nnrpc_dynamic_item *item = &dynamic->symbols[i].item;
        if (item->service == NULL || is_served(services, item->service->name)) {
            dynamic->symbols[kept++] = dynamic->symbols[i];
        }
    }
    dynamic->symbol_count = kept;
}

static enum nnrpc_code fetch(
    struct nnrpc_client *client, const struct nnrpc_call_options *options,
    struct nnrpc_dynamic **out_dynamic, struct nnrpc_status *status) {
    const Nnrpc__V1__ListServicesRequest list = NNRPC__V1__LIST_SERVICES_REQUEST__INIT;
    const Nnrpc__V1__GetFileDescriptorSetRequest get =
        NNRPC__V1__GET_FILE_DESCRIPTOR_SET_REQUEST__INIT;
    NNRPC_CLEANUP(free_services) services_response *services = NULL;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    struct nnrpc_pending *list_pending = NULL;
    struct nnrpc_pending *set_pending = NULL;
    enum nnrpc_code code =
        reflection_service_list_services_start(client, options, &list, &list_pending, status);
    if (code != NNRPC_OK) {
        return code;
    }
    code = reflection_service_get_file_descriptor_set_start(
        client, options, &get, &set_pending, status);
    if (code != NNRPC_OK) {
        nnrpc_pending_cancel(list_pending);
        return code;
    }
    code = reflection_service_list_services_finish(list_pending, &services, status);
    if (code != NNRPC_OK) {
        nnrpc_pending_cancel(set_pending);
        return code;
    }
    code = finish_set(set_pending, client, options, services, &set, status);
    if (code == NNRPC_OK && set.failed) {
        code = nnrpc_fail(
            status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the descriptors");
    }
    if (code == NNRPC_OK) {
        code = nnrpc_dynamic_new(set.data, set.size, out_dynamic, status);
    }
    if (code == NNRPC_OK) {
        keep_served(*out_dynamic, services);
    }
    return code;
}

enum nnrpc_code nnrpc_dynamic_fetch(
    struct nnrpc_client *client, const struct nnrpc_call_options *options,
    struct nnrpc_dynamic **out_dynamic, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_call_options own = {0};
    if (options != NULL) {
        own = *options;
        own.reply_metadata = NULL; /* one call at a time may fill it */
    }
    enum nnrpc_code code = fetch(client, &own, out_dynamic, &status);
    if (code != NNRPC_OK && out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
    return code;
}
