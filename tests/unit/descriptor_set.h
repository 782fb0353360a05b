/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor sets for tests: from files that protoc made, and written as JSON.
 */
#ifndef UNIT_DESCRIPTOR_SET_H
#define UNIT_DESCRIPTOR_SET_H

#include <stddef.h>

#include "nnrpc/buffer.h"
#include "nnrpc/dynamic.h"

/** Reads a whole file. */
void descriptor_set_read(const char *path, struct nnrpc_buffer *out);

/** Makes the tables of a set from bytes in memory of exactly their size; fails the test if not. */
struct nnrpc_dynamic *descriptor_set_open(const void *bytes, size_t size);

/** Packs a FileDescriptorSet that is written as JSON, by run-time types of descriptor.proto. */
void descriptor_set_from_json(const char *text, struct nnrpc_buffer *out);

#endif
