/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preset fields: which there are, which fields of a contact hold their values, and what the
 * server has.
 */
#include "preset_field.h"

#include <string.h>

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "flags.h"

#define PAGE_SIZE 1000

const char *ctl_preset_field_of(size_t contact_field_index) {
    const char *name = contacts_v1_contact_message.fields[contact_field_index].json_name;
    const char *proto_name =
        contacts_v1_contact_message.descriptor->fields[contact_field_index].name;
    /* The four types of numbers share one list; other fields have the list of their own name. */
    if (strncmp(proto_name, "number", 6) == 0) {
        return strstr(proto_name, "_type") != NULL ? "numberType" : NULL;
    }
    return ctl_word_in(ctl_preset_fields, name) ? name : NULL;
}

void ctl_preset_append_key(struct nnrpc_buffer *out, const char *field, const char *name) {
    /* Neither text has control characters. */
    nnrpc_buffer_append_format(out, "%s\x1f%s", field, name);
}

bool ctl_preset_field_next(const char **rest, char out_field[CTL_PRESET_FIELD_BYTES]) {
    size_t size = strcspn(*rest, " ");
    if (size == 0 || size >= CTL_PRESET_FIELD_BYTES) {
        return false;
    }
    memcpy(out_field, *rest, size);
    out_field[size] = '\0';
    *rest += size + strspn(*rest + size, " ");
    return true;
}

enum nnrpc_code ctl_preset_visit(
    struct nnrpc_client *client, const char *field, bool include_retired, ctl_preset_visitor visit,
    void *self, struct nnrpc_status *out_status) {
    CTL_OWNED_MESSAGE Contacts__V1__ListPresetValuesRequest *request =
        ctl_message_new(&contacts__v1__list_preset_values_request__descriptor);
    ctl_text_set(&request->field, field);
    request->include_retired = include_retired;
    request->page_size = PAGE_SIZE;
    do {
        CTL_OWNED_MESSAGE Contacts__V1__ListPresetValuesResponse *response = NULL;
        enum nnrpc_code code =
            preset_service_list_preset_values(client, NULL, request, &response, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
        for (size_t i = 0; i < response->n_values; i++) {
            visit(self, response->values[i]);
        }
        ctl_text_set(&request->page_token, response->next_page_token);
    } while (request->page_token[0] != '\0');
    return NNRPC_OK;
}
