/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that the gateway offers: whatever of them has an HTTP rule.
 */
#ifndef GATEWAY_SERVICES_H
#define GATEWAY_SERVICES_H

#include <stddef.h>

#include "nnrpc/schema.h"

extern const struct nnrpc_service *const gateway_services[];
extern const size_t gateway_service_count;

#endif
