/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, locking, refusing what is no store or too new; backups and restoring them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/meta.h"
#include "store_fixture.h"

static int setup(void **state) {
    static struct fixture fixture;
    fixture_open(&fixture, NULL);
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

static mode_t mode_of(const char *folder, const char *name) {
    char path[256];
    struct stat file;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(stat(path, &file), 0);
    return file.st_mode & 07777;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static size_t count_files(const char *folder) {
    DIR *entries = opendir(folder);
    size_t count = 0;
    struct dirent *entry;
    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(entries);
    return count;
}

/* Asserts that the fixture's folder cannot be opened. */
static void expect_not_opened(
    struct fixture *fixture, enum nnrpc_code code, const char *part_of_message) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store *store = NULL;
    assert_int_equal(store_open(&fixture->options, &store, &status), code);
    assert_null(store);
    if (strstr(status.message, part_of_message) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part_of_message, status.message);
    }
}

/* --- Opening ------------------------------------------------------------------------------ */

static void a_new_store_is_empty_and_nobody_elses_to_read(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(store_revision(fixture->store), 0);
    assert_int_equal(store_epoch(fixture->store), 1);
    assert_true(store_is_pristine(fixture->store));
    assert_int_equal(mode_of(fixture->parent, "data"), 0700);
    assert_int_equal(mode_of(fixture->folder, "data.mdb"), 0600);
    assert_int_equal(mode_of(fixture->folder, "data.mdb-lock"), 0600);
    assert_int_equal(mode_of(fixture->folder, "lock"), 0600);
    put_preset(fixture, "title", "Mr");
    assert_false(store_is_pristine(fixture->store));
}

static void what_was_answered_is_there_when_the_store_is_opened_again(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    uint64_t id = put_plain_contact(fixture, "C1");
    fixture_reopen(fixture);
    assert_int_equal(store_revision(fixture->store), 2);
    assert_int_equal(store_epoch(fixture->store), 1);
    assert_false(store_is_pristine(fixture->store));
    Contacts__V1__Contact *contact = read_contact(fixture, id);
    assert_non_null(contact);
    contacts__v1__contact__free_unpacked(contact, NULL);
    assert_int_equal(put_plain_contact(fixture, "C1"), id + 1);
}

static void a_store_that_is_open_is_refused_with_the_holders_pid(void **state) {
    struct fixture *fixture = *state;
    char holder[48];
    snprintf(holder, sizeof(holder), "(pid %ld)", (long)getpid());
    expect_not_opened(fixture, NNRPC_UNAVAILABLE, holder);
    put_plain_contact(fixture, "");
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_check_report report;
    assert_int_equal(store_check(fixture->folder, NULL, &report, &status), NNRPC_UNAVAILABLE);
}

static void folders_above_the_data_folder_are_made(void **state) {
    struct fixture *fixture = *state;
    struct fixture deep = *fixture;
    char path[128];
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    snprintf(path, sizeof(path), "%s/a/b//c/", fixture->parent);
    deep.options.folder = path;
    assert_int_equal(store_open(&deep.options, &deep.store, &status), NNRPC_OK);
    store_close(deep.store);
    assert_int_equal(mode_of(fixture->parent, "a/b/c"), 0700);
}

static void a_folder_that_cannot_be_is_refused(void **state) {
    struct fixture *fixture = *state;
    struct fixture other = *fixture;
    char path[128];
    snprintf(path, sizeof(path), "%s/file", fixture->parent);
    write_file(path, "text");
    snprintf(path, sizeof(path), "%s/file/data", fixture->parent);
    other.options.folder = path;
    expect_not_opened(&other, NNRPC_PERMISSION_DENIED, "file/data");
    other.options.folder = "";
    expect_not_opened(&other, NNRPC_INVALID_ARGUMENT, "no data folder");
}

static void what_a_crash_left_half_made_is_made_anew(void **state) {
    struct fixture *fixture = *state;
    struct fixture other = *fixture;
    char path[128];
    char file[160];
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    snprintf(path, sizeof(path), "%s/other", fixture->parent);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(file, sizeof(file), "%s/data.mdb.new", path);
    write_file(file, "half");
    other.options.folder = path;
    assert_int_equal(store_open(&other.options, &other.store, &status), NNRPC_OK);
    assert_true(store_is_pristine(other.store));
    store_close(other.store);
    assert_int_not_equal(access(file, F_OK), 0);
}

/* Changes what a stopped store says about itself. */
static void rewrite_schema(struct fixture *fixture, uint32_t schema) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char path[128];
    struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    static struct meta meta; /* as it was when it could last be read */
    snprintf(path, sizeof(path), "%s/data.mdb", fixture->folder);
    const struct engine_options options = {.path = path, .map_bytes = 1 << 24, .alone = true};
    assert_int_equal(engine_open(&options, &engine, &status), NNRPC_OK);
    assert_int_equal(engine_begin_write(engine, &transaction, &status), NNRPC_OK);
    if (meta_read(transaction, &meta, &status) != NNRPC_OK) {
        nnrpc_status_reset(&status);
    }
    meta.schema = schema;
    meta_write(transaction, &meta);
    assert_int_equal(engine_commit(transaction, &status), NNRPC_OK);
    engine_close(engine);
}

static void a_store_of_a_newer_version_is_refused(void **state) {
    struct fixture *fixture = *state;
    put_plain_contact(fixture, "");
    fixture_stop(fixture, NULL);
    rewrite_schema(fixture, META_SCHEMA + 1);
    expect_not_opened(fixture, NNRPC_FAILED_PRECONDITION, "made by a newer version");
    rewrite_schema(fixture, META_SCHEMA);
    fixture_start(fixture);
    assert_int_equal(store_revision(fixture->store), 1);
}

static void what_is_no_store_is_refused_and_left_alone(void **state) {
    struct fixture *fixture = *state;
    char path[128];
    char text[64] = "";
    fixture_stop(fixture, NULL);
    snprintf(path, sizeof(path), "%s/data.mdb", fixture->folder);
    char kept[128];
    snprintf(kept, sizeof(kept), "%s/kept", fixture->parent);
    assert_int_equal(rename(path, kept), 0);
    write_file(path, "This is a letter, not a store.\n");
    expect_not_opened(fixture, NNRPC_FAILED_PRECONDITION, "not a contacts store");
    FILE *file = fopen(path, "r");
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_string_equal(text, "This is a letter, not a store.\n");
    assert_int_equal(rename(kept, path), 0);
    fixture_start(fixture);
}

/* --- Backups ------------------------------------------------------------------------------ */

struct backup_writer {
    struct fixture *fixture;
    atomic_bool *stop;
    pthread_t thread;
};

static void *keep_writing(void *self) {
    struct backup_writer *writer = self;
    while (!atomic_load(writer->stop)) {
        Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
        Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
        contact.customer_id = "C1";
        contact.email = "a@x.org";
        request.contact = &contact;
        const struct store_write write = write_of(STORE_CREATE_CONTACT, &request);
        ANSWER answer = write_now(writer->fixture->store, &write);
        (void)answer;
    }
    return NULL;
}

/* The fixture of a restored store, in a folder beside the first one. */
static void restore(struct fixture *fixture, const char *backup, struct fixture *out_restored) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    *out_restored = *fixture;
    snprintf(out_restored->folder, sizeof(out_restored->folder), "%s/restored", fixture->parent);
    out_restored->options.folder = out_restored->folder;
    if (store_restore(backup, out_restored->folder, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    fixture_start(out_restored);
}

static void a_backup_is_a_whole_store_taken_while_it_is_written(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct fixture restored;
    atomic_bool stop = false;
    struct backup_writer writer = {.fixture = fixture, .stop = &stop};
    char path[128];
    uint64_t revision = 0;
    uint64_t size = 0;
    struct stat file;
    put_customer(fixture, "C1");
    put_plain_contact(fixture, "");
    uint64_t before = store_revision(fixture->store);
    snprintf(path, sizeof(path), "%s/backup", fixture->parent);
    assert_int_equal(pthread_create(&writer.thread, NULL, keep_writing, &writer), 0);
    usleep(50000);
    assert_int_equal(store_backup(fixture->store, path, &revision, &size, &status), NNRPC_OK);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(writer.thread, NULL), 0);
    assert_true(revision >= before);
    assert_true(revision <= store_revision(fixture->store));
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, size);
    assert_int_equal(file.st_mode & 07777, 0600);
    restore(fixture, path, &restored);
    assert_int_equal(store_revision(restored.store), revision);
    assert_int_equal(store_epoch(restored.store), 2);
    assert_int_equal(put_plain_contact(&restored, "C1"), revision);
    Contacts__V1__Contact *contact = read_contact(&restored, revision);
    char etag[64];
    snprintf(etag, sizeof(etag), "2-%" PRIx64, revision + 1);
    assert_string_equal(contact->etag, etag);
    contacts__v1__contact__free_unpacked(contact, NULL);
    struct store_check_report report;
    fixture_stop(&restored, &report);
    assert_int_equal(report.epoch, 2);
    assert_int_equal(report.contacts, revision);
}

static void a_backup_replaces_nothing_and_leaves_nothing_behind(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    char folder[128];
    char path[160];
    uint64_t revision = 4711;
    uint64_t size = 4711;
    snprintf(folder, sizeof(folder), "%s/backups", fixture->parent);
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(path, sizeof(path), "%s/monday", folder);
    write_file(path, "old");
    assert_int_equal(
        store_backup(fixture->store, path, &revision, &size, &status), NNRPC_ALREADY_EXISTS);
    assert_string_equal(status.reason, "BACKUP_EXISTS");
    assert_string_equal(nnrpc_status_get_info(&status, "name"), "monday");
    assert_int_equal(revision, 4711);
    assert_int_equal(size, 4711);
    assert_int_equal(count_files(folder), 1);
    snprintf(path, sizeof(path), "%s/none/tuesday", folder);
    assert_int_equal(
        store_backup(fixture->store, path, &revision, &size, &status), NNRPC_NOT_FOUND);
    snprintf(path, sizeof(path), "%s/tuesday", folder);
    assert_int_equal(store_backup(fixture->store, path, &revision, &size, &status), NNRPC_OK);
    assert_int_equal(revision, 0);
    assert_int_equal(count_files(folder), 2);
}

static void only_a_backup_is_restored_and_only_into_an_empty_folder(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    char path[128];
    char folder[128];
    uint64_t revision = 0;
    uint64_t size = 0;
    snprintf(path, sizeof(path), "%s/backup", fixture->parent);
    snprintf(folder, sizeof(folder), "%s/restored", fixture->parent);
    assert_int_equal(store_restore(path, folder, &status), NNRPC_NOT_FOUND);
    write_file(path, "This is a letter, not a backup of a store, and long enough to be looked at.");
    assert_int_equal(store_restore(path, folder, &status), NNRPC_FAILED_PRECONDITION);
    assert_int_not_equal(access(folder, F_OK), 0); /* not even made */
    unlink(path);
    assert_int_equal(store_backup(fixture->store, path, &revision, &size, &status), NNRPC_OK);
    assert_int_equal(store_restore(path, fixture->folder, &status), NNRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(status.message, "not empty"));
    assert_int_equal(store_restore(path, folder, &status), NNRPC_OK);
    assert_int_equal(store_restore(path, folder, &status), NNRPC_FAILED_PRECONDITION);
}

static void every_restore_begins_an_epoch(void **state) {
    struct fixture *fixture = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct fixture restored;
    char path[128];
    uint64_t revision = 0;
    uint64_t size = 0;
    put_plain_contact(fixture, "");
    snprintf(path, sizeof(path), "%s/backup", fixture->parent);
    assert_int_equal(store_backup(fixture->store, path, &revision, &size, &status), NNRPC_OK);
    restore(fixture, path, &restored);
    assert_int_equal(store_epoch(restored.store), 2);
    snprintf(path, sizeof(path), "%s/second", fixture->parent);
    assert_int_equal(store_backup(restored.store, path, &revision, &size, &status), NNRPC_OK);
    fixture_stop(&restored, NULL);
    char again[128];
    snprintf(again, sizeof(again), "%s/again", fixture->parent);
    assert_int_equal(store_restore(path, again, &status), NNRPC_OK);
    restored.options.folder = again;
    fixture_start(&restored);
    assert_int_equal(store_epoch(restored.store), 3);
    assert_int_equal(store_revision(restored.store), 1);
    store_close(restored.store);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_store_is_empty_and_nobody_elses_to_read),
        TEST(what_was_answered_is_there_when_the_store_is_opened_again),
        TEST(a_store_that_is_open_is_refused_with_the_holders_pid),
        TEST(folders_above_the_data_folder_are_made),
        TEST(a_folder_that_cannot_be_is_refused),
        TEST(what_a_crash_left_half_made_is_made_anew),
        TEST(a_store_of_a_newer_version_is_refused),
        TEST(what_is_no_store_is_refused_and_left_alone),
        TEST(a_backup_is_a_whole_store_taken_while_it_is_written),
        TEST(a_backup_replaces_nothing_and_leaves_nothing_behind),
        TEST(only_a_backup_is_restored_and_only_into_an_empty_folder),
        TEST(every_restore_begins_an_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
