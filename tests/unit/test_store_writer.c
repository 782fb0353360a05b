/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: groups, order, a bounded queue, large deletions, closing, and submitters that race.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

#define SUBMITTERS 4
#define EACH 200
/* Deleting so many takes longer than writes are made to wait. */
#define LARGE 40000

static double found_gauge;
static const char *wanted_gauge;

static void note_gauge(void *context, const char *name, double value) {
    (void)context;
    if (strcmp(name, wanted_gauge) == 0) {
        found_gauge = value;
    }
}

static double gauge(struct store *store, const char *name) {
    wanted_gauge = name;
    found_gauge = -1;
    store_visit_gauges(store, note_gauge, NULL);
    return found_gauge;
}

/* A contact to create, with what it needs. */
struct creation {
    Contacts__V1__CreateContactRequest request;
    Contacts__V1__Contact contact;
    struct store_write write;
};

static void make_creation(struct creation *creation, const char *customer_id) {
    contacts__v1__create_contact_request__init(&creation->request);
    contacts__v1__contact__init(&creation->contact);
    creation->contact.customer_id = (char *)customer_id;
    creation->request.contact = &creation->contact;
    creation->write = write_of(STORE_CREATE_CONTACT, &creation->request);
}

static void create_many(struct fixture *fixture, const char *customer_id, size_t total) {
    enum { PORTION = 1000 };
    struct pending *pending = calloc(PORTION, sizeof(*pending));
    struct creation creation;
    make_creation(&creation, customer_id);
    for (size_t first = 0; first < total; first += PORTION) {
        size_t count = total - first < PORTION ? total - first : PORTION;
        for (size_t i = 0; i < count; i++) {
            pending_submit(&pending[i], fixture->store, &creation.write);
        }
        for (size_t i = 0; i < count; i++) {
            ANSWER answer = pending_await(&pending[i]);
            expect_ok(&answer);
        }
    }
    free(pending);
}

/* --- Groups ------------------------------------------------------------------------------- */

static void writes_that_wait_are_made_durable_together_and_answered_in_order(void **unused) {
    struct fixture fixture;
    struct pending pending[50];
    struct creation creation;
    struct gate gate;
    (void)unused;
    fixture_open(&fixture, NULL);
    make_creation(&creation, "");
    gate_close(&gate, fixture.store);
    double groups = gauge(fixture.store, "store.groups");
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        pending_submit(&pending[i], fixture.store, &creation.write);
    }
    assert_int_equal((int)gauge(fixture.store, "store.queued_writes"), NNRPC_LENGTH(pending));
    gate_open(&gate);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        ANSWER answer = pending_await(&pending[i]);
        expect_ok(&answer);
        assert_int_equal(answer.revision, i + 2);
    }
    assert_int_equal((int)(gauge(fixture.store, "store.groups") - groups), 1);
    assert_int_equal((int)gauge(fixture.store, "store.queued_writes"), 0);
    fixture_close(&fixture);
}

static void a_refused_write_leaves_no_trace_in_its_group(void **unused) {
    struct fixture fixture;
    struct pending pending[3];
    struct creation good;
    struct creation bad;
    struct gate gate;
    (void)unused;
    fixture_open(&fixture, NULL);
    make_creation(&good, "");
    make_creation(&bad, "nobody");
    gate_close(&gate, fixture.store);
    pending_submit(&pending[0], fixture.store, &good.write);
    pending_submit(&pending[1], fixture.store, &bad.write);
    pending_submit(&pending[2], fixture.store, &good.write);
    gate_open(&gate);
    ANSWER first = pending_await(&pending[0]);
    ANSWER second = pending_await(&pending[1]);
    ANSWER third = pending_await(&pending[2]);
    expect_ok(&first);
    expect_ok(&third);
    assert_string_equal(second.status.reason, "CUSTOMER_NOT_FOUND");
    assert_int_equal(second.revision, first.revision);
    assert_int_equal(third.revision, first.revision + 1);
    fixture_close(&fixture);
}

static enum nnrpc_code refuse_wanted(
    const struct store_write *write, struct nnrpc_status *out_status) {
    return nnrpc_fail(out_status, NNRPC_CANCELLED, "test", "GIVEN_UP", "%s", write->request_id);
}

static void a_write_that_was_given_up_while_it_waited_is_not_applied(void **unused) {
    struct fixture fixture;
    struct pending pending[2];
    struct creation wanted;
    struct creation unwanted;
    struct gate gate;
    (void)unused;
    fixture_open(&fixture, NULL);
    make_creation(&wanted, "");
    make_creation(&unwanted, "");
    unwanted.write.check_wanted = refuse_wanted;
    gate_close(&gate, fixture.store);
    pending_submit(&pending[0], fixture.store, &unwanted.write);
    pending_submit(&pending[1], fixture.store, &wanted.write);
    gate_open(&gate);
    ANSWER first = pending_await(&pending[0]);
    ANSWER second = pending_await(&pending[1]);
    assert_int_equal(first.status.code, NNRPC_CANCELLED);
    assert_string_equal(first.status.reason, "GIVEN_UP");
    expect_ok(&second);
    assert_int_equal(second.revision, first.revision + 1);
    fixture_close(&fixture);
}

static void a_group_without_effect_is_not_written(void **unused) {
    struct fixture fixture;
    Contacts__V1__PutPresetValueRequest put = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    (void)unused;
    fixture_open(&fixture, NULL);
    put_preset(&fixture, "title", "Mr");
    put.field = "title";
    put.name = "Mr";
    double groups = gauge(fixture.store, "store.groups");
    ANSWER answer = act_now(&fixture, STORE_PUT_PRESET_VALUE, &put);
    expect_ok(&answer);
    assert_int_equal((int)(gauge(fixture.store, "store.groups") - groups), 0);
    fixture_close(&fixture);
}

static void a_change_is_visible_before_it_is_answered(void **unused) {
    struct fixture fixture;
    (void)unused;
    fixture_open(&fixture, NULL);
    for (int i = 0; i < 20; i++) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        struct store_snapshot *snapshot = NULL;
        struct creation creation;
        make_creation(&creation, "");
        ANSWER answer = write_now(fixture.store, &creation.write);
        assert_int_equal(
            store_snapshot_begin(fixture.store, answer.revision, &snapshot, &status), NNRPC_OK);
        assert_int_equal(store_snapshot_revision(snapshot), answer.revision);
        struct store_snapshot *later = NULL;
        assert_int_equal(
            store_snapshot_begin(fixture.store, answer.revision + 1, &later, &status),
            NNRPC_FAILED_PRECONDITION);
        assert_string_equal(status.reason, "REVISION_NOT_REACHED");
        char text[ID_BYTES];
        assert_string_equal(
            nnrpc_status_get_info(&status, "revision"), id_text(answer.revision, text));
        assert_null(later);
        store_snapshot_end(snapshot);
    }
    fixture_close(&fixture);
}

static void a_snapshot_does_not_see_what_comes_after_it(void **unused) {
    struct fixture fixture;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_snapshot *snapshot = NULL;
    struct nnrpc_slice record;
    (void)unused;
    fixture_open(&fixture, NULL);
    put_plain_contact(&fixture, "");
    assert_int_equal(store_snapshot_begin(fixture.store, 0, &snapshot, &status), NNRPC_OK);
    put_plain_contact(&fixture, "");
    assert_int_equal(store_get_contact(snapshot, 1, &record, &status), NNRPC_OK);
    assert_int_equal(store_get_contact(snapshot, 2, &record, &status), NNRPC_NOT_FOUND);
    store_snapshot_end(snapshot);
    fixture_close(&fixture);
}

/* --- The queue ---------------------------------------------------------------------------- */

static void a_full_queue_refuses_at_once_and_says_when_to_come_back(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.queue_writes = 3};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct pending pending[3];
    struct creation creation;
    struct gate gate;
    (void)unused;
    fixture_open(&fixture, &options);
    make_creation(&creation, "");
    gate_close(&gate, fixture.store);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        pending_submit(&pending[i], fixture.store, &creation.write);
    }
    assert_int_equal(
        store_submit(fixture.store, &creation.write, &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "OVERLOADED");
    assert_string_equal(status.domain, NNRPC_DOMAIN);
    const char *retry = nnrpc_status_get_info(&status, "retry_after_ms");
    assert_non_null(retry);
    assert_true(atoi(retry) > 0);
    gate_open(&gate);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        ANSWER answer = pending_await(&pending[i]);
        expect_ok(&answer);
    }
    assert_int_equal(store_revision(fixture.store), 4);
    fixture_close(&fixture);
}

static void *close_store(void *self) {
    struct fixture *fixture = self;
    store_close(fixture->store);
    return NULL;
}

static void closing_answers_what_is_queued_and_takes_no_more(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.group_writes = 16}; /* it takes several groups */
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct pending pending[100];
    struct pending late;
    struct creation creation;
    struct gate gate;
    pthread_t closer;
    (void)unused;
    fixture_open(&fixture, &options);
    make_creation(&creation, "");
    gate_close(&gate, fixture.store);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        pending_submit(&pending[i], fixture.store, &creation.write);
    }
    assert_int_equal(pthread_create(&closer, NULL, close_store, &fixture), 0);
    /* The writer is held, so the store is there until the gate opens. */
    memset(&late, 0, sizeof(late));
    enum nnrpc_code code = NNRPC_OK;
    struct creation others[200];
    struct pending *extra = calloc(NNRPC_LENGTH(others), sizeof(*extra));
    size_t taken = 0;
    for (; taken < NNRPC_LENGTH(others); taken++) {
        struct pending *one = &extra[taken];
        pthread_mutex_init(&one->mutex, NULL);
        pthread_cond_init(&one->answered, NULL);
        make_creation(&others[taken], "");
        one->write = others[taken].write;
        one->write.done = pending[0].write.done;
        code = store_submit(fixture.store, &one->write, &status);
        if (code != NNRPC_OK) {
            break;
        }
        usleep(1000);
    }
    assert_int_equal(code, NNRPC_UNAVAILABLE);
    assert_string_equal(status.reason, "SHUTTING_DOWN");
    gate_open(&gate);
    assert_int_equal(pthread_join(closer, NULL), 0);
    for (size_t i = 0; i < NNRPC_LENGTH(pending); i++) {
        ANSWER answer = pending_await(&pending[i]);
        expect_ok(&answer);
    }
    for (size_t i = 0; i < taken; i++) {
        ANSWER answer = pending_await(&extra[i]);
        expect_ok(&answer);
    }
    free(extra);
    fixture_start(&fixture);
    assert_int_equal(store_revision(fixture.store), NNRPC_LENGTH(pending) + taken + 1);
    fixture_close(&fixture);
}

/* --- Submitters that race ----------------------------------------------------------------- */

struct submitter {
    struct fixture *fixture;
    pthread_t thread;
    int number;
    int created;
    int taken;
    uint64_t last_revision;
    bool ascending;
};

/* Creates customers of which each is also created by the others: one of them wins. */
static void *submit_customers(void *self) {
    struct submitter *submitter = self;
    submitter->ascending = true;
    for (int i = 0; i < EACH; i++) {
        Contacts__V1__CreateCustomerRequest request = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
        Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
        char id[32];
        char account_number[32];
        snprintf(id, sizeof(id), "%d-%d", submitter->number, i);
        snprintf(account_number, sizeof(account_number), "A%d", i);
        customer.id = id;
        customer.account_number = account_number;
        request.customer = &customer;
        const struct store_write write = write_of(STORE_CREATE_CUSTOMER, &request);
        ANSWER answer = write_now(submitter->fixture->store, &write);
        if (answer.status.code == NNRPC_OK) {
            submitter->created++;
            submitter->ascending &= answer.revision > submitter->last_revision;
            submitter->last_revision = answer.revision;
        } else if (strcmp(answer.status.reason, "ACCOUNT_NUMBER_TAKEN") == 0) {
            submitter->taken++;
        }
    }
    return NULL;
}

/* Reads while others write: every revision seen is consistent. */
struct reader {
    struct fixture *fixture;
    pthread_t thread;
    atomic_bool *stop;
    int inconsistent;
};

static bool count_record(void *self, struct nnrpc_slice record) {
    uint64_t *count = self;
    (void)record;
    (*count)++;
    return true;
}

static void *read_customers(void *self) {
    struct reader *reader = self;
    while (!atomic_load(reader->stop)) {
        struct nnrpc_status status = NNRPC_STATUS_INIT;
        struct store_snapshot *snapshot = NULL;
        const struct store_customer_query query = {.page_size = 1000};
        struct store_customer_page page;
        uint64_t count = 0;
        if (store_snapshot_begin(reader->fixture->store, 0, &snapshot, &status) != NNRPC_OK ||
            store_list_customers(snapshot, &query, count_record, &count, &page, &status) !=
                NNRPC_OK ||
            count != store_snapshot_revision(snapshot)) {
            reader->inconsistent++;
        }
        store_snapshot_end(snapshot);
    }
    return NULL;
}

static void of_racing_writes_exactly_one_wins_and_readers_see_whole_states(void **unused) {
    struct fixture fixture;
    struct submitter submitters[SUBMITTERS];
    struct reader readers[2];
    atomic_bool stop = false;
    int created = 0;
    int taken = 0;
    (void)unused;
    fixture_open(&fixture, NULL);
    for (int i = 0; i < 2; i++) {
        readers[i] = (struct reader){.fixture = &fixture, .stop = &stop};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_customers, &readers[i]), 0);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        submitters[i] = (struct submitter){.fixture = &fixture, .number = i};
        assert_int_equal(
            pthread_create(&submitters[i].thread, NULL, submit_customers, &submitters[i]), 0);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        assert_int_equal(pthread_join(submitters[i].thread, NULL), 0);
        created += submitters[i].created;
        taken += submitters[i].taken;
        assert_true(submitters[i].ascending);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].inconsistent, 0);
    }
    assert_int_equal(created, EACH);
    assert_int_equal(taken, EACH * (SUBMITTERS - 1));
    assert_int_equal(store_revision(fixture.store), EACH);
    fixture_close(&fixture);
}

/* --- Large deletions ---------------------------------------------------------------------- */

static struct store_write deletion_of(
    Contacts__V1__DeleteCustomerRequest *request, const char *customer_id) {
    contacts__v1__delete_customer_request__init(request);
    request->id = (char *)customer_id;
    return write_of(STORE_DELETE_CUSTOMER, request);
}

static void a_large_deletion_is_a_group_of_its_own_in_its_order(void **unused) {
    struct fixture fixture;
    struct pending pending[3];
    struct creation before;
    struct creation after;
    Contacts__V1__DeleteCustomerRequest request;
    struct gate gate;
    (void)unused;
    fixture_open(&fixture, NULL);
    put_customer(&fixture, "C1");
    create_many(&fixture, "C1", STORE_LARGE_DELETE);
    const struct store_write deletion = deletion_of(&request, "C1");
    make_creation(&before, "C1");
    make_creation(&after, "");
    gate_close(&gate, fixture.store);
    double groups = gauge(fixture.store, "store.groups");
    pending_submit(&pending[0], fixture.store, &before.write);
    pending_submit(&pending[1], fixture.store, &deletion);
    pending_submit(&pending[2], fixture.store, &after.write);
    gate_open(&gate);
    ANSWER first = pending_await(&pending[0]);
    ANSWER second = pending_await(&pending[1]);
    ANSWER third = pending_await(&pending[2]);
    expect_ok(&first);
    expect_ok(&second);
    assert_int_equal(second.revision, first.revision + STORE_LARGE_DELETE + 2);
    expect_ok(&third);
    assert_int_equal(third.revision, second.revision + 1);
    assert_int_equal((int)(gauge(fixture.store, "store.groups") - groups), 3);
    struct store_check_report report;
    fixture_stop(&fixture, &report);
    assert_int_equal(report.contacts, 1);
    fixture_start(&fixture);
    fixture_close(&fixture);
}

/* Behind a thousand writes, each of them some microseconds, a millisecond is not enough. */
static void a_write_that_could_not_be_done_in_time_is_refused_at_once(void **unused) {
    enum { WAITING = 1000 };
    struct fixture fixture;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct pending *pending = calloc(WAITING + 1, sizeof(*pending));
    struct creation creation;
    struct gate gate;
    struct timespec now;
    (void)unused;
    assert_non_null(pending);
    fixture_open(&fixture, NULL);
    make_creation(&creation, "");
    gate_close(&gate, fixture.store);
    for (size_t i = 0; i < WAITING; i++) {
        pending_submit(&pending[i], fixture.store, &creation.write);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    struct store_write hasty = creation.write;
    hasty.deadline_ns = now_ns + 1000000;
    assert_int_equal(store_submit(fixture.store, &hasty, &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "OVERLOADED");
    assert_true(atoi(nnrpc_status_get_info(&status, "retry_after_ms")) > 0);
    struct store_write patient = creation.write;
    patient.deadline_ns = now_ns + UINT64_C(600000000000);
    pending_submit(&pending[WAITING], fixture.store, &patient);
    gate_open(&gate);
    for (size_t i = 0; i <= WAITING; i++) {
        ANSWER answer = pending_await(&pending[i]);
        expect_ok(&answer);
    }
    free(pending);
    fixture_close(&fixture);
}

static void while_a_long_deletion_runs_writes_are_refused_and_reads_go_on(void **unused) {
    struct fixture fixture;
    const struct store_options options = {.map_bytes = UINT64_C(1) << 30};
    struct pending pending;
    struct creation creation;
    Contacts__V1__DeleteCustomerRequest request;
    (void)unused;
    fixture_open(&fixture, &options);
    put_customer(&fixture, "C1");
    create_many(&fixture, "C1", LARGE);
    const struct store_write deletion = deletion_of(&request, "C1");
    make_creation(&creation, "");
    pending_submit(&pending, fixture.store, &deletion);
    while (!fixture_logged(&fixture, "large_deletion")) {
        usleep(500);
    }
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = store_submit(fixture.store, &creation.write, &status);
    Contacts__V1__Contact *contact = read_contact(&fixture, LARGE);
    assert_int_equal(code, NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "OVERLOADED");
    assert_true(atoi(nnrpc_status_get_info(&status, "retry_after_ms")) > 0);
    assert_non_null(contact);
    contacts__v1__contact__free_unpacked(contact, NULL);
    ANSWER answer = pending_await(&pending);
    expect_ok(&answer);
    put_plain_contact(&fixture, "");
    fixture_close(&fixture);
}

static void a_contact_with_very_many_links_goes_whole(void **unused) {
    struct fixture fixture;
    Contacts__V1__ImportContactRequest request = CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    enum { LINKS = STORE_LARGE_DELETE + 300 };
    static char names[LINKS][16];
    static char *links[LINKS];
    static struct pending pending[LINKS];
    static Contacts__V1__CreateCustomerRequest creations[LINKS];
    static Contacts__V1__Customer customers[LINKS];
    (void)unused;
    fixture_open(&fixture, NULL);
    for (int i = 0; i < LINKS; i++) {
        snprintf(names[i], sizeof(names[i]), "C%d", i);
        links[i] = names[i];
        contacts__v1__create_customer_request__init(&creations[i]);
        contacts__v1__customer__init(&customers[i]);
        customers[i].id = names[i];
        creations[i].customer = &customers[i];
        const struct store_write write = write_of(STORE_CREATE_CUSTOMER, &creations[i]);
        pending_submit(&pending[i], fixture.store, &write);
    }
    for (int i = 0; i < LINKS; i++) {
        ANSWER answer = pending_await(&pending[i]);
        expect_ok(&answer);
    }
    request.contact = &contact;
    request.linked_customer_ids = links;
    request.n_linked_customer_ids = LINKS;
    ANSWER imported = act_now(&fixture, STORE_IMPORT_CONTACT, &request);
    expect_ok(&imported);
    Contacts__V1__DeleteContactRequest delete_contact = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    delete_contact.id = "1";
    ANSWER answer = act_now(&fixture, STORE_DELETE_CONTACT, &delete_contact);
    expect_ok(&answer);
    struct store_check_report report;
    fixture_stop(&fixture, &report);
    assert_int_equal(report.links, 0);
    assert_int_equal(report.customers, LINKS);
    fixture_start(&fixture);
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_that_wait_are_made_durable_together_and_answered_in_order),
        cmocka_unit_test(a_refused_write_leaves_no_trace_in_its_group),
        cmocka_unit_test(a_write_that_was_given_up_while_it_waited_is_not_applied),
        cmocka_unit_test(a_group_without_effect_is_not_written),
        cmocka_unit_test(a_change_is_visible_before_it_is_answered),
        cmocka_unit_test(a_snapshot_does_not_see_what_comes_after_it),
        cmocka_unit_test(a_full_queue_refuses_at_once_and_says_when_to_come_back),
        cmocka_unit_test(closing_answers_what_is_queued_and_takes_no_more),
        cmocka_unit_test(of_racing_writes_exactly_one_wins_and_readers_see_whole_states),
        cmocka_unit_test(a_large_deletion_is_a_group_of_its_own_in_its_order),
        cmocka_unit_test(a_write_that_could_not_be_done_in_time_is_refused_at_once),
        cmocka_unit_test(while_a_long_deletion_runs_writes_are_refused_and_reads_go_on),
        cmocka_unit_test(a_contact_with_very_many_links_goes_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
