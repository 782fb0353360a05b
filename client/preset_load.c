/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preset load: puts every value of a JSON file, many calls in flight.
 */
#include <stdio.h>
#include <stdlib.h>

#include "contacts/ctl/v1/preset_file.nnrpc.h"
#include "contacts/v1/preset_service.nnrpc.h"
#include "input.h"
#include "nnrpc/json.h"
#include "output.h"
#include "verbs.h"

#define WINDOW 256

/* One call in flight. */
struct put {
    struct nnrpc_pending *pending;
    const char *field;
    const char *name;
};

/* A ring: calls are answered in the order in which they were started. */
struct loading {
    struct ctl_context *context;
    struct put window[WINDOW];
    size_t first;
    size_t count;
    size_t put_count;
    size_t failed_count;
    size_t field_count;
    enum ctl_exit worst; /* of a failure that is not the value's own */
};

/* Whether every further call would fail in the same way. */
static bool ends_everything(enum nnrpc_code code) {
    return code != NNRPC_INVALID_ARGUMENT && code != NNRPC_OK;
}

static void finish_first(struct loading *loading) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__PutPresetValueResponse *response = NULL;
    struct put *put = &loading->window[loading->first];
    enum nnrpc_code code = preset_service_put_preset_value_finish(put->pending, &response, &status);
    loading->first = (loading->first + 1) % WINDOW;
    loading->count--;
    if (code == NNRPC_OK) {
        loading->put_count++;
        return;
    }
    loading->failed_count++;
    if (loading->worst != CTL_OK) {
        return;
    }
    char place[128];
    snprintf(place, sizeof(place), "%s \"%.60s\": ", put->field, put->name);
    ctl_print_status(stderr, place, &status);
    loading->worst = ends_everything(code) ? ctl_exit_of_code(code) : CTL_OK;
}

static void start_put(struct loading *loading, const char *field, const char *name) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__PutPresetValueRequest *request =
        ctl_message_new(&contacts__v1__put_preset_value_request__descriptor);
    if (loading->count == WINDOW) {
        finish_first(loading);
    }
    ctl_text_set(&request->field, field);
    ctl_text_set(&request->name, name);
    request->validate_only = ctl_given(loading->context, "validate-only");
    struct put *put = &loading->window[(loading->first + loading->count) % WINDOW];
    *put = (struct put){.field = field, .name = name};
    if (preset_service_put_preset_value_start(
            loading->context->client, NULL, request, &put->pending, &status) != NNRPC_OK) {
        loading->failed_count++;
        loading->worst = ctl_fail(&status);
        return;
    }
    loading->count++;
}

/* Puts the values of one field of the file, which is repeated text like all of its fields. */
static void put_field(
    struct loading *loading, const Contacts__Ctl__V1__PresetFile *file, size_t index) {
    const ProtobufCFieldDescriptor *field = &file->base.descriptor->fields[index];
    const char *base = (const char *)file;
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    char *const *names = *(char **const *)(const void *)(base + field->offset);
    loading->field_count += count > 0 ? 1 : 0;
    for (size_t i = 0; i < count && loading->worst == CTL_OK; i++) {
        start_put(loading, contacts_ctl_v1_preset_file_message.fields[index].json_name, names[i]);
    }
}

static enum ctl_exit report(const struct loading *loading) {
    bool validates = ctl_given(loading->context, "validate-only");
    if (loading->context->output == CTL_OUTPUT_TABLE) {
        printf(
            "%zu values of %zu fields %s, %zu failed\n", loading->put_count, loading->field_count,
            validates ? "are valid" : "put", loading->failed_count);
    } else {
        printf(
            "{\"fields\":%zu,\"values\":%zu,\"failed\":%zu}\n", loading->field_count,
            loading->put_count, loading->failed_count);
    }
    if (fflush(stdout) != 0) {
        return ctl_fail_errno("cannot write the output");
    }
    if (loading->worst != CTL_OK) {
        return loading->worst;
    }
    return loading->failed_count > 0 ? CTL_INCOMPLETE : CTL_OK;
}

enum ctl_exit ctl_preset_load(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    CTL_OWNED_MESSAGE ProtobufCMessage *message = NULL;
    const char *path = ctl_argument(context, 0);
    if (!ctl_input_read("FILE", path, &text)) {
        return CTL_USAGE;
    }
    if (nnrpc_json_read(
            &contacts_ctl_v1_preset_file_message, (const char *)text.data, text.size, NULL,
            &message, &status) != NNRPC_OK) {
        ctl_print_status(stderr, "FILE: ", &status);
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    NNRPC_CLEANUP(ctl_release) struct loading *loading = ctl_allocate(1, sizeof(*loading));
    loading->context = context;
    for (size_t i = 0; i < message->descriptor->n_fields; i++) {
        put_field(loading, (const Contacts__Ctl__V1__PresetFile *)message, i);
    }
    while (loading->count > 0) {
        finish_first(loading);
    }
    return report(loading);
}
