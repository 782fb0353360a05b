/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's errors: their reasons, checked against the .proto at compile time, and the ones that
 * several places give.
 */
#ifndef CONTACTS_STORE_FAULTS_H
#define CONTACTS_STORE_FAULTS_H

#include <stdint.h>

#include "contacts/v1/error_reason.pb-c.h"
#include "nnrpc/status.h"
#include "nnrpc/v1/status.pb-c.h"
#include "store.h"

/** "STORE_FAILED" for STORE_REASON(STORE_FAILED); does not compile for a name that is no reason. */
#define STORE_REASON(name)                                                                         \
    ((void)CONTACTS__V1__ERROR_REASON__ERROR_REASON_##name, (const char *)#name)

/** The same for the framework's reasons, whose domain is NNRPC_DOMAIN. */
#define STORE_NNRPC_REASON(name)                                                                   \
    ((void)NNRPC__V1__ERROR_REASON__ERROR_REASON_##name, (const char *)#name)

/* Each sets the status and returns its code. */
enum nnrpc_code fault_contact_not_found(struct nnrpc_status *out_status, const char *contact_id);
enum nnrpc_code fault_contact_id_not_found(struct nnrpc_status *out_status, uint64_t contact_id);
enum nnrpc_code fault_customer_not_found(struct nnrpc_status *out_status, const char *customer_id);
enum nnrpc_code fault_out_of_memory(struct nnrpc_status *out_status);

#endif
