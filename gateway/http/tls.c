/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading certificates. One that was replaced is kept to the end, since a handshake that began with
 * it may still be going on: it is a few kilobytes, and replaced once in weeks.
 */
#include "tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MOST 16

struct identity {
    struct identity *older;
    gnutls_pcert_st chain[CHAIN_MOST];
    unsigned chain_length;
    gnutls_privkey_t key;
};

static _Atomic(struct identity *) current;

static void identity_free(struct identity *identity) {
    for (unsigned i = 0; i < identity->chain_length; i++) {
        gnutls_pcert_deinit(&identity->chain[i]);
    }
    gnutls_privkey_deinit(identity->key);
    free(identity);
}

static void identity_freep(struct identity **identity) {
    if (*identity != NULL) {
        identity_free(*identity);
    }
}

static void datum_free(gnutls_datum_t *datum) {
    gnutls_free(datum->data);
}

static enum nnrpc_code fail(
    struct nnrpc_status *out_status, const char *path, const char *what, int result) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE", "%s: %s: %s", path,
        what, gnutls_strerror(result));
}

static enum nnrpc_code load_chain(
    struct identity *identity, const char *path, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(datum_free) gnutls_datum_t pem = {0};
    unsigned length = CHAIN_MOST;
    int result = gnutls_load_file(path, &pem);
    if (result < 0) {
        return fail(out_status, path, "cannot be read", result);
    }
    result =
        gnutls_pcert_list_import_x509_raw(identity->chain, &length, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (result < 0) {
        return fail(out_status, path, "is no certificate in PEM", result);
    }
    identity->chain_length = length;
    return NNRPC_OK;
}

static enum nnrpc_code load_key(
    struct identity *identity, const char *path, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(datum_free) gnutls_datum_t pem = {0};
    int result = gnutls_load_file(path, &pem);
    if (result < 0) {
        return fail(out_status, path, "cannot be read", result);
    }
    result = gnutls_privkey_import_x509_raw(identity->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    return result < 0 ? fail(out_status, path, "is no private key in PEM", result) : NNRPC_OK;
}

/* Whether the key is the certificate's: their public parts are the same. */
static bool is_pair(struct identity *identity) {
    unsigned char certificate_id[64];
    unsigned char key_id[64];
    size_t certificate_size = sizeof(certificate_id);
    size_t key_size = sizeof(key_id);
    gnutls_pubkey_t key = NULL;
    bool is_same = gnutls_pubkey_init(&key) == 0 &&
                   gnutls_pubkey_import_privkey(key, identity->key, 0, 0) == 0 &&
                   gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, key_id, &key_size) == 0 &&
                   gnutls_pubkey_get_key_id(
                       identity->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, certificate_id,
                       &certificate_size) == 0 &&
                   key_size == certificate_size && memcmp(key_id, certificate_id, key_size) == 0;
    gnutls_pubkey_deinit(key);
    return is_same;
}

enum nnrpc_code tls_load(
    const char *certificate_path, const char *key_path, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(identity_freep) struct identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL || gnutls_privkey_init(&identity->key) < 0) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for a certificate");
    }
    enum nnrpc_code code = load_chain(identity, certificate_path, out_status);
    if (code == NNRPC_OK) {
        code = load_key(identity, key_path, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    if (!is_pair(identity)) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE",
            "%s: is not the key of the certificate in %s", key_path, certificate_path);
    }
    identity->older = atomic_load(&current);
    atomic_store(&current, identity);
    identity = NULL;
    return NNRPC_OK;
}

static int retrieve(
    gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **out_chain,
    unsigned *out_length, gnutls_privkey_t *out_key) {
    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    struct identity *identity = atomic_load(&current);
    *out_chain = identity->chain;
    *out_length = identity->chain_length;
    *out_key = identity->key;
    return 0;
}

void *tls_retrieve_callback(void) {
    gnutls_certificate_retrieve_function2 *function = retrieve;
    void *pointer = NULL;
    memcpy(&pointer, &function, sizeof(pointer)); /* POSIX has them of one size */
    return pointer;
}

void tls_unload(void) {
    struct identity *identity = atomic_exchange(&current, NULL);
    while (identity != NULL) {
        struct identity *older = identity->older;
        identity_free(identity);
        identity = older;
    }
}
