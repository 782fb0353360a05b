/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interceptor that writes one line for each call at level debug.
 */
#ifndef CONTACTD_ACCESS_LOG_H
#define CONTACTD_ACCESS_LOG_H

#include "nnrpc/server.h"

struct nnrpc_interceptor contactd_access_log_interceptor(void);

#endif
