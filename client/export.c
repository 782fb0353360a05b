/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export: presets, customers, contacts, page by page into a file.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "flags.h"
#include "interrupt.h"
#include "preset_field.h"
#include "verbs.h"

#define TIMEOUT_MS 60000u
#define PAGE_SIZE 1000

/* The contacts' ids, for how far the export is. */
struct span {
    uint64_t first;
    uint64_t last;
};

/* A page of contacts on its way. */
struct page {
    struct nnrpc_pending *pending;
    struct nnrpc_reply_metadata *metadata;
};

static enum ctl_exit fail_call(struct ctl_export *export, const struct nnrpc_status *status) {
    ctl_progress_clear(export->progress);
    return ctl_fail(status);
}

static void note_revision(struct ctl_export *export, const struct nnrpc_reply_metadata *metadata) {
    const char *text = nnrpc_reply_metadata_get(metadata, "x-revision");
    export->last_revision = text != NULL ? strtoull(text, NULL, 10) : 0;
    export->first_revision =
        export->first_revision != 0 ? export->first_revision : export->last_revision;
}

static enum ctl_exit export_presets(struct ctl_export *export) {
    const char *rest = ctl_preset_fields;
    char field[CTL_PRESET_FIELD_BYTES];
    enum ctl_exit result = CTL_OK;
    while (result == CTL_OK && ctl_preset_field_next(&rest, field)) {
        result = ctl_export_preset_field(export, field);
    }
    return result;
}

static void metadata_freep(struct nnrpc_reply_metadata **metadata) {
    nnrpc_reply_metadata_free(*metadata);
}

/* One page of customers; the request's token is empty after the last one. */
static enum ctl_exit export_customer_page(
    struct ctl_export *export, Contacts__V1__ListCustomersRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(metadata_freep)
    struct nnrpc_reply_metadata *metadata = nnrpc_reply_metadata_new();
    struct nnrpc_call_options options = {.reply_metadata = metadata};
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersResponse *response = NULL;
    if (customer_service_list_customers(
            export->context->client, &options, request, &response, &status) != NNRPC_OK) {
        return fail_call(export, &status);
    }
    note_revision(export, metadata);
    for (size_t i = 0; i < response->n_customers; i++) {
        if (ctl_map_find(&export->customers, response->customers[i]->id) == NULL) {
            ctl_export_customer(export, response->customers[i]);
        }
    }
    ctl_text_set(&request->page_token, response->next_page_token);
    ctl_progress_update(export->progress, export->customer_count, 0);
    return ctl_export_file_write(export->file, &export->bytes) ? CTL_OK : CTL_FAILED;
}

static enum ctl_exit export_customers(struct ctl_export *export) {
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersRequest *request =
        ctl_message_new(&contacts__v1__list_customers_request__descriptor);
    request->page_size = PAGE_SIZE;
    enum ctl_exit result = CTL_OK;
    do {
        result = ctl_interrupted() ? CTL_INTERRUPTED : export_customer_page(export, request);
    } while (result == CTL_OK && request->page_token[0] != '\0');
    return result;
}

/* The first id after another one, or 0. */
static enum ctl_exit find_id_after(struct ctl_export *export, uint64_t after, uint64_t *out_id) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsRequest *request =
        ctl_message_new(&contacts__v1__list_contacts_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsResponse *response = NULL;
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, after);
    ctl_text_set(&request->id_after, after > 0 ? text : "");
    request->page_size = 1;
    if (contact_service_list_contacts(export->context->client, NULL, request, &response, &status) !=
        NNRPC_OK) {
        return fail_call(export, &status);
    }
    *out_id = response->n_contacts > 0 ? strtoull(response->contacts[0]->id, NULL, 10) : 0;
    return CTL_OK;
}

/* Finds the ids between which the contacts stand, by halving; only worth it for a bar. */
static enum ctl_exit find_span(struct ctl_export *export, struct span *out_span) {
    struct span span = {0};
    enum ctl_exit result = find_id_after(export, 0, &span.first);
    uint64_t low = span.first; /* some contact has an id that is at least this */
    uint64_t high = UINT64_MAX;
    while (result == CTL_OK && low > 0 && low + 1 < high) {
        uint64_t guess =
            high == UINT64_MAX && low < UINT64_MAX / 2 ? low * 2 : low + (high - low) / 2;
        uint64_t found = 0;
        result = find_id_after(export, guess, &found);
        low = found != 0 ? found : low;
        high = found != 0 ? high : guess;
    }
    span.last = low;
    *out_span = span;
    return result;
}

static enum ctl_exit start_page(
    struct ctl_export *export, const Contacts__V1__ListContactsRequest *request,
    struct page *page) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_call_options options = {.reply_metadata = page->metadata};
    if (contact_service_list_contacts_start(
            export->context->client, &options, request, &page->pending, &status) != NNRPC_OK) {
        return fail_call(export, &status);
    }
    return CTL_OK;
}

static enum ctl_exit write_contacts(
    struct ctl_export *export, const Contacts__V1__ListContactsResponse *response,
    struct span span) {
    enum ctl_exit result = CTL_OK;
    for (size_t i = 0; result == CTL_OK && i < response->n_contacts; i++) {
        result = ctl_export_contact(
            export, response->contacts[i], i < response->n_links ? response->links[i] : NULL);
    }
    if (response->n_contacts > 0) {
        uint64_t id = strtoull(response->contacts[response->n_contacts - 1]->id, NULL, 10);
        double done = span.last > span.first && id >= span.first
                          ? (double)(id - span.first) / (double)(span.last - span.first)
                          : -1;
        ctl_progress_update(export->progress, export->contact_count, done);
    }
    if (result == CTL_OK && !ctl_export_file_write(export->file, &export->bytes)) {
        result = CTL_FAILED;
    }
    return result;
}

/* Takes the page that is on its way, starts the next one, and writes the first meanwhile. */
static enum ctl_exit export_contact_page(
    struct ctl_export *export, Contacts__V1__ListContactsRequest *request, struct page *page,
    struct span span) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsResponse *response = NULL;
    struct nnrpc_pending *pending = page->pending;
    page->pending = NULL;
    if (contact_service_list_contacts_finish(pending, &response, &status) != NNRPC_OK) {
        return fail_call(export, &status);
    }
    note_revision(export, page->metadata);
    ctl_text_set(&request->page_token, response->next_page_token);
    enum ctl_exit result = CTL_OK;
    if (request->page_token[0] != '\0') {
        result = start_page(export, request, page);
    }
    return result == CTL_OK ? write_contacts(export, response, span) : result;
}

static enum ctl_exit export_contacts(struct ctl_export *export) {
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsRequest *request =
        ctl_message_new(&contacts__v1__list_contacts_request__descriptor);
    struct span span = {0};
    enum ctl_exit result = export->progress != NULL ? find_span(export, &span) : CTL_OK;
    if (result != CTL_OK) {
        return result;
    }
    request->page_size = PAGE_SIZE;
    request->include_links = true;
    request->read_mask = ctl_export_contact_mask();
    struct page page = {.metadata = nnrpc_reply_metadata_new()};
    result = start_page(export, request, &page);
    while (result == CTL_OK && page.pending != NULL) {
        result =
            ctl_interrupted() ? CTL_INTERRUPTED : export_contact_page(export, request, &page, span);
    }
    nnrpc_pending_cancel(page.pending);
    nnrpc_reply_metadata_free(page.metadata);
    return result;
}

/* Says what was written, on standard error: standard output may be the export. */
static void remark_end(const struct ctl_export *export) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    nnrpc_buffer_append_text(&text, "exported ");
    ctl_progress_append_count(&text, export->preset_count);
    nnrpc_buffer_append_text(&text, " presets, ");
    ctl_progress_append_count(&text, export->customer_count);
    nnrpc_buffer_append_text(&text, " customers, ");
    ctl_progress_append_count(&text, export->contact_count);
    nnrpc_buffer_append_text(&text, " contacts, ");
    ctl_progress_append_count(&text, export->link_count);
    nnrpc_buffer_append_text(&text, " links");
    ctl_remark(export->context, "%s", ctl_buffer_text(&text));
    if (export->first_revision == export->last_revision) {
        ctl_remark(
            export->context, "The store stood at revision %" PRIu64 " all the time",
            export->last_revision);
    } else {
        ctl_remark(
            export->context,
            "The store went from revision %" PRIu64 " to %" PRIu64
            " meanwhile: each page is as it was at its moment",
            export->first_revision, export->last_revision);
    }
    if (export->password_count > 0) {
        ctl_remark(
            export->context, "%" PRIu64 " contacts have an account password, which stays behind",
            export->password_count);
    }
}

static enum ctl_exit run_export(struct ctl_export *export) {
    export->progress = ctl_progress_new(export->context, "export", "lines");
    ctl_export_lines_init(export);
    enum ctl_exit result = export_presets(export);
    result = result == CTL_OK ? export_customers(export) : result;
    result = result == CTL_OK ? export_contacts(export) : result;
    ctl_progress_free(export->progress);
    export->progress = NULL;
    if (result == CTL_FAILED && ctl_interrupted()) {
        result = CTL_INTERRUPTED;
    }
    if (result == CTL_OK && !ctl_export_file_commit(export->file)) {
        result = CTL_FAILED;
    }
    if (result == CTL_OK) {
        remark_end(export);
    } else if (result == CTL_INTERRUPTED) {
        ctl_remark(export->context, "Stopped; the export is not complete");
    }
    nnrpc_buffer_deinit(&export->bytes);
    ctl_map_deinit(&export->customers);
    ctl_map_deinit(&export->presets);
    free(export->contact_fields);
    free(export->customer_fields);
    return result;
}

enum ctl_exit ctl_export(struct ctl_context *context) {
    struct ctl_export export = {.context = context};
    enum ctl_exit result = ctl_connect(context, TIMEOUT_MS);
    if (result != CTL_OK) {
        return result;
    }
    NNRPC_CLEANUP(ctl_export_file_freep)
    struct ctl_export_file *file = ctl_export_file_open(ctl_argument(context, 0));
    if (file == NULL) {
        return CTL_USAGE;
    }
    ctl_interrupt_catch();
    export.file = file;
    return run_export(&export);
}
