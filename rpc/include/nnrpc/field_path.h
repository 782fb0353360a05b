/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields by name and values as plain text: what a URL or a command line says of a message.
 *
 * A name is a path of JSON names or proto names, "contact.customerID"; of a map it may name one
 * entry, "labels[colour]". A value is the text of the field's JSON without quotes: "5", "true",
 * "direct", "2024-02-29T12:30:00Z", "title,postcode".
 *
 * Any thread; one message by one at a time.
 */
#ifndef NNRPC_FIELD_PATH_H
#define NNRPC_FIELD_PATH_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

/** A field of a message, or of a message inside it. */
struct nnrpc_field_path {
    struct nnrpc_path path;
    const ProtobufCFieldDescriptor *field; /* the last one */
    const struct nnrpc_field *names;       /* of the last one */
    const char *key; /* of one entry of a map, borrowed; NULL: none is named */
    size_t key_size;
};

/** Where a name leaves the fields that there are. */
struct nnrpc_field_miss {
    size_t offset; /* of what is wrong, in the name */
    size_t size;
    /** Where the name was looked up; NULL: nothing below can be named, or the path is too long. */
    const struct nnrpc_message *message;
    const char *nearest; /* the JSON name that may have been meant, or NULL */
};

/**
 * Finds a field by its name.
 *
 * @param name      Any bytes.
 * @param out_path  Filled when true is returned; its key points into `name`.
 * @param out_miss  Filled when false is returned.
 */
bool nnrpc_field_path_find(
    const struct nnrpc_message *type, const char *name, size_t size,
    struct nnrpc_field_path *out_path, struct nnrpc_field_miss *out_miss);

/** Appends the field's name by JSON names, without a key. */
void nnrpc_field_path_append_name(
    const struct nnrpc_message *type, const struct nnrpc_path *path, struct nnrpc_buffer *out);

/** Whether the field is set: it and every message on the way. The key is not looked at. */
bool nnrpc_field_path_is_set(const struct nnrpc_field_path *path, const ProtobufCMessage *message);

/**
 * Sets the field, and makes the messages on the way. A value that was there is replaced; of a
 * repeated field one more is added, of a map the entry that the key names.
 *
 * @param message     Of `type`; what it holds is malloc'd, so that
 *                    protobuf_c_message_free_unpacked(message, NULL) releases it. Valid, and
 *                    perhaps with new empty messages, after a failure.
 * @param text        Terminated; read as the field's JSON is, without quotes.
 * @param out_status  Its violation names the field by proto names, its message by JSON names. A
 *                    sensitive field's value is in neither.
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (reason INVALID_JSON: it does not fit the field, another
 *         member of its oneof is set, a map's key is missing or there already, or text cannot say
 *         a value of its type); NNRPC_RESOURCE_EXHAUSTED (MEMORY_LIMIT).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_field_path_set(
    const struct nnrpc_message *type, ProtobufCMessage *message,
    const struct nnrpc_field_path *path, const char *text, size_t size,
    struct nnrpc_status *out_status);

/**
 * Appends the value of a singular field that is no message, as nnrpc_field_path_set() reads it;
 * nothing when a message on the way is absent.
 */
void nnrpc_field_path_append_text(
    const struct nnrpc_field_path *path, const ProtobufCMessage *message, struct nnrpc_buffer *out);

NNRPC_END_DECLARATIONS

#endif
