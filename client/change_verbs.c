/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change list: the change feed, once or followed.
 */
#include <string.h>

#include "contacts/v1/change.nnrpc.h"
#include "contacts/v1/change_service.nnrpc.h"
#include "duration.h"
#include "interrupt.h"
#include "output.h"
#include "verbs.h"

#define LARGEST_PAGE 1000
#define FOLLOW_INTERVAL_MS 1000

struct feed {
    struct ctl_list *list;
    Contacts__V1__ListChangesRequest *request;
    uint64_t limit; /* UINT64_MAX: none */
    uint64_t shown;
    bool reads_all;
    bool follows;
    uint32_t interval_ms;
};

static void append_subject(
    const ProtobufCMessage *item, const ProtobufCMessage *beside, struct nnrpc_buffer *out) {
    (void)beside;
    const Contacts__V1__Change *change = (const Contacts__V1__Change *)item;
    if (change->contact != NULL) {
        nnrpc_buffer_append_format(out, "contact %s", change->contact->id);
    }
    if (change->customer != NULL) {
        nnrpc_buffer_append_format(out, "customer %s", change->customer->id);
    }
    if (change->preset_value != NULL) {
        nnrpc_buffer_append_format(
            out, "%s \"%s\"", change->preset_value->field, change->preset_value->name);
    }
    for (size_t i = 0; i < change->n_linked_customer_ids; i++) {
        nnrpc_buffer_append_format(
            out, "%s%s", i == 0 ? ", customer " : ", ", change->linked_customer_ids[i]);
    }
}

static const struct ctl_list_column COLUMNS[] = {
    {.column = {.title = "REVISION", .is_whole = true, .is_right = true}, .field = "revision"},
    {.column = {.title = "TIME", .rank = 1, .is_whole = true}, .field = "time"},
    {.column = {.title = "CALLER", .rank = 2}, .field = "caller"},
    {.column = {.title = "KIND", .is_whole = true}, .field = "kind"},
    {.column = {.title = "WHAT"}, .derive = append_subject},
};

static const struct ctl_list_shape SHAPE = {
    .type = &contacts_v1_change_message, .columns = COLUMNS, .column_count = NNRPC_LENGTH(COLUMNS)};

static bool read_flags(struct ctl_context *context, struct feed *feed) {
    uint64_t page_size = 0;
    const char *interval = ctl_value(context, "interval");
    feed->follows = ctl_given(context, "follow");
    feed->limit = UINT64_MAX;
    feed->interval_ms = FOLLOW_INTERVAL_MS;
    if (!ctl_number(context, "after", 0, UINT64_MAX, &feed->request->after_revision) ||
        !ctl_number(context, "page-size", 1, INT32_MAX, &page_size) ||
        !ctl_number(context, "limit", 1, UINT64_MAX - 1, &feed->limit)) {
        return false;
    }
    if (interval != NULL && !ctl_duration_parse(interval, &feed->interval_ms)) {
        ctl_complain("--interval is \"%s\"; it must be a duration like 500ms, 1s or 1m", interval);
        return false;
    }
    if (interval != NULL && !feed->follows) {
        ctl_complain("--interval goes with --follow");
        return false;
    }
    if (feed->follows && context->output == CTL_OUTPUT_JSON) {
        ctl_complain("--follow never ends, and a JSON array must; use --output ndjson");
        return false;
    }
    feed->reads_all = feed->follows || feed->limit != UINT64_MAX || ctl_given(context, "all");
    feed->request->page_size =
        page_size != 0 ? (int32_t)page_size : (feed->reads_all ? LARGEST_PAGE : 0);
    return true;
}

static bool is_transient(enum nnrpc_code code) {
    return code == NNRPC_UNAVAILABLE || code == NNRPC_DEADLINE_EXCEEDED ||
           code == NNRPC_RESOURCE_EXHAUSTED;
}

/* Shows one page. */
static enum ctl_exit show_page(struct ctl_context *context, struct feed *feed, size_t *out_count) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE Contacts__V1__ListChangesResponse *response = NULL;
    *out_count = 0;
    enum nnrpc_code code =
        change_service_list_changes(context->client, NULL, feed->request, &response, &status);
    if (code != NNRPC_OK) {
        enum ctl_exit result = ctl_fail(&status);
        return feed->follows && is_transient(code) ? CTL_OK : result;
    }
    uint64_t rest = feed->limit - feed->shown;
    *out_count = response->n_changes < rest ? response->n_changes : (size_t)rest;
    for (size_t i = 0; i < *out_count; i++) {
        ctl_list_add(feed->list, &response->changes[i]->base, NULL);
    }
    feed->shown += *out_count;
    feed->request->after_revision = *out_count<response->n_changes && * out_count> 0
                                        ? response->changes[*out_count - 1]->revision
                                        : response->next_revision;
    return ctl_list_flush(feed->list);
}

static enum ctl_exit show_feed(struct ctl_context *context, struct feed *feed) {
    enum ctl_exit result = CTL_OK;
    while (result == CTL_OK && !ctl_interrupted()) {
        size_t count = 0;
        result = show_page(context, feed, &count);
        if (result != CTL_OK || !feed->reads_all || feed->shown >= feed->limit) {
            break;
        }
        if (count == 0) {
            if (!feed->follows) {
                break;
            }
            ctl_interrupt_sleep(feed->interval_ms);
        }
    }
    return result == CTL_OK && ctl_interrupted() ? CTL_INTERRUPTED : result;
}

enum ctl_exit ctl_change_list(struct ctl_context *context) {
    CTL_OWNED_MESSAGE Contacts__V1__ListChangesRequest *request =
        ctl_message_new(&contacts__v1__list_changes_request__descriptor);
    struct feed feed = {.request = request};
    if (!read_flags(context, &feed)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result != CTL_OK) {
        return result;
    }
    if (feed.follows) {
        ctl_interrupt_catch();
    }
    NNRPC_CLEANUP(ctl_list_freep) struct ctl_list *list = ctl_list_new(context, &SHAPE);
    feed.list = list;
    result = show_feed(context, &feed);
    if (result == CTL_OK || result == CTL_INTERRUPTED) {
        enum ctl_exit ended = ctl_list_end(list);
        result = ended != CTL_OK ? ended : result;
    }
    if (result == CTL_OK && !feed.reads_all && feed.shown > 0) {
        ctl_remark(
            context, "More, if there is any: --all, or --after %llu",
            (unsigned long long)request->after_revision);
    }
    return result;
}
