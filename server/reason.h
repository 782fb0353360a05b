/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error reasons as text, checked against the .proto at compile time.
 */
#ifndef CONTACTD_REASON_H
#define CONTACTD_REASON_H

#include "contacts/v1/error_reason.pb-c.h"
#include "nnrpc/v1/status.pb-c.h"

/** "INVALID_ID" for CONTACTD_REASON(INVALID_ID); does not compile for a name that is no reason. */
#define CONTACTD_REASON(name)                                                                      \
    ((void)CONTACTS__V1__ERROR_REASON__ERROR_REASON_##name, (const char *)#name)

/** The same for the framework's reasons, whose domain is NNRPC_DOMAIN. */
#define CONTACTD_NNRPC_REASON(name)                                                                \
    ((void)NNRPC__V1__ERROR_REASON__ERROR_REASON_##name, (const char *)#name)

#endif
