/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping: what is in flight is finished and answered, what comes later is refused as UNAVAILABLE,
 * and what was answered is there after the next start.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "raw_peer.h"

#define WRITERS 4
#define ROUNDS 3

static void no_answered_write_is_lost_when_the_server_stops_under_load(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    for (int round = 0; round < ROUNDS; round++) {
        struct load *load = load_start(server, WRITERS);
        load_wait_for(load, 300);
        contactd_ask_to_stop(server);
        load_end(load);
        expect_only_unavailable(load);
        contactd_stop(server);
        contactd_restart(server);
        struct peer *peer = join(server, NULL);
        expect_answers_kept(load, peer);
        expect_unanswered_made_once(load, peer);
    }
    contactd_stop(server);
}

static void restarts_under_load_cost_time_and_no_errors(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct load *load = load_start_patient(server, WRITERS);
    for (int round = 0; round < ROUNDS; round++) {
        load_wait_for(load, load_answers(load) + 200);
        if (round % 2 == 0) {
            contactd_stop(server);
        } else {
            contactd_kill(server);
        }
        contactd_restart(server);
    }
    load_wait_for(load, load_answers(load) + 200);
    load_end(load);
    expect_no_failures(load);
    struct peer *peer = join(server, NULL);
    expect_answers_kept(load, peer);
    expect_unanswered_made_once(load, peer);
    contactd_stop(server);
}

static void what_is_in_flight_is_answered_before_the_end(void **state) {
    (void)state;
    enum { CALLS = 12 };
    static const char *const flags[] = {
        "--slow-workers", "1", "--password-operations", "4", "--password-memory", "16MiB", NULL};
    struct contactd_process *server = start_server(flags);
    const struct peer_options options = {.max_attempts = 1};
    struct peer *peer = join(server, &options);
    struct nnrpc_pending *pending[CALLS];
    Contact contact = contact_named("Slow", "");
    contact.account_password = text("slow");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(
            contact_service_create_contact_start(peer->client, NULL, &request, &pending[i], NULL),
            NNRPC_OK);
    }
    revision_now(peer); /* the slow lanes' first frames were sent before this was answered */
    contactd_ask_to_stop(server);
    size_t answered = 0;
    const char *ids[CALLS];
    for (int i = 0; i < CALLS; i++) {
        Contacts__V1__CreateContactResponse *response = NULL;
        enum nnrpc_code code =
            contact_service_create_contact_finish(pending[i], &response, &peer->status);
        if (code == NNRPC_OK) {
            scenario_keep_message(&response->base);
            ids[answered++] = response->contact->id;
        } else {
            assert_int_equal(code, NNRPC_UNAVAILABLE);
        }
    }
    assert_true(answered > 0);
    contactd_stop(server);
    contactd_restart(server);
    struct peer *reader = join(server, NULL);
    for (size_t i = 0; i < answered; i++) {
        assert_true(verifies(reader, ids[i], "slow"));
    }
    contactd_stop(server);
}

static void a_stopping_server_refuses_new_calls_and_says_that_it_stops(void **state) {
    (void)state;
    enum { CALLS = 40 };
    static const char *const flags[] = {
        "--slow-workers", "1", "--password-operations", "4", "--password-memory", "16MiB", NULL};
    struct contactd_process *server = start_server(flags);
    const struct peer_options options = {.max_attempts = 1};
    struct peer *peer = join(server, &options);
    struct raw_peer *raw = raw_join(server->url);
    struct raw_frame *frame = raw_frame_new();
    const char *id = create_shared_contact(peer)->id;
    Contacts__V1__VerifyAccountPasswordRequest request =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_REQUEST__INIT;
    request.id = text(id);
    for (int i = 0; i < CALLS; i++) {
        raw_frame_add(frame, "contacts.v1.ContactService/VerifyAccountPassword", &request.base);
    }
    raw_send(raw, frame);
    sleep_ms(50);
    contactd_ask_to_stop(server);
    contactd_wait_for_log(server, "event=stopping");
    sleep_ms(20);
    try_get_contact(peer, id);
    expect_nnrpc_reason(peer, NNRPC_UNAVAILABLE, "SHUTTING_DOWN");
    const Nnrpc__V1__CheckRequest check = NNRPC__V1__CHECK_REQUEST__INIT;
    const Nnrpc__V1__CheckResponse *health = call_check(peer, &check);
    expect_ok(peer);
    assert_int_equal(health->status, NNRPC__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING);
    const Nnrpc__V1__ResponseFrame *answer = raw_receive(raw, frame);
    for (int i = 0; i < CALLS; i++) {
        expect_raw_ok(answer->responses[i]);
    }
    contactd_stop(server);
}

static void sigint_stops_as_sigterm_does(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    assert_int_equal(kill(server->pid, SIGINT), 0);
    assert_int_equal(program_wait(server->pid, 60000), 0);
    server->pid = 0;
    char *log = scenario_keep(contactd_log_text(server));
    assert_non_null(strstr(log, "event=stopping"));
    assert_non_null(strstr(log, "event=stopped"));
    contactd_restart(server);
    contactd_stop(server);
}

static void a_stopped_server_leaves_no_socket_and_frees_its_port(void **state) {
    (void)state;
    static const char *const flags[] = {"--insecure", NULL};
    struct contactd_process *server = prepare_server();
    contactd_use_tcp(server);
    for (int round = 0; round < 3; round++) {
        contactd_start(server, flags);
        const struct peer_options options = {.url = server->tcp_url};
        create_shared_contact(join(server, &options));
        contactd_stop(server);
        assert_int_not_equal(access(server->url + strlen("ipc://"), F_OK), 0);
    }
}

static void many_signals_stop_once(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct load *load = load_start(server, 2);
    load_wait_for(load, 50);
    for (int i = 0; i < 10; i++) {
        kill(server->pid, i % 2 == 0 ? SIGTERM : SIGHUP);
    }
    load_end(load);
    expect_only_unavailable(load);
    assert_int_equal(program_wait(server->pid, 60000), 0);
    server->pid = 0;
    contactd_restart(server);
    expect_answers_kept(load, join(server, NULL));
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(no_answered_write_is_lost_when_the_server_stops_under_load),
        scenario_test(restarts_under_load_cost_time_and_no_errors),
        scenario_test(what_is_in_flight_is_answered_before_the_end),
        scenario_test(a_stopping_server_refuses_new_calls_and_says_that_it_stops),
        scenario_test(sigint_stops_as_sigterm_does),
        scenario_test(a_stopped_server_leaves_no_socket_and_frees_its_port),
        scenario_test(many_signals_stop_once),
    };
    return cmocka_run_group_tests_name("shutdown", tests, NULL, NULL);
}
