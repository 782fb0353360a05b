/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services, in the order of the documentation.
 */
#include "services.h"

#include "contacts/v1/admin_service.nnrpc.h"
#include "contacts/v1/change_service.nnrpc.h"
#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"

const struct nnrpc_service *const gateway_services[] = {
    &contact_service_service, &customer_service_service, &preset_service_service,
    &change_service_service,  &admin_service_service,
};
const size_t gateway_service_count = sizeof(gateway_services) / sizeof(gateway_services[0]);
