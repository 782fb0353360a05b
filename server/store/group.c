/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of writes: applied in one transaction, made durable once, then answered.
 *
 * When the transaction fails, nothing of the group has happened; its writes are applied again, one
 * a transaction, so that only those that cannot be are refused.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "act.h"
#include "apply.h"
#include "changes.h"
#include "contacts/v1/contact_service.pb-c.h"
#include "contacts/v1/customer_service.pb-c.h"
#include "faults.h"
#include "keys.h"
#include "log_record.h"
#include "writer_state.h"

/* A group ends early when its answers take more. */
#define TELLING_WRITES 16 /* a group of so many tells what one write adds to it */
#define RESPONSES_BYTES (UINT64_C(8) << 20)
#define ENTRY_BYTES (UINT64_C(4) << 20) /* or when its records take more */
#define PATIENCE_NS UINT64_C(250000000)
/* Upkeep of a group: twice what it adds, and some. */
#define UPKEEP_LEAST 16

/* A group being applied. */
struct group {
    struct writer *writer;
    struct engine_transaction *transaction;
    struct state state; /* as it will be */
    struct store_write **writes;
    uint32_t count; /* applied so far */
    bool alone;     /* ends after the write that is being applied */
};

/* --- One write ---------------------------------------------------------------------------- */

static enum nnrpc_code check_deadline(
    const struct store_write *write, struct nnrpc_status *out_status) {
    if (write->deadline_ns == 0 || writer_clock_ns() < write->deadline_ns) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        out_status, NNRPC_DEADLINE_EXCEEDED, NNRPC_DOMAIN, STORE_NNRPC_REASON(DEADLINE_EXCEEDED),
        "the deadline passed before the write was started; nothing was changed");
}

static enum nnrpc_code check_wanted(
    const struct store_write *write, struct nnrpc_status *out_status) {
    enum nnrpc_code code = check_deadline(write, out_status);
    if (code != NNRPC_OK || write->check_wanted == NULL) {
        return code;
    }
    return write->check_wanted(write, out_status);
}

/* Deletions are taken by a full store: they make room. */
static bool makes_room(enum store_act act) {
    return act == STORE_DELETE_CONTACT || act == STORE_DELETE_CUSTOMER ||
           act == STORE_REMOVE_SHARED_CONTACT;
}

static enum nnrpc_code check_room(
    struct group *group, const struct store_write *write, struct nnrpc_status *out_status) {
    if (makes_room(write->act) || !upkeep_is_full(group->writer)) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORAGE_FULL),
        "the store has used 90 %% of its map of %zu MiB: nothing was written, reads and deletions "
        "go on; start with a larger map",
        engine_map_bytes(group->writer->options.engine) >> 20);
}

static bool keeps_request(const struct store_write *write) {
    return write->request_id[0] != '\0' && !write->validate_only;
}

/* Adds the entry that keeps the answer to a record. */
static void record_request(
    struct writer *writer, const struct act *act, const struct write_result *result,
    struct key *out_key, struct log_record *record) {
    const struct request_answer answer = {
        .time = act->now,
        .revision = result->revision,
        .change = record->change,
        .response =
            {
                .data = writer->responses.data + result->response_offset,
                .size = writer->responses.size - result->response_offset,
            },
    };
    nnrpc_buffer_clear(&writer->request_value);
    request_make_entry(act->write, &answer, out_key, &writer->request_value);
    record->request_key = key_slice(out_key);
    record->request_value = (struct nnrpc_slice){
        .data = writer->request_value.data, .size = writer->request_value.size};
}
/* Does what was decided, and notes it for the log. */
static void perform(struct group *group, const struct act *act, struct write_result *result) {
    const struct store_write *write = act->write;
    struct writer *writer = group->writer;
    struct key request_key;
    struct log_record record = {
        .change = {.data = act->change->data, .size = act->change->size},
        .next_customer_number = act->next_customer_number,
    };
    if (act->secret != ACT_SECRET_KEEP) {
        record.secret_contact_id = act->secret_contact_id;
        record.secret = slice_of_text(act->secret == ACT_SECRET_SET ? write->password_hash : "");
    }
    if (record.change.size > 0) {
        result->revision = act->change_revision;
    }
    if (keeps_request(write)) {
        record_request(writer, act, result, &request_key, &record);
    }
    log_record_apply(group->transaction, &group->state, &record);
    if (writer->request_value.failed) {
        engine_fail_memory(group->transaction);
    }
    if (writer->options.durability != NULL) {
        log_record_append(&record, &writer->entry);
    }
}

static enum nnrpc_code decide_and_perform(
    struct group *group, const struct store_write *write, struct record_time now,
    struct write_result *result) {
    struct writer *writer = group->writer;
    nnrpc_arena_reset(&writer->arena);
    nnrpc_buffer_clear(&writer->change);
    struct act act = {
        .transaction = group->transaction,
        .write = write,
        .state = &group->state,
        .epoch = writer->options.epoch,
        .now = now,
        .arena = &writer->arena,
        .change = &writer->change,
        .response = &writer->responses,
    };
    enum nnrpc_code code = act_decide(&act, &result->status);
    if (code == NNRPC_OK && (writer->change.failed || writer->responses.failed)) {
        code = fault_out_of_memory(&result->status);
    }
    if (code == NNRPC_OK && !write->validate_only) {
        perform(group, &act, result);
    }
    return code;
}

/* Answers a request that was answered before, or applies it. */
static enum nnrpc_code run_write(
    struct group *group, const struct store_write *write, struct write_result *result) {
    struct writer *writer = group->writer;
    struct record_time now = state_now(&group->state);
    enum nnrpc_code code = check_wanted(write, &result->status);
    if (code == NNRPC_OK && keeps_request(write)) {
        switch (request_find(
            group->transaction, write, now, writer_request_retention_s(writer), &result->revision,
            &writer->responses)) {
        case REQUEST_REPEAT:
            return NNRPC_OK;
        case REQUEST_REUSED:
            return nnrpc_fail(
                &result->status, NNRPC_INVALID_ARGUMENT, STORE_DOMAIN,
                STORE_REASON(REQUEST_ID_REUSED),
                "request id \"%.64s\" came before with another request", write->request_id);
        case REQUEST_NEW:
            break;
        }
    }
    if (code == NNRPC_OK) {
        code = check_room(group, write, &result->status);
    }
    return code == NNRPC_OK ? decide_and_perform(group, write, now, result) : code;
}

static void apply_write(
    struct group *group, const struct store_write *write, struct write_result *result) {
    struct nnrpc_buffer *responses = &group->writer->responses;
    nnrpc_status_reset(&result->status);
    result->revision = group->state.revision;
    result->response_offset = responses->size;
    if (run_write(group, write, result) != NNRPC_OK) {
        responses->size = result->response_offset;
    }
    result->response_size = responses->size - result->response_offset;
}

/* --- Large deletions ---------------------------------------------------------------------- */

/* Entries that a deletion takes with it, counted up to a limit. */
static uint64_t count_deleted(
    struct group *group, const struct store_write *write, uint64_t limit) {
    uint64_t contact_id = 0;
    if (write->validate_only) {
        return 0;
    }
    if (write->act == STORE_DELETE_CUSTOMER) {
        const Contacts__V1__DeleteCustomerRequest *request =
            (const Contacts__V1__DeleteCustomerRequest *)write->request;
        struct customer_holdings holdings =
            customer_count_holdings(group->transaction, slice_of_text(request->id), limit);
        return holdings.direct_contacts + holdings.links;
    }
    if (write->act == STORE_DELETE_CONTACT) {
        const Contacts__V1__DeleteContactRequest *request =
            (const Contacts__V1__DeleteContactRequest *)write->request;
        return decimal_read(slice_of_text(request->id), &contact_id)
                   ? contact_count_links(group->transaction, contact_id, limit)
                   : 0;
    }
    return 0;
}

/* Runs a large deletion; whoever submits meanwhile is told how long it takes. */
static void apply_large(
    struct group *group, const struct store_write *write, struct write_result *result) {
    struct writer *writer = group->writer;
    uint64_t started_ns = writer_clock_ns();
    uint64_t entries = count_deleted(group, write, UINT64_MAX);
    uint64_t estimate_ns = entries * writer->deletion_ns;
    if (estimate_ns > PATIENCE_NS) {
        atomic_store(&writer->busy_since_ns, started_ns);
        atomic_store(&writer->busy_until_ns, started_ns + estimate_ns);
        writer_log(
            writer, write, "large_deletion", "entries=%" PRIu64 " estimated_ms=%" PRIu64, entries,
            estimate_ns / 1000000);
    }
    apply_write(group, write, result);
    writer->deletion_ns =
        (writer->deletion_ns + (writer_clock_ns() - started_ns) / entries) / 2 + 1;
}

/* --- Groups ------------------------------------------------------------------------------- */

/* Applies the next write, unless the group has to end before it. */
static bool apply_next(struct group *group) {
    const struct store_write *write = group->writes[group->count];
    struct write_result *result = &group->writer->results[group->count];
    if (count_deleted(group, write, STORE_LARGE_DELETE) < STORE_LARGE_DELETE) {
        apply_write(group, write, result);
    } else if (group->count == 0) {
        apply_large(group, write, result);
        group->alone = true;
    } else {
        return false;
    }
    group->count++;
    return true;
}

static void fill(struct group *group, uint32_t most) {
    struct writer *writer = group->writer;
    nnrpc_buffer_clear(&writer->responses);
    durability_begin_entry(&writer->entry);
    while (group->count < most && !group->alone && !engine_failed(group->transaction) &&
           writer->responses.size < RESPONSES_BYTES && writer->entry.size < ENTRY_BYTES &&
           apply_next(group)) {
    }
}

static enum nnrpc_code commit(struct group *group, struct nnrpc_status *out_status) {
    struct writer *writer = group->writer;
    struct durability *durability = writer->options.durability;
    if (durability == NULL) {
        state_write(group->transaction, &group->state);
        return engine_commit(group->transaction, out_status);
    }
    group->state.log_sequence = durability_next_sequence(durability);
    state_write(group->transaction, &group->state);
    return durability_commit(
        durability, group->transaction, &writer->state, &group->state, &writer->entry, group->alone,
        out_status);
}

/* Makes the group durable, or throws it away when it changed nothing. */
static enum nnrpc_code finish(struct group *group, bool single, struct nnrpc_status *out_status) {
    struct engine_transaction *transaction = group->transaction;
    struct writer *writer = group->writer;
    if (!engine_changed(transaction) && !engine_failed(transaction)) {
        engine_abort(transaction);
        return NNRPC_OK;
    }
    if (!single) {
        upkeep_step(writer, transaction, &group->state, 2 * group->count + UPKEEP_LEAST);
    }
    enum nnrpc_code code = commit(group, out_status);
    if (code == NNRPC_OK) {
        writer->state = group->state;
        atomic_store_explicit(
            writer->options.revision, group->state.revision, memory_order_release);
        atomic_fetch_add_explicit(&writer->groups, 1, memory_order_relaxed);
    }
    return code;
}

static void answer(struct writer *writer, struct store_write *write, uint32_t index) {
    const struct write_result *result = &writer->results[index];
    const struct store_outcome outcome = {
        .status = &result->status,
        .revision = result->revision,
        .response =
            {
                .data = writer->responses.data == NULL
                            ? NULL
                            : writer->responses.data + result->response_offset,
                .size = result->response_size,
            },
    };
    write->done(write, &outcome);
}

/* Answers a write that could not be applied even alone. */
static void answer_failure(
    struct writer *writer, struct store_write *write, const struct nnrpc_status *status) {
    const struct store_outcome outcome = {.status = status, .revision = writer->state.revision};
    writer_log(writer, write, "write_failed", "%s", status->message);
    write->done(write, &outcome);
}

/* Runs one group of at most `most` writes. @return how many it was, all answered; 0: the group
 * failed and nothing was answered. */
static uint32_t run_once(
    struct writer *writer, struct store_write **writes, uint32_t most,
    struct nnrpc_status *out_status) {
    struct group group = {.writer = writer, .state = writer->state, .writes = writes};
    if (engine_begin_write(writer->options.engine, &group.transaction, out_status) != NNRPC_OK) {
        return 0;
    }
    fill(&group, most);
    enum nnrpc_code code = finish(&group, most == 1, out_status);
    atomic_store(&writer->busy_until_ns, 0);
    if (code != NNRPC_OK) {
        return 0;
    }
    for (uint32_t i = 0; i < group.count; i++) {
        answer(writer, writes[i], i);
    }
    return group.count;
}

/* Runs one write. One that found no room is tried again when there is some that only the last
 * checkpoint keeps. */
static void run_single(struct writer *writer, struct store_write **write) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct durability *durability = writer->options.durability;
    if (run_once(writer, write, 1, &status) > 0) {
        return;
    }
    if (status.code == NNRPC_RESOURCE_EXHAUSTED && durability != NULL &&
        durability_make_room(durability, &writer->state)) {
        nnrpc_status_reset(&status);
        if (run_once(writer, write, 1, &status) > 0) {
            return;
        }
    }
    answer_failure(writer, *write, &status);
}

/* The time of a small group is the disk's: it says nothing of what a write adds to a large one. */
static void note_speed(struct writer *writer, uint64_t started_ns, uint32_t count) {
    assert(count > 0);
    uint64_t elapsed_ns = writer_clock_ns() - started_ns;
    if (count >= TELLING_WRITES || elapsed_ns / count < nnrpc_queue_delay_unit_ns(writer->delay)) {
        nnrpc_queue_delay_worked(writer->delay, count, elapsed_ns);
    }
    /* A large deletion says nothing of the group after it. */
    if (elapsed_ns <= PATIENCE_NS) {
        atomic_store_explicit(&writer->group_ns, elapsed_ns, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&writer->writes, count, memory_order_relaxed);
}

void group_run(struct writer *writer, uint32_t count) {
    uint64_t started_ns = writer_clock_ns();
    uint32_t done = 0;
    while (done < count) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        uint32_t most = count - done;
        uint32_t ran = most == 1 ? 0 : run_once(writer, writer->taken + done, most, &status);
        if (ran > 0) {
            done += ran;
            continue;
        }
        if (most > 1) {
            atomic_fetch_add_explicit(&writer->retried_groups, 1, memory_order_relaxed);
            writer_log(
                writer, NULL, "group_retried", "writes=%" PRIu32 " %s", most, status.message);
        }
        for (; done < count; done++) {
            run_single(writer, writer->taken + done);
        }
    }
    note_speed(writer, started_ns, count);
}
