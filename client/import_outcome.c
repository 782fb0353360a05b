/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the answers of an import mean: done, tried again, this line has failed, or nothing further
 * can succeed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "import.h"
#include "nnrpc/crypto.h"

#define PATIENCE_MS (2u * 60 * 1000)
#define FIRST_BACKOFF_MS 100
#define LONGEST_BACKOFF_MS 5000

enum verdict {
    VERDICT_DONE,
    VERDICT_AGAIN,
    VERDICT_LINE_FAILED,
    VERDICT_ALL_WOULD_FAIL,
};

static enum verdict judge(const struct nnrpc_status *status) {
    switch (status->code) {
    case NNRPC_OK:
        return VERDICT_DONE;
    case NNRPC_UNAVAILABLE:
    case NNRPC_DEADLINE_EXCEEDED:
        return VERDICT_AGAIN;
    case NNRPC_RESOURCE_EXHAUSTED:
        if (strcmp(status->reason, "OVERLOADED") == 0 ||
            strcmp(status->reason, "FRAME_FULL") == 0 ||
            strcmp(status->reason, "MEMORY_LIMIT") == 0) {
            return VERDICT_AGAIN;
        }
        return strcmp(status->reason, "STORAGE_FULL") == 0 ? VERDICT_ALL_WOULD_FAIL
                                                           : VERDICT_LINE_FAILED;
    case NNRPC_INVALID_ARGUMENT:
    case NNRPC_NOT_FOUND:
    case NNRPC_ALREADY_EXISTS:
    case NNRPC_FAILED_PRECONDITION:
    case NNRPC_ABORTED:
    case NNRPC_OUT_OF_RANGE:
        return VERDICT_LINE_FAILED;
    case NNRPC_CANCELLED:
    case NNRPC_UNKNOWN:
    case NNRPC_PERMISSION_DENIED:
    case NNRPC_UNIMPLEMENTED:
    case NNRPC_INTERNAL:
    case NNRPC_DATA_LOSS:
    case NNRPC_UNAUTHENTICATED:
        return VERDICT_ALL_WOULD_FAIL;
    }
    return VERDICT_ALL_WOULD_FAIL;
}

void ctl_import_stop(struct ctl_import *import, enum ctl_exit reason) {
    if (!import->is_stopped) {
        import->is_stopped = true;
        import->stop = reason;
    }
}

/* --- Failed lines ------------------------------------------------------------------------- */

/* Opens the file for failed lines at the first one: 0600, for it may hold passwords. */
static bool open_failed_lines(struct ctl_import *import) {
    int descriptor = open(
        import->failed_lines_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    import->failed_lines = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (import->failed_lines == NULL) {
        ctl_complain("cannot write %s: %s", import->failed_lines_path, strerror(errno));
        ctl_import_stop(import, CTL_FAILED);
    }
    return import->failed_lines != NULL;
}

static void write_failed_line(struct ctl_import *import, const char *text, size_t size) {
    if (import->failed_lines_path == NULL || text == NULL ||
        (import->failed_lines == NULL && !open_failed_lines(import))) {
        return;
    }
    if (fwrite(text, 1, size, import->failed_lines) != size ||
        putc('\n', import->failed_lines) == EOF) {
        ctl_complain("cannot write %s: %s", import->failed_lines_path, strerror(errno));
        ctl_import_stop(import, CTL_FAILED);
    }
}

static void print_failure(
    struct ctl_import *import, uint64_t line_number, const struct nnrpc_status *status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer place = {0};
    const char *name = strcmp(import->path, "-") == 0 ? "standard input" : import->path;
    nnrpc_buffer_append_format(&place, "%s:%" PRIu64 ": ", name, line_number);
    ctl_progress_clear(import->progress);
    ctl_print_status(stderr, ctl_buffer_text(&place), status);
}

static void count_failure(struct ctl_import *import, const char *text, size_t size) {
    import->counts.failed++;
    write_failed_line(import, text, size);
    if (import->fails_fast) {
        ctl_import_stop(import, CTL_INCOMPLETE);
    }
}

void ctl_import_fail_line(
    struct ctl_import *import, const struct ctl_import_line *line,
    const struct nnrpc_status *status) {
    print_failure(import, line->number, status);
    count_failure(import, line->text, line->size);
}

static void fail_entry(
    struct ctl_import *import, const struct ctl_import_entry *entry,
    const struct nnrpc_status *status) {
    print_failure(import, entry->line_number, status);
    if (entry->conflict.code != NNRPC_OK) {
        print_failure(import, entry->line_number, &entry->conflict);
    }
    count_failure(import, entry->text, entry->text_size);
}

/* --- Answers ------------------------------------------------------------------------------ */

/* Forgets what waits for the entry, and the entry. */
static void settle(struct ctl_import *import, struct ctl_import_entry *entry) {
    if (entry->kind == CTL_IMPORT_PRESET) {
        import->open_presets--;
    }
    if (entry->kind == CTL_IMPORT_CUSTOMER) {
        const char *id = entry->line->customer->id;
        uint64_t *open = ctl_map_find(&import->open_customers, id);
        if (open != NULL && --*open == 0) {
            ctl_map_remove(&import->open_customers, id);
        }
    }
    ctl_import_entry_free(entry);
}

/* Whether the answer is that of an earlier run: its revision was made before this one began. */
static bool is_repeat(const struct ctl_import *import, const struct ctl_import_entry *entry) {
    const char *revision = nnrpc_reply_metadata_get(entry->metadata, "x-revision");
    return !import->is_dry_run && revision != NULL &&
           strtoull(revision, NULL, 10) <= import->base_revision;
}

static void count_done(
    struct ctl_import *import, const struct ctl_import_entry *entry, bool is_unchanged) {
    struct ctl_import_counts *counts = &import->counts;
    if (entry->kind == CTL_IMPORT_RETIRED_PRESET) {
        return;
    }
    if (is_unchanged) {
        counts->unchanged++;
        return;
    }
    switch (entry->kind) {
    case CTL_IMPORT_PRESET:
        counts->presets++;
        break;
    case CTL_IMPORT_CUSTOMER:
        counts->customers++;
        break;
    case CTL_IMPORT_CONTACT:
        counts->contacts++;
        counts->links += entry->line->n_linked_customer_ids;
        break;
    case CTL_IMPORT_RETIRED_PRESET:
        break;
    }
}

/* A retired preset that was put is retired after the last line: contacts may still name it. */
static void keep_for_retirement(struct ctl_import *import, struct ctl_import_entry *entry) {
    if (import->is_dry_run || entry->kind != CTL_IMPORT_PRESET || !entry->line->preset->retired) {
        return;
    }
    struct ctl_import_entry *retirement = ctl_allocate(1, sizeof(*retirement));
    retirement->kind = CTL_IMPORT_RETIRED_PRESET;
    retirement->line_number = entry->line_number;
    retirement->metadata = nnrpc_reply_metadata_new();
    retirement->line = (Contacts__V1__ImportLine *)ctl_message_copy(&entry->line->base);
    snprintf(
        retirement->request_id, sizeof(retirement->request_id), "%.*s%s",
        (int)(CTL_IMPORT_ID_BYTES - sizeof(CTL_IMPORT_RETIRE_SUFFIX)), entry->request_id,
        CTL_IMPORT_RETIRE_SUFFIX);
    retirement->text = entry->text;
    retirement->text_size = entry->text_size;
    entry->text = NULL;
    entry->text_size = 0;
    ctl_import_list_add(&import->retired, retirement);
}

/* Another try after a pause, unless the server has been away for too long. */
static void try_again(
    struct ctl_import *import, struct ctl_import_entry *entry, const struct nnrpc_status *status) {
    uint64_t now_ms = ctl_clock_ms();
    if (import->is_stopped || now_ms - entry->start_ms > PATIENCE_MS) {
        if (!import->is_stopped) {
            print_failure(import, entry->line_number, status);
            ctl_import_stop(import, ctl_exit_of_code(status->code));
        }
        settle(import, entry);
        return;
    }
    uint32_t backoff_ms = entry->backoff_ms != 0 ? 2 * entry->backoff_ms : FIRST_BACKOFF_MS;
    entry->backoff_ms = backoff_ms < LONGEST_BACKOFF_MS ? backoff_ms : LONGEST_BACKOFF_MS;
    const char *advised = nnrpc_status_get_info(status, "retry_after_ms");
    uint64_t advised_ms = advised != NULL ? strtoull(advised, NULL, 10) : 0;
    uint64_t pause_ms = entry->backoff_ms / 2 + nnrpc_random_u64() % entry->backoff_ms;
    pause_ms = advised_ms > pause_ms && advised_ms <= LONGEST_BACKOFF_MS ? advised_ms : pause_ms;
    uint64_t start_ms = entry->start_ms;
    ctl_import_resend(import, entry);
    entry->start_ms = start_ms;
    entry->retry_at_ms = now_ms + pause_ms;
}

void ctl_import_take_answer(
    struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status) {
    bool is_unchanged = is_repeat(import, entry);
    enum verdict verdict = judge(status);
    if (import->is_dry_run && (verdict == VERDICT_DONE || verdict == VERDICT_LINE_FAILED)) {
        if (ctl_import_check_answer(import, entry, status, &is_unchanged)) {
            return;
        }
        verdict = judge(status);
    }
    switch (verdict) {
    case VERDICT_DONE:
        count_done(import, entry, is_unchanged);
        keep_for_retirement(import, entry);
        break;
    case VERDICT_AGAIN:
        try_again(import, entry, status);
        return;
    case VERDICT_LINE_FAILED:
        fail_entry(import, entry, status);
        break;
    case VERDICT_ALL_WOULD_FAIL:
        if (!import->is_stopped) {
            print_failure(import, entry->line_number, status);
        }
        ctl_import_stop(import, ctl_exit_of_code(status->code));
        break;
    }
    settle(import, entry);
}
