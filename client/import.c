/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: reads lines and sends them on, presets and customers before the contacts that name them.
 */
#include "import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "contacts/v1/import_file.nnrpc.h"
#include "interrupt.h"
#include "nnrpc/json.h"
#include "verbs.h"

#define TIMEOUT_MS 60000u
#define FIRST_TIMEOUT_MS 10000u
#define WINDOW 512
#define LARGEST_WINDOW 8192

/* --- Lines -------------------------------------------------------------------------------- */

/* Exactly one of preset, customer and contact; links only beside a contact. */
static enum nnrpc_code check_shape(
    const Contacts__V1__ImportLine *line, struct nnrpc_status *out_status) {
    int count = (line->preset != NULL) + (line->customer != NULL) + (line->contact != NULL);
    if (count != 1) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_JSON",
            "the line has %s of preset, customer and contact; it must have exactly one",
            count == 0 ? "none" : "several");
    }
    if (line->contact == NULL && line->n_linked_customer_ids > 0) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_JSON",
            "linkedCustomerIDs may only stand beside contact");
    }
    return NNRPC_OK;
}

static enum ctl_import_kind kind_of(const Contacts__V1__ImportLine *line) {
    if (line->preset != NULL) {
        return CTL_IMPORT_PRESET;
    }
    return line->customer != NULL ? CTL_IMPORT_CUSTOMER : CTL_IMPORT_CONTACT;
}

/* Makes the entry of a line; NULL after the line was reported as failed. */
static struct ctl_import_entry *make_entry(
    struct ctl_import *import, const struct ctl_import_line *line) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    ProtobufCMessage *message = NULL;
    enum nnrpc_code code = nnrpc_json_read(
        &contacts_v1_import_line_message, line->text, line->size, NULL, &message, &status);
    if (code == NNRPC_OK) {
        code = check_shape((Contacts__V1__ImportLine *)message, &status);
    }
    if (code != NNRPC_OK) {
        if (message != NULL) {
            protobuf_c_message_free_unpacked(message, NULL);
        }
        ctl_import_fail_line(import, line, &status);
        return NULL;
    }
    struct ctl_import_entry *entry = ctl_allocate(1, sizeof(*entry));
    entry->line = (Contacts__V1__ImportLine *)message;
    entry->kind = kind_of(entry->line);
    entry->stage = import->is_dry_run ? CTL_IMPORT_PROBE : CTL_IMPORT_APPLY;
    entry->line_number = line->number;
    entry->metadata = nnrpc_reply_metadata_new();
    ctl_import_source_id(import->source, entry->request_id);
    if (import->failed_lines_path != NULL) {
        entry->text = ctl_allocate(line->size, 1);
        memcpy(entry->text, line->text, line->size);
        entry->text_size = line->size;
    }
    return entry;
}

/* Whether the entry names something whose line is not answered yet. */
static bool must_wait(const struct ctl_import *import, const struct ctl_import_entry *entry) {
    if (entry->kind != CTL_IMPORT_CONTACT) {
        return false;
    }
    if (import->open_presets > 0 ||
        ctl_map_find(&import->open_customers, entry->line->contact->customer_id) != NULL) {
        return true;
    }
    for (size_t i = 0; i < entry->line->n_linked_customer_ids; i++) {
        if (ctl_map_find(&import->open_customers, entry->line->linked_customer_ids[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Notes what later lines must wait for. */
static void note_open(struct ctl_import *import, const struct ctl_import_entry *entry) {
    if (entry->kind == CTL_IMPORT_PRESET) {
        import->open_presets++;
    }
    if (entry->kind == CTL_IMPORT_CUSTOMER && entry->line->customer->id[0] != '\0') {
        const char *id = entry->line->customer->id;
        const uint64_t *open = ctl_map_find(&import->open_customers, id);
        ctl_map_set(&import->open_customers, id, open != NULL ? *open + 1 : 1);
    }
}

/* --keep-ids on a store with content: only if this file began to fill it, which shows in the
 * request id of its first line. */
static bool prove_beginning(struct ctl_import *import, struct ctl_import_entry *entry) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (!import->needs_proof) {
        return true;
    }
    enum ctl_import_stage stage = entry->stage;
    entry->stage = CTL_IMPORT_PROBE;
    ctl_import_make_request(import, entry);
    enum nnrpc_code code = ctl_import_start_call(import, entry, &status);
    code = code == NNRPC_OK ? ctl_import_finish_call(entry, &status) : code;
    entry->stage = stage;
    import->needs_proof = false;
    if (code == NNRPC_INVALID_ARGUMENT && strcmp(status.reason, "REQUEST_ID_REUSED") == 0) {
        return true;
    }
    if (code == NNRPC_NOT_FOUND) {
        ctl_complain(
            "--keep-ids needs an empty store: this one has customers or contacts, and it was not "
            "this file that began to fill it");
        ctl_import_stop(import, CTL_CONFLICT);
    } else {
        ctl_import_stop(import, ctl_fail(&status));
    }
    return false;
}

static void take_line(struct ctl_import *import, const struct ctl_import_line *line) {
    struct ctl_import_entry *entry = make_entry(import, line);
    if (entry == NULL) {
        return;
    }
    if (!prove_beginning(import, entry)) {
        ctl_import_entry_free(entry);
        return;
    }
    while (!import->is_stopped && must_wait(import, entry)) {
        ctl_import_wait(import);
    }
    if (import->is_dry_run && !import->is_stopped) {
        ctl_import_check_claim(import, entry);
    }
    if (import->is_stopped) {
        ctl_import_entry_free(entry);
        return;
    }
    note_open(import, entry);
    ctl_import_send(import, entry);
    import->last_line_number = line->number;
}

static void refuse_long_line(struct ctl_import *import, uint64_t number) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct ctl_import_line line = {.number = number};
    nnrpc_fail(
        &status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_JSON",
        "the line is longer than %u bytes", CTL_IMPORT_LINE_BYTES);
    ctl_import_fail_line(import, &line, &status);
}

/* Reads and sends until the end, a stop or an interruption. */
static void take_lines(struct ctl_import *import) {
    while (!import->is_stopped) {
        struct ctl_import_line line;
        if (ctl_interrupted()) {
            ctl_import_stop(import, CTL_INTERRUPTED);
            return;
        }
        if (ctl_import_source_would_wait(import->source)) {
            /* Nobody knows how long: let no answer wait for the next line. */
            ctl_import_drain(import);
        }
        switch (ctl_import_source_next(import->source, &line)) {
        case CTL_IMPORT_READ_LINE:
            take_line(import, &line);
            break;
        case CTL_IMPORT_READ_TOO_LONG:
            refuse_long_line(import, line.number);
            break;
        case CTL_IMPORT_READ_END:
            return;
        case CTL_IMPORT_READ_FAILED:
            ctl_import_stop(import, CTL_FAILED);
            return;
        case CTL_IMPORT_READ_INTERRUPTED:
            ctl_import_stop(import, CTL_INTERRUPTED);
            return;
        }
        import->line_count++;
        ctl_progress_update(
            import->progress, import->line_count, ctl_import_source_fraction(import->source));
    }
}

/* Sends what stands last: the retirement of presets. */
static void retire_presets(struct ctl_import *import) {
    struct ctl_import_entry *entry = NULL;
    while ((entry = ctl_import_list_take(&import->retired)) != NULL) {
        if (import->is_stopped) {
            ctl_import_entry_free(entry);
        } else {
            ctl_import_send(import, entry);
        }
    }
    ctl_import_drain(import);
}

/* --- Beginning and end -------------------------------------------------------------------- */

/* Asks for one contact, to see whether there is any. */
static enum nnrpc_code has_contacts(
    const struct ctl_import *import, bool *out_has, struct nnrpc_status *out_status) {
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsRequest *request =
        ctl_message_new(&contacts__v1__list_contacts_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__ListContactsResponse *response = NULL;
    request->page_size = 1;
    enum nnrpc_code code = contact_service_list_contacts(
        import->context->client, NULL, request, &response, out_status);
    *out_has = code == NNRPC_OK && response->n_contacts > 0;
    return code;
}

/* The first call: whether the server is there, at which revision, and empty. */
static enum ctl_exit look_at_store(struct ctl_import *import) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersRequest *request =
        ctl_message_new(&contacts__v1__list_customers_request__descriptor);
    CTL_OWNED_MESSAGE Contacts__V1__ListCustomersResponse *response = NULL;
    struct nnrpc_reply_metadata *metadata = nnrpc_reply_metadata_new();
    struct nnrpc_call_options options = {
        .timeout_ms = import->context->timeout_ms != 0 ? 0 : FIRST_TIMEOUT_MS,
        .reply_metadata = metadata};
    bool has_any = false;
    request->page_size = 1;
    enum nnrpc_code code = customer_service_list_customers(
        import->context->client, &options, request, &response, &status);
    if (code == NNRPC_OK) {
        const char *revision = nnrpc_reply_metadata_get(metadata, "x-revision");
        import->base_revision = revision != NULL ? strtoull(revision, NULL, 10) : 0;
        has_any = response->n_customers > 0;
    }
    nnrpc_reply_metadata_free(metadata);
    if (code == NNRPC_OK && import->keeps_ids && !has_any) {
        code = has_contacts(import, &has_any, &status);
    }
    import->needs_proof = import->keeps_ids && has_any;
    return code == NNRPC_OK ? CTL_OK : ctl_fail(&status);
}

/* The file for failed lines must not be the one that is read. */
static bool failed_lines_are_apart(const struct ctl_import *import) {
    struct stat read;
    struct stat written;
    if (import->failed_lines_path == NULL || stat(import->path, &read) != 0 ||
        stat(import->failed_lines_path, &written) != 0) {
        return true;
    }
    if (read.st_dev == written.st_dev && read.st_ino == written.st_ino) {
        ctl_complain("--failed-lines is the file that is imported");
        return false;
    }
    return true;
}

static bool read_flags(struct ctl_context *context, struct ctl_import *import) {
    import->context = context;
    import->path = ctl_argument(context, 0);
    import->is_dry_run = ctl_given(context, "dry-run");
    import->keeps_ids = ctl_given(context, "keep-ids");
    import->fails_fast = ctl_given(context, "fail-fast");
    import->failed_lines_path = ctl_value(context, "failed-lines");
    import->window_size = WINDOW;
    return ctl_number(context, "window", 1, LARGEST_WINDOW, &import->window_size) &&
           failed_lines_are_apart(import);
}

static void print_table(const struct ctl_import *import) {
    const struct ctl_import_counts *counts = &import->counts;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct {
        uint64_t count;
        const char *what;
    } PARTS[] = {{counts->presets, "presets, "},     {counts->customers, "customers, "},
                 {counts->contacts, "contacts, "},   {counts->links, "links; "},
                 {counts->unchanged, "unchanged, "}, {counts->failed, "failed"}};
    nnrpc_buffer_append_text(&out, import->is_dry_run ? "would import " : "imported ");
    for (size_t i = 0; i < NNRPC_LENGTH(PARTS); i++) {
        ctl_progress_append_count(&out, PARTS[i].count);
        nnrpc_buffer_append_format(&out, " %s", PARTS[i].what);
    }
    puts(ctl_buffer_text(&out));
}

static void print_summary(const struct ctl_import *import) {
    const struct ctl_import_counts *counts = &import->counts;
    if (import->context->output == CTL_OUTPUT_TABLE) {
        print_table(import);
        return;
    }
    printf(
        "{\"dryRun\":%s,\"complete\":%s,\"presets\":%" PRIu64 ",\"customers\":%" PRIu64
        ",\"contacts\":%" PRIu64 ",\"links\":%" PRIu64 ",\"unchanged\":%" PRIu64
        ",\"failed\":%" PRIu64 "}\n",
        import->is_dry_run ? "true" : "false", import->is_stopped ? "false" : "true",
        counts->presets, counts->customers, counts->contacts, counts->links, counts->unchanged,
        counts->failed);
}

/* How to go on after a stop. */
static void remark_stop(const struct ctl_import *import) {
    if (import->last_line_number == 0) {
        return;
    }
    ctl_remark(
        import->context, "Stopped after line %" PRIu64 "; %s", import->last_line_number,
        import->is_dry_run ? "nothing was changed"
                           : "the same command with the same input goes on");
}

static enum ctl_exit end_import(struct ctl_import *import) {
    enum ctl_exit result = import->counts.failed > 0 ? CTL_INCOMPLETE : CTL_OK;
    if (import->failed_lines != NULL && fclose(import->failed_lines) != 0) {
        result = ctl_fail_errno("cannot write the failed lines");
    }
    if (!import->is_stopped || import->line_count > 1) {
        print_summary(import);
    }
    if (fflush(stdout) != 0) {
        result = ctl_fail_errno("cannot write the output");
    }
    if (ctl_import_source_changed(import->source)) {
        ctl_complain("%s was changed while it was read: not all of it may be in", import->path);
        result = CTL_FAILED;
    }
    if (import->is_stopped) {
        remark_stop(import);
        result = import->stop;
    }
    return result;
}

static enum ctl_exit run_import(struct ctl_import *import) {
    enum ctl_exit result = ctl_connect(import->context, TIMEOUT_MS);
    result = result == CTL_OK ? look_at_store(import) : result;
    if (result != CTL_OK) {
        return result;
    }
    import->progress =
        ctl_progress_new(import->context, import->is_dry_run ? "check" : "import", "lines");
    take_lines(import);
    ctl_import_drain(import);
    retire_presets(import);
    ctl_progress_free(import->progress);
    ctl_import_check_deinit(&import->check);
    ctl_map_deinit(&import->open_customers);
    return end_import(import);
}

enum ctl_exit ctl_import(struct ctl_context *context) {
    struct ctl_import import = {0};
    if (!read_flags(context, &import)) {
        return CTL_USAGE;
    }
    ctl_interrupt_catch();
    NNRPC_CLEANUP(ctl_import_source_freep)
    struct ctl_import_source *source = ctl_import_source_open(import.path, import.keeps_ids);
    if (source == NULL) {
        return ctl_interrupted() ? CTL_INTERRUPTED : CTL_USAGE;
    }
    import.source = source;
    return run_import(&import);
}
