/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store when things fail beneath it: the engine, the disk, the map, the clock, the process.
 *
 * The engine's and the clock's functions are wrapped at link time (--wrap), so that they fail when
 * a test says so; everything else is the real thing.
 */
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_fixture.h"
#include "store_folder.h"

/* --- What is wrapped ---------------------------------------------------------------------- */

int __real_mdb_put(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
int __wrap_mdb_put(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
int __real_mdb_txn_commit(MDB_txn *);
int __wrap_mdb_txn_commit(MDB_txn *);
int __real_clock_gettime(clockid_t, struct timespec *);
int __wrap_clock_gettime(clockid_t, struct timespec *);

static atomic_int put_failure;    /* given by puts of values that have POISON in them */
static atomic_int commit_failure; /* given by commits, once `commits_fine` have passed */
static atomic_int commits_fine;
static atomic_int commits_failing; /* how many fail then */
static atomic_llong clock_shift_s;

#define POISON "poison"

int __wrap_mdb_put(
    MDB_txn *transaction, MDB_dbi table, MDB_val *key, MDB_val *value, unsigned flags) {
    int failure = atomic_load(&put_failure);
    if (failure != 0 && memmem(value->mv_data, value->mv_size, POISON, strlen(POISON)) != NULL) {
        return failure;
    }
    return __real_mdb_put(transaction, table, key, value, flags);
}

int __wrap_mdb_txn_commit(MDB_txn *transaction) {
    int failure = atomic_load(&commit_failure);
    if (failure != 0 && atomic_fetch_sub(&commits_fine, 1) <= 0 &&
        atomic_fetch_sub(&commits_failing, 1) > 0) {
        mdb_txn_abort(transaction);
        return failure;
    }
    return __real_mdb_txn_commit(transaction);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out_time) {
    int result = __real_clock_gettime(clock, out_time);
    if (clock == CLOCK_REALTIME) {
        out_time->tv_sec += atomic_load(&clock_shift_s);
    }
    return result;
}

/* Lets so many commits pass and then so many fail. */
static void fail_commits(int failure, int fine, int failing) {
    atomic_store(&commits_fine, fine);
    atomic_store(&commits_failing, failing);
    atomic_store(&commit_failure, failure);
}

/* A write that finds no room is tried again after a checkpoint. */
static int tries_without_room(const struct fixture *fixture) {
    return fixture->options.durability == STORE_DURABILITY_LOG ? 2 : 1;
}

static int setup(void **state) {
    static struct fixture fixture;
    atomic_store(&put_failure, 0);
    atomic_store(&commit_failure, 0);
    atomic_store(&clock_shift_s, 0);
    fixture_open(&fixture, NULL);
    *state = &fixture;
    return 0;
}

static int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

/* --- Shorthands --------------------------------------------------------------------------- */

struct creation {
    Contacts__V1__CreateContactRequest request;
    Contacts__V1__Contact contact;
    struct store_write write;
};

static void make_creation(struct creation *creation, const char *last_name) {
    contacts__v1__create_contact_request__init(&creation->request);
    contacts__v1__contact__init(&creation->contact);
    creation->contact.last_name = (char *)last_name;
    creation->request.contact = &creation->contact;
    creation->write = write_of(STORE_CREATE_CONTACT, &creation->request);
}

static struct answer create(struct fixture *fixture, const char *last_name) {
    struct creation creation;
    make_creation(&creation, last_name);
    return write_now(fixture->store, &creation.write);
}

/* --- The engine --------------------------------------------------------------------------- */

static void a_write_that_the_engine_fails_spares_the_others_of_its_group(void **state) {
    struct fixture *fixture = *state;
    struct creation good;
    struct creation bad;
    struct pending pending[3];
    struct gate gate;
    make_creation(&good, "fine");
    make_creation(&bad, POISON);
    good.write.request_id = "";
    gate_close(&gate, fixture->store);
    atomic_store(&put_failure, MDB_CORRUPTED);
    pending_submit(&pending[0], fixture->store, &good.write);
    pending_submit(&pending[1], fixture->store, &bad.write);
    pending_submit(&pending[2], fixture->store, &good.write);
    gate_open(&gate);
    ANSWER first = pending_await(&pending[0]);
    ANSWER second = pending_await(&pending[1]);
    ANSWER third = pending_await(&pending[2]);
    expect_ok(&first);
    assert_int_equal(first.revision, 2);
    assert_int_equal(second.status.code, NNRPC_INTERNAL);
    assert_string_equal(second.status.reason, "STORE_FAILED");
    assert_int_equal(second.response.size, 0);
    expect_ok(&third);
    assert_int_equal(third.revision, 3);
    assert_true(fixture_logged(fixture, "group_retried"));
    assert_true(fixture_logged(fixture, "write_failed"));
    atomic_store(&put_failure, 0);
    ANSWER later = create(fixture, POISON);
    expect_ok(&later);
    assert_int_equal(later.revision, 4);
}

static void a_commit_that_fails_changes_nothing_and_the_next_one_works(void **state) {
    struct fixture *fixture = *state;
    ANSWER before = create(fixture, "before");
    expect_ok(&before);
    fail_commits(ENOSPC, 0, tries_without_room(fixture));
    ANSWER refused = create(fixture, "during");
    expect_refused(fixture, &refused, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
    Contacts__V1__Contact *contact = read_contact(fixture, 1);
    assert_non_null(contact);
    contacts__v1__contact__free_unpacked(contact, NULL);
    assert_null(read_contact(fixture, 2));
    fail_commits(EIO, 0, 1);
    ANSWER failed = create(fixture, "during");
    expect_refused(fixture, &failed, NNRPC_INTERNAL, "STORE_FAILED");
    atomic_store(&commit_failure, 0);
    ANSWER after = create(fixture, "after");
    expect_ok(&after);
    assert_int_equal(after.revision, 2);
}

static void a_group_whose_commit_fails_is_applied_again_one_by_one(void **state) {
    struct fixture *fixture = *state;
    struct creation creation;
    struct pending pending[4];
    struct gate gate;
    make_creation(&creation, "again");
    gate_close(&gate, fixture->store);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        pending_submit(&pending[i], fixture->store, &creation.write);
    }
    /* The group's own commit fails, and then that of its first write. */
    fail_commits(ENOSPC, 0, 1 + tries_without_room(fixture));
    gate_open(&gate);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        ANSWER answer = pending_await(&pending[i]);
        assert_string_equal(answer.status.reason, i == 0 ? "STORAGE_FULL" : "");
        assert_int_equal(answer.revision, i == 0 ? 1 : i + 1);
    }
    assert_int_equal(store_revision(fixture->store), 4);
}

static void what_could_not_be_committed_is_not_replayed(void **state) {
    const struct store_options options = {
        .durability = STORE_DURABILITY_LOG, .checkpoint_ms = 3600000};
    const char *form = getenv("STORE_DURABILITY");
    struct fixture fixture;
    struct fixture copy;
    struct store_check_report report;
    (void)state;
    if (form != NULL && strcmp(form, "lmdb") == 0) {
        skip(); /* there is no log */
    }
    fixture_open(&fixture, &options);
    ANSWER first = create(&fixture, "first");
    expect_ok(&first);
    fail_commits(EIO, 0, 1);
    ANSWER failed = create(&fixture, "never");
    expect_refused(&fixture, &failed, NNRPC_INTERNAL, "STORE_FAILED");
    ANSWER second = create(&fixture, "second");
    expect_ok(&second);
    assert_int_equal(second.revision, 2);
    fail_commits(EIO, 0, 1);
    ANSWER last = create(&fixture, "never");
    expect_refused(&fixture, &last, NNRPC_INTERNAL, "STORE_FAILED");
    copy = fixture;
    snprintf(copy.folder, sizeof(copy.folder), "%s/copy", fixture.parent);
    folder_copy(fixture.folder, copy.folder);
    copy.options.folder = copy.folder;
    copy.options.recover = true;
    fixture_start(&copy);
    assert_int_equal(store_revision(copy.store), 2);
    ANSWER third = create(&copy, "third");
    expect_ok(&third);
    fixture_stop(&copy, &report);
    assert_int_equal(report.contacts, 3);
    folder_remove(copy.folder);
    fixture_close(&fixture);
}

/* --- Disk and map ------------------------------------------------------------------------- */

static void a_full_disk_refuses_writes_with_nothing_lost_and_reads_go_on(void **state) {
    struct fixture *fixture = *state;
    struct rlimit before;
    char path[128];
    uint64_t created = 0;
    snprintf(path, sizeof(path), "%s/data.mdb", fixture->folder);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = 400 * 1024, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    char name[1001];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    bool full = false;
    for (int i = 0; i < 1000 && !full; i++) {
        ANSWER answer = create(fixture, name);
        full = answer.status.code != NNRPC_OK;
        if (full) {
            expect_refused(fixture, &answer, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
        } else {
            created++;
        }
    }
    assert_true(full);
    assert_true(created > 10);
    for (uint64_t id = 1; id <= created; id++) {
        Contacts__V1__Contact *contact = read_contact(fixture, id);
        assert_non_null(contact);
        assert_string_equal(contact->last_name, name);
        contacts__v1__contact__free_unpacked(contact, NULL);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    ANSWER after = create(fixture, "after");
    expect_ok(&after);
    assert_int_equal(after.revision, created + 1);
    fixture_reopen(fixture);
    assert_int_equal(store_revision(fixture->store), created + 1);
}

static void a_map_that_is_nearly_full_takes_deletions_only_and_a_larger_one_takes_all(
    void **unused) {
    struct fixture fixture;
    const struct store_options options = {.map_bytes = 2 << 20};
    char name[1001];
    uint64_t created = 0;
    (void)unused;
    fixture_open(&fixture, &options);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    bool full = false;
    for (int i = 0; i < 5000 && !full; i++) {
        ANSWER answer = create(&fixture, name);
        full = answer.status.code != NNRPC_OK;
        created += full ? 0 : 1;
        if (full) {
            expect_refused(&fixture, &answer, NNRPC_RESOURCE_EXHAUSTED, "STORAGE_FULL");
            assert_non_null(strstr(answer.status.message, "90 %"));
        }
    }
    assert_true(full);
    assert_true(created > 100);
    assert_true(fixture_logged(&fixture, "storage_full"));
    Contacts__V1__Contact *contact = read_contact(&fixture, created);
    assert_non_null(contact);
    contacts__v1__contact__free_unpacked(contact, NULL);
    ANSWER deleted = delete_contact(&fixture, "1", "");
    expect_ok(&deleted);
    fixture.options.map_bytes = 8 << 20;
    fixture_reopen(&fixture);
    ANSWER after = create(&fixture, name);
    expect_ok(&after);
    assert_int_equal(after.revision, created + 2);
    fixture_close(&fixture);
}

static void room_that_deletions_made_is_used_again(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.map_bytes = 2 << 20};
    char name[1001];
    (void)unused;
    fixture_open(&fixture, &options);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    uint64_t created = 0;
    bool full = false;
    while (!full) {
        ANSWER answer = create(&fixture, name);
        full = answer.status.code != NNRPC_OK;
        created += full ? 0 : 1;
    }
    for (uint64_t id = 1; id <= created; id++) {
        char text[ID_BYTES];
        ANSWER answer = delete_contact(&fixture, id_text(id, text), "");
        expect_ok(&answer);
    }
    ANSWER answer = create(&fixture, name);
    expect_ok(&answer);
    fixture_close(&fixture);
}

static void one_write_too_large_for_the_map_is_refused_alone(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.map_bytes = 512 << 10};
    struct creation creation;
    struct pending pending[400];
    struct gate gate;
    char name[1001];
    size_t fine = 0;
    (void)unused;
    fixture_open(&fixture, &options);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    make_creation(&creation, name);
    gate_close(&gate, fixture.store);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        pending_submit(&pending[i], fixture.store, &creation.write);
    }
    gate_open(&gate);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        ANSWER answer = pending_await(&pending[i]);
        if (answer.status.code == NNRPC_OK) {
            fine++;
            assert_int_equal(answer.revision, fine + 1);
        } else {
            assert_string_equal(answer.status.reason, "STORAGE_FULL");
        }
    }
    assert_true(fine > 10);
    assert_true(fine < NNRPC_LENGTH(pending));
    assert_int_equal(store_revision(fixture.store), fine + 1);
    assert_true(fixture_logged(&fixture, "group_retried"));
    fixture_close(&fixture);
}

/* --- The clock ---------------------------------------------------------------------------- */

static void times_never_run_backwards(void **state) {
    struct fixture *fixture = *state;
    static const long long shifts[] = {0, 3600, -86400, 60};
    int64_t last_s = 0;
    int32_t last_ns = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(shifts); i++) {
        atomic_store(&clock_shift_s, shifts[i]);
        if (i == 2) {
            fixture_reopen(fixture); /* the last time is remembered */
        }
        ANSWER answer = create(fixture, "clock");
        Contacts__V1__Contact *contact = answer_contact(&answer);
        assert_true(
            contact->create_time->seconds > last_s ||
            (contact->create_time->seconds == last_s && contact->create_time->nanos >= last_ns));
        last_s = contact->create_time->seconds;
        last_ns = contact->create_time->nanos;
        contacts__v1__contact__free_unpacked(contact, NULL);
    }
}

/* --- The process -------------------------------------------------------------------------- */

/* What the child tells of each write that was answered. */
struct acknowledged {
    uint64_t id;
    uint64_t revision;
};

struct child_write {
    struct store_write write;
    int pipe;
    Contacts__V1__CreateContactRequest request;
    Contacts__V1__Contact contact;
    char last_name[16];
    char email[32];
    char request_id[32];
};

static void acknowledge(struct store_write *answered, const struct store_outcome *outcome) {
    struct child_write *child = (struct child_write *)answered;
    Contacts__V1__CreateContactResponse *response = contacts__v1__create_contact_response__unpack(
        NULL, outcome->response.size, outcome->response.data);
    if (outcome->status->code == NNRPC_OK && response != NULL) {
        const struct acknowledged told = {
            .id = strtoull(response->contact->id, NULL, 10), .revision = outcome->revision};
        if (write(child->pipe, &told, sizeof(told)) != sizeof(told)) {
            _exit(1);
        }
    }
    contacts__v1__create_contact_response__free_unpacked(response, NULL);
    free(child);
}

static void write_until_killed(struct fixture *fixture, int pipe) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store *store = NULL;
    if (store_open(&fixture->options, &store, &status) != NNRPC_OK) {
        _exit(1);
    }
    for (uint64_t i = 0;; i++) {
        struct child_write *child = calloc(1, sizeof(*child));
        contacts__v1__create_contact_request__init(&child->request);
        contacts__v1__contact__init(&child->contact);
        snprintf(child->last_name, sizeof(child->last_name), "Name %" PRIu64, i % 1000);
        snprintf(child->email, sizeof(child->email), "%" PRIu64 "@x.org", i % 100);
        snprintf(child->request_id, sizeof(child->request_id), "r%" PRIu64, i);
        child->contact.last_name = child->last_name;
        child->contact.email = child->email;
        child->contact.customer_id = i % 3 == 0 ? "C1" : "";
        child->request.contact = &child->contact;
        child->write = write_of(STORE_CREATE_CONTACT, &child->request);
        child->write.request_id = i % 2 == 0 ? child->request_id : "";
        child->write.done = acknowledge;
        child->pipe = pipe;
        while (store_submit(store, &child->write, &status) != NNRPC_OK) {
            usleep(1000);
        }
        if (i % 50 == 0) {
            usleep(500);
        }
    }
}

/* Reads what the child told until it died. */
static size_t read_acknowledged(int pipe, struct acknowledged *told, size_t most) {
    size_t bytes = 0;
    ssize_t size;
    while (bytes < most * sizeof(*told) &&
           (size = read(pipe, (char *)told + bytes, most * sizeof(*told) - bytes)) > 0) {
        bytes += (size_t)size;
    }
    return bytes / sizeof(*told);
}

#define TOLD_MOST 200000
#define KILLS 5

static void kill_a_writing_child(struct fixture *fixture, useconds_t after_us) {
    int ends[2];
    static struct acknowledged told[TOLD_MOST];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_until_killed(fixture, ends[1]);
    }
    close(ends[1]);
    /* The first answer shows that it is at work. */
    assert_int_equal(read_acknowledged(ends[0], told, 1), 1);
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    size_t count = 1 + read_acknowledged(ends[0], told + 1, TOLD_MOST - 1);
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    fixture_start(fixture);
    assert_true(store_revision(fixture->store) >= told[count - 1].revision);
    for (size_t i = 0; i < count; i++) {
        Contacts__V1__Contact *contact = read_contact(fixture, told[i].id);
        assert_non_null(contact);
        char etag[48];
        snprintf(etag, sizeof(etag), "1-%" PRIx64, told[i].revision);
        assert_string_equal(contact->etag, etag);
        contacts__v1__contact__free_unpacked(contact, NULL);
    }
    fixture_stop(fixture, NULL);
}

static void what_a_killed_process_answered_is_there(void **state) {
    struct fixture *fixture = *state;
    put_customer(fixture, "C1");
    fixture_stop(fixture, NULL);
    for (unsigned i = 0; i < KILLS; i++) {
        kill_a_writing_child(fixture, 20000 + i * 37000);
    }
    fixture_start(fixture);
    put_plain_contact(fixture, "C1");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_write_that_the_engine_fails_spares_the_others_of_its_group),
        TEST(a_commit_that_fails_changes_nothing_and_the_next_one_works),
        TEST(a_group_whose_commit_fails_is_applied_again_one_by_one),
        cmocka_unit_test(what_could_not_be_committed_is_not_replayed),
        TEST(a_full_disk_refuses_writes_with_nothing_lost_and_reads_go_on),
        cmocka_unit_test(a_map_that_is_nearly_full_takes_deletions_only_and_a_larger_one_takes_all),
        cmocka_unit_test(room_that_deletions_made_is_used_again),
        cmocka_unit_test(one_write_too_large_for_the_map_is_refused_alone),
        TEST(times_never_run_backwards),
        TEST(what_a_killed_process_answered_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
