/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpc.v1.ReflectionService. Descriptor sets are copied from the generated tables as packed
 * bytes; merging several keeps the first occurrence of each file, so that a file still stands
 * after all that it imports.
 */
#include <stdlib.h>
#include <string.h>

#include "nnrpc/buffer.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"
#include "server_state.h"

/* Field numbers of google/protobuf/descriptor.proto. */
enum { SET_FILE = 1, FILE_NAME = 1 };

/* --- ListServices ------------------------------------------------------------------------- */

static int compare_services(const void *left, const void *right) {
    const struct nnrpc_served_service *const *a = left;
    const struct nnrpc_served_service *const *b = right;
    return strcmp((*a)->service->name, (*b)->service->name);
}

/* One summary in the call's memory; NULL without memory. */
static Nnrpc__V1__ServiceSummary *summarise(
    struct nnrpc_call *call, const struct nnrpc_service *service) {
    Nnrpc__V1__ServiceSummary *summary = nnrpc_call_allocate(call, sizeof(*summary));
    char **methods = nnrpc_call_allocate(call, service->method_count * sizeof(*methods));
    if (summary == NULL || methods == NULL) {
        return NULL;
    }
    for (size_t index = 0; index < service->method_count; index++) {
        methods[index] = (char *)service->methods[index].method_name;
    }
    nnrpc__v1__service_summary__init(summary);
    summary->name = (char *)service->name;
    summary->methods = methods;
    summary->n_methods = service->method_count;
    return summary;
}

static struct nnrpc_answer list_services(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__ListServicesRequest *request) {
    (void)request;
    const struct nnrpc_server *server = self;
    const struct nnrpc_served_service *services[NNRPC_SERVER_MAX_SERVICES];
    Nnrpc__V1__ServiceSummary *summaries[NNRPC_SERVER_MAX_SERVICES];
    for (size_t index = 0; index < server->service_count; index++) {
        services[index] = &server->services[index];
    }
    qsort(services, server->service_count, sizeof(services[0]), compare_services);
    for (size_t index = 0; index < server->service_count; index++) {
        summaries[index] = summarise(call, services[index]->service);
        if (summaries[index] == NULL) {
            return nnrpc_fail_reply_memory(call);
        }
    }
    Nnrpc__V1__ListServicesResponse response = NNRPC__V1__LIST_SERVICES_RESPONSE__INIT;
    response.services = summaries;
    response.n_services = server->service_count;
    return reflection_service_list_services_reply(call, &response);
}

/* --- GetFileDescriptorSet ----------------------------------------------------------------- */

static struct nnrpc_slice file_name(struct nnrpc_slice file) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(file.data, file.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == FILE_NAME) {
            return field.bytes;
        }
    }
    return (struct nnrpc_slice){0};
}

static bool has_file(struct nnrpc_slice set, struct nnrpc_slice name) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(set.data, set.size);
    struct nnrpc_wire_field file;
    while (nnrpc_wire_next(&reader, &file)) {
        struct nnrpc_slice other = file_name(file.bytes);
        if (other.size == name.size && name.size > 0 &&
            memcmp(other.data, name.data, name.size) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds the files of a service that are not there yet. */
static void merge_files(struct nnrpc_buffer *set, const struct nnrpc_service *service) {
    struct nnrpc_wire_reader reader =
        nnrpc_wire_reader(service->descriptor_set, service->descriptor_set_size);
    struct nnrpc_wire_field file;
    while (nnrpc_wire_next(&reader, &file)) {
        struct nnrpc_slice so_far = {.data = set->data, .size = set->size};
        if (file.number == SET_FILE && !has_file(so_far, file_name(file.bytes))) {
            nnrpc_buffer_append(set, file.whole.data, file.whole.size);
        }
    }
}

static struct nnrpc_answer reply_set(struct nnrpc_call *call, const uint8_t *bytes, size_t size) {
    Nnrpc__V1__GetFileDescriptorSetResponse response =
        NNRPC__V1__GET_FILE_DESCRIPTOR_SET_RESPONSE__INIT;
    response.file_descriptor_set.data = (uint8_t *)bytes;
    response.file_descriptor_set.len = size;
    return reflection_service_get_file_descriptor_set_reply(call, &response);
}

static struct nnrpc_answer get_file_descriptor_set(
    void *self, struct nnrpc_call *call, const Nnrpc__V1__GetFileDescriptorSetRequest *request) {
    const struct nnrpc_server *server = self;
    if (request->service[0] != '\0') {
        const struct nnrpc_served_service *served =
            nnrpc_server_find_service(server, request->service);
        if (served == NULL) {
            return nnrpc_fail_unknown_service(call, request->service);
        }
        return reply_set(
            call, served->service->descriptor_set, served->service->descriptor_set_size);
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    for (size_t index = 0; index < server->service_count; index++) {
        merge_files(&set, server->services[index].service);
    }
    return set.failed ? nnrpc_fail_reply_memory(call) : reply_set(call, set.data, set.size);
}

enum nnrpc_code nnrpc_reflection_register(
    struct nnrpc_server *server, struct nnrpc_status *out_status) {
    static const struct reflection_service_handlers handlers = {
        .list_services = list_services,
        .get_file_descriptor_set = get_file_descriptor_set,
    };
    return reflection_service_register(server, &handlers, server, out_status);
}
