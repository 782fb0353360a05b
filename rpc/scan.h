/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds a packed message before protobuf-c unpacks it.
 *
 * protobuf-c recurses as deep as the bytes nest, cuts text at the first NUL, takes any bytes for
 * UTF-8, and asks for up to a hundred times the input's size. So the bytes are walked once,
 * guided by the message's descriptor, without recursion and without allocating. What passes is
 * what protobuf-c unpacks, no more than a few bytes a field short of the memory that is told.
 */
#ifndef NNRPC_SCAN_H
#define NNRPC_SCAN_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/** Messages inside the outermost one: how deep they may stand. */
#define NNRPC_SCAN_MAX_DEPTH 100

/** Fields of the whole message, nested and unknown ones and each packed value counted. */
#define NNRPC_SCAN_MAX_FIELDS 65536

/** The same of a reply: a page of a thousand full resources has hundreds of thousands. */
#define NNRPC_SCAN_MAX_REPLY_FIELDS (1u << 22)

/**
 * Checks a packed message: well-formed (no groups, no tag or length above five bytes), nesting,
 * number of fields, wire types (a repeated number may be packed or not, as protobuf-c has it), and
 * that text is UTF-8 without NUL.
 *
 * @param out_unpack_bytes  About what unpacking takes from an arena, without what merging repeated
 *                          occurrences of a single message field takes; NULL: not wanted.
 * @param out_status        NULL is fine.
 * @return NNRPC_OK, or NNRPC_INVALID_ARGUMENT with reason MALFORMED_MESSAGE and a message that
 *         names the field by its path ("contact.contact_regarding[2]").
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_scan_message(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    size_t *out_unpack_bytes, struct nnrpc_status *out_status);

/** As nnrpc_scan_message() for what a server answered, with NNRPC_SCAN_MAX_REPLY_FIELDS. */
NNRPC_NODISCARD enum nnrpc_code nnrpc_scan_reply(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    struct nnrpc_status *out_status);

/**
 * Looks for what keeps protobuf-c from unpacking a message that passed the scan: a missing field
 * that proto2 calls required. Walks the message twice, so ask only after unpacking has failed.
 *
 * @param out_status  NULL is fine.
 * @return NNRPC_OK when none is missing (or memory is), else NNRPC_INVALID_ARGUMENT with reason
 *         MALFORMED_MESSAGE and a message that names the first one by its path.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_scan_required(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    struct nnrpc_status *out_status);

#endif
