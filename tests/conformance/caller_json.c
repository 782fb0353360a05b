/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes are base64 throughout; status details become an object and a list.
 */
#include "caller_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

void *caller_memory(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "conformance_caller: no memory\n");
        abort();
    }
    return memory;
}

static uint8_t *decode(const char *text, size_t *out_size) {
    size_t size = strlen(text);
    uint8_t *bytes = caller_memory(malloc(size / 4 * 3 + 3));
    if (!nnrpc_base64_read(text, size, bytes, out_size)) {
        fprintf(stderr, "conformance_caller: not base64: %.40s\n", text);
        abort();
    }
    return bytes;
}

uint8_t *caller_read_bytes(const json_t *object, const char *key, size_t *out_size) {
    const char *text = json_string_value(json_object_get(object, key));
    return decode(text == NULL ? "" : text, out_size);
}

json_t *caller_write_bytes(const void *bytes, size_t size) {
    size_t text_size = NNRPC_BASE64_SIZE(size);
    char *text = caller_memory(malloc(text_size + 1));
    nnrpc_base64_write(bytes, size, text);
    json_t *value = json_stringn(text, text_size);
    free(text);
    return value;
}

struct nnrpc_metadata *caller_read_metadata(const json_t *list, size_t *out_count) {
    size_t count = json_array_size(list);
    struct nnrpc_metadata *metadata = caller_memory(calloc(count + 1, sizeof(*metadata)));
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *value = json_string_value(json_array_get(pair, 1));
        metadata[i].key = json_string_value(json_array_get(pair, 0));
        metadata[i].value = decode(value == NULL ? "" : value, &metadata[i].value_size);
    }
    *out_count = count;
    return metadata;
}

void caller_free_metadata(struct nnrpc_metadata *metadata, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free((void *)metadata[i].value);
    }
    free(metadata);
}

static json_t *write_infos(const struct nnrpc_status_details *details) {
    json_t *infos = json_object();
    for (size_t i = 0; details != NULL && i < details->info_count; i++) {
        json_object_set_new(infos, details->infos[i].key, json_string(details->infos[i].value));
    }
    return infos;
}

static json_t *write_violations(const struct nnrpc_status_details *details) {
    json_t *violations = json_array();
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        const struct nnrpc_violation *violation = &details->violations[i];
        json_array_append_new(
            violations, json_pack(
                            "{s:s, s:s, s:s}", "field", violation->field, "description",
                            violation->description, "reason", violation->reason));
    }
    return violations;
}

static json_t *write_metadata(const struct nnrpc_reply_metadata *metadata) {
    json_t *list = json_array();
    struct nnrpc_metadata entry;
    for (size_t i = 0; (entry = nnrpc_reply_metadata_at(metadata, i)).key != NULL; i++) {
        json_t *value = caller_write_bytes(entry.value, entry.value_size);
        json_array_append_new(list, json_pack("[s, o]", entry.key, value));
    }
    return list;
}

static json_t *write_message(const ProtobufCMessage *message) {
    size_t size = message == NULL ? 0 : protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = caller_memory(malloc(size + 1));
    if (message != NULL) {
        protobuf_c_message_pack(message, bytes);
    }
    json_t *value = caller_write_bytes(bytes, size);
    free(bytes);
    return value;
}

json_t *caller_write_answer(
    const struct nnrpc_status *status, const struct nnrpc_reply_metadata *metadata,
    const ProtobufCMessage *response) {
    return json_pack(
        "{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "code", (int)status->code, "message",
        status->message, "reason", status->reason, "domain", status->domain, "info",
        write_infos(status->details), "violations", write_violations(status->details), "metadata",
        write_metadata(metadata), "response", write_message(response));
}
