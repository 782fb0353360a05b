/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the lines of JSON that a caller reads and writes, and what nnrpc's client takes and
 * gives.
 */
#ifndef CONFORMANCE_CALLER_JSON_H
#define CONFORMANCE_CALLER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/client.h"

/** Bytes, malloc'd and never NULL, of base64 in a member of an object; none when it is not there.
 */
uint8_t *caller_read_bytes(const json_t *object, const char *key, size_t *out_size);

/** Bytes as base64. New reference. */
json_t *caller_write_bytes(const void *bytes, size_t size);

/** Metadata as it stands in a step: [[key, base64], ...]. Keys are borrowed from the JSON. */
struct nnrpc_metadata *caller_read_metadata(const json_t *list, size_t *out_count);
void caller_free_metadata(struct nnrpc_metadata *metadata, size_t count);

/** What a call was answered with: `response` may be NULL. New reference. */
json_t *caller_write_answer(
    const struct nnrpc_status *status, const struct nnrpc_reply_metadata *metadata,
    const ProtobufCMessage *response);

/** Memory that is there, or the end: a caller without memory has nothing to say. */
void *caller_memory(void *memory);

#endif
