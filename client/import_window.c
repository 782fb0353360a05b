/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window of an import. Answers are taken oldest first, and with each one whatever else has come
 * meanwhile; a call that is to be tried again waits its time beside the window.
 */
#include <stdlib.h>

#include "clock.h"
#include "import.h"
#include "interrupt.h"
#include "nnrpc/crypto.h"

/* Passwords are hashed on few threads of the server; more of them in flight would only wait there,
 * with their time running out. */
#define SLOW_WINDOW 32

void ctl_import_list_add(struct ctl_import_list *list, struct ctl_import_entry *entry) {
    entry->next = NULL;
    if (list->last != NULL) {
        list->last->next = entry;
    } else {
        list->first = entry;
    }
    list->last = entry;
    list->count++;
}

struct ctl_import_entry *ctl_import_list_take(struct ctl_import_list *list) {
    struct ctl_import_entry *entry = list->first;
    if (entry != NULL) {
        list->first = entry->next;
        list->last = list->first != NULL ? list->last : NULL;
        list->count--;
        entry->next = NULL;
    }
    return entry;
}

void ctl_import_entry_free(struct ctl_import_entry *entry) {
    if (entry == NULL) {
        return;
    }
    if (entry->line != NULL) {
        protobuf_c_message_free_unpacked(&entry->line->base, NULL);
    }
    if (entry->request != NULL) {
        protobuf_c_message_free_unpacked(entry->request, NULL);
    }
    nnrpc_wipe(entry->text, entry->text_size);
    free(entry->text);
    nnrpc_reply_metadata_free(entry->metadata);
    nnrpc_status_deinit(&entry->conflict);
    free(entry);
}

/* Starts the entry's call; what cannot even be started is an answer too. */
static void start(struct ctl_import *import, struct ctl_import_entry *entry) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    entry->start_ms = entry->start_ms != 0 ? entry->start_ms : ctl_clock_ms();
    if (ctl_import_start_call(import, entry, &status) != NNRPC_OK) {
        ctl_import_take_answer(import, entry, &status);
        return;
    }
    import->slow_count += entry->is_slow ? 1 : 0;
    ctl_import_list_add(&import->in_flight, entry);
}

/* Takes the answer of the oldest call. */
static void finish_oldest(struct ctl_import *import) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct ctl_import_entry *entry = ctl_import_list_take(&import->in_flight);
    import->slow_count -= entry->is_slow ? 1 : 0;
    enum nnrpc_code code = ctl_import_finish_call(entry, &status);
    status.code = code;
    ctl_import_take_answer(import, entry, &status);
}

/* Takes every answer that is there without waiting. */
static void finish_done(struct ctl_import *import) {
    struct ctl_import_list seen = import->in_flight;
    import->in_flight = (struct ctl_import_list){0};
    struct ctl_import_entry *entry = NULL;
    while ((entry = ctl_import_list_take(&seen)) != NULL) {
        if (!nnrpc_pending_is_done(entry->pending)) {
            ctl_import_list_add(&import->in_flight, entry);
            continue;
        }
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        import->slow_count -= entry->is_slow ? 1 : 0;
        enum nnrpc_code code = ctl_import_finish_call(entry, &status);
        status.code = code;
        ctl_import_take_answer(import, entry, &status);
    }
}

/* Starts the waiting entries whose time has come; drops them all when the import has stopped. */
static void retry_due(struct ctl_import *import) {
    struct ctl_import_list waiting = import->waiting;
    uint64_t now_ms = ctl_clock_ms();
    import->waiting = (struct ctl_import_list){0};
    struct ctl_import_entry *entry = NULL;
    while ((entry = ctl_import_list_take(&waiting)) != NULL) {
        if (import->is_stopped) {
            ctl_import_entry_free(entry);
        } else if (entry->retry_at_ms <= now_ms) {
            start(import, entry);
        } else {
            ctl_import_list_add(&import->waiting, entry);
        }
    }
}

/* Sleeps until the first waiting entry is due, or a signal comes. */
static void sleep_until_due(const struct ctl_import *import) {
    uint64_t now_ms = ctl_clock_ms();
    uint64_t due_ms = UINT64_MAX;
    for (struct ctl_import_entry *entry = import->waiting.first; entry != NULL;
         entry = entry->next) {
        due_ms = entry->retry_at_ms < due_ms ? entry->retry_at_ms : due_ms;
    }
    if (due_ms != UINT64_MAX && due_ms > now_ms) {
        ctl_interrupt_sleep((uint32_t)(due_ms - now_ms));
    }
}

/* Gives up what is in flight to a server that does not answer: a later run finds out. */
static void cancel_all(struct ctl_import *import) {
    struct ctl_import_entry *entry = NULL;
    while ((entry = ctl_import_list_take(&import->in_flight)) != NULL) {
        nnrpc_pending_cancel(entry->pending);
        ctl_import_entry_free(entry);
    }
}

bool ctl_import_wait(struct ctl_import *import) {
    if (ctl_interrupted()) {
        ctl_import_stop(import, CTL_INTERRUPTED);
    }
    if (import->is_stopped && import->stop == CTL_UNAVAILABLE) {
        cancel_all(import);
    }
    retry_due(import);
    if (import->in_flight.count == 0) {
        sleep_until_due(import);
        return import->waiting.count > 0;
    }
    finish_oldest(import);
    finish_done(import);
    return true;
}

void ctl_import_drain(struct ctl_import *import) {
    while (ctl_import_wait(import)) {
    }
}

void ctl_import_send(struct ctl_import *import, struct ctl_import_entry *entry) {
    ctl_import_make_request(import, entry);
    while (!import->is_stopped &&
           (import->in_flight.count + import->waiting.count >= import->window_size ||
            (entry->is_slow && import->slow_count >= SLOW_WINDOW))) {
        ctl_import_wait(import);
    }
    if (import->is_stopped) {
        ctl_import_entry_free(entry);
        return;
    }
    start(import, entry);
}

void ctl_import_resend(struct ctl_import *import, struct ctl_import_entry *entry) {
    entry->retry_at_ms = 0;
    entry->start_ms = 0;
    ctl_import_list_add(&import->waiting, entry);
}
