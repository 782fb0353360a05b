/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consistency check of the change feed and of request ids.
 */
#include <inttypes.h>
#include <string.h>

#include "changes.h"
#include "check_state.h"
#include "records.h"
#include "requests.h"

/* Whether a record is what the change of its etag's revision left. */
static void compare_record(
    struct check *check, const struct change *change, struct nnrpc_slice record,
    struct nnrpc_slice etag, struct nnrpc_slice left) {
    uint64_t revision = 0;
    if (!check_etag_revision(etag, &revision)) {
        return; /* noted with the record */
    }
    if (revision < change->revision) {
        check_fault(
            check, "change %" PRIu64 " left a record newer than the one that is there",
            change->revision);
    } else if (revision == change->revision && !slice_equals(record, left)) {
        check_fault(
            check, "change %" PRIu64 " left another record than the one that is there",
            change->revision);
    }
}

static void check_contact_change(struct check *check, const struct change *change) {
    struct contact_view named;
    struct contact_view stored;
    struct nnrpc_slice record;
    if (!contact_view_read(change->contact, &named) || named.id == 0) {
        check_fault(check, "change %" PRIu64 " names no contact", change->revision);
        return;
    }
    uint64_t revision = 0;
    bool found =
        contact_find(check->transaction, named.id, &record) && contact_view_read(record, &stored);
    /* An import may give the id of a deleted contact again; the contact is newer then. */
    if (change->kind == CHANGE_CONTACT_DELETED && found &&
        check_etag_revision(stored.etag, &revision) && revision <= change->revision) {
        check_fault(
            check, "change %" PRIu64 " deleted contact %" PRIu64 ", which is there",
            change->revision, named.id);
    }
    bool leaves_record = change->kind == CHANGE_CONTACT_CREATED ||
                         change->kind == CHANGE_CONTACT_UPDATED ||
                         change->kind == CHANGE_CONTACT_CONVERTED;
    if (leaves_record && found) {
        compare_record(check, change, record, stored.etag, change->contact);
    }
}

static void check_customer_change(struct check *check, const struct change *change) {
    struct customer_view named;
    struct customer_view stored;
    struct nnrpc_slice record;
    if (!customer_view_read(change->customer, &named) || named.id.size == 0) {
        check_fault(check, "change %" PRIu64 " names no customer", change->revision);
        return;
    }
    /* A customer's id may be given again after its deletion. */
    if (change->kind != CHANGE_CUSTOMER_DELETED &&
        customer_find(check->transaction, named.id, &record) &&
        customer_view_read(record, &stored)) {
        compare_record(check, change, record, stored.etag, change->customer);
    }
}

static void check_change(struct check *check, struct nnrpc_slice key, struct nnrpc_slice packed) {
    struct change change;
    uint64_t revision = key_last_number(key);
    if (!change_read(packed, &change) || change.revision != revision) {
        check_fault(check, "change %" PRIu64 " is not a change of its revision", revision);
        return;
    }
    if (check->last_revision != 0 && revision != check->last_revision + 1) {
        check_fault(
            check, "changes %" PRIu64 " and %" PRIu64 " have a gap between", check->last_revision,
            revision);
    }
    if (check->last_revision != 0 &&
        record_time_compare(change.time, check->last_change_time) < 0) {
        check_fault(check, "change %" PRIu64 " was made before the one before it", revision);
    }
    check->last_revision = revision;
    check->last_change_time = change.time;
    if (change.contact.size > 0) {
        check_contact_change(check, &change);
    } else if (change.customer.size > 0) {
        check_customer_change(check, &change);
    } else if (change.preset_value.size == 0) {
        check_fault(check, "change %" PRIu64 " says nothing", revision);
    }
}

/* A record that was changed within the feed has its change there. */
static void check_contact_in_feed(
    struct check *check, struct nnrpc_slice key, struct nnrpc_slice record) {
    struct contact_view view;
    struct nnrpc_slice packed;
    struct change change;
    uint64_t revision = 0;
    if (!contact_view_read(record, &view) || !check_etag_revision(view.etag, &revision) ||
        revision <= check->feed_floor) {
        return;
    }
    if (!change_find(check->transaction, revision, &packed) || !change_read(packed, &change) ||
        !slice_equals(change.contact, record)) {
        check_fault(
            check, "contact %" PRIu64 " is not what its change %" PRIu64 " left",
            key_last_number(key), revision);
    }
}

static void check_customer_in_feed(
    struct check *check, struct nnrpc_slice key, struct nnrpc_slice value) {
    struct nnrpc_slice record;
    struct customer_view view;
    struct nnrpc_slice packed;
    struct change change;
    uint64_t revision = 0;
    if (!customer_record(check->transaction, value, &record) ||
        !customer_view_read(record, &view) || !check_etag_revision(view.etag, &revision) ||
        revision <= check->feed_floor) {
        return;
    }
    if (!change_find(check->transaction, revision, &packed) || !change_read(packed, &change) ||
        !slice_equals(change.customer, record)) {
        check_fault(
            check, "customer \"%.*s\" is not what its change %" PRIu64 " left", (int)key.size,
            (const char *)key.data, revision);
    }
}

void check_feed(struct check *check) {
    check->report.changes = check_walk(check, ENGINE_CHANGES, check_change);
    if (check->report.changes > 0 && check->last_revision != check->state.revision) {
        check_fault(
            check, "the last change is %" PRIu64 ", the store is at revision %" PRIu64,
            check->last_revision, check->state.revision);
    }
    if (record_time_compare(check->last_change_time, check->state.time) > 0) {
        check_fault(check, "the last change was made after the last time given");
    }
    check_walk(check, ENGINE_CONTACTS, check_contact_in_feed);
    check_walk(check, ENGINE_CUSTOMERS, check_customer_in_feed);
}

static void check_request(struct check *check, struct nnrpc_slice key, struct nnrpc_slice value) {
    if (!request_is_sound(key, value, check->state.revision)) {
        check_fault(check, "requests has an entry that cannot be one");
    }
}

void check_requests(struct check *check) {
    check->report.requests = check_walk(check, ENGINE_REQUESTS, check_request);
}
