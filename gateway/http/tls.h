/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate of the process, with GnuTLS, which is known to the .c alone.
 */
#ifndef GATEWAY_TLS_H
#define GATEWAY_TLS_H

#include "nnrpc/status.h"

/**
 * Loads certificate chain and key, in PEM, for handshakes that begin from now on; what was loaded
 * before stays as it is on failure. One thread at a time; handshakes may go on in others.
 *
 * @return NNRPC_OK; NNRPC_INVALID_ARGUMENT: a file that cannot be read or is none, a key that is
 *         not the certificate's; the message names the file.
 */
NNRPC_NODISCARD enum nnrpc_code tls_load(
    const char *certificate_path, const char *key_path, struct nnrpc_status *out_status);

/** For the HTTP library: a gnutls_certificate_retrieve_function2 that gives what is loaded. */
void *tls_retrieve_callback(void);

/** Releases everything; no handshake may go on. */
void tls_unload(void);

#endif
