/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply metadata: pairs of terminated texts one after another in one buffer, found by walking.
 */
#include "reply_metadata.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "nnrpc/buffer.h"

/* One entry: its header, the key, the value, each text with a terminator of its own. */
struct entry {
    size_t key_size;
    size_t value_size;
};

struct nnrpc_reply_metadata {
    struct nnrpc_buffer entries;
};

struct nnrpc_reply_metadata *nnrpc_reply_metadata_new(void) {
    return calloc(1, sizeof(struct nnrpc_reply_metadata));
}

void nnrpc_reply_metadata_free(struct nnrpc_reply_metadata *metadata) {
    if (metadata != NULL) {
        nnrpc_buffer_deinit(&metadata->entries);
        free(metadata);
    }
}

void nnrpc_reply_metadata_freep(struct nnrpc_reply_metadata **metadata) {
    nnrpc_reply_metadata_free(*metadata);
}

static void append_entry(struct nnrpc_buffer *entries, struct nnrpc_slice packed) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    struct nnrpc_slice key = {NULL, 0};
    struct nnrpc_slice value = {NULL, 0};
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == METADATA_KEY) {
            key = field.bytes;
        } else if (field.number == METADATA_VALUE) {
            value = field.bytes;
        }
    }
    struct entry entry = {.key_size = key.size, .value_size = value.size};
    size_t size = sizeof(entry) + key.size + value.size + 2;
    if (nnrpc_buffer_reserve(entries, size) == NULL) {
        entries->failed = false; /* the entries before this one still stand */
        return;
    }
    nnrpc_buffer_append(entries, &entry, sizeof(entry));
    nnrpc_buffer_append(entries, key.data, key.size);
    nnrpc_buffer_append(entries, "", 1);
    nnrpc_buffer_append(entries, value.data, value.size);
    nnrpc_buffer_append(entries, "", 1);
}

void reply_metadata_fill(struct nnrpc_reply_metadata *metadata, struct nnrpc_slice response) {
    nnrpc_buffer_clear(&metadata->entries);
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(response.data, response.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == RESPONSE_METADATA && field.type == NNRPC_WIRE_BYTES) {
            append_entry(&metadata->entries, field.bytes);
        }
    }
}

const char *nnrpc_reply_metadata_get(const struct nnrpc_reply_metadata *metadata, const char *key) {
    const struct nnrpc_buffer *entries = &metadata->entries;
    size_t at = 0;
    while (at < entries->size) {
        struct entry entry;
        memcpy(&entry, entries->data + at, sizeof(entry));
        const char *found = (const char *)entries->data + at + sizeof(entry);
        const char *value = found + entry.key_size + 1;
        if (strcmp(found, key) == 0) {
            return value;
        }
        at += sizeof(entry) + entry.key_size + entry.value_size + 2;
    }
    return NULL;
}

struct nnrpc_metadata nnrpc_reply_metadata_at(
    const struct nnrpc_reply_metadata *metadata, size_t index) {
    const struct nnrpc_buffer *entries = &metadata->entries;
    for (size_t at = 0; at < entries->size; index--) {
        struct entry entry;
        memcpy(&entry, entries->data + at, sizeof(entry));
        const char *key = (const char *)entries->data + at + sizeof(entry);
        if (index == 0) {
            return (struct nnrpc_metadata){
                .key = key, .value = key + entry.key_size + 1, .value_size = entry.value_size};
        }
        at += sizeof(entry) + entry.key_size + entry.value_size + 2;
    }
    return (struct nnrpc_metadata){0};
}
