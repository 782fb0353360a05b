/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consistency check: its run, and what its parts share.
 */
#include "check.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "changes.h"
#include "check_state.h"
#include "faults.h"
#include "files.h"
#include "recover.h"

#define PROGRESS_ENTRIES 4096

void check_fault(struct check *check, const char *format, ...) {
    char text[sizeof(check->report.first_fault)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (check->report.faults++ == 0) {
        memcpy(check->report.first_fault, text, sizeof(text));
    }
    if (check->observer != NULL && check->observer->fault != NULL) {
        check->observer->fault(check->observer->self, text);
    }
}

static void tell_progress(struct check *check, enum engine_table table, uint64_t entries) {
    if (check->observer != NULL && check->observer->progress != NULL) {
        check->observer->progress(check->observer->self, engine_table_name(table), entries);
    }
}

uint64_t check_walk(struct check *check, enum engine_table table, check_entry entry) {
    NNRPC_CLEANUP(engine_cursor_close)
    struct engine_cursor cursor = engine_cursor_open(check->transaction, table);
    uint64_t count = 0;
    bool found = engine_cursor_first(&cursor);
    while (found) {
        entry(check, cursor.key, cursor.value);
        if (++count % PROGRESS_ENTRIES == 0) {
            tell_progress(check, table, count);
        }
        found = engine_cursor_next(&cursor);
    }
    tell_progress(check, table, count);
    return count;
}

void check_expect(
    struct check *check, enum engine_table table, struct nnrpc_slice key,
    const struct nnrpc_slice *value) {
    struct nnrpc_slice found;
    check->expected[table]++;
    if (!engine_get(check->transaction, table, key, &found)) {
        check_fault(
            check, "%s lacks the entry of %" PRIu64 " (key of %zu bytes)", engine_table_name(table),
            key_last_number(key), key.size);
    } else if (value != NULL && !slice_equals(found, *value)) {
        check_fault(
            check, "%s has another value for %" PRIu64, engine_table_name(table),
            key_last_number(key));
    }
}

bool check_etag_revision(struct nnrpc_slice etag, uint64_t *out_revision) {
    char text[48];
    uint64_t epoch = 0;
    int end = 0;
    int size = snprintf(text, sizeof(text), "%.*s", (int)etag.size, (const char *)etag.data);
    return size > 0 && sscanf(text, "%" SCNx64 "-%" SCNx64 "%n", &epoch, out_revision, &end) == 2 &&
           end == size;
}

/* Tables whose every entry some record calls for. */
static void compare_counts(struct check *check) {
    static const enum engine_table tables[] = {
        ENGINE_CUSTOMER_CONTACTS, ENGINE_CONTACT_CUSTOMERS, ENGINE_BY_FORM,
        ENGINE_BY_EMAIL,          ENGINE_BY_NUMBER,         ENGINE_ACCOUNT_NUMBERS,
        ENGINE_CRM_REFERENCES,    ENGINE_CUSTOMER_CREATED,  ENGINE_SECRETS,
    };
    for (size_t i = 0; i < NNRPC_LENGTH(tables); i++) {
        uint64_t entries = engine_table_entries(check->transaction, tables[i]);
        if (entries != check->expected[tables[i]]) {
            check_fault(
                check, "%s has %" PRIu64 " entries, the records call for %" PRIu64,
                engine_table_name(tables[i]), entries, check->expected[tables[i]]);
        }
    }
}

static enum nnrpc_code run(struct check *check, struct nnrpc_status *out_status) {
    enum nnrpc_code code = meta_read(check->transaction, &check->meta, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    check->state = state_read(check->transaction);
    check->feed_floor = changes_floor(check->transaction, &check->state);
    check->report.revision = check->state.revision;
    check->report.epoch = check->meta.epoch;
    check_contacts(check);
    check_customers(check);
    check_links(check);
    check_secrets(check);
    compare_counts(check);
    check_presets(check);
    check_feed(check);
    check_requests(check);
    return engine_check(check->transaction, out_status);
}

/* After a power loss the data file has to be put back first, which is for a start to do. */
static enum nnrpc_code check_trusted(const char *folder, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(recovery_deinit) struct recovery recovery = {0};
    enum nnrpc_code code = recovery_look(folder, false, &recovery, out_status);
    if (code == NNRPC_OK && !recovery.is_trusted) {
        code = nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the store in %s has to be recovered first: start it", folder);
    }
    return code;
}

enum nnrpc_code store_check(
    const char *folder, const struct store_check_observer *observer,
    struct store_check_report *out_report, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    NNRPC_CLEANUP(files_closep) int lock = -1;
    NNRPC_CLEANUP(engine_closep) struct engine *engine = NULL;
    NNRPC_CLEANUP(engine_abortp) struct engine_transaction *transaction = NULL;
    const struct engine_options options = {.path = path, .alone = true, .read_only = true};
    enum nnrpc_code code = files_path(folder, FILES_DATA, path, out_status);
    if (code == NNRPC_OK) {
        code = files_lock(folder, &lock, out_status);
    }
    if (code == NNRPC_OK) {
        code = check_trusted(folder, out_status);
    }
    if (code == NNRPC_OK) {
        code = engine_open(&options, &engine, out_status);
    }
    if (code == NNRPC_OK) {
        code = engine_begin_read(engine, &transaction, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    struct check check = {.transaction = transaction, .observer = observer};
    code = run(&check, out_status);
    if (code == NNRPC_OK) {
        *out_report = check.report;
    }
    return code;
}
