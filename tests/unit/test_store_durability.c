/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log form of durability: a store replayed from its log is the store, byte by byte; what is
 * trusted when; what is refused; and that a disk which fails to sync ends the process.
 *
 * The machine's boot id and fdatasync() are wrapped at link time, so that the machine restarts and
 * the disk fails when a test says so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/checkpoint.h"
#include "store_folder.h"
#include "store_model.h"

#define HOUR_MS 3600000
#define HALTED 77

/* --- What is wrapped ---------------------------------------------------------------------- */

void __wrap_checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]);
int __real_fdatasync(int);
int __wrap_fdatasync(int);

static atomic_uint boot = 1;
static atomic_bool syncs_fail;

void __wrap_checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]) {
    memset(out_boot_id, 0, CHECKPOINT_BOOT_ID_BYTES);
    snprintf(out_boot_id, CHECKPOINT_BOOT_ID_BYTES, "boot-%u", atomic_load(&boot));
}

int __wrap_fdatasync(int descriptor) {
    if (atomic_load(&syncs_fail)) {
        errno = EIO;
        return -1;
    }
    return __real_fdatasync(descriptor);
}

/* --- Shorthands --------------------------------------------------------------------------- */

/* A store in the log form; without checkpoints but that of the start, unless asked for. */
static struct run *run_new(uint64_t seed, uint64_t checkpoint_ms) {
    struct run *run = calloc(1, sizeof(*run));
    const struct store_options options = {
        .durability = STORE_DURABILITY_LOG,
        .checkpoint_ms = checkpoint_ms,
        .log_segment_bytes = 64 * 1024,
    };
    assert_non_null(run);
    unsetenv("STORE_DURABILITY");
    run->seed = seed;
    run->model.next_id = 1;
    fixture_open(&run->fixture, &options);
    return run;
}

static void run_free(struct run *run) {
    fixture_close(&run->fixture);
    free(run);
}

static void run_acts(struct run *run, uint32_t acts) {
    uint32_t end = run->act_count + acts;
    while (run->act_count < end) {
        uint32_t count = 1 + model_below(run, model_chance(run, 30) ? BATCH_MOST : 8);
        for (uint32_t i = 0; i < count; i++) {
            model_make_act(run, &run->acts[i]);
            pending_submit(&run->acts[i].pending, run->fixture.store, &run->acts[i].write);
        }
        for (uint32_t i = 0; i < count; i++) {
            ANSWER answer = pending_await(&run->acts[i].pending);
            assert_string_equal(answer.status.reason, run->acts[i].reason);
            assert_int_equal(answer.revision, run->acts[i].revision);
        }
    }
}

/* A copy of the store's folder as a process that is killed now leaves it. */
static struct fixture copy_of(struct run *run, const char *name) {
    struct fixture copy = run->fixture;
    copy.store = NULL;
    copy.log[0] = '\0';
    snprintf(copy.folder, sizeof(copy.folder), "%s/%s", run->fixture.parent, name);
    folder_copy(run->fixture.folder, copy.folder);
    return copy;
}

/* The options point into the fixture: not before it stands where it stays. */
static void start_copy(struct fixture *copy) {
    copy->options.folder = copy->folder;
    copy->options.log_self = copy;
    fixture_start(copy);
}

static void end_copy(struct fixture *copy) {
    fixture_stop(copy, NULL);
    folder_remove(copy->folder);
}

static void expect_not_opened(struct fixture *fixture, const char *part_of_message) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store *store = NULL;
    fixture->options.folder = fixture->folder;
    fixture->options.log_self = fixture;
    assert_int_equal(store_open(&fixture->options, &store, &status), NNRPC_FAILED_PRECONDITION);
    assert_null(store);
    if (strstr(status.message, part_of_message) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part_of_message, status.message);
    }
}

static void read_stopped(struct fixture *fixture, struct tables *out_tables) {
    fixture_stop(fixture, NULL);
    tables_read(fixture->folder, out_tables);
}

/* --- Replay ------------------------------------------------------------------------------- */

static void a_store_replayed_from_its_log_is_the_store(void **state) {
    struct tables tables;
    struct tables replayed;
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct run *run = run_new(seed, HOUR_MS);
        run_acts(run, 700);
        struct fixture copy = copy_of(run, "copy");
        read_stopped(&run->fixture, &tables);
        copy.options.recover = true; /* from the checkpoint of the start: an empty store */
        start_copy(&copy);
        assert_true(fixture_logged(&copy, "from=checkpoint revision_before=0 "));
        assert_int_equal(store_revision(copy.store), run->model.revision);
        read_stopped(&copy, &replayed);
        expect_equal_tables(&replayed, &tables);
        run_free(run);
    }
}

static void the_forms_make_equal_stores(void **state) {
    struct tables tables;
    (void)state;
    struct run *run = run_new(4, 1);
    run_acts(run, 300);
    uint64_t revision = store_revision(run->fixture.store);
    read_stopped(&run->fixture, &tables);
    for (int round = 0; round < 2; round++) {
        struct tables again;
        run->fixture.options.durability = STORE_DURABILITY_LMDB;
        fixture_start(&run->fixture);
        assert_int_equal(store_revision(run->fixture.store), revision);
        assert_int_equal(folder_count_segments(run->fixture.folder), 0);
        assert_false(folder_has(run->fixture.folder, "checkpoint"));
        assert_false(folder_has(run->fixture.folder, "CLEAN"));
        read_stopped(&run->fixture, &again);
        expect_equal_tables(&again, &tables);
        run->fixture.options.durability = STORE_DURABILITY_LOG;
        fixture_start(&run->fixture);
        assert_true(folder_has(run->fixture.folder, "checkpoint"));
        read_stopped(&run->fixture, &again);
        expect_equal_tables(&again, &tables);
    }
    fixture_start(&run->fixture);
    run_acts(run, 50);
    run_free(run);
}

static void a_killed_store_is_taken_over_by_either_form(void **state) {
    static const enum store_durability forms[] = {STORE_DURABILITY_LOG, STORE_DURABILITY_LMDB};
    struct tables tables;
    struct tables taken;
    (void)state;
    struct run *run = run_new(5, HOUR_MS);
    run_acts(run, 300);
    struct fixture copies[] = {copy_of(run, "copy0"), copy_of(run, "copy1")};
    read_stopped(&run->fixture, &tables);
    for (size_t i = 0; i < NNRPC_LENGTH(forms); i++) {
        copies[i].options.durability = forms[i];
        atomic_fetch_add(&boot, 1); /* so that the data file is put back and the log replayed */
        start_copy(&copies[i]);
        assert_true(fixture_logged(&copies[i], "from=checkpoint"));
        read_stopped(&copies[i], &taken);
        expect_equal_tables(&taken, &tables);
        assert_int_equal(folder_count_segments(copies[i].folder) == 0, i == 1);
    }
    run_free(run);
}

static void checkpoints_free_the_log_and_lose_nothing(void **state) {
    struct tables tables;
    struct tables replayed;
    char segment[64];
    (void)state;
    struct run *run = run_new(6, 1);
    run_acts(run, 2500);
    folder_last_segment(run->fixture.folder, segment);
    assert_true(strtoull(segment + strlen("segment-"), NULL, 16) > 3);
    struct fixture copy = copy_of(run, "copy");
    read_stopped(&run->fixture, &tables);
    copy.options.recover = true;
    start_copy(&copy);
    assert_false(fixture_logged(&copy, "revision_before=0 "));
    read_stopped(&copy, &replayed);
    expect_equal_tables(&replayed, &tables);
    run_free(run);
}

/* --- What is trusted ---------------------------------------------------------------------- */

static void a_clean_stop_needs_no_recovery_whatever_the_machine_did(void **state) {
    (void)state;
    struct run *run = run_new(7, HOUR_MS);
    run_acts(run, 100);
    fixture_stop(&run->fixture, NULL);
    assert_true(folder_has(run->fixture.folder, "CLEAN"));
    atomic_fetch_add(&boot, 1);
    run->fixture.log[0] = '\0';
    fixture_start(&run->fixture);
    assert_false(fixture_logged(&run->fixture, "store_recovered"));
    assert_false(folder_has(run->fixture.folder, "CLEAN"));
    assert_int_equal(store_revision(run->fixture.store), run->model.revision);
    run_free(run);
}

static void a_killed_process_needs_none_while_the_machine_runs_on(void **state) {
    (void)state;
    struct run *run = run_new(8, HOUR_MS);
    run_acts(run, 100);
    struct fixture copy = copy_of(run, "copy");
    start_copy(&copy);
    assert_false(fixture_logged(&copy, "store_recovered"));
    assert_int_equal(store_revision(copy.store), run->model.revision);
    end_copy(&copy);
    run_free(run);
}

static void an_unclean_stop_of_the_machine_goes_back_to_the_checkpoint(void **state) {
    (void)state;
    struct run *run = run_new(9, HOUR_MS);
    run_acts(run, 100);
    struct fixture copy = copy_of(run, "copy");
    atomic_fetch_add(&boot, 1);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_check_report report;
    assert_int_equal(store_check(copy.folder, NULL, &report, &status), NNRPC_FAILED_PRECONDITION);
    assert_non_null(strstr(status.message, "has to be recovered first"));
    start_copy(&copy);
    assert_true(fixture_logged(&copy, "store_recovered from=checkpoint"));
    assert_int_equal(store_revision(copy.store), run->model.revision);
    end_copy(&copy);
    run_free(run);
}

static void the_mark_asks_for_recovery_until_it_is_done(void **state) {
    (void)state;
    struct run *run = run_new(10, HOUR_MS);
    run_acts(run, 100);
    struct fixture copy = copy_of(run, "copy");
    folder_add_file(copy.folder, "RECOVER");
    start_copy(&copy);
    assert_true(fixture_logged(&copy, "store_recovered from=checkpoint"));
    assert_false(folder_has(copy.folder, "RECOVER"));
    end_copy(&copy);
    run_free(run);
}

/* --- What is refused ---------------------------------------------------------------------- */

static void a_log_that_lacks_its_beginning_is_refused(void **state) {
    char segment[64];
    (void)state;
    struct run *run = run_new(11, HOUR_MS);
    run_acts(run, 700);
    struct fixture copy = copy_of(run, "copy");
    folder_first_segment(copy.folder, segment);
    folder_remove_file(copy.folder, segment);
    copy.options.recover = true;
    expect_not_opened(&copy, "of the log is missing");
    copy.options.recover = false;
    expect_not_opened(&copy, "of the log is missing");
    folder_remove(copy.folder);
    run_free(run);
}

static void damage_within_the_log_is_told_not_cut(void **state) {
    char segment[64];
    (void)state;
    struct run *run = run_new(12, HOUR_MS);
    run_acts(run, 700);
    struct fixture copy = copy_of(run, "copy");
    folder_first_segment(copy.folder, segment);
    folder_flip(copy.folder, segment, 4096 + 5000);
    copy.options.recover = true;
    expect_not_opened(&copy, "the log is damaged");
    folder_remove(copy.folder);
    run_free(run);
}

static void a_damaged_checkpoint_is_refused_when_it_is_needed(void **state) {
    (void)state;
    struct run *run = run_new(13, HOUR_MS);
    run_acts(run, 50);
    struct fixture copy = copy_of(run, "copy");
    folder_flip(copy.folder, "checkpoint", 200);
    expect_not_opened(&copy, "is damaged");
    folder_remove_file(copy.folder, "checkpoint");
    expect_not_opened(&copy, "no checkpoint");
    folder_remove(copy.folder);
    fixture_stop(&run->fixture, NULL);
    folder_flip(run->fixture.folder, "checkpoint", 200); /* after a clean stop it is not */
    fixture_start(&run->fixture);
    assert_int_equal(store_revision(run->fixture.store), run->model.revision);
    run_free(run);
}

static void the_log_of_another_store_is_refused(void **state) {
    (void)state;
    struct run *run = run_new(14, HOUR_MS);
    struct run *other = run_new(15, HOUR_MS);
    run_acts(run, 20);
    run_acts(other, 20);
    struct fixture copy = copy_of(run, "copy");
    char command[256];
    snprintf(
        command, sizeof(command), "cp %s/data.mdb %s/data.mdb", other->fixture.folder, copy.folder);
    assert_int_equal(system(command), 0);
    expect_not_opened(&copy, "of another store or epoch");
    folder_remove(copy.folder);
    run_free(other);
    run_free(run);
}

static void recovery_without_a_checkpoint_is_refused(void **state) {
    struct fixture fixture;
    const struct store_options options = {.durability = STORE_DURABILITY_LMDB};
    (void)state;
    fixture_open(&fixture, &options);
    put_customer(&fixture, "C1");
    fixture_stop(&fixture, NULL);
    fixture.options.recover = true;
    expect_not_opened(&fixture, "no checkpoint to be recovered from");
    fixture.options.recover = false;
    fixture_start(&fixture);
    fixture_close(&fixture);
}

/* --- Secrets ------------------------------------------------------------------------------ */

static void a_secret_stands_in_its_table_and_in_the_log_only(void **state) {
    static const char hash[] = "$argon2id$v=19$m=8,t=1,p=1$c2VjcmV0c2FsdA$bm90aGluZw";
    char segment[64];
    (void)state;
    struct run *run = run_new(16, HOUR_MS);
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    request.contact = &contact;
    struct store_write write = write_of(STORE_CREATE_CONTACT, &request);
    write.password_hash = hash;
    write.request_id = "with a secret";
    ANSWER answer = write_now(run->fixture.store, &write);
    expect_ok(&answer);
    folder_last_segment(run->fixture.folder, segment);
    assert_true(folder_find(run->fixture.folder, segment, hash) > 0);
    struct fixture copy = copy_of(run, "copy");
    copy.options.recover = true;
    start_copy(&copy);
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    char found[128];
    assert_int_equal(store_snapshot_begin(copy.store, 0, &snapshot, NULL), NNRPC_OK);
    assert_int_equal(store_get_password_hash(snapshot, 1, found, NULL), NNRPC_OK);
    assert_string_equal(found, hash);
    store_snapshot_endp(&snapshot);
    end_copy(&copy);
    run_free(run);
}

/* --- A disk that fails -------------------------------------------------------------------- */

static void end_halted(void *self, const char *message) {
    (void)self;
    _exit(strstr(message, "the next start recovers it") != NULL ? HALTED : 1);
}

/* In a child: a write whose log cannot be synced. */
static int write_to_a_failing_disk(struct fixture *fixture) {
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fixture->options.halted = end_halted;
        fixture_start(fixture);
        atomic_store(&syncs_fail, true);
        put_customer(fixture, "lost");
        _exit(0); /* it was answered */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_log_that_cannot_be_synced_ends_the_process_unanswered(void **state) {
    (void)state;
    struct run *run = run_new(17, HOUR_MS);
    run_acts(run, 50);
    fixture_stop(&run->fixture, NULL);
    assert_int_equal(write_to_a_failing_disk(&run->fixture), HALTED);
    assert_true(folder_has(run->fixture.folder, "RECOVER"));
    run->fixture.log[0] = '\0';
    fixture_start(&run->fixture);
    assert_true(fixture_logged(&run->fixture, "store_recovered from=checkpoint"));
    assert_true(store_revision(run->fixture.store) >= run->model.revision);
    run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_replayed_from_its_log_is_the_store),
        cmocka_unit_test(the_forms_make_equal_stores),
        cmocka_unit_test(a_killed_store_is_taken_over_by_either_form),
        cmocka_unit_test(checkpoints_free_the_log_and_lose_nothing),
        cmocka_unit_test(a_clean_stop_needs_no_recovery_whatever_the_machine_did),
        cmocka_unit_test(a_killed_process_needs_none_while_the_machine_runs_on),
        cmocka_unit_test(an_unclean_stop_of_the_machine_goes_back_to_the_checkpoint),
        cmocka_unit_test(the_mark_asks_for_recovery_until_it_is_done),
        cmocka_unit_test(a_log_that_lacks_its_beginning_is_refused),
        cmocka_unit_test(damage_within_the_log_is_told_not_cut),
        cmocka_unit_test(a_damaged_checkpoint_is_refused_when_it_is_needed),
        cmocka_unit_test(the_log_of_another_store_is_refused),
        cmocka_unit_test(recovery_without_a_checkpoint_is_refused),
        cmocka_unit_test(a_secret_stands_in_its_table_and_in_the_log_only),
        cmocka_unit_test(a_log_that_cannot_be_synced_ends_the_process_unanswered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
