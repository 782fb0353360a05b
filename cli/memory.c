/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail, and the owning of messages.
 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb.h"

static _Noreturn void die_without_memory(void) {
    fprintf(stderr, "%s: out of memory\n", ctl_program->name);
    exit(1);
}

void *ctl_allocate(size_t count, size_t size) {
    void *memory = calloc(count != 0 ? count : 1, size);
    if (memory == NULL) {
        die_without_memory();
    }
    return memory;
}

void *ctl_resize(void *memory, size_t count, size_t size) {
    void *resized = reallocarray(memory, count != 0 ? count : 1, size);
    if (resized == NULL) {
        die_without_memory();
    }
    return resized;
}

char *ctl_copy_text(const char *text) {
    char *copy = strdup(text);
    if (copy == NULL) {
        die_without_memory();
    }
    return copy;
}

void *ctl_message_new(const ProtobufCMessageDescriptor *descriptor) {
    ProtobufCMessage *message = ctl_allocate(1, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

ProtobufCMessage *ctl_message_copy(const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = ctl_allocate(size, 1);
    protobuf_c_message_pack(message, packed);
    ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
    free(packed);
    if (copy == NULL) {
        die_without_memory();
    }
    return copy;
}

void ctl_message_release(void *pointer_to_message) {
    /* Copied as bytes: the variable is a pointer to some message type, not to ProtobufCMessage. */
    ProtobufCMessage *message = NULL;
    memcpy(&message, pointer_to_message, sizeof(message));
    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

void ctl_text_set(char **field, const char *text) {
    char *old = *field;
    *field = ctl_copy_text(text != NULL ? text : "");
    if (old != protobuf_c_empty_string) {
        free(old);
    }
}

void ctl_text_append(char ***field, size_t *count, const char *text) {
    *field = ctl_resize(*field, *count + 1, sizeof(char *));
    (*field)[*count] = ctl_copy_text(text);
    (*count)++;
}

const char *ctl_buffer_text(struct nnrpc_buffer *buffer) {
    const char *text = nnrpc_buffer_text(buffer);
    if (text == NULL) {
        die_without_memory();
    }
    return text;
}

void ctl_release(void *pointer_to_memory) {
    void *memory = NULL;
    memcpy(&memory, pointer_to_memory, sizeof(memory));
    free(memory);
}
