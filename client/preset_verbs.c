/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preset list, put, retire.
 */
#include <string.h>

#include "contacts/v1/preset.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "flags.h"
#include "output.h"
#include "preset_field.h"
#include "verbs.h"

static const struct ctl_list_column COLUMNS[] = {
    {.column = {.title = "FIELD"}, .field = "field"},
    {.column = {.title = "NAME"}, .field = "name"},
    {.column = {.title = "RETIRED"}, .field = "retired"},
};

static void add_to_list(void *self, const Contacts__V1__PresetValue *value) {
    ctl_list_add(self, &value->base, NULL);
}

enum ctl_exit ctl_preset_list(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const char *only = ctl_argument(context, 0);
    const char *rest = only != NULL ? only : ctl_preset_fields;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    static const struct ctl_list_shape shape = {
        .type = &contacts_v1_preset_value_message,
        .columns = COLUMNS,
        .column_count = NNRPC_LENGTH(COLUMNS)};
    NNRPC_CLEANUP(ctl_list_freep) struct ctl_list *list = ctl_list_new(context, &shape);
    char field[CTL_PRESET_FIELD_BYTES];
    while (ctl_preset_field_next(&rest, field)) {
        if (ctl_preset_visit(
                context->client, field, ctl_given(context, "retired"), add_to_list, list,
                &status) != NNRPC_OK) {
            return ctl_fail(&status);
        }
    }
    return ctl_list_end(list);
}

enum ctl_exit ctl_preset_put(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__PutPresetValueRequest *request =
        ctl_message_new(&contacts__v1__put_preset_value_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__PutPresetValueResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->field, ctl_argument(context, 0));
    ctl_text_set(&request->name, ctl_argument(context, 1));
    ctl_fill_mutating(context, &request->base);
    if (preset_service_put_preset_value(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_preset_value_message, (ProtobufCMessage *)response->value, NULL);
}

enum ctl_exit ctl_preset_retire(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__RetirePresetValueRequest *request =
        ctl_message_new(&contacts__v1__retire_preset_value_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__RetirePresetValueResponse *response = NULL;
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    ctl_text_set(&request->field, ctl_argument(context, 0));
    ctl_text_set(&request->name, ctl_argument(context, 1));
    ctl_fill_mutating(context, &request->base);
    if (preset_service_retire_preset_value(context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return ctl_fail(&status);
    }
    return ctl_output_resource(
        context, &contacts_v1_preset_value_message, (ProtobufCMessage *)response->value, NULL);
}
