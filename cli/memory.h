/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a command that runs for one act: when there is none, the program says so and exits 1.
 * So none of these returns NULL. Messages are malloc'd as protobuf-c unpacks them, so that requests
 * and responses are released in the same way.
 */
#ifndef CTL_MEMORY_H
#define CTL_MEMORY_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

/** Zeroed memory; release with free(). */
void *ctl_allocate(size_t count, size_t size);

/** As realloc() for an array. */
void *ctl_resize(void *memory, size_t count, size_t size);

/** A copy of terminated text; release with free(). */
char *ctl_copy_text(const char *text);

/** Makes an initialised message, to be released with protobuf_c_message_free_unpacked(m, NULL). */
void *ctl_message_new(const ProtobufCMessageDescriptor *descriptor);

/** Releases a message by the address of any pointer to one; NULL is fine. */
void ctl_message_release(void *pointer_to_message);

/** A copy of a message, to be released in the same way. */
ProtobufCMessage *ctl_message_copy(const ProtobufCMessage *message);

/** For a local pointer to a message that the function owns. */
#define CTL_OWNED_MESSAGE NNRPC_CLEANUP(ctl_message_release)

/** Replaces a string field of a message made by ctl_message_new() or unpacked. NULL means "". */
void ctl_text_set(char **field, const char *text);

/** Appends a copy to a repeated string field. */
void ctl_text_append(char ***field, size_t *count, const char *text);

/** Terminated content of a buffer; exits when an append had no memory. */
const char *ctl_buffer_text(struct nnrpc_buffer *buffer);

/** Releases what free() releases, by the address of any pointer. */
void ctl_release(void *pointer_to_memory);

#endif
