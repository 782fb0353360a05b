/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 under load: every write that was answered is there after the restart, exactly once, and
 * its request id still brings the first answer.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"
#include "presets/default_presets.h"
#include "replica.h"

#define WRITERS 4
#define ROUNDS 4
#define ANSWERS_EACH 400

static void every_answered_write_outlives_a_kill(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct load *load = load_start(server, WRITERS);
        load_wait_for(load, ANSWERS_EACH + round * 37);
        contactd_kill(server);
        load_end(load);
        expect_only_unavailable(load);
        contactd_restart(server);
        struct peer *peer = join(server, NULL);
        assert_true(load_answers(load) >= ANSWERS_EACH);
        expect_answers_kept(load, peer);
        expect_unanswered_made_once(load, peer);
    }
    contactd_stop(server);
}

static void a_store_is_sound_after_a_kill(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct replica *replica = replica_new();
    for (size_t round = 0; round < ROUNDS; round++) {
        struct load *load = load_start(server, WRITERS);
        load_wait_for(load, 100);
        contactd_kill(server);
        load_end(load);
        contactd_restart(server);
        struct peer *peer = join(server, NULL);
        replica_catch_up(replica, peer);
        expect_equal_store(replica, peer);
        contactd_stop(server); /* and checks the store */
        contactd_restart(server);
    }
    contactd_stop(server);
}

static void revisions_go_on_after_a_kill(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    uint64_t revision = revision_now(peer);
    const Contact *contact = create_shared_contact(peer);
    contactd_kill(server);
    contactd_restart(server);
    expect_revision(peer, revision + 1);
    assert_int_equal(peer->epoch, 1);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    const Contact *next = create_shared_contact(peer);
    assert_int_equal(peer->revision, revision + 2);
    assert_true(compare_times(next->create_time, contact->create_time) >= 0);
    contactd_stop(server);
}

static void a_kill_in_the_first_moments_leaves_a_whole_catalogue(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *const arguments[] = {CONTACTD_PATH, "--data",    server->data,
                                     "--listen",    server->url, NULL};
    for (uint32_t delay_ms = 1; delay_ms < 40; delay_ms += 3) {
        server->pid = program_start(arguments, server->log);
        sleep_ms(delay_ms);
        contactd_kill(server);
    }
    contactd_start(server, NULL);
    struct peer *peer = join(server, NULL);
    struct replica *replica = replica_new();
    replica_catch_up(replica, peer);
    expect_equal_store(replica, peer);
    assert_int_equal(replica_revision(replica), contacts_default_preset_count);
    contactd_stop(server);
}

static void a_socket_left_behind_by_a_kill_is_replaced(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct stat status;
    contactd_kill(server);
    assert_int_equal(stat(server->url + strlen("ipc://"), &status), 0);
    contactd_restart(server);
    create_shared_contact(join(server, NULL));
    contactd_stop(server);
}

static void a_client_finds_the_restarted_server_by_itself(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Contact *contact = create_shared_contact(peer);
    for (int round = 0; round < 3; round++) {
        contactd_kill(server);
        contactd_restart(server);
        expect_equal_messages(get_contact(peer, contact->id), contact);
        create_shared_contact(peer);
    }
    contactd_stop(server);
}

static void without_a_server_calls_fail_as_unavailable(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    const struct peer_options options = {.max_attempts = 1};
    struct peer *peer = join(server, &options);
    create_shared_contact(peer);
    contactd_kill(server);
    uint64_t start_ms = now_ms();
    const Contact contact = contact_named("Nobody", "");
    try_create_contact(peer, &contact);
    expect_nnrpc_reason(peer, NNRPC_UNAVAILABLE, "UNREACHABLE");
    try_get_contact(peer, "1");
    expect_nnrpc_reason(peer, NNRPC_UNAVAILABLE, "UNREACHABLE");
    assert_true(now_ms() - start_ms < 20000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(every_answered_write_outlives_a_kill),
        scenario_test(a_store_is_sound_after_a_kill),
        scenario_test(revisions_go_on_after_a_kill),
        scenario_test(a_kill_in_the_first_moments_leaves_a_whole_catalogue),
        scenario_test(a_socket_left_behind_by_a_kill_is_replaced),
        scenario_test(a_client_finds_the_restarted_server_by_itself),
        scenario_test(without_a_server_calls_fail_as_unavailable),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
