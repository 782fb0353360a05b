/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server at its limits: too many calls, too many writes, a full map. What is refused had no
 * effect, and everything else goes on. And what health and statistics say meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "raw_peer.h"

#define CREATE_CONTACT "contacts.v1.ContactService/CreateContact"

/* Sends so many creates in one frame; returns how many succeeded, and expects OVERLOADED, with a
 * time to wait, of the rest. */
static size_t create_in_one_frame(struct raw_peer *raw, size_t count) {
    struct raw_frame *frame = raw_frame_new();
    Contact contact = contact_named("Crowd", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    for (size_t i = 0; i < count; i++) {
        raw_frame_add(frame, CREATE_CONTACT, &request.base);
    }
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
    size_t created = 0;
    for (size_t i = 0; i < count; i++) {
        if (raw_code(answer->responses[i]) == NNRPC_OK) {
            created++;
            continue;
        }
        expect_raw(answer->responses[i], NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "OVERLOADED");
        const char *wait = raw_info(answer->responses[i], "retry_after_ms");
        assert_non_null(wait);
        assert_true(strtoul(wait, NULL, 10) > 0);
    }
    return created;
}

static void writes_above_the_queue_are_refused_without_effect(void **state) {
    (void)state;
    static const char *const flags[] = {"--queue-writes", "2", NULL};
    struct contactd_process *server = start_server(flags);
    struct peer *peer = join(server, NULL);
    struct raw_peer *raw = raw_join(server->url);
    uint64_t revision = revision_now(peer);
    size_t created = create_in_one_frame(raw, 1000);
    assert_true(created > 0 && created < 1000);
    expect_revision(peer, revision + created);
    assert_int_equal(create_in_one_frame(raw, 1), 1);
    contactd_stop(server);
}

static void calls_above_the_limit_are_refused_without_effect(void **state) {
    (void)state;
    static const char *const flags[] = {"--max-calls", "10", NULL};
    struct contactd_process *server = start_server(flags);
    struct peer *peer = join(server, NULL);
    struct raw_peer *raw = raw_join(server->url);
    uint64_t revision = revision_now(peer);
    size_t created = create_in_one_frame(raw, 500);
    assert_true(created > 0 && created < 500);
    expect_revision(peer, revision + created);
    assert_int_equal(create_in_one_frame(raw, 10), 10);
    contactd_stop(server);
}

/* --- A full map ----------------------------------------------------------------------------- */

static void a_full_map_refuses_writes_and_reads_go_on(void **state) {
    (void)state;
    static const char *const flags[] = {"--map-size", "4MiB", NULL};
    struct contactd_process *server = start_server(flags);
    struct peer *peer = join(server, NULL);
    Contact contact = contact_named(text_of('f', 1024), "");
    contact.last_name = text_of('l', 1024);
    contact.website = text_of('w', 2048);
    const Contact *last = NULL;
    size_t created = 0;
    for (;; created++) {
        const Contact *next = try_create_contact(peer, &contact);
        if (next == NULL) {
            break;
        }
        last = next;
        assert_true(created < 4096);
    }
    expect_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
    assert_true(created > 50);
    uint64_t revision = revision_now(peer);
    expect_equal_messages(get_contact(peer, last->id), last);
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
    expect_revision(peer, revision);
    contactd_stop(server);

    static const char *const larger[] = {"--map-size", "64MiB", NULL};
    contactd_start(server, larger);
    expect_revision(peer, revision);
    expect_equal_messages(get_contact(peer, last->id), last);
    create_contact(peer, &contact);
    contactd_stop(server);
}

/* --- Health and statistics ------------------------------------------------------------------ */

static void health_is_told_for_the_server_and_each_service(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    static const char *const services[] = {
        "",
        "contacts.v1.ContactService",
        "contacts.v1.CustomerService",
        "contacts.v1.PresetService",
        "contacts.v1.ChangeService",
        "contacts.v1.AdminService"};
    Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        request.service = text(services[i]);
        const Nnrpc__V1__CheckResponse *response = call_check(peer, &request);
        expect_ok(peer);
        assert_int_equal(response->status, NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
    }
    request.service = text("contacts.v1.NoService");
    call_check(peer, &request);
    expect_nnrpc_reason(peer, NNRPC_NOT_FOUND, "SERVICE_NOT_FOUND");
    contactd_stop(server);
}

static uint64_t count_of(
    const Nnrpc__V1__GetStatsResponse *stats, const char *method, enum nnrpc_code code) {
    for (size_t i = 0; i < stats->n_methods; i++) {
        const Nnrpc__V1__MethodStats *entry = stats->methods[i];
        if (strcmp(entry->method, method) == 0 && entry->code == (int32_t)code) {
            return entry->count;
        }
    }
    return 0;
}

static bool has_gauge(const Nnrpc__V1__GetStatsResponse *stats, const char *name) {
    for (size_t i = 0; i < stats->n_gauges; i++) {
        if (strcmp(stats->gauges[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void statistics_count_every_call_by_its_end(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Contact *contact = create_shared_contact(peer);
    for (int i = 0; i < 7; i++) {
        get_contact(peer, contact->id);
    }
    for (int i = 0; i < 3; i++) {
        try_get_contact(peer, "987654321");
    }
    const Nnrpc__V1__GetStatsRequest request = NNRPC__V1__GET_STATS_REQUEST__INIT;
    const Nnrpc__V1__GetStatsResponse *stats = call_get_stats(peer, &request);
    expect_ok(peer);
    assert_int_equal(strncmp(stats->server, "contactd ", 9), 0);
    assert_true(stats->start_time->seconds > 1500000000);
    assert_int_equal(count_of(stats, "contacts.v1.ContactService/GetContact", NNRPC_OK), 7);
    assert_int_equal(count_of(stats, "contacts.v1.ContactService/GetContact", NNRPC_NOT_FOUND), 3);
    assert_int_equal(count_of(stats, CREATE_CONTACT, NNRPC_OK), 1);
    assert_true(has_gauge(stats, "store.map_used_bytes"));
    assert_true(has_gauge(stats, "store.queued_writes"));
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(writes_above_the_queue_are_refused_without_effect),
        scenario_test(calls_above_the_limit_are_refused_without_effect),
        scenario_test(a_full_map_refuses_writes_and_reads_go_on),
        scenario_test(health_is_told_for_the_server_and_each_service),
        scenario_test(statistics_count_every_call_by_its_end),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
