/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what: an interceptor that turns the authorization metadata into a caller and a role,
 * and holds the role against the method's.
 *
 * A token that is given is always checked, on every address. Without one, a caller on an ipc
 * address is the operator and so an administrator, unless tokens are required: only the owner of
 * the folder can open the socket. Without one, a caller on any other address may call public
 * methods only, unless the server was told to trust the network.
 */
#ifndef CONTACTD_AUTH_H
#define CONTACTD_AUTH_H

#include <stdbool.h>

#include "nnrpc/server.h"
#include "nnrpc/status.h"

struct contactd_auth;

struct contactd_auth_options {
    const char *tokens_path; /* NULL: there are no tokens */
    bool require_token;      /* on ipc addresses too */
    bool insecure;           /* callers without a token are administrators everywhere */
};

/** Loads the tokens. @return as nnrpc_tokens_load(). */
NNRPC_NODISCARD enum nnrpc_code contactd_auth_new(
    const struct contactd_auth_options *options, struct contactd_auth **out_auth,
    struct nnrpc_status *out_status);
void contactd_auth_free(struct contactd_auth *auth);

/**
 * Reads the tokens from a file again; on failure they stay as they are. Any thread.
 *
 * @param tokens_path  NULL: there are none any more.
 */
NNRPC_NODISCARD enum nnrpc_code contactd_auth_reload(
    struct contactd_auth *auth, const char *tokens_path, struct nnrpc_status *out_status);

/** The interceptor; valid while auth is. */
struct nnrpc_interceptor contactd_auth_interceptor(struct contactd_auth *auth);

#endif
