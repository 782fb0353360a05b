/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types that are known only at run time: the tables that protoc-gen-nnrpc would have generated,
 * made on the heap from a packed google.protobuf.FileDescriptorSet, as reflection answers it or
 * protoc writes it.
 *
 * The tables are real ones: JSON, nnrpc_client_call() and protobuf-c work on them as on generated
 * ones. A set may come from anywhere: whatever is wrong with it is an error, found before any table
 * is handed out.
 *
 * Presence is as in generated tables: a singular value that can be told from its default (optional
 * in proto3, everything optional in proto2 and editions) is a oneof of one member, so one that is
 * not set is left out of JSON. proto2's own default values are for the reader to know.
 *
 * Left out, as protobuf-c does not have them: fields that are groups, and extensions other than
 * options. Methods that stream are no part of the tables, but are described.
 *
 * A message of such a type has no init function of its own: make one with nnrpc_message_init(), not
 * with protobuf_c_message_init().
 *
 * A set does not change once it is made; any thread may use it. All that it hands out is valid
 * until it is freed, and so are messages of its types.
 */
#ifndef NNRPC_DYNAMIC_H
#define NNRPC_DYNAMIC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/client.h"
#include "nnrpc/json.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

NNRPC_BEGIN_DECLARATIONS

/** Largest packed set that is read. */
#define NNRPC_DYNAMIC_MAX_BYTES (16u << 20)

struct nnrpc_dynamic;

enum nnrpc_dynamic_kind {
    NNRPC_DYNAMIC_MESSAGE,
    NNRPC_DYNAMIC_ENUM,
    NNRPC_DYNAMIC_SERVICE,
    NNRPC_DYNAMIC_METHOD, /* named "package.Service/Method" */
};

/** One named thing of a set. */
struct nnrpc_dynamic_item {
    enum nnrpc_dynamic_kind kind;
    const char *name;                    /* full name */
    const struct nnrpc_message *message; /* of a message, else NULL */
    const struct nnrpc_enum *enumeration;
    const struct nnrpc_service *service; /* of a service, or of a method its service */
    const struct nnrpc_method *method;   /* of a method that does not stream */
};

/**
 * Makes the tables of a set.
 *
 * The files may stand in any order, and one that stands twice counts once (so two sets one after
 * the other are one set). Every import must be there, but google/protobuf's own well-known files,
 * whose tables are always the compiled-in ones. An option of nnrpc.v1 that is malformed is an
 * error; a role or idempotency level that is not known counts as unspecified; HTTP rules are taken
 * as they are.
 *
 * @param bytes        Copied.
 * @param out_dynamic  On NNRPC_OK owned by the caller, release with nnrpc_dynamic_free().
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT (reason INVALID_DESCRIPTORS, the message names file and
 *         place); NNRPC_RESOURCE_EXHAUSTED (reason MEMORY_LIMIT: above 256 MiB, or no memory).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_dynamic_new(
    const void *bytes, size_t size, struct nnrpc_dynamic **out_dynamic,
    struct nnrpc_status *out_status);

/**
 * Asks a server for its descriptors (nnrpc.v1.ReflectionService) and makes their tables. Services
 * that are in the files but that the server does not have are no services of the set.
 *
 * @param options      For the calls to the server; NULL for defaults. Reply metadata is not filled.
 * @return as nnrpc_dynamic_new() and nnrpc_client_call(); NNRPC_UNIMPLEMENTED from a server without
 *         reflection.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_dynamic_fetch(
    struct nnrpc_client *client, const struct nnrpc_call_options *options,
    struct nnrpc_dynamic **out_dynamic, struct nnrpc_status *out_status);

/** NULL is fine. */
void nnrpc_dynamic_free(struct nnrpc_dynamic *dynamic);

/** For NNRPC_CLEANUP. */
void nnrpc_dynamic_freep(struct nnrpc_dynamic **dynamic);

/** The items of a set, ascending by name; map entries are among them. */
size_t nnrpc_dynamic_item_count(const struct nnrpc_dynamic *dynamic);
const struct nnrpc_dynamic_item *nnrpc_dynamic_item_at(
    const struct nnrpc_dynamic *dynamic, size_t index);

/** Finds an item by its full name, a method also as "package.Service.Method"; or NULL. */
const struct nnrpc_dynamic_item *nnrpc_dynamic_find(
    const struct nnrpc_dynamic *dynamic, const char *name);

/** A message, a service or a method by its full name, or NULL. */
const struct nnrpc_message *nnrpc_dynamic_find_message(
    const struct nnrpc_dynamic *dynamic, const char *name);
const struct nnrpc_service *nnrpc_dynamic_find_service(
    const struct nnrpc_dynamic *dynamic, const char *name);
const struct nnrpc_method *nnrpc_dynamic_find_method(
    const struct nnrpc_dynamic *dynamic, const char *name);

/** The messages of a set as what a google.protobuf.Any may hold; valid as long as the set. */
struct nnrpc_json_types nnrpc_dynamic_json_types(const struct nnrpc_dynamic *dynamic);

/** The comment before an item in its .proto, as it stands there, or "". */
const char *nnrpc_dynamic_comment(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item);

/** The comment of a message's field or an enum's value, by its name in the .proto: the one before
 *  it, else the one behind it, or "". NULL when the item has no such field or value. */
const char *nnrpc_dynamic_part_comment(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item, const char *name);

/**
 * Appends an item as a .proto would have it, with its comments and options, lines of its own.
 * Comments and names are the set's: text, but any text.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (out->failed is set).
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_dynamic_describe(
    const struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_item *item,
    struct nnrpc_buffer *out);

/** Makes sizeof_message bytes of memory an empty message of any type, generated or not. */
void nnrpc_message_init(const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage *message);

/** For nnrpc_json_template(). */
struct nnrpc_json_template_format {
    uint32_t indent;       /* as in struct nnrpc_json_format */
    bool with_output_only; /* fields that the server sets, too */
};

/**
 * Appends JSON that shows how a message of a type looks, to be filled in: every field that a caller
 * may set with an empty value, of a oneof the first member, one element in a list of messages.
 * nnrpc_json_read() reads it. A type inside itself is left out (null, []), and so is what would
 * come after 1,000 fields.
 *
 * @param format  NULL for the default.
 */
void nnrpc_json_write_template(
    const struct nnrpc_message *type, const struct nnrpc_json_template_format *format,
    struct nnrpc_buffer *out);

NNRPC_END_DECLARATIONS

#endif
