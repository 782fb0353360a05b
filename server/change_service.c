/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contacts.v1.ChangeService.
 */
#include "contacts/v1/change_service.nnrpc.h"
#include "list.h"
#include "validate.h"

#define FIELD_CHANGES 1
#define FIELD_NEXT_REVISION 2

static struct nnrpc_answer list_changes(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListChangesRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct contactd_page page = {
        .call = call, .field_number = FIELD_CHANGES, .fields = CONTACTD_ALL_FIELDS};
    uint64_t next_revision = request->after_revision;
    uint32_t page_size = 0;
    contactd_check_page_size(&status, request->page_size, &page_size);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    if (page_size > CONTACTD_INLINE_ITEMS && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    if (contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        store_list_changes(
            snapshot, request->after_revision, page_size, contactd_page_add, &page, &next_revision,
            &status) != NNRPC_OK) {
        nnrpc_buffer_deinit(&page.bytes);
        return nnrpc_call_fail(call, &status);
    }
    nnrpc_wire_append_varint(&page.bytes, FIELD_NEXT_REVISION, next_revision);
    return contactd_page_reply(&page);
}

static const struct change_service_handlers handlers = {.list_changes = list_changes};

enum nnrpc_code contactd_register_change_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    return change_service_register(server, &handlers, contactd, out_status);
}
