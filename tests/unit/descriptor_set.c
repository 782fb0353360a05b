/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor sets for tests.
 */
#include "descriptor_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect_status.h"
#include "json_text.h"
#include "nnrpc/v1/reflection_service.nnrpc.h"

#define READ_BYTES 4096

void descriptor_set_read(const char *path, struct nnrpc_buffer *out) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char bytes[READ_BYTES];
    size_t size = 0;
    while ((size = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        nnrpc_buffer_append(out, bytes, size);
    }
    assert_int_equal(ferror(file), 0);
    fclose(file);
    assert_false(out->failed);
}

struct nnrpc_dynamic *descriptor_set_open(const void *bytes, size_t size) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_dynamic *dynamic = NULL;
    void *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum nnrpc_code code = nnrpc_dynamic_new(copy, size, &dynamic, &status);
    free(copy);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
    return dynamic;
}

void descriptor_set_from_json(const char *text, struct nnrpc_buffer *out) {
    const struct nnrpc_service *service = &reflection_service_service;
    NNRPC_CLEANUP(nnrpc_dynamic_freep)
    struct nnrpc_dynamic *dynamic =
        descriptor_set_open(service->descriptor_set, service->descriptor_set_size);
    ProtobufCMessage *set =
        read_json(nnrpc_dynamic_find_message(dynamic, "google.protobuf.FileDescriptorSet"), text);
    size_t size = 0;
    uint8_t *bytes = pack_message(set, &size);
    nnrpc_buffer_append(out, bytes, size);
    free(bytes);
    protobuf_c_message_free_unpacked(set, NULL);
}
