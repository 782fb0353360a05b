/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of an export, in the form of contacts.v1.ImportLine.
 */
#include <string.h>

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/preset.nnrpc.h"
#include "export.h"
#include "nnrpc/json.h"
#include "preset_field.h"
#include "selection.h"

static const struct nnrpc_json_format FORMAT = {.omit_unset = true};

/* What a caller may set, and the id. */
static void select_settable(const struct nnrpc_message *type, struct ctl_selection *selection) {
    for (size_t i = 0; i < type->descriptor->n_fields; i++) {
        uint32_t flags = type->fields[i].flags;
        bool is_id = strcmp(type->descriptor->fields[i].name, "id") == 0;
        if (is_id || (flags & (NNRPC_FIELD_OUTPUT_ONLY | NNRPC_FIELD_INPUT_ONLY)) == 0) {
            ctl_selection_add(selection, i);
        }
    }
}

void ctl_export_lines_init(struct ctl_export *export) {
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection contact = {0};
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection customer = {0};
    select_settable(&contacts_v1_contact_message, &contact);
    select_settable(&contacts_v1_customer_message, &customer);
    export->contact_type =
        ctl_selection_narrow(&contacts_v1_contact_message, &contact, &export->contact_fields);
    export->customer_type =
        ctl_selection_narrow(&contacts_v1_customer_message, &customer, &export->customer_fields);
}

Google__Protobuf__FieldMask *ctl_export_contact_mask(void) {
    NNRPC_CLEANUP(ctl_selection_deinit) struct ctl_selection selection = {0};
    select_settable(&contacts_v1_contact_message, &selection);
    ctl_selection_add(
        &selection, (size_t)nnrpc_message_field_by_name(
                        &contacts_v1_contact_message, "has_account_password", 20));
    return ctl_selection_mask(&contacts_v1_contact_message, &selection);
}

static void append_message(
    struct ctl_export *export, const struct nnrpc_message *type, const ProtobufCMessage *message) {
    if (nnrpc_json_write(type, message, &FORMAT, &export->bytes) != NNRPC_OK) {
        export->bytes.failed = true;
    }
}

void ctl_export_preset(struct ctl_export *export, const Contacts__V1__PresetValue *value) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer key = {0};
    ctl_preset_append_key(&key, value->field, value->name);
    if (ctl_map_find(&export->presets, ctl_buffer_text(&key)) != NULL) {
        return;
    }
    ctl_map_set(&export->presets, ctl_buffer_text(&key), 1);
    nnrpc_buffer_append_text(&export->bytes, "{\"preset\":");
    append_message(export, &contacts_v1_preset_value_message, &value->base);
    nnrpc_buffer_append_text(&export->bytes, "}\n");
    export->preset_count++;
}

void ctl_export_customer(struct ctl_export *export, const Contacts__V1__Customer *customer) {
    ctl_map_set(&export->customers, customer->id, 1);
    nnrpc_buffer_append_text(&export->bytes, "{\"customer\":");
    append_message(export, &export->customer_type, &customer->base);
    nnrpc_buffer_append_text(&export->bytes, "}\n");
    export->customer_count++;
}

static void visit_preset(void *self, const Contacts__V1__PresetValue *value) {
    ctl_export_preset(self, value);
}

enum ctl_exit ctl_export_preset_field(struct ctl_export *export, const char *field) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code =
        ctl_preset_visit(export->context->client, field, true, visit_preset, export, &status);
    if (code != NNRPC_OK) {
        ctl_progress_clear(export->progress);
        return ctl_fail(&status);
    }
    return CTL_OK;
}

/* Writes a customer that came to be after the customers were written. */
static enum ctl_exit write_late_customer(
    struct ctl_export *export, const char *id, bool *out_is_there) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__GetCustomerRequest *request =
        ctl_message_new(&contacts__v1__get_customer_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__GetCustomerResponse *response = NULL;
    *out_is_there = ctl_map_find(&export->customers, id) != NULL;
    if (*out_is_there) {
        return CTL_OK;
    }
    ctl_text_set(&request->id, id);
    enum nnrpc_code code =
        customer_service_get_customer(export->context->client, NULL, request, &response, &status);
    if (code == NNRPC_OK && response->customer != NULL) {
        ctl_export_customer(export, response->customer);
        *out_is_there = true;
    } else if (code != NNRPC_NOT_FOUND) {
        ctl_progress_clear(export->progress);
        return ctl_fail(&status);
    }
    return CTL_OK;
}

/* Whether a preset value of the contact was not written yet. */
static bool is_late_preset(
    const struct ctl_export *export, const char *preset_field, const char *value) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer key = {0};
    ctl_preset_append_key(&key, preset_field, value);
    return value[0] != '\0' && ctl_map_find(&export->presets, ctl_buffer_text(&key)) == NULL;
}

static enum ctl_exit write_late_presets(
    struct ctl_export *export, const Contacts__V1__Contact *contact) {
    const ProtobufCMessageDescriptor *descriptor = contact->base.descriptor;
    for (size_t i = 0; i < descriptor->n_fields; i++) {
        const char *preset_field = ctl_preset_field_of(i);
        if (preset_field == NULL) {
            continue;
        }
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const char *base = (const char *)contact;
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t count =
            is_list ? *(const size_t *)(const void *)(base + field->quantifier_offset) : 1;
        char *const *values = is_list ? *(char **const *)(const void *)(base + field->offset)
                                      : (char *const *)(const void *)(base + field->offset);
        bool is_late = false;
        for (size_t j = 0; j < count; j++) {
            is_late |= is_late_preset(export, preset_field, values[j]);
        }
        enum ctl_exit result = is_late ? ctl_export_preset_field(export, preset_field) : CTL_OK;
        if (result != CTL_OK) {
            return result;
        }
    }
    return CTL_OK;
}

/* Appends the links to customers that are there. */
static enum ctl_exit append_links(
    struct ctl_export *export, const Contacts__V1__ContactLinks *links, struct nnrpc_buffer *out) {
    for (size_t i = 0; i < links->n_customer_ids; i++) {
        bool is_there = false;
        enum ctl_exit result = write_late_customer(export, links->customer_ids[i], &is_there);
        if (result != CTL_OK) {
            return result;
        }
        if (is_there) {
            nnrpc_buffer_append_text(out, out->size > 0 ? "," : "");
            nnrpc_json_write_string(out, links->customer_ids[i], strlen(links->customer_ids[i]));
            export->link_count++;
        }
    }
    return CTL_OK;
}

enum ctl_exit ctl_export_contact(
    struct ctl_export *export, const Contacts__V1__Contact *contact,
    const Contacts__V1__ContactLinks *links) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer linked = {0};
    enum ctl_exit result = write_late_presets(export, contact);
    if (result == CTL_OK && contact->customer_id[0] != '\0') {
        bool is_there = false;
        result = write_late_customer(export, contact->customer_id, &is_there);
        if (result == CTL_OK && !is_there) {
            return CTL_OK; /* it went with its customer */
        }
    } else if (result == CTL_OK && links != NULL) {
        result = append_links(export, links, &linked);
    }
    if (result != CTL_OK) {
        return result;
    }
    nnrpc_buffer_append_text(&export->bytes, "{\"contact\":");
    append_message(export, &export->contact_type, &contact->base);
    if (linked.size > 0) {
        nnrpc_buffer_append_format(
            &export->bytes, ",\"linkedCustomerIDs\":[%s]", ctl_buffer_text(&linked));
    }
    nnrpc_buffer_append_text(&export->bytes, "}\n");
    export->contact_count++;
    export->password_count += contact->has_account_password ? 1 : 0;
    return CTL_OK;
}
