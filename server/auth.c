/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what. The set of tokens is replaced under a lock that calls take for reading, for
 * the time of a look-up.
 */
#include "auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nnrpc/tokens.h"
#include "reason.h"

struct contactd_auth {
    pthread_rwlock_t lock;
    struct nnrpc_tokens *tokens; /* NULL: there are none */
    bool require_token;
    bool insecure;
};

enum nnrpc_code contactd_auth_new(
    const struct contactd_auth_options *options, struct contactd_auth **out_auth,
    struct nnrpc_status *out_status) {
    struct contactd_auth *auth = calloc(1, sizeof(*auth));
    if (auth == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(MEMORY_LIMIT),
            "not enough memory");
    }
    pthread_rwlock_init(&auth->lock, NULL);
    auth->require_token = options->require_token;
    auth->insecure = options->insecure;
    enum nnrpc_code code = contactd_auth_reload(auth, options->tokens_path, out_status);
    if (code != NNRPC_OK) {
        contactd_auth_free(auth);
        return code;
    }
    *out_auth = auth;
    return NNRPC_OK;
}

void contactd_auth_free(struct contactd_auth *auth) {
    if (auth == NULL) {
        return;
    }
    nnrpc_tokens_free(auth->tokens);
    pthread_rwlock_destroy(&auth->lock);
    free(auth);
}

enum nnrpc_code contactd_auth_reload(
    struct contactd_auth *auth, const char *tokens_path, struct nnrpc_status *out_status) {
    struct nnrpc_tokens *tokens = NULL;
    enum nnrpc_code code =
        tokens_path == NULL ? NNRPC_OK : nnrpc_tokens_load(tokens_path, &tokens, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    pthread_rwlock_wrlock(&auth->lock);
    struct nnrpc_tokens *old = auth->tokens;
    auth->tokens = tokens;
    pthread_rwlock_unlock(&auth->lock);
    nnrpc_tokens_free(old);
    return NNRPC_OK;
}

/* The token of "Bearer TOKEN"; the scheme is compared without regard to case (RFC 9110). */
static bool read_bearer(struct nnrpc_slice authorization, struct nnrpc_slice *out_token) {
    static const char scheme[] = "Bearer ";
    const size_t scheme_size = sizeof(scheme) - 1;
    if (authorization.size <= scheme_size ||
        strncasecmp((const char *)authorization.data, scheme, scheme_size) != 0) {
        return false;
    }
    *out_token = (struct nnrpc_slice){
        .data = authorization.data + scheme_size, .size = authorization.size - scheme_size};
    return true;
}

static enum nnrpc_code accept_token(
    struct contactd_auth *auth, struct nnrpc_call *call, struct nnrpc_slice authorization,
    struct nnrpc_status *out_status) {
    struct nnrpc_slice token;
    bool found = false;
    if (read_bearer(authorization, &token)) {
        pthread_rwlock_rdlock(&auth->lock);
        const struct nnrpc_token *known =
            auth->tokens != NULL ? nnrpc_tokens_find(auth->tokens, token.data, token.size) : NULL;
        if (known != NULL) {
            nnrpc_call_set_caller(call, known->name, known->role);
            found = true;
        }
        pthread_rwlock_unlock(&auth->lock);
    }
    if (!found) {
        return nnrpc_fail(
            out_status, NNRPC_UNAUTHENTICATED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(TOKEN_INVALID),
            "the authorization is not known: expected \"Bearer TOKEN\" with a token of this "
            "server");
    }
    return NNRPC_OK;
}

static bool is_ipc(const char *address) {
    return strncmp(address, "ipc://", strlen("ipc://")) == 0;
}

/* The role that a caller without a token has on an address. */
static enum nnrpc_role anonymous_role(const struct contactd_auth *auth, const char *address) {
    bool trusted = auth->insecure || (is_ipc(address) && !auth->require_token);
    return trusted ? NNRPC_ROLE_ADMIN : NNRPC_ROLE_PUBLIC;
}

static enum nnrpc_code require_role(
    const struct nnrpc_method *method, enum nnrpc_role role, bool has_token,
    struct nnrpc_status *out_status) {
    /* A method that says nothing of roles is for administrators: nothing is open by omission. */
    enum nnrpc_role required =
        method->role == NNRPC_ROLE_UNSPECIFIED ? NNRPC_ROLE_ADMIN : method->role;
    if (role >= required) {
        return NNRPC_OK;
    }
    if (!has_token) {
        return nnrpc_fail(
            out_status, NNRPC_UNAUTHENTICATED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(TOKEN_MISSING),
            "%s needs a token: expected metadata authorization \"Bearer TOKEN\"", method->name);
    }
    nnrpc_fail(
        out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(ROLE_REQUIRED),
        "%s needs the role %s; the token's role is %s", method->name, nnrpc_role_name(required),
        nnrpc_role_name(role));
    nnrpc_status_add_info(out_status, "role", "%s", nnrpc_role_name(role));
    nnrpc_status_add_info(out_status, "required_role", "%s", nnrpc_role_name(required));
    return NNRPC_PERMISSION_DENIED;
}

static enum nnrpc_code authorize(
    void *self, struct nnrpc_call *call, struct nnrpc_status *out_status) {
    struct contactd_auth *auth = self;
    const struct nnrpc_method *method = nnrpc_call_method(call);
    struct nnrpc_slice authorization;
    bool has_token = nnrpc_call_get_metadata(call, "authorization", &authorization);
    if (has_token) {
        enum nnrpc_code code = accept_token(auth, call, authorization, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    } else {
        nnrpc_call_set_caller(call, "", anonymous_role(auth, nnrpc_call_address(call)));
    }
    return method == NULL ? NNRPC_OK
                          : require_role(method, nnrpc_call_role(call), has_token, out_status);
}

struct nnrpc_interceptor contactd_auth_interceptor(struct contactd_auth *auth) {
    return (struct nnrpc_interceptor){.self = auth, .before = authorize};
}
