/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in messages: what a field's rule calls sensitive stays in memory no longer than its call.
 */
#ifndef GATEWAY_REST_SECRETS_H
#define GATEWAY_REST_SECRETS_H

#include "nnrpc/schema.h"

/** Overwrites the text and bytes of sensitive fields, in messages inside too. The message is to be
 *  released next: its texts are shorter afterwards. */
void rest_wipe_secrets(const struct nnrpc_message *type, ProtobufCMessage *message);

#endif
