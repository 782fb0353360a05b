/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power losses of a store in the log form: at any moment of a run of random acts, with any part of
 * what was not synced on the disk, every write that was answered is there after the next start, and
 * everything fits together. So it is when the power goes again during that start.
 *
 * The one argument is the number of rounds.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "power_loss.h"
#include "store/changes.h"
#include "store/checkpoint.h"
#include "store/keys.h"
#include "store_folder.h"
#include "store_model.h"

#define ROUNDS 40
#define ROUNDS_A_RUN 20
#define ACTS 900
#define ANSWERS_MOST (ACTS + BATCH_MOST)
#define BATCHES_MOST (ACTS + 1)

static uint32_t rounds = ROUNDS;
static atomic_uint boot = 1;

/* The machine restarts whenever its power goes. */
void __wrap_checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]);
void __wrap_checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]) {
    memset(out_boot_id, 0, CHECKPOINT_BOOT_ID_BYTES);
    snprintf(out_boot_id, CHECKPOINT_BOOT_ID_BYTES, "boot-%u", atomic_load(&boot));
}

/* --- A recorded run ----------------------------------------------------------------------- */

/* A write that was answered with success. */
struct answered {
    size_t moment;
    uint64_t revision;
    const char *caller; /* lives on */
    char request_id[32];
};

/* The tables between two batches. */
struct pause {
    uint64_t revision;
    struct tables tables;
};

struct history {
    struct run run;
    struct recording *recording;
    pthread_mutex_t mutex; /* guards the next four */
    pthread_cond_t changed;
    uint32_t waiting;
    struct answered answered[ANSWERS_MOST];
    size_t answered_count;
    struct pause pauses[BATCHES_MOST];
    size_t pause_count;
    size_t end;
    struct nnrpc_buffer *changes; /* of every revision, packed */
};

static struct history *history; /* of the run: what a write is answered to */

static void note_answer(struct store_write *write, const struct store_outcome *outcome) {
    const struct act *act = write->self;
    assert_string_equal(outcome->status->reason, act->reason);
    assert_int_equal(outcome->revision, act->revision);
    pthread_mutex_lock(&history->mutex);
    if (outcome->status->code == NNRPC_OK && !write->validate_only) {
        struct answered *answered = &history->answered[history->answered_count++];
        answered->moment = recording_now(history->recording);
        answered->revision = outcome->revision;
        answered->caller = write->caller;
        snprintf(answered->request_id, sizeof(answered->request_id), "%s", write->request_id);
    }
    history->waiting--;
    pthread_cond_signal(&history->changed);
    pthread_mutex_unlock(&history->mutex);
}

static void run_batch(void) {
    struct run *run = &history->run;
    uint32_t count = 1 + model_below(run, model_chance(run, 30) ? BATCH_MOST : 8);
    history->waiting = count;
    for (uint32_t i = 0; i < count; i++) {
        struct act *act = &run->acts[i];
        model_make_act(run, act);
        act->write.self = act;
        act->write.done = note_answer;
        assert_int_equal(store_submit(run->fixture.store, &act->write, NULL), NNRPC_OK);
    }
    pthread_mutex_lock(&history->mutex);
    while (history->waiting > 0) {
        pthread_cond_wait(&history->changed, &history->mutex);
    }
    pthread_mutex_unlock(&history->mutex);
}

static bool keep_change(void *self, struct nnrpc_slice record) {
    struct nnrpc_buffer *changes = self;
    struct change change;
    assert_true(change_read(record, &change));
    nnrpc_buffer_append(&changes[change.revision], record.data, record.size);
    return true;
}

static void keep_changes(void) {
    struct store *store = history->run.fixture.store;
    uint64_t revision = store_revision(store);
    history->changes = calloc(revision + 1, sizeof(*history->changes));
    assert_non_null(history->changes);
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    uint64_t next = 0;
    assert_int_equal(store_snapshot_begin(store, revision, &snapshot, NULL), NNRPC_OK);
    assert_int_equal(
        store_list_changes(snapshot, 0, UINT32_MAX, keep_change, history->changes, &next, NULL),
        NNRPC_OK);
    assert_int_equal(next, revision);
}

/* In memory where there is room: what is on the disk, the record says. */
static void choose_folder(void) {
    struct statvfs disk;
    if (access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize > UINT64_C(1) << 30) {
        setenv("STORE_TEST_FOLDER", "/dev/shm", 1);
    }
}

static void make_history(uint64_t seed) {
    history = calloc(1, sizeof(*history));
    assert_non_null(history);
    struct run *run = &history->run;
    const struct store_options options = {
        .durability = STORE_DURABILITY_LOG,
        .checkpoint_ms = 1 + seed % 3 * 7, /* checkpoints all the time, or not so often */
        .log_segment_bytes = 64 * 1024,
    };
    pthread_mutex_init(&history->mutex, NULL);
    pthread_cond_init(&history->changed, NULL);
    run->seed = seed;
    run->model.next_id = 1;
    fixture_open(&run->fixture, &options);
    fixture_stop(&run->fixture, NULL);
    history->recording = recording_begin(run->fixture.folder);
    fixture_start(&run->fixture);
    while (run->act_count < ACTS) {
        struct pause *pause = &history->pauses[history->pause_count++];
        pause->revision = store_revision(run->fixture.store);
        tables_read(run->fixture.folder, &pause->tables);
        run_batch();
    }
    history->end = recording_now(history->recording);
    recording_end(history->recording);
    keep_changes();
}

static void free_history(void) {
    for (uint64_t i = 0; i <= store_revision(history->run.fixture.store); i++) {
        nnrpc_buffer_deinit(&history->changes[i]);
    }
    free(history->changes);
    recording_free(history->recording);
    fixture_close(&history->run.fixture);
    free(history);
    history = NULL;
}

/* --- After a power loss ------------------------------------------------------------------- */

static bool expect_change(void *self, struct nnrpc_slice record) {
    uint64_t *revision = self;
    const struct nnrpc_buffer *change = &history->changes[++*revision];
    assert_int_equal(record.size, change->size);
    assert_memory_equal(record.data, change->data, record.size);
    return true;
}

/* The changes are those of the run, up to a revision that every answered write is in. */
static void expect_changes(struct fixture *fixture, size_t moment) {
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    uint64_t revision = store_revision(fixture->store);
    uint64_t seen = 0;
    uint64_t next = 0;
    for (size_t i = 0; i < history->answered_count; i++) {
        if (history->answered[i].moment <= moment && history->answered[i].revision > revision) {
            fail_msg(
                "a write was answered with revision %" PRIu64 ", the store is at %" PRIu64,
                history->answered[i].revision, revision);
        }
    }
    assert_true(revision <= store_revision(history->run.fixture.store));
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, NULL), NNRPC_OK);
    assert_int_equal(
        store_list_changes(snapshot, 0, UINT32_MAX, expect_change, &seen, &next, NULL), NNRPC_OK);
    assert_int_equal(seen, revision);
}

/* The request id of every answered write is kept. */
static void expect_requests(const char *folder, size_t moment) {
    char path[512];
    struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    snprintf(path, sizeof(path), "%s/data.mdb", folder);
    const struct engine_options options = {.path = path, .alone = true, .read_only = true};
    assert_int_equal(engine_open(&options, &engine, NULL), NNRPC_OK);
    assert_int_equal(engine_begin_read(engine, &transaction, NULL), NNRPC_OK);
    for (size_t i = 0; i < history->answered_count; i++) {
        const struct answered *answered = &history->answered[i];
        struct key key = key_of_owner(slice_of_text(answered->caller));
        key_add_text(&key, slice_of_text(answered->request_id));
        if (answered->moment <= moment && answered->request_id[0] != '\0') {
            assert_true(engine_has(transaction, ENGINE_REQUESTS, key_slice(&key)));
        }
    }
    engine_abort(transaction);
    engine_close(engine);
}

/* Where the revision is one of between two batches, every table is as it was then, but for what
 * changes without a revision. @return whether it is. */
static bool expect_tables(const char *folder, uint64_t revision) {
    struct tables tables;
    for (size_t i = 0; i < history->pause_count; i++) {
        if (history->pauses[i].revision == revision) {
            struct tables expected = history->pauses[i].tables;
            tables_read(folder, &tables);
            memcpy(expected.digests[ENGINE_META], tables.digests[ENGINE_META], NNRPC_DIGEST_BYTES);
            memcpy(
                expected.digests[ENGINE_REQUESTS], tables.digests[ENGINE_REQUESTS],
                NNRPC_DIGEST_BYTES);
            expect_equal_tables(&tables, &expected);
            return true;
        }
    }
    return false;
}

/* Looks at what a power loss left, and goes on with it. @return whether tables were compared. */
static bool expect_recovered(struct fixture *fixture, size_t moment) {
    atomic_fetch_add(&boot, 1);
    fixture_start(fixture);
    expect_changes(fixture, moment);
    uint64_t revision = store_revision(fixture->store);
    fixture_stop(fixture, NULL);
    expect_requests(fixture->folder, moment);
    bool compared = expect_tables(fixture->folder, revision);
    fixture_start(fixture);
    for (int i = 0; i < 20; i++) {
        put_plain_contact(fixture, "");
    }
    assert_int_equal(store_revision(fixture->store), revision + 20);
    fixture_stop(fixture, NULL);
    return compared;
}

/* The power goes again while the store is opened, or soon after. */
static void lose_power_again(struct fixture *fixture, uint64_t *seed) {
    atomic_fetch_add(&boot, 1);
    struct recording *recording = recording_begin(fixture->folder);
    fixture_start(fixture);
    size_t end = recording_now(recording);
    recording_end(recording);
    fixture_stop(fixture, NULL);
    folder_remove(fixture->folder);
    size_t moment = random_below(seed, (uint32_t)end + 1);
    recording_cut(recording, moment, seed, fixture->folder);
    recording_free(recording);
}

static bool lose_power(uint64_t *seed) {
    struct fixture fixture = history->run.fixture;
    size_t moment = random_below(seed, (uint32_t)history->end + 1);
    fixture.store = NULL;
    fixture.options.folder = fixture.folder;
    fixture.options.log_self = &fixture;
    fixture.log[0] = '\0';
    pthread_mutex_init(&fixture.log_mutex, NULL);
    snprintf(fixture.folder, sizeof(fixture.folder), "%s/lost", fixture.parent);
    recording_cut(history->recording, moment, seed, fixture.folder);
    for (uint32_t again = random_below(seed, 3); again > 0; again--) {
        lose_power_again(&fixture, seed);
    }
    bool compared = expect_recovered(&fixture, moment);
    folder_remove(fixture.folder);
    pthread_mutex_destroy(&fixture.log_mutex);
    return compared;
}

static void what_was_answered_outlives_any_power_loss(void **state) {
    uint64_t seed = 1;
    uint32_t compared = 0;
    (void)state;
    for (uint32_t round = 0; round < rounds; round++) {
        if (round % ROUNDS_A_RUN == 0) {
            make_history(1 + round / ROUNDS_A_RUN);
        }
        compared += lose_power(&seed) ? 1 : 0;
        if (round % ROUNDS_A_RUN == ROUNDS_A_RUN - 1 || round + 1 == rounds) {
            free_history();
        }
    }
    assert_true(compared > 0);
    print_message(
        "%" PRIu32 " power losses, tables compared after %" PRIu32 "\n", rounds, compared);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_answered_outlives_any_power_loss),
    };
    rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : ROUNDS;
    choose_folder();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
