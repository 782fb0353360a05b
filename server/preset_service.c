/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contacts.v1.PresetService.
 */
#include <stdio.h>
#include <string.h>

#include "contacts/v1/preset_service.nnrpc.h"
#include "list.h"
#include "mask.h"
#include "reason.h"
#include "validate.h"

static void check_preset_field(struct nnrpc_status *status, const char *field) {
    char allowed[512] = "";
    for (const char *const *known = store_preset_fields; *known != NULL; known++) {
        if (strcmp(field, *known) == 0) {
            return;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used > 0 ? "," : "", *known);
    }
    nnrpc_status_add_violation(
        status, "field", CONTACTD_REASON(UNKNOWN_PRESET_FIELD),
        "\"%.64s\" is not a preset field: expected one of %s", field, allowed);
    nnrpc_status_add_info(status, "allowed", "%s", allowed);
}

static struct nnrpc_answer list_preset_values(
    void *self, struct nnrpc_call *call, const Contacts__V1__ListPresetValuesRequest *request) {
    struct contactd *contactd = self;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct contactd_page page = {
        .call = call,
        .field_number = 1,
        .fields = CONTACTD_ALL_FIELDS,
        .reserved_bytes = CONTACTD_PAGE_TOKEN_BYTES,
    };
    struct store_preset_page end = {0};
    struct contactd_page_digest digest;
    char after[CONTACTD_PAGE_KEY_BYTES + 1] = "";
    uint32_t page_size = 0;
    Contacts__V1__ListPresetValuesRequest parameters = *request;
    parameters.page_size = 0;
    parameters.page_token = (char *)protobuf_c_empty_string;
    if (!contactd_page_digest("ListPresetValues", &parameters.base, &digest)) {
        return contactd_answer_memory(call);
    }
    check_preset_field(&status, request->field);
    contactd_check_page_size(&status, request->page_size, &page_size);
    if (request->page_token[0] != '\0') {
        contactd_check_page_token(&status, request->page_token, &digest, after);
    }
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    if (page_size > CONTACTD_INLINE_ITEMS && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    if (contactd_snapshot_begin(contactd, call, &snapshot, &status) != NNRPC_OK ||
        store_list_presets(
            snapshot, request->field, request->include_retired != 0, after, page_size,
            contactd_page_add, &page, &end, &status) != NNRPC_OK) {
        nnrpc_buffer_deinit(&page.bytes);
        return nnrpc_call_fail(call, &status);
    }
    contactd_page_end(&page, end.more ? end.last_name : NULL, &digest);
    return contactd_page_reply(&page);
}

/* PutPresetValue and RetirePresetValue differ in the act alone. */
static struct nnrpc_answer write_preset(
    struct contactd *contactd, struct nnrpc_call *call, const struct contactd_write *write,
    const char *field, const char *name, const char *request_id) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    check_preset_field(&status, field);
    contactd_check_required_text(&status, "name", name, CONTACTD_TEXT_BYTES);
    contactd_check_request_id(&status, request_id);
    if (contactd_check_done(&status) != NNRPC_OK) {
        return nnrpc_call_fail(call, &status);
    }
    return contactd_write(contactd, call, write);
}

static struct nnrpc_answer put_preset_value(
    void *self, struct nnrpc_call *call, const Contacts__V1__PutPresetValueRequest *request) {
    struct contactd_write write = {.act = STORE_PUT_PRESET_VALUE, .request = &request->base};
    return write_preset(self, call, &write, request->field, request->name, request->request_id);
}

static struct nnrpc_answer retire_preset_value(
    void *self, struct nnrpc_call *call, const Contacts__V1__RetirePresetValueRequest *request) {
    struct contactd_write write = {.act = STORE_RETIRE_PRESET_VALUE, .request = &request->base};
    return write_preset(self, call, &write, request->field, request->name, request->request_id);
}

static const struct preset_service_handlers handlers = {
    .list_preset_values = list_preset_values,
    .put_preset_value = put_preset_value,
    .retire_preset_value = retire_preset_value,
};

enum nnrpc_code contactd_register_preset_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    return preset_service_register(server, &handlers, contactd, out_status);
}
