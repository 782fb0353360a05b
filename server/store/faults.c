/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's errors that several places give.
 */
#include "faults.h"

#include <inttypes.h>
#include <stdio.h>

enum nnrpc_code fault_contact_not_found(struct nnrpc_status *out_status, const char *contact_id) {
    nnrpc_fail(
        out_status, NNRPC_NOT_FOUND, STORE_DOMAIN, STORE_REASON(CONTACT_NOT_FOUND),
        "there is no contact %s", contact_id);
    nnrpc_status_add_info(out_status, "contact_id", "%s", contact_id);
    return NNRPC_NOT_FOUND;
}

enum nnrpc_code fault_contact_id_not_found(struct nnrpc_status *out_status, uint64_t contact_id) {
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, contact_id);
    return fault_contact_not_found(out_status, text);
}

enum nnrpc_code fault_customer_not_found(struct nnrpc_status *out_status, const char *customer_id) {
    nnrpc_fail(
        out_status, NNRPC_NOT_FOUND, STORE_DOMAIN, STORE_REASON(CUSTOMER_NOT_FOUND),
        "there is no customer \"%.64s\"", customer_id);
    nnrpc_status_add_info(out_status, "customer_id", "%s", customer_id);
    return NNRPC_NOT_FOUND;
}

enum nnrpc_code fault_out_of_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, STORE_NNRPC_REASON(MEMORY_LIMIT),
        "not enough memory for the call");
}
