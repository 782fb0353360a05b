/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google.protobuf.Any: a message of any type, with the name of the type. Which types there are is
 * said by whoever reads or writes JSON.
 */
#ifndef NNRPC_JSON_ANY_H
#define NNRPC_JSON_ANY_H

#include <protobuf-c/protobuf-c.h>

#include "json_place.h"
#include "json_value.h"
#include "nnrpc/json.h"

/** Finds the type that "@type" names; NULL after adding the problem. @param url  NULL: no text. */
const struct nnrpc_message *nnrpc_json_find_any(
    struct nnrpc_json_reader *reader, const struct nnrpc_json_place *place, const char *url);

/** Makes the Any of a message, which is released; NULL without memory, or for NULL. */
ProtobufCMessage *nnrpc_json_pack_any(
    struct nnrpc_json_reader *reader, const struct nnrpc_message *type, const char *url,
    ProtobufCMessage *held);

/**
 * Unpacks what an Any holds.
 *
 * @param out_type  Of the result.
 * @return malloc'd; NULL when the type is not known, the bytes are none of it, or memory is short.
 */
ProtobufCMessage *nnrpc_json_unpack_any(
    const struct nnrpc_json_types *types, const ProtobufCMessage *any,
    const struct nnrpc_message **out_type);

/** Whether a type's JSON is an object of its fields, beside which "@type" can stand. */
bool nnrpc_json_is_object_of_fields(const struct nnrpc_message *type);

/** The type's name, "" for an Any that holds nothing. */
const char *nnrpc_json_any_url(const ProtobufCMessage *any);

#endif
