/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import at work: what its parts share. The main loop (import.c) reads lines and makes entries;
 * the window (import_window.c) keeps their calls in flight and tries again; what an answer means is
 * decided in import_outcome.c, and for --dry-run in import_check.c.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include <stdio.h>

#include "contacts/v1/import_file.pb-c.h"
#include "context.h"
#include "import_source.h"
#include "map.h"
#include "progress.h"

enum ctl_import_kind {
    CTL_IMPORT_PRESET,
    CTL_IMPORT_RETIRED_PRESET, /* its retirement, after the last line */
    CTL_IMPORT_CUSTOMER,
    CTL_IMPORT_CONTACT,
};

/** What a call of an entry is about. An import only applies; a dry run goes through all others. */
enum ctl_import_stage {
    CTL_IMPORT_APPLY,
    CTL_IMPORT_PROBE, /* dry run: was this line imported before? */
    CTL_IMPORT_CHECK, /* dry run: would the server take it as it stands? */
};

/** One line, or one retirement, on its way. */
struct ctl_import_entry {
    struct ctl_import_entry *next; /* in the list that has it */
    enum ctl_import_kind kind;
    enum ctl_import_stage stage;
    uint64_t line_number;
    char request_id[CTL_IMPORT_ID_BYTES];
    Contacts__V1__ImportLine *line; /* owned */
    char *text;                     /* owned; the line as it stands, for --failed-lines */
    size_t text_size;
    ProtobufCMessage *request; /* owned; of the stage */
    bool is_slow;
    struct nnrpc_pending *pending;         /* while it is in flight */
    struct nnrpc_reply_metadata *metadata; /* owned */
    uint64_t start_ms;                     /* of the first try of the stage */
    uint64_t retry_at_ms;
    uint32_t backoff_ms;
    struct nnrpc_status conflict; /* dry run: with an earlier line of the file */
};

/** Entries in order. */
struct ctl_import_list {
    struct ctl_import_entry *first;
    struct ctl_import_entry *last;
    size_t count;
};

struct ctl_import_counts {
    uint64_t presets;
    uint64_t customers;
    uint64_t contacts;
    uint64_t links;
    uint64_t unchanged; /* lines that changed nothing: an earlier run imported them */
    uint64_t failed;
};

/** What --dry-run remembers of the lines that are right. */
struct ctl_import_check {
    struct ctl_map presets;         /* by ctl_import_preset_key() */
    struct ctl_map customers;       /* ids that the file makes and the server lacks */
    struct ctl_map account_numbers; /* values to the line that claims them */
    struct ctl_map crm_references;
    struct ctl_map customer_ids;
    struct ctl_map contact_ids; /* with --keep-ids */
};

struct ctl_import {
    struct ctl_context *context;
    struct ctl_import_source *source;
    struct ctl_progress *progress;
    const char *path;
    bool is_dry_run;
    bool keeps_ids;
    bool needs_proof; /* --keep-ids on a store that is not empty: this file must have begun it */
    bool fails_fast;
    uint64_t window_size;
    FILE *failed_lines;
    const char *failed_lines_path;
    uint64_t base_revision; /* of the store before the import */

    struct ctl_import_list in_flight; /* started, the oldest first */
    struct ctl_import_list waiting;   /* for another try */
    size_t slow_count;
    struct ctl_map open_customers; /* ids whose line is not answered yet */
    size_t open_presets;
    struct ctl_import_list retired; /* presets to be retired after the last line */

    struct ctl_import_check check;
    struct ctl_import_counts counts;
    uint64_t line_count;       /* lines read */
    uint64_t last_line_number; /* of the last line that was taken on */
    bool is_stopped;
    enum ctl_exit stop; /* why, when is_stopped */
};

/* --- import_window.c: calls in flight ----------------------------------------------------- */

/** Takes an entry over and starts its call, waiting for room. Frees it when the import stops. */
void ctl_import_send(struct ctl_import *import, struct ctl_import_entry *entry);

/** Waits for one answer at least; false when nothing is on its way. */
bool ctl_import_wait(struct ctl_import *import);

/** Waits for all answers. */
void ctl_import_drain(struct ctl_import *import);

/** Puts an entry that was answered back, for another call with the request that it has now. */
void ctl_import_resend(struct ctl_import *import, struct ctl_import_entry *entry);

void ctl_import_entry_free(struct ctl_import_entry *entry);
void ctl_import_list_add(struct ctl_import_list *list, struct ctl_import_entry *entry);
struct ctl_import_entry *ctl_import_list_take(struct ctl_import_list *list);

/* --- import_request.c: what is sent ------------------------------------------------------- */

/** Makes the request of the entry's stage from its line. */
void ctl_import_make_request(const struct ctl_import *import, struct ctl_import_entry *entry);

/** Starts the entry's call. */
NNRPC_NODISCARD enum nnrpc_code ctl_import_start_call(
    const struct ctl_import *import, struct ctl_import_entry *entry,
    struct nnrpc_status *out_status);

/** Waits for the entry's answer and releases it; the response's content says nothing new. */
NNRPC_NODISCARD enum nnrpc_code ctl_import_finish_call(
    struct ctl_import_entry *entry, struct nnrpc_status *out_status);

/* --- import_outcome.c: what an answer means ----------------------------------------------- */

/** Decides over an answered entry: it is done, sent again, or failed. Takes the entry over. */
void ctl_import_take_answer(
    struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status);

/** Reports a line that failed without any call; text NULL: it was too long to keep. */
void ctl_import_fail_line(
    struct ctl_import *import, const struct ctl_import_line *line,
    const struct nnrpc_status *status);

/** Ends the import: nothing more is sent. The first reason counts. */
void ctl_import_stop(struct ctl_import *import, enum ctl_exit reason);

/* --- import_check.c: --dry-run ------------------------------------------------------------ */

/** Takes note of what a line claims before it is sent; a conflict is kept in the entry. */
void ctl_import_check_claim(struct ctl_import *import, struct ctl_import_entry *entry);

/**
 * Decides over an answer of a dry run.
 *
 * @return true when the entry was sent on to its next stage; false when it is decided: right when
 *         *status is OK, else wrong. *out_is_unchanged: an earlier run imported the line.
 */
bool ctl_import_check_answer(
    struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status,
    bool *out_is_unchanged);

void ctl_import_check_deinit(struct ctl_import_check *check);

#endif
