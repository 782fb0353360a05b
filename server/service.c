/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a handler reads: snapshots with revisions, pages within a budget. How it writes is in
 * writes.c.
 */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mask.h"
#include "reason.h"
#include "validate.h"

/* Room for a page token and the numbers that stand beside items. */
#define PAGE_TAIL_BYTES 64
#define DECIMAL_BYTES 24

enum nnrpc_code contactd_register_services(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status) {
    enum nnrpc_code (*const registrations[])(
        struct nnrpc_server *, struct contactd *, struct nnrpc_status *) = {
        contactd_register_contact_service, contactd_register_customer_service,
        contactd_register_preset_service,  contactd_register_change_service,
        contactd_register_admin_service,
    };
    for (size_t i = 0; i < NNRPC_LENGTH(registrations); i++) {
        enum nnrpc_code code = registrations[i](server, contactd, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

static void set_decimal(struct nnrpc_call *call, const char *key, uint64_t value) {
    char text[DECIMAL_BYTES];
    int length = snprintf(text, sizeof(text), "%" PRIu64, value);
    nnrpc_call_set_reply_metadata(call, key, text, (size_t)length);
}

void contactd_set_revision(struct contactd *contactd, struct nnrpc_call *call, uint64_t revision) {
    set_decimal(call, "x-revision", revision);
    set_decimal(call, "x-epoch", store_epoch(contactd->store));
}

static void add_missing_revision(
    void *self, struct nnrpc_call *call, const struct nnrpc_status *status) {
    struct contactd *contactd = self;
    (void)status;
    if (!nnrpc_call_has_reply_metadata(call, "x-revision")) {
        contactd_set_revision(contactd, call, store_revision(contactd->store));
    }
}

struct nnrpc_interceptor contactd_revision_interceptor(struct contactd *contactd) {
    return (struct nnrpc_interceptor){.self = contactd, .after = add_missing_revision};
}

static enum nnrpc_code read_min_revision(
    struct nnrpc_call *call, uint64_t *out_revision, struct nnrpc_status *out_status) {
    struct nnrpc_slice value;
    char text[DECIMAL_BYTES];
    if (!nnrpc_call_get_metadata(call, "x-min-revision", &value)) {
        *out_revision = 0;
        return NNRPC_OK;
    }
    snprintf(text, sizeof(text), "%.*s", (int)(value.size < 22 ? value.size : 22), value.data);
    char *end = NULL;
    errno = 0;
    uint64_t revision = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN, CONTACTD_REASON(INVALID_FIELDS),
            "metadata x-min-revision is \"%s\": expected an unsigned decimal number", text);
    }
    *out_revision = revision;
    return NNRPC_OK;
}

enum nnrpc_code contactd_snapshot_begin(
    struct contactd *contactd, struct nnrpc_call *call, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status) {
    uint64_t min_revision = 0;
    enum nnrpc_code code = read_min_revision(call, &min_revision, out_status);
    if (code == NNRPC_OK) {
        code = store_snapshot_begin(contactd->store, min_revision, out_snapshot, out_status);
    }
    if (code == NNRPC_OK) {
        contactd_set_revision(contactd, call, store_snapshot_revision(*out_snapshot));
    }
    return code;
}

enum nnrpc_code contactd_fail_memory(struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, CONTACTD_NNRPC_REASON(MEMORY_LIMIT),
        "not enough memory for the call");
}

struct nnrpc_answer contactd_answer_memory(struct nnrpc_call *call) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)contactd_fail_memory(&status);
    return nnrpc_call_fail(call, &status);
}

/* --- Pages -------------------------------------------------------------------------------- */

bool contactd_page_has_room(struct contactd_page *page, size_t size) {
    size_t needed = page->bytes.size + size + page->reserved_bytes + PAGE_TAIL_BYTES;
    if (needed > nnrpc_call_reply_budget(page->call, false)) {
        page->refused_bytes = needed;
        return false;
    }
    return true;
}

void contactd_page_append(struct contactd_page *page, struct nnrpc_slice record) {
    size_t size = contactd_masked_size(record, page->fields);
    size_t field_size = nnrpc_wire_bytes_field_size(page->field_number, size);
    uint8_t *at = nnrpc_buffer_reserve(&page->bytes, field_size);
    if (at != NULL) {
        at = nnrpc_wire_put_bytes_header(at, page->field_number, size);
        contactd_masked_copy(at, record, page->fields);
        page->bytes.size += field_size;
    }
    page->item_count++;
}

bool contactd_page_add(void *self, struct nnrpc_slice record) {
    struct contactd_page *page = self;
    size_t size = contactd_masked_size(record, page->fields);
    if (!contactd_page_has_room(page, nnrpc_wire_bytes_field_size(page->field_number, size))) {
        return false;
    }
    contactd_page_append(page, record);
    return true;
}

struct nnrpc_answer contactd_page_reply(struct contactd_page *page) {
    struct nnrpc_answer answer;
    if (page->item_count == 0 && page->refused_bytes > 0) {
        answer = nnrpc_call_fail_too_large(page->call, page->refused_bytes);
    } else if (page->bytes.failed) {
        answer = contactd_answer_memory(page->call);
    } else {
        answer = nnrpc_call_reply_packed(page->call, page->bytes.data, page->bytes.size);
    }
    nnrpc_buffer_deinit(&page->bytes);
    return answer;
}

struct nnrpc_answer contactd_reply_record(
    struct nnrpc_call *call, struct nnrpc_slice record, uint64_t fields) {
    size_t size = contactd_masked_size(record, fields);
    size_t total = nnrpc_wire_bytes_field_size(1, size);
    uint8_t *bytes = nnrpc_call_allocate(call, total);
    if (bytes == NULL) {
        return contactd_answer_memory(call);
    }
    contactd_masked_copy(nnrpc_wire_put_bytes_header(bytes, 1, size), record, fields);
    return nnrpc_call_reply_packed(call, bytes, total);
}
