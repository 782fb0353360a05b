/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backups, taken while the store is written to, and what becomes of one that is restored.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replica.h"

static Contacts__V1__BackupResponse *try_backup(struct peer *peer, const char *name) {
    Contacts__V1__BackupRequest request = CONTACTS__V1__BACKUP_REQUEST__INIT;
    request.name = text(name);
    return call_backup(peer, &request);
}

static char *backup_path(const struct contactd_process *server, const char *name) {
    return format_text("%s/backups/%s", server->data, name);
}

/* Makes the data folder of a server that is not started yet from a backup. */
static void restore(
    struct contactd_process *to, const char *path, struct program_result *out_result) {
    const char *arguments[] = {CONTACTD_PATH, "--data", to->data, "--restore", path, NULL};
    program_run(arguments, NULL, out_result);
}

static struct contactd_process *restore_and_start(const char *path) {
    struct contactd_process *restored = prepare_server();
    struct program_result result;
    restore(restored, path, &result);
    assert_string_equal(result.errors, "");
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.output, format_text("restored %s into %s\n", path, restored->data));
    contactd_start(restored, NULL);
    return restored;
}

/* --- Taking --------------------------------------------------------------------------------- */

static void a_backup_is_a_file_of_its_owners_alone(void **state) {
    struct peer *peer = *state;
    struct stat status;
    const Contacts__V1__BackupResponse *response = try_backup(peer, "plain.1");
    expect_ok(peer);
    assert_int_equal(response->revision, revision_now(peer));
    assert_int_equal(stat(backup_path(peer->server, "plain.1"), &status), 0);
    assert_int_equal(status.st_size, response->size_bytes);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(stat(backup_path(peer->server, ""), &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
}

static void a_backup_never_takes_the_place_of_another(void **state) {
    struct peer *peer = *state;
    try_backup(peer, "once");
    expect_ok(peer);
    size_t size = 0;
    size_t size_after = 0;
    char *before = scenario_keep(read_whole_file(backup_path(peer->server, "once"), &size));
    create_shared_contact(peer);
    try_backup(peer, "once");
    expect_reason(peer, NNRPC_ALREADY_EXISTS, "BACKUP_EXISTS");
    expect_info(peer, "name", "once");
    char *after = scenario_keep(read_whole_file(backup_path(peer->server, "once"), &size_after));
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
}

static void backups_go_where_the_server_is_told(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *folder = format_text("%s/elsewhere", server->folder);
    const char *const flags[] = {"--backups", folder, NULL};
    contactd_start(server, flags);
    struct peer *peer = join(server, NULL);
    try_backup(peer, "here");
    expect_ok(peer);
    assert_int_equal(access(format_text("%s/here", folder), F_OK), 0);
    contactd_stop(server);
}

/* --- Restoring ------------------------------------------------------------------------------ */

/* Writes something of everything, so that there is something to lose. */
static Contact *fill(struct peer *peer) {
    const char *customer = new_customer(peer);
    Contact contact = contact_named("Kept", customer);
    contact.account_password = text("kept");
    Contact *created = create_contact(peer, &contact);
    create_direct_contact(peer, customer);
    add_link(peer, customer, create_shared_contact(peer)->id);
    add_link(peer, new_customer(peer), create_shared_contact(peer)->id);
    put_preset(peer, "title", "Restored");
    retire_preset(peer, "title", "Restored");
    return created;
}

static void a_restored_store_is_the_one_that_was_backed_up(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Contact *contact = fill(peer);
    struct replica *replica = replica_new();
    replica_catch_up(replica, peer);
    const Contacts__V1__BackupResponse *backup = try_backup(peer, "kept");
    expect_ok(peer);
    assert_int_equal(backup->revision, replica_revision(replica));
    uint64_t epoch = peer->epoch;
    delete_contact(peer, contact->id);
    contactd_stop(server);

    struct contactd_process *restored = restore_and_start(backup_path(server, "kept"));
    struct peer *reader = join(restored, NULL);
    expect_equal_store(replica, reader);
    assert_int_equal(reader->epoch, epoch + 1);
    assert_true(verifies(reader, contact->id, "kept"));
    const Contact *next = create_shared_contact(reader);
    assert_true(strtoull(next->id, NULL, 10) > strtoull(contact->id, NULL, 10));
    assert_int_equal(reader->revision, backup->revision + 1);
    replica_catch_up(replica, reader);
    expect_equal_store(replica, reader);
    contactd_stop(restored);
}

static void every_restore_starts_a_new_epoch(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    revision_now(peer);
    uint64_t epoch = peer->epoch;
    assert_int_equal(epoch, 1);
    for (int round = 0; round < 2; round++) {
        try_backup(peer, "again");
        expect_ok(peer);
        contactd_stop(server);
        server = restore_and_start(backup_path(server, "again"));
        peer = join(server, NULL);
        revision_now(peer);
        assert_int_equal(peer->epoch, ++epoch);
    }
    contactd_stop(server);
    contactd_restart(server);
    revision_now(peer);
    assert_int_equal(peer->epoch, epoch);
    contactd_stop(server);
}

static void etags_of_two_epochs_differ(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Contact *contact = create_shared_contact(peer);
    try_backup(peer, "etags");
    expect_ok(peer);
    const char *lost = rename_contact(peer, contact->id, "Lost")->etag;
    contactd_stop(server);
    struct contactd_process *restored = restore_and_start(backup_path(server, "etags"));
    struct peer *other = join(restored, NULL);
    const Contact *renamed = rename_contact(other, contact->id, "Another");
    assert_string_not_equal(renamed->etag, lost);
    contactd_stop(restored);
}

static void a_restored_store_remembers_request_ids(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    Contact contact = contact_named("Once", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = text("once");
    const Contacts__V1__CreateContactResponse *first = call_create_contact(peer, &request);
    uint64_t revision = peer->revision;
    try_backup(peer, "requests");
    expect_ok(peer);
    contactd_stop(server);
    struct contactd_process *restored = restore_and_start(backup_path(server, "requests"));
    struct peer *other = join(restored, NULL);
    expect_equal_messages(call_create_contact(other, &request), first);
    assert_int_equal(other->revision, revision);
    contactd_stop(restored);
}

static void expect_refused(struct contactd_process *to, const char *path, const char *what) {
    struct program_result result;
    restore(to, path, &result);
    assert_int_equal(result.exit_code, 1);
    assert_int_equal(count_lines(result.errors), 1);
    assert_string_equal(result.output, "");
    if (strncmp(result.errors, "contactd: ", 10) != 0 || strstr(result.errors, what) == NULL) {
        fail_msg("\"%s\" does not name \"%s\"", result.errors, what);
    }
}

static void what_is_no_backup_is_not_restored(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    char *path = format_text("%s/none", server->folder);
    expect_refused(server, path, path);
    assert_int_not_equal(access(server->data, F_OK), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 10000; i++) {
        fputs("this is no store\n", file);
    }
    fclose(file);
    expect_refused(server, path, path);
    assert_int_equal(truncate(path, 0), 0);
    expect_refused(server, path, path);
    contactd_start(server, NULL); /* nothing was left that would be in the way */
    contactd_stop(server);
}

static void a_store_is_never_restored_over(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    try_backup(peer, "old");
    expect_ok(peer);
    const Contact *contact = create_shared_contact(peer);
    contactd_stop(server);
    expect_refused(server, backup_path(server, "old"), server->data);
    contactd_restart(server);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    contactd_stop(server);
}

/* --- Two at once ---------------------------------------------------------------------------- */

struct taker {
    struct peer *peer;
    const char *name;
};

static void take_backup(void *argument) {
    struct taker *taker = argument;
    try_backup(taker->peer, taker->name);
}

static void of_two_backups_of_one_name_exactly_one_is_taken(void **state) {
    struct peer *peer = *state;
    struct taker takers[2] = {
        {.peer = join(peer->server, NULL)}, {.peer = join(peer->server, NULL)}};
    for (int round = 0; round < 10; round++) {
        takers[0].name = takers[1].name = fresh("twin");
        run_together(take_backup, takers, sizeof(takers[0]), 2);
        size_t winner = peer_succeeded(takers[0].peer) ? 0 : 1;
        expect_ok(takers[winner].peer);
        expect_reason(takers[1 - winner].peer, NNRPC_ALREADY_EXISTS, "BACKUP_EXISTS");
        expect_info(takers[1 - winner].peer, "name", takers[0].name);
    }
}

/* --- While others write --------------------------------------------------------------------- */

struct churn {
    struct peer *peer;
    atomic_bool stop;
    bool failed;
    size_t writes;
};

static void *write_on(void *argument) {
    struct churn *churn = argument;
    while (!atomic_load(&churn->stop)) {
        const Contact contact = contact_named("While", "");
        churn->failed = churn->failed || try_create_contact(churn->peer, &contact) == NULL;
        churn->writes++;
    }
    return NULL;
}

static void a_backup_taken_under_load_is_one_consistent_state(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    struct churn churn = {.peer = join(server, NULL)};
    pthread_t thread;
    fill(peer);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &churn), 0);
    uint64_t revisions[3];
    for (int i = 0; i < 3; i++) {
        sleep_ms(30);
        const Contacts__V1__BackupResponse *response = try_backup(peer, format_text("load-%d", i));
        revisions[i] = response != NULL ? response->revision : 0;
    }
    atomic_store(&churn.stop, true);
    pthread_join(thread, NULL);
    expect_ok(peer);
    assert_false(churn.failed);
    assert_true(churn.writes > 0);
    contactd_stop(server);
    for (int i = 0; i < 3; i++) {
        struct contactd_process *restored =
            restore_and_start(backup_path(server, format_text("load-%d", i)));
        struct peer *reader = join(restored, NULL);
        struct replica *replica = replica_new();
        replica_catch_up(replica, reader);
        assert_int_equal(replica_revision(replica), revisions[i]);
        expect_equal_store(replica, reader);
        contactd_stop(restored);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_backup_is_a_file_of_its_owners_alone),
        scenario_test(a_backup_never_takes_the_place_of_another),
        scenario_test(backups_go_where_the_server_is_told),
        scenario_test(a_restored_store_is_the_one_that_was_backed_up),
        scenario_test(every_restore_starts_a_new_epoch),
        scenario_test(etags_of_two_epochs_differ),
        scenario_test(a_restored_store_remembers_request_ids),
        scenario_test(what_is_no_backup_is_not_restored),
        scenario_test(a_store_is_never_restored_over),
        scenario_test(of_two_backups_of_one_name_exactly_one_is_taken),
        scenario_test(a_backup_taken_under_load_is_one_consistent_state),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("backup", tests, share_a_server, NULL);
}
